"""Parse whole numbers in untrusted text (pure)."""

_DIGITS = 18
"""Digits; enough for any size, time or process ID, and few enough for int()."""


def read_number(text: str) -> int | None:
    """Parse a number of ASCII digits; None for anything else.

    >>> read_number("812"), read_number("²"), read_number("-1"), read_number("9" * 5000)
    (812, None, None, None)
    """
    return int(text) if len(text) <= _DIGITS and text.isascii() and text.isdigit() else None
