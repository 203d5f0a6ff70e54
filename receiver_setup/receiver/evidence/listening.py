"""Where a receiver listens and who is connected (pure): lines of /proc/net/tcp and tcp6.

Source: proc(5); addresses are words of four bytes in the machine's own order, little-endian on all that we know.
"""

import ipaddress
import re
from dataclasses import dataclass

_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One TCP socket; `peer` is None for one that listens."""

    address: str
    port: int
    peer: str | None = None

    def takes(self, server: str, port: int, *, dual: bool = True) -> bool:
        """Tell whether a connection to `server` would come in here; a name is taken for any address.

        `dual`: what listens at any address of IPv6 takes IPv4 as well, as systemd's sockets do and sshd's own do not.
        """
        own = ipaddress.ip_address(self.address)
        try:
            wanted = ipaddress.ip_address(server.partition("%")[0])
        except ValueError:
            return self.port == port and not own.is_loopback
        everywhere = own.is_unspecified and (own.version == wanted.version or (dual and own.version == 6))
        return self.port == port and (everywhere or own == wanted)

    @property
    def place(self) -> str:
        """Address and port as people write them."""
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"


def parse_sockets(lines: str) -> tuple[Socket, ...]:
    r"""Return the sockets of some lines.

    >>> parse_sockets("0: 00000000:0016 00000000:0000 0A 0 0\n")[0].takes("10.0.0.2", 22)
    True
    """
    return tuple(socket for socket in map(_parse, lines.splitlines()) if socket is not None)


def parse_unit_sockets(text: str) -> tuple[Socket, ...]:
    r"""Return where systemd's socket listens, as `systemctl show -p Listen` tells it.

    >>> parse_unit_sockets("Accept=no\nListen=[::]:22 (Stream)\n")[0].place
    '[::]:22'
    """
    places = [line.removeprefix("Listen=").partition(" ")[0] for line in text.splitlines() if "(Stream)" in line]
    found = (place.rpartition(":") for place in places if _is_tcp(place))
    return tuple(Socket(address=host.strip("[]") or "::", port=int(port)) for host, _, port in found)


def _is_tcp(place: str) -> bool:
    """Tell a TCP socket from one in the filesystem."""
    return place.startswith(("[", *"0123456789")) and re.fullmatch("[0-9]{1,5}", place.rpartition(":")[2]) is not None


def _parse(line: str) -> Socket | None:
    fields = line.split()
    try:
        (own, port), (peer, _), state = (_end(fields[1]), _end(fields[2]), fields[3])
    except (IndexError, ValueError, OverflowError):
        return None
    return Socket(address=own, port=port, peer=None if state == _LISTEN else peer)


def _end(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    words = [int(host[start : start + 8], 16).to_bytes(4, "little") for start in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), int(port, 16)
