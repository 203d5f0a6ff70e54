"""What a camera's response codes and test results mean, with cause and remedy (pure).

Source: INSTAR wiki, 1440p Series CGI List (response codes) and Features_Menu/FTP (results of testftp).
Causes and remedies are ours.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from receiver_setup.errors import CameraResponseError, CameraTooOldError, UploadTestError


class ResponseCode(IntEnum):
    """The value of `response` in a reply."""

    SUCCESS = 200
    UNKNOWN_PARAM = 201
    INVALID_VALUE = 202
    NOT_IMPLEMENTED = 203
    UNKNOWN_COMMAND = 204
    READ_CONFIG_ERROR = 205
    WRITE_CONFIG_ERROR = 206
    UNKNOWN = 207
    MISSING_PARAM = 208
    OS_ERROR = 209
    LOGIC_ERROR = 210
    NO_PERMISSION = 211
    INVALID_ACTION = 212
    BUSY = 213
    INTERNAL_ERROR = 214
    DISABLED = 215
    NOT_AVAIL = 216
    NOT_HARDWARE_SUPPORTED = 217
    IP_BLOCKED = 218
    UNCHANGED = 219
    SYNTAX_ERROR = 301
    UPLOAD_FAILED = 302
    UD_SOCKET_ERROR = 303


class UploadResult(IntEnum):
    """The value of `result` in a reply to testftp."""

    SUCCESS = 0
    CANNOT_CONNECT = -1
    CREDENTIALS = -2
    PATH = -3
    TIMEOUT = -4
    HOST_NOT_VERIFIED = -5
    BUSY = -6
    INTERNAL = -7
    UNKNOWN = -8
    INCOMPLETE = -9


SUCCESS_CODES = frozenset({ResponseCode.SUCCESS, ResponseCode.UNCHANGED})
HTTP_NOT_FOUND = 404
NO_KEY_CODES = frozenset(
    {ResponseCode.NOT_IMPLEMENTED, ResponseCode.UNKNOWN_COMMAND, ResponseCode.SYNTAX_ERROR, HTTP_NOT_FOUND}
)
"""Answers to getpubkey of a firmware without sFTP (inferred from the meaning of these codes)."""


class Meaning(NamedTuple):
    """The description of a code: `kind` ends the error's kind, `cause` and `remedy` are one sentence each."""

    kind: str
    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A code in words: the maker's `name`, the `cause`, and the `remedy`."""

    code: int
    name: str
    kind: str
    cause: str
    remedy: str


class CameraWithoutKeyLoginError(CameraTooOldError):
    """The camera has no key: its firmware does not support login by key."""

    kind = "camera-no-key-login"


_AGAIN = "Try again; if it stays so, restart the camera."
_UPDATE = "Update the camera's firmware, or leave this setting out."
_REPORT = "Try again with -v and report the output, because the camera should know this command."

RESPONSES: dict[ResponseCode, Meaning] = {
    ResponseCode.SUCCESS: Meaning("success", "The camera did what it was asked.", "Nothing is left to do."),
    ResponseCode.UNKNOWN_PARAM: Meaning("unknown-param", "The camera does not know one of the settings.", _UPDATE),
    ResponseCode.INVALID_VALUE: Meaning(
        "invalid-value",
        "The camera does not accept one of the values.",
        "Check lengths and limits of the values that were given.",
    ),
    ResponseCode.NOT_IMPLEMENTED: Meaning("not-implemented", "This firmware cannot do that.", _UPDATE),
    ResponseCode.UNKNOWN_COMMAND: Meaning("unknown-command", "This firmware does not know the command.", _UPDATE),
    ResponseCode.READ_CONFIG_ERROR: Meaning("read-config", "The camera cannot read its own settings.", _AGAIN),
    ResponseCode.WRITE_CONFIG_ERROR: Meaning("write-config", "The camera cannot save its settings.", _AGAIN),
    ResponseCode.UNKNOWN: Meaning("unknown", "The camera reports an error that it cannot name.", _AGAIN),
    ResponseCode.MISSING_PARAM: Meaning("missing-param", "The camera requires another setting.", _REPORT),
    ResponseCode.OS_ERROR: Meaning("os-error", "The camera's own system failed.", _AGAIN),
    ResponseCode.LOGIC_ERROR: Meaning(
        "logic-error",
        "The settings contradict each other.",
        "Look at the camera's own menu for a setting that forbids this one.",
    ),
    ResponseCode.NO_PERMISSION: Meaning(
        "no-permission",
        "The camera refuses: user or password is wrong, or this user lacks the right to do it.",
        "Check user and password in the camera's own menu before the next try, and use an administrator.",
    ),
    ResponseCode.INVALID_ACTION: Meaning("invalid-action", "The camera does not offer this action.", _UPDATE),
    ResponseCode.BUSY: Meaning(
        "busy",
        "The camera is busy with something else.",
        "Wait until the camera has finished, then try again.",
    ),
    ResponseCode.INTERNAL_ERROR: Meaning("internal-error", "Something inside the camera failed.", _AGAIN),
    ResponseCode.DISABLED: Meaning(
        "disabled", "This function is switched off in the camera.", "Switch it on in the camera's own menu."
    ),
    ResponseCode.NOT_AVAIL: Meaning(
        "not-available",
        "The camera does not have this at the moment.",
        "Check the camera's own menu, then try again.",
    ),
    ResponseCode.NOT_HARDWARE_SUPPORTED: Meaning(
        "not-supported",
        "This model of camera cannot do that.",
        "Use another model, or leave this setting out.",
    ),
    ResponseCode.IP_BLOCKED: Meaning(
        "ip-blocked",
        "The camera has blocked this computer after too many wrong logins; for how long is not known.",
        "Do not try again now: check the password from another device, or restart the camera first.",
    ),
    ResponseCode.UNCHANGED: Meaning("unchanged", "All settings already had these values.", "Nothing is left to do."),
    ResponseCode.SYNTAX_ERROR: Meaning("syntax-error", "The camera cannot read the command.", _REPORT),
    ResponseCode.UPLOAD_FAILED: Meaning(
        "upload-failed",
        "The camera could not upload.",
        "Run `receiver-setup camera test`, which asks the camera for the reason.",
    ),
    ResponseCode.UD_SOCKET_ERROR: Meaning("socket-error", "A part of the camera cannot reach another one.", _AGAIN),
}

