"""Standard error, shared by everything that prints during a run: lines go above a live display, questions suspend it.

While a question is open, lines are held back until it is answered. Without a terminal no questions are asked.
"""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from receiver_setup.errors import ConfigurationError


class Display(Protocol):
    """A live display that occupies a part of the screen."""

    def print_line(self, text: str) -> None:
        """Print `text`, already redacted, above it; thread-safe."""

    def suspended(self) -> AbstractContextManager[None]:
        """Release the screen while the body runs; lines are held back."""


_active: list[Display] = []
_asking = threading.Lock()


class Lines:
    """Thread-safe printing of lines, held back while a question is open; without a live display."""

    def __init__(self) -> None:
        self._printing = threading.RLock()
        """Protects the screen; the outermost lock."""
        self._held: list[Callable[[], None]] | None = None
        """Lines held back until a question is answered."""

    def print(self, show: Callable[[], None]) -> None:
        """Print one line atomically, or hold it back until a question is answered."""
        with self._printing:
            if self._held is None:
                show()
            else:
                self._held.append(show)

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """Release the screen while the body runs."""
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
        """Remove the display from the screen."""

    def _come_back(self) -> None:
        """Show the display again."""


_lines = Lines()
print_line = _lines.print
"""Prints lines when there is no live display."""


def active_display() -> Display | None:
    """Return the live display that is on the screen now."""
    return _active[-1] if _active else None


@contextlib.contextmanager
def showing(display: Display) -> Iterator[None]:
    """Route lines and questions through `display` while the body runs."""
    _active.append(display)
    try:
        yield
    finally:
        _active.remove(display)


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Reserve the screen for a question."""
    with _asking, (active_display() or _lines).suspended():
        yield


_OPTIONS = (
    "give the answers as options: --receiver [USER@]HOST[:PORT] or --local, --camera HOST, --home, --upload, and the "
    "password by --camera-password-file or RECEIVER_SETUP_CAMERA_PASSWORD"
)


def on_terminal() -> bool:
    """Return True if a question can be shown and answered; False for closed streams."""
    try:
        return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
    except ValueError:  # it is closed
        return False


def require_terminal() -> None:
    """Raise ConfigurationError if no one can answer a question."""
    if not on_terminal():
        raise ConfigurationError("options are missing, and there is no terminal to ask for them", hint=_OPTIONS)
