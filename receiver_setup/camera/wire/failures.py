"""Map exceptions of the HTTP library to our own errors.

Messages never contain a URL's query, because it may contain user and password.
"""

import errno
import http.client
import logging
import socket
import ssl
import traceback
from collections.abc import Iterator

import requests
import urllib3

from receiver_setup.camera.wire.certificate import Trouble
from receiver_setup.dialling import DialError
from receiver_setup.errors import (
    CameraCertificateError,
    CameraReplyError,
    CameraTimeoutError,
    CameraTlsError,
    CameraUnreachableError,
    ConfigurationError,
    ReceiverSetupError,
    UnforeseenCameraError,
)

_log = logging.getLogger(__name__)

HTTP_ERRORS = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError)
REACH_HINT = "Check that the camera is switched on and in the same network, and that address and port are right."
_SSL_HINT = "Check that the port is the one of the camera's HTTPS (usually 443), then restart the camera."
SLOW_HINT = "Try again with a larger --timeout; if it stays so, restart the camera."
_ADDRESS_ERRORS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.URLRequired,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.UnrewindableBodyError,
    urllib3.exceptions.LocationValueError,
)
_HEADER_ERRORS = (requests.exceptions.InvalidHeader, urllib3.exceptions.InvalidHeader)  # none of ours is ever
_BODY_ERRORS = (
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.StreamConsumedError,
    requests.exceptions.InvalidJSONError,
    requests.exceptions.TooManyRedirects,
    requests.exceptions.HTTPError,
    urllib3.exceptions.DecodeError,
    urllib3.exceptions.IncompleteRead,
)
_REASONS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was reset",
    errno.EHOSTUNREACH: "there is no route to that address",
    errno.ENETUNREACH: "there is no route to that network",
    errno.EHOSTDOWN: "there is no answer from that address",
}


def error_for_exception(  # noqa: PLR0911 - one for each cause
    error: Exception, *, camera: str, step: str, answered: bool = False
) -> ReceiverSetupError:
    """Map any exception of requests, urllib3, a dialler or the operating system; `camera` is its shown address.

    `answered`: some bytes had arrived, so the library is not complaining about our request.
    """
    dialled = next((part for part in _parts(error) if isinstance(part, DialError)), None)
    if dialled is not None:
        return CameraUnreachableError(
            f"the camera {camera} cannot be reached ({step}): {dialled.reason}", hint=dialled.hint
        )
    if _is_certificate(error):
        return CameraCertificateError(f"the HTTPS certificate of {camera} is not trusted ({step})")
    if _is_tls_trouble(error):
        return CameraTlsError(f"no HTTPS connection to the camera {camera} ({step})", hint=_SSL_HINT)
    if isinstance(error, _ADDRESS_ERRORS) and not answered:
        return ConfigurationError(f"no request can be made for the camera {camera} ({step})", hint=REACH_HINT)
    if _is_read_timeout(error):
        return CameraTimeoutError(f"the camera {camera} did not answer {step} in time", hint=SLOW_HINT)
    if any(isinstance(part, _HEADER_ERRORS) for part in _parts(error)):
        return CameraReplyError(
            f"the answer of {camera} to {step} has headers that contradict each other", hint=SLOW_HINT
        )
    if isinstance(error, (*_BODY_ERRORS, *_ADDRESS_ERRORS)) or _is_no_http(error):
        return CameraReplyError(f"the answer of {camera} to {step} is cut off or damaged", hint=SLOW_HINT)
    return CameraUnreachableError(
        f"the camera {camera} cannot be reached ({step}): {reason_for(error)}", hint=REACH_HINT
    )


def unforeseen(error: Exception, *, camera: str, step: str) -> UnforeseenCameraError:
    """Return the error for an undocumented exception, and log where it came from.

    Its text is left out of both, because it may contain user and password.
    """
    trace = "".join(traceback.format_tb(error.__traceback__))
    _log.debug("%s: %s: %s\n%s", camera, step, type(error).__name__, trace)
    return UnforeseenCameraError(
        f"something unforeseen went wrong with the camera {camera} ({step}): {type(error).__name__}",
        hint="run the same command again with -vv and report the output: this is a bug in receiver-setup, "
        "even if the camera sent something wrong",
    )


def _is_certificate(error: Exception) -> bool:
    """Return True for an untrusted certificate, as opposed to other TLS errors; urllib3 1.26 and 2."""
    if not isinstance(error, (requests.exceptions.SSLError, urllib3.exceptions.SSLError, ssl.SSLError)):
        return False
    return any(
        isinstance(part, ssl.SSLCertVerificationError)
        or type(part).__name__ == "CertificateError"
        or "ingerprint" in str(part)
        for part in _parts(error)
    )


def _is_tls_trouble(error: Exception) -> bool:
    """Return True if TLS was refused; False if the connection ended early, as when a camera restarts."""
    wrapped = list(_parts(error))
    ended = any(isinstance(part, (ssl.SSLEOFError, ssl.SSLZeroReturnError)) for part in wrapped)
    return not ended and any(isinstance(part, (requests.exceptions.SSLError, ssl.SSLError)) for part in wrapped)


def _is_no_http(error: Exception) -> bool:
    """Return True for an answer that is not HTTP; an empty one counts as a lost connection."""
    wrapped = list(_parts(error))
    broken = any(isinstance(part, http.client.HTTPException) for part in wrapped)
    return broken and not any(isinstance(part, ConnectionError) for part in wrapped)


def _is_read_timeout(error: Exception) -> bool:
    """Return True if the camera accepted the connection and stalled; requests may wrap this in a ConnectionError."""
    if any(
        isinstance(part, (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError))
        for part in _parts(error)
    ):
        return False
    kinds = (requests.exceptions.Timeout, urllib3.exceptions.TimeoutError, TimeoutError)
    return any(isinstance(part, kinds) for part in _parts(error))


def reason_for(error: BaseException) -> str:
    """Say in a few words why there is no connection."""
    for part in _parts(error):
        if isinstance(part, (socket.gaierror, UnicodeError)) or type(part).__name__ == "NameResolutionError":
            return "the name cannot be resolved"
        if isinstance(part, OSError) and part.errno in _REASONS:
            return _REASONS[part.errno]
        if type(part).__name__ == "RemoteDisconnected" or isinstance(part, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
            return "the connection was closed without an answer"
    late = (requests.exceptions.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError, TimeoutError)
    if any(isinstance(part, late) for part in _parts(error)):  # in urllib3 1.26 a refusal is one of these as well
        return "there is no answer from that address"
    return "the connection failed"


def read_trouble(error: BaseException) -> Trouble:
    """Extract OpenSSL's reasons from an exception or one that it wraps."""
    for part in _parts(error):
        if isinstance(part, ssl.SSLCertVerificationError):
            return Trouble(
                reason=part.reason or "",
                verify_code=getattr(part, "verify_code", 0),
                verify_message=getattr(part, "verify_message", ""),
            )
        if isinstance(part, ssl.SSLError) and part.reason:
            return Trouble(reason=part.reason)
    return Trouble()


def _parts(error: BaseException, depth: int = 0) -> Iterator[BaseException]:
    """Walk an exception and everything that it wraps."""
    yield error
    inner = [*error.args, getattr(error, "reason", None), error.__cause__, error.__context__]
    for part in inner:
        if isinstance(part, BaseException) and depth < 8:
            yield from _parts(part, depth + 1)
