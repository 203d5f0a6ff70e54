"""`setup` with a person in front of it: on a terminal it asks, elsewhere it never does."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench
from support.command import start
from support.terminal import IS_IT_HERE, Terminal

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]


@pytest.fixture(autouse=True)
def home(bench: Bench, tmp_path: Path) -> Path:
    """Give the person a home from which ssh finds the receiver's key and host key."""
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(parents=True)
    (folder / "config").write_text(f"IdentityFile {bench.key.path}\nUserKnownHostsFile {bench.known_hosts}\n")
    bench.environment |= {"HOME": str(folder.parent), "SSH_AUTH_SOCK": ""}
    return folder.parent


def test_it_asks_one_thing_after_the_other_and_again_after_a_bad_answer(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    terminal = Terminal(bench, password=None)
    assert "nothing is changed yet" in terminal.answer(IS_IT_HERE, "n")
    shown = terminal.answer("unless given): ", "a b c")
    assert "Receiver, as [USER@]HOST[:PORT]" in shown
    assert "cannot be read" in terminal.answer("unless given): ", "")
    terminal.answer("unless given): ", f"admin@{bench.receiver.address}")
    assert "Camera, as" in terminal.answer("unless given): ", "ftp://1.2.3.4")
    terminal.answer("unless given): ", camera.url)
    assert camera.url in terminal.answer(": ", CAMERA_PASSWORD)
    plan = terminal.wait_for("Go on? [Y/n]: ")
    for told in (f"On admin@{bench.receiver.address}", "ipcamera", "/home/ipcamera", camera.url, "verify the host key"):
        assert told in plan
    assert camera.requests == []
    assert "Connection" not in bench.receiver.log()
    terminal.type("\n")
    assert terminal.end() == 0, terminal.screen
    assert "proven on both sides" in terminal.rest()
    assert CAMERA_PASSWORD not in terminal.screen
    assert camera.state.fields["ft_insecure"] == "0"


def answered(bench: Bench, camera: EmulatedCamera, *options: str) -> Terminal:
    """Return a terminal on which the targets were given already."""
    terminal = Terminal(bench, *options)
    terminal.answer(IS_IT_HERE, "n")
    terminal.answer("unless given): ", f"admin@{bench.receiver.address}")
    terminal.answer("unless given): ", camera.url)
    return terminal


def test_a_no_to_the_plan_changes_nothing(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    terminal = answered(bench, camera)
    terminal.answer("Go on? [Y/n]: ", "n")
    assert terminal.end() == 0
    assert "nothing was changed" in terminal.rest()
    assert camera.requests == []
    assert bench.state() == before


def test_yes_skips_the_confirmation(bench: Bench, make_camera: MakeCamera) -> None:
    terminal = answered(bench, make_camera(), "--yes")
    assert terminal.end() == 0, terminal.screen
    assert "Go on?" not in terminal.screen
    assert "proven on both sides" in terminal.screen


@pytest.mark.parametrize("question", [IS_IT_HERE, "unless given): ", "on the camera", "Go on? [Y/n]: "])
def test_ctrl_c_at_a_question_ends_it_with_nothing_changed(
    bench: Bench, make_camera: MakeCamera, question: str
) -> None:
    camera, before = make_camera(), bench.state()
    terminal = Terminal(bench, password=None)
    answers = ["n", f"admin@{bench.receiver.address}", camera.url, CAMERA_PASSWORD]
    for asked, answer in zip([IS_IT_HERE, "unless given): ", "unless given): ", ": "], answers, strict=True):
        if asked == question or (question == "on the camera" and answer == CAMERA_PASSWORD):
            break
        terminal.answer(asked, answer)
    terminal.wait_for(question)
    time.sleep(0.1)
    terminal.type("\x03")
    assert terminal.end() == 130, terminal.screen
    assert "interrupted" in terminal.rest()
    assert "Traceback" not in terminal.screen
    assert camera.requests == []
    assert bench.state() == before


def test_a_password_that_sudo_wants_is_asked_for_on_the_terminal(bench: Bench, make_camera: MakeCamera) -> None:
    bench.receiver.run("sed", "-i", "s/NOPASSWD: //", "/etc/sudoers")
    bench.receiver.run("chpasswd", input=b"admin:the sudo word\n")
    terminal = answered(bench, make_camera())
    terminal.answer("Go on? [Y/n]: ", "y")
    terminal.answer(f"sudo password on admin@{bench.receiver.address}: ", "the sudo word")
    assert terminal.end() == 0, terminal.screen
    assert terminal.screen.count("sudo password on") == 1
    assert "the sudo word" not in terminal.screen


def test_ctrl_c_at_a_password_for_given_targets_ends_it_with_nothing_changed(
    bench: Bench, make_camera: MakeCamera
) -> None:
    """The login began while the rest was loaded; the question is still the run's own."""
    bench.receiver.run("sed", "-i", "s/NOPASSWD: //", "/etc/sudoers")
    bench.receiver.run("chpasswd", input=b"admin:the sudo word\n")
    camera, before = make_camera(), bench.state()
    targets = ("--receiver", f"admin@{bench.receiver.address}", "--camera", camera.url)
    terminal = Terminal(bench, *targets)
    terminal.wait_for(f"sudo password on admin@{bench.receiver.address}: ")
    assert terminal.interrupt() == 130, terminal.screen
    assert "Traceback" not in terminal.screen
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
    assert bench.state() == before
    terminal = Terminal(bench, *targets)
    terminal.wait_for(f"sudo password on admin@{bench.receiver.address}: ")
    terminal.type("the sudo word\n")
    assert terminal.end() == 0, terminal.screen
    assert terminal.screen.count("sudo password on") == 1


def test_what_is_given_is_not_asked_for(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    terminal = Terminal(bench, "--receiver", f"admin@{bench.receiver.address}", "--camera", camera.url)
    assert terminal.end() == 0, terminal.screen
    assert "?" not in terminal.screen.replace("http?", "")


@pytest.mark.parametrize("only", ["stdin", "stderr", "neither"])
def test_without_a_terminal_it_never_asks(bench: Bench, only: str) -> None:
    ours, theirs = os.openpty()
    process = start(
        "setup",
        text=False,
        stdin=theirs if only == "stdin" else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs if only == "stderr" else subprocess.PIPE,
        env={**os.environ, **bench.environment},
    )
    os.close(theirs)
    out, err = process.communicate(timeout=30)
    said = os.read(ours, 65536) if only == "stderr" else err
    os.close(ours)
    assert process.returncode == 2
    assert out == b""
    assert b"--receiver [USER@]HOST[:PORT]" in said
    assert b"--local" in said
    assert b"?" not in said


def test_without_a_terminal_a_missing_password_is_no_question(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    bench.environment["RECEIVER_SETUP_CAMERA_PASSWORD"] = ""
    result = bench.setup(camera)
    assert result.code in {2, 3}
    assert "RECEIVER_SETUP_CAMERA_PASSWORD" in result.json["error"]["hint"]
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_ctrl_c_in_the_middle_of_it_puts_everything_back(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    terminal = answered(bench, camera, "--yes")
    camera.on_command = lambda name: terminal.type("\x03") if name == "testftp" else None
    assert terminal.end() == 128 + signal.SIGINT, terminal.screen
    assert "put back" in terminal.screen
    assert bench.state() == before
