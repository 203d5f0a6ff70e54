"""The maker's limits for each parameter of the set commands, one table per command (pure).

Source: wiki.instar.com, 1440p Series CGI List, Features Menu, FTP.
"""

import re
from collections.abc import Callable, Mapping

Limit = Callable[[str], bool]
"""Returns True if a value, as sent, is within the limits."""

_LAST_MINUTE = 86_340  # 23:59:00 in seconds
_EVERY_DAY = 127  # Monday 1, Tuesday 2, … Sunday 64
_NUMBER = re.compile(r"[0-9]{1,6}")
_TIME = re.compile(r"([0-9]{1,5})-([0-9]{1,3})")


def is_text(value: str) -> bool:
    """Anything that fits on one line of a reply."""
    return all(char.isprintable() for char in value)


def is_name(value: str) -> bool:
    """As `is_text`, without blanks: a host name or an address; or nothing."""
    return is_text(value) and " " not in value


def is_filled(value: str) -> bool:
    """As `is_text`, and not empty."""
    return bool(value) and is_text(value)


def one_of(*values: str) -> Limit:
    """Return a limit to these very values."""
    return values.__contains__


def between(least: int, most: int) -> Limit:
    """Return a limit to decimal whole numbers from `least` to `most`.

    >>> between(1, 3600)("3600"), between(1, 3600)("0"), between(1, 3600)("+5")
    (True, False, False)
    """
    return lambda value: bool(_NUMBER.fullmatch(value)) and least <= int(value) <= most


def is_times(value: str) -> bool:
    """`SECONDS-DAYS`, on whole minutes; several of them with commas (how the camera parts them is unknown).

    >>> is_times("36000-67"), is_times("36000-0"), is_times("86400-1"), is_times("30-1")
    (True, False, False, False)
    """
    found = [_TIME.fullmatch(item) for item in value.split(",")]
    return all(
        match is not None
        and int(match[1]) <= _LAST_MINUTE
        and int(match[1]) % 60 == 0
        and 1 <= int(match[2]) <= _EVERY_DAY
        for match in found
    )


_SWITCH = one_of("0", "1")

FTP_FIELDS: Mapping[str, Limit] = {
    "ft_server": is_name,
    "ft_port": between(1, 65_535),
    "ft_username": is_text,
    "ft_password": is_text,
    "ft_dirname": is_text,
    "ft_dirmode": _SWITCH,
    "ft_mode": _SWITCH,
    "ft_ssl": one_of("0", "1", "2"),
    "ft_insecure": _SWITCH,
    "ft_autocreatedir": _SWITCH,
}
ACTION: Mapping[str, Limit] = {"enable": _SWITCH, "interval": between(1, 3600)}
ATTRIBUTES: Mapping[str, Mapping[str, Limit]] = {
    "ftpactionattr": {"snapcount": between(1, 10)},
    "snapschedftpattr": {
        "mode": _SWITCH,
        "prefix": _SWITCH,
        "name": is_filled,
        "enable": _SWITCH,
        "times": is_times,
    },
    "snaptimerftpattr": {"mode": _SWITCH, "prefix": _SWITCH, "name": is_filled},
}
