"""A camera's address and the user who signs in there (pure)."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Secret

DEFAULT_USER = "admin"
_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535
_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_-]+)*\.?")
_ZONE = re.compile("[A-Za-z0-9._~-]{1,64}")
"""The interface behind a link-local address: its name or number."""
_LONGEST_PLACE = 100
_ALLOWED = "a camera is given as [http[s]://][USER@]HOST[:PORT], for example admin@192.168.2.168"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraAddress:
    """Scheme, host, port and user of a camera; `host` of an IPv6 address is without brackets.

    >>> CameraAddress.parse("https://viewer@porch.lan:8443")
    CameraAddress(scheme='https', host='porch.lan', port=8443, user='viewer', password=None)
    >>> CameraAddress.parse("[fd00::168]").url
    'http://[fd00::168]'
    """

    scheme: str = "http"
    host: str
    port: int
    user: str = DEFAULT_USER
    password: Secret | None = None
    """Only if it was part of the address, where other users of this machine may have seen it."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[http[s]://][USER[:PASSWORD]@]HOST[:PORT]`; ConfigurationError says what is allowed.

        User and password may be percent-encoded. Errors show the address without them.
        """
        scheme, separator, rest = text.strip().partition("://")
        if not separator:
            scheme, rest = "http", text.strip()
        scheme = scheme.lower()
        login, _, place = rest.rpartition("@")
        # Errors repeat only the place, because the text before it may be a password.
        if scheme not in _PORTS:
            raise _refusal("only http:// and https:// are supported")
        place = place.removesuffix("/")
        if any(character in place for character in "/?#"):
            raise _refusal("the address must not contain a path or a question mark; give a password in another way")
        host, port = _split_place(place, default_port=_PORTS[scheme])
        user, colon, password = login.partition(":")
        user = unquote(user) or DEFAULT_USER
        if any(not character.isprintable() for character in user) or ":" in user:
            raise _refusal("the user name contains a character that cannot be sent in a login")
        secret = Secret(unquote(password)) if colon else None
        return cls(scheme=scheme, host=host, port=port, user=user, password=secret)

    @property
    def url(self) -> str:
        """Scheme, host and a non-default port, without user, password and trailing slash."""
        return self._url(self.host.replace("%", "%25"))

    @property
    def request_url(self) -> str:
        """As `url`, with the bare host: used in requests, wherever the connection leads."""
        return self._url(self.bare_host)

    @property
    def bare_host(self) -> str:
        """The host without the zone of a link-local address, which has a meaning only on the dialling machine."""
        return self.host.partition("%")[0]

    @property
    def display(self) -> str:
        """The address for display; equal to `url`."""
        return self.url

    @property
    def name(self) -> str:
        """The default name of the camera: its host."""
        return self.host

    def __str__(self) -> str:
        return self.display

    def _url(self, host: str) -> str:
        place = f"[{host}]" if ":" in host else host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{place}{port}"


def _split_place(place: str, *, default_port: int) -> tuple[str, int]:
    """Split `HOST[:PORT]` or `[IPv6][:PORT]` and check both halves."""
    if place.startswith("["):
        host, bracket, rest = place[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise _refusal(f"{place!r} lacks a closing bracket")
        port = rest[1:] if rest else None
        address, percent, zone = host.partition("%")
        if not _is_ipv6(address) or (percent and not _ZONE.fullmatch(zone)):
            raise _refusal(f"{host!r} is not an IPv6 address")
        # In an address, `%` is written as `%25` (RFC 6874).
        host = address + percent + (zone.removeprefix("25") or zone)
    else:
        host, colon, port_text = place.partition(":")
        port = port_text if colon else None
        if ":" in port_text:
            raise _refusal(f"{place!r} looks like an IPv6 address, which must be in brackets: [{place}]")
        if not _NAME.fullmatch(host):
            raise _refusal(f"{host!r} is neither a host name nor an IP address")
    return host, default_port if port is None else _parse_port(port)


def _parse_port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _HIGHEST_PORT:
        return int(text)
    raise _refusal(f"port {text!r} is not a number from 1 to {_HIGHEST_PORT}")


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True


def _refusal(reason: str) -> ConfigurationError:
    return ConfigurationError(f"this is not the address of a camera: {reason}", hint=f"note that {_ALLOWED}")


def read_location(location: str, scheme: str) -> str:
    """Return scheme, host and port of a Location header in the form of --camera; "" if it has none.

    >>> read_location("https://user@[fd00::168]:8443/x?y", "http")
    'https://[fd00::168]:8443'
    >>> read_location("//porch/x", "http"), read_location("/login.html", "http")
    ('http://porch', '')
    """
    try:
        target = urlsplit(location.strip(), scheme=scheme)
        place = CameraAddress.parse(f"{target.scheme}://{target.netloc}").url if target.netloc else ""
    except (ValueError, ConfigurationError):
        return ""
    return place if len(place) <= _LONGEST_PLACE else ""
