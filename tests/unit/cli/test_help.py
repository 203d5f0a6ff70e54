"""`--help` is whole and quick: every command and every option says what it is for."""

import importlib
import re
from collections.abc import Iterator

import click
from support.rules import listed

from receiver_setup.cli import _COMMANDS, main


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Return a command and all below it, each with its whole name."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=path)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, f"{path} {name}")


ALL = dict(walk(main, "receiver-setup"))


def options_of(name: str) -> list[click.Option]:
    return [parameter for parameter in ALL[name].params if isinstance(parameter, click.Option)]


def test_every_option_has_a_help_text_and_shows_it() -> None:
    wrong = {name: "no help" for name, command in ALL.items() if not command.help}
    for name, command in ALL.items():
        shown = _flat(command.get_help(click.Context(command, info_name=name)))
        for option in options_of(name):
            text = option.help or ""
            hidden = [each for each in option.opts if each not in shown]
            if not re.search(r"[.A-Z)\]]$", text) or _flat(text) not in shown or hidden:
                wrong[f"{name} {option.opts[0]}"] = repr(text)
    assert not wrong, listed(wrong)


def test_no_two_options_of_a_command_share_a_name_or_a_text() -> None:
    wrong = {}
    for name in ALL:
        names = [each for option in options_of(name) for each in (*option.opts, *option.secondary_opts)]
        texts = [option.help for option in options_of(name)]
        twice = [each for each in (*names, *texts) if names.count(str(each)) + texts.count(each) > 1]
        if twice:
            wrong[name] = twice
    assert not wrong, listed(wrong)


def test_the_first_page_lists_every_command_and_every_exit_code() -> None:
    shown = _flat(main.get_help(click.Context(main, info_name="receiver-setup")))
    for name, (module, line) in _COMMANDS.items():
        assert importlib.import_module(module).command.name == name
        assert _flat(f"{name} {line}") in shown
    for code in ("0 done", "1 a bug", "2 usage", "3 camera", "4 receiver", "5 proof", "6 the rollback", "7 ", "130 "):
        assert _flat(code) in shown


def _flat(text: str) -> str:
    """Return the text without the places where its lines were broken."""
    return "".join(text.split())
