"""A first look at what was given as the camera: does it answer there, without any login."""

import hashlib
import http.client
import socket
import ssl

from receiver_setup.camera.address import CameraAddress
from receiver_setup.errors import CameraUnreachableError

_AGAIN = "check that the camera is switched on, and look its address up in the router"
_LONGEST_NAME = 40


def probe(address: CameraAddress, *, timeout_s: float = 4.0) -> str:
    """Return what was seen there, in words; `CameraUnreachableError` where no web server answers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # only a look: no password is sent
    connection = (
        http.client.HTTPSConnection(address.host, address.port, timeout=timeout_s, context=context)
        if address.scheme == "https"
        else http.client.HTTPConnection(address.host, address.port, timeout=timeout_s)
    )
    try:
        connection.request("GET", "/", headers={"User-Agent": "receiver-setup", "Connection": "close"})
        answer = connection.getresponse()
        server = _plain(answer.getheader("Server") or "")
    except (OSError, http.client.HTTPException) as error:
        raise CameraUnreachableError(_problem(error, address, timeout_s), hint=_AGAIN) from error
    finally:
        connection.close()
    return f"{address.display} answers as a web server does (HTTP {answer.status}{f', {server}' if server else ''})"


def unknown_certificate(address: CameraAddress, *, timeout_s: float = 4.0) -> str | None:
    """Return the SHA-256 of the camera's certificate where this machine has no reason to trust it."""
    try:
        with (
            socket.create_connection((address.host, address.port), timeout_s) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=address.host),
        ):
            return None
    except ssl.SSLError:
        certificate = ssl.get_server_certificate((address.host, address.port), timeout=timeout_s)
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()


def _problem(error: Exception, address: CameraAddress, timeout_s: float) -> str:
    if isinstance(error, socket.gaierror):
        return f"no machine called {address.host} is known here"
    if isinstance(error, TimeoutError):
        return f"nothing answered at {address.display} within {timeout_s:g} s"
    if isinstance(error, ConnectionRefusedError):
        return f"{address.host} is there, but nothing listens on its port {address.port}"
    if isinstance(error, (http.client.HTTPException, ssl.SSLError, ConnectionResetError)):
        how = "by https" if address.scheme == "https" else "as a web server does"
        return f"something is at {address.host}, port {address.port}, but it does not answer {how}"
    return f"there is no way to {address.display}: {error}"


def _plain(text: str) -> str:
    """Return what a stranger said, as far as it is fit for a terminal."""
    return "".join(character for character in text if character.isprintable())[:_LONGEST_NAME].strip()
