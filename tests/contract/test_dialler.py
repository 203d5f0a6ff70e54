"""Connections that begin at a receiver, against a real sshd: what a camera's client needs of them."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD
from support.links import breakable

from receiver_setup.camera import Camera, Patience, Tls
from receiver_setup.dialling import DialError
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import (
    CameraCertificateError,
    CameraReplyError,
    CameraTimeoutError,
    CameraUnreachableError,
    ReceiverHostKeyError,
    ReceiverLoginError,
    ReceiverSetupError,
    ReceiverUnreachableError,
)
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts import Dialler
from receiver_setup.receiver.hosts.local import LocalHost
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.receiver.script import Script

OK = b'cmd="getftpattr";\r\nft_server="192.168.2.110";\r\nresponse="200";\r\n'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(OK) + OK
NOBODY = "10.99.0.254"
Serve = Callable[[socket.socket], None]


@pytest.fixture
def host(receiver: ThrowawayReceiver, admin_key: AdminKey, known_hosts: Path) -> Iterator[SshHost]:
    """Give a carrier that is not connected yet."""
    # A whole run of the suite has kept a server from its first word for more than ten seconds.
    options = SshOptions(identity=admin_key.path, known_hosts=known_hosts, config_file=Path("/dev/null"), timeout_s=60)
    made = SshHost(ReceiverAddress(host=receiver.address, user="admin"), options)
    yield made
    made.close()


@contextmanager
def listening(serve: Serve) -> Iterator[int]:
    """Serve each connection in a thread of its own; yields the port."""
    with socket.create_server((HOST_ADDRESS, 0)) as listener, ThreadPoolExecutor(40) as pool:

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                serve(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    pool.submit(handle, listener.accept()[0])

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def echo(connection: socket.socket) -> None:
    """Send back what comes."""
    while data := connection.recv(65536):
        connection.sendall(data)


def camera_at(port: int, host: SshHost, *, timeout_s: float = 5.0) -> Camera:
    """Return the client of a camera that the receiver reaches."""
    return Camera(f"{HOST_ADDRESS}:{port}", "x", dial=host.dial, timeout_s=timeout_s, patience=Patience(reboot_s=0.2))


def answer_all(connection: socket.socket) -> None:
    """Answer every request on a kept connection."""
    while connection.recv(65536):
        connection.sendall(ANSWER)


def settled(count: Callable[[], int], expected: int, *, within_s: float = 5) -> bool:
    """Wait until `count()` is as expected."""
    end = time.monotonic() + within_s
    while count() != expected and time.monotonic() < end:
        time.sleep(0.02)
    return count() == expected


def open_files() -> int:
    """Return how many descriptors this process has."""
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def tunnels() -> int:
    """Return how many threads carry bytes."""
    return sum(thread.name.startswith("tunnel") for thread in threading.enumerate())


# ---- what is carried


def test_ssh_dials_and_this_machine_needs_nobody_for_that(host: SshHost) -> None:
    assert isinstance(host, Dialler)
    assert not isinstance(LocalHost(), Dialler)


def test_megabytes_go_both_ways_at_once_and_come_back_whole(host: SshHost) -> None:
    data = os.urandom(6_000_000)
    with listening(echo) as port, host.dial(HOST_ADDRESS, port, 10) as connection:
        sender = threading.Thread(target=connection.sendall, args=(data,))
        sender.start()
        back = b""
        while len(back) < len(data):
            back += connection.recv(1 << 20)
        sender.join()
    assert back == data
    assert (host.trips.connections, host.trips.commands) == (1, 0)


def test_one_connection_is_kept_for_all_requests(host: SshHost, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    connections = []

    def serve(connection: socket.socket) -> None:
        connections.append(connection)
        answer_all(connection)

    with listening(serve) as port, camera_at(port, host) as camera:
        for _ in range(3):
            assert camera.ftp_attributes().server == "192.168.2.110"
    assert len(connections) == 1


def test_a_kept_connection_that_the_camera_closes_is_replaced(host: SshHost) -> None:
    connections = []

    def serve(connection: socket.socket) -> None:
        connections.append(connection)
        connection.recv(65536)
        connection.sendall(ANSWER)

    with listening(serve) as port, camera_at(port, host) as camera:
        for _ in range(3):
            assert camera.ftp_attributes().server == "192.168.2.110"
            time.sleep(0.1)
    assert len(connections) == 3


@pytest.mark.parametrize("pin", [True, False])
def test_a_certificate_is_checked_at_its_far_end(host: SshHost, pin: bool) -> None:
    profile = Profile(https=True)
    with EmulatedCamera(profile, host=HOST_ADDRESS, password=CAMERA_PASSWORD) as emulated:
        tls = Tls(fingerprint=emulated.certificate_fingerprint if pin else "ab" * 32)
        with Camera(emulated.url, CAMERA_PASSWORD, tls=tls, dial=host.dial) as camera:
            if pin:
                camera.ftp_attributes()
                assert emulated.requests
                return
            with pytest.raises(CameraCertificateError) as caught:
                camera.ftp_attributes()
        assert str(emulated.certificate_fingerprint) in caught.value.message.replace(":", "").lower()
        assert emulated.requests == []


# ---- faults


def hang_up(connection: socket.socket) -> None:
    """Read the request and say nothing."""
    connection.recv(65536)


def reset(connection: socket.socket) -> None:
    """Reset the connection instead of answering."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut_off(connection: socket.socket) -> None:
    """Send half the body."""
    connection.recv(65536)
    connection.sendall(ANSWER[:-20])


