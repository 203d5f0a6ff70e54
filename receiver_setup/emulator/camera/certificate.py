"""The emulated camera's self-signed HTTPS certificate."""

import ssl
import tempfile
import warnings
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from receiver_setup.emulator.camera.profile import Profile

_VALIDITY = {"now": (-1, 365), "expired": (-365, -1), "future": (30, 365)}
"""First and last day, from today."""
_DDNS_NAME = "emulated.ddns3-instar.invalid"


def make_certificate(host: str, profile: Profile) -> tuple[bytes, bytes]:
    """Return (certificate, private key) as PEM, for `host` or for a DDNS name that does not match it."""
    for_address = profile.https_name == "address"
    key = _make_key(profile)
    begins, ends = _VALIDITY[profile.https_validity]
    names = _names(host) if for_address else [x509.DNSName(_DDNS_NAME)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _DDNS_NAME)])
    now = datetime.now(timezone.utc)  # noqa: UP017  Debian 12's cryptography reads this form as well
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def make_context(certificate: bytes, key: bytes, profile: Profile) -> ssl.SSLContext:
    """Return a server's TLS context; the key is briefly on disk, readable only for this user."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    static = profile.tls_ciphers == "static-rsa"
    if static or profile.tls_version or profile.https_key == "rsa1024":
        context.set_ciphers(f"{'kRSA' if static else 'ALL:!aNULL'}:@SECLEVEL=0")
    if static:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if profile.tls_version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the old ones, which are what is wanted here
            version = ssl.TLSVersion[f"TLSv{profile.tls_version.replace('.', '_').removesuffix('_0')}"]
            context.minimum_version = context.maximum_version = version
    with tempfile.TemporaryDirectory(prefix="emulated-camera-") as folder:
        path = Path(folder) / "both.pem"
        path.touch(0o600)
        path.write_bytes(key + certificate)
        context.load_cert_chain(path)
    return context


def _make_key(profile: Profile) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    kind = profile.https_key
    if kind == "p256" and profile.tls_ciphers == "static-rsa":
        kind = "rsa2048"
    if kind == "p256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(kind.removeprefix("rsa")))


def _names(host: str) -> list[x509.GeneralName]:
    try:
        return [x509.IPAddress(ip_address(host))]
    except ValueError:
        return [x509.DNSName(host)]
