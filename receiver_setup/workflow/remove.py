"""The removal of a set-up: cameras get their former settings, then the receiver is taken back; or all stays."""

from collections.abc import Iterator, Sequence
from functools import partial

from receiver_setup.camera.settings.place import Here
from receiver_setup.errors import InterruptedRunError
from receiver_setup.formats.authorized_keys import parse_cameras
from receiver_setup.process.interrupts import Stop
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.dialled import find_address
from receiver_setup.receiver.plan.removal import RemovalPlan, new_entries, plan_removal
from receiver_setup.receiver.plan.steps import JointPlan
from receiver_setup.receiver.plan.wanted import CameraSlot, Look, Wanted
from receiver_setup.report import Observer, ReceiverReport, StepReport
from receiver_setup.workflow.leaving_camera import LeavingCamera
from receiver_setup.workflow.run.accounts import UploadAccount, find_directory, find_filed_accounts
from receiver_setup.workflow.run.request import NamedCamera, RemovalRequest
from receiver_setup.workflow.run.rollback import put_back_cameras
from receiver_setup.workflow.run.whole_run import WholeRun

Account = UploadAccount[LeavingCamera]


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
        self._read()
        plan = self._plan()
        for account, own in self._planned(plan):
            self._tell_first(account, own)
        if self._request.check:
            self._preview(plan)
            return
        self._crew.each(self._crew.alive, partial(self._leave, plan=plan))
        # The share of those that were interrupted stays, so they have to point here again.
        put_back_cameras([run for run in self._crew.failed if _is_interrupted(run)])
        if self._crew.runs and all(map(_is_interrupted, self._crew.runs)):
            return
        self._finish(self._receiver.change(self._plan, read=self._read_receiver))
        for run in self._crew.failed:
            self._tell_revoked(run)

    # ---- facts

    def _read(self) -> None:
        futures = self._crew.start(self._crew.runs, LeavingCamera.read)
        try:
            facts = self._read_receiver()
        finally:
            self._crew.wait(futures)
        self._propose_other_way()
        self._report.host_keys = facts.host_keys
        if self._request.isolate and not self._crew.runs:
            # Which accounts there are is known only now.
            self._accounts = find_filed_accounts(self._request, facts.filed_accounts) or self._accounts
            self._read_receiver()
        if self._request.isolate and self._follow_keys(facts):
            self._read_receiver()
        for run in self._crew.runs:
            account = self._account_of[run]
            run.known_as = run.name if run.name in account.known else None
        self._crew.each(self._crew.alive, self._recognise)

    def _follow_keys(self, facts: Facts) -> bool:
        """Find the account of each camera that has another name by now: the one that its key opens; tell of any."""
        found = False
        for run in self._crew.alive:
            account = self._account_of[run]
            if run.key is None or account.known:
                continue
            filed: list[Account] = find_filed_accounts(self._request, facts.filed_accounts)
            for own in filed:
                if run.key in parse_cameras(facts.filed_accounts[own.user].keys).values():
                    account.user, account.home = own.user, own.home
                    run.report.user, run.directory = own.user, f"{own.home}/{own.directory}"
                    found = True
        return found

    def _recognise(self, run: LeavingCamera) -> None:
        account = self._account_of[run]
        run.find_itself(account.known, {other.name for other in account.runs}, self._here(run))

    def _read_receiver(self) -> Facts:
        return self._read_accounts(self._accounts, routes=self._routes(), look=Look.REMOVAL)

    def _wanted(self, account: Account) -> Wanted:
        return Wanted(
            user=account.user,
            home=account.home,
            directory=account.directory,
            slots=tuple(
                CameraSlot(name=run.known_as or run.name, directory=self._own_directory(run, account))
                for run in account.runs
            ),
        )

    def _own_directory(self, run: LeavingCamera, account: Account) -> str:
        """Return the folder that is this camera's alone; beside others it is one in the recordings directory."""
        name = run.known_as or run.name
        record = account.facts.ledger.cameras.get(name) if account.learnt else None
        if record is not None and record.directory is not None:
            return record.directory
        return run.directory if self._request.isolate else find_directory(self._request, name, alone=False)

    # ---- plan

    def _plan(self) -> JointPlan[RemovalPlan]:
        plans = tuple(
            plan_removal(
                account.facts,
                self._wanted(account),
                everything=not account.runs,
                stay=frozenset(run.known_as or run.name for run in account.runs if _is_interrupted(run)),
                delete=self._request.delete_recordings,
            )
            for account in self._accounts
        )
        plan = JointPlan(plans=plans)
        self._report.diff = plan.diff
        return plan

    def _planned(self, plan: JointPlan[RemovalPlan]) -> Iterator[tuple[Account, RemovalPlan]]:
        return zip(self._accounts, plan.plans, strict=True)

    def _tell_first(self, account: Account, plan: RemovalPlan) -> None:
        """Name what people should know of before anything goes."""
        facts = account.facts
        if facts.uploads:
            told = f"{', '.join(facts.uploads)}; they may end first, for 20 s"
            self._receiver.tell(StepReport(name="uploads under way", changed=False, detail=told))
        if added := new_entries(facts, self._wanted(account)):
            told = f"{', '.join(added)}: not there when {account.user} was set up; see whose it is"
            self._receiver.tell(StepReport(name="new in the home", changed=False, detail=told))
        if plan.remaining:
            told = f"{', '.join(plan.remaining)} go on to use {account.user}, so the account stays"
            self._receiver.tell(StepReport(name="other cameras", changed=False, detail=told))
        elif not account.runs and (left := sorted(account.known)):
            told = f"{', '.join(left)}: their settings are not touched; give each as --camera to put them back as well"
            self._receiver.tell(StepReport(name="cameras that point here", changed=False, detail=told))

    def _here(self, run: LeavingCamera) -> Here:
        """Return every name that a camera may know this receiver by."""
        account = self._account_of[run]
        facts = account.facts
        dialled = self._request.dialled[0] if self._request.dialled else None
        here = self._request.receiver_address is None or not run.camera.dialled_here
        route = find_address(facts, run.addresses(), here=here)
        own = facts.connection[0] if facts.connection else None
        names = (dialled, route, own, self._request.receiver_address, facts.hostname)
        return Here(
            servers=tuple(name for name in names if name),
            username=account.user,
            stays=facts.ledger.former is not None,
        )

    def _preview(self, plan: JointPlan[RemovalPlan]) -> None:
        for step in plan.steps:
            self._receiver.tell(StepReport(name=step.name, changed=step.changed, detail=step.detail))

        def show(run: LeavingCamera) -> None:
            account = self._account_of[run]
            if self._is_foreign(account.facts):
                run.stay(f"{account.user} there is not ours")
            elif run.stranger:
                run.stay(run.stranger)
            else:
                run.preview(self._here(run))

        self._crew.each(self._crew.alive, show)

    def _is_foreign(self, facts: Facts) -> bool:
        """Tell whether the account is somebody else's, so that a camera that points there is none of our business."""
        return facts.account is not None and not facts.account.ours and not facts.ledger.filed

    # ---- apply

    def _leave(self, run: LeavingCamera, *, plan: JointPlan[RemovalPlan]) -> None:
        account = self._account_of[run]
        name = run.known_as or run.name
        if any(name in own.remaining for other, own in self._planned(plan) if other is account):
            return
        if self._is_foreign(account.facts):
            run.stay(f"{account.user} there is not ours")
        elif run.stranger:
            run.warn(f"{run.report.address}: {run.stranger}; it is left as it is")
            run.stay(run.stranger)
        else:
            run.leave(self._here(run))

    def _finish(self, plan: JointPlan[RemovalPlan]) -> None:
        """Confirm, and do what could not have been taken back; the records of cameras that stay are kept."""
        self._report.remaining = tuple(name for own in plan.plans for name in own.remaining)
        records = {}
        for account, own in self._planned(plan):
            filed = account.facts.ledger.cameras
            left = {name: text for name, text in filed.items() if name in own.remaining}
            if own.remaining and left != filed:
                records[account.user] = left
        self._report.kept = tuple(path for own in plan.plans for path in own.kept)
        if self._session.in_doubt or records:
            wanted = [self._wanted(account) for account in self._accounts]
            for step in self._session.commit(wanted, cameras=records):
                if step.name == "rest_delete" and "(kept" in step.detail:
                    self._receiver.tell(StepReport(name="keep", changed=False, detail=step.detail))

    def _tell_revoked(self, run: LeavingCamera) -> None:
        """Add to the error of a camera what became of its share of the receiver, and what is left on the camera."""
        error, account = run.report.error, self._account_of[run]
        if error is None or _is_interrupted(run):
            return
        known = account.known.get(run.known_as or run.name)
        if known is None:
            run.report.error = error.retold(f"{error.message}; {self._session.name} has nothing of a set-up of it")
            return
        former = run.describe_former(known)
        run.report.error = error.retold(
            f"{error.message}; its key no longer opens {account.user} on {self._session.name}, but the camera's own "
            "settings could not be changed",
            hint=f"if it is ever back, point it elsewhere in its own menu{former}; until then {error.hint}",
        )


def _is_interrupted(run: LeavingCamera) -> bool:
    return isinstance(run.report.error, InterruptedRunError)
