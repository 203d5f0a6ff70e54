"""sshd's configuration as text (pure): our drop-in, and the output of `sshd -T`.

Sources: sshd_config(5) of OpenSSH 8.4, 9.2 and 10.0.
"""

from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.formats.upload_rules import EDITION, RULES

_SUBSYSTEM = "Subsystem sftp internal-sftp"
_NEEDS_YES_FROM = 2
"""Since this edition, an edited drop-in is replaced only with --yes."""

_RENAMED_IN = (8, 5)
"""PubkeyAcceptedAlgorithms was PubkeyAcceptedKeyTypes before OpenSSH 8.5."""


_BINDING = frozenset(rule.keyword for rule in RULES if rule.binding)


class Authentication(StrEnum):
    """How the upload user may sign in."""

    PUBLIC_KEY = "publickey"
    PASSWORD = "password"  # noqa: S105 - the method's name in RFC 4252


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadMatch:
    """The Match block for one upload user.

    `jail` is the ChrootDirectory, None for no jail; `start` is the folder that an unjailed session starts in.
    An older `edition` renders the text of a former version of this tool.
    """

    user: str
    jail: str | None
    start: str | None = None
    authentication: Authentication = Authentication.PUBLIC_KEY
    allow_sha1: bool = False
    subsystem: bool = False
    """Also define the sftp subsystem, if sshd has none; ForceCommand does not."""
    openssh: tuple[int, int] = (9, 2)
    edition: int = EDITION

    def directives(self) -> tuple[tuple[str, str], ...]:
        """Return keyword and value of every line in the Match block, in order."""
        by_password = self.authentication is Authentication.PASSWORD
        values = {
            "ChrootDirectory": "none" if self.jail is None else quote_value(self.jail),
            "ForceCommand": "internal-sftp" if self.start is None else f"internal-sftp -d {quote_value(self.start)}",
            "AuthenticationMethods": self.authentication.value,
            "PubkeyAuthentication": _yes(not by_password),
            "PasswordAuthentication": _yes(by_password),
        }
        lines = [
            (rule.keyword, values[rule.keyword] if rule.value is None else rule.value)
            for rule in RULES
            if rule.edition <= self.edition and rule.release <= self.openssh
        ]
        if self.allow_sha1:
            keyword = "PubkeyAcceptedAlgorithms" if self.openssh >= _RENAMED_IN else "PubkeyAcceptedKeyTypes"
            lines.append((keyword, "+ssh-rsa"))
        return tuple(lines)


def render_drop_in(match: UploadMatch) -> str:
    """Render the whole file for one upload user; it does not affect other users."""
    replaced = "with --yes" if match.edition >= _NEEDS_YES_FROM else "by the next set-up"
    head = (
        f"# Made by receiver-setup for the camera uploads of {match.user}; other users are not affected.\n"
        f"# Changes by hand are shown by `receiver-setup setup --check --diff` and replaced {replaced}.\n"
    )
    body = "".join(f"    {keyword} {value}\n" for keyword, value in match.directives())
    # Older releases let a Match block continue into the files read after it.
    # Only as a global line: in a Match block some releases refuse it, and others crash.
    head += f"{_SUBSYSTEM}\n" if match.subsystem else ""
    return f"{head}Match User {match.user}\n{body}Match all\n"


def expected_effective(match: UploadMatch) -> tuple[str, ...]:
    """Return the lines that `sshd -T -C user=…` must print once the drop-in is in force.

    Keywords are in lower case, as by `lower_keywords`. Quotes are removed, except in ForceCommand, which is for a
    shell. Lines that do not weaken the account, such as another LogLevel, are the administrator's choice.
    """
    lines = tuple(
        f"{keyword.lower()} {value if keyword == 'ForceCommand' else value.replace(chr(34), '')}"
        for keyword, value in match.directives()
        if keyword in _BINDING
    )
    return (*lines, *lower_keywords(_SUBSYSTEM)) if match.subsystem else lines


def lower_keywords(text: str) -> list[str]:
    r"""Return the lines of `sshd -T` with their keywords in lower case and unchanged values.

    OpenSSH prints keywords in mixed case since 10.4, and accepts any case.

    >>> lower_keywords("ChrootDirectory /srv/Cam\nport 22")
    ['chrootdirectory /srv/Cam', 'port 22']
    """
    parts = (line.partition(" ") for line in text.splitlines())
    return [f"{keyword.lower()}{blank}{value}" for keyword, blank, value in parts]


def parse_effective(text: str) -> dict[str, list[str]]:
    r"""Parse the output of `sshd -T`: keyword → its values, in order.

    >>> parse_effective("Port 22\nHostKey /a\nhostkey /b\n")["hostkey"]
    ['/a', '/b']
    """
    found: dict[str, list[str]] = {}
    for line in lower_keywords(text):
        keyword, _, value = line.partition(" ")
        if keyword:
            found.setdefault(keyword, []).append(value)
    return found


def missing_effective(text: str, match: UploadMatch) -> tuple[str, ...]:
    """Return the expected lines that `sshd -T` did not print; empty if the drop-in is in force."""
    printed = set(lower_keywords(text))
    missing = [line for line in expected_effective(match) if line not in printed]
    if match.allow_sha1 and not sha1_allowed(text):
        missing.append("pubkeyacceptedalgorithms …,ssh-rsa")
    return tuple(missing)


def sha1_allowed(text: str) -> bool:
    """Return True if `sshd -T` lists the SHA-1 signature `ssh-rsa` for this user."""
    found = parse_effective(text)
    lists = found.get("pubkeyacceptedalgorithms", []) + found.get("pubkeyacceptedkeytypes", [])
    return any("ssh-rsa" in value.split(",") for value in lists)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def quote_value(value: str) -> str:
    r"""Quote one word for sshd_config(5) if needed; control characters, `"` and backslashes cannot be quoted.

    >>> quote_value("/srv/usb disk"), quote_value("o'brien"), quote_value("anna")
    ('"/srv/usb disk"', '"o\'brien"', 'anna')
    """
    if any(ord(c) < 32 or c in '"\\' for c in value):
        raise ValueError(f"sshd_config cannot contain {value!r}")
    # Single quotes quote since OpenSSH 8.7; a leading `=` would belong to the keyword.
    bare = value and not value.startswith("=") and not any(c.isspace() or c in "#'" for c in value)
    return value if bare else f'"{value}"'
