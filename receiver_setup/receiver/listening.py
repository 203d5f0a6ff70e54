"""Where a receiver listens and who is connected (pure): lines of /proc/net/tcp and tcp6.

Source: proc(5); addresses are words of four bytes in the machine's own order, little-endian on all that we know.
"""

import ipaddress
from dataclasses import dataclass

_LISTEN = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One TCP socket; `peer` is None for one that listens."""

    address: str
    port: int
    peer: str | None = None

    def takes(self, server: str, port: int) -> bool:
        """Tell whether a connection to `server` would come in here; a name is taken for any address."""
        own = ipaddress.ip_address(self.address)
        try:
            wanted = ipaddress.ip_address(server.partition("%")[0])
        except ValueError:
            return self.port == port and not own.is_loopback
        return self.port == port and (own.is_unspecified or own == wanted)


def parse_sockets(lines: str) -> tuple[Socket, ...]:
    r"""Return the sockets of some lines.

    >>> parse_sockets("0: 00000000:0016 00000000:0000 0A 0 0\n")[0].takes("10.0.0.2", 22)
    True
    """
    return tuple(socket for socket in map(_parse, lines.splitlines()) if socket is not None)


def _parse(line: str) -> Socket | None:
    fields = line.split()
    try:
        (own, port), (peer, _), state = (_end(fields[1]), _end(fields[2]), fields[3])
    except (IndexError, ValueError):
        return None
    return Socket(address=own, port=port, peer=None if state == _LISTEN else peer)


def _end(text: str) -> tuple[str, int]:
    host, _, port = text.partition(":")
    words = [int(host[start : start + 8], 16).to_bytes(4, "little") for start in range(0, len(host), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address), int(port, 16)
