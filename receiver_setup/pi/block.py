"""Lines of ours in a file of somebody else's (pure): put between two marks, found again, and cut out to the byte.

Whatever stands around the marks stays as it is, also when it was edited in between.
"""

import re
from collections.abc import Collection

from receiver_setup.errors import ConfigurationError

NEWLINE_ADDED = "newline added"
"""The file ended without a newline before our lines came."""
HEADER_ADDED = "header added"
"""The file was empty; its first line is ours as well."""
FILE_ADDED = "file added"
"""There was no such file."""

BEGIN = "# receiver-setup: begin"
END = "# receiver-setup: end"
_REMOVAL = "`receiver-setup pi prepare --remove` takes it away"
_BLOCK = re.compile(
    rf"^[ \t]*{BEGIN}(?: \((?P<note>[a-z ]+)\))?;[^\n]*\n"
    rf"(?P<inner>(?:(?![ \t]*{BEGIN})[^\n]*\n)*?)[ \t]*{END}[ \t]*\r?(?:\n|\Z)",
    re.MULTILINE,
)


def newline_of(text: str) -> str:
    r"""Return how the lines of `text` end.

    >>> newline_of("a\r\nb"), newline_of("a")
    ('\r\n', '\n')
    """
    return "\r\n" if "\r\n" in text else "\n"


def make_block(*lines: str, indent: int = 0, newline: str = "\n", note: str = "") -> str:
    """Return lines of ours between their marks; `note` is for whoever cuts them out again."""
    begin = f"{BEGIN}{f' ({note})' if note else ''}; {_REMOVAL}"
    return "".join(f"{' ' * indent}{line}{newline}" for line in (begin, *lines, END))


def cut_blocks(text: str, *, file: str, ours: Collection[str]) -> tuple[str, set[str]]:
    r"""Return `text` without our lines, and what their marks note; `ours`: what may stand between two marks.

    Raises ConfigurationError when a mark is left without its other half, or something else stands between two.

    >>> cut_blocks("a\n" + make_block("b") + "c", file="x", ours={"b"})
    ('a\nc', set())
    """
    notes: set[str] = set()
    while (found := _BLOCK.search(text)) is not None:
        for line in found["inner"].splitlines():
            if line.strip() not in ours:
                raise _edited(file, text, f"{line.strip()[:40]!r} stands between the marks of receiver-setup's lines")
        note = found["note"] or ""
        notes |= {note} - {""}
        before, after = text[: found.start()], text[found.end() :]
        if note == NEWLINE_ADDED and not after:
            before = before.removesuffix("\n").removesuffix("\r")
        text = before + after
    if any(line.strip().startswith((BEGIN, END)) for line in text.splitlines()):
        raise _edited(file, text, "one of the two marks of receiver-setup's lines is gone")
    return text, notes


def _edited(file: str, text: str, problem: str) -> ConfigurationError:
    lines = text.splitlines()
    number = next(n for n, line in enumerate(lines, start=1) if line.strip().startswith((BEGIN, END)))
    return ConfigurationError(
        f"{file}, line {number}: {problem}",
        hint=f"in {file}, move lines of your own out of there and delete those of receiver-setup's, marks included, "
        "then run this again",
    )
