"""The server that a camera points at, and whether it is this receiver (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass

from receiver_setup.camera.settings.fields import normal_server, setting_of

_PLACE = ("ft_server", "ft_username", "ft_port")
NOWHERE = "none.invalid"
"""A name that never resolves, for a camera that does not accept an empty server. Source: RFC 6761, section 6.4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A receiver as it may appear in a camera's settings: all its names and addresses, and the upload user.

    Without a port, any port matches. With `stays` the upload user is not ours to remove, so former settings that point
    here can be restored.
    """

    servers: tuple[str, ...]
    username: str
    port: int | None = None
    stays: bool = False

    def is_at(self, fields: Mapping[str, str], *, any_port: bool = False) -> bool:
        """Return True if these settings (`ft_…`) point here.

        >>> Here(servers=("192.168.2.110",), username="ipcamera").is_at({"ft_server": "192.168.2.110"})
        False
        """
        port = {} if self.port is None else {"ft_port": str(self.port)}
        return any(
            is_same_place(fields, {"ft_server": server, "ft_username": self.username, **port}, any_port=any_port)
            for server in self.servers
        )


def is_same_place(fields: Mapping[str, str], place: Mapping[str, str], *, any_port: bool = False) -> bool:
    """Return True if settings have the same server and user, and the same port if `place` has one.

    A possible match is enough, so that no camera is left pointing at an account that is removed.
    """
    names = ("ft_server", "ft_username", *(("ft_port",) if "ft_port" in place and not any_port else ()))
    return is_somewhere(fields) and all(
        fields.get(name) == place.get(name) or setting_of(name).holds(fields.get(name), place.get(name, ""))
        for name in names
    )


def is_somewhere(fields: Mapping[str, str]) -> bool:
    """Return True if settings contain a server that may exist."""
    return normal_server(setting_of("ft_server").clean(fields.get("ft_server", ""))) not in {"", NOWHERE}


def in_words(fields: Mapping[str, str]) -> str:
    """Describe where settings point.

    >>> in_words({"ft_server": "192.168.2.110", "ft_port": "22", "ft_username": "ipcamera"})
    'ipcamera@192.168.2.110:22'
    """
    if not is_somewhere(fields):
        return "nowhere"
    server, user, port = (setting_of(name).clean(fields.get(name, "")) for name in _PLACE)
    return f"{f'{user}@' if user else ''}{server}{f':{port}' if port else ''}"
