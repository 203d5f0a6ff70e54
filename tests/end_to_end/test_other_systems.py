"""A whole set-up over SSH from Windows and macOS, as far as that can be told on Linux: see support/elsewhere.py."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import elsewhere
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeCamera, Result
from support.terminal import Terminal

ALL_SYSTEMS = pytest.mark.parametrize("system", ["win32", pytest.param("darwin", marks=pytest.mark.rest)])


def run_elsewhere(bench: Bench, system: str, lines: list[list[str]], home: Path) -> list[Result]:
    """Run the command lines on `system`, one after the other in one process."""
    done = subprocess.run(
        [sys.executable, elsewhere.__file__, system, "-"],
        input=json.dumps(lines),
        env={
            **os.environ,
            **bench.environment,
            "HOME": str(home),
            "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    return [Result(code=code, out=out, err=err) for code, out, err in ends]


@ALL_SYSTEMS
def test_the_life_of_a_set_up(bench: Bench, make_camera: MakeCamera, tmp_path: Path, system: str) -> None:
    camera, before = make_camera(), bench.state()
    receipt = tmp_path / "receipt.json"
    plain = {name: bench.arguments(camera, command=name) for name in ("setup", "verify", "status", "remove")}
    told = run_elsewhere(
        bench,
        system,
        [
            [*plain["setup"], "--check", "--diff"],
            [*plain["setup"], "--receipt", str(receipt)],
            [*plain["setup"], "--check"],
            [*plain["verify"], "--receipt", str(receipt), "--camera-via-receiver"],
            plain["status"],
            plain["remove"],
        ],
        tmp_path,
    )
    assert [end.code for end in told] == [7, 0, 0, 0, 0, 0], "\n".join(end.err for end in told)
    assert [end.json["changed"] for end in told] == [True, True, False, False, False, True]
    assert told[1].camera["auth"] == "publickey"
    assert (receipt.stat().st_mode & 0o777, bool(receipt.read_text())) == (0o600, True)
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
    assert CAMERA_PASSWORD not in "".join(end.out + end.err for end in told)


@pytest.mark.rest
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_a_person_is_asked_for_a_receiver_that_is_another_machine(
    bench: Bench, make_camera: MakeCamera, system: str
) -> None:
    camera = make_camera()
    options = ("--identity", str(bench.key.path), "--known-hosts", str(bench.known_hosts), "--ssh-config", os.devnull)
    terminal = Terminal(bench, *options, system=system, password=None)
    shown = terminal.answer("unless given): ", f"admin@{bench.receiver.address}")
    assert "Receiver, as [USER@]HOST[:PORT]" in shown
    assert "this machine" not in shown
    terminal.answer("unless given): ", camera.url)
    terminal.answer(": ", CAMERA_PASSWORD)
    terminal.answer("Go on? [Y/n]: ", "")
    assert terminal.end() == 0, terminal.screen
    assert "proven on both sides" in terminal.rest()
    assert CAMERA_PASSWORD not in terminal.screen


@pytest.mark.rest
def test_ctrl_c_ends_the_wait_for_several_cameras(bench: Bench, make_camera: MakeCamera) -> None:
    """The main thread waits in small pieces there, and puts all back."""
    cameras, before = [make_camera(slow_s=1.0), make_camera(slow_s=1.0)], bench.state()
    targets = ("--receiver", f"admin@{bench.receiver.address}", "--identity", str(bench.key.path), "--jobs", "2")
    named = [part for camera in cameras for part in ("--camera", camera.url)]
    terminal = Terminal(
        bench, *targets, *named, "--known-hosts", str(bench.known_hosts), "--ssh-config", os.devnull, system="win32"
    )
    terminal.wait_for("create user")
    assert terminal.interrupt() == 130, terminal.screen
    assert bench.state() == before
    assert [camera.state.fields["ft_server"] for camera in cameras] == [FORMER["ft_server"]] * 2
