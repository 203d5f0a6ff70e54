"""Files that arrived and logins that sshd saw (pure): what shell/evidence.sh printed, and what it proves."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from receiver_setup.formats.numbers import read_number
from receiver_setup.receiver.evidence.listening import Socket, parse_sockets
from receiver_setup.receiver.evidence.log_trust import Processes, keep_ours, read_journal
from receiver_setup.receiver.evidence.sshd_log import LogEvent, Seen, drop_older, is_of, is_sshds, parse_log
from receiver_setup.receiver.facts.records import RecordError, parse_records

_JPEG = "ffd8ff"
_CLOCK_GRAIN_S = 0.02
"""A file's change time comes from the kernel's tick and may be this much behind the clock that was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFile:
    """A file in a recordings directory; `changed_s` is its change time, which no client can set.

    `when` is the same time as text, finer where the receiver tells it finer: a date, or seconds of the epoch with a
    fraction. `size` in bytes.
    """

    path: str
    inode: int
    size: int
    changed_s: int
    when: str
    first_bytes: str

    @classmethod
    def parse(cls, record: bytes) -> Self | None:
        """Read `CHANGED|INODE|SIZE|WHEN|FIRST BYTES|PATH`; None for a file that vanished meanwhile."""
        parts = record.decode("utf-8", "backslashreplace").split("|", 5)
        changed, inode, size = map(read_number, [*parts, "", "", ""][:3])
        if len(parts) < 6 or changed is None or inode is None or size is None:
            return None
        return cls(
            changed_s=changed,
            inode=inode,
            size=size,
            when=parts[3],
            first_bytes=parts[4],
            path=parts[5],
        )

    @property
    def is_jpeg(self) -> bool:
        """True when the file begins as every JPEG does."""
        return self.first_bytes == _JPEG

    def changed_after(self, moment_s: float) -> bool:
        """Tell whether the change time is after `moment_s`, as finely as the receiver tells both."""
        fraction = re.search(r"\d\.(\d+)", self.when)
        if fraction is not None and not int(fraction[1]):
            # exFAT counts whole seconds, FAT every other one, and both cut off the rest.
            return self.changed_s >= int(moment_s) - 1
        if fraction is None or float(moment_s).is_integer():
            return self.changed_s >= int(moment_s)
        return self.changed_s + float(f"0.{fraction[1]}") >= moment_s - _CLOCK_GRAIN_S


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLogin:
    """A login that sshd accepted; `key` is the fingerprint where one is told."""

    method: str
    user: str
    address: str
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the receiver saw since a moment; `log_sources` is empty where no log can be read."""

    now_s: float
    files: tuple[ArrivedFile, ...]
    log_sources: tuple[str, ...]
    log: str
    """What sshd logged, a line each; what any local user can have written is left out."""
    log_speaks: bool = False
    """True when one of the sources is known to be sshd's by what it held before; read for a diagnosis only."""
    sockets: tuple[Socket, ...] | None = None
    """Where anything listens, and TCP connections; None: not read. For a diagnosis only, as is all below."""
    addresses: tuple[str, ...] = ()
    """The receiver's own."""
    firewall: tuple[str, ...] = ()
    """Rules that drop or reject something."""
    closed_folders: tuple[str, ...] = ()
    """Folders among the recordings that the upload user may not write to."""
    pam_rules: tuple[str, ...] = ()
    """Lines by which PAM lets an account in or not, as FILE:NUMBER:LINE."""
    nologin: tuple[str, ...] = ()
    """Files that close the receiver to everybody but root."""
    shells: frozenset[str] = frozenset()
    """The lines of /etc/shells."""

    @classmethod
    def parse(cls, output: bytes, *, since_s: float = 0.0) -> Self:
        """Make it from the script's records, without what the journal has of before `since_s` (receiver's clock).

        Raises `RecordError` when they are not whole.
        """
        records = parse_records(output)
        files = [ArrivedFile.parse(value) for name, value in records if name == "file"]
        try:
            now_s = float(dict(records)["now"])
        except (KeyError, ValueError) as error:
            raise RecordError("the script did not tell the time") from error
        return cls(
            now_s=now_s,
            files=tuple(file for file in files if file is not None),
            log_sources=tuple(_text(value) for name, value in records if name == "log_source"),
            log="".join(
                [
                    drop_older(read_journal("".join(_every(records, "journal"))), since_s),
                    keep_ours(
                        "".join(_every(records, "system_log")), Processes.parse("".join(_every(records, "processes")))
                    ),
                    *_every(records, "log"),
                ]
            ),
            log_speaks=dict(records).get("log_speaks") == b"yes",
            sockets=parse_sockets(_text(dict(records)["sockets"])) if "sockets" in dict(records) else None,
            addresses=tuple(word for text in _every(records, "addresses") for word in text.split()),
            firewall=tuple(line.strip() for text in _every(records, "firewall") for line in text.splitlines()),
            closed_folders=tuple(_every(records, "closed_folder")),
            pam_rules=tuple(_every(records, "pam_rule")),
            nologin=tuple(_every(records, "nologin")),
            shells=frozenset("\n".join(_every(records, "shells")).splitlines()),
        )

    @property
    def events(self) -> tuple[LogEvent, ...]:
        """What sshd's lines tell, oldest first."""
        return parse_log(self.log)

    @property
    def logins(self) -> tuple[SeenLogin, ...]:
        """Every accepted login, oldest first."""
        return _find_logins(self.log)

    @property
    def log_is_sshds(self) -> bool:
        """True when sshd's own lines are in the log, so that what is not there was not logged."""
        return is_sshds(self.log)

    def sha1_refused(self, user: str) -> bool:
        """Tell whether sshd refused a signature for `user` because it was made with SHA-1."""
        events = self.events
        return any(event.seen is Seen.SHA1_REFUSED and is_of(event, user, events) for event in events)


# Every camera of a run looks for itself in the same log.
@lru_cache(maxsize=2)
def _find_logins(log: str) -> tuple[SeenLogin, ...]:
    return tuple(
        SeenLogin(method=event.method or "", user=event.user or "", address=event.address or "", key=event.key)
        for event in parse_log(log)
        if event.seen is Seen.ACCEPTED
    )


def newest_arrival(
    files: Iterable[ArrivedFile],
    directory: str,
    *,
    since_s: float,
    before: Iterable[ArrivedFile],
    others: Collection[str] = (),
) -> ArrivedFile | None:
    """Return the newest file below `directory` that came after `since_s` and was not there in the same state.

    A folder among `others` is another camera's: `directory` ends where one begins in it.
    """
    nested = tuple(f"{other}/" for other in others if other.startswith(f"{directory}/"))
    known = {(file.path, file.inode, file.size, file.when) for file in before}
    fresh = [
        file
        for file in files
        if file.path.startswith(f"{directory}/")
        and not file.path.startswith(nested)
        and file.changed_after(since_s)
        and (file.path, file.inode, file.size, file.when) not in known
    ]
    return max(fresh, key=lambda file: (file.is_jpeg, file.changed_s, file.when), default=None)


def _every(records: Iterable[tuple[str, bytes]], wanted: str) -> list[str]:
    return [_text(value) for name, value in records if name == wanted]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
