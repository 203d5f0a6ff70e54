"""`camera record`: a file without the secrets of its run, and a camera that is as it was afterwards."""

import base64
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench
from support.desk import PromptQueue

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.recording.journal import Journal

pytestmark = pytest.mark.usefixtures("private_network")
HOME = {
    **FORMER, "ft_server": "grandmas-nas.lan", "ft_username": "grandmother", "ft_password": "her & secret+word",
    "ft_dirname": "./garden-gate",
}  # fmt: skip
SECRETS = (CAMERA_PASSWORD, *(HOME[name] for name in ("ft_server", "ft_username", "ft_password")), "garden-gate")


@pytest.fixture
def desk(tmp_path: Path) -> PromptQueue:
    return PromptQueue(tmp_path)


@contextmanager
def camera_with(settings: dict[str, str] | None = None, **profile: Any) -> Iterator[EmulatedCamera]:
    made = Profile(**profile)
    with EmulatedCamera(made, host=HOST_ADDRESS, password=CAMERA_PASSWORD, settings=settings or HOME) as camera:
        yield camera


def spellings(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], secret.encode().hex())
    for offset in range(3):
        yield base64.b64encode(b"x" * offset + secret.encode()).decode()[4:-4]


KINDS: dict[str, dict[str, Any]] = {
    "its key": {},
    "its password first": {"auth_order": "password-then-key"},
    "curl, over https": {"uploader": "curl", "https": True},
    "a firmware that tells its password": {"password_returned": True, "crlf": True, "login_methods": ("query",)},
    "no key": {"key": "none", "auth_order": "password", "test_response_field": False, "unchanged_is_219": True},
}


OFTEN = {"its key", "a firmware that tells its password"}


@pytest.mark.parametrize("kind", [pytest.param(k, marks=() if k in OFTEN else (pytest.mark.rest,)) for k in KINDS])
def test_a_recording_holds_no_secret_of_its_run_and_the_camera_is_as_it_was(desk: PromptQueue, kind: str) -> None:
    with camera_with(**KINDS[kind]) as camera:
        before = dict(camera.state.fields)
        secrets = [
            *SECRETS,
            HOST_ADDRESS,
            *([camera.state.public_key_line.split()[1]] if camera.state.public_key_line else []),
        ]
        insecure = ("--camera-insecure",) if camera.url.startswith("https") else ()
        login = ("--camera-login", "query") if "login_methods" in KINDS[kind] else ()
        recording = desk.record(camera, *insecure, *login)
        assert camera.state.fields == before
    text = json.dumps(recording.data)
    assert [
        secret for secret in secrets for spelling in spellings(secret) if spelling.casefold() in text.casefold()
    ] == []
    assert desk.journals == []
    assert {each["name"] for each in recording.lessons} >= {"plain", "folder missing", "key refused", "host key known"}
    plain = recording.upload("plain")
    refused = recording.upload("key refused")
    assert plain is not None
    assert refused is not None
    if kind == "no key":
        assert [each["method"] for each in plain["auth"]] == ["password"]
        assert [each["op"] for each in refused["sftp"]]
    else:
        assert plain["auth"][-1]["key"] == ["ssh-rsa", 2048]
    assert (recording.tls is not None) == bool(insecure)
    asked = [each["request"]["command"] for each in recording.http]
    assert asked[:7] == [
        "getftpattr", "getpubkey", "getftpaction", "getftpactionattr", "getsnapschedftpattr", "getsnaptimerftpattr",
        "getserverinfo",
    ]  # fmt: skip


def test_without_uploader_the_camera_is_only_read(desk: PromptQueue) -> None:
    with camera_with() as camera:
        code, out, err = desk.run(camera, "camera", "record", "here.json", "--json")
        assert code == 0, err
        assert camera.set_commands == []
        assert camera.uploads == []
        again = desk.run(camera, "camera", "record", "here.json")
    assert json.loads(out)["camera"]["lessons"] == []
    assert (again[0], "exists already" in again[2]) == (2, True)


def test_a_camera_that_verifies_keeps_the_key_that_it_trusts(desk: PromptQueue) -> None:
    trusted = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
    with camera_with({**HOME, "ft_insecure": "0"}) as camera:
        camera.state.trust(trusted, replace=True)
        recording = desk.record(camera)
        assert camera.state.trusted_host_keys == [trusted]
        assert camera.state.fields["ft_insecure"] == "0"
    assert "host key known" not in [each["name"] for each in recording.lessons]
    left_out = [each for each in recording.data["unknown"] if "trusted host key" in each]
    assert "the camera verifies its receiver today" in left_out[0]


def test_a_camera_that_does_not_connect_gets_one_lesson_and_the_likely_reason(desk: PromptQueue) -> None:
    with camera_with(test_claims="-1") as camera:
        before = dict(camera.state.fields)
        recording = desk.record(camera)
        assert (len(camera.uploads), camera.state.fields) == (1, before)
    assert [each["name"] for each in recording.lessons] == ["plain"]
    assert "firewall" in recording.data["unknown"][-1]


def test_a_state_folder_that_cannot_be_made_ends_it_before_any_change(desk: PromptQueue) -> None:
    (desk.folder / "state").write_text("")
    with camera_with() as camera:
        code, _, err = desk.run(camera, "camera", "record", "lost.json", "--uploader", "--yes")
        assert (code, "settings cannot be saved" in err) == (2, True), err
        assert camera.set_commands == []


