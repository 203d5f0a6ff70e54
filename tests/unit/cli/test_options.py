"""Every option has help, and none takes a secret."""

import click
from support.rules import listed

from receiver_setup.cli.commands.setup import command

OPTIONS = [option for option in command.params if isinstance(option, click.Option)]


def test_an_option_has_a_help_line_that_ends_as_a_sentence() -> None:
    helps = {option.opts[0]: option.help or "" for option in OPTIONS}
    wrong = {
        name: text
        for name, text in helps.items()
        if not text or not (text.rstrip("]").rpartition("  [")[0].endswith(".") or text[-1] in ".]")
    }
    assert not wrong, listed(wrong)


def test_a_password_is_never_an_argument() -> None:
    names = [option.opts[0] for option in OPTIONS if "password" in option.opts[0]]
    wrong = [name for name in names if not name.endswith("-file")]
    assert names
    assert not wrong, listed(wrong)


def test_the_options_of_the_contract_are_there() -> None:
    names = {name for option in OPTIONS for name in (*option.opts, *option.secondary_opts)}
    assert names >= {
        "--receiver", "--local", "--camera", "--user", "--directory", "--home", "--jail", "--no-jail",
        "--receiver-address",
        "--identity", "--known-hosts", "--accept-new-host-key", "--ssh-config", "--auth", "--sha1", "--timeout",
        "--jobs",
        "--check", "--diff", "--json", "-v", "-q", "--yes",
    }  # fmt: skip


def test_defaults_are_those_of_the_contract() -> None:
    defaults = {option.name: option.default for option in OPTIONS}
    assert (defaults["user"], defaults["directory"], defaults["jail"]) == ("ipcamera", "recordings", True)
    assert (defaults["auth"], defaults["sha1"]) == ("auto", "auto")
