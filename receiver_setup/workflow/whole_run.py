"""What a set-up and a removal have in common: one receiver, its cameras, and putting all back whatever happens."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Generic, TypeVar

from receiver_setup.errors import CameraTimeoutError, CameraUnreachableError, InterruptedRunError, ReceiverSetupError
from receiver_setup.interrupts import Stop, shielded
from receiver_setup.receiver.session import ReceiverSession
from receiver_setup.report import Observer, ReceiverReport
from receiver_setup.workflow.aim import find_directory
from receiver_setup.workflow.camera_part import CameraPart
from receiver_setup.workflow.crew import Crew
from receiver_setup.workflow.receiver_run import ReceiverRun
from receiver_setup.workflow.request import NamedCamera, Request
from receiver_setup.workflow.rollback import put_back_cameras, put_back_receiver

R = TypeVar("R", bound=CameraPart)

_LOOK_S = 3.0
"""How long the receiver may try to reach a camera that we do not reach."""


class WholeRun(ABC, Generic[R]):
    """One run over one receiver and its cameras."""

    def __init__(
        self,
        request: Request,
        session: ReceiverSession,
        cameras: Sequence[NamedCamera],
        observe: Observer,
        stop: Stop | None,
    ) -> None:
        self._session = session
        self._crew = Crew(self._kind(), cameras, observe, jobs=request.jobs, stop=stop)
        alone = len(cameras) == 1 if request.alone is None else request.alone
        for run in self._crew.runs:
            run.directory = find_directory(request, run.name, alone=alone)
        self._report = ReceiverReport(
            address=request.receiver_address or "local",
            user=request.user,
            home=request.home,
            directory=request.directory,
            cameras=[run.report for run in self._crew.runs],
        )
        self._receiver = ReceiverRun(session, self._report, observe, check=request.check, patience_s=request.patience_s)

    def run(self) -> ReceiverReport:
        """Do it all; whatever happens, either all is done or all is put back."""
        try:
            with self._crew:
                self._run()
        except KeyboardInterrupt:
            self._fail(InterruptedRunError("the run was interrupted", hint="run the same command again when you like"))
        except ReceiverSetupError as error:
            self._fail(error)
        except BaseException:
            self._put_back()
            raise
        return self._report

    @abstractmethod
    def _kind(self) -> type[R]:
        """Return what a camera's part in this run is."""

    @abstractmethod
    def _run(self) -> None:
        """Do it; an error of ours ends it, after everything has been put back."""

    def _routes(self) -> set[str]:
        return {address for run in self._crew.runs for address in run.addresses()}

    def _propose_other_way(self) -> None:
        """Where we do not reach a camera, see whether the receiver does; the hint then names the option for it."""

        def look(run: R) -> None:
            address, error = run.camera.address, run.report.error
            if error is not None and self._session.reaches(address.host, address.port, timeout_s=_LOOK_S):
                error.hint += "; the receiver reaches it: with --camera-via-receiver all goes that way"

        unreached = (CameraUnreachableError, CameraTimeoutError)
        failed = [run for run in self._crew.failed if isinstance(run.report.error, unreached)]
        self._crew.each([run for run in failed if run.camera.dialled_here], look)

    def _fail(self, error: ReceiverSetupError) -> None:
        self._receiver.fail(error)
        self._put_back()

    def _put_back(self) -> None:
        # A second Ctrl-C must not stop what the first one asked for.
        with shielded(deliver=False):
            self._crew.cancel()
            put_back_cameras(self._crew.runs)
            put_back_receiver(self._session, self._report)
