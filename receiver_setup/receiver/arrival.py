"""Files that arrived and logins that sshd saw (pure): what shell/evidence.sh printed, and what it proves."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from receiver_setup.receiver.records import RecordError, parse_records

_JPEG = "ffd8ff"
_LINE = r"^(?:(?:\d|[A-Z][a-z]{2} [ \d]\d |sshd)[^\]\n]*\]: )?"
"""A log line up to sshd's own words: `Nov 22 10:37:50 pi sshd[812]: `, the journal's `1795343870.1 pi …`, or nothing
with -E. sshd logs the user names that strangers give, so words further on in a line are anybody's."""
_ACCEPTED = re.compile(
    _LINE + r"Accepted (?P<method>\S+) for (?P<user>\S+) from (?P<address>\S+) port \d+ ssh2"
    r"(?:: \S+ (?P<key>SHA256:\S+))?",
    re.MULTILINE,
)
_SHA1 = re.compile(
    _LINE
    + r"userauth_pubkey: (?:signature algorithm|key type) ssh-rsa not in "
    + r"(?:PubkeyAcceptedAlgorithms|PubkeyAcceptedKeyTypes)",
    re.MULTILINE,
)
_SSHD_SPEAKS = re.compile(
    r"Accepted \S+ for |Server listening on |Connection (?:closed|reset) by |(?:Received disconnect|Disconnected) from "
)
_CLOCK_GRAIN_S = 0.02
"""A file's change time comes from the kernel's tick and may be this much behind the clock that was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedFile:
    """A file in a recordings directory; `changed_s` is its change time, which no client can set.

    `when` is the same time as text, finer where the receiver tells it finer; `size` in bytes.
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
        if len(parts) < 6 or not all(part.isascii() and part.isdigit() for part in parts[:3]):
            return None
        return cls(
            changed_s=int(parts[0]),
            inode=int(parts[1]),
            size=int(parts[2]),
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
        fraction = re.search(r":\d\d\.(\d+)", self.when)
        if fraction is not None and not int(fraction[1]):
            # exFAT counts whole seconds, FAT every other one, and both cut off the rest.
            return self.changed_s >= int(moment_s) - 1
        if fraction is None or float(moment_s).is_integer():
            return self.changed_s >= int(moment_s)
        return self.changed_s + float(f"0.{fraction[1]}") >= moment_s - _CLOCK_GRAIN_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
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

    @classmethod
    def parse(cls, output: bytes) -> Self:
        """Make it from the script's records; `RecordError` when they are not whole."""
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
            log="".join(_text(value) for name, value in records if name == "log"),
        )

    @property
    def logins(self) -> tuple[Login, ...]:
        """Every accepted login, oldest first."""
        return tuple(Login(**match.groupdict()) for match in _ACCEPTED.finditer(self.log))

    @property
    def log_is_sshds(self) -> bool:
        """True when sshd's own lines are in the log, so that what is not there was not logged."""
        return _SSHD_SPEAKS.search(self.log) is not None

    @property
    def sha1_refused(self) -> bool:
        """True when sshd refused a signature because it was made with SHA-1."""
        return _SHA1.search(self.log) is not None


def newest_arrival(
    files: Iterable[ArrivedFile], directory: str, *, since_s: float, before: Iterable[ArrivedFile]
) -> ArrivedFile | None:
    """Return the newest file below `directory` that came after `since_s` and was not there in the same state."""
    known = {(file.path, file.inode, file.size, file.when) for file in before}
    fresh = [
        file
        for file in files
        if file.path.startswith(f"{directory}/")
        and file.changed_after(since_s)
        and (file.path, file.inode, file.size, file.when) not in known
    ]
    return max(fresh, key=lambda file: (file.is_jpeg, file.changed_s, file.when), default=None)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
