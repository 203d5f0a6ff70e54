"""Invalid options are refused before anything is contacted: exit code 2, one sentence, a hint."""

import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.cli.conftest import Run

LOCAL = ["setup", "--local"]
SSH = ["setup", "--receiver", "pi@192.0.2.1"]
HTTP = ["--camera", "192.0.2.2"]
HTTPS = ["--camera", "https://192.0.2.2"]
REFUSED = {
    "no receiver": (["setup", *HTTP], "exactly one of --receiver and --local is required"),
    "both receivers": ([*SSH, "--local", *HTTP], "exactly one of --receiver and --local is required"),
    "no camera": (SSH, "no camera was given"),
    "identity with local": ([*LOCAL, *HTTP, "--identity", "id"], "--identity is for a receiver"),
    "known hosts with local": ([*LOCAL, *HTTP, "--known-hosts", "k"], "--known-hosts is for a receiver"),
    "new host key with local": ([*LOCAL, *HTTP, "--accept-new-host-key"], "--accept-new-host-key is for a receiver"),
    "ssh config with local": ([*LOCAL, *HTTP, "--ssh-config", "c"], "--ssh-config is for a receiver"),
    "ssh password with local": ([*LOCAL, *HTTP, "--ssh-password-file", "p"], "--ssh-password-file is for a receiver"),
    "CA with http": ([*LOCAL, *HTTP, "--camera-ca-file", "c"], "--camera-ca-file is for a camera"),
    "fingerprint with http": ([*LOCAL, *HTTP, "--camera-fingerprint", "ab"], "--camera-fingerprint is for a camera"),
    "insecure with http": ([*LOCAL, *HTTP, "--camera-insecure"], "--camera-insecure is for a camera"),
    "quiet and verbose": ([*LOCAL, *HTTP, "-q", "-v"], "contradict each other"),
    "identity missing": ([*SSH, *HTTP, "--identity", "missing"], "--identity: there is no file missing"),
    "ssh config missing": ([*SSH, *HTTP, "--ssh-config", "missing"], "--ssh-config: there is no file missing"),
    "CA missing": ([*LOCAL, *HTTPS, "--camera-ca-file", "missing"], "--camera-ca-file: there is no file missing"),
    "camera twice": ([*LOCAL, *HTTP, *HTTP], "was given twice"),
    "bad receiver": (["setup", "--receiver", "a b", *HTTP], "the receiver's address cannot be read"),
    "bad port": (["setup", "--receiver", "h:70000", *HTTP], "is not a port"),
    "root as user": ([*LOCAL, *HTTP, "--user", "root"], "the upload user cannot be root"),
    "bad user": ([*LOCAL, *HTTP, "--user", "a;b"], "is not a name that useradd takes"),
    "bad directory": ([*LOCAL, *HTTP, "--directory", "../x"], "the recordings directory"),
    "bad home": ([*LOCAL, *HTTP, "--home", "/etc/x"], "is a folder of the system"),
    "dialled with user": ([*LOCAL, *HTTP, "--receiver-address", "pi@x"], "has no user"),
    "unknown option": ([*LOCAL, "--colour"], "No such option"),
    "bad choice": ([*LOCAL, *HTTP, "--auth", "none"], "Invalid value for '--auth'"),
    "no jobs": ([*LOCAL, *HTTP, "--jobs", "0"], "Invalid value for '--jobs'"),
    "no time": ([*LOCAL, *HTTP, "--timeout", "0"], "Invalid value for '--timeout'"),
    "endless time": ([*SSH, *HTTP, "--check", "--timeout", "inf"], "--timeout"),
    "time that is no number": ([*SSH, *HTTP, "--check", "--timeout", "nan"], "--timeout"),
    "receipt of another kind": ([*LOCAL, *HTTP, "--receipt", "x.txt"], "ends neither in .json nor in .md"),
    "receipt without a kind": ([*LOCAL, *HTTP, "--receipt", ".json"], "ends neither in .json nor in .md"),
    "receipt nowhere": ([*LOCAL, *HTTP, "--receipt", "/missing/x.json"], "there is no folder /missing"),
    "receipt in a file": ([*LOCAL, *HTTP, "--receipt", "/etc/passwd/x.md"], "/etc/passwd/x.md cannot be used"),
    "receipt of a long name": ([*LOCAL, *HTTP, "--receipt", f"/tmp/{'x' * 300}.md"], "cannot be used"),  # noqa: S108 - never made
    "receipt of a check": ([*LOCAL, *HTTP, "--receipt", "x.json", "--check"], "--check sets nothing up"),
    "password file missing": (
        [*LOCAL, *HTTP, "--camera-password-file", "missing"],
        "cannot read the password file missing",
    ),
    "unknown command": (["set-up"], "No such command"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_with_one_sentence_and_one_object(run_cli: "Run", case: str) -> None:
    arguments, told = REFUSED[case]
    done = run_cli(*arguments, "--json")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0].startswith("error: ")
    assert told in lines[0]
    assert "Traceback" not in done.stderr
    whole = json.loads(done.stdout)
    assert (whole["ok"], whole["changed"], whole["receivers"]) == (False, False, [])
    assert (whole["error"]["kind"], whole["error"]["exit_code"]) == ("configuration", 2)
    assert f"error: {whole['error']['message']}" in done.stderr
    assert whole["error"]["rolled_back"] is None


@pytest.mark.parametrize("case", ["no receiver", "unknown option", "bad user"])
def test_without_json_a_refusal_prints_no_result(run_cli: "Run", case: str) -> None:
    done = run_cli(*REFUSED[case][0])
    assert (done.returncode, done.stdout) == (2, "")
    assert "\nhint: " in done.stderr


def test_a_refused_check_says_that_it_was_one(run_cli: "Run") -> None:
    assert json.loads(run_cli("setup", "--check", "--json").stdout)["check"] is True


def test_a_password_in_the_receivers_address_is_not_repeated(run_cli: "Run") -> None:
    done = run_cli("setup", "--receiver", "pi:hunter2@192.0.2.1", *HTTP, "-vv", "--json")
    assert done.returncode == 2
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"\r\nx", b"\xff\xfe"])
def test_a_password_file_without_a_password_is_refused(run_cli: "Run", tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)
    done = run_cli(*LOCAL, *HTTP, "--camera-password-file", path)
    assert done.returncode == 2
    assert str(path) in done.stderr


@pytest.mark.parametrize("user", ["admin", "u" * 31])
@pytest.mark.parametrize("command", ["setup", "verify", "status", "remove"])
def test_a_login_that_is_longer_than_a_camera_s_is_refused_before_anything_is_contacted(
    run_cli: "Run", command: str, user: str
) -> None:
    password = "p" * 31 if user == "admin" else "short"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)  # noqa: FBT003 - as sockets have it
        at = f"127.0.0.1:{server.getsockname()[1]}"
        words = (command, "--receiver", f"pi@{at}", "--camera", f"http://{user}@{at}")
        done = run_cli(*words, env={"RECEIVER_SETUP_CAMERA_PASSWORD": password.encode()})
        with pytest.raises(BlockingIOError):
            server.accept()
    assert done.returncode == 2
    assert "30 characters" in done.stderr
    assert password not in done.stderr or password == "short"


def test_a_password_that_is_no_text_is_refused_without_being_shown(run_cli: "Run") -> None:
    done = run_cli(*LOCAL, *HTTP, "-vv", env={"RECEIVER_SETUP_CAMERA_PASSWORD": b"hunter\xff2"})
    assert done.returncode == 2
    assert "RECEIVER_SETUP_CAMERA_PASSWORD" in done.stderr
    assert "hunter" not in done.stderr
