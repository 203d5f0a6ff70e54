"""Work that begins before anybody waits for it; what it has to ask a person is asked by the one who waits."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

from receiver_setup.process.prompts import PromptQueue

T = TypeVar("T")


class HeadStart(Generic[T]):
    """Work in a thread of its own, begun at once; a process that ends does not wait for it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._outcome: Future[T] = Future()
        self._desk = PromptQueue()
        self._abandoned = threading.Event()
        threading.Thread(target=self._run, args=(work,), name="head start", daemon=True).start()

    def result(self, *, within_s: float | None = None) -> T:
        """Wait for what the work returns or raises; meanwhile ask, in this thread, what it has to ask.

        Raises TimeoutError where it takes longer than `within_s`, or where it was abandoned.
        """
        until_s = None if within_s is None else time.monotonic() + within_s
        self._desk.serve(lambda: self._outcome.done() or self._abandoned.is_set(), until_s=until_s)
        if self._abandoned.is_set() or not self._outcome.done():
            raise TimeoutError
        return self._outcome.result()

    def abandon(self) -> None:
        """Let nobody wait for it any longer; for any thread."""
        self._abandoned.set()
        self._desk.wake()

    def discard(self, dispose: Callable[[T], None]) -> None:
        """Give what the work returns to `dispose`, whenever that is: nobody else will take it."""

        def drop(outcome: Future[T]) -> None:
            with suppress(Exception):
                dispose(outcome.result())

        self._outcome.add_done_callback(drop)

    def _run(self, work: Callable[[], T]) -> None:
        try:
            with self._desk.asks_here():
                self._outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._outcome.set_exception(error)
        self._desk.wake()
