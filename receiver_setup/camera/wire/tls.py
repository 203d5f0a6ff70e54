"""TLS settings for a camera."""

import logging
import ssl

import urllib3
from urllib3.util.ssl_ import create_urllib3_context

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.look import allow_everything
from receiver_setup.errors import ConfigurationError

_log = logging.getLogger(__name__)

_CHECKED_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!eNULL:!aDSS"
"""Python's default; urllib3 1.26 would also allow ciphers without forward secrecy."""


def is_unchecked(tls: Tls) -> bool:
    """Return True if no chain is verified; urllib3 checks a pinned certificate instead."""
    return tls.insecure or tls.fingerprint is not None


def make_context(tls: Tls) -> ssl.SSLContext:
    """Return the context for a camera's connections.

    If the certificate is pinned, or the user disabled the check, this context also allows old TLS: the alternative
    would be plain HTTP, which exposes the password.
    """
    if is_unchecked(tls):
        return allow_everything(create_urllib3_context(cert_reqs=ssl.CERT_NONE))
    context: ssl.SSLContext = create_urllib3_context(cert_reqs=ssl.CERT_REQUIRED, ciphers=_CHECKED_CIPHERS)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The same for every version: self-made certificates lack extensions that strict checks require (Python 3.13),
    # and --camera-ca-file may hold the camera's own.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def find_verification(address: CameraAddress, tls: Tls) -> bool | str:
    """Return the `verify` argument for requests. Raises ConfigurationError for an invalid CA file."""
    if tls.insecure and address.scheme == "https":
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the next line says it instead
        _log.warning("%s: the camera's certificate is not checked, as requested", address)
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
