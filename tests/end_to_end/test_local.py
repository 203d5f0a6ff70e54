"""`receiver-setup setup --local`: the receiver is the machine that the command runs on."""

import os
import subprocess
from collections.abc import Callable

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, Result, finish
from support.command import start_inside

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]


def start(
    bench: Bench, user: str, camera: EmulatedCamera, *options: str, command: str = "setup", real: bool = False
) -> subprocess.Popen[str]:
    """Start the command on the receiver itself, as `user`; `real`: as a process that shows by its arguments."""
    arguments = (command, "--local", "--camera", camera.url, "--json", *options)
    return start_inside(
        *(str(bench.receiver.pid), user, "cli", *arguments),
        real=real,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD, **bench.environment},
    )


def setup(bench: Bench, user: str, camera: EmulatedCamera, *options: str) -> Result:
    """Run the command on the receiver itself, as `user`, to its end."""
    return finish(start(bench, user, camera, *options))


@pytest.mark.parametrize("user", ["root", "admin"])
def test_this_machine_becomes_a_receiver_and_the_second_time_already_is(
    bench: Bench, make_camera: MakeCamera, user: str
) -> None:
    camera = make_camera()
    before = bench.state()
    check = setup(bench, user, camera, "--check")
    assert (check.code, check.json["changed"]) == (7, True), check.err
    assert bench.state() == before
    first = setup(bench, user, camera)
    assert (first.code, first.json["changed"]) == (0, True), first.err
    assert first.json["receivers"][0]["address"] == "local"
    assert camera.state.fields["ft_server"] == bench.receiver.address
    assert (camera.state.fields["ft_insecure"], first.camera["host_key"]["verified"]) == ("0", True)
    second = setup(bench, user, camera)
    assert (second.code, second.json["changed"]) == (0, False), second.err
    removed = finish(start(bench, user, camera, command="remove"))
    assert (removed.code, removed.json["changed"]) == (0, True), removed.err
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_who_may_not_become_root_here_is_told_so(bench: Bench, make_camera: MakeCamera) -> None:
    bench.receiver.run("sed", "-i", "/^admin/d", "/etc/sudoers")
    result = setup(bench, "admin", make_camera())
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-sudo")


def test_ctrl_c_puts_both_sides_back(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    running: list[subprocess.Popen[str]] = []

    def interrupt(name: str) -> None:
        if name == "testftp":
            own = bench.receiver.run("pgrep", "-f", "inside.py").stdout.split()
            bench.receiver.run("kill", "-INT", *(pid.decode() for pid in own))

    camera.on_command = interrupt
    running.append(start(bench, "root", camera, real=True))
    result = finish(running[0])
    assert (result.code, result.json["error"]["kind"]) == (130, "interrupted"), result.err
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
