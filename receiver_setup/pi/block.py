"""Our own lines in another file (pure): added between two marks, and removed exactly.

Text outside the marks is kept, even if it was edited in the meantime.
"""

import re
from collections.abc import Collection

from receiver_setup.errors import ConfigurationError

NEWLINE_ADDED = "newline added"
"""The file ended without a newline before our lines were added."""
HEADER_ADDED = "header added"
"""The file was empty; its first line is ours as well."""
FILE_ADDED = "file added"
"""The file did not exist."""

BEGIN = "# receiver-setup: begin"
END = "# receiver-setup: end"
_REMOVAL = "`receiver-setup pi prepare --remove` takes it away"
_BLOCK = re.compile(
    rf"^[ \t]*{BEGIN}(?: \((?P<note>[a-z ]+)\))?;[^\n]*\n"
    rf"(?P<inner>(?:(?![ \t]*{BEGIN})[^\n]*\n)*?)[ \t]*{END}[ \t]*\r?(?:\n|\Z)",
    re.MULTILINE,
)


def newline_of(text: str) -> str:
    r"""Return the line end of `text`.

    >>> newline_of("a\r\nb"), newline_of("a")
    ('\r\n', '\n')
    """
    return "\r\n" if "\r\n" in text else "\n"


def make_block(*lines: str, indent: int = 0, newline: str = "\n", note: str = "") -> str:
    """Return our lines between their marks; `note` is for `cut_blocks`."""
    begin = f"{BEGIN}{f' ({note})' if note else ''}; {_REMOVAL}"
    return "".join(f"{' ' * indent}{line}{newline}" for line in (begin, *lines, END))


def cut_blocks(text: str, *, file: str, ours: Collection[str]) -> tuple[str, set[str]]:
    r"""Return `text` without our lines, and the notes of their marks; `ours` are the lines allowed between two marks.

    Raises ConfigurationError if a mark lacks its other half, or other lines are between two marks.

    >>> cut_blocks("a\n" + make_block("b") + "c", file="x", ours={"b"})
    ('a\nc', set())
    """
    notes: set[str] = set()
    while (found := _BLOCK.search(text)) is not None:
        for line in found["inner"].splitlines():
            if line.strip() not in ours:
                raise _edited(file, text, f"{line.strip()[:40]!r} is between the marks of receiver-setup's lines")
        note = found["note"] or ""
        notes |= {note} - {""}
        before, after = text[: found.start()], text[found.end() :]
        if note == NEWLINE_ADDED and not after:
            before = before.removesuffix("\n").removesuffix("\r")
        text = before + after
    if any(line.strip().startswith((BEGIN, END)) for line in text.splitlines()):
        raise _edited(file, text, "one of the two marks of receiver-setup's lines is missing")
    return text, notes


def _edited(file: str, text: str, problem: str) -> ConfigurationError:
    lines = text.splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if line.strip().startswith((BEGIN, END)))
    return ConfigurationError(
        f"{file}, line {number}: {problem}",
        hint=f"in {file}, move your own lines out of there and delete those of receiver-setup, including the marks, "
        "then run this again",
    )
