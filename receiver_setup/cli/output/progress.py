"""Show steps on standard error as they happen: a live table for many cameras on a terminal, else a line per step."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import click

from receiver_setup.cli.output.lines import words_of
from receiver_setup.cli.output.terminal import print_line, showing
from receiver_setup.report import Event, Mark, Observer

if TYPE_CHECKING:
    from rich.console import Console

    from receiver_setup.cli.output.live import LiveBoard


@contextlib.contextmanager
def progress(
    *, quiet: bool, cameras: Mapping[str, str], steps: bool = True, verbose: bool = False
) -> Iterator[Observer]:
    """Yield an observer for the steps of workflows, thread-safe, while the body runs.

    `cameras` maps each camera to its receiver, by the names in events. Without `steps` only a table is shown, if
    possible; with `verbose` all steps are also printed as lines above it.
    """
    live = _live_board(cameras, verbose=verbose) if not quiet and len(cameras) > 1 and sys.stderr.isatty() else None
    if live is None:
        yield make_observer(quiet=quiet or not steps)
        return
    with live, showing(live):
        yield live.note


def make_observer(*, quiet: bool) -> Observer:
    """Return an observer that prints one line per step."""
    if quiet:
        return lambda event: None  # noqa: ARG005 - quiet
    show = _rich_printer() if sys.stderr.isatty() else _plain

    def observe(event: Event) -> None:
        if event.mark is Mark.STEP:
            print_line(partial(show, event))

    return observe


def _plain(event: Event) -> None:
    status, line = words_of(event)
    click.echo(f"{status:<8}{line}", err=True)


def _console() -> "Console":
    from rich.console import Console  # noqa: PLC0415 - only for a terminal, and it takes its time

    return Console(file=sys.stderr, highlight=False)


def _live_board(cameras: Mapping[str, str], *, verbose: bool) -> "LiveBoard | None":
    """Return a table for the terminal; None if it cannot show one."""
    from receiver_setup.cli.output.board import Board  # noqa: PLC0415 - as above
    from receiver_setup.cli.output.live import LiveBoard, suits  # noqa: PLC0415 - as above

    console = _console()
    return LiveBoard(console, Board(cameras, now_s=time.monotonic()), every_step=verbose) if suits(console) else None


def _rich_printer() -> Callable[[Event], None]:
    from receiver_setup.cli.output.live import coloured  # noqa: PLC0415 - as above

    console = _console()
    return lambda event: console.print(coloured(event), soft_wrap=True)
