"""SSH public keys as text and bytes (pure): decode, check, fingerprint.

Sources: RFC 4253 section 6.6 (blob), RFC 8709 (ed25519), RFC 5656 (ecdsa), sshd(8) (key lines).
"""

import base64
import binascii
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import Self

KNOWN_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "ssh-dss",
)
_BITS = {
    "ssh-ed25519": 256,
    "ecdsa-sha2-nistp256": 256,
    "ecdsa-sha2-nistp384": 384,
    "ecdsa-sha2-nistp521": 521,
}
_FIELDS = {"ssh-ed25519": 1, "ssh-rsa": 2, "ssh-dss": 4}  # after the type; ecdsa has curve and point
_SHORTEST_RSA, _LONGEST_RSA = 1024, 16384
"""Bits: a shorter key can be broken and OpenSSH refuses it (SSH_RSA_MINIMUM_MODULUS_SIZE); OpenSSL refuses a longer
one (OPENSSL_RSA_MAX_MODULUS_BITS)."""
_SAFE_RSA = 2048
_LARGEST_EXPONENT_BITS = 64
"""OpenSSL's limit for a modulus of more than 3072 bits (OPENSSL_RSA_MAX_PUBEXP_BITS)."""
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f]")  # all but tab
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")


class KeyFormatError(ValueError):
    """The text or the bytes are not an SSH public key; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key in SSH's wire format; two keys are equal when their blobs are."""

    blob: bytes

    @classmethod
    def from_blob(cls, blob: bytes) -> Self:
        """Check `blob` (the type and its fields, nothing after them) and wrap it."""
        fields = _split_fields(blob)
        kind = fields[0].decode("ascii", "replace")
        if kind not in KNOWN_TYPES:
            raise KeyFormatError(f"unknown key type {kind[:40]!r}")
        if len(fields) - 1 != _FIELDS.get(kind, 2):
            raise KeyFormatError(f"a {kind} key with {len(fields) - 1} fields")
        if kind.startswith("ecdsa-") and fields[1] != kind.removeprefix("ecdsa-sha2-").encode():
            raise KeyFormatError(f"a {kind} key on another curve")
        return cls(blob=blob)

    @classmethod
    def from_base64(cls, text: str) -> Self:
        """Decode a bare base64 blob, the form in which cameras report and accept host keys."""
        text = text.strip()
        if not _BASE64.fullmatch(text):
            raise KeyFormatError("not base64")
        try:
            return cls.from_blob(base64.b64decode(text, validate=True))
        except binascii.Error as error:
            raise KeyFormatError(f"not base64: {error}") from error

    @classmethod
    def from_line(cls, line: str) -> Self:
        r"""Decode `type base64 [comment]`; refuse options before the type, and a second line.

        >>> PublicKey.from_line("ssh-rsa AAAA\nssh-rsa BBBB")
        Traceback (most recent call last):
        ...
        receiver_setup.formats.keys.KeyFormatError: more than one line
        """
        if len(line.strip().splitlines()) > 1 or _CONTROL.search(line.strip()):
            raise KeyFormatError("more than one line")
        words = line.split(maxsplit=2)
        if len(words) < 2 or words[0] not in KNOWN_TYPES:
            raise KeyFormatError(f"does not begin with a key type such as {KNOWN_TYPES[-2]}")
        key = cls.from_base64(words[1])
        if key.type != words[0]:
            raise KeyFormatError(f"says {words[0]} but contains a {key.type} key")
        return key

    @property
    def type(self) -> str:
        """The key type, read from inside the blob, such as `ssh-ed25519`."""
        return _split_fields(self.blob)[0].decode()

    @property
    def bits(self) -> int:
        """The key's size in bits (the modulus of an RSA key)."""
        if self.type in _BITS:
            return _BITS[self.type]
        number = _split_fields(self.blob)[2 if self.type == "ssh-rsa" else 1]
        return int.from_bytes(number, "big").bit_length()

    def check_strength(self) -> str | None:
        """Raise `KeyFormatError` for an RSA or DSA key that must not open an account; return a warning, or None.

        An RSA key has a modulus of 1024 to 16384 bits and an odd public exponent from 3 to 64 bits; both are positive.
        """
        if self.type == "ssh-dss":
            raise KeyFormatError("a DSA key, which OpenSSH does not accept since 7.0")
        if self.type != "ssh-rsa":
            return None
        exponent, modulus = (int.from_bytes(field, "big", signed=True) for field in _split_fields(self.blob)[1:])
        if not _SHORTEST_RSA <= modulus.bit_length() <= _LONGEST_RSA or modulus < 0:
            raise KeyFormatError(
                f"an RSA key of {self.bits} bits, but {_SHORTEST_RSA} to {_LONGEST_RSA} are accepted; a shorter one "
                "can be broken by anyone"
            )
        if exponent < 3 or exponent % 2 == 0 or modulus % 2 == 0 or exponent.bit_length() > _LARGEST_EXPONENT_BITS:
            raise KeyFormatError("numbers that are not valid for an RSA key, so it would protect nothing")
        if modulus.bit_length() < _SAFE_RSA:
            return f"its key is an RSA key of {self.bits} bits, which is weak: use at least {_SAFE_RSA}"
        return None

    @property
    def fingerprint(self) -> str:
        """`SHA256:…` as ssh-keygen -l prints it."""
        digest = hashlib.sha256(self.blob).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def base64(self) -> str:
        """The bare base64 blob."""
        return base64.b64encode(self.blob).decode()

    @property
    def line(self) -> str:
        """`type base64`, without options and comment."""
        return f"{self.type} {self.base64}"

    def __str__(self) -> str:
        return f"{self.type} {self.fingerprint}"


def _split_fields(blob: bytes) -> list[bytes]:
    """Split a blob into its length-prefixed fields; at least one."""
    fields = []
    offset = 0
    while offset < len(blob):
        if len(blob) - offset < 4:
            raise KeyFormatError("cut off inside a length")
        (size,) = struct.unpack_from(">I", blob, offset)
        offset += 4
        if size > len(blob) - offset:
            raise KeyFormatError("cut off inside a field")
        fields.append(blob[offset : offset + size])
        offset += size
    if not fields:
        raise KeyFormatError("empty")
    return fields
