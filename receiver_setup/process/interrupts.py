"""Ctrl-C and other termination signals: they interrupt once, and never in code that must finish.

One handler stays installed; code that must finish defers it with a counter, so no signal can arrive between two
handlers.
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
    """A request to end the run; code outside the main thread checks it before each step."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self._insisted = threading.Event()
        self._listeners: list[Callable[[], None]] = []

    def tell(self) -> None:
        """Request the end of the run at the next safe point; a second call requests undoing everything."""
        if self._told.is_set():
            self._insisted.set()
        self._told.set()
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` on each request, in the requesting thread; immediately if there was one already."""
        self._listeners.append(listener)
        if self._told.is_set():
            listener()

    @property
    def told(self) -> bool:
        """True once the end of the run was requested."""
        return self._told.is_set()

    @property
    def insisted(self) -> bool:
        """True once it was requested again."""
        return self._insisted.is_set()


class _Handler:
    """The handler of every termination signal: raises `KeyboardInterrupt` once, unless deferred.

    Python calls it only in the main thread, between two instructions, so a plain counter is enough.
    """

    def __init__(self, *, armed: bool = True) -> None:
        self.holds = 0
        """The number of nested bodies that must finish first."""
        self.noted: int | None = None
        """The first deferred signal."""
        self._armed = armed
        self._missed = False

    def __call__(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - signal's signature
        """Interrupt, or defer the signal."""
        if self.holds:
            if self.noted is None:
                self.noted = number
        else:
            self.deliver()

    def deliver(self) -> None:
        """Deliver a deferred signal, unless one has interrupted already."""
        if self._armed:
            self._armed = False
            raise KeyboardInterrupt
        self._missed = True

    def disarm(self) -> None:
        """Ignore further signals."""
        self._armed = False

    def rearm(self) -> None:
        """Interrupt again from now on, immediately if a signal came meanwhile."""
        self._armed = True
        if self._missed:
            self._missed = self._armed = False
            raise KeyboardInterrupt


@contextlib.contextmanager
def shielded(what: str = "", *, deliver: bool = True) -> Iterator[None]:
    """Defer signals until the body has finished; then deliver the first of them, or drop them if the run ends anyway.

    `what` describes the body to a user who interrupts a slow one. Does nothing outside the main thread, since Python
    delivers signals only to the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = _installed()
    if handler is None:
        # Without `endings_interrupt`: the existing handlers get the signal after the body.
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
    """Make the termination signals interrupt the body only once, so that it can undo its changes undisturbed.

    Ctrl-C often comes twice, from an impatient user or from a parent process that forwards it. A body that handles a
    second one calls `heed_another`. Does nothing inside another such body.
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
    """Allow one more signal to interrupt; raises `KeyboardInterrupt` immediately if it has come already."""
    handler = _installed()
    if handler is not None and threading.current_thread() is threading.main_thread():
        handler.rearm()


def ignore_signals() -> None:
    """Ignore further signals: the work is done and is being reported."""
    handler = _installed()
    if handler is not None:
        handler.disarm()


def end_undisturbed() -> None:
    """Ignore Ctrl-C while the process exits; other signals end it immediately."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN if number == signal.SIGINT else signal.SIG_DFL)
    # CPython remembers a KeyboardInterrupt that left an exec (as used by dataclasses) and would end the process by
    # SIGINT, even if it was handled. The next exec clears that.
    exec("")  # noqa: S102 - see above


def _explain_wait(handler: _Handler, what: str, over: threading.Event) -> None:
    """Log once why an interruption is deferred; not in the handler, which may have interrupted a print."""
    while not over.wait(_LOOK_S):
        if handler.noted is not None:
            import logging  # noqa: PLC0415 - this module is imported first

            logging.getLogger(__name__).warning("interrupted; %s must not be cut off and ends first", what)
            return


def _installed() -> _Handler | None:
    handler = signal.getsignal(signal.SIGINT)
    return handler if isinstance(handler, _Handler) else None


def _handled() -> list[signal.Signals]:
    """Return the signals to handle; SIGHUP stays ignored under nohup."""
    return [each for each in ENDING_SIGNALS if each != HANG_UP or signal.getsignal(each) != signal.SIG_IGN]


@contextlib.contextmanager
def _in_place(handler: _Handler) -> Iterator[None]:
    """Install a handler while the body runs; all former handlers are restored even if a signal comes."""
    before: dict[signal.Signals, Any] = {}
    try:
        for number in _handled():
            before[number] = signal.getsignal(number)
            signal.signal(number, handler)
        yield
    finally:
        _put_back(before)


def _put_back(before: dict[signal.Signals, Any]) -> None:
    """Restore all handlers, even if one of them is called and raises meanwhile."""
    try:
        while before:
            number = next(iter(before))
            signal.signal(number, before[number])
            del before[number]
    finally:
        if before:
            _put_back(before)
