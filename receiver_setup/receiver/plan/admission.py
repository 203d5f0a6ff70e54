"""Decide as sshd does by AllowUsers, DenyUsers, AllowGroups and DenyGroups (pure).

Source: sshd_config(5), and OpenSSH's match.c and auth.c: a `!` counts in the host part alone.
"""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """The list that excludes a user, by its name in `sshd -T`; for a Deny list the pattern that matched.

    `address` is the one that is refused; None where none would do.
    """

    keyword: str
    pattern: str | None = None
    address: str | None = None

    @property
    def denies(self) -> bool:
        """True if the user is on a Deny list, rather than missing on an Allow list."""
        return self.pattern is not None


def find_refusal(
    effective: Mapping[str, list[str]], *, user: str, groups: Iterable[str], addresses: Iterable[str]
) -> Refusal | None:
    """Return the list that refuses `user` from one of `addresses`, or from everywhere without any.

    `effective` is what `sshd -T` printed: keyword → values.
    """
    sources: list[str | None] = [*addresses] or [None]
    for address in sources:
        denied = next(
            (p for p in effective.get("denyusers", []) if _matches_user(p, user, address, unknown=False)), None
        )
        if denied is not None:
            return Refusal(keyword="denyusers", pattern=denied, address=address if "@" in denied else None)
        allowed = effective.get("allowusers")
        if allowed and not any(_matches_user(p, user, address, unknown=True) for p in allowed):
            by_host = any("@" in p and _glob(p.rpartition("@")[0], user) for p in allowed)
            return Refusal(keyword="allowusers", address=address if by_host else None)
    names = list(groups)
    for pattern in effective.get("denygroups", []):
        if any(_glob(pattern, name) for name in names):
            return Refusal(keyword="denygroups", pattern=pattern)
    if effective.get("allowgroups") and not any(_glob(p, n) for p in effective["allowgroups"] for n in names):
        return Refusal(keyword="allowgroups")
    return None


def _matches_user(pattern: str, user: str, address: str | None, *, unknown: bool) -> bool:
    """Match USER or USER@HOST; `unknown` is the answer if it depends on an unknown address."""
    name, at, hosts = pattern.rpartition("@")
    if not at:
        return _glob(pattern, user)
    if not _glob(name, user):
        return False
    return unknown if address is None else _matches_host(hosts, address.partition("%")[0])


def _matches_host(patterns: str, address: str) -> bool:
    """Match a comma-separated list of addresses, networks and globs, where `!` excludes."""
    found = False
    for entry in patterns.split(","):
        if _matches_address(entry.removeprefix("!"), address):
            if entry.startswith("!"):
                return False
            found = True
    return found


def _matches_address(pattern: str, address: str) -> bool:
    """Match one entry.

    >>> _matches_address("192.168.2.0/24", "192.168.2.9"), _matches_address("192.168.2.?", "192.168.2.10")
    (True, False)
    """
    try:
        network = ipaddress.ip_network(pattern, strict=False)
    except ValueError:
        return _glob(pattern.lower(), address.lower())
    return ipaddress.ip_address(address) in network


def _glob(pattern: str, text: str) -> bool:
    """Match as sshd does: only `*` and `?` are special.

    >>> _glob("ip?am*", "ipcamera"), _glob("[i]pcamera", "ipcamera")
    (True, False)
    """
    parts = {"*": ".*", "?": "."}
    return re.fullmatch("".join(parts.get(c, re.escape(c)) for c in pattern), text, re.DOTALL) is not None
