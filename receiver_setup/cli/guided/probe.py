"""Check, without any login, whether a camera may be at an address."""

import contextlib
import socket
import ssl
from collections.abc import Iterator

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.certificate import fingerprint
from receiver_setup.camera.wire.connection import normal_fingerprint
from receiver_setup.camera.wire.look import ask_plainly, look
from receiver_setup.camera.wire.services import is_http, is_tls, name_service
from receiver_setup.camera.wire.sockets import Wire, dial_directly
from receiver_setup.errors import CameraReplyError, CameraUnreachableError

_AGAIN = "check that the camera is switched on, and look its address up in the router"
_OTHER_PORT = "give the port of the camera's web server: usually 80, or 443 for an address with https://"
_LONGEST_NAME = 40


def probe(address: CameraAddress, *, timeout_s: float = 4.0) -> str:
    """Describe what answers at the address.

    Raises CameraUnreachableError if nothing answers, CameraReplyError if it is not a web server.
    """
    said = b""
    try:
        if address.scheme == "https":
            with _connected(address, timeout_s) as connection:
                seen = look(connection, address.bare_host)
            if seen.certificate is not None:
                return f"{address.display} answers by HTTPS ({seen.version})"
            said = seen.beginning
        if not is_tls(said):
            with _connected(address, timeout_s) as connection:
                said = ask_plainly(connection, address.bare_host) or said
    except (OSError, UnicodeError) as error:
        raise CameraUnreachableError(_problem(error, address, timeout_s), hint=_AGAIN) from error
    return _read_answer(said, address)


def unknown_certificate(address: CameraAddress, *, timeout_s: float = 4.0) -> str | None:
    """Return the SHA-256 of the camera's certificate if this machine does not trust it."""
    try:
        with (
            socket.create_connection((address.host, address.port), timeout_s) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=address.bare_host),
        ):
            return None
    except ssl.SSLError:
        with _connected(address, timeout_s) as connection:
            certificate = look(connection, address.bare_host).certificate
    if certificate is None:
        raise CameraUnreachableError(f"{address.display} showed no certificate", hint=_AGAIN)
    return normal_fingerprint(fingerprint(certificate))


@contextlib.contextmanager
def _connected(address: CameraAddress, within_s: float) -> Iterator[socket.socket]:
    """Open a connection that ends after so many seconds in any case."""
    wire = Wire()
    with (
        wire.exchange(within_s=within_s),
        wire.open(address.host, address.port, dial_directly, within_s=within_s) as connection,
    ):
        yield connection


def _read_answer(said: bytes, address: CameraAddress) -> str:
    """Describe a web server's answer; raises if it is not one, or does not use HTTPS as requested."""
    if not said:
        raise CameraUnreachableError(f"{address.display} accepts connections but does not answer", hint=_AGAIN)
    if address.scheme == "https" or not is_http(said):
        how = "by https" if address.scheme == "https" else "as a web server does"
        raise CameraReplyError(
            f"{address.host}, port {address.port}, does not answer {how}: {name_service(said)}", hint=_OTHER_PORT
        )
    status, *headers = said.partition(b"\r\n\r\n")[0].decode("latin-1").split("\n")
    server = next((line for line in headers if line.lower().startswith("server:")), "").partition(":")[2]
    code = _plain("".join(status.split()[1:2]))
    return f"{address.display} answers as a web server does (HTTP {code}{f', {_plain(server)}' if server else ''})"


def _problem(error: Exception, address: CameraAddress, timeout_s: float) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name {address.host} cannot be resolved"
    if isinstance(error, TimeoutError):
        return f"nothing answered at {address.display} within {timeout_s:g} s"
    if isinstance(error, ConnectionRefusedError):
        return f"{address.host} is up, but nothing listens on its port {address.port}"
    return f"{address.display} cannot be reached: {error}"


def _plain(text: str) -> str:
    """Return untrusted text, safe for a terminal."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_NAME].strip()
