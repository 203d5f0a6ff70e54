"""The receiver's address as the user writes it (pure)."""

import re
from dataclasses import dataclass
from typing import Self

from receiver_setup.errors import ConfigurationError

_SHAPE = re.compile(
    r"(?:ssh://)?(?:(?P<user>[^@]*)@)?(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^:/\[\]\s@]+)(?::(?P<port>\d+))?/?"
)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.%:-]*[A-Za-z0-9_.])?|[0-9A-Fa-f:.]+(?:%\w+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverAddress:
    """`[USER@]HOST[:PORT]`; what is not said is None, so that ssh_config can say it."""

    host: str
    user: str | None = None
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse what `--receiver` holds; an IPv6 address stands in brackets.

        >>> ReceiverAddress.parse("pi@[fe80::1]:2222")
        ReceiverAddress(host='fe80::1', user='pi', port=2222)
        """
        match = _SHAPE.fullmatch(text)
        host = match["host"].strip("[]") if match else ""
        if match is None or not _HOST.fullmatch(host):
            # The text is not repeated: it may hold a password.
            raise ConfigurationError(
                "the receiver's address cannot be read",
                hint="give it as [USER@]HOST[:PORT], such as pi@192.168.2.110 or pi@[fd00::5]:2222",
            )
        if match["user"] is not None and (":" in match["user"] or not match["user"] or match["user"].startswith("-")):
            raise ConfigurationError(
                "the receiver's address holds a password or an unusable user",
                hint="leave the password out; set RECEIVER_SETUP_SSH_PASSWORD or give --ssh-password-file",
            )
        return cls(host=host, user=match["user"], port=check_port(match["port"]) if match["port"] else None)


def check_port(text: str) -> int:
    """Return a TCP port, 1 to 65535."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= 65535:
        raise ConfigurationError(f"{text!r} is not a port", hint="a port is a number from 1 to 65535")
    return int(text)


def parse_dialled(text: str) -> tuple[str, int | None]:
    """Parse `--receiver-address`, `HOST[:PORT]`: what the camera dials.

    >>> parse_dialled("nas.lan:2222")
    ('nas.lan', 2222)
    """
    address = ReceiverAddress.parse(text)
    if address.user is not None:
        raise ConfigurationError(
            "--receiver-address is what the camera dials and has no user", hint="give HOST or HOST:PORT"
        )
    return address.host, address.port
