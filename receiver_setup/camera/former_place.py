"""Where a camera points, and whether that is this receiver (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

NOWHERE = "none.invalid"
"""A server for a camera that takes no empty one: a name that never resolves. Source: RFC 6761, section 6.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A receiver as a camera's settings may name it: every name or address that it goes by, and the upload user.

    Without a port, any is meant. With `stays` the upload user is not ours to remove, so that former settings which
    point here are as good as any.
    """

    servers: tuple[str, ...]
    username: str
    port: int | None = None
    stays: bool = False

    def is_at(self, fields: Mapping[str, str], *, any_port: bool = False) -> bool:
        """Tell whether these settings (`ft_…`) point here.

        >>> Here(servers=("192.168.2.110",), username="ipcamera").is_at({"ft_server": "192.168.2.110"})
        False
        """
        port = {} if self.port is None else {"ft_port": str(self.port)}
        return any(
            is_same_place(fields, {"ft_server": server, "ft_username": self.username, **port}, any_port=any_port)
            for server in self.servers
        )


def is_same_place(fields: Mapping[str, str], place: Mapping[str, str], *, any_port: bool = False) -> bool:
    """Tell whether settings name the same server and user; the port too, where `place` has one."""
    server, user = place.get("ft_server", ""), place.get("ft_username")
    same = is_somewhere(fields) and normal_server(fields["ft_server"]) == normal_server(server)
    port = place.get("ft_port")
    return same and fields.get("ft_username") == user and (any_port or port is None or fields.get("ft_port") == port)


def is_somewhere(fields: Mapping[str, str]) -> bool:
    """Tell whether settings name a server that there may be."""
    return normal_server(fields.get("ft_server", "")) not in {"", NOWHERE}


def normal_server(server: str) -> str:
    """Return a server's name or address in one spelling.

    >>> normal_server("Attic.LAN."), normal_server("[FD00:0::1]")
    ('attic.lan', 'fd00::1')
    """
    name = server.strip().lower()
    try:
        return str(ip_address(name.strip("[]")))
    except ValueError:
        return name.removesuffix(".")


def in_words(fields: Mapping[str, str]) -> str:
    """Say where settings point.

    >>> in_words({"ft_server": "192.168.2.110", "ft_port": "22", "ft_username": "ipcamera"})
    'ipcamera@192.168.2.110:22'
    """
    if not is_somewhere(fields):
        return "nowhere"
    user, port = fields.get("ft_username"), fields.get("ft_port")
    return f"{f'{user}@' if user else ''}{fields['ft_server']}{f':{port}' if port else ''}"
