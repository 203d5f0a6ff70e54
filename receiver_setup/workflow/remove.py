"""The removal of a set-up: cameras get their former settings, then the receiver is taken back; or all stays."""

from collections.abc import Sequence
from functools import partial

from receiver_setup.camera.former_place import Here
from receiver_setup.interrupts import Stop
from receiver_setup.receiver.dialled import find_address
from receiver_setup.receiver.facts import Facts
from receiver_setup.receiver.removal import RemovalPlan, known_cameras, plan_removal
from receiver_setup.receiver.session import ReceiverSession
from receiver_setup.receiver.wanted import CameraSlot, Look, Wanted
from receiver_setup.report import Observer, ReceiverReport, StepReport
from receiver_setup.workflow.aim import find_directory
from receiver_setup.workflow.leaving_camera import LeavingCamera
from receiver_setup.workflow.request import NamedCamera, RemovalRequest
from receiver_setup.workflow.rollback import put_back_cameras
from receiver_setup.workflow.whole_run import WholeRun


def remove(
    request: RemovalRequest,
    session: ReceiverSession,
    cameras: Sequence[NamedCamera],
    observe: Observer,
    *,
    stop: Stop | None = None,
) -> ReceiverReport:
    """Take the set-up of these cameras back; without any camera, all of the receiver's half.

    With the last camera of an account the account goes as well; recordings stay unless they are to be deleted.
    """
    return _Removal(request, session, cameras, observe, stop).run()


class _Removal(WholeRun[LeavingCamera]):
    """One run; the methods stand in the order in which they are called."""

    def __init__(
        self,
        request: RemovalRequest,
        session: ReceiverSession,
        cameras: Sequence[NamedCamera],
        observe: Observer,
        stop: Stop | None,
    ) -> None:
        super().__init__(request, session, cameras, observe, stop)
        self._request = request

    def _kind(self) -> type[LeavingCamera]:
        return LeavingCamera

    def _run(self) -> None:
        facts = self._read()
        plan = self._plan(facts)
        self._tell_first(facts, plan)
        if self._request.check:
            self._preview(facts, plan)
            return
        self._crew.each(self._crew.alive, partial(self._leave, facts=facts, plan=plan))
        for run in self._crew.failed:
            if run.report.error is not None:
                run.report.error.hint += "; without --camera the receiver's half is removed all the same"
        # Their share of the receiver stays, so they have to point here again.
        put_back_cameras(self._crew.failed)
        if self._crew.runs and not self._crew.alive:
            return
        plan, facts = self._receiver.change(facts, self._plan, read=self._read_receiver)
        self._finish(facts, plan)

    # ---- facts

    def _read(self) -> Facts:
        futures = self._crew.start(self._crew.runs, LeavingCamera.read)
        try:
            facts = self._read_receiver()
        finally:
            self._crew.wait(futures)
        self._propose_other_way()
        self._report.host_keys = facts.host_keys
        for run in self._crew.runs:
            run.remember(facts.ledger.cameras.get(run.name))
        return facts

    def _read_receiver(self) -> Facts:
        return self._receiver.read(self._wanted(), routes=self._routes(), look=Look.REMOVAL)

    def _wanted(self) -> Wanted:
        return Wanted(
            user=self._request.user,
            home=self._request.home,
            directory=self._request.directory,
            slots=tuple(
                CameraSlot(name=run.name, directory=find_directory(self._request, run.name, alone=False))
                for run in self._crew.runs
            ),
        )

    # ---- plan

    def _plan(self, facts: Facts) -> RemovalPlan:
        plan = plan_removal(
            facts,
            self._wanted(),
            everything=not self._crew.runs,
            stay=frozenset(run.name for run in self._crew.failed),
            delete=self._request.delete_recordings,
        )
        self._report.diff = plan.diff
        return plan

    def _tell_first(self, facts: Facts, plan: RemovalPlan) -> None:
        """Name what people should know of before anything goes."""
        if facts.uploads:
            told = f"{', '.join(facts.uploads)}; they may end first, for 20 s"
            self._receiver.tell(StepReport(name="uploads under way", changed=False, detail=told))
        if plan.remaining:
            told = f"{', '.join(plan.remaining)} go on to use {self._request.user}, so the account stays"
            self._receiver.tell(StepReport(name="other cameras", changed=False, detail=told))
        elif not self._crew.runs and (left := sorted(known_cameras(facts, self._wanted()))):
            told = f"{', '.join(left)}: their settings are not touched; give each as --camera to put them back as well"
            self._receiver.tell(StepReport(name="cameras that point here", changed=False, detail=told))

    def _here(self, run: LeavingCamera, facts: Facts) -> Here:
        """Return every name that a camera may know this receiver by."""
        dialled = self._request.dialled[0] if self._request.dialled else None
        here = self._request.receiver_address is None or not run.camera.dialled_here
        route = find_address(facts, run.addresses(), here=here)
        own = facts.connection[0] if facts.connection else None
        names = (dialled, route, own, self._request.receiver_address, facts.hostname)
        return Here(
            servers=tuple(name for name in names if name),
            username=self._request.user,
            stays=facts.ledger.former is not None,
        )

    def _preview(self, facts: Facts, plan: RemovalPlan) -> None:
        for step in plan.steps:
            self._receiver.tell(StepReport(name=step.name, changed=step.changed, detail=step.detail))

        def show(run: LeavingCamera) -> None:
            if self._is_foreign(facts):
                run.stay(f"{self._request.user} there is not ours")
            else:
                run.preview(self._here(run, facts))

        self._crew.each(self._crew.alive, show)

    def _is_foreign(self, facts: Facts) -> bool:
        """Tell whether the account is somebody else's, so that a camera that points there is none of our business."""
        return facts.account is not None and not facts.account.ours and not facts.ledger.filed

    # ---- apply

    def _leave(self, run: LeavingCamera, *, facts: Facts, plan: RemovalPlan) -> None:
        if run.name in plan.remaining:
            return
        if self._is_foreign(facts):
            run.stay(f"{self._request.user} there is not ours")
        else:
            run.leave(self._here(run, facts))

    def _finish(self, facts: Facts, plan: RemovalPlan) -> None:
        """Confirm, and do what could not have been taken back; the records of cameras that stay are kept."""
        records = {name: text for name, text in facts.ledger.cameras.items() if name in plan.remaining}
        forget = bool(plan.remaining) and records != facts.ledger.cameras
        if self._session.in_doubt or forget:
            self._session.commit(self._wanted(), cameras=records if forget else None)
        self._report.kept = plan.kept
