"""What sshd's own log lines say (pure): each line that is understood becomes one event.

Source: OpenSSH 8.4, 9.2 and 10.0: auth.c, auth2-pubkey.c, auth2-pubkeyfile.c, session.c, sshd.c, srclimit.c, packet.c.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from receiver_setup.formats.upload_rules import KEY_FILE_PATTERN

_START = r"^(?:(?:\d|[A-Z][a-z]{2} [ \d]\d |sshd)[^\]\n]*\]: )?(?:fatal: |error: )?"
"""A log line up to sshd's own words: `Nov 22 10:37:50 pi sshd[812]: `, the journal's `1795343870.1 pi …`, or nothing
with -E. sshd logs the user names that strangers give, so words further on in a line are anybody's."""
_SPEAKS = re.compile(
    r"Accepted \S+ for |Server listening on |Connection (?:closed|reset) by |(?:Received disconnect|Disconnected) from "
)


class Seen(StrEnum):
    """What one line tells."""

    ACCEPTED = "accepted"
    SHA1_REFUSED = "sha1 refused"
    NO_COMMON_ALGORITHM = "no common algorithm"
    NOT_ADMITTED = "not admitted"
    LOCKED = "locked"
    ACCOUNT_CLOSED = "account closed"
    PAM_REFUSED = "pam refused"
    NO_ACCOUNT = "no account"
    KEY_FILE_CLOSED = "key file closed"
    JAIL_REFUSED = "jail refused"
    JAIL_MISSING = "jail missing"
    KEY_FAILED = "key failed"
    KEY_REFUSED = "key refused"
    WRONG_SOURCE = "wrong source"
    PASSWORD_FAILED = "password failed"  # noqa: S105 - a word of ours
    PENALTY = "penalty"
    TOO_MANY = "too many connections"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """One line; `user` and `address` are None where it names none, `detail` is what else it tells."""

    seen: Seen
    line: str
    user: str | None = None
    address: str | None = None
    method: str | None = None
    key: str | None = None
    detail: str = ""
    process: str | None = None
    """The number of the process that wrote it: one for each connection; None where the log does not tell it."""


_FROM = r"from (?P<address>\S+)"
_PATTERNS = tuple(
    (seen, re.compile(_START + pattern))
    for seen, pattern in (
        (
            Seen.ACCEPTED,
            rf"Accepted (?P<method>\S+) for (?P<user>\S+) {_FROM} port \d+ ssh2(?:: \S+ (?P<key>SHA256:\S+))?",
        ),
        (
            Seen.SHA1_REFUSED,
            (
                r"userauth_pubkey: (?:signature algorithm|key type) ssh-rsa not in "
                r"(?:PubkeyAcceptedAlgorithms|PubkeyAcceptedKeyTypes)"
            ),
        ),
        (
            Seen.NO_COMMON_ALGORITHM,
            (
                r"Unable to negotiate with (?P<address>\S+) port \d+: "
                r"(?P<detail>no matching [a-zA-Z ]+ found\. Their offer: \S*)"
            ),
        ),
        (Seen.NO_COMMON_ALGORITHM, r"(?P<detail>No supported key exchange algorithms)"),
        (Seen.LOCKED, r"User (?P<user>.+) not allowed because account is locked$"),
        (Seen.NOT_ADMITTED, rf"User (?P<user>.+) {_FROM} not allowed because (?P<detail>.+)$"),
        (Seen.ACCOUNT_CLOSED, r"User (?P<user>.+) not allowed because (?P<detail>.+)$"),
        (
            Seen.PAM_REFUSED,
            (
                r"(?P<detail>pam_\w+)\(sshd:account\): (?:access denied for user [`'](?P<user>[^']+)'"
                r"|Refused user (?P<user2>\S+) for service|requirement .+ not met by user \"(?P<user3>[^\"]+)\""
                r"|account (?P<user4>\S+) has expired|expired password for user (?P<user5>\S+)"
                r"|Consecutive login failures for user (?P<user6>\S+) account)"
            ),
        ),
        (Seen.ACCOUNT_CLOSED, r"(?P<detail>Access denied) for user (?P<user>.+) by PAM account configuration"),
        (Seen.NO_ACCOUNT, rf"Invalid user (?P<user>.*) {_FROM} port \d+$"),
        (
            Seen.KEY_FILE_CLOSED,
            r"Authentication refused: (?P<detail>bad ownership or modes for (?:file|directory) .+)$",
        ),
        (
            Seen.KEY_FILE_CLOSED,
            r"Could not open (?:user '(?P<user>.+?)' )?(?P<detail>authorized keys '.+': .+)$",
        ),
        (Seen.JAIL_REFUSED, r"(?P<detail>bad ownership or modes for chroot directory (?:component )?\".+\")"),
        (Seen.JAIL_REFUSED, r"(?P<detail>chroot path [^\"]*\".+\" is not a directory)$"),
        (Seen.JAIL_MISSING, r"(?:safely_chroot: )?(?P<detail>stat\(\".+\"\): .+)$"),
        (
            Seen.KEY_FAILED,
            rf"Failed publickey for (?P<user>.*) {_FROM} port \d+ ssh2: \S+ (?P<key>SHA256:\S+)$",
        ),
        (Seen.KEY_REFUSED, r"(?:\S+: )?refusing RSA key: (?P<detail>.+?)(?: \[preauth\])?$"),
        (
            Seen.WRONG_SOURCE,
            (
                r"(?:\S+: )?Authentication tried for (?P<user>\S+) with correct key but not from a permitted host "
                r"\(host=\S+, ip=(?P<address>[^,\s]+), required=(?P<detail>.+)\)"
            ),
        ),
        (Seen.PASSWORD_FAILED, rf"Failed password for (?P<user>.*) {_FROM} port \d+ ssh2$"),
        (Seen.PENALTY, r"drop connection #\d+ from \[(?P<address>[^\]]+)\]:\d+ on \S+ (?P<detail>penalty: .+)$"),
        (Seen.PENALTY, r"(?:\w+: )+(?:new|activating) .*(?P<detail>penalty of \d+ seconds) for .+$"),
        (Seen.TOO_MANY, r"drop connection #\d+ from \[(?P<address>[^\]]+)\]:\d+ on \S+ (?P<detail>.+)$"),
        (
            Seen.LEFT,
            (
                r"(?:Connection (?:closed|reset) by|Disconnected from|Received disconnect from|Timeout before "
                r"authentication for(?: connection from)?) (?:(?:authenticating |invalid )?user (?P<user>.*) )?"
                r"(?P<address>[0-9a-fA-F.:]+)(?:%\S+)? (?:port \d+|to )"
            ),
        ),
    )
)


