"""Cameras in a network that the receiver reaches and this process does not: `--camera-via-receiver`."""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, finish, steps
from support.vlan import CAMERAS, NOBODY, RECEIVER, Vlan

from receiver_setup.camera.client import Camera
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.secrets import Secret
from receiver_setup.workflow.run.request import NamedCamera, SetupRequest
from receiver_setup.workflow.setup import set_up

pytestmark = pytest.mark.rest

VIA = ("--camera-via-receiver",)
MakeCamera = Callable[..., EmulatedCamera]


@pytest.fixture
def vlan(bench: Bench) -> Iterator[Vlan]:
    """Give the receiver a second network, with cameras in it."""
    with Vlan(bench.receiver) as made:
        yield made


def former(camera: EmulatedCamera) -> dict[str, str]:
    """Return those settings of a camera that a test had given it."""
    return {name: camera.state.fields[name] for name in FORMER}


def logins(receiver: ThrowawayReceiver) -> int:
    """Return how often the administrator has signed in."""
    return receiver.log().count("Accepted publickey for admin")


def named(bench: Bench, url: str, *options: str, command: str = "setup") -> list[str]:
    """Return the arguments of a command for a camera that is given as `url`."""
    return bench.arguments(options=("--camera", url, *options), command=command)


# ---- done, done again, taken back


def test_a_camera_that_only_the_receiver_reaches_is_set_up_left_alone_and_put_back(bench: Bench, vlan: Vlan) -> None:
    camera = vlan.camera()
    with pytest.raises(OSError, match="unreachable"), socket.create_connection((CAMERAS, camera.port), 2):
        pass
    before = bench.state()
    check = bench.setup(camera, options=(*VIA, "--check"))
    assert (check.code, check.json["changed"]) == (7, True), check.err
    assert (camera.set_commands, bench.state(), logins(bench.receiver)) == ([], before, 1)

    first = bench.setup(camera, options=VIA)
    assert (first.code, first.json["changed"]) == (0, True), first.err
    assert camera.state.fields["ft_server"] == RECEIVER
    assert "prove upload" in steps(first)
    assert f"Accepted publickey for ipcamera from {CAMERAS} " in bench.receiver.log()
    assert logins(bench.receiver) == 3, "the check's, its own, and the proof"

    sent = len(camera.set_commands)
    again = bench.setup(camera, options=VIA)
    assert (again.code, again.json["changed"], camera.set_commands[sent:]) == (0, False, []), again.err
    assert logins(bench.receiver) == 4

    removed = bench.remove(camera, options=VIA)
    assert (removed.code, removed.json["changed"]) == (0, True), removed.err
    assert {**former(camera), "ft_password": FORMER["ft_password"]} == FORMER
    assert bench.inside("getent passwd ipcamera") == ""
    assert bench.remove(camera, options=VIA).json["changed"] is False


def test_trips_are_as_few_as_without(bench: Bench, vlan: Vlan) -> None:
    emulated = vlan.camera()

    def run() -> tuple[bool, tuple[int, int, int]]:
        options = SshOptions(identity=bench.key.path, known_hosts=bench.known_hosts, config_file=Path("/dev/null"))
        host = SshHost(ReceiverAddress(host=bench.receiver.address, user="admin"), options)
        session = ReceiverSession(RootShell(host, sudo_password=lambda: None))
        request = SetupRequest(receiver_address=bench.receiver.address)
        with (
            contextlib.closing(session),
            Camera(emulated.url, Secret(CAMERA_PASSWORD), dial=host.dial) as camera,
        ):
            report = set_up(request, session, [NamedCamera(name="porch", camera=camera)], lambda _: None)
            assert report.ok, report
            return report.changed, (host.trips.connections, host.trips.commands, camera.trips)

    changed, (connections, commands, requests) = run()
    assert changed
    assert (connections, commands <= 5, requests <= 9) == (2, True, True)
    changed, (connections, commands, requests) = run()
    assert not changed
    assert (connections, commands <= 2, requests <= 3) == (1, True, True)


def test_the_receiver_resolves_a_name_that_it_alone_knows(bench: Bench, vlan: Vlan) -> None:
    camera = vlan.camera()
    bench.inside(f"echo '{CAMERAS} porch.vlan' >>/etc/hosts")
    url = f"http://porch.vlan:{camera.port}"
    result = bench.run(*named(bench, url, *VIA))
    assert result.code == 0, result.err
    assert camera.state.fields["ft_server"] == RECEIVER
    assert bench.run(*named(bench, url, *VIA)).json["changed"] is False
    removed = bench.run(*named(bench, url, *VIA, command="remove"))
    assert removed.code == 0, removed.err
    assert camera.state.fields["ft_server"] == FORMER["ft_server"]


