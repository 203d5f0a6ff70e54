"""The words of our own texts, read from the package itself, so that the list cannot rot."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[A-Za-z]++(?:[-_][A-Za-z]++)*+", re.ASCII)
_NEVER_PRINTED = re.compile(r'r?"""(?:[^"]|"(?!""))*+"""|^[ \t]*+#.*+|  # .*+', re.MULTILINE)
"""Docstrings, whose examples have passwords in them, and comments."""


@cache
def is_own(text: str) -> bool:
    """Tell whether `text` is a word that stands in a fixed sentence, name or code of ours, or a part of one.

    What has a blank, a digit or any other sign in it is no word, and is masked wherever it stands.

    >>> is_own("amera"), is_own("camera-reply"), is_own("correct-horse"), is_own("the camera")
    (True, True, False, False)
    """
    return _WORD.fullmatch(text) is not None and any(text in _NEVER_PRINTED.sub("", each) for each in _sources(text))


def _sources(text: str) -> Iterator[str]:
    """Read the package's files that have a text anywhere; most passwords are in none."""
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in {".py", ".sh"} and text in (source := path.read_text(encoding="utf-8", errors="replace")):
            yield source
