"""The emulated camera's HTTPS certificate: self-signed, as an owner who never bought one has it."""

import ssl
import tempfile
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DDNS_NAME = "emulated.ddns3-instar.invalid"


def make_certificate(host: str, *, for_address: bool) -> tuple[bytes, bytes]:
    """Return (certificate, private key) as PEM, for `host` or for a DDNS name that no LAN address matches."""
    key = ec.generate_private_key(ec.SECP256R1())
    names = _names(host) if for_address else [x509.DNSName(_DDNS_NAME)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _DDNS_NAME)])
    now = datetime.now(timezone.utc)  # noqa: UP017  Debian 12's cryptography reads this form as well
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def make_context(certificate: bytes, key: bytes) -> ssl.SSLContext:
    """Return a server's TLS context; the key is on disk, for our eyes alone, while it is read."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory(prefix="emulated-camera-") as folder:
        path = Path(folder) / "both.pem"
        path.touch(0o600)
        path.write_bytes(key + certificate)
        context.load_cert_chain(path)
    return context


def _names(host: str) -> list[x509.GeneralName]:
    try:
        return [x509.IPAddress(ip_address(host))]
    except ValueError:
        return [x509.DNSName(host)]
