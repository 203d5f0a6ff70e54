"""Which log lines are sshd's own (pure): any local user can write what looks like them.

The journal adds the sender's uid and program itself; a client cannot set those (systemd.journal-fields(7), trusted
fields). A file of the system's logger has nothing of that kind: there, a line counts where it has sshd's own prefix and
a process that sshd can have been, one that began after a known one and is no other program now.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

from receiver_setup.formats.numbers import read_number

PROGRAMS = frozenset({"sshd", "sshd-session", "sshd-auth"})
"""OpenSSH has had the second since 9.8, the third since 10.0."""

_OURS = re.compile(
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.,+Z-]+) [^\s\[\]]+ (?:[a-z]+\.[a-z]+ )?"
    r"sshd(?:-session|-auth)?\[(?P<process>\d{1,9})\]: "
)
"""`Nov 22 10:37:50 pi sshd[812]: `; busybox puts `auth.info ` before sshd, rsyslog may write the time of RFC 3339."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """Which numbers processes had that began since the facts were read; numbers come in order and begin anew."""

    first: int
    last: int
    others: Collection[int] = ()
    """Those that are another program now."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `FIRST LAST OTHER…`; anything else leaves no process to be believed.

        >>> Processes.parse("812 830 815")
        Processes(first=812, last=830, others=frozenset({815}))
        """
        numbers = [number for word in text.split() if (number := read_number(word)) is not None]
        first, last, *others = numbers if len(numbers) > 1 else (0, 0)
        return cls(first=first, last=last, others=frozenset(others))

    def may_be(self, process: int) -> bool:
        """Tell whether a process can have been an sshd of that time."""
        if process in self.others or not self.first:
            return False
        if self.first < self.last:
            return self.first < process < self.last
        return process > self.first or process < self.last


def keep_ours(text: str, processes: Processes) -> str:
    r"""Return the lines of the system's log that can be sshd's.

    >>> log = "Nov 22 10:37:50 pi sshd[812]: Accepted\nNov 22 10:37:50 pi sshd: Accepted\n"
    >>> keep_ours(log, Processes(first=800, last=900))
    'Nov 22 10:37:50 pi sshd[812]: Accepted\n'
    """
    return "".join(
        line
        for line in text.splitlines(keepends=True)
        if (found := _OURS.match(line)) is not None and processes.may_be(int(found["process"]))
    )


def read_journal(text: str) -> str:
    r"""Return what sshd told the journal (`journalctl -o json`), a line each; entries of anybody else are left out.

    Out: `1795343870.250000 journal sshd[812]: Accepted publickey for …`.
    """
    lines = (_read_entry(line) for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line is not None)


def _read_entry(line: str) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("_UID") != "0":
        return None
    # The journal learns the program from /proc, which is too late for a process that ends at once.
    name = entry.get("SYSLOG_IDENTIFIER")
    if name not in PROGRAMS or entry.get("_COMM", name) not in PROGRAMS:
        return None
    time_us, process = entry.get("__REALTIME_TIMESTAMP", ""), entry.get("_PID", "")
    if not (isinstance(time_us, str) and re.fullmatch(r"[0-9]{1,18}", time_us) and isinstance(process, str)):
        return None
    message = " ".join(_read_message(entry.get("MESSAGE")).splitlines())
    return f"{int(time_us) // 1_000_000}.{int(time_us) % 1_000_000:06d} journal {name}[{process}]: {message}"


def _read_message(value: Any) -> str:
    """Return a message; one that is not UTF-8 comes as a list of its bytes."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
        return bytes(value).decode("utf-8", "replace")
    return ""
