"""A small valid JPEG of any wanted size (pure): one grey 8 x 8 picture, padded by comment segments.

Source: ITU-T T.81, annexes B (segments) and K (Huffman tables).
"""

import struct

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_ONE_CODE = bytes([1, *[0] * 15, 0])  # one code of one bit, for the value 0
_LARGEST_COMMENT = 65_533


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


_HEAD = _SOI + _segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
_TAIL = b"".join(
    (
        _segment(0xDB, b"\0" + bytes([1] * 64)),
        _segment(0xC0, struct.pack(">BHHB3B", 8, 8, 8, 1, 1, 0x11, 0)),
        _segment(0xC4, b"\x00" + _ONE_CODE),
        _segment(0xC4, b"\x10" + _ONE_CODE),
        _segment(0xDA, b"\x01\x01\0\0\x3f\0"),
        b"\x3f",  # two one-bit codes and ones to fill the byte
        _EOI,
    )
)
SMALLEST = len(_HEAD) + len(_TAIL)
"""Bytes of a picture without padding."""


def render_jpeg(size: int) -> bytes:
    """Return a JPEG of `size` bytes; sizes that no padding can reach are rounded up by at most 4.

    >>> len(render_jpeg(30_000)), render_jpeg(0)[:2] == render_jpeg(30_000)[:2]
    (30000, True)
    """
    missing = size - SMALLEST
    comments = []
    while missing > 0:
        length = max(min(missing, _LARGEST_COMMENT + 4) - 4, 0)
        comments.append(_segment(0xFE, bytes(length)))
        missing -= length + 4
    return _HEAD + b"".join(comments) + _TAIL
