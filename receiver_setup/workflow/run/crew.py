"""All cameras of a run, several at a time: one that fails stops no other, Ctrl-C stops all at a safe point."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Generic, Self, TypeVar

from receiver_setup.compat import WAIT_S
from receiver_setup.errors import InterruptedRunError
from receiver_setup.process.interrupts import Stop
from receiver_setup.report import Observer
from receiver_setup.workflow.run.camera_part import CameraPart
from receiver_setup.workflow.run.request import NamedCamera

R = TypeVar("R", bound=CameraPart)


class Crew(Generic[R]):
    """The cameras of one run, each a `kind` of part; a context manager, since it holds threads."""

    def __init__(  # noqa: PLR0913 - all but three are options with a name
        self,
        kind: type[R],
        cameras: Sequence[NamedCamera],
        observe: Observer,
        *,
        jobs: int,
        stop: Stop | None = None,
        cuts_all: bool = False,
    ) -> None:
        """`cuts_all`: an interruption spares no exchange, since there is nothing to be put back afterwards."""
        self._stop = stop or Stop()
        self._cuts_all = cuts_all
        self._cancelled = Stop()
        self._finishing = False
        self._futures: list[Future[None]] = []
        self._executor = ThreadPoolExecutor(max(1, jobs), thread_name_prefix="camera")
        self.runs = [kind(each, observe, checkpoint=self._checkpoint) for each in cameras]
        self._stop.listen(self._cut)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.cancel()
        self._executor.shutdown()

    @property
    def alive(self) -> list[R]:
        """Those that have not failed."""
        return [run for run in self.runs if run.alive]

    @property
    def failed(self) -> list[R]:
        """Those that have."""
        return [run for run in self.runs if not run.alive]

    def each(self, runs: Iterable[R], work: Callable[[R], None], *, at_once: int | None = None) -> None:
        """Do `work` for each, several at a time and at most `at_once`, and wait for all."""
        self.wait(self.start(runs, work, at_once=at_once))

    def start(self, runs: Iterable[R], work: Callable[[R], None], *, at_once: int | None = None) -> list[Future[None]]:
        """Begin `work` for each."""
        gate = threading.BoundedSemaphore(at_once) if at_once is not None else contextlib.nullcontext()

        def attempt(run: R) -> None:
            with gate:
                run.attempt(work)

        self._futures = [self._executor.submit(attempt, run) for run in runs]
        return self._futures

    def wait(self, futures: Iterable[Future[None]]) -> None:
        """Wait for what was begun; Ctrl-C cancels what is left of it, also one that has come before and is on its way.

        So it may stand in a `finally`, after something that is done at the same time.
        """
        if isinstance(sys.exception(), KeyboardInterrupt):
            self.cancel()
        try:
            for future in futures:
                _wait_for([future])
                future.result()
        except KeyboardInterrupt:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Let each camera send nothing more: its settings may go back.

        What it is asked just now is cut off, but for what has to be ended first.
        """
        self._cancelled.tell()
        self._cut()

    @property
    def stopping(self) -> bool:
        """True once the run was asked to stop, from here or from another thread."""
        return self._cancelled.told or self._stop.told

    def finish(self) -> None:
        """Wait until what was cancelled has come to its end; those cameras that have not failed then go on."""
        _wait_for(self._futures)
        self._cancelled = Stop()
        self._finishing = True
        for run in self.runs:
            run.camera.resume()

    def _cut(self) -> None:
        for run in self.runs:
            run.camera.cut(everything=self._cuts_all)

    def _checkpoint(self) -> None:
        if self._cancelled.told or self._stop.insisted or (self._stop.told and not self._finishing):
            raise InterruptedRunError("the run was interrupted")


def _wait_for(futures: Sequence[Future[None]]) -> None:
    while wait(futures, timeout=WAIT_S).not_done:
        pass
