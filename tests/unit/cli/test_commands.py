"""The commands that a receipt names lead back to the same targets, and hold no password."""

import shlex
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.commands.remove import command as remove
from receiver_setup.cli.commands.setup import command as setup
from receiver_setup.cli.output.next_commands import make_commands
from receiver_setup.errors import CameraError
from receiver_setup.report import CameraReport, Commands, ReceiverReport

PLAIN = ["--receiver", "pi@attic:2222", "--camera", "porch"]


def parse(command: click.Command, words: list[str]) -> dict[str, Any]:
    return command.make_context("x", list(words)).params


def make(words: list[str], *, failed: int = 0) -> Commands | None:
    """Return the commands after a set-up with `words`; the first `failed` cameras failed."""
    options = parse(setup, words)
    cameras = [
        CameraReport(
            name="x", address=CameraAddress.parse(text).display, error=CameraError("no") if i < failed else None
        )
        for i, text in enumerate(options["cameras"])
    ]
    return make_commands(ReceiverReport(address="attic", user="ipcamera", cameras=cameras), options)


def made(words: list[str], *, failed: int = 0) -> Commands:
    commands = make(words, failed=failed)
    assert commands is not None
    return commands


def test_what_is_as_by_default_is_not_named() -> None:
    commands = made([*PLAIN, "--home", "/home/ipcamera", "--user", "ipcamera", "--upload", "rec", "--yes"])
    assert commands.remove == "receiver-setup remove --receiver pi@attic:2222 --camera http://porch"
    assert commands.verify == "receiver-setup verify --receiver pi@attic:2222 --camera http://porch"


def test_for_this_machine_it_is_local() -> None:
    assert made(["--local", "--camera", "porch"]).remove == "receiver-setup remove --local --camera http://porch"


ALL = [
    "--receiver", "pi@attic", "--camera", "https://porch:8443", "--camera", "view%20er@gate",
    "--user", "films", "--home", "/srv/my films", "--directory", "it's here", "--receiver-address", "nas.lan:2222",
    "--identity", "/keys/a b", "--known-hosts", "/keys/$(id)", "--ssh-config", "/dev/null",
    "--ssh-password-file", "/keys/ssh", "--sudo-password-file", "/keys/sudo", "--camera-password-file", "/keys/camera",
    "--camera-login", "query", "--camera-ca-file", "/keys/ca", "--camera-fingerprint", "AB:CD", "--camera-insecure",
    "--camera-via-receiver", "--isolate",
]  # fmt: skip


def test_everything_that_leads_to_the_same_account_comes_back_as_it_was_given() -> None:
    words = shlex.split(made([*ALL, "--no-jail"]).remove)
    assert words[:2] == ["receiver-setup", "remove"]
    given_then, given_again = parse(setup, ALL), parse(remove, words[2:])
    assert given_again["cameras"] == ("https://porch:8443", "http://view%20er@gate")
    same = {name for name in given_again if name in given_then} - {"cameras"}
    assert {name: given_again[name] for name in same} == {name: given_then[name] for name in same}


def test_every_option_that_remove_shares_with_setup_is_passed_on_or_is_about_the_run_alone() -> None:
    """A new one has to be thought of."""
    shared = {each.name for each in setup.params} & {each.name for each in remove.params}
    of_the_run = {
        "timeout", "jobs", "check", "diff", "as_json", "verbose", "quiet", "yes", "confirm_within",
        "accept_new_host_key", "local", "inventory", "only", "failed_from",
    }  # fmt: skip
    words = parse(setup, ALL)
    assert {name for name in shared if words[str(name)] in (None, False, ())} <= of_the_run
    assert {name for name in shared if words[str(name)] not in (None, False, ())} <= {
        each.name for each in remove.params if each.opts[0] in ALL
    } | of_the_run


def test_a_folder_that_was_named_from_here_is_named_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"--identity {tmp_path}/key" in made([*PLAIN, "--identity", "key"]).remove


def test_no_jail_is_for_the_look_alone() -> None:
    commands = made([*PLAIN, "--no-jail"])
    assert commands.verify.endswith(" --no-jail")
    assert "jail" not in commands.remove


@given(st.text(min_size=1).filter(lambda text: "@" not in text and "/" not in text and ":" not in text))
def test_a_password_in_an_address_is_not_in_them(password: str) -> None:
    commands = made(["--local", "--camera", f"https://viewer:{password}@porch"])
    assert commands.remove == "receiver-setup remove --local --camera https://viewer@porch"


@pytest.mark.parametrize("address", ["[fe80::1%eth0]:81", "[fd00::1]", "https://a%40b@porch.lan"])
def test_an_address_comes_back_as_the_same(address: str) -> None:
    words = shlex.split(made(["--local", "--camera", address]).verify)
    assert CameraAddress.parse(words[-1]) == CameraAddress.parse(address)


def test_what_failed_is_looked_at_and_not_taken_back() -> None:
    commands = made(["--local", "--camera", "gate", "--camera", "porch"], failed=1)
    assert commands.verify.endswith("--camera http://gate --camera http://porch")
    assert commands.remove.endswith("--local --camera http://porch")


def test_a_path_that_cannot_be_typed_is_not_printed() -> None:
    assert make([*PLAIN, "--identity", "/keys/a\nb"]) is None
