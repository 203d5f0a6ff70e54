"""Read secrets from a file, the environment, a command or a prompt, but never from an argument."""

import os
import subprocess
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from receiver_setup.cli.output.redaction import redact
from receiver_setup.cli.output.terminal import alone, on_terminal
from receiver_setup.compat import decode_text
from receiver_setup.errors import ConfigurationError
from receiver_setup.process.prompts import ask_where_awaited
from receiver_setup.secrets import Secret

if TYPE_CHECKING:
    from receiver_setup.inventory import SecretSource

_COMMAND_S = 60.0
"""Long enough for a user to unlock a password manager."""


def read_secret(
    file: Path | None,
    variable: str,
    *,
    question: str | None,
    user: str | None = None,
    source: "SecretSource | None" = None,
) -> Secret | None:
    """Return the secret from `file`, else from an inventory's `source`, else from the environment, else from a prompt.

    None if no one can be asked. A source without a secret is an error.
    """
    if file is not None:
        text: str | None = first_line(file)
    elif source is not None:
        text, variable = _from_source(source), source.variable or source.place
    else:
        text = os.environ.get(variable)
    if text is None and question is not None:
        text = _ask(question)
    if not text:
        return None
    if not _is_text(text):
        raise ConfigurationError(
            f"the value of {variable} is not UTF-8 text", hint="set it again on a terminal that uses UTF-8"
        )
    secret = Secret(text)
    redact.add(secret, user=user)
    return secret


def _ask(question: str, *, echo: bool = False) -> str | None:
    with alone():  # first, because a live display replaces standard error
        if not on_terminal():
            return None
        try:
            answer: str = click.prompt(question, hide_input=not echo, err=True, default="", show_default=False)
        except click.Abort:
            # Ctrl-C, or the end of the input: the run must undo its changes.
            raise KeyboardInterrupt from None
        return answer


def secret_source(
    file: Path | None, variable: str, *, question: str, source: "SecretSource | None" = None
) -> Callable[[], Secret | None]:
    """Return a function that reads the secret once, when it is first needed."""
    known: list[Secret | None] = []

    def ask() -> Secret | None:
        if not known:
            read = partial(read_secret, file, variable, question=question, source=source)
            known.append(ask_where_awaited(read))
        return known[0]

    return ask


def ask_person(question: str, echo: bool) -> Secret | None:
    """Ask a server's question, with or without echo; None if no one can be asked."""
    text = ask_where_awaited(partial(_ask, question, echo=echo))
    if not text:
        return None
    secret = Secret(text)
    redact.add(secret)
    return secret


def ask_to_go_on(question: str) -> bool:
    """Ask for yes or no, from any thread of a run; the default is no."""

    def ask() -> bool:
        with alone():
            try:
                return click.confirm(redact(question), default=False, err=True)
            except click.Abort:
                raise KeyboardInterrupt from None

    answer: bool = ask_where_awaited(ask)
    return answer


def first_line(path: Path, *, place: str = "") -> str:
    """Return the first line of a password file; ConfigurationError, starting with `place`, if there is none."""
    before = f"{place}: " if place else ""
    try:
        text = decode_text(path.read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        told = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigurationError(f"{before}cannot read the password file {path}: {told}") from error
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise ConfigurationError(f"{before}the password file {path} has an empty first line")
    return line


def _from_source(source: "SecretSource") -> str:
    if source.file is not None:
        return first_line(source.file, place=source.place)
    if source.command is not None:
        try:
            with alone():  # a password manager may ask the user to unlock it
                return _from_command(source.command, source.folder)
        except ConfigurationError as error:
            raise ConfigurationError(f"{source.place}: {error.message}", hint=error.hint) from error
    value = os.environ.get(source.variable or "")
    if not value:
        raise ConfigurationError(
            f"{source.place}: {source.variable} is not set in the environment", hint="set it to the password"
        )
    return value


@cache
def _from_command(words: tuple[str, ...], folder: Path) -> str:
    """Return the first line that a command prints; it runs once even if several cameras use it.

    Neither its output nor its words are ever shown, because either may contain the password.
    """
    try:
        process = subprocess.Popen(
            words, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError as error:
        raise ConfigurationError(f"the command cannot be run: {error.strerror}") from error
    with process:
        try:
            output, _ = process.communicate(timeout=_COMMAND_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ConfigurationError(f"the command did not finish within {_COMMAND_S:.0f} s") from None
    if process.returncode:
        raise ConfigurationError(
            f"the command failed with the exit code {process.returncode}",
            hint="run it yourself: its first line of output must be the password",
        )
    try:
        line = output.decode("utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        raise ConfigurationError("the command's output is not UTF-8 text") from None
    if not line:
        raise ConfigurationError("the command printed an empty first line", hint="that line must be the password")
    return line


def _is_text(text: str) -> bool:
    """Return False for bytes that Python could not decode and represents as lone surrogates."""
    return not any("\ud800" <= c <= "\udfff" for c in text)
