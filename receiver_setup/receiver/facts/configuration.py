"""The lines of sshd's configuration (pure): their places, the order in which sshd reads them, and which takes effect.

sshd alone decides what holds; this only finds the line to name. Source: sshd_config(5).
"""

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import join

MAIN = "/etc/ssh/sshd_config"
_LINE = re.compile(r'(/[^:]*):([0-9]{1,9}):\s*"?([A-Za-z0-9]+)"?[\s=]*(.*)')
_OLD_NAMES = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "skeyauthentication": "kbdinteractiveauthentication",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "dsaauthentication": "pubkeyauthentication",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationLine:
    """One line that is not a comment; `keyword` in its original case."""

    file: str
    number: int
    keyword: str
    value: str

    @property
    def place(self) -> str:
        """Its place, in the form that editors accept."""
        return f"{self.file}:{self.number}"

    @property
    def name(self) -> str:
        """The keyword as `sshd -T` prints it."""
        return _OLD_NAMES.get(self.keyword.lower(), self.keyword.lower())

    @property
    def text(self) -> str:
        """The line, blanks aside."""
        return f"{self.keyword} {self.value}".strip()

    @property
    def words(self) -> list[str]:
        """The values, without quotes."""
        try:
            return shlex.split(self.value, comments=True)
        except ValueError:
            return self.value.split()


def parse_lines(printed: Iterable[str]) -> tuple[ConfigurationLine, ...]:
    """Parse the output of `grep -nH`; invalid lines are skipped.

    >>> parse_lines(["/etc/ssh/sshd_config:7:  Match User anna"])[0].text
    'Match User anna'
    """
    found = (_LINE.fullmatch(line) for line in printed)
    return tuple(
        ConfigurationLine(file=match[1], number=int(match[2]), keyword=match[3], value=match[4].strip())
        for match in found
        if match
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLine:
    """One line as sshd reads it; `match` is the Match line that applies to it."""

    line: ConfigurationLine
    match: ConfigurationLine | None


def read_order(lines: tuple[ConfigurationLine, ...], *, drop_in: str, main: str = MAIN) -> Iterator[ReadLine]:
    """Yield the lines of the file `main` and its includes in sshd's order, up to the drop-in `drop_in`.

    An Include that reaches the drop-in is the last line given.
    """
    files = sorted({line.file for line in lines if line.file != main} | {drop_in})
    match: ConfigurationLine | None = None
    for line in lines:
        if line.file != main:
            continue
        if line.name == "match":
            match = None if line.value.lower() == "all" else line
        included = _included(line, files)
        for file in included:
            if file == drop_in:
                break
            yield from _within(lines, file, match)
        yield ReadLine(line=line, match=match)
        if drop_in in included:
            return


def find_include(lines: tuple[ConfigurationLine, ...], drop_in: str, *, main: str = MAIN) -> ReadLine | None:
    """Return the Include of the main file that reaches the drop-in; None where there is none."""
    last = None
    for last in read_order(lines, drop_in=drop_in, main=main):  # noqa: B007 - the last one is what is looked for
        pass
    return last if last is not None and drop_in in _included(last.line, [drop_in]) else None


def find_winner(
    lines: tuple[ConfigurationLine, ...], drop_in: str, *, keyword: str, value: str | None, main: str = MAIN
) -> ReadLine | None:
    """Return the line in front of the drop-in that sets `keyword`, the first with `value` if there is one.

    Only lines of Match blocks come into question: a global one gives way to any of them.
    """
    found = [read for read in read_order(lines, drop_in=drop_in, main=main) if read.line.name == keyword and read.match]
    exact = [read for read in found if value is not None and " ".join(read.line.words).lower() == value.lower()]
    return next(iter(exact or found), None)


def _included(line: ConfigurationLine, files: list[str]) -> list[str]:
    if line.name != "include":
        return []
    patterns = [join("/etc/ssh", word) for word in line.words]
    return [file for pattern in patterns for file in files if fnmatchcase(file, pattern)]


def _within(lines: tuple[ConfigurationLine, ...], file: str, match: ConfigurationLine | None) -> Iterator[ReadLine]:
    # A Match in an included file ends with it.
    for line in lines:
        if line.file == file:
            if line.name == "match":
                match = None if line.value.lower() == "all" else line
            yield ReadLine(line=line, match=match)
