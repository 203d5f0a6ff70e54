"""The words of our own texts, read from the package itself, so that the list cannot rot."""

import re
from functools import cache
from pathlib import Path

_NEVER_PRINTED = re.compile(r'r?"""(?:[^"]|"(?!""))*+"""|^[ \t]*+#.*+|  # .*+', re.MULTILINE)
"""Docstrings, whose examples have passwords in them, and comments."""


def is_own(text: str) -> bool:
    """Tell whether `text` stands in a fixed sentence, name or code of ours, be it inside a longer word.

    >>> is_own("amera"), is_own("camera-reply"), is_own("correct-horse")
    (True, True, False)
    """
    return any(character.isalpha() for character in text) and text in _texts()


@cache
def _texts() -> str:
    """Return the source of the package without docstrings and comments."""
    sources = sorted(each for each in Path(__file__).parent.rglob("*") if each.suffix in {".py", ".sh"})
    return _NEVER_PRINTED.sub("", "\n".join(each.read_text(encoding="utf-8", errors="replace") for each in sources))
