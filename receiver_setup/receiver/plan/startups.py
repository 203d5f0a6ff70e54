"""How many cameras can sign in to sshd at the same time (pure): MaxStartups, limits per source, penalties.

Source: sshd_config(5), MaxStartups, PerSourceMaxStartups, PerSourcePenalties (OpenSSH 9.8 and later, by default).
"""

import re

from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.receiver.facts.model import Facts

_OTHERS = 2
"""Logins reserved for others during our own test uploads: the administrator's, and one more."""
_DEFAULT = (10, 30, 100)
_MOST = 32


def parse_startups(text: str) -> tuple[int, int, int]:
    """Parse MaxStartups: the number from which connections are dropped, the percentage, and the maximum.

    >>> parse_startups("10:30:100"), parse_startups("50"), parse_startups("?")
    ((10, 30, 100), (50, 100, 50), (10, 30, 100))
    """
    numbers = [int(word) for word in text.split(":") if re.fullmatch("[0-9]{1,9}", word)]
    if len(numbers) == 3:
        return numbers[0], numbers[1], numbers[2]
    return (numbers[0], 100, numbers[0]) if len(numbers) == 1 else _DEFAULT


def uploads_at_once(facts: Facts) -> int:
    """Return how many test uploads may sign in at the same time without sshd dropping any connection."""
    found = parse_effective(facts.sshd_effective)
    begin, _, full = parse_startups(_last(found, "maxstartups"))
    by_source = _last(found, "persourcemaxstartups")
    limits = [begin - _OTHERS, full - _OTHERS, _MOST]
    if re.fullmatch("[0-9]{1,9}", by_source):
        # Cameras may share one address, such as a router's.
        limits.append(int(by_source))
    return max(1, min(limits))


def penalises(facts: Facts) -> bool:
    """Return True if sshd temporarily refuses an address after failed logins."""
    told = _last(parse_effective(facts.sshd_effective), "persourcepenalties")
    return told not in {"", "no"}


def explain_startups(facts: Facts, cameras: int) -> str | None:
    """Say which MaxStartups so many cameras need, where they see the same alarm and upload at once; None if it does."""
    told = _last(parse_effective(facts.sshd_effective), "maxstartups")
    begin = parse_startups(told)[0]
    if not told or cameras <= begin:
        return None
    needed = cameras + 10
    line = f"`MaxStartups {needed}:30:{max(100, 2 * needed)}`"
    return (
        f"{cameras} cameras may upload at the same moment, but MaxStartups {told} drops some at random from the "
        f"{begin + 1}th on: a line {line} at the top of /etc/ssh/sshd_config, then sudo systemctl reload ssh, lets "
        "them all in; it holds for everybody"
    )


def _last(found: dict[str, list[str]], keyword: str) -> str:
    return found.get(keyword, [""])[-1]
