"""Find out what answers at an address, over a separate connection and without any login."""

import contextlib
import ssl
from dataclasses import dataclass
from socket import socket

from receiver_setup.camera.wire.services import is_http, is_tls

_EVERY_CIPHER = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
_LEGACY_SERVER_CONNECT = 0x4
"""ssl.OP_LEGACY_SERVER_CONNECT, which Python names since 3.12."""
_PIECE = 4096
_KEPT = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A server's answer to a TLS handshake in which everything is allowed."""

    beginning: bytes = b""
    version: str | None = None
    cipher: str | None = None
    certificate: bytes | None = None
    """None if the handshake was not completed."""

    @property
    def is_tls(self) -> bool:
        """True if the server speaks TLS."""
        return is_tls(self.beginning)


def look(connection: socket, host: str) -> Look:
    """Do a handshake that allows everything, and send nothing after it; any failure ends it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = allow_everything(context).wrap_bio(incoming, outgoing, server_hostname=host)
    beginning = b""
    try:
        while not _advance(secure):
            connection.sendall(outgoing.read())
            piece = receive(connection)
            if not piece:
                break
            incoming.write(piece)
            beginning = (beginning + piece)[:_KEPT]
        else:
            cipher = secure.cipher()
            return Look(
                beginning=beginning,
                version=secure.version(),
                cipher=None if cipher is None else cipher[0],
                certificate=secure.getpeercert(binary_form=True),
            )
    except (OSError, ValueError):
        pass
    return Look(beginning=beginning)


def ask_plainly(connection: socket, host: str) -> bytes:
    """Return the beginning of the answer to a request without TLS that contains only the host.

    Up to the end of the headers if there are any, else of the first line; any failure ends it.
    """
    said = b""
    with contextlib.suppress(OSError):
        place = f"[{host}]" if ":" in host else host
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {place}\r\n\r\n".encode())
        while (b"\r\n\r\n" if is_http(said) else b"\n") not in said and len(said) < _KEPT:
            piece = receive(connection)
            if not piece:
                break
            said += piece
    return said


def receive(connection: socket) -> bytes:
    """Receive some bytes by `recv_into`, the only call that enforces the limits. Raises OSError."""
    buffer = bytearray(_PIECE)
    return bytes(buffer[: connection.recv_into(buffer)])


def _advance(secure: ssl.SSLObject) -> bool:
    try:
        secure.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def allow_everything(context: ssl.SSLContext) -> ssl.SSLContext:
    """Allow everything that this machine's OpenSSL supports, except ciphers without a certificate."""
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(_EVERY_CIPHER)
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", _LEGACY_SERVER_CONNECT)
    return context
