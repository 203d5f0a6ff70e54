"""`receiver-setup camera`: help that is quick and complete, and documentation that misses no option."""

import json
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from receiver_setup.cli import main
from receiver_setup.cli.camera import command as camera_group

DOCS = (Path(__file__).parents[3] / "docs" / "ftp-menu.md").read_text(encoding="utf-8")
NAMES = ["show", "set", "test", "pubkey", "trust", "action", "snapshots", "schedule", "timer"]
COMMANDS = [(name, camera_group.commands[name]) for name in NAMES]
TO_CHANGE = {"set", "trust", "action", "snapshots", "schedule", "timer"}


def test_these_are_the_commands_in_this_order() -> None:
    context = click.Context(camera_group)
    assert camera_group.list_commands(context) == NAMES
    assert "camera" in main.list_commands(context)


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_command_and_option_has_help_and_is_documented(name: str, command: click.Command) -> None:
    assert command.help
    assert f"receiver-setup camera {name} …" in DOCS or f"receiver-setup camera {name} rec …" in DOCS
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            for spelling in [*option.opts, *option.secondary_opts]:
                assert re.search(rf"(?<![\w-]){re.escape(spelling)}(?![\w-])", DOCS), spelling


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_what_changes_something_has_a_check(name: str, command: click.Command) -> None:
    options = {spelling for each in command.params for spelling in each.opts}
    assert ("--check" in options) is (name in TO_CHANGE)
    assert {"--camera", "--json", "--timeout", "--camera-password-file", "-v", "-q"} <= options


@pytest.mark.parametrize("arguments", [["--help"], *([name, "--help"] for name in NAMES)], ids=" ".join)
def test_help_loads_no_http_or_ssh_library(arguments: list[str]) -> None:
    code = (
        "import json, sys\nfrom receiver_setup.cli import run\n"
        "try:\n    run()\nexcept SystemExit as ending:\n"
        "    print(json.dumps([ending.code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, "camera", *arguments], capture_output=True, text=True, check=True
    )
    status, modules = json.loads(done.stderr)
    assert status == 0
    assert "Usage: " in done.stdout
    assert {"paramiko", "requests", "urllib3", "cryptography", "rich"} & set(modules) == set()
