"""All cameras of a run, several at a time: one that fails stops no other, Ctrl-C stops all at a safe point."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

from receiver_setup.errors import InterruptedRunError
from receiver_setup.interrupts import Stop
from receiver_setup.report import Observer
from receiver_setup.workflow.camera_part import CameraPart
from receiver_setup.workflow.request import NamedCamera

R = TypeVar("R", bound=CameraPart)


class Crew(Generic[R]):
    """The cameras of one run, each a `kind` of part; a context manager, since it holds threads."""

    def __init__(
        self, kind: type[R], cameras: Sequence[NamedCamera], observe: Observer, *, jobs: int, stop: Stop | None = None
    ) -> None:
        self._stop = stop or Stop()
        self._cancelled = Stop()
        self._executor = ThreadPoolExecutor(max(1, jobs), thread_name_prefix="camera")
        self.runs = [kind(each, observe, checkpoint=self._checkpoint) for each in cameras]

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

    def each(self, runs: Iterable[R], work: Callable[[R], None]) -> None:
        """Do `work` for each, several at a time, and wait for all."""
        self.wait(self.start(runs, work))

    def start(self, runs: Iterable[R], work: Callable[[R], None]) -> list[Future[None]]:
        """Begin `work` for each."""
        return [self._executor.submit(run.attempt, work) for run in runs]

    def wait(self, futures: Iterable[Future[None]]) -> None:
        """Wait for what was begun; Ctrl-C cancels what is left of it."""
        try:
            for future in futures:
                future.result()
        except KeyboardInterrupt:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Let each camera end the request that it is in and no more: nothing may be sent after its settings go back."""
        self._cancelled.tell()

    def _checkpoint(self) -> None:
        if self._stop.told or self._cancelled.told:
            raise InterruptedRunError("the run was interrupted")