def test_a_certificate_is_pinned_through_the_receiver_as_well(bench: Bench, vlan: Vlan, tmp_path: Path) -> None:
    camera = vlan.camera(https=True, https_name="address")
    unknown = bench.setup(camera, options=VIA)
    assert (unknown.code, unknown.json["error"]["kind"]) == (3, "camera-certificate"), unknown.err
    assert str(camera.certificate_fingerprint) in unknown.json["error"]["message"].replace(":", "").lower()
    wrong = bench.setup(camera, options=(*VIA, "--camera-fingerprint", "ab" * 32))
    assert wrong.json["error"]["kind"] == "camera-certificate"
    assert camera.requests == []
    pinned = ("--camera-fingerprint", str(camera.certificate_fingerprint))
    assert bench.setup(camera, options=(*VIA, *pinned)).code == 0
    authority = tmp_path / "ca.pem"
    authority.write_bytes(camera.certificate_pem or b"")
    again = bench.setup(camera, options=(*VIA, "--camera-ca-file", str(authority)))
    assert (again.code, again.json["changed"]) == (0, False), again.err


def test_four_cameras_at_once_share_one_connection(bench: Bench, vlan: Vlan) -> None:
    cameras = [vlan.camera() for _ in range(4)]
    meeting = threading.Barrier(4)
    for camera in cameras:
        # None is answered before all four have asked.
        camera.on_command = lambda name: _meet(meeting) if name == "getftpattr" else None
    result = bench.setup(*cameras, options=(*VIA, "--jobs", "4"))
    assert result.code == 0, result.err
    assert not meeting.broken
    assert logins(bench.receiver) == 2, "the first one and the proof"
    assert [len(camera.uploads) > 0 for camera in cameras] == [True] * 4
    for camera in cameras:
        camera.on_command = None
    again = bench.setup(*cameras, options=VIA)
    assert (again.code, again.json["changed"], logins(bench.receiver)) == (0, False, 3)


def _meet(barrier: threading.Barrier) -> None:
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait(20)


def test_jump_hosts_are_gone_through_before(bench: Bench, vlan: Vlan, tmp_path: Path) -> None:
    camera = vlan.camera()
    with ThrowawayReceiver(admin_public_key=bench.key.public_line, name="jump") as jump:
        with bench.known_hosts.open("a") as file:
            file.write(jump.known_hosts)
        config = tmp_path / "config"
        config.write_text(f"Host attic\n  HostName {bench.receiver.address}\n  ProxyJump admin@{jump.address}\n")
        arguments = ("--ssh-config", str(config), "--identity", str(bench.key.path))
        known = ("--known-hosts", str(bench.known_hosts), "--receiver", "admin@attic", "--camera", camera.url)
        result = bench.run("setup", "--json", *arguments, *known, *VIA)
        assert result.code == 0, result.err
        assert f"Accepted publickey for admin from {jump.address} " in bench.receiver.log()
    assert camera.state.fields["ft_server"] == RECEIVER


# ---- what fails


@pytest.mark.parametrize("line", ["AllowTcpForwarding no", "DisableForwarding yes", "PermitOpen 192.0.2.1:80"])
def test_a_receiver_that_forwards_nothing_is_named_with_the_remedy(bench: Bench, vlan: Vlan, line: str) -> None:
    camera = vlan.camera()
    bench.inside(f"echo '{line}' >>/etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid)")
    bench.receiver.wait_until_listening()
    before = bench.state()
    result = bench.setup(camera, options=VIA)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable"), result.err
    assert "AllowTcpForwarding" in result.json["error"]["message"]
    assert "AllowTcpForwarding to local" in result.json["error"]["hint"]
    assert "--local" in result.json["error"]["hint"]
    assert bench.state() == before
    # Without the option, nothing is proposed that would not work.
    plain = bench.setup(camera)
    assert (plain.code, plain.json["error"]["kind"]) == (3, "camera-unreachable")
    assert "--camera-via-receiver" not in plain.json["error"]["hint"]


