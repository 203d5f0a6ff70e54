"""Decompress the body of an answer, although the request asked for none to be compressed (pure).

>>> unpack(zlib.compress(b'response="200";'), "deflate", most=100)
b'response="200";'
"""

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import _Decompress

_GZIP = b"\x1f\x8b"
_ZLIB, _RAW, _GZIP_BITS = zlib.MAX_WBITS, -zlib.MAX_WBITS, zlib.MAX_WBITS | 16
_CONTROL = frozenset(range(32)) - frozenset(b"\t\n\r\0")
_LONGEST_NAME = 20


class BodyTooLongError(ValueError):
    """The body would be longer than any answer of a camera."""


class BodyError(ValueError):
    """The body cannot be decompressed; the text says why, as the end of a sentence."""


def unpack(body: bytes, encoding: str, *, most: int) -> bytes:
    """Return the decompressed body, of at most `most` bytes.

    `encoding` is the header Content-Encoding. It is only a hint: gzip data is recognised by its own header, and some
    servers name an encoding that they did not apply. Raises BodyTooLongError, BodyError.
    """
    if body.startswith(_GZIP):
        plain = _inflate(body, _GZIP_BITS, most)
        if plain.startswith(_GZIP):
            raise BodyError("is compressed more than once")
        return plain
    names = {name.strip().lower() for name in encoding.split(",")} - {"", "identity"}
    if "deflate" in names:
        return _undeflate(body, most)
    if names and not _is_text(body):
        shown = "".join(c for c in min(names) if c.isprintable())[:_LONGEST_NAME]
        raise BodyError(f"is compressed by {shown}, or damaged; it was asked not to be compressed at all")
    return body


def _undeflate(body: bytes, most: int) -> bytes:
    """Decompress both forms of "deflate": with zlib's two-byte header, as the standard requires, and without."""
    if len(body) > 1 and body[0] & 15 == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0:
        return _inflate(body, _ZLIB, most)
    try:
        return _inflate(body, _RAW, most)
    except BodyError:
        if _is_text(body):
            return body
        raise


def _inflate(body: bytes, bits: int, most: int) -> bytes:
    plain = b""
    while True:
        inflater = zlib.decompressobj(bits)
        plain += _inflate_part(inflater, body, most + 1 - len(plain))
        if len(plain) > most:
            raise BodyTooLongError
        if not inflater.eof:
            raise BodyError("is compressed, and cut off")
        body = inflater.unused_data
        if not body.startswith(_GZIP):
            break
    if body and bits == _RAW:  # which has no checksum that would tell it from text
        raise BodyError("is compressed, and damaged")
    return plain


def _inflate_part(inflater: "_Decompress", body: bytes, most: int) -> bytes:
    try:
        return inflater.decompress(body, most)
    except zlib.error as error:
        raise BodyError("is compressed, and damaged") from error


def _is_text(body: bytes) -> bool:
    return not any(byte in _CONTROL for byte in body)
