"""Work that begins before anybody waits for it; what it has to ask a person is asked by the one who waits."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from receiver_setup.asking import Desk

T = TypeVar("T")


class HeadStart(Generic[T]):
    """Work in a thread of its own, begun at once; a process that ends does not wait for it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._outcome: Future[T] = Future()
        self._desk = Desk()
        threading.Thread(target=self._run, args=(work,), name="head start", daemon=True).start()

    def result(self) -> T:
        """Wait for what the work returns or raises; meanwhile ask, in this thread, what it has to ask."""
        self._desk.serve(self._outcome.done)
        return self._outcome.result()

    def _run(self, work: Callable[[], T]) -> None:
        try:
            with self._desk.asks_here():
                self._outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._outcome.set_exception(error)
        self._desk.wake()