@pytest.mark.parametrize(
    ("place", "told"),
    [(f"{CAMERAS}:9", "connection refused"), (NOBODY, "no route to host"), ("no-camera.invalid", "name is not known")],
    ids=["refused", "nobody", "unknown name"],
)
def test_a_camera_that_the_receiver_does_not_reach_is_named(bench: Bench, vlan: Vlan, place: str, told: str) -> None:
    del vlan
    result = bench.run(*named(bench, f"http://{place}", *VIA))
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable"), result.err
    assert told in result.json["error"]["message"]
    assert f"seen from admin@{bench.receiver.address}" in result.json["error"]["message"]
    assert "--camera-via-receiver" not in result.json["error"]["hint"]


def test_each_of_several_cameras_gets_the_reason_of_its_own(bench: Bench, vlan: Vlan) -> None:
    up = vlan.camera()
    places = [f"http://{CAMERAS}:{port}" for port in (7, 8, 9)] + ["http://one.invalid", "http://two.invalid"]
    options = tuple(part for place in places for part in ("--camera", place))
    result = bench.setup(up, options=(*options, *VIA, "--jobs", "6"))
    assert result.code == 3, result.err
    first, *others = result.json["receivers"][0]["cameras"]
    assert first["ok"] is True
    for camera in others:
        told = "name is not known" if "invalid" in camera["address"] else "connection refused"
        assert told in camera["error"]["message"], camera


def test_a_refused_login_at_the_receiver_is_tried_once_and_not_blamed_on_the_camera(bench: Bench, vlan: Vlan) -> None:
    cameras = [vlan.camera() for _ in range(3)]
    bench.inside("rm /home/admin/.ssh/authorized_keys")
    result = bench.setup(*cameras, options=VIA)
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-login"), result.err
    assert bench.receiver.log().count("authenticating user admin") == 1


@pytest.mark.parametrize("command", ["setup", "remove"])
def test_the_option_is_proposed_where_it_would_help(bench: Bench, vlan: Vlan, command: str) -> None:
    camera = vlan.camera()
    result = bench.run(*bench.arguments(camera, command=command))
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable"), result.err
    assert "--camera-via-receiver" in result.json["error"]["hint"]
    assert logins(bench.receiver) == 1
    assert camera.requests == []
    nobody = bench.run(*named(bench, f"http://{NOBODY}", command=command))
    assert "--camera-via-receiver" not in nobody.json["error"]["hint"]


@pytest.mark.parametrize("step", ["setftpattr", "testftp"])
def test_ctrl_c_in_a_request_puts_both_sides_back(bench: Bench, vlan: Vlan, step: str) -> None:
    camera = vlan.camera()
    before = bench.state()
    reached, go_on = threading.Event(), threading.Event()

    def hold(name: str) -> None:
        if name == step and not reached.is_set():
            reached.set()
            go_on.wait(20)

    camera.on_command = hold
    process = bench.start(*bench.arguments(camera, options=VIA))
    assert reached.wait(30)
    process.send_signal(signal.SIGINT)
    go_on.set()
    result = finish(process)
    assert result.code == 130, result.err
    assert former(camera) == FORMER
    assert bench.state() == before


@pytest.mark.parametrize("for_s", [0, 6])
def test_a_connection_that_is_lost_midway_is_replaced(bench: Bench, vlan: Vlan, for_s: int) -> None:
    camera = vlan.camera()
    lost = threading.Event()
    away = f"kill -STOP $(cat /run/sshd.pid); (sleep {for_s}; kill -CONT $(cat /run/sshd.pid)) <&- >/dev/null 2>&1 &"

    def cut(name: str) -> None:
        if name == "testftp" and not lost.is_set():
            lost.set()
            if for_s:
                bench.inside(away)
            bench.inside("kill -KILL $(pgrep -f '^sshd(-session)?: admin')")

    camera.on_command = cut
    # Shorter than it is away: a first try to log in anew fails.
    result = bench.setup(camera, options=(*VIA, "--timeout", "2"))
    assert lost.is_set()
    assert result.code == 0, result.err
    assert result.camera["host_key"]["verified"] is True
    assert logins(bench.receiver) >= 3


# ---- where it means nothing


def test_it_is_refused_where_it_means_nothing(bench: Bench) -> None:
    local = bench.run("setup", "--local", "--camera", "192.0.2.1", *VIA, "--json")
    assert (local.code, local.json["error"]["kind"]) == (2, "configuration")
    assert "--camera-via-receiver" in local.json["error"]["message"]
    without = bench.run(*bench.arguments(options=VIA, command="remove"))
    assert (without.code, without.json["error"]["kind"]) == (2, "configuration")
    assert logins(bench.receiver) == 0
