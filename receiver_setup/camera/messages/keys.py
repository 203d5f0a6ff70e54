"""getpubkey and testftp: the camera's own key, the host key that it sees, the test upload (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

from dataclasses import dataclass
from typing import ClassVar

from receiver_setup.camera.wire.codes import (
    NO_KEY_CODES,
    RESULTS,
    CameraWithoutKeyLoginError,
    ResponseCode,
    UploadResult,
)
from receiver_setup.camera.wire.command import Command, Parameters
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import CameraError, CameraReplyError
from receiver_setup.formats.keys import KeyFormatError, PublicKey

_TRIES: dict[UploadResult | None, int | None] = {UploadResult.BUSY: None, UploadResult.TIMEOUT: 2}
_NOT_ABOUT_THE_UPLOAD = frozenset({ResponseCode.NO_PERMISSION, ResponseCode.IP_BLOCKED, ResponseCode.BUSY})


@dataclass(frozen=True, slots=True, kw_only=True)
class GetPubKey(Command[PublicKey]):
    """Read the camera's own public key.

    Raises CameraWithoutKeyLoginError where there is none (response 203, 204, 301 or HTTP 404, or an empty value), and
    CameraReplyError for a value that is not one plain key line (options, a second line or another key inside), and for
    a key that is too weak to open an account.
    """

    cmd: ClassVar[str] = "getpubkey"

    def decode(self, reply: Reply) -> PublicKey:
        """Check and decode `publickey="ssh-rsa AAAA…"`."""
        line = reply.get("publickey")
        if line is None:
            raise CameraReplyError(f"the camera {reply.camera} answered {self.cmd} without a key")
        if not line.strip():
            raise _without_key(reply.camera, "an empty value")
        try:
            key = PublicKey.from_line(line)
        except KeyFormatError as error:
            raise CameraReplyError(
                f"the camera {reply.camera} sent an invalid public key: {error}",
                hint="nothing was done with it; restart the camera, and if it stays so, ask its maker",
            ) from error
        try:
            key.check_strength()
        except KeyFormatError as error:
            raise CameraReplyError(
                f"the camera {reply.camera} has a key that must not open an account: {error}",
                hint="nothing was done with it; reset the camera, so that it makes a new key, or ask its maker",
            ) from error
        return key

    def refusal(self, code: int, camera: str) -> CameraError:
        """Return the error for a response code; some codes mean a firmware without a key."""
        if code in NO_KEY_CODES:
            return _without_key(camera, str(code))
        return Command.refusal(self, code, camera)


def _without_key(camera: str, answer: str) -> CameraWithoutKeyLoginError:
    return CameraWithoutKeyLoginError(
        f"the camera {camera} has no key of its own: it answered {GetPubKey.cmd} with {answer}",
        hint="update the camera's firmware; until then it can sign in with a password only",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """The outcome of testftp. `result` is None if the reply has none, or one that the maker does not list.

    `raw_result` is the number itself; `host_key` is the key that the camera saw, if it reports one.
    """

    __test__: ClassVar[bool] = False  # not for pytest to collect

    result: UploadResult | None
    raw_result: int | None
    host_key: PublicKey | None

    @property
    def ok(self) -> bool:
        """True if the camera says that the upload went through."""
        return self.result is UploadResult.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class TestFtp(Command[TestOutcome]):
    """Upload a test picture; with `set_host`, trust that host key from now on.

    A failed upload is an outcome, not an exception: see `codes.error_for_result`.

    >>> TestFtp().parameters()
    ()
    """

    __test__: ClassVar[bool] = False  # not for pytest to collect

    cmd: ClassVar[str] = "testftp"
    within_s: ClassVar[float] = 120.0

    set_host: PublicKey | None = None

    @property
    def spared(self) -> bool:
        """Let the camera finish: it stays signed in at the receiver until then."""
        return True

    def parameters(self) -> Parameters:
        """Return the bare base64 blob of the host key, without its type."""
        return () if self.set_host is None else (("sethost", self.set_host.base64),)

    def error(self, reply: Reply) -> CameraError | None:
        """Prefer a result to the response code: a failed upload may have both."""
        if reply.get("result") is not None and reply.response not in _NOT_ABOUT_THE_UPLOAD:
            return None
        if self.set_host is not None and reply.response is None:
            return CameraReplyError(f"the camera {reply.camera} did not say whether it took the host key")
        return Command.error(self, reply)

    def decode(self, reply: Reply) -> TestOutcome:
        """Read result and host key; only the answer to sethost may lack the result."""
        result = reply.integer("result")
        if result is None and (self.set_host is None or reply.get("result") is not None):
            raise CameraReplyError(f"the camera {reply.camera} answered {self.cmd} without a result that can be read")
        return TestOutcome(
            result=UploadResult(result) if result in RESULTS else None,
            raw_result=result,
            host_key=_read_host_key(reply),
        )

    def tries_for(self, answer: TestOutcome) -> int | None:
        """Return None (the usual number) for -6 (busy), which may pass soon; 2 for -4 (timeout), which is slow."""
        return _TRIES.get(answer.result) if answer.result in _TRIES else 1


def _read_host_key(reply: Reply) -> PublicKey | None:
    """Read `hostkey`: a bare base64 blob, or with its type before it; missing or empty is None."""
    text = reply.get("hostkey")
    if not text:
        return None
    try:
        return PublicKey.from_line(text) if " " in text.strip() else PublicKey.from_base64(text)
    except KeyFormatError as error:
        raise CameraReplyError(f"the camera {reply.camera} reported an invalid host key: {error}") from error
