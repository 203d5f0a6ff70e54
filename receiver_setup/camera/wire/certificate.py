"""Explain why a camera's HTTPS certificate is not trusted, or its TLS is refused (pure)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_EXPIRED, _NOT_YET_VALID = 10, 9
_NO_ISSUER = frozenset({2, 20, 21})
_SELF_SIGNED, _SELF_SIGNED_IN_CHAIN = 18, 19
_OTHER_NAME = frozenset({62, 64})
_SMALL_KEY, _SMALL_KEY_OF_AUTHORITY, _WEAK_DIGEST = 66, 67, 68
"""OpenSSL's X509_V_ERR_…, as Python passes them on in `verify_code`."""
_LONGEST_NAME = 60
_MOST_NAMES = 3
_OLD_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "SSLv3": "SSL 3"}
_NO_COMMON_CIPHER = "SSLV3_ALERT_HANDSHAKE_FAILURE"
_REFUSED = {
    "DH_KEY_TOO_SMALL": "its Diffie-Hellman parameters are too small",
    "UNSAFE_LEGACY_RENEGOTIATION_DISABLED": "it does not know secure renegotiation",
    "UNSUPPORTED_PROTOCOL": "it has no version of TLS that is new enough",
    "TLSV1_ALERT_PROTOCOL_VERSION": "it has no version of TLS in common with this machine",
    _NO_COMMON_CIPHER: "it has no cipher in common with this machine",
    "SSLV3_ALERT_CERTIFICATE_REQUIRED": "it wants a certificate from its clients",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "it wants a certificate from its clients",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """OpenSSL's reasons for refusing a connection."""

    reason: str = ""
    """Such as `DH_KEY_TOO_SMALL`."""
    verify_code: int = 0
    verify_message: str = ""


def fingerprint(der: bytes) -> str:
    """Return a certificate's SHA-256 as `AB:CD:…`.

    >>> fingerprint(b"")[:11]
    'E3:B0:C4:42'
    """
    return hashlib.sha256(der).digest().hex(":").upper()


def why_untrusted(trouble: Trouble, der: bytes, *, host: str, authority: str, now: datetime | None = None) -> str:
    """Say why a certificate is not trusted, as the end of a sentence.

    `authority` names the required signer: `CA.pem` or `this machine's authorities`.
    """
    code = trouble.verify_code
    if code in _NO_ISSUER | {_SELF_SIGNED_IN_CHAIN}:
        return f"it is not signed by {authority}"
    if code == _SELF_SIGNED:
        return f"it is self-signed and not one of {authority}"
    if code == _SMALL_KEY_OF_AUTHORITY:
        return "the key of the authority that signed it is too small"
    try:
        return _why(trouble, _load(der), host, now or datetime.now(UTC))
    except Exception:  # noqa: BLE001 - a hostile certificate can provoke undocumented errors
        return trouble.verify_message or "OpenSSL refuses it"


def why_refused(trouble: Trouble, *, version: str | None, cipher: str | None) -> str:
    """Say why a connection was refused, given what was negotiated when everything was allowed.

    >>> why_refused(Trouble(), version="TLSv1.1", cipher="AES128-SHA")
    'it speaks no TLS newer than TLS 1.1'
    >>> why_refused(Trouble(), version="TLSv1.2", cipher="AES128-SHA")
    'it has no cipher with forward secrecy, only such as AES128-SHA'
    """
    known = trouble.reason in _REFUSED and trouble.reason != _NO_COMMON_CIPHER
    old = why_old(version, cipher)
    if old and (not known or version in _OLD_VERSIONS):
        return old
    said = trouble.reason.lower().replace("_", " ")
    return _REFUSED.get(trouble.reason) or (f"OpenSSL says: {said}" if said else "the handshake failed")


def why_old(version: str | None, cipher: str | None) -> str:
    """Say what is outdated in the negotiated TLS; "" if nothing is.

    >>> why_old("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"), why_old("TLSv1", None)
    ('', 'it speaks no TLS newer than TLS 1.0')
    """
    if version in _OLD_VERSIONS:
        return f"it speaks no TLS newer than {_OLD_VERSIONS[version]}"
    if version == "TLSv1.2" and cipher and not cipher.startswith(("ECDHE-", "DHE-")):
        return f"it has no cipher with forward secrecy, only such as {cipher}"
    return ""


def _load(der: bytes) -> "Certificate":
    from cryptography import x509  # noqa: PLC0415 - heavy, and seldom needed

    return x509.load_der_x509_certificate(der)


def _why(  # noqa: PLR0911 - one for each cause
    trouble: Trouble, certificate: "Certificate", host: str, now: datetime
) -> str:
    code = trouble.verify_code
    begins, ends = (_moment(certificate, f"not_valid_{edge}") for edge in ("before", "after"))
    if code == _EXPIRED:
        if ends > now:
            return "a certificate that it is signed with has expired"
        return f"it expired on {ends:%Y-%m-%d}, and this machine's clock says {now:%Y-%m-%d}"
    if code == _NOT_YET_VALID:
        return f"it is valid from {begins:%Y-%m-%d} on, and this machine's clock says {now:%Y-%m-%d}"
    if code in _OTHER_NAME or not code:
        names = _names(certificate)
        shown = ", ".join(names[:_MOST_NAMES]) + (" …" if len(names) > _MOST_NAMES else "")
        return f"it is for {shown or 'no name at all'}, not for {host}"
    if code == _SMALL_KEY:
        return f"its key has only {getattr(certificate.public_key(), 'key_size', 'too few')} bits"
    if code == _WEAK_DIGEST:
        used = certificate.signature_hash_algorithm
        return f"it is signed with {used.name.upper() if used else 'an algorithm'}, which is too weak"
    return trouble.verify_message or "OpenSSL refuses it"


def _moment(certificate: Any, name: str) -> datetime:
    """Return a limit of its validity; cryptography 38 has it without a time zone, 43 warns about that."""
    aware = getattr(certificate, f"{name}_utc", None)
    moment: datetime = getattr(certificate, name).replace(tzinfo=UTC) if aware is None else aware
    return moment


def _names(certificate: "Certificate") -> list[str]:
    from cryptography import x509  # noqa: PLC0415 - as above

    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    names = [str(name.value) for name in found if isinstance(name, (x509.DNSName, x509.IPAddress))]
    return ["".join(c for c in name if c.isprintable())[:_LONGEST_NAME] for name in names]
