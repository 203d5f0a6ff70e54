"""Find a machine's own addresses in a camera's network (pure).

Source: ip-address(8), the JSON of `ip -json address`.
"""

import ipaddress
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAddress:
    """An address of this machine; `dynamic` if a DHCP server assigned it and may assign another one later."""

    address: str
    interface: str
    dynamic: bool = False


def find_own_addresses(listing: str, camera: str) -> list[OwnAddress]:
    """Return the addresses whose network contains the camera; none if the listing is invalid.

    >>> find_own_addresses('[{"ifname": "eth0", "addr_info": [{"local": "192.168.2.9", "prefixlen": 24}]}]',
    ...                    "192.168.2.168")
    [OwnAddress(address='192.168.2.9', interface='eth0', dynamic=False)]
    """
    found = []
    try:
        there = ipaddress.ip_address(camera.partition("%")[0])
        for interface in json.loads(listing):
            for each in interface.get("addr_info", ()):
                here = ipaddress.ip_interface(f"{each['local']}/{each['prefixlen']}")
                if there in here.network and not each.get("temporary"):
                    name, lent = str(interface.get("ifname", "")), bool(each.get("dynamic"))
                    found.append(OwnAddress(address=str(here.ip), interface=name, dynamic=lent))
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    return found
