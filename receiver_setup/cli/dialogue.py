"""The questions of `setup` when nothing was given: one at a time, with sensible defaults."""

import getpass
from typing import Any

import click

from receiver_setup.camera.address import CameraAddress
from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.address import ReceiverAddress


def ask_targets() -> dict[str, Any]:
    """Ask for receiver and camera; an answer that cannot be meant is asked for again."""
    click.echo(
        "This makes a Linux host the receiver of a camera's uploads. Ctrl-C ends it; nothing is changed yet.", err=True
    )
    local = click.confirm("Is the receiver this machine?", default=False, err=True)
    answers: dict[str, Any] = {"local": local}
    if not local:
        question = f"Receiver, as [USER@]HOST[:PORT] (USER is {getpass.getuser()} unless given)"
        answers["receiver"] = _ask(question, ReceiverAddress.parse)
    answers["cameras"] = (
        _ask("Camera, as [http[s]://][USER@]HOST[:PORT] (USER is admin unless given)", CameraAddress.parse),
    )
    return answers


def _ask(question: str, parse: Any) -> str:
    while True:
        text = str(click.prompt(question, err=True))
        try:
            parse(text)
        except ConfigurationError as error:
            click.echo(f"{error.message}; {error.hint}", err=True)
        else:
            return text
