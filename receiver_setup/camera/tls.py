"""TLS with a camera: what is accepted, and a look at what it shows where that was not."""

import logging
import ssl
from dataclasses import dataclass
from socket import socket

import urllib3
from urllib3.util.ssl_ import create_urllib3_context

from receiver_setup.camera.address import CameraAddress
from receiver_setup.camera.services import is_tls
from receiver_setup.camera.settings import Tls
from receiver_setup.errors import ConfigurationError

_log = logging.getLogger(__name__)

_EVERY_CIPHER = "ALL:!aNULL:!eNULL:@SECLEVEL=0"
_CHECKED_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!eNULL:!aDSS"
"""As Python has them; urllib3 1.26 would allow those without forward secrecy as well."""
_LEGACY_SERVER_CONNECT = 0x4
"""ssl.OP_LEGACY_SERVER_CONNECT, which Python names since 3.12."""
_PIECE = 4096
_KEPT = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a server answers to the beginning of a TLS handshake in which everything is allowed."""

    beginning: bytes = b""
    version: str | None = None
    cipher: str | None = None
    certificate: bytes | None = None
    """None where the handshake was not completed."""

    @property
    def is_tls(self) -> bool:
        """True where it speaks TLS at all."""
        return is_tls(self.beginning)


def is_unchecked(tls: Tls) -> bool:
    """Tell whether no chain is checked: a pinned certificate is checked by urllib3, and instead of its chain."""
    return tls.insecure or tls.fingerprint is not None


def make_context(tls: Tls) -> ssl.SSLContext:
    """Return the context for a camera's connections.

    Where the certificate is pinned, or nothing is checked by request, old TLS is allowed as well, in this context
    alone: nothing would be left but plain HTTP, which shows the password to everybody.
    """
    if is_unchecked(tls):
        return _allow_everything(create_urllib3_context(cert_reqs=ssl.CERT_NONE))
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED, ciphers=_CHECKED_CIPHERS)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same for every version: certificates that owners make lack extensions that strict checks want (Python 3.13),
    # and --camera-ca-file may hold the camera's own.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def find_verification(address: CameraAddress, tls: Tls) -> bool | str:
    """Return what requests calls `verify`. Raises ConfigurationError for a CA file that is none."""
    if tls.insecure and address.scheme == "https":
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the next line says it instead
        _log.warning("%s: the camera's certificate is not checked, as was asked for", address)
    if is_unchecked(tls):
        return False
    if tls.ca_file is None:
        return True
    try:
        ssl.create_default_context(cafile=str(tls.ca_file))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the CA file {tls.ca_file} cannot be read as certificates in PEM form",
            hint="give the file of the authority that signed the camera's certificate",
        ) from error
    return str(tls.ca_file)


def look(connection: socket, host: str) -> Look:
    """Shake hands over an open connection, everything allowed and nothing sent after it; any failure ends the look."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secure = _allow_everything(context).wrap_bio(incoming, outgoing, server_hostname=host)
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


def receive(connection: socket) -> bytes:
    """Receive a piece by `recv_into`, which alone keeps the limits. Raises OSError."""
    buffer = bytearray(_PIECE)
    return bytes(buffer[: connection.recv_into(buffer)])


def _advance(secure: ssl.SSLObject) -> bool:
    try:
        secure.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def _allow_everything(context: ssl.SSLContext) -> ssl.SSLContext:
    """Allow all that this machine's OpenSSL can still do; a cipher without any certificate is none of it."""
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers(_EVERY_CIPHER)
    context.options |= getattr(ssl, "OP_LEGACY_SERVER_CONNECT", _LEGACY_SERVER_CONNECT)
    return context
