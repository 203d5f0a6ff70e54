"""Whole numbers in what others print (pure)."""

_DIGITS = 18
"""More than any size, time or process number has; Python refuses to read thousands."""


def read_number(text: str) -> int | None:
    """Return the number that ASCII digits stand for; None for anything else.

    >>> read_number("812"), read_number("²"), read_number("-1"), read_number("9" * 5000)
    (812, None, None, None)
    """
    return int(text) if len(text) <= _DIGITS and text.isascii() and text.isdigit() else None
