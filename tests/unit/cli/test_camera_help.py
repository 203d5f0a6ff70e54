"""`receiver-setup camera`: help that is complete, and documentation that misses no option."""

import re
from pathlib import Path

import click
from support.rules import listed

from receiver_setup.cli import main
from receiver_setup.cli.camera import command as camera_group

PAGES = [Path(__file__).parents[3] / "docs" / name for name in ("ftp-menu.md", "real-cameras.md")]
DOCS = "".join(page.read_text(encoding="utf-8") for page in PAGES)
NAMES = ["show", "set", "test", "pubkey", "trust", "action", "snapshots", "schedule", "timer", "find", "record"]
COMMANDS = [(name, camera_group.commands[name]) for name in NAMES]
TO_CHANGE = {"set", "trust", "action", "snapshots", "schedule", "timer"}


def test_these_are_the_commands_in_this_order() -> None:
    context = click.Context(camera_group)
    assert camera_group.list_commands(context) == NAMES
    assert "camera" in main.list_commands(context)


def test_every_command_and_option_has_help_and_is_documented() -> None:
    wrong = {}
    for name, command in COMMANDS:
        if not command.help or not re.search(f"receiver-setup camera {name} (rec )?(…|\\[)", DOCS):
            wrong[name] = "no help or no line in the documentation"
        for option in command.params:
            if isinstance(option, click.Option):
                spellings = [*option.opts, *option.secondary_opts]
                told = [re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", DOCS) for each in spellings]
                if not option.help or not all(told):
                    wrong[f"{name} {'/'.join(spellings)}"] = "no help, or a spelling that is not documented"
    assert not wrong, listed(wrong)


def test_what_changes_something_has_a_check() -> None:
    common = {"--camera", "--json", "--timeout", "--camera-password-file", "-v", "-q"}
    options = {name: {each for option in command.params for each in option.opts} for name, command in COMMANDS}
    assert {name for name in options if "--check" in options[name]} == TO_CHANGE
    wrong = {name: common - found for name, found in options.items() if not common <= found and name != "find"}
    assert not wrong, listed(wrong)