# Every camera of a run looks for itself in the same log.
@lru_cache(maxsize=2)
def parse_log(text: str) -> tuple[LogEvent, ...]:
    """Return what is understood, oldest first.

    >>> [event.address for event in parse_log("sshd[8]: Connection closed by 10.0.0.9 port 4 [preauth]")]
    ['10.0.0.9']
    """
    return tuple(event for event in map(_parse_line, text.splitlines()) if event is not None)


def drop_older(text: str, since_s: float) -> str:
    r"""Return a log without those lines of the journal that bear an earlier time; it can be asked for seconds alone.

    >>> drop_older("5.250000 pi sshd[8]: a\n5.750000 pi sshd[8]: b\n", 5.5)
    '5.750000 pi sshd[8]: b\n'
    """
    return "".join(
        line
        for line in text.splitlines(keepends=True)
        if (stamp := re.match(r"(\d+\.\d{6}) ", line)) is None or float(stamp[1]) >= since_s
    )


def concerns(event: LogEvent, user: str) -> bool:
    """Tell whether a line is about `user`, or may be as it names nobody; one about a key file names that instead."""
    if event.user is not None:
        return event.user == user
    path = re.search(r"(/[^':]*)", event.detail) if event.seen is Seen.KEY_FILE_CLOSED else None
    return path is None or KEY_FILE_PATTERN.replace("%u", user).startswith(path[1])


def is_sshds(text: str) -> bool:
    """Tell whether sshd's own lines are in a log, so that what is not there was not logged."""
    return _SPEAKS.search(text) is not None


def is_of(event: LogEvent, user: str, events: Iterable[LogEvent]) -> bool:
    """Tell whether a line that names nobody is of a connection of `user`'s, or may be since none of its lines tells."""
    named = {each.user for each in events if each.user is not None and each.process == event.process is not None}
    return not named or user in named


def _find_process(line: str) -> str | None:
    """Return the process of a log line.

    >>> _find_process("Nov 22 10:37:50 pi sshd[812]: Connection closed by 10.0.0.9 port 4")
    '812'
    """
    found = re.match(r"[^\]]*\bsshd(?:-session|-auth)?\[(\d+)\]: ", line)
    return found[1] if found else None


def _parse_line(line: str) -> LogEvent | None:
    for seen, pattern in _PATTERNS:
        match = pattern.match(line)
        # Other programs' PAM modules log as well.
        if match is not None and not (seen is Seen.PAM_REFUSED and _find_process(line) is None):
            told = match.groupdict()
            return LogEvent(
                seen=seen,
                line=line,
                user=next((each for name, each in told.items() if name.startswith("user") and each is not None), None),
                address=told.get("address"),
                method=told.get("method"),
                key=told.get("key"),
                detail=told.get("detail") or "",
                process=_find_process(line),
            )
    return None
