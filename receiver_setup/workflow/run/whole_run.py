"""What a set-up and a removal have in common: one receiver, its cameras, and putting all back whatever happens."""

import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, Generic, TypeVar

from receiver_setup.errors import (
    CameraTimeoutError,
    CameraUnreachableError,
    InterruptedRunError,
    ReceiverSetupError,
    ReceiverUnfinishedError,
)
from receiver_setup.process.interrupts import Stop, shielded
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.suitability import check_tools
from receiver_setup.receiver.plan.wanted import Look, Wanted
from receiver_setup.report import Observer, ReceiverReport
from receiver_setup.workflow.run.accounts import UploadAccount, find_accounts
from receiver_setup.workflow.run.camera_part import CameraPart
from receiver_setup.workflow.run.crew import Crew
from receiver_setup.workflow.run.receiver_run import ReceiverRun
from receiver_setup.workflow.run.request import NamedCamera, Request
from receiver_setup.workflow.run.rollback import put_back_cameras, put_back_receiver

R = TypeVar("R", bound=CameraPart)

_log = logging.getLogger(__name__)
_JOBS_A_CORE = 4
"""A camera takes its time to answer, and little of ours."""
_LOOK_S = 3.0
"""How long the receiver may try to reach a camera that we do not reach."""


class WholeRun(ABC, Generic[R]):
    """One run over one receiver and its cameras."""

    cuts_all: ClassVar[bool] = False
    """True for a run that has nothing to put back, so that an interruption need not wait for any camera."""

    def __init__(
        self,
        request: Request,
        session: ReceiverSession,
        cameras: Sequence[NamedCamera],
        observe: Observer,
        stop: Stop | None,
    ) -> None:
        self._session = session
        session.dialled = request.dialled
        jobs = min(request.jobs or _JOBS_A_CORE * (os.cpu_count() or 1), max(1, len(cameras)))
        self._crew = Crew(self._kind(), cameras, observe, jobs=jobs, stop=stop, cuts_all=self.cuts_all)
        self._accounts = find_accounts(request, self._crew.runs)
        self._account_of = {run: account for account in self._accounts for run in account.runs}
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
            changed = ", ".join(run.name for run in self._crew.runs if run.changed)
            if changed:
                _log.warning("interrupted; the former settings go back first: %s", changed)
            self._fail(InterruptedRunError("the run was interrupted", hint="run the same command again when you like"))
        except ReceiverUnfinishedError as error:
            # What it ended in was proven on both sides, and stays.
            self._receiver.fail(error)
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

    @abstractmethod
    def _wanted(self, account: UploadAccount[R]) -> Wanted:
        """Return an account as it shall be, for this run's cameras."""

    def _read_accounts(
        self,
        accounts: Sequence[UploadAccount[R]],
        *,
        routes: Collection[str],
        look: Look = Look.SETUP,
        wanted: Callable[[UploadAccount[R]], Wanted] | None = None,
    ) -> Facts:
        """Read the receiver for these accounts, each of which learns its own; return what holds for all of them."""
        asked = [(wanted or self._wanted)(account) for account in accounts]
        found = self._receiver.read(asked, routes=routes, look=look)
        check_tools(found[0])
        for account, facts in zip(accounts, found, strict=True):
            account.learn(facts)
        return found[0]

    def _routes(self) -> set[str]:
        return {address for run in self._crew.runs for address in run.addresses()}

    def _propose_other_way(self) -> None:
        """Where we do not reach a camera, see whether the receiver does; the hint then names the option for it."""

        def look(run: R) -> None:
            address, error = run.camera.address, run.report.error
            if error is not None and self._session.reaches(address.host, address.port, timeout_s=_LOOK_S):
                more = "; the receiver reaches it: with --camera-via-receiver all goes that way"
                run.report.error = error.retold(hint=f"{error.hint}{more}")

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
