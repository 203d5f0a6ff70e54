"""The set-up of one receiver and its cameras: facts → plan → apply → prove, or everything put back."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from receiver_setup.camera.messages import TestOutcome
from receiver_setup.camera.settings import words
from receiver_setup.errors import (
    CameraError,
    FileNotArrivedError,
    InterruptedRunError,
    ProofError,
    ReceiverBusyError,
)
from receiver_setup.formats.keys import PublicKey
from receiver_setup.process.interrupts import Stop, heed_another
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.plan.setup import SetupPlan
from receiver_setup.receiver.plan.startups import penalises, uploads_at_once
from receiver_setup.receiver.plan.steps import RELOAD, JointPlan
from receiver_setup.report import Observer, ReceiverReport, StepReport
from receiver_setup.secrets import Secret
from receiver_setup.workflow.run import proof
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.ending import Account, find_records, plan_retraction
from receiver_setup.workflow.run.failing import fail_with_causes
from receiver_setup.workflow.run.login_policy import AuthPolicy, make_password, next_login
from receiver_setup.workflow.run.planning import Planning, lost_key
from receiver_setup.workflow.run.request import NamedCamera, SetupRequest
from receiver_setup.workflow.run.rollback import put_back_cameras

_log = logging.getLogger(__name__)
_ROUNDS = 3
"""As it is; with a new key; with SHA-1 allowed."""


def set_up(
    request: SetupRequest,
    session: ReceiverSession,
    cameras: Sequence[NamedCamera],
    observe: Observer,
    *,
    stop: Stop | None = None,
) -> ReceiverReport:
    """Set up one receiver and its cameras; errors are in the report, interruptions as well.

    Either a camera uploads securely afterwards, or it and its share of the receiver are as they were.
    """
    return SetUp(request, session, cameras, observe, stop).run()


class SetUp(Planning):
    """One run; the methods stand in the order in which they are called."""

    def _run(self) -> None:
        self._read()
        if not self._crew.alive:
            return
        if self._request.check:
            self._preview(self._plan())
            return
        self._ask_for_passwords()
        if not self._crew.alive:
            return
        self._change()
        self._set_up_cameras()
        self._prove()
        # Only what is proven may begin to upload.
        self._crew.each(self._crew.alive, self._switch_uploads)
        self._finish()

    def _ask_for_passwords(self) -> None:
        """Say which cameras lose a password that cannot be read, and ask where nobody has agreed to a password yet."""
        ask = self._request.ask if self._request.auth is AuthPolicy.AUTO else None
        for run in self._losing():
            told = words.password_goes(run.report.address)
            _log.warning("%s", told)
            if ask is not None and not ask(f"{told}. Go on?"):
                run.fail(
                    CameraError(
                        f"the camera {run.report.address} has no key, and its own ft_password was to stay",
                        hint="note the password that it has now, if it is in use; --auth password agrees to replace it",
                    )
                )

    # ---- apply

    def _change(self, *, only_changed: bool = False) -> None:
        """Bring the receiver to what is wanted."""
        earlier = self._report.diff

        def plan() -> JointPlan[SetupPlan]:
            planned = self._plan()
            self._report.diff = earlier + planned.diff
            if only_changed:
                plans = tuple(replace(p, steps=tuple(s for s in p.steps if s.changed)) for p in planned.plans)
                planned = replace(planned, plans=plans)
            return planned

        def read() -> None:
            self._read_accounts(self._live, routes=())

        self._receiver.change(plan, read=read, passwords=self._make_passwords)
        for account in self._live:
            account.touched |= self._plans[account.user].changed

    def _make_passwords(self, plan: JointPlan[SetupPlan]) -> dict[str, Secret]:
        """Make the passwords that the plan wants, and give them to the cameras; return those that were made so far."""
        wanting = {each.wanted.user for each in plan.plans if each.sets_password}
        for account in self._live:
            if account.user in wanting:
                account.password = make_password()
                for run in account.alive:
                    run.target = run.target and replace(run.target, password=account.password)
                    run.settled = False
        return {account.user: account.password for account in self._live if account.password is not None}

    def _set_up_cameras(self) -> None:
        """Do every camera's half; where logins are refused for a reason that we can mend, mend it and go on."""
        pending = self._crew.alive
        # Where failed logins are penalised, one camera finds out for all of them what has to be mended.
        scouts = pending[:1] if len(pending) > 2 and penalises(self._live[0].facts) else []
        try:
            for some in filter(None, (scouts, [run for run in pending if run not in scouts])):
                self._set_up_some(some)
        except KeyboardInterrupt:
            # With one camera there is nothing that could be kept.
            if len(self._crew.runs) == 1:
                raise
        if self._crew.stopping:
            self._stop_early()

    def _stop_early(self) -> None:
        """Let what is set up go on to its proof; what was under way has failed by now, as has what was not begun."""
        heed_another()
        self._crew.finish()
        for run in self._crew.runs:
            if isinstance(run.report.error, InterruptedRunError):
                told = (
                    "was interrupted while it was set up" if run.begun else "was not started: the run was interrupted"
                )
                run.report.error = InterruptedRunError(
                    f"the camera {run.report.address} {told}", hint="run the same command again to go on"
                )

    def _set_up_some(self, pending: list[CameraRun]) -> None:
        for _ in range(_ROUNDS):
            self._crew.each(pending, self._exchange, at_once=uploads_at_once(self._accounts[0].facts))
            self._fail_with_causes()
            pending = [run for run in pending if run.alive and run.again is not None]
            if not pending:
                return
            self._reconsider(pending)
            pending = [run for run in pending if run.alive]
        for run in pending:
            run.give_up()
        self._fail_with_causes()

    def _fail_with_causes(self, evidence: Evidence | None = None) -> None:
        shares = [(account, self._wanted(account)) for account in self._live]
        fail_with_causes(shares, self._session, evidence, offer_password=True)

    def _exchange(self, run: CameraRun) -> None:
        """Do one camera's half, and keep what its test ended in until the receiver was asked for the cause."""
        run.begun = True
        try:
            self._introduce(run)
        except ProofError as error:
            run.broken = error

    def _introduce(self, run: CameraRun) -> None:
        """Point one camera here; only a test where it is set up already."""

        def check(seen: TestOutcome) -> PublicKey:
            return proof.check_host_key(seen, self._report.host_keys, run.report.address, self._session.name)

        if not run.settled:
            if run.again is not None or run.target is None or run.target.password or not run.verify_again(check):
                run.introduce(check)
        elif not run.test_settled(check):
            run.settled = False
            run.key = None

    def _reconsider(self, pending: list[CameraRun]) -> None:
        """Find out why logins failed, and bring the receiver to what mends it."""
        stale = [run for run in pending if run.key is None and not self._account_of[run].login.by_password]
        self._crew.each(stale, self._read_key)
        for run in stale:
            if run.alive and run.without_key is not None:
                run.fail(lost_key(run.without_key))
        if len(stale) < len(pending):
            self._try_other_login([run for run in pending if run not in stale])
        if self._crew.alive:
            live = self._live
            # Not by way of the run that waits for others: the open journal is our own.
            for account, facts in zip(
                live, self._session.read_facts(list(map(self._wanted, live)), routes=()), strict=True
            ):
                account.learn(facts)
                self._check_keys(account)
        if self._crew.alive:
            self._change(only_changed=True)

    def _try_other_login(self, refused: list[CameraRun]) -> None:
        accounts = [account for account in self._accounts if any(run in account.runs for run in refused)]
        evidence = self._session.read_evidence(
            [self._wanted(account) for account in accounts],
            accounts[0].facts,
            wait_for=[account.user for account in accounts],
            wait_count=len(accounts),
            causes=True,
        )
        for account in accounts:
            sha1_refused = evidence.sha1_refused(account.user)
            login = next_login(account.login, sha1=self._request.sha1, sha1_refused=sha1_refused)
            if login is not None:
                account.login = login
            else:
                for run in refused:
                    if run in account.runs:
                        run.give_up()
        self._fail_with_causes(evidence)

    # ---- prove

    def _prove(self) -> None:
        """Lay what the receiver saw beside what the cameras say."""
        live = self._live
        if not live:
            return
        evidence = self._session.read_evidence(
            [self._wanted(account) for account in live],
            live[0].first,
            wait_for=[f"Accepted {account.login.authentication} for {account.user} from " for account in live],
            wait_count=sum(run.arrivals for account in live for run in account.alive),
        )
        read_at = time.monotonic()
        for account in live:
            for run in account.alive:
                since_s = evidence.now_s - (read_at - run.tested_at)
                run.attempt(partial(self._prove_or_tell, account=account, evidence=evidence, since_s=since_s))
        self._fail_with_causes()

    def _prove_or_tell(self, run: CameraRun, *, account: Account, evidence: Evidence, since_s: float) -> None:
        try:
            self._prove_one(run, account=account, evidence=evidence, since_s=since_s)
        except FileNotArrivedError as error:
            run.broken = error

    def _prove_one(self, run: CameraRun, *, account: Account, evidence: Evidence, since_s: float) -> None:
        shown, login = run.report.address, account.login
        before = account.first.before
        file = proof.find_arrival(
            evidence, run.directory, since_s=since_s, before=before, others=account.directories, camera=shown
        )
        key = None if login.by_password else run.key
        proof.check_login(evidence, account.user, key, login.authentication, shown)
        self._describe(run)
        run.report.host_key_verified = run.settings.verifies
        if run.report.test is not None:
            run.report.test.file = file.path.rpartition("/")[2]
            run.report.test.bytes = file.size
        told = f"{file.path}, {file.size} bytes, login by {login.authentication}"
        run.note(StepReport(name="prove upload", changed=False, detail=told))

    def _switch_uploads(self, run: CameraRun) -> None:
        """Make it upload what is wished; what it uploads is asked where somebody reads that, or nothing else was."""
        run.switch_uploads(
            run.wishes or self._request.uploads, told=self._request.tell_uploads or not run.settings.changed
        )

    # ---- finish

    def _finish(self) -> None:
        """Confirm what is proven; take back what is not."""
        if not self._crew.alive:
            self._put_back()
            return
        if self._crew.failed:
            put_back_cameras(self._crew.failed)
            self._retract()
            for run in self._crew.failed:
                error = run.report.error
                if run.begun and error is not None and error.rolled_back is None:
                    # The camera itself refused all: its share of the receiver was taken back.
                    error.rolled_back = True
        while True:
            records = {a.user: found for a in self._live if (found := find_records(a)) is not None}
            if not records and not self._session.in_doubt:
                return
            try:
                self._session.commit([self._wanted(account) for account in self._live], cameras=records)
            except ReceiverBusyError:
                self._read_accounts(self._live, routes=())
            else:
                return

    def _retract(self) -> None:
        """Take back the failed cameras' share of the receiver; the others' stays."""
        if not self._session.in_doubt:
            return
        plan = plan_retraction(self._accounts, self._wanted, lambda wanted: self._session.read_facts(wanted, routes=()))
        if plan is None or not plan.changed:
            return
        self._session.apply(plan)
        if any(step.changed and step.name == RELOAD for step in plan.steps):
            self._session.confirm()
