"""Progress of a run on Ansible's display, without secrets."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from receiver_setup.report import Event, Observer
from receiver_setup.secrets import Redactor

_LOCK = threading.Lock()


class _DisplayHandler(logging.Handler):
    """Shows warnings as Ansible's, other messages with -vv, and every request with -vvv."""

    def __init__(self, display: Any, host: str, redact: Redactor) -> None:
        super().__init__()
        self._display, self._host, self._redact = display, host, redact

    def emit(self, record: logging.LogRecord) -> None:
        text = self._redact(self.format(record))
        with _LOCK:
            if record.levelno >= logging.WARNING:
                self._display.warning(f"{self._host}: {text}")
            elif record.levelno >= logging.INFO:
                self._display.vv(text, host=self._host)
            else:
                self._display.vvv(text, host=self._host)


@contextlib.contextmanager
def logs_shown(display: Any, host: str, redact: Redactor) -> Iterator[None]:
    """Send the package's log messages to Ansible's display."""
    ours = logging.getLogger("receiver_setup")
    before = (ours.handlers, ours.propagate, ours.level)
    ours.handlers, ours.propagate = [_DisplayHandler(display, host, redact)], False
    ours.setLevel(logging.DEBUG if display.verbosity > 1 else logging.WARNING)
    try:
        yield
    finally:
        ours.handlers, ours.propagate = before[0], before[1]
        ours.setLevel(before[2])


def make_observer(display: Any, host: str, redact: Redactor) -> Observer:
    """Return an observer that shows one line per step with -v."""

    def observe(event: Event) -> None:
        word = "FAILED" if event.failed else "changed" if event.step.changed else "ok"
        detail = f": {event.step.detail}" if event.step.detail else ""
        with _LOCK:
            display.v(redact(f"{host}: {word:<8}{event.scope}: {event.step.name}{detail}"))

    return observe
