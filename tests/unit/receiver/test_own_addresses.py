"""Which of this machine's addresses a camera could dial."""

import json

import pytest

from receiver_setup.cli.guided.own_addresses import OwnAddress, find_own_addresses

LISTING = json.dumps(
    [
        {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8}]},
        {
            "ifname": "eth0",
            "addr_info": [
                {"family": "inet", "local": "192.168.2.110", "prefixlen": 24, "dynamic": True},
                {"family": "inet6", "local": "fd00::110", "prefixlen": 64},
                {"family": "inet6", "local": "fd00::abcd", "prefixlen": 64, "temporary": True},
                {"family": "inet6", "local": "fe80::110", "prefixlen": 64},
            ],
        },
        {"ifname": "wlan0", "addr_info": [{"family": "inet", "local": "192.168.2.111", "prefixlen": 24}]},
        {"ifname": "down0", "addr_info": [{}]} | {"addr_info": []},
    ]
)
ETH0 = OwnAddress(address="192.168.2.110", interface="eth0", dynamic=True)
WLAN0 = OwnAddress(address="192.168.2.111", interface="wlan0")


@pytest.mark.parametrize(
    ("camera", "found"),
    [
        ("192.168.2.168", [ETH0, WLAN0]),
        ("192.168.3.168", []),
        ("fd00::168", [OwnAddress(address="fd00::110", interface="eth0")]),
        ("fe80::168%eth0", [OwnAddress(address="fe80::110", interface="eth0")]),
    ],
)
def test_addresses_in_the_cameras_network_are_found(camera: str, found: list[OwnAddress]) -> None:
    assert find_own_addresses(LISTING, camera) == found


@pytest.mark.parametrize("listing", ["", "{", "null", "[1]", '[{"addr_info": [{"local": "x", "prefixlen": 24}]}]', "3"])
def test_a_listing_that_cannot_be_read_finds_none(listing: str) -> None:
    assert find_own_addresses(listing, "192.168.2.168") == []
