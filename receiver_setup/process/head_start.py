"""Work started in the background; its prompts are shown by the thread that waits for its result."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

from receiver_setup.process.prompts import PromptQueue

T = TypeVar("T")


class HeadStart(Generic[T]):
    """Work in a daemon thread, started immediately."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._outcome: Future[T] = Future()
        self._desk = PromptQueue()
        self._abandoned = threading.Event()
        threading.Thread(target=self._run, args=(work,), name="head start", daemon=True).start()

    def result(self, *, within_s: float | None = None) -> T:
        """Return the work's result or raise its exception; meanwhile show its prompts in this thread.

        Raises TimeoutError if it takes longer than `within_s`, or was abandoned.
        """
        until_s = None if within_s is None else time.monotonic() + within_s
        self._desk.serve(lambda: self._outcome.done() or self._abandoned.is_set(), until_s=until_s)
        if self._abandoned.is_set() or not self._outcome.done():
            raise TimeoutError
        return self._outcome.result()

    def abandon(self) -> None:
        """End all waits for the result; thread-safe."""
        self._abandoned.set()
        self._desk.wake()

    def discard(self, dispose: Callable[[T], None]) -> None:
        """Pass the result to `dispose` when the work ends, since no one will wait for it."""

        def drop(outcome: Future[T]) -> None:
            with suppress(Exception):
                dispose(outcome.result())

        self._outcome.add_done_callback(drop)

    def _run(self, work: Callable[[], T]) -> None:
        try:
            with self._desk.asks_here():
                self._outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised by result()
            self._outcome.set_exception(error)
        self._desk.wake()
