"""`camera find` on real networks: several interfaces, no default route, other subnets, silence and liars."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TypeVar

import pytest
from support.bench import CAMERA_PASSWORD, Bench
from support.terminal import IS_IT_HERE, Terminal
from support.vlan import do, move

from receiver_setup.camera.discovery.search import Search, search
from receiver_setup.emulator.camera import EmulatedCamera, Profile

pytestmark = pytest.mark.usefixtures("private_network")
R = TypeVar("R")
FOUND = Profile(discovery=True)
EVERYWHERE = "0.0.0.0"  # noqa: S104 - of a network of our own


class Net:
    """A network namespace that one thread keeps; what is done in it sees its interfaces alone."""

    def __init__(self) -> None:
        self._inside = ThreadPoolExecutor(1)
        self.thread = self.run(move)
        self.ip("link set lo up")

    def run(self, work: Callable[[], R]) -> R:
        """Do `work` in there."""
        return self._inside.submit(work).result()

    def ip(self, words: str) -> None:
        """Change interfaces and addresses in there."""
        self.run(partial(do, "ip", *words.split()))

    def cable(self, name: str, other: "Net", theirs: str, *addresses: tuple[str, str]) -> None:
        """Lay a cable to another network; `addresses` are pairs of ours and theirs."""
        self.ip(f"link add {name} type veth peer name {theirs} netns {other.thread}")
        for net, link in ((self, name), (other, theirs)):
            net.ip(f"link set {link} addrgenmode none")
            net.ip(f"link set {link} up")
        for own, far in addresses:
            for net, link, address in ((self, name, own), (other, theirs, far)):
                if address:
                    net.ip(f"addr add {address} dev {link}{' nodad' if ':' in address else ''}")

    def close(self) -> None:
        """Let the network end with what is still in it."""
        self._inside.shutdown()


@pytest.fixture
def nets() -> Iterator[Callable[[], Net]]:
    with ExitStack() as stack:

        def make() -> Net:
            net = Net()
            stack.callback(net.close)
            return net

        yield make


@contextmanager
def camera_in(net: Net, host: str, profile: Profile = FOUND) -> Iterator[EmulatedCamera]:
    camera = EmulatedCamera(profile, host=host)
    net.run(camera.__enter__)
    try:
        yield camera
    finally:
        camera.close()


def find(net: Net, wait_s: float = 1.0) -> Search:
    return net.run(partial(search, wait_s))


def test_cameras_on_every_network_are_found_without_any_default_route(nets: Callable[[], Net]) -> None:
    here, first, second = nets(), nets(), nets()
    here.cable("lan", first, "eth0", ("10.1.1.1/24", "10.1.1.9/24"), ("fe80::1/64", "fe80::9/64"))
    here.cable("wlan", second, "eth0", ("10.2.2.1/24", "10.2.2.9/24"))
    here.ip("link add unused type veth peer name down")
    with camera_in(first, "::"), camera_in(second, EVERYWHERE, Profile(discovery=True, discovery_name="Porch 2K+")):
        found = find(here)
    assert found.asked == ("lan", "wlan")
    assert [(each.address, each.interfaces, each.name) for each in found.devices] == [
        ("10.1.1.9", ("lan",), "IN-9408 2K+"), ("10.2.2.9", ("wlan",), "Porch 2K+"),
    ]  # fmt: skip
    assert found.devices[0].others == ("fe80::9%lan",)


def test_a_camera_on_another_subnet_answers_by_ipv6_and_is_told_as_such(nets: Callable[[], Net]) -> None:
    here, there = nets(), nets()
    here.cable("lan", there, "eth0", ("10.1.1.1/24", "172.30.9.9/24"), ("fe80::1/64", "fe80::9/64"))
    with camera_in(there, "::", Profile(discovery=True, discovery_address="172.30.9.9")):
        (found,) = find(here).devices
    assert (found.address, found.claims) == ("fe80::9%lan", ("172.30.9.9",))
    assert "another network" in found.notes[0]


def command(net: Net, *words: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "receiver_setup", "camera", "find", *words]
    environment = {**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": "stored and secret"}
    return net.run(partial(subprocess.run, argv, capture_output=True, text=True, check=False, env=environment))


def test_silence_ends_in_time_with_who_was_asked_and_what_to_do(nets: Callable[[], Net]) -> None:
    here, there = nets(), nets()
    alone = command(here, "--wait", "0.5")
    assert (alone.returncode, alone.stdout) == (3, "")
    assert "this machine has no network" in alone.stderr
    here.cable("lan", there, "eth0", ("10.1.1.1/24", "10.1.1.9/24"))
    silent = command(here, "--wait", "0.5", "--json")
    told = json.loads(silent.stdout)
    assert (silent.returncode, told["error"]["kind"], told["camera"]["cameras"]) == (3, "camera-not-found", [])
    assert "nothing answered within 0.5 s on lan" in told["error"]["message"]
    assert "--camera" in told["error"]["hint"]


def lie(listening: socket.socket, ended: threading.Event) -> None:
    """Answer every probe with thousands of answers, bombs, and a name that would move the cursor."""
    while not ended.is_set():
        try:
            datagram, asker = listening.recvfrom(65_536)
        except TimeoutError:
            continue
        probe = re.search(rb"MessageID>(.*?)<", datagram)
        assert probe is not None
        body = (
            '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
            'xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
            'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header><w:RelatesTo>'
            f"{probe[1].decode()}</w:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>"
            "<w:EndpointReference><w:Address>%s</w:Address></w:EndpointReference><d:Scopes>"
            "onvif://www.onvif.org/name/%%1B%%5B2Jgone%%0Aerror:%%20fake</d:Scopes></d:ProbeMatch></d:ProbeMatches>"
            "</e:Body></e:Envelope>"
        )
        listening.sendto(b'<!DOCTYPE x [<!ENTITY a "b">]>' + (body % "&a;").encode(), asker)
        listening.sendto((body % ("x" * 60_000)).encode(), asker)
        for number in range(2000):
            listening.sendto((body % f"urn:uuid:{number}").encode(), asker)


def test_hostile_answers_are_bounded_and_cleaned_and_hide_nobody(nets: Callable[[], Net]) -> None:
    here, good, bad = nets(), nets(), nets()
    here.cable("lan", good, "eth0", ("10.1.1.1/24", "10.1.1.9/24"))
    here.cable("bad", bad, "eth0", ("10.2.2.1/24", "10.2.2.9/24"))
    listening = bad.run(partial(socket.socket, socket.AF_INET, socket.SOCK_DGRAM))
    listening.bind(("", 3702))
    listening.settimeout(0.1)
    group = socket.inet_aton("239.255.255.250") + socket.inet_aton("10.2.2.9")
    listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    ended = threading.Event()
    liar = threading.Thread(target=lie, args=(listening, ended))
    liar.start()
    try:
        with camera_in(good, EVERYWHERE) as camera:
            shown = command(here, "--wait", "1")
            assert camera.requests == []
    finally:
        ended.set()
        liar.join()
        listening.close()
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["http://10.1.1.9", "http://10.2.2.9"]
    assert "\x1b" not in shown.stdout
    assert r"\u001b[2Jgone error: fake" in lines[1]
    assert "more devices answered than are shown" in shown.stderr
    assert "these answers are not verified" in shown.stderr
    assert "stored and secret" not in shown.stdout + shown.stderr


def test_a_receivers_record_tells_which_address_is_set_up_there(
    bench: Bench, make_camera: Callable[..., EmulatedCamera]
) -> None:
    camera = make_camera(discovery=True)
    options = bench.arguments(command="find")[1:]
    before = bench.run("camera", "find", "--wait", "0.5", *options)
    assert before.code == 0, before.err
    assert before.json["camera"]["cameras"][0]["set_up"] == {"here": False, "name": None}
    assert bench.setup(camera).code == 0
    (found,) = bench.run("camera", "find", "--wait", "0.5", *options).json["camera"]["cameras"]
    assert (found["address"], found["proven"]) == ("http://10.99.0.1", False)
    assert found["set_up"] == {"here": True, "name": camera.url.removeprefix("http://").replace(":", "-")}, found


@pytest.mark.parametrize("here", [True, False], ids=["the receiver is here", "it is reached by SSH"])
def test_an_address_found_in_the_dialogue_gets_no_stored_password(bench: Bench, *, here: bool) -> None:
    with EmulatedCamera(FOUND, host="10.99.0.1", port=80, password=CAMERA_PASSWORD) as camera:
        terminal = Terminal(bench, "--local", user="root") if here else Terminal(bench)
        if not here:
            terminal.answer(IS_IT_HERE, "n")
            terminal.answer("unless given): ", f"admin@{bench.receiver.address}")
        shown = terminal.answer("192.168.2.168): " if here else "unless given): ", "?")
        assert "? to look for it" in shown
        offered = terminal.answer("Number of the camera [1]: ", "1")
        assert "1  http://10.99.0.1  IN-9408 2K+, 2K+" in offered
        if here:
            assert "these answers are not verified" in terminal.answer("The camera's user [admin]: ", "")
        terminal.wait_for("Password of admin on the camera http://10.99.0.1: ")
        assert camera.requests == []
        assert terminal.interrupt() == 130, terminal.screen
        assert camera.requests == []
