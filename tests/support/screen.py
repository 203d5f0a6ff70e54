"""A command on a terminal of its own, and what a person sees there: lines, cursor movements, resizes."""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time

import pytest

from support.command import start

_SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


class Screen:
    """A terminal without end: what scrolls off the top is kept. Knows what a live table uses, and nothing else."""

    def __init__(self) -> None:
        self.lines = [""]
        self.cursor_shown = True
        self._row = self._column = 0
        self._rest = ""

    @property
    def text(self) -> str:
        """Return everything that stands there."""
        return "\n".join(line.rstrip() for line in self.lines)

    def feed(self, data: str) -> None:
        """Take in what was printed; a sequence that is cut off waits for its other half."""
        data, self._rest = self._rest + data, ""
        while data:
            if data[0] != "\x1b":
                self._put(data[0])
                data = data[1:]
            elif found := _SEQUENCE.match(data):
                self._move(found[1], found[2])
                data = data[found.end() :]
            else:
                assert len(data) < 16, f"a sequence that this terminal does not know: {data[:16]!r}"
                self._rest, data = data, ""

    def _put(self, character: str) -> None:
        if character == "\r":
            self._column = 0
        elif character == "\n":
            self._row += 1
            self.lines += [""] * (self._row + 1 - len(self.lines))
        else:
            line = self.lines[self._row].ljust(self._column)
            self.lines[self._row] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1

    def _move(self, parameters: str, kind: str) -> None:
        if kind == "A":
            self._row = max(0, self._row - int(parameters or 1))
        elif kind == "K":
            assert parameters == "2", "whole lines are erased"
            self.lines[self._row] = ""
        elif kind in "hl":
            assert parameters == "?25", "no other mode is touched"
            self.cursor_shown = kind == "h"
        else:
            assert kind == "m", f"only colours beside: {parameters}{kind}"


class OnTerminal:
    """A `receiver-setup` with a terminal of its own; `screen` is what stands there, `raw` what was printed."""

    def __init__(
        self,
        *arguments: str,
        environment: dict[str, str],
        size: tuple[int, int] = (24, 100),
        tty_out: bool = True,
        real: bool = False,
    ) -> None:
        """Start it; `real`: by an interpreter of its own, see command.py."""
        self.screen = Screen()
        self.raw = ""
        self._ours, theirs = os.openpty()
        self.resize(*size)
        clean = {name: text for name, text in os.environ.items() if name not in {"CI", "NO_COLOR", "COLUMNS", "LINES"}}
        self.process = start(
            *arguments,
            terminal=True,
            real=real,
            stdin=theirs,
            stdout=theirs if tty_out else subprocess.DEVNULL,
            stderr=theirs,
            env={**clean, "TERM": "xterm", **environment},
        )
        os.close(theirs)

    def resize(self, lines: int, columns: int) -> None:
        """Give the terminal another size."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        """Type; the line discipline turns a Ctrl-C into a signal."""
        os.write(self._ours, text.encode())

    def wait_for(self, text: str) -> None:
        """Read on until `text` stands on the screen."""
        end = time.monotonic() + 30
        while text not in self.screen.text:
            if not self._more(end):
                pytest.fail(f"no {text!r} on the screen, but: {self.screen.text}")

    def end(self) -> int:
        """Read on to the end; return the exit code."""
        while self._more(time.monotonic() + 60):
            pass
        os.close(self._ours)
        return self.process.wait(timeout=10)

    def _more(self, end: float) -> bool:
        if not select.select([self._ours], [], [], max(end - time.monotonic(), 0))[0]:
            return False
        try:
            data = os.read(self._ours, 65536).decode()
        except OSError:  # the last process on it has gone
            return False
        self.raw += data
        self.screen.feed(data)
        return bool(data)
