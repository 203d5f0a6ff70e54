"""Steps on standard error while they happen: coloured on a terminal, plain lines elsewhere."""

import sys
import threading

import click

from receiver_setup.cli.redaction import redact
from receiver_setup.report import Event, Observer

_COLOURS = {"ok": "green", "changed": "yellow", "FAILED": "red"}


def make_observer(*, quiet: bool) -> Observer:
    """Return what a workflow tells its steps to; one line a step, never two mixed up."""
    if quiet:
        return lambda event: None  # noqa: ARG005 - nobody listens
    lock = threading.Lock()
    show = _rich_printer() if sys.stderr.isatty() else _plain

    def observe(event: Event) -> None:
        with lock:
            show(event)

    return observe


def status_of(event: Event) -> str:
    """Return the word that begins a line."""
    if event.failed:
        return "FAILED"
    return "changed" if event.step.changed else "ok"


def _line(event: Event) -> str:
    detail = f": {event.step.detail}" if event.step.detail else ""
    return redact(f"{event.scope}: {event.step.name}{detail}")


def _plain(event: Event) -> None:
    click.echo(f"{status_of(event):<8}{_line(event)}", err=True)


def _rich_printer() -> Observer:
    from rich.console import Console  # noqa: PLC0415 - only for a terminal, and it takes its time
    from rich.text import Text  # noqa: PLC0415

    console = Console(stderr=True, highlight=False)

    def show(event: Event) -> None:
        status = status_of(event)
        console.print(Text.assemble((f"{status:<8}", _COLOURS[status]), _line(event)), soft_wrap=True)

    return show
