"""A live table of many cameras at the bottom of the terminal."""

import os
import threading
import time
from functools import partial
from typing import Literal, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from receiver_setup.cli.output.board import Board, Row, State, show_time
from receiver_setup.cli.output.lines import words_of
from receiver_setup.cli.output.redaction import redact
from receiver_setup.cli.output.terminal import Lines
from receiver_setup.process.interrupts import shielded
from receiver_setup.report import Event, Mark

_NARROWEST, _LOWEST = 60, 6
"""The smallest terminal for which a table is better than plain lines."""
_WIDEST = 120
_AROUND = 3
"""Lines besides the rows: the heading, the counters, and one for the cursor."""
_A_SECOND = 4
_COLOURS = {"ok": "green", "changed": "yellow", "FAILED": "red"}
_STYLES = {
    State.DONE: "green",
    State.FAILED: "red",
    State.STOPPED: "red",
    State.UNDER_WAY: "cyan",
    State.WAITING: "dim",
}


def suits(console: Console) -> bool:
    """Return True if the console can show a live table; a CI server keeps a log, even if it claims to be a terminal."""
    wide = console.width >= _NARROWEST and console.height >= _LOWEST
    return console.is_terminal and not console.is_dumb_terminal and wide and not os.environ.get("CI")


def coloured(event: Event) -> Text:
    """Return the coloured line of a step."""
    status, line = words_of(event)
    return Text.assemble((f"{status:<8}", _COLOURS[status]), line)


class LiveBoard(Lines):
    """A board on the screen; a context manager that leaves the final table and a usable terminal.

    Thread-safe. `every_step`: also print steps as lines above the table.
    """

    def __init__(self, console: Console, board: Board, *, every_step: bool = False) -> None:
        super().__init__()
        self._console = console
        self._board = board
        self._every_step = every_step
        self._overflow: Literal["crop", "ellipsis"] = "crop" if console.options.ascii_only else "ellipsis"
        self._ended = False
        self._over = threading.Event()
        self._ticking: threading.Thread | None = None
        self._reading = threading.Lock()
        """Protects the board; the innermost lock, inside rich's own as well."""
        self._live = self._make_live()

    def __enter__(self) -> Self:
        try:
            with self._printing:
                self._live.start(refresh=True)
            self._ticking = threading.Thread(target=self._tick, name="live board", daemon=True)
            self._ticking.start()
        except BaseException:
            self._stop()
            raise
        return self

    def _tick(self) -> None:
        """Redraw the table periodically; rich's own thread could mix with lines of other threads."""
        while not self._over.wait(1 / _A_SECOND):
            with self._printing:
                if self._held is None and not self._over.is_set():
                    self._live.refresh()

    def __exit__(self, *_: object) -> None:
        with shielded():
            with self._reading:
                rest = self._board.rest()
                self._board.finish(now_s=time.monotonic())
                self._ended = True
            self._print(rest)
            self._stop()

    def note(self, event: Event) -> None:
        """Show an event in the table, or above it."""
        with self._printing:
            with self._reading:
                lines = self._board.note(event, now_s=time.monotonic())
            self._print([event] if self._every_step and event.mark is Mark.STEP else lines)

    def print_line(self, text: str) -> None:
        """Print above the table."""
        self._print_text(Text(text))

    def _print(self, lines: list[Event]) -> None:
        for event in lines:
            text = coloured(event)
            if not event.failed and not self._every_step:
                text.truncate(self._console.width, overflow=self._overflow)
            self._print_text(text)

    def _print_text(self, text: Text) -> None:
        """Print above the table, or hold it back until a question is answered."""
        self.print(partial(self._console.print, text, soft_wrap=True))

    def _leave(self) -> None:
        self._live.transient = True
        self._live.stop()

    def _come_back(self) -> None:
        self._live = self._make_live()
        self._live.start(refresh=True)

    def _make_live(self) -> Live:
        return Live(
            console=self._console,
            get_renderable=self._picture,
            auto_refresh=False,
            redirect_stdout=False,
            vertical_overflow="crop",
        )

    def _stop(self) -> None:
        self._over.set()
        try:
            with self._printing:
                self._live.stop()
            if self._ticking is not None and self._ticking.is_alive():
                self._ticking.join()
        finally:
            self._console.show_cursor()

    def _picture(self) -> Group:
        now_s = time.monotonic()
        with self._reading:
            rows = self._board.rows(self._console.height - _AROUND, now_s=now_s)
            below = self._board.summary(now_s=now_s) if self._ended else self._board.counters()
        return Group(self._table(rows), Text(below, no_wrap=True, overflow="crop"))

    def _table(self, rows: list[Row]) -> Table:
        overflow = self._overflow
        table = Table(
            box=None, pad_edge=False, expand=True, width=min(self._console.width, _WIDEST), header_style="bold"
        )
        table.add_column("camera", no_wrap=True, overflow=overflow, ratio=2)
        if self._board.several_receivers:
            table.add_column("receiver", no_wrap=True, overflow=overflow, ratio=2)
        table.add_column("last step", no_wrap=True, overflow=overflow, ratio=5)
        table.add_column("time", no_wrap=True, justify="right", width=8)
        table.add_column("result", no_wrap=True, width=9)
        for row in rows:
            words = [row.camera, *([row.receiver] if self._board.several_receivers else []), row.step]
            took = show_time(row.took_s) if row.took_s else ""
            style = "yellow" if row.result == "changed" else _STYLES[row.state]
            table.add_row(*(Text(self._plain(word)) for word in words), took, Text(row.result, style))
        return table

    def _plain(self, text: str) -> str:
        """Return text as one line without control characters, in the terminal's encoding."""
        line = "".join(c if c.isprintable() else " " for c in redact(text))
        return line.encode(self._console.encoding, "replace").decode(self._console.encoding)