def stall(connection: socket.socket) -> None:
    """Say nothing until the other side gives up; where it never does, the connection ends instead."""
    connection.recv(65536)
    connection.settimeout(30)
    connection.recv(1)


def stall_in_the_body(connection: socket.socket) -> None:
    """Send half the body, then nothing."""
    connection.recv(65536)
    connection.sendall(ANSWER[:-20])
    connection.settimeout(30)
    connection.recv(1)


@pytest.mark.parametrize(
    ("serve", "error"),
    [
        (hang_up, CameraUnreachableError),
        (reset, CameraUnreachableError),
        (cut_off, CameraReplyError),
        (stall, CameraTimeoutError),
        (stall_in_the_body, CameraTimeoutError),
    ],
)
def test_what_a_camera_does_wrong_is_seen_through_it(
    host: SshHost, serve: Serve, error: type[ReceiverSetupError]
) -> None:
    assert host.prove_login()
    with listening(serve) as port, camera_at(port, host, timeout_s=0.4) as camera, pytest.raises(error):
        camera.ftp_attributes()


def test_a_handshake_that_stalls_ends_in_time(host: SshHost) -> None:
    assert host.prove_login()
    ended: list[float] = []

    def serve(connection: socket.socket) -> None:
        stall(connection)
        ended.append(time.monotonic())

    with listening(serve) as port:
        address = f"https://{HOST_ADDRESS}:{port}"
        with Camera(address, "x", dial=host.dial, timeout_s=0.4) as camera, pytest.raises(ReceiverSetupError):
            camera.ftp_attributes()
    assert ended, "the camera's side saw the end of it, and did not bring it about"


def test_a_camera_that_is_not_there_is_waited_for_no_longer_than_was_asked(host: SshHost) -> None:
    assert host.prove_login()
    began = time.monotonic()
    with pytest.raises(DialError, match="in time"):
        host.dial(NOBODY, 80, 0.5)
    assert time.monotonic() - began < 30, "as long as it was asked, not as long as the kernel tries"
    assert host.reaches(NOBODY, 80, 0.5) is False


