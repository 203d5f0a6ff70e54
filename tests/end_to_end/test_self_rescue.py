"""A receiver that locked its administrator out takes the change back by itself, with nobody's help."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.bench import Bench, finish

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver import cgroup
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverUnsuitableError

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]
MakeBench = Callable[..., Any]

DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
JOURNAL = "/var/lib/receiver-setup/journal"
SHORTLY = ("--confirm-within", "5")
LOCK_OUT = f"""
if [ -e {DROP_IN} ] && ! [ -e /run/reached ]; then
  sed -i '1i DenyUsers admin' {DROP_IN}
  touch /run/reached
fi
"""
CUT = "$real \"$@\"; sleep 0.5; pkill -KILL -f '^sshd(-session)?: admin'; exit 0"
"""Only once sshd has read it: nobody who comes back gets in."""
WITHOUT_SETSID = "rm -f /usr/bin/setsid"


@pytest.fixture(params=["plain", "without setsid", "systemd"])
def bench(
    request: pytest.FixtureRequest,
    private_network: object,  # noqa: ARG001 - it must exist first
    admin_key: AdminKey,
    tmp_path: Path,
) -> Iterator[Bench]:
    """Give a receiver of each kind on which something must go on by itself."""
    systemd = request.param == "systemd"
    if systemd:
        try:
            cgroup.require_systemd(Path("/"))
        except ReceiverUnsuitableError as error:
            pytest.skip(error.message)
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, systemd=systemd) as receiver:
        known = tmp_path / "known_hosts"
        known.write_text(receiver.known_hosts)
        if request.param == "without setsid":
            receiver.run("sh", "-c", WITHOUT_SETSID)
        yield Bench(receiver=receiver, key=admin_key, known_hosts=known)


@contextmanager
def reload_spoilt(bench: Bench, *lines: str) -> Iterator[None]:
    """Do something else as well, or instead, whenever sshd is to read its configuration anew."""
    systemd = bench.receiver.run("test", "-d", "/run/systemd/system").returncode == 0
    program = "systemctl" if systemd else "service"
    real = bench.receiver.run("sh", "-c", f"command -v {program}").stdout.decode().strip()
    path = f"/usr/local/sbin/{program}"
    text = "\n".join(
        ["#!/bin/sh", f"real={real}", 'case " $* " in *" reload "*)', *lines, ";; esac", 'exec $real "$@"', ""]
    )
    bench.receiver.run("tee", path, input=text.encode())
    bench.receiver.run("chmod", "755", path)
    yield
    bench.receiver.run("rm", "-f", path, "/run/reached")


def signs_in(bench: Bench) -> bool:
    """Tell whether the administrator gets in, by OpenSSH's own client."""
    options = ("IdentitiesOnly=yes", "BatchMode=yes", "IdentityAgent=none", f"UserKnownHostsFile={bench.known_hosts}")
    done = subprocess.run(
        [
            *("ssh", "-F", "none", "-i", str(bench.key.path), *(f"-o{option}" for option in options)),
            *(f"{bench.receiver.admin}@{bench.receiver.address}", "sudo -n id -un"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout == "root\n"


def wait_until(bench: Bench, condition: str) -> None:
    """Wait for a line of shell to be true on the receiver."""
    deadline = time.monotonic() + 40
    while bench.receiver.run("sh", "-c", condition).returncode:
        assert time.monotonic() < deadline, condition
        time.sleep(0.1)


def left_running(bench: Bench) -> str:
    """Return what of ours still runs on the receiver, systemd's units included."""
    script = (
        "for file in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <$file | grep 'receiver-setup/[j]ournal'; done; "
        "[ ! -d /run/systemd/system ] || systemctl list-units --all --no-legend 'receiver-setup*'"
    )
    return bench.receiver.run("sh", "-c", script).stdout.decode()


def test_a_run_whose_link_is_cut_in_a_lock_out_waits_until_the_receiver_saved_itself(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    with reload_spoilt(bench, LOCK_OUT, CUT):
        before = bench.state()
        result = bench.setup(camera, options=SHORTLY)
        error = result.json["error"]
        assert (result.code, error["exit_code"], error["rolled_back"]) == (4, 4, True), result.err
        assert "takes everything back by itself" in result.err
        assert bench.receiver.run("test", "-e", "/run/reached").returncode == 0
        assert bench.state() == before
    assert camera.set_commands == []
    assert signs_in(bench)
    assert left_running(bench) == ""
    assert bench.setup(camera).code == 0


def test_a_receiver_saves_itself_though_nobody_is_left_who_asked_for_the_change(
    bench: Bench, make_camera: MakeCamera
) -> None:
    with reload_spoilt(bench, LOCK_OUT, CUT):
        before = bench.state()
        running = bench.start(*bench.arguments(make_camera(), options=SHORTLY))
        wait_until(bench, "test -e /run/reached")
        running.send_signal(signal.SIGKILL)
        finish(running)
        wait_until(bench, f"test -e {JOURNAL}/applied")
        assert not signs_in(bench)
        wait_until(bench, f"test ! -e {JOURNAL}")
        assert bench.state() == before
        assert signs_in(bench)
    assert left_running(bench) == ""


def test_nothing_is_left_running_after_a_run_that_was_confirmed(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    watched: list[str] = []

    def look(name: str) -> None:
        if name == "setftpattr" and not watched:
            watched.append(left_running(bench))

    camera.on_command = look
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert watched == [""]
    assert bench.receiver.run("sh", "-c", f"ls -d {JOURNAL}*").stdout == b""


def test_a_login_that_comes_too_late_finds_everything_taken_back(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    slow = f"[ ! -e {DROP_IN} ] || sleep 9\n"
    bench.receiver.run("sh", "-c", "mv /home/admin/.bashrc /home/admin/.bashrc.former")
    bench.receiver.run("tee", "/home/admin/.bashrc", input=slow.encode())
    before = bench.state()
    result = bench.setup(camera, options=SHORTLY)
    error = result.json["error"]
    assert (result.code, error["kind"], error["rolled_back"]) == (4, "receiver-change", True), result.err
    assert "took everything back by itself" in error["message"]
    assert "--confirm-within" in error["hint"]
    assert bench.state() == before
    assert camera.set_commands == []


def test_an_sshd_that_ends_at_the_reload_runs_again(bench: Bench, make_camera: MakeCamera) -> None:
    kill = f"if [ -e {DROP_IN} ]; then pkill -KILL -o -x sshd; exit 0; fi"
    with reload_spoilt(bench, kill):
        before = bench.state()
        result = bench.setup(make_camera(), options=SHORTLY)
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (4, "receiver-change", True), result.err
        assert bench.state() == before
    bench.receiver.wait_until_listening()
    assert signs_in(bench)


def test_a_person_at_the_console_can_take_it_back_by_hand(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    reached: list[str] = []

    def kill(name: str) -> None:
        if name == "testftp" and not reached:
            reached.append(name)
            running.send_signal(signal.SIGKILL)

    camera.on_command = kill
    running = bench.start(*bench.arguments(camera))
    assert finish(running).code == -signal.SIGKILL
    assert bench.state() != before
    done = bench.receiver.run("sh", f"{JOURNAL}/undo.sh")
    assert done.returncode == 0, done.stderr
    assert "undone undo_user" in done.stdout.decode().replace("|", " ")
    assert bench.state() == before
