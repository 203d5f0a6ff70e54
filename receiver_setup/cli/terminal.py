"""Standard error, shared by all that print there during a run: lines go above a live display, questions stop it.

Without a live display a line is a line, and a question is asked at once; but never two at a time.
"""

import contextlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol


class Display(Protocol):
    """What keeps a part of the screen for itself."""

    def print_line(self, text: str) -> None:
        """Print above it, from any thread; `text` is redacted already."""

    def suspended(self) -> AbstractContextManager[None]:
        """Leave the screen to somebody else for the body's time; lines wait until then."""


_active: list[Display] = []
_asking = threading.Lock()


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
    with _asking:
        display = active_display()
        with contextlib.nullcontext() if display is None else display.suspended():
            yield
