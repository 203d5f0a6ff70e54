"""`--help` is whole and quick: every command and every option says what it is for."""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

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
EVERY = pytest.mark.parametrize("name", ALL)


@EVERY
def test_every_option_has_a_help_text_and_shows_it(name: str) -> None:
    command = ALL[name]
    shown = _flat(command.get_help(click.Context(command, info_name=name)))
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert re.search(r"[.A-Z)\]]$", parameter.help or ""), f"{parameter.opts}: {parameter.help!r}"
            assert _flat(parameter.help or "") in shown, parameter.opts
            assert all(option in shown for option in parameter.opts)


@EVERY
def test_no_two_options_of_a_command_share_a_name_or_a_text(name: str) -> None:
    options = [parameter for parameter in ALL[name].params if isinstance(parameter, click.Option)]
    names = [option for each in options for option in (*each.opts, *each.secondary_opts)]
    texts = [each.help for each in options]
    assert len(names) == len(set(names))
    assert len(texts) == len(set(texts))


def test_the_first_page_lists_every_command_and_every_exit_code() -> None:
    shown = _flat(main.get_help(click.Context(main, info_name="receiver-setup")))
    for name, (module, line) in _COMMANDS.items():
        assert importlib.import_module(module).command.name == name
        assert _flat(f"{name} {line}") in shown
    for code in ("0 done", "1 a bug", "2 usage", "3 camera", "4 receiver", "5 proof", "6 the undo", "7 ", "130 "):
        assert _flat(code) in shown


@pytest.mark.parametrize("arguments", [["--help"], ["setup", "--help"], ["demo", "--help"], ["--version"]])
def test_help_loads_no_library_for_ssh_or_http(arguments: list[str]) -> None:
    program = (
        "import sys, atexit\n"
        "from receiver_setup.cli import run\n"
        "atexit.register(lambda: print('|', *{'paramiko', 'requests', 'cryptography', 'rich'} & set(sys.modules)))\n"
        f"sys.argv = ['receiver-setup', *{arguments!r}]\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(("Usage: receiver-setup", "receiver-setup, version"))
    assert done.stdout.rpartition("|")[2].strip() == ""


def _flat(text: str) -> str:
    """Return the text without the places where its lines were broken."""
    return "".join(text.split())