RESULTS: dict[UploadResult, Meaning] = {
    UploadResult.SUCCESS: Meaning("success", "The camera's test picture was uploaded.", "Nothing is left to do."),
    UploadResult.CANNOT_CONNECT: Meaning(
        "cannot-connect",
        "The camera got no connection to the receiver.",
        "Check the address and the port that the camera dials, and that no firewall blocks the connection.",
    ),
    UploadResult.CREDENTIALS: Meaning(
        "credentials",
        "The receiver refused the camera's login.",
        "Check the upload user, and that the receiver has the camera's current public key.",
    ),
    UploadResult.PATH: Meaning(
        "path",
        "The camera may not write into its directory on the receiver, or there is no such directory.",
        "Check that the directory exists, belongs to the upload user, and is given as the camera sees it.",
    ),
    UploadResult.TIMEOUT: Meaning(
        "timeout",
        "The receiver did not answer the camera in time.",
        "Check the network between the two, and whether the receiver is overloaded.",
    ),
    UploadResult.HOST_NOT_VERIFIED: Meaning(
        "host-not-verified",
        "The receiver showed a host key that the camera does not trust.",
        "Compare the receiver's host keys with the one that the camera saw before you trust it.",
    ),
    UploadResult.BUSY: Meaning(
        "busy", "The camera is busy with another upload.", "Wait until it has finished, then try again."
    ),
    UploadResult.INTERNAL: Meaning("internal", "Something inside the camera failed during the upload.", _AGAIN),
    UploadResult.UNKNOWN: Meaning(
        "unknown",
        "The upload failed for a reason that the camera cannot name.",
        "Look into the receiver's SSH log for what happened at that moment.",
    ),
    UploadResult.INCOMPLETE: Meaning(
        "incomplete",
        "The upload was cut off before the whole picture had arrived.",
        "Check the free space on the receiver and the network between the two.",
    ),
}


def explain_response(code: int) -> Explanation:
    """Put a response code into words; one that the maker does not list is named `response N`.

    >>> explain_response(218).name
    'IP_BLOCKED'
    """
    if code in RESPONSES:
        known = ResponseCode(code)
        return Explanation(code=code, name=known.name, **RESPONSES[known]._asdict())
    return Explanation(
        code=code,
        name=f"response {code}",
        kind="response",
        cause=f"The camera answered with a code that is not in its maker's list ({code}).",
        remedy=_AGAIN,
    )


def explain_result(result: int) -> Explanation:
    """Put a result of testftp into words; one that the maker does not list is named `result N`."""
    if result in RESULTS:
        known = UploadResult(result)
        return Explanation(code=result, name=known.name, **RESULTS[known]._asdict())
    return Explanation(
        code=result,
        name=f"result {result}",
        kind="unknown",
        cause=f"The upload ended with a result that is not in the maker's list ({result}).",
        remedy=RESULTS[UploadResult.UNKNOWN].remedy,
    )


def error_for_response(code: int, command: str, camera: str) -> CameraResponseError:
    """Build the error for a response code that is not success; `camera` is its address as shown to people."""
    known = explain_response(code)
    message = f"the camera {camera} answered {command} with {code} ({known.name}): {_inline(known.cause)}"
    return CameraResponseError(message, code=code, kind=f"camera-{known.kind}", hint=known.remedy)


def error_for_result(result: int, camera: str) -> UploadTestError:
    """Build the error for a result of testftp that is not 0."""
    known = explain_result(result)
    message = f"the test upload of the camera {camera} ended with {result} ({known.name}): {_inline(known.cause)}"
    return UploadTestError(message, result=result, kind=f"test-upload-{known.kind}", hint=known.remedy)


def _inline(sentence: str) -> str:
    """Lower the first letter of a sentence and drop its full stop, so that it can follow a colon."""
    return sentence[0].lower() + sentence[1:].removesuffix(".")
