"""Work that begins before anybody waits for it; what it has to ask a person is asked by the one who waits.

A question in a thread of its own could not be ended by Ctrl-C, and would come before anybody looks.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_own = threading.local()


class HeadStart(Generic[T]):
    """Work in a thread of its own, begun at once; a process that ends does not wait for it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._outcome: Future[T] = Future()
        self._questions: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        """What to ask, one after the other; None at the end."""
        threading.Thread(target=self._run, args=(work,), name="head start", daemon=True).start()

    def result(self) -> T:
        """Wait for what the work returns or raises; meanwhile ask, in this thread, what it has to ask."""
        while (question := self._questions.get()) is not None:
            question()
        self._questions.put(None)
        return self._outcome.result()

    def ask(self, question: Callable[[], Any]) -> Any:
        """Have a question of the work's asked by whoever waits for it, and return what that returns or raises."""
        answer: Future[Any] = Future()

        def put() -> None:
            try:
                answer.set_result(question())
            except BaseException as error:
                answer.set_exception(error)
                raise

        self._questions.put(put)
        return answer.result()

    def _run(self, work: Callable[[], T]) -> None:
        _own.head_start = self
        try:
            self._outcome.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self._outcome.set_exception(error)
        self._questions.put(None)


def ask_where_awaited(question: Callable[[], T]) -> T:
    """Ask; within a head start, the one who waits for that asks."""
    head_start: HeadStart[Any] | None = getattr(_own, "head_start", None)
    answer: T = question() if head_start is None else head_start.ask(question)
    return answer
