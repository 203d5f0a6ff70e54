"""Which address and port a camera is told to dial."""

from dataclasses import replace

import pytest

from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.dialled import find_address, find_port

BARE = Facts.parse(b"@now 1\n1\n@end 2\nok\n")
CAME_IN = replace(BARE, connection=("192.168.2.110", 2222))


@pytest.mark.parametrize(
    ("facts", "port"),
    [
        (BARE, 22),
        (CAME_IN, 2222),
        (replace(CAME_IN, sshd_effective="port 22\n"), 2222),
        (replace(BARE, sshd_effective="port 2022\nport 22\n"), 2022),
        (replace(BARE, sshd_effective="port\nport x\nport 23\n"), 23),
    ],
)
def test_the_port_is_the_one_that_we_came_in_by(facts: Facts, port: int) -> None:
    assert find_port(facts) == port


@pytest.mark.parametrize(
    ("routes", "cameras", "here", "address"),
    [
        ({"10.0.0.9": "10.0.0.1"}, ["10.0.0.9"], False, "10.0.0.1"),
        ({"10.0.0.9": "10.0.0.1"}, ["10.0.0.8", "10.0.0.9"], False, "10.0.0.1"),
        ({}, ["10.0.0.9"], False, "192.168.2.110"),
        ({"127.0.0.1": "127.0.0.1"}, ["127.0.0.1"], False, "192.168.2.110"),
        ({"127.0.0.1": "127.0.0.1"}, ["127.0.0.1"], True, "127.0.0.1"),
        ({"::1": "::1"}, ["::1"], False, "192.168.2.110"),
        ({"fe80::9%eth0": "fe80::1"}, ["fe80::9%eth0"], False, "fe80::1"),
        ({}, [], False, "192.168.2.110"),
    ],
)
def test_the_address_is_the_receivers_own_on_its_route(
    routes: dict[str, str], cameras: list[str], *, here: bool, address: str
) -> None:
    assert find_address(replace(CAME_IN, routes=routes), cameras, here=here) == address


def test_a_name_is_what_the_receiver_takes_it_for() -> None:
    facts = replace(CAME_IN, routes={"10.0.0.9": "10.0.0.1"}, names={"porch": "10.0.0.9"})
    assert find_address(facts, ["porch"], here=False) == "10.0.0.1"
    assert find_address(facts, ["garden"], here=False) == "192.168.2.110"


def test_without_route_and_connection_nothing_is_guessed() -> None:
    assert find_address(BARE, ["10.0.0.9"], here=True) is None