def test_without_a_login_the_camera_s_error_says_so_and_no_second_one_is_tried(
    host: SshHost, receiver: ThrowawayReceiver
) -> None:
    receiver.run("rm", "/home/admin/.ssh/authorized_keys")
    assert host.reaches(HOST_ADDRESS, 80, 1) is False
    with camera_at(80, host) as camera:
        for _ in range(2):
            with pytest.raises(CameraUnreachableError, match="no SSH connection"):
                camera.ftp_attributes()
    with pytest.raises(ReceiverLoginError):
        host.open("true")
    assert host.trips.connections == 1
    host.close()
    with pytest.raises(DialError):
        host.dial(HOST_ADDRESS, 80, 1)
    assert host.trips.connections == 2


# ---- one connection for all


def test_many_threads_dial_over_one_login_while_commands_run(host: SshHost) -> None:
    meeting = threading.Barrier(17, timeout=20)

    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        meeting.wait()
        connection.sendall(ANSWER)

    def ask(port: int) -> str:
        with camera_at(port, host, timeout_s=20) as camera:
            return str(camera.ftp_attributes().server)

    with listening(serve) as port, ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(ask, port) for _ in range(16)]
        shell = RootShell(host, sudo_password=lambda: None)
        assert shell.run(Script(text="id -u\n"), step="test").data == b"0\n"
        meeting.wait()
        assert {each.result() for each in asked} == {"192.168.2.110"}
    assert (host.trips.connections, host.trips.commands) == (1, 1)


def test_a_new_login_leaves_what_is_open_alone_and_the_next_goes_over_whichever_lives(
    host: SshHost, receiver: ThrowawayReceiver
) -> None:
    def kill(which: str) -> None:
        receiver.run("sh", "-c", f"kill -KILL $(pgrep -{which} -f '^sshd(-session)?: admin(@notty)?$')")
        time.sleep(0.3)

    def say(connection: socket.socket) -> bool:
        connection.sendall(b"still there")
        return connection.recv(100) == b"still there"

    with listening(echo) as port, host.dial(HOST_ADDRESS, port, 5) as first:
        assert host.prove_login()
        with host.dial(HOST_ADDRESS, port, 5) as second:
            assert say(first)
            assert say(second)
            kill("n")
            assert second.recv(100) == b"", "it went over the new login"
            assert say(first)
        with host.dial(HOST_ADDRESS, port, 5) as third:
            assert say(third)
        assert host.trips.connections == 2
        kill("n")
        assert host.reaches(HOST_ADDRESS, port, 1) is False
        with host.dial(HOST_ADDRESS, port, 5) as fourth:
            assert say(fourth)
        assert host.trips.connections == 3


# ---- nothing is left


@pytest.mark.parametrize("end", ["ours", "theirs", "both refuse", "ssh"])
def test_no_thread_and_no_descriptor_is_left(host: SshHost, end: str) -> None:
    assert host.prove_login()

    def serve(connection: socket.socket) -> None:
        if end == "theirs":
            connection.sendall(b"farewell")
            return
        echo(connection)

    before = open_files()
    with listening(serve) as port:
        for _ in range(10):
            if end == "both refuse":
                with pytest.raises(DialError, match="refused"):
                    host.dial(HOST_ADDRESS, 9, 5)
                continue
            connection = host.dial(HOST_ADDRESS, port, 5)
            if end == "theirs":
                assert connection.recv(100) == b"farewell"
                assert connection.recv(100) == b""
                assert settled(tunnels, 0), "it ends before we close"
            connection.close()
        if end == "ssh":
            kept = [host.dial(HOST_ADDRESS, port, 5) for _ in range(3)]
            assert tunnels() == 3
            host.close()
            assert [connection.recv(1) for connection in kept] == [b""] * 3
            for connection in kept:
                connection.close()
    assert settled(tunnels, 0)
    expected = before - 1 if end == "ssh" else before  # the login's own socket
    assert settled(open_files, expected), (before, open_files())