def killed_at(desk: PromptQueue, camera: EmulatedCamera, command: str, nth: int) -> None:
    """Record, and kill the run with -9 when the camera gets this command for the nth time."""
    seen: list[str] = []

    def kill(name: str) -> None:
        seen.append(name)
        if name == command and seen.count(command) == nth:
            os.kill(process.pid, signal.SIGKILL)

    camera.on_command = kill
    process = desk.start(camera, "camera", "record", "lost.json", "--uploader", "--yes", real=True)
    process.communicate()
    camera.on_command = None
    assert process.returncode == -signal.SIGKILL
    end = time.monotonic() + 60
    while len(camera.uploads) < seen.count("testftp") and time.monotonic() < end:
        time.sleep(0.05)


def test_a_run_that_was_killed_is_told_by_what_reads_and_undone_by_what_changes(desk: PromptQueue) -> None:
    with camera_with(test_timeout_s=3.0) as camera:
        before = dict(camera.state.fields)
        killed_at(desk, camera, "testftp", 2)
        assert camera.state.fields["ft_server"] == HOST_ADDRESS
        assert len(desk.journals) == 1
        assert CAMERA_PASSWORD not in desk.journals[0].read_text()
        for words in (("show",), ("test",), ("pubkey",), ("set", "--mode", "0", "--check")):
            sent = len(camera.set_commands)
            code, out, err = desk.run(camera, "camera", *words)
            assert (code, "recording of the camera" in err) == (7, True), err
            assert out == ""
            assert len(camera.set_commands) == sent
        as_json = desk.run(camera, "camera", "show", "--json")
        assert json.loads(as_json[1])["error"]["kind"] == "camera-unfinished"
        code, _, err = desk.run(camera, "camera", "set", "--mode", "0")
        assert (code, "restored the settings that an interrupted recording" in err) == (0, True), err
        assert camera.state.fields == {**before, "ft_mode": "0"}
        assert desk.journals == []
        assert desk.run(camera, "camera", "show")[0] == 0


@pytest.mark.parametrize("nth", [1, pytest.param(2, marks=pytest.mark.rest)])
def test_a_run_that_was_killed_while_setting_is_undone_by_the_next_recording(desk: PromptQueue, nth: int) -> None:
    with camera_with() as camera:
        before = dict(camera.state.fields)
        killed_at(desk, camera, "setftpattr", nth)
        desk.record(camera)
        assert camera.state.fields == before
        assert desk.journals == []


def test_ctrl_c_puts_the_camera_back(desk: PromptQueue) -> None:
    with camera_with() as camera:
        before = dict(camera.state.fields)
        running: list[Any] = []
        camera.on_command = lambda name: os.kill(running[0].pid, signal.SIGINT) if name == "testftp" else None
        process = desk.start(camera, "camera", "record", "lost.json", "--uploader", "--yes", real=True)
        running.append(process)
        _, err = process.communicate()
        camera.on_command = None
        assert (process.returncode, "Traceback" in err) == (130, False), err
        assert camera.state.fields == before
    assert desk.journals == []
    assert not (desk.folder / "lost.json").exists()


def test_set_up_and_removal_put_a_camera_back_first_and_verify_says_so(
    bench: Bench, make_camera: Callable[..., EmulatedCamera], desk: PromptQueue
) -> None:
    bench.environment["XDG_STATE_HOME"] = desk.environment["XDG_STATE_HOME"]
    camera = make_camera(HOME)
    before = dict(camera.state.fields)
    killed_at(desk, camera, "testftp", 1)
    assert bench.setup(camera, options=("--check",)).code == 7
    first = bench.setup(camera)
    assert first.code == 0, first.err
    killed_at(desk, camera, "testftp", 1)
    looked = bench.verify(camera)
    assert (looked.code, "recording of the camera" in looked.err) == (7, True), looked.err
    removed = bench.remove(camera)
    assert removed.code == 0, removed.err
    kept = {name: value for name, value in before.items() if name != "ft_password"}
    assert {name: camera.state.fields[name] for name in kept} == kept


@pytest.mark.rest
def test_a_recording_that_cannot_be_undone_costs_its_own_camera_alone(
    bench: Bench, make_camera: Callable[..., EmulatedCamera], desk: PromptQueue
) -> None:
    """What reads says so of the one camera, what changes says why it is not back; the other one goes on."""
    bench.environment["XDG_STATE_HOME"] = state = desk.environment["XDG_STATE_HOME"]
    lost, good = make_camera(HOME, denied_commands=("setftpattr",)), make_camera()
    journal = Journal.of(lost.url, {"XDG_STATE_HOME": state})
    journal.write({"ft_server": "grandmas-other-nas.lan"})
    runs: tuple[tuple[Any, tuple[str, ...], int, str], ...] = (
        (bench.setup, ("--check",), 7, "camera-unfinished"),
        (bench.setup, (), 3, "camera-no-permission"),
        (bench.verify, (), 7, "camera-unfinished"),
        (bench.remove, (), 3, "camera-no-permission"),
    )
    for run, options, code, kind in runs:
        done = run(lost, good, options=options)
        assert done.code == code, done.err
        first, other = done.json["receivers"][0]["cameras"]
        assert (first["ok"], first["error"]["kind"], first["error"]["exit_code"]) == (False, kind, code)
        assert (other["ok"], other["error"]) == (True, None), done.err
        assert (done.json["error"]["kind"], done.json["receivers"][0]["error"]) == (kind, None)
        assert journal.path.exists()
    told = bench.run(*(each for each in bench.arguments(lost, good, command="explain") if each != "--json"))
    assert (told.code, good.url in told.out, lost.url in told.out) == (7, True, False), told.err
