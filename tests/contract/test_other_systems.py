"""Each command on Windows and macOS, as far as that can be told on Linux: it starts, and what cannot work says so."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from support import elsewhere
from support.boot import make_partition

from receiver_setup.cli import main

SYSTEMS = {"win32": "Windows", "darwin": "macOS"}
CAMERA = ("--camera", "127.0.0.1:1", "--camera-password-file", "password")
SSH = ("--receiver", "pi@127.0.0.1:1", "--ssh-config", os.devnull, "--known-hosts", "known_hosts")
HERE = ("--local", *CAMERA)
LINUX_ALONE = "works only on Linux, and this is"
NO_SSH, NO_CAMERA = "cannot reach pi@127.0.0.1 by SSH", "http://127.0.0.1:1 cannot be reached"
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA" + "I" + "A" * 43


class Case(NamedTuple):
    """A command line, its exit code, and a part of what it says."""

    line: tuple[str, ...]
    code: int
    said: str


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every command that is no group."""
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    found = []
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        found += leaves(below, (*path, name))
    return found


def cases() -> list[Case]:
    camera = [
        ("show",), ("set", "--server", "10.0.0.1"), ("test",), ("pubkey",), ("trust", HOST_KEY),
        ("action", "rec", "--enable"), ("snapshots", "3"), ("schedule", "--enable"), ("timer", "--name", "porch"),
        ("record", "porch.json"),
    ]  # fmt: skip
    return [
        *(Case((name, *HERE), 2, LINUX_ALONE) for name in ("setup", "verify", "status", "remove", "explain")),
        *(Case((name, *SSH, *CAMERA), 4, NO_SSH) for name in ("setup", "verify", "status", "remove", "explain")),
        Case(("setup", "--inventory", "here.toml"), 2, LINUX_ALONE),
        Case(("setup",), 2, "there is no terminal to ask for them"),
        *(Case(("camera", *words, *CAMERA), 3, NO_CAMERA) for words in camera),
        Case(("camera", "find", "--local"), 2, LINUX_ALONE),  # a search would ask this machine's real networks
        Case(("inventory", "example"), 0, "[[receiver]]"),
        Case(("inventory", "check", "here.toml"), 0, "porch"),
        Case(("inventory", "check", "missing.toml"), 2, "missing.toml"),
        Case(("inventory", "from-csv", "missing.csv"), 2, "missing.csv"),
        Case(("pi", "prepare", "--boot", "card", "--deb", "our.deb", *CAMERA), 0, "card is prepared"),
        Case(("pi", "prepare", "--boot", "card", "--deb", "our.deb", *CAMERA), 0, "Nothing to change on"),
        Case(("pi", "prepare", "--boot", "card", "--remove"), 0, "contains nothing of receiver-setup"),
        Case(("pi", "first-boot", "--folder", "card"), 2, LINUX_ALONE),
        Case(("demo",), 2, LINUX_ALONE),
        Case(("emulate-camera",), 2, LINUX_ALONE),
        Case(("emulate-camera", "--list-settings"), 0, "uploader"),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with what the command lines name."""
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "known_hosts").touch()
    (tmp_path / "here.toml").write_text(
        '[[receiver]]\nname = "pi"\nlocal = true\n[[camera]]\nname = "porch"\naddress = "http://192.0.2.1"\n'
        'password_file = "password"\n'
    )
    (tmp_path / "our.deb").write_bytes(b"!<arch>\ndebian-binary   ")
    make_partition(tmp_path / "card", "trixie-cloud-init")
    return tmp_path


@pytest.mark.parametrize("system", ["win32", pytest.param("darwin", marks=pytest.mark.rest)])
def test_every_command_starts_and_says_what_cannot_work_there(folder: Path, system: str) -> None:
    expected = cases()
    asked = {each.line for each in expected}
    known = leaves(main)
    assert [name for name in known if not any(line[: len(name)] == name for line in asked)] == []
    helps = [Case((*name, "--help"), 0, "Usage: receiver-setup") for name in [(), *known]]
    expected += helps
    done = subprocess.run(
        [sys.executable, elsewhere.__file__, system, "-"],
        input=json.dumps([each.line for each in expected]),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(ends) == len(expected)
    wrong = [
        f"{' '.join(each.line)}: {code}: {out}{err}"
        for each, (code, out, err) in zip(expected, ends, strict=True)
        if code != each.code
        or each.said not in out + err
        or "Traceback" in err
        or (each.said == LINUX_ALONE and f"{LINUX_ALONE} {SYSTEMS[system]}\nhint: " not in err)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl", "from pwd import getpwnam", "import os; os.geteuid()", "from os import O_NOFOLLOW",
        "from signal import SIGHUP", "import select; select.poll()", "import selectors; selectors.PollSelector",
        "import sys; assert sys.platform != 'win32'",
    ],
)  # fmt: skip
def test_our_modules_have_no_posix_there_and_others_do(code: str) -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); import elsewhere; elsewhere.pretend('win32')\n"
        "exec(sys.argv[2], {'__name__': 'json.tool'})\n"
        "try: exec(sys.argv[2], {'__name__': 'receiver_setup.cli'})\n"
        "except (ImportError, AttributeError, AssertionError): sys.exit(9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(Path(elsewhere.__file__).parent), code], capture_output=True, check=False
    )
    assert done.returncode == 9, done.stderr
