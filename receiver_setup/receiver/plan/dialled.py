"""The receiver's address and port that a camera dials, and whether sshd listens there (pure)."""

import ipaddress
from collections.abc import Iterable

from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.receiver.evidence.listening import Socket
from receiver_setup.receiver.facts.model import Facts


def is_address(text: str) -> bool:
    """Return True for an IP address, False for a name.

    >>> is_address("fe80::1%eth0"), is_address("porch.lan")
    (True, False)
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def find_port(facts: Facts) -> int:
    """Return the port of the sshd that serves the camera: the one of our own connection, if it listens there."""
    if facts.served is not None:
        return facts.served[1]
    if facts.connection is not None:
        return facts.connection[1]
    ports = parse_effective(facts.sshd_effective).get("port", [])
    return next((int(port) for port in ports if port.isdigit()), 22)


def find_address(facts: Facts, camera_addresses: Iterable[str], *, here: bool) -> str | None:
    """Return the receiver's address on its route to the camera; None if unknown.

    A name stands for what the receiver takes it for. `here`: addresses are given as the receiver itself sees them,
    so that a loopback address means the same on both.
    """
    for given in camera_addresses:
        address = facts.names.get(given, given)
        source = facts.routes.get(address)
        if source and (here or not ipaddress.ip_address(address.partition("%")[0]).is_loopback):
            return source
    return facts.connection[0] if facts.connection is not None else None


def check_reached(facts: Facts, server: str, port: int) -> None:
    """Refuse if the camera would dial one of the receiver's own addresses on which sshd does not listen.

    What is not its own leads there by a router, or by a name: that only the test upload tells.
    """
    own = {*facts.own_addresses, *facts.routes.values(), *((facts.connection[0],) if facts.connection else ())}
    if not facts.sshd_sockets or server not in own or not is_address(server):
        return
    if any(socket.takes(server, port, dual=facts.socket_is_systemds) for socket in facts.sshd_sockets):
        return
    here = Socket(address=server.partition("%")[0], port=port).place
    other = f", where {facts.port_owner} answers" if facts.port_owner else ""
    places = ", ".join(dict.fromkeys(socket.place for socket in facts.sshd_sockets))
    raise ReceiverUnsuitableError(
        f"the camera would dial {here}{other}, but sshd on {facts.hostname or 'the receiver'} listens at {places}",
        hint=_other_way(facts, server),
    )


def _other_way(facts: Facts, server: str) -> str:
    """Name the addresses that the camera can dial, and the configuration lines for them."""
    for socket in facts.sshd_sockets:
        if socket.takes(server, socket.port, dual=facts.socket_is_systemds):
            place = Socket(address=server.partition("%")[0], port=socket.port).place
            return f"let the camera dial the port of sshd: --receiver-address {place}"
    lines = [line for line in facts.configuration if line.name in {"listenaddress", "addressfamily"}]
    told = f" (`{lines[0].text}` at {lines[0].place} keeps it from there)" if lines else ""
    fixed = [s for s in facts.sshd_sockets if not any(map(s.address.startswith, ("127.", "::", "0.0.0.0")))]  # noqa: S104
    if fixed:
        way = f"--receiver-address {fixed[0].place}"
        return f"if the camera reaches it there: {way}; else let sshd listen at {server}{told}"
    return f"let sshd listen at {server} as well{told}, or give an address that it listens at: --receiver-address"
