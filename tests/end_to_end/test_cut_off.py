"""Runs that are cut off while the receiver is being changed, and two runs at once."""

import contextlib
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest
from support.bench import FORMER, Bench, finish
from support.hostile_camera import Attack, attacking, dripping, reply
from support.parsers import RSA

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]
STATE = "ls -d /var/lib/receiver-setup/journal* 2>/dev/null"


@contextlib.contextmanager
def slowed(receiver: ThrowawayReceiver, program: str) -> Iterator[None]:
    """Make a program of the receiver tell that it was started, and wait two seconds before it does its work."""
    real = receiver.run("sh", "-c", f"command -v {program}").stdout.decode().strip()
    slow = f"/usr/local/sbin/{program}"
    text = f'#!/bin/sh\\ntouch /run/reached\\nsleep 2\\nexec {real} "$@"\\n'
    receiver.run("sh", "-c", f"printf '{text}' >{slow}; chmod 755 {slow}; rm -f /run/reached")
    yield
    receiver.run("rm", "-f", slow, "/run/reached")


def wait_until(condition: Callable[[], bool]) -> None:
    """Return as soon as something is so."""
    deadline = time.monotonic() + 25
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_until_reached(receiver: ThrowawayReceiver) -> None:
    """Return as soon as the slowed program has been started."""
    deadline = time.monotonic() + 30
    while receiver.run("test", "-e", "/run/reached").returncode:
        assert time.monotonic() < deadline, "the program was never started"
        time.sleep(0.05)


def wait_until_idle(receiver: ThrowawayReceiver) -> None:
    """Return when no script of ours is at work there any more: only then the receiver's state is final."""
    deadline = time.monotonic() + 30
    while not receiver.run("pgrep", "-f", "^sh -s").returncode:
        assert time.monotonic() < deadline, "a script never ended"
        time.sleep(0.05)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("program", ["useradd", "chown"])
