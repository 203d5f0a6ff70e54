"""What cannot be asked, and where a camera would find no sshd: one sentence each, before anything changes."""

from dataclasses import replace

import pytest

from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.evidence.listening import Socket
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.facts.server import check_asked, check_host_keys
from receiver_setup.receiver.plan.dialled import check_reached

FACTS = replace(
    Facts.parse(b"@now 1\n1\n@end 2\nok\n"),
    hostname="attic",
    connection=("10.0.0.2", 22),
    routes={"10.0.0.9": "10.0.0.2"},
)
ANY = "0.0.0.0"  # noqa: S104 - what sshd listens at
OLD = PublicKey.from_line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINnK98cKs/L2kp2o5Jx9rKgjV9mskKqVWZZ/8Pa3gS1e")
NEW = PublicKey.from_line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFVOXkTbAu1EnKXqvPCm1VDDwoMgNYPYOGAwXxnDApr7")


@pytest.mark.parametrize(
    ("sockets", "systemds", "server", "port", "way"),
    [
        ([(ANY, 22)], False, "10.0.0.2", 22, None),
        ([("::", 22)], True, "10.0.0.2", 22, None),
        ([("::", 22)], False, "10.0.0.2", 22, "let sshd listen at 10.0.0.2 as well"),
        ([(ANY, 2222)], False, "10.0.0.2", 22, "--receiver-address 10.0.0.2:2222"),
        ([("10.0.0.3", 22)], False, "10.0.0.2", 22, "--receiver-address 10.0.0.3:22"),
        ([("10.0.0.3", 22)], False, "203.0.113.7", 8022, None),
        ([("10.0.0.3", 22)], False, "nas.lan", 22, None),
        ([], False, "10.0.0.2", 22, None),
    ],
)
def test_a_camera_must_find_sshd_where_it_dials(
    sockets: list[tuple[str, int]], systemds: bool, server: str, port: int, way: str | None
) -> None:
    found = tuple(Socket(address=address, port=number) for address, number in sockets)
    facts = replace(FACTS, sshd_sockets=found, socket_is_systemds=systemds)
    if way is None:
        check_reached(facts, server, port)
        return
    with pytest.raises(ReceiverUnsuitableError) as raised:
        check_reached(facts, server, port)
    assert f"the camera would dial {server}:{port}" in raised.value.message
    assert way in raised.value.hint


def test_an_sshd_that_could_be_asked_and_shows_its_keys_is_fine() -> None:
    check_asked(FACTS)
    check_host_keys(FACTS)
    check_host_keys(replace(FACTS, host_keys=(NEW,), disk_keys=(NEW,)))


def test_what_is_not_known_is_said_so() -> None:
    with pytest.raises(ReceiverUnsuitableError, match="not known with which options"):
        check_asked(replace(FACTS, sshd_unknown='it runs as "sshd: x"'))
    with pytest.raises(ReceiverUnsuitableError, match="could not be read"):
        check_host_keys(replace(FACTS, host_keys_unread=True))


def test_a_key_that_sshd_has_not_read_yet_asks_for_a_restart() -> None:
    with pytest.raises(ReceiverUnsuitableError, match="still shows the host key") as raised:
        check_host_keys(replace(FACTS, host_keys=(OLD,), disk_keys=(NEW,), manager="reload ssh"))
    assert "`sudo systemctl restart ssh`" in raised.value.hint
