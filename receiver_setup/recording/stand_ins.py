"""Stand-ins for what tells whose a camera is (pure): the same value has the same one in all of a file.

A stand-in has the length and the alphabet of the value; a key has the type and the size of the key.
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
    """The table of one file; what it replaced is what the search for secrets looks for."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._table: dict[str, str] = {}

    @property
    def replaced(self) -> frozenset[str]:
        """Every value that has a stand-in."""
        return frozenset(self._table)

    def text(self, value: str, kind: str = "name") -> str:
        """Replace a name or a password by another of the same length and alphabet; nothing stays nothing."""
        if not value:
            return value
        if value not in self._table:
            self.counts[kind] += 1
            self._table[value] = _same_shape(value)
        return self._table[value]

    def place(self, value: str) -> str:
        """Replace an address, or the name of a host."""
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
        """Replace a key's base64 by that of a fresh key of the same type and size; what is none by a text."""
        try:
            key = PublicKey.from_base64(value)
        except KeyFormatError:
            return self.text(value, "key")
        if value not in self._table:
            self.counts["key"] += 1
            self._table[value] = base64.b64encode(_fresh_blob(key)).decode()
        return self._table[value]


def blank(value: str) -> str:
    """Return a value of which nothing is left but its length and whether it is a number.

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
    """Return the blob of a key that nobody has the private half of."""
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
    """Keep the lengths of the fields, and fill them with ones."""
    made, at = b"", 0
    while at + 4 <= len(fields):
        (size,) = struct.unpack_from(">I", fields, at)
        made += fields[at : at + 4] + b"\x01" * min(size, len(fields) - at - 4)
        at += 4 + size
    return made
