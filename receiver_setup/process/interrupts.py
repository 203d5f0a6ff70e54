"""Ctrl-C and the other ending signals: they interrupt once, and never in the middle of what has to be finished.

One handler is installed and stays; what may not be cut short only holds it back by a counter, so that no signal can
fall between two handlers.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from receiver_setup.compat import ENDING_SIGNALS, HANG_UP

_LOOK_S = 0.3


class Stop:
    """Told once that the run is to end; what runs outside the main thread looks at it before each step."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._insisted = threading.Event()
        self._listeners: list[Callable[[], None]] = []

    def tell(self) -> None:
        """Ask every part to end at its next safe point; a second time, to leave nothing of what it has done."""
        if self._told.is_set():
            self._insisted.set()
        self._told.set()
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` each time it is told, in the thread that tells; at once where it was told already."""
        self._listeners.append(listener)
        if self._told.is_set():
            listener()

    @property
    def told(self) -> bool:
        """True once the run is to end."""
        return self._told.is_set()

    @property
    def insisted(self) -> bool:
        """True once it was told again."""
        return self._insisted.is_set()


class _Handler:
    """The handler of every ending signal: raises `KeyboardInterrupt` once, and not while it is held back.

    Python calls it in the main thread alone, between two of its instructions, so that a plain counter is enough.
    """

    def __init__(self, *, armed: bool = True) -> None:
        self.holds = 0
        """How many bodies have to be finished first, one inside the other."""
        self.noted: int | None = None
        """The first signal that came while it was held back."""
        self._armed = armed
        self._missed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        """Interrupt, or note it."""
        if self.holds:
            if self.noted is None:
                self.noted = number
        else:
            self.deliver()

    def deliver(self) -> None:
        """Interrupt where that is still wanted; what the first one began, no other may cut short."""
        if self._armed:
            self._armed = False
            raise KeyboardInterrupt
        self._missed = True

    def disarm(self) -> None:
        """Raise no more."""
        self._armed = False

    def rearm(self) -> None:
        """Raise again from now on, and now where a signal came meanwhile."""
        self._armed = True
        if self._missed:
            self._missed = self._armed = False
            raise KeyboardInterrupt


@contextlib.contextmanager
def shielded(what: str = "", *, deliver: bool = True) -> Iterator[None]:
    """Defer signals until the body has finished; then deliver the first of them, or drop them if the run ends anyway.

    `what` is the body in words, for whoever interrupts one that takes its time. Outside the main thread nothing is to
    be done: Python delivers signals to the main thread alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _installed()
    if handler is None:
        # Nobody guards this process: the handlers that are there get what came, after the body.
        handler = _Handler(armed=False)
        handler.holds = 1
        try:
            with _in_place(handler):
                yield
        finally:
            if handler.noted is not None and deliver:
                signal.raise_signal(handler.noted)
        return
    earlier = handler.noted
    handler.holds += 1
    over = threading.Event()
    try:
        if what:
            threading.Thread(target=_explain_wait, args=(handler, what, over), name="wait", daemon=True).start()
        yield
    finally:
        over.set()
        if not deliver:
            handler.noted = earlier
        handler.holds -= 1
        if not handler.holds and handler.noted is not None:
            handler.noted = None
            handler.deliver()


@contextlib.contextmanager
def endings_interrupt() -> Iterator[None]:
    """Make the ending signals interrupt the body once, so that it can put things back undisturbed.

    Ctrl-C often comes twice, from an impatient hand or from a parent that passes it on. A body that has an answer to
    a second one calls `heed_another`. Within another such body, nothing is done.
    """
    if _installed() is not None:
        yield
        return
    with _in_place(_Handler()):
        yield


def interrupt_once() -> None:
    """As `endings_interrupt`, for the whole process."""
    handler = _Handler()
    for number in _handled():
        signal.signal(number, handler)


def heed_another() -> None:
    """Let one more signal interrupt; raises `KeyboardInterrupt` at once where it has come already."""
    handler = _installed()
    if handler is not None and threading.current_thread() is threading.main_thread():
        handler.rearm()


def ignore_signals() -> None:
    """Let no signal interrupt any more: what was to be done is done, and is being reported."""
    handler = _installed()
    if handler is not None:
        handler.disarm()


def end_undisturbed() -> None:
    """Let Ctrl-C pass unnoticed while the process ends; the other signals end it at once."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    # CPython remembers an interruption that came out of an exec, by which dataclasses are made, and would end the
    # process by SIGINT for it, though it was dealt with. The next exec forgets it.
    exec("")  # noqa: S102 - as said


def _explain_wait(handler: _Handler, what: str, over: threading.Event) -> None:
    """Say once why an interruption waits; not from the handler, which may have interrupted whoever prints."""
    while not over.wait(_LOOK_S):
        if handler.noted is not None:
            import logging  # noqa: PLC0415 - only then, since this module is loaded first of all

            logging.getLogger(__name__).warning("interrupted; %s must not be cut off and ends first", what)
            return


def _installed() -> _Handler | None:
    handler = signal.getsignal(signal.SIGINT)
    return handler if isinstance(handler, _Handler) else None


def _handled() -> list[signal.Signals]:
    """Return the signals to handle: a hang-up that nohup has let this process ignore stays ignored."""
    return [each for each in ENDING_SIGNALS if each != HANG_UP or signal.getsignal(each) != signal.SIG_IGN]


@contextlib.contextmanager
def _in_place(handler: _Handler) -> Iterator[None]:
    """Install a handler for the body's time; whenever a signal comes, every former handler is put back."""
    before: dict[signal.Signals, Any] = {}
    try:
        for number in _handled():
            before[number] = signal.getsignal(number)
            signal.signal(number, handler)
        yield
    finally:
        _put_back(before)


def _put_back(before: dict[signal.Signals, Any]) -> None:
    """Put handlers back, all of them, also where one is called and raises before the next is back."""
    try:
        while before:
            number = next(iter(before))
            signal.signal(number, before[number])
            del before[number]
    finally:
        if before:
            _put_back(before)