@pytest.fixture
def errors_of_threads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Collect what threads of the test end with; whoever runs this program reads it on the terminal."""
    caught: list[object] = []
    monkeypatch.setattr(threading, "excepthook", lambda error: caught.append(error.exc_value))
    return caught


def test_a_link_that_goes_while_a_connection_is_closed_is_no_error(
    host: SshHost, errors_of_threads: list[object]
) -> None:
    with listening(echo) as port, breakable() as break_link:
        connection = host.dial(HOST_ADDRESS, port, 5)
        break_link()
        connection.close()
        assert settled(tunnels, 0)
    assert errors_of_threads == []


def test_an_answer_that_nobody_reads_ends_with_the_connection(host: SshHost) -> None:
    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"x" * 65536)

    before = open_files()
    assert host.prove_login()
    with listening(flood) as port:
        connection = host.dial(HOST_ADDRESS, port, 5)
        connection.recv(10)
        time.sleep(0.3)
        connection.close()
        assert settled(tunnels, 0)
    assert open_files() <= before + 1


def test_a_port_where_no_ssh_server_speaks_is_named_after_the_timeout(admin_key: AdminKey, known_hosts: Path) -> None:
    options = SshOptions(identity=admin_key.path, known_hosts=known_hosts, config_file=Path("/dev/null"), timeout_s=0.3)
    ended = threading.Event()

    def say_nothing(_: socket.socket) -> None:
        ended.wait(10)

    with listening(say_nothing) as port:
        mute = SshHost(ReceiverAddress(host=HOST_ADDRESS, port=port, user="admin"), options)
        try:
            with pytest.raises(ReceiverUnreachableError, match="no SSH server answers there"):
                mute.prove_login()
        finally:
            ended.set()
            mute.close()


# ---- ways that go through something


def hop(tmp_path: Path, receiver: ThrowawayReceiver, admin_key: AdminKey, known_hosts: Path, way: str) -> Path:
    """Write a configuration whose host `attic` is the receiver's own sshd, reached through the receiver."""
    via = f"ssh -F none -i {admin_key.path} -o UserKnownHostsFile={known_hosts} -W %h:%p admin@{receiver.address}"
    line = {"command": f"ProxyCommand {via}", "jump": f"ProxyJump admin@{receiver.address}"}[way]
    alias = f"HostKeyAlias {receiver.address}"
    config = tmp_path / "config"
    config.write_text(f"Host attic\n  HostName 127.0.0.1\n  User admin\n  {alias}\n  {line}\n")
    return config


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


@pytest.mark.parametrize("end", ["login", "host key", "key", "nobody listens"])
@pytest.mark.parametrize("way", ["command", "jump"])
def test_nothing_is_left_of_a_way_through_a_command_or_a_jump_host(  # noqa: PLR0913, PLR0917 - fixtures
    tmp_path: Path, receiver: ThrowawayReceiver, admin_key: AdminKey, known_hosts: Path, way: str, end: str
) -> None:
    config = hop(tmp_path, receiver, admin_key, known_hosts, way)
    if end == "host key":
        config.write_text(config.read_text().replace("HostKeyAlias", "HostKeyAlias not-known #"))
    if end == "nobody listens":
        config.write_text(config.read_text() + "  Port 9\n")
    if end == "key":
        config.write_text(config.read_text().replace("User admin", "User root"))
    options = SshOptions(identity=admin_key.path, known_hosts=known_hosts, config_file=config)
    errors = {
        "host key": ReceiverHostKeyError,
        "key": ReceiverLoginError,
        "nobody listens": ReceiverUnreachableError,
    }
    if end == "key":
        receiver.run("sh", "-c", "mv /root/.ssh /root/.none")
    before, running = open_files(), threads()
    for _ in range(2):
        made = SshHost(ReceiverAddress(host="attic"), options)
        if end == "login":
            assert made.prove_login()
            assert made.prove_login()
        else:
            with pytest.raises(errors[end]):
                made.prove_login()
        made.close()
    assert settled(lambda: len(threads() - running), 0), threads()
    assert settled(open_files, before), (before, open_files())