def test_an_ending_while_the_receiver_changes_is_put_off_and_then_put_back(
    bench: Bench, make_camera: MakeCamera, program: str, ending: signal.Signals
) -> None:
    camera = make_camera()
    before = bench.state()
    with slowed(bench.receiver, program):
        running = bench.start(*bench.arguments(camera))
        wait_until_reached(bench.receiver)
        running.send_signal(ending)
        result = finish(running)
        wait_until_idle(bench.receiver)
    assert (result.code, result.json["error"]["kind"]) == (130, "interrupted"), result.err
    assert result.json["error"]["rolled_back"] is True
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_a_second_ctrl_c_does_not_stop_what_the_first_one_asked_for(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    running: list[subprocess.Popen[str]] = []
    seen: list[str] = []

    def interrupt(name: str) -> None:
        seen.append(name)
        if name == "testftp" or seen.count("getftpattr") > 1:
            running[0].send_signal(signal.SIGINT)

    camera.on_command = interrupt
    running.append(bench.start(*bench.arguments(camera)))
    result = finish(running[0])
    error = result.json["error"]
    assert (result.code, error["kind"], error["rolled_back"]) == (130, "interrupted", True), result.err
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


@pytest.mark.parametrize("moment", ["getftpattr", "setftpattr", "testftp"])
def test_a_key_that_sticks_at_ctrl_c_is_one_interruption(bench: Bench, make_camera: MakeCamera, moment: str) -> None:
    """Signals come all the time, from the first one to the end of the process."""
    camera = make_camera()
    before = bench.state()
    reached = threading.Event()
    camera.on_command = lambda name: reached.set() if name == moment else None
    running = bench.start(*bench.arguments(camera))

    def stick() -> None:
        assert reached.wait(30)
        while running.poll() is None:
            running.send_signal(signal.SIGINT)
            time.sleep(0.003)

    hand = threading.Thread(target=stick)
    hand.start()
    result = finish(running)
    hand.join()
    assert (result.code, result.json["error"]["kind"]) == (130, "interrupted"), result.err
    assert "Traceback" not in result.err
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_a_reload_that_locks_the_administrator_out_is_taken_back(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    lock = "/etc/ssh/sshd_config.d/99-lock.conf"
    spoil = f'#!/bin/sh\necho DenyUsers admin >{lock}\nexec /usr/sbin/service "$@"\n'
    bench.receiver.run("tee", "/usr/local/sbin/service", input=spoil.encode())
    bench.receiver.run("chmod", "755", "/usr/local/sbin/service")
    before = bench.state()
    result = bench.setup(camera)
    error = result.json["error"]
    assert (result.code, error["kind"], error["rolled_back"]) == (4, "receiver-login", True), result.err
    assert camera.set_commands == []
    bench.receiver.run("rm", lock)
    assert bench.state() == before


@pytest.mark.parametrize("program", ["useradd", "chown", "service"])
def test_after_a_kill_while_the_receiver_changes_the_next_run_waits_and_heals(
    bench: Bench, make_camera: MakeCamera, program: str
) -> None:
    camera = make_camera()
    with slowed(bench.receiver, program):
        running = bench.start(*bench.arguments(camera))
        wait_until_reached(bench.receiver)
        running.kill()
        assert finish(running).code == -9
        # The script goes on by itself; the next run must not begin beside it.
        result = bench.setup(camera)
        wait_until_idle(bench.receiver)
    assert result.code == 0, result.err
    assert "recover" in [step["name"] for step in result.json["receivers"][0]["steps"]]
    assert bench.receiver.run("sh", "-c", STATE).stdout == b""
    assert bench.setup(camera).json["changed"] is False


def test_what_a_killed_run_was_making_is_gone_when_the_next_one_wants_something_else(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    with slowed(bench.receiver, "useradd"):
        running = bench.start(*bench.arguments(camera))
        wait_until_reached(bench.receiver)
        running.kill()
        finish(running)
        result = bench.setup(camera, options=("--user", "other"))
        wait_until_idle(bench.receiver)
    assert result.code == 0, result.err
    assert bench.receiver.run("getent", "passwd", "ipcamera").stdout == b""
    assert bench.receiver.run("ls", "/home/ipcamera").stdout == b""


def test_a_lost_link_while_the_receiver_changes_is_healed_by_the_next_run(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    with slowed(bench.receiver, "chown"):
        running = bench.start(*bench.arguments(camera))
        wait_until_reached(bench.receiver)
        bench.receiver.run("sh", "-c", "pkill -KILL -f 'sshd(-session)?: admin'")
        result = finish(running)
    assert result.code in {4, 6}, result.out
    assert camera.set_commands == []
    healed = bench.setup(camera)
    assert healed.code == 0, healed.err
    assert bench.receiver.run("sh", "-c", STATE).stdout == b""


def test_a_power_cut_in_the_middle_is_healed_by_the_next_run(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with slowed(bench.receiver, "chown"):
        running = bench.start(*bench.arguments(camera))
        wait_until_reached(bench.receiver)
        # All that runs there but PID 1 and the listening sshd is gone at once, with the shell that was at work.
        bench.receiver.run(
            "sh", "-c", "pkill -KILL -f 'sh -s'; pkill -KILL -f 'sshd(-session)?: admin'; pkill -KILL sleep"
        )
        finish(running)
    healed = bench.setup(camera)
    assert healed.code == 0, healed.err
    assert bench.receiver.run("sh", "-c", "sshd -t").returncode == 0
    assert bench.receiver.run("sh", "-c", STATE).stdout == b""


def test_a_second_run_at_the_same_time_waits_for_the_first(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    others: list[subprocess.Popen[str]] = []

    def start_another(name: str) -> None:
        if name == "testftp" and not others:
            others.append(bench.start(*bench.arguments(second)))
            # The first run holds the receiver meanwhile.
            wait_until(lambda: bench.inside("pgrep -f '^sh -s'") != "")
            time.sleep(1)

    first.on_command = start_another
    result = bench.setup(first, options=("--timeout", "30"))
    assert result.code == 0, result.err
    other = finish(others[0])
    assert other.code == 0, other.err
    waited = [step["detail"] for step in other.json["receivers"][0]["steps"] if step["name"] == "wait for another run"]
    assert re.fullmatch(
        r"another run \(admin from 10\.99\.0\.1, for \d+ s\) is changing admin@10\.99\.0\.\d+", waited[0]
    )
    lines = bench.receiver.run("cat", "/etc/ssh/authorized_keys.d/ipcamera").stdout.decode().splitlines()
    assert len(lines) == 2, lines
    again = bench.setup(first)
    assert (again.code, again.json["changed"]) == (0, False), again.err


HONEST = {
    "getftpattr": b'cmd="getftpattr";ft_server="192.168.178.1";ft_port="21";ft_username="former";ft_mode="1";'
    b'ft_dirname="./old";ft_dirmode="1";ft_ssl="0";ft_insecure="1";response="200";',
    "getpubkey": b'cmd="getpubkey";publickey="ssh-rsa ' + RSA.encode() + b'";response="200";',
}


def honest_but(command: str) -> Attack:
    """Answer what is only read, but let the answer to one command drip for ever."""
    drip = dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")

    def attack(head: str) -> Iterable[bytes]:
        asked = re.search(r"cmd=(\w+)", head)
        assert asked is not None
        return drip(head) if asked[1] == command else [reply(HONEST[asked[1]])]

    return attack


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
@pytest.mark.parametrize("command", ["getftpattr", "getpubkey"])
def test_an_ending_cuts_off_cameras_that_drip(
    bench: Bench, command: str, several: bool, ending: signal.Signals
) -> None:
    """The first command is asked while the receiver is read, the other one afterwards."""
    before = bench.state()
    attack = honest_but(command)
    with attacking(attack, host=HOST_ADDRESS) as one, attacking(attack, host=HOST_ADDRESS) as other:
        hostile = [one, other] if several else [one]
        named = [word for each in hostile for word in ("--camera", each.url)]
        running = bench.start(*bench.arguments(options=(*named, "--timeout", "900")))
        wait_until(lambda: all(any(command in head for head in each.heads) for each in hostile))
        running.send_signal(ending)
        result = finish(running)
    assert (result.code, result.json["error"]["kind"]) == (130, "interrupted"), result.err
    assert bench.state() == before


def test_a_change_that_must_not_be_cut_off_is_named_and_ends_at_its_deadline(bench: Bench) -> None:
    before = bench.state()
    with attacking(honest_but("setftpattr"), host=HOST_ADDRESS) as hostile:
        running = bench.start(*bench.arguments(options=("--camera", hostile.url, "--timeout", "3")))
        wait_until(lambda: any("setftpattr" in head for head in hostile.heads))
        running.send_signal(signal.SIGINT)
        result = finish(running)
        asked = [re.findall(r"cmd=(\w+)", head)[0] for head in hostile.heads]
    (receiver,) = result.json["receivers"]
    errors = [each["error"] for each in (result.json, receiver, *receiver["cameras"])]
    assert [error["kind"] for error in errors] == ["interrupted", "interrupted", "undo"], result.err
    assert (result.code, [error["rolled_back"] for error in errors]) == (130, [False] * 3)
    assert "setftpattr must not be cut off and ends first" in result.err
    assert asked[asked.index("setftpattr") + 1 :] == ["getftpattr", "setftpattr"] * 3, "tried a few times"
    assert bench.state() == before
