"""Ctrl-C at a bad moment: put off until what is under way has reached a consistent end."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from receiver_setup.compat import ENDING_SIGNALS, HANG_UP


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


class _Interrupter:
    """A handler that raises `KeyboardInterrupt` once: what that begins, no other signal may cut short."""

    def __init__(self) -> None:
        self._armed = True
        self._missed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        if not self._armed:
            self._missed = True
            return
        self._armed = False
        raise KeyboardInterrupt

    def disarm(self) -> None:
        """Raise no more."""
        self._armed = False

    def rearm(self) -> None:
        """Raise again from now on, and now where a signal came meanwhile."""
        if self._missed:
            self._missed = False
            raise KeyboardInterrupt
        self._armed = True


@contextlib.contextmanager
def endings_interrupt() -> Iterator[None]:
    """Make the ending signals interrupt the body once, so that it can put things back undisturbed.

    Ctrl-C often comes twice, from an impatient hand or from a parent that passes it on. A body that has an answer to
    a second one calls `heed_another`. Within another such body, nothing is done.
    """
    if _interrupter() is not None:
        yield
        return
    before = _install(_Interrupter())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def interrupt_once() -> None:
    """As `endings_interrupt`, for the whole process."""
    _install(_Interrupter())


def heed_another() -> None:
    """Let one more signal interrupt; raises `KeyboardInterrupt` at once where it has come already."""
    interrupter = _interrupter()
    if interrupter is not None and threading.current_thread() is threading.main_thread():
        interrupter.rearm()


def heed_none() -> None:
    """Let no signal interrupt any more: what was to be done is done, and is being told."""
    interrupter = _interrupter()
    if interrupter is not None:
        interrupter.disarm()


def end_undisturbed() -> None:
    """Let Ctrl-C pass unnoticed while the process ends; the other signals end it at once."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    # CPython remembers an interruption that came out of an exec, by which dataclasses are made, and would end the
    # process by SIGINT for it, though it was dealt with. The next exec forgets it.
    exec("")  # noqa: S102 - as said


def _interrupter() -> _Interrupter | None:
    handler = signal.getsignal(signal.SIGINT)
    return handler if isinstance(handler, _Interrupter) else None


def _install(interrupter: _Interrupter) -> dict[signal.Signals, Any]:
    """Return the handlers that were there before. A hang-up that nohup has let this process ignore stays ignored."""
    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    if HANG_UP is not None and before[HANG_UP] == signal.SIG_IGN:
        del before[HANG_UP]
    for number in before:
        signal.signal(number, interrupter)
    return before
