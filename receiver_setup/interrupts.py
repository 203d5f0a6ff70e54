"""Ctrl-C at a bad moment: put off until what is under way has reached a consistent end."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Told once that the run is to end; what runs outside the main thread looks at it before each step."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._insisted = threading.Event()

    def tell(self) -> None:
        """Ask every part to end at its next safe point; a second time, to leave nothing of what it has done."""
        if self._told.is_set():
            self._insisted.set()
        self._told.set()

    @property
    def told(self) -> bool:
        """True once the run is to end."""
        return self._told.is_set()

    @property
    def insisted(self) -> bool:
        """True once it was told again."""
        return self._insisted.is_set()


@contextlib.contextmanager
def shielded(*, deliver: bool = True) -> Iterator[None]:
    """Let no signal cut the body short; what came meanwhile is delivered after it, or dropped if the run ends anyway.

    Outside the main thread nothing is to be done: Python delivers signals to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    missed: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        missed.append(number)

    before = {number: signal.signal(number, note) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if missed and deliver:
        signal.raise_signal(missed[0])


@contextlib.contextmanager
def endings_interrupt() -> Iterator[None]:
    """Make SIGTERM and SIGHUP end the body as Ctrl-C does, so that they put things back as well."""

    def interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
