"""How long the parts of a login take, for the trace; what a person needs for an answer is left out."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from receiver_setup.trace.tracing import log_trip

_log = logging.getLogger(__name__)

T = TypeVar("T")


class LoginClock:
    """Started at once; told when the line stands and when its keys are agreed on."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._began = time.monotonic()
        self._asked_s = self._dialled_s = 0.0
        self._connected = self._began

    def dialling(self, dial: Callable[[], T]) -> T:
        """Dial; a second time where the first line was lost."""
        began = time.monotonic()
        try:
            return dial()
        finally:
            self._connected = time.monotonic()
            self._dialled_s += self._connected - began

    def asking(self, ask: Callable[[], T]) -> T:
        """Ask a person."""
        began = time.monotonic()
        try:
            return ask()
        finally:
            self._asked_s += time.monotonic() - began

    def tell(self, *, agreed: float | None) -> None:
        """Log the connection; `agreed` is when its keys were, None for a login that failed."""
        began_s = self._began + self._asked_s
        said = "failed"
        if agreed is not None:
            parts = {"dial": self._dialled_s, "handshake": agreed - self._connected}
            parts["login"] = time.monotonic() - began_s - sum(parts.values())
            said = " + ".join(f"{name} {max(0.0, part_s) * 1000:.0f} ms" for name, part_s in parts.items())
        log_trip(_log, "connections", where=self._name, name="connection", began_s=began_s, said=said)
