"""Merge answers into devices (pure).

A device answers each probe, by IPv4 and by IPv6, and on every network that it shares with this machine. Its answers are
merged by what they claim, so a lying device could merge itself with another one: two IPv4 addresses are therefore
always two entries, each with a note about the other.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from receiver_setup.camera.discovery.messages import Answer, scope_value

_IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer as received: `source` is the address of the packet, a link-local one with its `%interface`."""

    source: str
    interface: str
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundDevice:
    """One device that answered; everything here is its own unverified claim."""

    address: str
    """The source address of its answer that a person would type: IPv4 before IPv6."""
    others: tuple[str, ...] = ()
    """Other source addresses of its answers."""
    interfaces: tuple[str, ...] = ()
    name: str | None = None
    model: str | None = None
    endpoint: str = ""
    claims: tuple[str, ...] = ()
    """Addresses that it claims, from which no answer came."""
    services: tuple[str, ...] = ()
    """The claimed addresses of its ONVIF service; its web interface may use another port."""
    notes: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address in the form of `--camera`; the port of its web interface is not known."""
        return f"http://[{self.address}]" if ":" in self.address else f"http://{self.address}"


def merge(heard: Iterable[Heard]) -> tuple[FoundDevice, ...]:
    """Return the devices behind these answers, in the order of their addresses."""
    devices = [device for group in _group(list(heard)) for device in _split(group)]
    return tuple(sorted(devices, key=lambda device: _order(device.address)))


def _group(heard: Sequence[Heard]) -> list[list[Heard]]:
    """Group answers that share a source or an endpoint, or of which one names the source of the other.

    Addresses from which no answer came do not count: many devices claim the same factory address.
    """
    sources = {_bare(each.source) for each in heard}
    groups: list[tuple[set[str], list[Heard]]] = []
    for each in heard:
        named = _claimed(each.answer) & sources
        marks = {each.source, _bare(each.source), each.answer.endpoint.lower(), *named} - {""}
        if ipaddress.ip_address(each.source).is_link_local:
            marks.discard(_bare(each.source))  # it may be another device on another interface
        same = [group for group in groups if group[0] & marks]
        groups = [group for group in groups if not group[0] & marks]
        groups.append((marks.union(*(names for names, _ in same)), [*(one for _, old in same for one in old), each]))
    return [members for _, members in groups]


def _split(group: list[Heard]) -> list[FoundDevice]:
    """Return one device for a group, or one for each of its IPv4 addresses."""
    sources = sorted({each.source for each in group}, key=_order)
    first = [source for source in sources if _version(source) == 4] or sources[:1]
    return [_device(address, group, sources, first) for address in first]


def _device(address: str, group: list[Heard], sources: list[str], first: list[str]) -> FoundDevice:
    alone = len(first) == 1
    own = group if alone else [each for each in group if each.source == address]
    scopes = tuple(scope for each in own for scope in each.answer.scopes)
    claims = sorted({host for each in own for host in _claimed(each.answer)} - {_bare(each) for each in sources})
    notes = [f"{other} says that it is the same device" for other in first if other != address]
    if ipaddress.ip_address(address).is_link_local and claims:
        notes.append(
            f"it says that its address is {' or '.join(claims[:3])}, but no answer came from there: "
            "it is on another network, or a firewall is in between"
        )
    endpoints = [each.answer.endpoint for each in own if each.answer.endpoint]
    return FoundDevice(
        address=address,
        others=tuple(source for source in sources if source != address) if alone else (),
        interfaces=tuple(sorted({each.interface for each in own})),
        name=_shown(scope_value(scopes, "name")),
        model=_shown(scope_value(scopes, "hardware")),
        endpoint=min(endpoints, default=""),
        claims=tuple(claims),
        services=tuple(sorted({text for each in own for text in each.answer.xaddrs})),
        notes=tuple(notes),
    )


def _claimed(answer: Answer) -> set[str]:
    """Return the addresses in a device's service URLs, without those that cannot be reached."""
    found = set()
    for text in answer.xaddrs:
        try:
            address = ipaddress.ip_address(urlsplit(text).hostname or "")
        except ValueError:
            continue
        if not (address.is_link_local or address.is_unspecified or address.is_loopback or address.is_multicast):
            found.add(str(address))
    return found


def _shown(text: str | None) -> str | None:
    return text and text[:_LONGEST_SHOWN]


def _bare(source: str) -> str:
    return source.partition("%")[0]


def _version(source: str) -> int:
    return ipaddress.ip_address(source).version


def _order(source: str) -> tuple[bool, int, int, str]:
    """Sort link-local addresses last, and IPv4 before IPv6."""
    address: _IpAddress = ipaddress.ip_address(source)
    return address.is_link_local, address.version, int(address), source
