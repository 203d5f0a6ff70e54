"""The receipt of a set-up, on the screen and in a file: true, without secrets, and its commands work as they stand."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, finish
from support.receipts import SCHEMA
from support.schema import violations

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.receipt import compare, parse_receipt
from receiver_setup.secrets import spellings

MakeCamera = Callable[..., EmulatedCamera]


def former(camera: EmulatedCamera) -> dict[str, str]:
    return {name: camera.state.fields[name] for name in FORMER}


def for_people(bench: Bench, *cameras: EmulatedCamera, options: tuple[str, ...] = ()) -> list[str]:
    """Return the arguments of a set-up that prints for people."""
    return [part for part in bench.arguments(*cameras, options=options) if part != "--json"]


def paste(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line in a shell that has `receiver-setup`, in another folder than the set-up ran in."""
    program = folder / "receiver-setup"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m receiver_setup "$@"\n')
    program.chmod(0o755)
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": f"{folder}:{os.environ['PATH']}",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD,
        },
    )


def said(out: str, name: str) -> str:
    """Return what a receipt on the screen has behind `name`."""
    (line,) = (line for line in out.splitlines() if line.startswith(name))
    return line.removeprefix(name).strip()


# ---- in a file


def test_a_file_for_programs_is_true_and_the_second_run_writes_the_same(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    camera, path = make_camera(), tmp_path / "x.json"
    result = bench.setup(camera, options=("--receipt", str(path), "--upload", "rec"))
    assert result.code == 0, result.err
    text = path.read_text(encoding="utf-8")
    assert list(violations(json.loads(text), SCHEMA, SCHEMA)) == []
    assert path.stat().st_mode & 0o7777 == 0o600
    receipt = parse_receipt(text)
    (told,) = receipt.receivers
    assert (told.address, told.user, told.home) == (bench.receiver.address, "ipcamera", "/home/ipcamera")
    assert (told.directory, told.jail) == ("recordings", True)
    own = bench.inside("cut -d' ' -f1,2 /etc/ssh/ssh_host_*_key.pub").splitlines()
    assert {key.line for key in told.host_keys} == set(own)
    (seen,) = told.cameras
    assert seen.public_key is not None
    assert bench.inside("cut -d' ' -f2,3 /etc/ssh/authorized_keys.d/ipcamera") == seen.public_key.line
    assert seen.host_key in told.host_keys
    assert (seen.host_key_verified, seen.auth, seen.uploads) == (True, "publickey", ("rec",))
    assert (seen.server, seen.port) == (camera.state.fields["ft_server"], int(camera.state.fields["ft_port"]))
    assert seen.proof is not None
    size = bench.inside(f"find {seen.directory} -name {seen.proof.file} -exec stat -c %s {{}} +")
    assert (seen.proof.result, str(seen.proof.bytes)) == (0, size)

    again = bench.setup(camera, options=("--receipt", str(path)))
    assert (again.code, again.json["changed"]) == (0, False), again.err
    later = parse_receipt(path.read_text(encoding="utf-8"))
    assert later.made_at >= receipt.made_at
    assert compare(receipt, later) == ()


def test_a_file_for_people_says_the_same(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera, path = make_camera(), tmp_path / "x.md"
    result = bench.run(*for_people(bench, camera, options=("--receipt", str(path), "--upload", "snap")))
    assert result.code == 0, result.err
    text = path.read_text(encoding="utf-8")
    for told in (
        f"## Receiver: {bench.receiver.address}",
        "`/home/ipcamera/recordings`",
        "| uploads | pictures at an alarm |",
        "login by publickey",
        said(result.out, "  verifies").rpartition(" ")[2],
        said(result.out, "  signs in").rpartition(" ")[2],
        f"\n    {said(result.out, 'To verify again:')}\n",
        f"\n    {said(result.out, 'To undo it:')}\n",
    ):
        assert told in text


def test_with_one_failed_camera_it_holds_the_proof_of_the_other_and_why(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    good, bad = make_camera(), make_camera(denied_commands=("setftpattr",))
    path = tmp_path / "x.json"
    result = bench.run(*for_people(bench, bad, good, options=("--receipt", str(path))))
    assert result.code == 3, result.err
    (receiver,) = parse_receipt(path.read_text(encoding="utf-8")).receivers
    told = {camera.address: camera for camera in receiver.cameras}
    assert told[good.url].proof is not None
    error = told[bad.url].error
    assert error is not None
    assert (error.kind, told[bad.url].public_key) == ("camera-no-permission", None)
    assert receiver.commands is not None
    assert receiver.commands.remove == said(result.out, "To undo it:")
    assert (good.url in receiver.commands.remove, bad.url in receiver.commands.remove) == (True, False)
    assert bad.url in receiver.commands.verify


def test_after_a_failure_or_an_interruption_the_older_one_stays(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    path = tmp_path / "x.json"
    path.write_text("older")
    options = ("--receipt", str(path))
    assert bench.setup(make_camera(test_claims="-3"), options=options).code == 5
    camera = make_camera()
    running: list[subprocess.Popen[str]] = []
    camera.on_command = lambda name: running[0].send_signal(2) if name == "testftp" else None
    running.append(bench.start(*bench.arguments(camera, options=options)))
    assert finish(running[0]).code == 130
    assert path.read_text() == "older"
    assert [each.name for each in tmp_path.iterdir() if each.name != "known_hosts"] == ["x.json"]


def test_where_it_cannot_be_written_the_set_up_stays_and_a_second_run_writes_it(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    camera, folder = make_camera(), tmp_path / "gone"
    folder.mkdir()
    camera.on_command = lambda name: folder.rmdir() if name == "testftp" and folder.exists() else None
    options = ("--receipt", str(folder / "x.json"))
    result = bench.setup(camera, options=options)
    error = result.json["error"]
    assert (result.code, error["kind"], error["rolled_back"]) == (2, "receipt", None), result.err
    assert "the set-up is done and stays" in error["message"]
    assert f"error: {error['message']}\nhint: {error['hint']}\n" in result.err
    assert (result.json["ok"], result.json["changed"], result.camera["ok"]) == (False, True, True)
    camera.on_command = None
    folder.mkdir()
    again = bench.setup(camera, options=options)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert parse_receipt((folder / "x.json").read_text(encoding="utf-8")).proven


def test_a_failed_camera_and_a_receipt_that_cannot_be_written_are_both_told(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    good, bad, folder = make_camera(), make_camera(denied_commands=("setftpattr",)), tmp_path / "gone"
    folder.mkdir()
    good.on_command = lambda name: folder.rmdir() if name == "testftp" and folder.exists() else None
    result = bench.setup(good, bad, options=("--receipt", str(folder / "x.json")))
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-no-permission")
    assert result.err.count("error: ") == 2
    assert "but its receipt cannot be written" in result.err


@pytest.mark.parametrize("ending", ["json", "md"])
def test_no_secret_is_in_it(bench: Bench, make_camera: MakeCamera, tmp_path: Path, ending: str) -> None:
    camera, path = make_camera(key="none", auth_order="password"), tmp_path / f"x.{ending}"
    bench.environment |= {"RECEIVER_SETUP_SSH_PASSWORD": "ssh p@ss", "RECEIVER_SETUP_SUDO_PASSWORD": "sudo'p\"ss"}
    options = ("--receipt", str(path), "-vvv")
    quoted = "cam%20era%2Bp%C3%A4%26ss%25word"
    address = camera.url.replace("://", f"://admin:{quoted}@")
    result = bench.run(*for_people(bench, options=options), "--camera", address)
    assert result.code == 0, result.err
    made = camera.state.fields["ft_password"]
    assert made != FORMER["ft_password"]
    everything = path.read_text(encoding="utf-8") + result.out + result.err
    for secret in (CAMERA_PASSWORD, quoted, "ssh p@ss", "sudo'p\"ss", made, FORMER["ft_password"]):
        for spelling in spellings(secret):
            assert spelling not in everything


# ---- its commands


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--user", "films", "--home", "/srv/films", "--directory", "it is@here", "--receiver-address", "{}:22"),
        ("--no-jail",),
    ],
    ids=["defaults", "all", "no jail"],
)
def test_what_it_says_to_take_it_back_does_so_when_it_is_pasted(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, options: tuple[str, ...]
) -> None:
    camera = make_camera()
    before = bench.state()
    given = tuple(option.format(bench.receiver.address) for option in options)
    result = bench.run(*for_people(bench, camera, options=given))
    assert result.code == 0, result.err
    assert bench.state() != before
    done = paste(said(result.out, "To undo it:"), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "is as it was before" in done.stdout
    assert bench.state() == before
    assert former(camera) == FORMER


def test_it_is_whole_and_short(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    result = bench.run(*for_people(bench, camera))
    lines = result.out.splitlines()
    assert [line[:14].strip() for line in lines[1:6]] == ["recordings", "uploads", "signs in", "verifies", "proof"]
    assert lines[0].endswith(f"uploads to {bench.receiver.address} by sFTP, proven on both sides.")
    key = bench.inside("ssh-keygen -lf /etc/ssh/authorized_keys.d/ipcamera").split()[1]
    own = bench.inside("for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done")
    assert key in lines[3]
    assert said(result.out, "  verifies").split()[-1] in own
    assert len(lines) == 8
    again = bench.run(*for_people(bench, camera)).out.splitlines()
    # The picture of the proof is another, of another size.
    assert again == [*lines[:5], again[5], "Nothing was changed: everything was set up already.", *lines[6:]]
    assert again[5].startswith("  proof       Test-Snapshot.jpeg, ")
