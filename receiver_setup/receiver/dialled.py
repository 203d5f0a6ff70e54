"""Which address and port of the receiver a camera dials (pure)."""

import ipaddress
from collections.abc import Iterable

from receiver_setup.receiver.facts import Facts
from receiver_setup.sshd_config import parse_effective


def is_address(text: str) -> bool:
    """Tell an IP address from a name.

    >>> is_address("fe80::1%eth0"), is_address("porch.lan")
    (True, False)
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def find_port(facts: Facts) -> int:
    """Return the receiver's own SSH port: the one that we came in by, else the first that sshd names."""
    if facts.connection is not None:
        return facts.connection[1]
    ports = parse_effective(facts.sshd_effective).get("port", [])
    return next((int(port) for port in ports if port.isdigit()), 22)


def find_address(facts: Facts, camera_addresses: Iterable[str], *, here: bool) -> str | None:
    """Return the receiver's address on its route to the camera; None where nothing tells.

    A name stands for what the receiver takes it for. `here`: addresses are given as the receiver itself sees them,
    so that a loopback address means the same on both.
    """
    for given in camera_addresses:
        address = facts.names.get(given, given)
        source = facts.routes.get(address)
        if source and (here or not ipaddress.ip_address(address.partition("%")[0]).is_loopback):
            return source
    return facts.connection[0] if facts.connection is not None else None
