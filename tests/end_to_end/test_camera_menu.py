"""`receiver-setup camera` against an emulated camera: what arrives there, what is said, and what is not sent."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from support.bench import CAMERA_PASSWORD, FORMER, Result, finish
from support.command import start

from receiver_setup import cli
from receiver_setup.camera import Camera
from receiver_setup.camera.messages import SetFtpAttr, SetSnapSchedFtpAttr, SetSnapTimerFtpAttr
from receiver_setup.camera.settings.engine import CameraNotTakenError, settle
from receiver_setup.camera.settings.upload_options import check_values
from receiver_setup.camera.wire.codes import explain_result
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.secrets import Secret, spellings

HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
UPLOAD_PASSWORD = 'up&load +pä%ss#"1"'
MakeCamera = Callable[..., EmulatedCamera]
Run = Callable[..., Result]


@pytest.fixture
def make_camera() -> Iterator[MakeCamera]:
    """Return a function that starts emulated cameras on loopback; no network of our own is needed."""
    started: list[EmulatedCamera] = []

    def make(**profile: Any) -> EmulatedCamera:
        started.append(EmulatedCamera(Profile(**profile), password=CAMERA_PASSWORD, settings=FORMER).__enter__())
        return started[-1]

    yield make
    for camera in started:
        camera.close()


@pytest.fixture
def camera(make_camera: MakeCamera) -> EmulatedCamera:
    return make_camera()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs `receiver-setup camera` in this process, as a shell would."""
    monkeypatch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", CAMERA_PASSWORD)

    def run_it(camera: EmulatedCamera | None, *arguments: str) -> Result:
        target = () if camera is None else ("--camera", camera.url)
        monkeypatch.setattr(sys, "argv", ["receiver-setup", "camera", *arguments, *target])
        with pytest.raises(SystemExit) as ending:
            cli.run()
        out, err = capsys.readouterr()
        assert isinstance(ending.value.code, int)
        return Result(code=ending.value.code, out=out, err=err)

    return run_it


def memory(camera: EmulatedCamera) -> dict[str, Any]:
    """Return everything that the menu can change on a camera."""
    state = camera.state
    return json.loads(  # type: ignore[no-any-return]
        json.dumps([state.fields, state.actions, state.attributes, state.trusted_host_keys])
    )


# ---- show


def test_show_has_every_setting_in_words_beside_its_code(camera: EmulatedCamera, run: Run) -> None:
    result = run(camera, "show")
    assert (result.code, result.err) == (0, "")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines == [
        "server 192.168.178.1 ft_server=192.168.178.1",
        "port 21 ft_port=21",
        "user name former ft_username=former",
        "password never shown ft_password",
        "mode (PORT or PASV) 1 ft_mode=1",
        "directory ./old ft_dirname=./old",
        "create the directory not reported ft_autocreatedir",
        "folders every day a new folder ft_dirmode=1",
        "security none: neither encrypted nor verified ft_ssl=0",
        "verification host not verified ft_insecure=1",
        "upload rec off enable['rec']=0",
        "interval rec 0 s between uploads interval['rec']=0",
        "upload snap off enable['snap']=0",
        "interval snap 15 s between uploads interval['snap']=15",
        "upload timersnap off enable['timersnap']=0",
        "interval timersnap 820 s between uploads interval['timersnap']=820",
        "snapshots at an alarm 5 snapcount=5",
        "schedule off enable=0",
        "schedule time 00:00 Mon times=0-1",
        "schedule files file name made from the time mode=0",
        "schedule prefix off prefix=0",
        "schedule file name snapshot name=snapshot",
        "timer files fixed file name (deprecated by the maker) mode=1",
        "timer prefix on (deprecated by the maker) prefix=1",
        "timer file name test (deprecated by the maker) name=test",
    ]
    assert camera.set_commands == []


def test_show_keeps_what_it_does_not_know(camera: EmulatedCamera, run: Run) -> None:
    camera.state.fields |= {"ft_ssl": "7", "ft_new": "x\x1b[2J"}
    camera.state.actions["dream"] = {"enable": "1", "interval": "?"}
    camera.state.attributes["snapschedftpattr"]["times"] = "36000-1,72000-2"
    text = run(camera, "show").out
    assert "ft_ssl=7" in text
    assert "ft_new=x\\u001b[2J" in text
    assert "enable['dream']=1" in text
    assert "times=36000-1,72000-2" in text
    told = run(camera, "show", "--json").json["camera"]["settings"]
    assert {"name": "interval['dream']", "command": "getftpaction", "field": "interval['dream']", "words": "?",
            "code": "?", "deprecated": False} in told  # fmt: skip


