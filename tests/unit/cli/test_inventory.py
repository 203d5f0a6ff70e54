"""`receiver-setup inventory`, and options that are invalid with `--inventory`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from receiver_setup.camera.messages import ActionType
from receiver_setup.cli.commands import remove_run
from receiver_setup.cli.commands.remove import command as remove
from receiver_setup.cli.commands.setup import command as setup
from receiver_setup.cli.commands.setup_run import make_request
from receiver_setup.cli.inputs.carriers import open_carriers, request_values
from receiver_setup.cli.inputs.run_targets import RunTarget, check_targets
from receiver_setup.cli.inputs.secrets import read_secret
from receiver_setup.cli.inputs.targets import Target, open_targets
from receiver_setup.cli.output.next_commands import commands_for, setup_command
from receiver_setup.errors import CameraError, ConfigurationError
from receiver_setup.inventory import SecretSource
from receiver_setup.report import CameraReport, ReceiverReport

if TYPE_CHECKING:
    from unit.cli.conftest import Run

HEAD = '[[receiver]]\nname = "here"\nlocal = true\n'
SSH = '[[receiver]]\nname = "attic"\naddress = "pi@192.0.2.1"\n'
PORCH = '[[camera]]\nname = "porch"\naddress = "192.0.2.2"\nreceiver = "here"\n'
GATE = '[[camera]]\nname = "front gate"\naddress = "https://192.0.2.3"\nreceiver = "here"\n'
BARN = '[[camera]]\nname = "barn"\naddress = "192.0.2.4"\nreceiver = "attic"\n'
WHOLE = HEAD + SSH + PORCH + GATE + BARN


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    path = tmp_path / "cameras.toml"
    path.write_text(WHOLE, encoding="utf-8")
    return path


# ---- inventory check, example, from-csv


def test_the_example_is_accepted_by_the_check(run_cli: "Run", tmp_path: Path) -> None:
    example = run_cli("inventory", "example")
    path = tmp_path / "example.toml"
    path.write_text(example.stdout, encoding="utf-8")
    done = run_cli("inventory", "check", path, env={"PORCH_PASSWORD": "x"})
    assert done.returncode == 0, done.stderr
    assert "attic-pi (pi@192.168.2.110): 2 cameras" in done.stdout
    assert "PORCH_PASSWORD" not in done.stderr
    assert (
        "'porch': password_env: PORCH_PASSWORD is not set in this environment"
        in run_cli("inventory", "check", path).stderr
    )


def test_the_check_tells_receivers_and_cameras(run_cli: "Run", inventory: Path) -> None:
    done = run_cli("inventory", "check", inventory)
    assert done.stdout.splitlines() == [
        "here (this machine): 2 cameras",
        "  porch       http://192.0.2.2   password: RECEIVER_SETUP_CAMERA_PASSWORD, or a prompt",
        "  front gate  https://192.0.2.3  password: RECEIVER_SETUP_CAMERA_PASSWORD, or a prompt",
        "attic (pi@192.0.2.1): 1 camera",
        "  barn  http://192.0.2.4  password: RECEIVER_SETUP_CAMERA_PASSWORD, or a prompt",
    ]
    whole = json.loads(run_cli("inventory", "check", inventory, "--json").stdout)
    assert (whole["ok"], whole["error"], whole["warnings"]) == (True, None, [])
    assert whole["receivers"][1] == {
        "name": "attic",
        "address": "pi@192.0.2.1",
        "user": "ipcamera",
        "cameras": [{"name": "barn", "address": "http://192.0.2.4"}],
    }


MISSING = {
    "password file": ('password_file = "secrets/barn"', "password_file: cannot read the password file"),
    "empty password file": ('password_file = "/dev/null"', "has an empty first line"),
    "misspelt": ('pasword_file = "x"', "unknown key 'pasword_file'"),
}


@pytest.mark.parametrize("case", MISSING)
def test_the_check_refuses_what_is_not_there(run_cli: "Run", inventory: Path, case: str) -> None:
    line, told = MISSING[case]
    inventory.write_text(f"{WHOLE}{line}\n", encoding="utf-8")
    done = run_cli("inventory", "check", inventory, "--json")
    assert done.returncode == 2
    assert f"{inventory}: [[camera]] 3 'barn': " in done.stderr
    assert told in done.stderr
    assert json.loads(done.stdout)["ok"] is False


@pytest.mark.parametrize("key", ["identity", "ssh_config"])
def test_the_check_refuses_files_of_a_receiver_that_are_not_there(run_cli: "Run", inventory: Path, key: str) -> None:
    inventory.write_text(WHOLE.replace(SSH, f'{SSH}{key} = "missing"\n'), encoding="utf-8")
    done = run_cli("inventory", "check", inventory)
    assert done.returncode == 2
    assert f"[[receiver]] 2 'attic': {key}: there is no file {inventory.parent}/missing" in done.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read"), (b"\xff\n", "line 1: it is not UTF-8"), (b"[", "this is not TOML")],
)
def test_a_file_that_is_no_inventory_is_refused(
    run_cli: "Run", tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "x.toml"
    if content is not None:
        path.write_bytes(content)
    done = run_cli("inventory", "check", path)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert "\nhint: " in done.stderr


def test_a_table_of_a_spreadsheet_becomes_an_inventory_that_the_check_accepts(run_cli: "Run", tmp_path: Path) -> None:
    table = tmp_path / "cameras.csv"
    table.write_bytes("\ufeffName;Address\r\nTür 1;192.0.2.2\r\n".encode())
    made = run_cli("inventory", "from-csv", table, "--receiver", "pi@attic")
    path = tmp_path / "cameras.toml"
    path.write_text(made.stdout, encoding="utf-8")
    assert "Tür 1" in run_cli("inventory", "check", path).stdout
    assert run_cli("inventory", "from-csv", table, "--receiver", "x", "--local").returncode == 2
    assert "no command was given" in run_cli("inventory").stderr


# ---- --inventory

WITH = ["setup", "--inventory", "cameras.toml"]
REFUSED = {
    "receiver": ([*WITH, "--receiver", "pi@x"], "--receiver and --inventory contradict each other"),
    "local": ([*WITH, "--local"], "--local and --inventory contradict each other"),
    "camera": ([*WITH, "--camera", "x"], "--camera and --inventory contradict each other"),
    "only for no inventory": (["setup", "--local", "--camera", "x", "--only", "x"], "--only chooses from an inventory"),
    "failed from for no inventory": (
        ["setup", "--local", "--camera", "x", "--failed-from", "x"],
        "--failed-from chooses from an inventory",
    ),
    "unknown name": ([*WITH, "--only", "brn"], "neither a camera nor a receiver 'brn'"),
    "no file": (["verify", "--inventory", "missing.toml"], "missing.toml cannot be read"),
    "no earlier run": ([*WITH, "--failed-from", "missing"], "missing cannot be read"),
    "another earlier run": ([*WITH, "--failed-from", "cameras.toml"], "is not the result of an earlier run"),
    "receipt over itself": ([*WITH, "--failed-from", "a.json", "--receipt", "a.json"], "are the same file"),
    "two scripts": (["explain", "--inventory", "cameras.toml"], "explain prints the script of one receiver"),
    "identity missing": (["status", *WITH[1:], "--identity", "missing"], "--identity: there is no file missing"),
    "no time": (["remove", *WITH[1:], "--timeout", "inf"], "--timeout"),
    "long account": ([*WITH, "--isolate", "--user", "x" * 30], "not a name that useradd takes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_beside_an_inventory_is_refused(
    run_cli: "Run", inventory: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(inventory.parent)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    arguments, told = REFUSED[case]
    done = run_cli(*arguments, "--json")
    assert done.returncode == 2, done.stderr
    assert told in done.stderr.splitlines()[0]
    assert json.loads(done.stdout)["error"]["kind"] == "configuration"


PASSWORDS = {
    "file": ('password_file = "secret"', "cannot read the password file"),
    "variable": ('password_env = "NOT_SET"', "NOT_SET is not set in the environment"),
    "command": ('password_command = "false"', "the command failed with the exit code 1"),
    "no command": ('password_command = "./missing hunter2"', "the command cannot be run: No such file"),
    "silent command": ('password_command = "true"', "the command printed an empty first line"),
    "odd command": ("password_command = ['printf', '\\377']", "not UTF-8 text"),
}


@pytest.mark.parametrize("case", PASSWORDS)
def test_a_password_that_cannot_be_had_ends_the_run_before_it_begins(
    run_cli: "Run", inventory: Path, case: str
) -> None:
    line, told = PASSWORDS[case]
    inventory.write_text(f"{WHOLE}{line}\n", encoding="utf-8")
    done = run_cli("setup", "--inventory", inventory, "--json")
    assert done.returncode == 2
    assert f"{inventory}: [[camera]] 3 'barn': password_" in done.stderr
    assert told in done.stderr
    assert "hunter2" not in done.stderr + done.stdout
    assert json.loads(done.stdout)["receivers"] == []


def test_a_command_prints_the_password_in_its_first_line_and_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "ask"
    script.write_text("#!/bin/sh\necho again >>runs\nprintf 'pa ss\\r\\nsecond\\n'\n", encoding="utf-8")
    script.chmod(0o700)
    for _ in range(2):
        source = SecretSource(place="x", command=("./ask",), folder=tmp_path)
        secret = read_secret(None, "UNUSED", question=None, source=source)
        assert secret is not None
        assert secret.reveal() == "pa ss"
    assert (tmp_path / "runs").read_text(encoding="utf-8") == "again\n"


def test_a_command_that_does_not_end_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receiver_setup.cli.inputs.secrets._COMMAND_S", 0.2)
    source = SecretSource(place="x: password_command", command=("sleep", "30"), folder=tmp_path)
    with pytest.raises(ConfigurationError, match="x: password_command: the command did not finish"):
        read_secret(None, "UNUSED", question=None, source=source)


def test_nothing_left_to_do_is_no_failure(run_cli: "Run", inventory: Path) -> None:
    cameras = [{"address": a, "ok": True, "test": {"result": 0}} for a in ("http://192.0.2.2", "https://192.0.2.3")]
    barn = {"address": "http://192.0.2.4", "ok": True, "test": {"result": 0}}
    receivers = [
        {"address": "local", "error": None, "cameras": cameras},
        {"address": "192.0.2.1", "error": None, "cameras": [barn]},
    ]
    earlier = inventory.parent / "earlier.json"
    earlier.write_text(json.dumps({"check": False, "receivers": receivers}), encoding="utf-8")
    done = run_cli("setup", "--inventory", inventory, "--failed-from", earlier, "--json")
    assert (done.returncode, done.stderr) == (0, "nothing to do: all of these cameras are proven already\n")
    assert json.loads(done.stdout) == {"ok": True, "changed": False, "check": False, "receivers": [], "error": None}


# ---- what becomes of it


def shares(words: list[str]) -> tuple[dict[str, Any], tuple[RunTarget, ...]]:
    context = setup.make_context("x", list(words))
    with context:
        return context.params, check_targets(context.params)


@contextmanager
def opened(found: Sequence[RunTarget]) -> Iterator[tuple[Target, ...]]:
    """Make both sides of each, with nothing contacted."""
    with open_carriers(found, begin=False) as carriers, open_targets(carriers) as targets:
        yield targets


def test_each_receiver_gets_its_own_request_and_the_command_line_wins(inventory: Path) -> None:
    inventory.write_text(
        '[defaults]\nuser = "films"\ntimeout = 3\ninterval = 9\njobs = 7\npin-source = true\n'
        + WHOLE.replace(PORCH, PORCH + 'upload = "rec"\n').replace(
            GATE, f'{GATE}upload = "snap"\ncamera_insecure = true\n'
        )
        + 'upload = "rec"\n',
        encoding="utf-8",
    )
    _, (here, attic) = shares(["--inventory", str(inventory), "--timeout", "4", "--no-jail"])
    request = make_request(here)
    assert (request.user, request.home, request.jail, request.pin_source) == ("films", "/home/films", False, True)
    assert (request.alone, request.jobs, request.receiver_address) == (False, 7, None)
    assert (make_request(attic).alone, make_request(attic).receiver_address) == (True, "192.0.2.1")
    assert here.options["timeout"] == 4.0
    assert [each.name for each in here.cameras] == ["porch", "front-gate"]
    assert [each.shown for each in here.cameras] == ["porch", "front gate"]
    assert (here.cameras[0].options["camera_insecure"], here.cameras[1].options["camera_insecure"]) == (False, True)
    with opened([here]) as (target,):
        porch, gate = target.cameras
    assert porch.uploads is not None
    assert (porch.uploads.upload, porch.uploads.interval_s) == (frozenset({ActionType.REC}), 9)
    assert gate.uploads is not None
    assert gate.uploads.upload == frozenset({ActionType.SNAP})


def test_what_all_cameras_upload_is_the_request_s_alone(inventory: Path) -> None:
    _, found = shares(["--inventory", str(inventory), "--upload", "rec", "--only", "here"])
    with opened(found) as (target,):
        assert [each.uploads for each in target.cameras] == [None, None]
    assert make_request(found[0]).uploads.upload == frozenset({ActionType.REC})


def test_one_way_to_check_a_certificate_replaces_what_the_others_have(inventory: Path) -> None:
    (inventory.parent / "ca").write_text("x", encoding="utf-8")
    inventory.write_text(
        '[defaults]\ncamera_ca_file = "ca"\n' + WHOLE.replace(GATE, GATE + "camera_insecure = true\n"),
        encoding="utf-8",
    )
    _, found = shares(["--inventory", str(inventory), "--only", "front gate"])
    with opened(found) as (target,):
        (gate,) = target.cameras
        assert (gate.camera.tls.insecure, gate.camera.tls.ca_file) == (True, None)


def test_a_selected_camera_keeps_the_folder_that_it_has_among_all(inventory: Path) -> None:
    _, (here,) = shares(["--inventory", str(inventory), "--only", "porch"])
    assert [each.name for each in here.cameras] == ["porch"]
    assert request_values(here)["alone"] is False


def commands(words: list[str], *, failed: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    options, found = shares(words)
    make = commands_for(options, found)
    made = []
    for share in found:
        cameras = [
            CameraReport(name=each.shown, address="x", error=CameraError("no") if each.shown in failed else None)
            for each in share.cameras
        ]
        each = make(ReceiverReport(address="x", user="x", name=share.name, cameras=cameras))
        assert each is not None
        made.append((each.verify, each.remove))
    return made


def test_the_commands_to_paste_name_the_inventory(inventory: Path) -> None:
    verify, remove = (f"receiver-setup {word} --inventory {inventory}" for word in ("verify", "remove"))
    words = ["--inventory", str(inventory)]
    assert commands(words) == [
        (f"{verify} --only here", f"{remove} --only here"),
        (f"{verify} --only attic", f"{remove} --only attic"),
    ]
    assert commands([*words, "--only", "porch"]) == [(f"{verify} --only porch", f"{remove} --only porch")]
    assert commands([*words, "--only", "here"], failed=("porch",)) == [
        (f"{verify} --only here", f"{remove} --only 'front gate'")
    ]
    given = commands([*words, "--only", "barn", "--user", "films", "--no-jail", "--isolate", "--timeout", "3"])
    assert given == [
        (f"{verify} --only attic --isolate --user films --no-jail", f"{remove} --only attic --isolate --user films")
    ]
    options, found = shares([*words, "--only", "barn"])
    assert setup_command(options, found) == f"receiver-setup setup --inventory {inventory} --only attic"
    inventory.write_text(SSH + BARN, encoding="utf-8")
    assert commands(words) == [(verify, remove)]


def test_where_nothing_is_proven_nothing_is_to_be_taken_back(inventory: Path) -> None:
    options, found = shares(["--inventory", str(inventory), "--only", "barn"])
    camera = CameraReport(name="barn", address="x", error=CameraError("no"))
    report = ReceiverReport(address="x", user="x", name="attic", cameras=[camera])
    assert commands_for(options, found)(report) is None


def test_receivers_that_a_receipt_could_not_tell_apart_are_refused(inventory: Path) -> None:
    inventory.write_text(WHOLE.replace("local = true", 'address = "pi@192.0.2.1:2222"'), encoding="utf-8")
    words = ["--inventory", str(inventory)]
    assert len(shares(words)[1]) == 2
    assert len(shares([*words, "--receipt", "x.json", "--only", "here"])[1]) == 1
    with pytest.raises(ConfigurationError, match="differ only in their ports"):
        shares([*words, "--receipt", "x.json"])


def test_on_a_terminal_each_camera_without_a_password_is_asked_for_once(
    inventory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def answer(question: str, **_: object) -> str:
        asked.append(question)
        return "typed"

    monkeypatch.delenv("RECEIVER_SETUP_CAMERA_PASSWORD", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.prompt", answer)
    (inventory.parent / "secret").write_text("from a file", encoding="utf-8")
    inventory.write_text(WHOLE.replace(PORCH, f'{PORCH}password_file = "secret"\n'), encoding="utf-8")
    _, found = shares(["--inventory", str(inventory)])
    with opened(found) as targets:
        assert [camera.camera.has_password for target in targets for camera in target.cameras] == [True] * 3
    assert asked == [
        "Password of admin on the camera front gate, https://192.0.2.3",
        "Password of admin on the camera barn, http://192.0.2.4",
    ]


def test_before_a_removal_every_receiver_and_camera_is_named(
    inventory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    context = remove.make_context("x", ["--inventory", str(inventory), "--user", "films"])
    with context:
        found = check_targets(context.params, cameras=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    with open_carriers(found, begin=False) as carriers:
        assert remove_run.run(context.params, carriers, ask=True) == 0
    told = capsys.readouterr().err
    for name in ("this machine", "pi@192.0.2.1", "films", "192.0.2.2", "192.0.2.3", "192.0.2.4", "nothing was changed"):
        assert name in told


def test_every_command_for_targets_takes_an_inventory() -> None:
    from receiver_setup.cli import main  # noqa: PLC0415 - only here

    for name in ("setup", "verify", "status", "remove", "explain"):
        command = main.get_command(click.Context(main), name)
        assert command is not None
        assert {"inventory", "only", "failed_from", "isolate"} <= {each.name for each in command.params}
