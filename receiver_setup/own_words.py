"""The words of our own texts, read from the package itself, so that the list is always current."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[A-Za-z]++(?:[-_][A-Za-z]++)*+", re.ASCII)
_NEVER_PRINTED = re.compile(r'r?"""(?:[^"]|"(?!""))*+"""|^[ \t]*+#.*+|  # .*+', re.MULTILINE)
"""Docstrings, whose examples contain passwords, and comments."""


@cache
def is_own(text: str) -> bool:
    """Return True if `text` is a word, or a part of one, in our own sentences, names or code.

    A text with a blank, a digit or any other character is not a word, and is always masked.

    >>> is_own("amera"), is_own("camera-reply"), is_own("correct-horse"), is_own("the camera")
    (True, True, False, False)
    """
    return _WORD.fullmatch(text) is not None and any(text in _NEVER_PRINTED.sub("", each) for each in _sources(text))


def _sources(text: str) -> Iterator[str]:
    """Read the package's files that contain a text; most passwords are in none."""
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in {".py", ".sh"} and text in (source := path.read_text(encoding="utf-8", errors="replace")):
            yield source