def test_show_goes_on_where_a_firmware_lacks_a_part(make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(missing_commands=("getsnaptimerftpattr",), denied_commands=("getftpactionattr",))
    result = run(camera, "show", "--json")
    assert result.code == 0
    assert list(result.json["camera"]["not_available"]) == ["getftpactionattr", "getsnaptimerftpattr"]
    assert "204 UNKNOWN_COMMAND" in run(camera, "show").out
    assert run(make_camera(missing_commands=("getftpattr",)), "show").code == 3


def test_a_password_that_the_camera_returns_is_not_shown(make_camera: MakeCamera, run: Run) -> None:
    for options in (("--json", "-vv"), ("-vv",)):
        result = run(make_camera(password_returned=True), "show", *options)
        assert FORMER["ft_password"] not in result.out + result.err


# ---- each change: check, apply, check, apply


CHANGES: list[tuple[list[str], list[str], dict[str, str]]] = [
    (["set", "--server", "192.168.2.110", "--security", "sftp", "--username", "ipcamera", "--verify"],
     ["server", "port", "user name", "security", "verification"],
     {"ft_server": "192.168.2.110", "ft_port": "22", "ft_username": "ipcamera", "ft_ssl": "2", "ft_insecure": "0"}),
    (["set", "--directory", "a b&=+%#ü'\"q\"", "--flat", "--mode", "0", "--port", "2222"],
     ["port", "mode (PORT or PASV)", "directory", "folders"],
     {"ft_dirname": "a b&=+%#ü'\"q\"", "ft_dirmode": "0", "ft_mode": "0", "ft_port": "2222"}),
    (["action", "rec", "--enable", "--interval", "60"], ["upload rec", "interval rec"],
     {"rec.enable": "1", "rec.interval": "60"}),
    (["action", "timersnap", "--interval", "3600"], ["interval timersnap"], {"timersnap.interval": "3600"}),
    (["snapshots", "10"], ["snapshots at an alarm"], {"snapcount": "10"}),
    (["schedule", "--at", "10:00 Mo-Di,So", "--enable", "--name", "fr ö+nt", "--prefix", "--fixed-name"],
     ["schedule", "schedule time", "schedule files", "schedule prefix", "schedule file name"],
     {"times": "36000-67", "enable": "1", "name": "fr ö+nt", "prefix": "1", "mode": "1"}),
    (["timer", "--name", "instar", "--no-prefix", "--timestamp"], ["timer files", "timer prefix", "timer file name"],
     {"timer.name": "instar", "timer.prefix": "0", "timer.mode": "0"}),
]  # fmt: skip
IDS = [" ".join(arguments[:2]) for arguments, _, _ in CHANGES]


def flat(camera: EmulatedCamera) -> dict[str, str]:
    """Return a camera's memory under one name each."""
    state = camera.state
    actions = {f"{kind}.{name}": value for kind, values in state.actions.items() for name, value in values.items()}
    timer = {f"timer.{name}": value for name, value in state.attributes["snaptimerftpattr"].items()}
    schedule = state.attributes["snapschedftpattr"]
    return {**state.fields, **actions, **timer, **schedule, **state.attributes["ftpactionattr"]}


@pytest.mark.parametrize(("arguments", "names", "expected"), CHANGES, ids=IDS)
def test_check_apply_check_apply(
    arguments: list[str], names: list[str], expected: dict[str, str], camera: EmulatedCamera, run: Run
) -> None:
    before = memory(camera)
    check = run(camera, *arguments, "--check", "--json")
    assert (check.code, check.json["ok"], check.json["changed"], check.json["check"]) == (7, True, True, True)
    assert [change["name"] for change in check.json["camera"]["changes"]] == names
    assert memory(camera) == before
    assert camera.set_commands == []

    applied = run(camera, *arguments, "--json")
    assert (applied.code, applied.json["changed"], applied.json["check"]) == (0, True, False)
    assert applied.json["camera"]["changes"] == check.json["camera"]["changes"]
    assert {name: flat(camera)[name] for name in expected} == expected
    assert len(camera.set_commands) == 1
    assert camera.requests[-1].command.startswith("get")

    again = run(camera, *arguments, "--check", "--json")
    assert (again.code, again.json["changed"], again.json["camera"]["changes"]) == (0, False, [])

    last = run(camera, *arguments, "--json")
    assert (last.code, last.json["changed"], last.json["camera"]["changes"]) == (0, False, [])
    assert len(camera.set_commands) == 1


@pytest.mark.parametrize(("arguments", "names", "expected"), CHANGES, ids=IDS)
def test_a_person_sees_before_and_after_and_unchanged(
    arguments: list[str], names: list[str], expected: dict[str, str], camera: EmulatedCamera, run: Run
) -> None:
    assert expected
    check = run(camera, *arguments, "--check")
    assert (check.code, check.out.count(" → ")) == (7, len(names))
    assert check.out.endswith("nothing was changed: this was a check\n")
    applied = run(camera, *arguments)
    assert applied.out.splitlines()[:-1] == check.out.splitlines()[:-1]
    assert applied.out.endswith("\nchanged\n")
    again = run(camera, *arguments)
    assert again.code == 0
    assert {line.partition(":")[0] for line in again.out.splitlines()} == {"unchanged"}


def test_trust_check_apply_check_apply(camera: EmulatedCamera, run: Run) -> None:
    for arguments, code in ((["--check"], 7), ([], 0), (["--check"], 7), ([], 0)):
        result = run(camera, "trust", HOST_KEY, *arguments, "--json")
        # What a camera trusts cannot be read, so it counts as new each time.
        assert (result.code, result.json["changed"]) == (code, True)
        assert result.json["camera"]["sent"] == (None if arguments else {"cmd": "testftp", "sethost": HOST_KEY})
    assert camera.set_commands == ["testftp", "testftp"]
    assert camera.state.trusted_host_keys == [HOST_KEY]


def test_a_trust_of_which_no_answer_can_be_read_counts_as_changed(make_camera: MakeCamera, run: Run) -> None:
    """The key was sent, and what the camera trusts cannot be read."""
    result = run(make_camera(serves="http/0.9"), "trust", HOST_KEY, "--json")
    assert (result.json["error"]["kind"], result.json["changed"]) == ("camera-reply", True), result.err


def test_a_password_is_sent_each_time_and_never_shown(camera: EmulatedCamera, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(UPLOAD_PASSWORD + "\n")
    seen = ""
    for options, code in ((["--check"], 7), ([], 0), (["--check"], 7), ([], 0)):
        for form in ([], ["--json"]):
            result = run(camera, "set", "--password-file", str(file), "-vv", *options, *form)
            assert (result.code, "********" in result.out) == (code, True)
            seen += result.out + result.err
    assert camera.state.fields["ft_password"] == UPLOAD_PASSWORD
    assert [form for secret in (UPLOAD_PASSWORD, CAMERA_PASSWORD) for form in spellings(secret) if form in seen] == []


def test_what_the_camera_does_not_tell_counts_as_changed_unless_it_says_219(make_camera: MakeCamera, run: Run) -> None:
    arguments = ("set", "--create-directory", "--json")
    for says_219, last in ((False, True), (True, False)):
        camera = make_camera(unchanged_is_219=says_219)
        assert run(camera, *arguments).json["changed"] is True
        assert run(camera, *arguments).json["changed"] is last
        assert camera.state.fields["ft_autocreatedir"] == "1"


@pytest.mark.parametrize(
    "profile", [{"requires_all_fields": True}, {"crlf": True}, {"busy_times": 1}, {"login_methods": ("query",)},
                {"login_methods": ("token",), "challenge": False, "login_refused_as": "211"}],
)  # fmt: skip
def test_cameras_that_differ(profile: dict[str, Any], make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(**profile)
    login = {"query": ("--camera-login", "query"), "token": ("--camera-login", "token")}
    way = login.get(profile.get("login_methods", ("",))[0], ())
    result = run(camera, "set", "--directory", "new", *way)
    assert (result.code, camera.state.fields["ft_dirname"]) == (0, "new"), result.err
    assert {**camera.state.fields, "ft_dirname": FORMER["ft_dirname"]}.items() >= FORMER.items()


def test_https_is_checked(make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(https=True)
    assert run(camera, "show").code == 3
    assert run(camera, "show", "--camera-fingerprint", str(camera.certificate_fingerprint)).code == 0
    assert run(camera, "show", "--camera-insecure").code == 0


# ---- values that the camera did not take


def test_value_that_was_cut_is_an_error_and_the_former_one_is_put_back(make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(field_limit=8, field_too_long="cut")
    camera.state.fields["ft_server"] = "nas"
    result = run(camera, "set", "--directory", "recordings", "--flat", "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-not-taken")
    assert result.json["error"]["rolled_back"] is True
    assert "'recordin' instead of 'recordings'" in result.json["error"]["message"]
    assert result.json["changed"] is False
    assert (camera.state.fields["ft_dirname"], camera.state.fields["ft_dirmode"]) == ("./old", "1")
    camera.profile = replace(camera.profile, field_too_long="refuse")
    refused = run(camera, "set", "--directory", "recordings", "--json")
    assert (refused.code, refused.json["error"]["kind"]) == (3, "camera-invalid-value")


def test_former_value_that_cannot_be_put_back_is_not_claimed_to_be(camera: EmulatedCamera) -> None:
    with Camera(camera.url, CAMERA_PASSWORD) as client:
        camera.on_command = lambda name: camera.state.fields.update(ft_port="21") if name == "getftpattr" else None
        with pytest.raises(CameraNotTakenError) as caught:
            settle(client, SetFtpAttr(port=22, password=Secret("new")))
    assert caught.value.rolled_back is False


def test_what_is_taken_with_200_and_ignored_is_named(make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(ignored_fields=("ft_port",))
    result = run(camera, "set", "--port", "2222", "--directory", "new")
    assert result.code == 3
    assert "accepted `ft_port` with 200 but still has 21" in result.err
    assert "reading again for up to 12 s" in result.err
    assert "everything that had been changed was put back" in result.err
    assert camera.state.fields == {**camera.state.fields, "ft_port": "21", "ft_dirname": "./old"}


def test_values_that_were_sent_and_cannot_be_read_or_put_back_are_said_to_have_been(
    make_camera: MakeCamera, run: Run
) -> None:
    camera = make_camera()

    def deny(command: str) -> None:
        if command == "setftpattr":
            camera.profile = Profile(denied_commands=("getftpattr",))

    camera.on_command = deny
    result = run(camera, "set", "--port", "2222", "--json")
    error = result.json["error"]
    assert (result.code, error["exit_code"], error["rolled_back"]) == (6, 6, False), result.err
    assert "the new port had been sent to it before; then the former settings of the camera" in error["message"]
    assert "ft_port=21" in error["hint"]
    assert result.json["changed"] is True


def test_a_password_that_was_replaced_is_named_where_all_else_is_back(
    make_camera: MakeCamera, run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(UPLOAD_PASSWORD)
    camera = make_camera(ignored_fields=("ft_port",))
    result = run(camera, "set", "--port", "2222", "--password-file", str(file))
    assert result.code == 3
    assert "put back, but not all of it" in result.err
    assert "the former ft_password could not be read and is not restored" in result.err
    assert "everything" not in result.err


# ---- invalid values are refused before anything is sent


REFUSED: list[tuple[list[str], str]] = [
    (["action", "rec", "--interval", "0"], "1 to 3600 seconds"),
    (["action", "rec", "--interval", "3601"], "1 to 3600 seconds"),
    (["action", "rec", "--interval", "x"], "integer"),
    (["action", "rec"], "least one setting"),
    (["action", "dream", "--enable"], "'timersnap'"),
    (["snapshots", "0"], "1 to 10"),
    (["snapshots", "11"], "1 to 10"),
    (["schedule", "--at", "24:00 daily"], "00:00 to 23:59"),
    (["schedule", "--at", "10:00 Foo"], "10:00 Mon-Fri"),
    (["schedule", "--at", "10:00"], "10:00 Mon-Fri"),
    (["schedule"], "least one setting"),
    (["schedule", "--name", ""], "give a file name"),
    (["timer"], "least one setting"),
    (["timer", "--name", "a\nb"], "control characters"),
    (["set"], "least one setting"),
    (["set", "--port", "0"], "1 to 65535"),
    (["set", "--port", "70000"], "1 to 65535"),
    (["set", "--server", ""], "server"),
    (["set", "--server", "two words"], "host name"),
    (["set", "--mode", "2"], "0 to 1"),
    (["set", "--security", "tls"], "'sftp'"),
    (["set", "--directory", 'x"; ft_port="1'], "leave"),
    (["set", "--password-file", "/nonexistent"], ""),
    (["set", "--directory", "x", "-q", "-v"], ""),
    (["set", "--directory", "x", "--camera-insecure"], "leave it out"),
    (["set", "--directory", "x", "--timeout", "inf"], "such as 10"),
    (["trust", "hello"], "base64"),
    (["trust", HOST_KEY[:-8]], "base64"),
    (["trust", "/etc/passwd"], "base64"),
    (["trust", "/bin/sh"], ".pub"),
    (["trust"], "--help"),
    (["test", "--check"], "--help"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "allowed"), REFUSED, ids=[repr(arguments) for arguments, _ in REFUSED])
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_nothing_is_sent_for_what_no_camera_takes(
    form: list[str], arguments: list[str], allowed: str, camera: EmulatedCamera, run: Run
) -> None:
    result = run(camera, *arguments, *form)
    assert result.code == 2, result.err
    assert allowed in result.err
    assert result.err.startswith("error: ")
    assert camera.requests == []
    if form:
        assert result.json["ok"] is result.json["changed"] is False
        assert list(result.json) == ["ok", "changed", "check", "camera", "error"]
        assert result.json["error"]["exit_code"] == 2
        assert "address" in result.json["camera"]
    else:
        assert result.out == ""


def test_values_are_checked_before_a_password_is_asked_for(camera: EmulatedCamera, run: Run) -> None:
    result = run(camera, "set", "--directory", 'x"; ft_port="1', "--camera-password-file", "/nonexistent")
    assert (result.code, "quote" in result.err) == (2, True)


@pytest.mark.parametrize("arguments", [["nonsense"], ["--bad"], [], ["show"], ["show", "--camera", "a b"]], ids=str)
def test_usage_errors_are_json_as_well(arguments: list[str], run: Run) -> None:
    result = run(None, *arguments, "--json")
    assert (result.code, result.json["error"]["kind"]) == (2, "configuration")
    assert result.json["camera"] == {"address": None}


def test_an_unreachable_camera_is_one_object_too(camera: EmulatedCamera, run: Run) -> None:
    camera.close()
    result = run(camera, "show", "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable")
    assert result.json["camera"]["address"] == camera.url


def test_a_wrong_password_is_sent_once(camera: EmulatedCamera, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", "wrong-for-this-test")
    result = run(camera, "snapshots", "3", "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-login")
    assert camera.wrong_password_attempts == 1


def test_a_password_in_the_address_is_taken_with_a_warning(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RECEIVER_SETUP_CAMERA_PASSWORD")
    with EmulatedCamera(password="simple-one") as camera:
        result = run(None, "snapshots", "3", "--camera", f"admin:simple-one@127.0.0.1:{camera.port}")
    assert result.code == 0
    assert "warning" in result.err
    assert "simple-one" not in result.err + result.out


# ---- test, pubkey, trust


@pytest.mark.parametrize("result", [0, -1, -2, -3, -5, -7, -8, -9])
def test_a_test_is_told_in_words_with_cause_and_remedy(result: int, make_camera: MakeCamera, run: Run) -> None:
    known = explain_result(result)
    camera = make_camera(test_claims=str(result))
    text = run(camera, "test")
    assert text.code == (0 if result == 0 else 5)
    assert f"{result} {known.name}" in text.out
    assert known.cause in text.out
    assert known.remedy in text.out
    assert ("error: " in text.err) is (result != 0)
    told = run(camera, "test", "--json")
    assert told.code == text.code
    assert told.json["camera"]["test"] == {
        "result": result, "name": known.name, "cause": known.cause, "remedy": known.remedy,
    }  # fmt: skip
    assert (told.json["error"] is None) is (result == 0)
    assert (told.json["error"] or {}).get("hint", known.remedy) == known.remedy
    assert camera.set_commands == []


def test_pubkey_is_a_line_on_standard_output_alone(camera: EmulatedCamera, run: Run) -> None:
    line = camera.state.public_key_line
    assert line is not None
    key = PublicKey.from_line(line)
    result = run(camera, "pubkey")
    assert (result.code, result.out) == (0, f"{key.line}\n")
    assert "2048 bits" in result.err
    assert key.fingerprint in result.err
    quiet = run(camera, "pubkey", "-q")
    assert (quiet.out, quiet.err) == (f"{key.line}\n", "")
    assert run(camera, "pubkey", "--json").json["camera"]["public_key"] == {
        "type": "ssh-rsa", "bits": 2048, "fingerprint": key.fingerprint, "line": key.line,
    }  # fmt: skip


def test_a_firmware_without_a_key_says_so(make_camera: MakeCamera, run: Run) -> None:
    result = run(make_camera(key="none"), "pubkey", "--json")
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-no-key-login")


def test_trust_takes_a_key_a_line_a_file_and_standard_input(
    make_camera: MakeCamera, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = tmp_path / "ssh_host_ed25519_key.pub"
    public.write_text(f"ssh-ed25519 {HOST_KEY} root@attic\n")
    known = tmp_path / "known_hosts"
    known.write_text(f"# attic\n[attic]:2222 ssh-ed25519 {HOST_KEY}\n")
    given_ = [
        [HOST_KEY],
        [f"ssh-ed25519 {HOST_KEY} root@attic"],
        ["ssh-ed25519", HOST_KEY],
        [str(public)],
        [str(known)],
        ["-"],
    ]
    for words in given_:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(known.read_bytes())))
        camera = make_camera()
        result = run(camera, "trust", *words)
        assert result.code == 0, result.err
        # Every byte arrived, the + among them.
        assert camera.state.trusted_host_keys == [HOST_KEY]
        assert PublicKey.from_base64(HOST_KEY).fingerprint in result.out


@pytest.mark.parametrize("answers", ["result", "response", "test"])
def test_trust_understands_every_answer(answers: str, make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(sethost_answers=answers, test_claims="-1")
    result = run(camera, "trust", HOST_KEY)
    assert (result.code, camera.state.trusted_host_keys) == (0, [HOST_KEY])
    assert ("CANNOT_CONNECT" in result.err) is (answers == "test")


def test_trust_that_is_refused_is_an_error(make_camera: MakeCamera, run: Run) -> None:
    camera = make_camera(denied_commands=("testftp",))
    result = run(camera, "trust", HOST_KEY, "--json")
    assert (result.code, result.json["changed"]) == (3, False)


def test_the_deprecated_timer_works_and_says_so(camera: EmulatedCamera, run: Run) -> None:
    assert "deprecated" in run(camera, "timer", "--name", "a").err
    assert run(camera, "timer", "--name", "b", "-q").err == ""


# ---- any value arrives as it is and comes back as it went


PRINTABLE = st.text(st.characters(blacklist_categories=["C", "Zl", "Zp"]), min_size=1, max_size=40).filter(
    str.isprintable
)


@pytest.fixture(scope="module")
def kept_camera() -> Iterator[EmulatedCamera]:
    with EmulatedCamera(password=CAMERA_PASSWORD, settings=FORMER) as camera:
        yield camera


@given(directory=PRINTABLE, username=PRINTABLE, name=PRINTABLE)
def test_any_value_arrives_unharmed(kept_camera: EmulatedCamera, directory: str, username: str, name: str) -> None:
    state = kept_camera.state
    wishes = SetFtpAttr(directory=directory, username=username), SetSnapSchedFtpAttr(name=name)
    try:
        for requested in wishes:
            check_values(requested)
    except ConfigurationError:
        reject()
    with Camera(kept_camera.url, CAMERA_PASSWORD) as client:
        for requested in wishes:
            settle(client, requested)
        settle(client, SetSnapTimerFtpAttr(name=name))
        assert (state.fields["ft_dirname"], state.fields["ft_username"]) == (directory, username)
        read = client.ftp_attributes()
        assert (read.directory, read.username) == (directory, username)
        assert (client.snapshot_schedule().name, client.snapshot_timer().name) == (name, name)
        assert [settle(client, requested) for requested in wishes] == [None, None]


# ---- as a program of its own


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_in_the_middle_is_not_called_harmless(camera: EmulatedCamera, number: signal.Signals) -> None:
    process = start(
        *("camera", "snapshots", "3", "--json", "--camera", camera.url),
        env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    def interrupt(name: str) -> None:
        if name == "setftpactionattr":
            process.send_signal(number)
            time.sleep(1)

    camera.on_command = interrupt
    result = finish(process)
    assert (result.code, result.json["error"]["kind"]) == (130, "interrupted")
    assert "was being changed" in result.json["error"]["message"]


def test_the_password_is_in_no_argument_and_the_exit_code_is_the_program_s(camera: EmulatedCamera) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "receiver_setup", "camera", "snapshots", "3", "--check",
         "--camera", camera.url],
        env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == "snapshots at an alarm  5 → 3\nnothing was changed: this was a check\n"
