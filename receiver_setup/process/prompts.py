"""Questions to a person from threads of a run: asked by the thread that waits for their work.

Ctrl-C reaches the main thread alone, so that a question in any other could not be ended by it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from receiver_setup.compat import WAIT_S

T = TypeVar("T")

_own = threading.local()


class PromptQueue:
    """Where one thread asks what others have to ask, while it waits for them."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False

    @contextmanager
    def asks_here(self) -> Iterator[None]:
        """Let the questions of the body, in a thread of its own, be asked here."""
        before = getattr(_own, "desk", None)
        _own.desk = self
        try:
            yield
        finally:
            _own.desk = before

    def serve(self, done: Callable[[], bool], *, until_s: float | None = None) -> None:
        """Ask one question after the other until `done`, which is looked at again after each `wake`.

        No longer than until the moment `until_s` of the monotonic clock, where one is given.
        """
        while not done():
            left_s = None if until_s is None else until_s - time.monotonic()
            if left_s is not None and left_s <= 0:
                return
            try:
                put = self._queue.get(timeout=WAIT_S if left_s is None else min(WAIT_S, left_s))
            except Empty:
                continue
            if put is not None:
                put()

    def wake(self) -> None:
        """Let the one who serves see whether it is done."""
        self._queue.put(None)

    def close(self) -> None:
        """Ask nothing any more: each question ends as by Ctrl-C."""
        self._closed = True

    def ask(self, question: Callable[[], Any]) -> Any:
        """Have a question asked, from another thread; return what it returns, or raise what it raises."""
        answer: Future[Any] = Future()

        def put() -> None:
            if self._closed:
                answer.set_exception(KeyboardInterrupt())
                return
            try:
                # Whoever serves may be waited for in turn.
                answer.set_result(ask_where_awaited(question))
            except BaseException as error:
                answer.set_exception(error)
                raise

        self._queue.put(put)
        return answer.result()


def ask_where_awaited(question: Callable[[], T]) -> T:
    """Ask; from a thread whose questions are asked elsewhere, there."""
    desk: PromptQueue | None = getattr(_own, "desk", None)
    answer: T = question() if desk is None else desk.ask(question)
    return answer
