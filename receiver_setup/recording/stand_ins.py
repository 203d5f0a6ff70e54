"""Placeholders for identifying values (pure): a value has the same placeholder everywhere in a file.

A placeholder has the length and the alphabet of the value; for a key, its type and size.
"""

import base64
import binascii
import ipaddress
import secrets
import string
import struct
from collections import Counter
from typing import Any

from receiver_setup.formats.keys import KeyFormatError, PublicKey

_ALPHABETS = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
_V4, _V6 = "192.0.2.{}", "2001:db8::{:x}"


class StandIns:
    """The placeholders of one file; the replaced values are those that the search for secrets looks for."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._table: dict[str, str] = {}

    @property
    def replaced(self) -> frozenset[str]:
        """Every value with a placeholder."""
        return frozenset(self._table)

    def text(self, value: str, kind: str = "name") -> str:
        """Replace a name or a password by another one of the same length and alphabet; an empty one stays empty."""
        if not value:
            return value
        if value not in self._table:
            self.counts[kind] += 1
            self._table[value] = _same_shape(value)
        return self._table[value]

    def place(self, value: str) -> str:
        """Replace an address or a host name."""
        try:
            address = ipaddress.ip_address(value.partition("%")[0])
        except ValueError:
            return self.text(value, "host")
        if value not in self._table:
            self.counts["address"] += 1
            number = sum(1 for each in self._table.values() if each.startswith(("192.0.2.", "2001:db8::"))) + 1
            self._table[value] = (_V4 if address.version == 4 else _V6).format(number % 250)
        return self._table[value]

    def key(self, value: str) -> str:
        """Replace a key's base64 by that of a new key of the same type and size; an invalid key by a text."""
        try:
            key = PublicKey.from_base64(value)
        except KeyFormatError:
            return self.text(value, "key")
        if value not in self._table:
            self.counts["key"] += 1
            self._table[value] = base64.b64encode(_fresh_blob(key)).decode()
        return self._table[value]


def blank(value: str) -> str:
    """Blank a value, keeping only its length and whether it is a number.

    >>> blank("84:25:3f"), blank("1440"), blank("")
    ('xxxxxxxx', '0000', '')
    """
    return ("0" if value.isascii() and value.isdigit() else "x") * len(value)


def _same_shape(value: str) -> str:
    while True:
        made = "".join(secrets.choice(_alphabet(char)) for char in value)
        if made != value or not any(char.isalnum() for char in value):
            return made


def _alphabet(char: str) -> str:
    return next((letters for letters in _ALPHABETS if char in letters), "x" if char.isalnum() else char)


def _fresh_blob(key: PublicKey) -> bytes:
    """Return the blob of a new key whose private key is discarded."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow, and only here
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa  # noqa: PLC0415 - as above

    curves: dict[str, ec.EllipticCurve] = {"256": ec.SECP256R1(), "384": ec.SECP384R1(), "521": ec.SECP521R1()}
    public: Any
    if key.type == "ssh-ed25519":
        public = ed25519.Ed25519PrivateKey.generate().public_key()
    elif key.type.startswith("ecdsa-"):
        public = ec.generate_private_key(curves[key.type[-3:]]).public_key()
    elif key.type == "ssh-rsa" and 1024 <= key.bits <= 4096:
        public = rsa.generate_private_key(public_exponent=65_537, key_size=key.bits).public_key()
    else:
        return key.blob[: 4 + len(key.type)] + _zeros(key.blob[4 + len(key.type) :])
    line = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    try:
        return base64.b64decode(line.split()[1])
    except binascii.Error as error:  # pragma: no cover - our own key
        raise ValueError("no key") from error


def _zeros(fields: bytes) -> bytes:
    """Keep the lengths of the fields and fill them with ones."""
    made, at = b"", 0
    while at + 4 <= len(fields):
        (size,) = struct.unpack_from(">I", fields, at)
        made += fields[at : at + 4] + b"\x01" * min(size, len(fields) - at - 4)
        at += 4 + size
    return made
