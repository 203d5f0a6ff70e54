"""The command started as a person starts it; other tests fork their runs, see support/command.py."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeCamera
from support.command import start
from support.screen import OnTerminal
from support.terminal import IS_IT_HERE, Terminal

from receiver_setup.cli import _COMMANDS


def test_the_life_of_a_set_up(bench: Bench, make_camera: MakeCamera) -> None:
    camera, bench = make_camera(), replace(bench, real=True)
    before = bench.state()
    told = []
    for command in ("explain", "setup", "setup", "verify", "status", "remove"):
        result = bench.run(*bench.arguments(camera, command=command))
        assert result.code == 0, result.err
        told.append(result.json["changed"])
    assert told == [True, True, False, False, False, True], "explain tells what would change"
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_starts_without_a_warning(name: str) -> None:
    with start(
        name, "--help", warnings=["error"], real=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert out.startswith(f"Usage: receiver-setup {name}")


def test_commands_without_a_receiver_run_without_a_warning(make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    inventory = tmp_path / "inventory.toml"
    inventory.write_text(
        f'[[receiver]]\nname = "pi"\naddress = "pi@10.99.0.9"\n[[camera]]\nname = "porch"\naddress = "{camera.url}"\n'
    )
    for arguments in (
        ["camera", "show", "--camera", camera.url, "--json"],
        ["inventory", "check", str(inventory)],
    ):
        with start(
            *arguments,
            warnings=["error"],
            real=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD},
        ) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert out


def test_the_program_that_pip_installs_is_the_command() -> None:
    program = Path(sys.executable).with_name("receiver-setup")
    if not program.exists():
        pytest.skip("this interpreter's environment has the sources alone, without the program")
    done = subprocess.run(
        [program, "setup", "--local", "--json"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, json.loads(done.stdout)["error"]["exit_code"]) == (2, 2)


def test_ctrl_c_on_a_terminal(bench: Bench) -> None:
    terminal = Terminal(bench, "--ssh-config", os.devnull, real=True)
    terminal.wait_for(IS_IT_HERE)
    assert terminal.interrupt() == 130


def test_a_live_table_on_a_terminal(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    arguments = [each for each in bench.arguments(camera) if each != "--json"]
    shown = OnTerminal(*arguments, environment={"RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD}, real=True)
    assert shown.end() == 0, shown.screen.text
    assert shown.screen.cursor_shown
    assert "arrived" in shown.screen.text


def test_sigterm_puts_both_sides_back(bench: Bench, make_camera: MakeCamera) -> None:
    camera, bench = make_camera(), replace(bench, real=True)
    before = bench.state()
    process = bench.start(*bench.arguments(camera))
    camera.on_command = lambda name: process.send_signal(signal.SIGTERM) if name == "testftp" else None
    out, err = process.communicate(timeout=120)
    assert (process.returncode, json.loads(out)["error"]["kind"]) == (130, "interrupted"), err
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
