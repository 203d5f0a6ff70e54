"""Where secrets come from: a file, the environment, a question on a terminal. Never an argument."""

import os
from collections.abc import Callable
from pathlib import Path

import click

from receiver_setup.cli.redaction import redact
from receiver_setup.cli.terminal import on_terminal
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Secret


def read_secret(file: Path | None, variable: str, *, question: str | None, user: str | None = None) -> Secret | None:
    """Return the secret from `file`, else from the environment, else by asking; None where nobody can be asked."""
    text = _from_file(file) if file is not None else os.environ.get(variable)
    if text is None and question is not None and on_terminal():
        text = click.prompt(question, hide_input=True, err=True, default="", show_default=False)
    if not text:
        return None
    if not _is_text(text):
        raise ConfigurationError(
            f"the value of {variable} is not UTF-8 text", hint="set it anew on a terminal that uses UTF-8"
        )
    secret = Secret(text)
    redact.add(secret, user=user)
    return secret


def secret_source(file: Path | None, variable: str, *, question: str) -> Callable[[], Secret | None]:
    """Return a function that reads the secret when it is first needed, and only then."""
    known: list[Secret | None] = []

    def ask() -> Secret | None:
        if not known:
            known.append(read_secret(file, variable, question=question))
        return known[0]

    return ask


def _is_text(text: str) -> bool:
    """Tell text from bytes that Python could not decode and carries as lone surrogates."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def _from_file(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the password file {path}: {error}") from error
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line:
        raise ConfigurationError(f"the password file {path} has an empty first line")
    return line
