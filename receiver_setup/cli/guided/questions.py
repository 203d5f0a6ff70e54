"""Ask questions on standard error, with a default, and again after an invalid answer."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from receiver_setup.cli.output.redaction import redact
from receiver_setup.cli.output.terminal import require_terminal
from receiver_setup.errors import ConfigurationError, ReceiverSetupError


def say(text: str) -> None:
    """Print a remark between two questions."""
    click.echo(redact(text), err=True)


def say_error(error: ReceiverSetupError) -> None:
    """Print what is wrong with an answer."""
    say(f"{error.message}; {error.hint}" if error.hint else error.message)


def ask(question: str, parse: Callable[[str], Any], *, default: str | None = None) -> str:
    """Return the first answer that `parse` accepts, as typed."""
    while True:
        require_terminal()
        text = str(click.prompt(question, default=default, err=True)).strip()
        try:
            parse(text)
        except ConfigurationError as error:
            say_error(error)
        else:
            return text


def ask_hidden(question: str) -> str:
    """Read a line without echo; may be empty."""
    require_terminal()
    return str(click.prompt(question, hide_input=True, err=True, default="", show_default=False))


def ask_line(question: str) -> str:
    """Read a line; may be empty."""
    require_terminal()
    return str(click.prompt(question, err=True, default="", show_default=False)).strip()


def confirm(question: str, *, default: bool) -> bool:
    """Return the answer to a yes-no question."""
    require_terminal()
    return click.confirm(question, default=default, err=True)


def choose(question: str, offered: Sequence[str], *, several: bool = False) -> list[int]:
    """Show numbered answers and return the chosen ones, counted from 0; the first is the default."""
    for number, text in enumerate(offered, 1):
        say(f"  {number}  {text}")

    def parse(text: str) -> list[int]:
        words = [word.strip() for word in text.split(",")]
        if not all(word.isascii() and word.isdigit() and 1 <= int(word) <= len(offered) for word in words):
            raise ConfigurationError(f"{text!r} is not one of these numbers", hint=f"give one from 1 to {len(offered)}")
        if len(words) > 1 and not several:
            raise ConfigurationError("only one of these can be chosen", hint="give its number alone")
        return [int(word) - 1 for word in words]

    return parse(ask(question, parse, default="1"))
