"""Prompts from the threads of a run, shown by the thread that waits for them.

Ctrl-C only reaches the main thread, so it could not end a prompt in another thread.
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
    """A queue for the prompts of other threads, served by the thread that waits for them."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False

    @contextmanager
    def asks_here(self) -> Iterator[None]:
        """Send the prompts of the body's thread to this queue."""
        before = getattr(_own, "prompts", None)
        _own.prompts = self
        try:
            yield
        finally:
            _own.prompts = before

    def serve(self, done: Callable[[], bool], *, until_s: float | None = None) -> None:
        """Show prompts until `done` returns True; it is checked again after each `wake`.

        Ends at `until_s` of the monotonic clock, if given.
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
        """Make the serving thread check `done`."""
        self._queue.put(None)

    def close(self) -> None:
        """End all further prompts as by Ctrl-C."""
        self._closed = True

    def ask(self, question: Callable[[], Any]) -> Any:
        """Run a prompt in the serving thread; return its result or raise its exception."""
        answer: Future[Any] = Future()

        def put() -> None:
            if self._closed:
                answer.set_exception(KeyboardInterrupt())
                return
            try:
                # The serving thread may itself be waited for.
                answer.set_result(ask_where_awaited(question))
            except BaseException as error:
                answer.set_exception(error)
                raise

        self._queue.put(put)
        return answer.result()


def ask_where_awaited(question: Callable[[], T]) -> T:
    """Run a prompt here, or in the thread that serves this thread's prompts."""
    queue: PromptQueue | None = getattr(_own, "prompts", None)
    answer: T = question() if queue is None else queue.ask(question)
    return answer
