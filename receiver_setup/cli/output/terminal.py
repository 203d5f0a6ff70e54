"""Standard error, shared by all that print there during a run: lines go above a live display, questions stop it.

A question has the screen alone: lines wait until it was answered, with a live display and without. Without a terminal
nothing is asked.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from receiver_setup.errors import ConfigurationError


class Display(Protocol):
    """What keeps a part of the screen for itself."""

    def print_line(self, text: str) -> None:
        """Print above it, from any thread; `text` is redacted already."""

    def suspended(self) -> AbstractContextManager[None]:
        """Leave the screen to somebody else for the body's time; lines wait until then."""


_active: list[Display] = []
_asking = threading.Lock()


class Lines:
    """Lines from any thread, which wait while a question is open; with nothing else on the screen."""

    def __init__(self) -> None:
        self._printing = threading.RLock()
        """Held while a line is printed or what else is on the screen comes and goes; the outermost."""
        self._held: list[Callable[[], None]] | None = None
        """Lines that wait for the end of a question."""

    def print(self, show: Callable[[], None]) -> None:
        """Show one, never two mixed up; or keep it until a question was answered."""
        with self._printing:
            if self._held is None:
                show()
            else:
                self._held.append(show)

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Leave the screen to somebody else for the body's time."""
        with self._printing:
            self._held = []
            self._leave()
        try:
            yield
        finally:
            with self._printing:
                held, self._held = self._held, None
                for show in held or ():
                    show()
                self._come_back()

    def _leave(self) -> None:
        """Take off the screen what else is on it."""

    def _come_back(self) -> None:
        """Put it there again."""


_lines = Lines()
print_line = _lines.print
"""Shows a line where there is no live display, as soon as no question is open."""


def active_display() -> Display | None:
    """Return the live display that is on the screen now."""
    return _active[-1] if _active else None


@contextlib.contextmanager
def showing(display: Display) -> Iterator[None]:
    """Let lines and questions go through `display` while the body runs."""
    _active.append(display)
    try:
        yield
    finally:
        _active.remove(display)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Have the screen alone, to ask a person something."""
    with _asking, (active_display() or _lines).suspended():
        yield


_OPTIONS = (
    "give the answers as options: --receiver [USER@]HOST[:PORT] or --local, --camera HOST, --home, --upload, and the "
    "password by --camera-password-file or RECEIVER_SETUP_CAMERA_PASSWORD"
)


def on_terminal() -> bool:
    """Tell whether a question would be seen and could be answered; a stream that was closed is none."""
    try:
        return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
    except ValueError:  # it is closed
        return False


def require_terminal() -> None:
    """Never wait for an answer that nobody can give."""
    if not on_terminal():
        raise ConfigurationError("something has to be asked, and there is no terminal to ask on", hint=_OPTIONS)
