"""The set-up of one receiver and its cameras: facts → plan → apply → prove, or everything put back."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from receiver_setup.authorized_keys import parse_cameras
from receiver_setup.camera.former_place import Here
from receiver_setup.camera.messages import Security, TestOutcome
from receiver_setup.camera.upload_plan import render_diff
from receiver_setup.errors import CameraError, FileNotArrivedError, ProofError, ReceiverBusyError
from receiver_setup.interrupts import Stop
from receiver_setup.keys import PublicKey
from receiver_setup.receiver.arrival import Evidence
from receiver_setup.receiver.facts import Facts
from receiver_setup.receiver.plan import SetupPlan, key_file, plan_receiver
from receiver_setup.receiver.session import ReceiverSession
from receiver_setup.receiver.wanted import CameraSlot, Wanted
from receiver_setup.report import Observer, ReceiverReport, StepReport
from receiver_setup.secrets import Secret
from receiver_setup.workflow import proof
from receiver_setup.workflow.aim import aim
from receiver_setup.workflow.camera_run import CameraRun
from receiver_setup.workflow.explaining import fail_with_causes
from receiver_setup.workflow.login_policy import (
    AuthPolicy,
    first_login,
    keep_login,
    make_password,
    next_login,
    password_warning,
    sha1_warning,
)
from receiver_setup.workflow.request import NamedCamera, SetupRequest
from receiver_setup.workflow.rollback import put_back_cameras
from receiver_setup.workflow.whole_run import WholeRun

_log = logging.getLogger(__name__)

_ROUNDS = 4
"""As it is; with a new key; with SHA-1 allowed; by password."""


def set_up(
    request: SetupRequest,
    session: ReceiverSession,
    cameras: Sequence[NamedCamera],
    observe: Observer,
    *,
    stop: Stop | None = None,
) -> ReceiverReport:
    """Set up one receiver and its cameras; errors are in the report, interruptions as well.

    Either a camera uploads securely afterwards, or it and the receiver are as they were.
    """
    return SetUp(request, session, cameras, observe, stop).run()


class SetUp(WholeRun[CameraRun]):
    """One run; the methods stand in the order in which they are called."""

    def __init__(
        self,
        request: SetupRequest,
        session: ReceiverSession,
        cameras: Sequence[NamedCamera],
        observe: Observer,
        stop: Stop | None,
    ) -> None:
        super().__init__(request, session, cameras, observe, stop)
        self._request = request
        self._report.jail = request.jail
        self._login = first_login(request.auth, request.sha1)
        self._password: Secret | None = None
        self._first_facts: Facts | None = None

    def _kind(self) -> type[CameraRun]:
        return CameraRun

    def _run(self) -> None:
        facts = self._read()
        if not self._crew.alive:
            return
        if self._request.check:
            self._preview(plan_receiver(facts, self._wanted()), facts)
            return
        facts = self._change(facts)
        facts = self._set_up_cameras(facts)
        self._prove(facts)
        # Only what is proven may begin to upload.
        self._crew.each(self._crew.alive, lambda run: run.switch_uploads(run.wishes or self._request.uploads))
        self._finish(facts)

    # ---- facts: both sides are read at the same time

    def _read(self) -> Facts:
        futures = self._crew.start(self._crew.runs, self._read_camera)
        try:
            facts = self._read_receiver()
        finally:
            self._crew.wait(futures)
        self._propose_other_way()
        self._first_facts = facts
        self._report.host_keys = facts.host_keys
        release = ".".join(map(str, facts.openssh)) if facts.openssh else "unknown"
        seen = f"{facts.system}, OpenSSH {release}"
        self._receiver.tell(StepReport(name="read receiver", changed=False, detail=seen))
        self._login = keep_login(self._login, self._request.auth, facts)
        for run in self._crew.alive:
            run.attempt(partial(aim, request=self._request, facts=facts, login=self._login))
        self._crew.each([run for run in self._crew.alive if not run.settled], self._read_key)
        self._choose_login()
        return facts

    def _read_receiver(self) -> Facts:
        return self._receiver.read(self._wanted(), routes=self._routes())

    def _read_camera(self, run: CameraRun) -> None:
        """Read a camera; its key as well, unless it looks as if a test alone will do."""
        run.read()
        now = run.attributes
        looks_settled = now is not None and now.security is Security.SFTP and now.insecure is False
        if not looks_settled or now is None or now.username != self._request.user:
            self._read_key(run)

    def _read_key(self, run: CameraRun) -> None:
        if run.key is None and run.without_key is None and self._request.auth is not AuthPolicy.PASSWORD:
            run.read_key()

    # ---- plan

    def _choose_login(self) -> None:
        """Give cameras without a key a password, where that is allowed and no camera with a key shares the account."""
        without = [run for run in self._crew.alive if run.without_key is not None]
        others = len(self._crew.alive) - len(without)
        for run in without:
            if run.without_key is not None and self._request.auth is AuthPolicy.KEY:
                run.fail(run.without_key)
            elif others:
                run.fail(
                    CameraError(
                        f"the camera {run.report.address} has no key, while others share the account by key",
                        hint="set it up by itself, with a --user of its own",
                    )
                )
        if without and not others:
            self._login = self._login.with_password()

    def _wanted(self) -> Wanted:
        """Return the account as it shall be, for the cameras that still take part."""
        by_password = self._login.by_password
        alive = self._crew.alive
        return Wanted(
            user=self._request.user,
            home=self._request.home,
            directory=self._request.directory,
            adopt=self._request.adopt,
            overwrite=self._request.overwrite or self._request.check,
            slots=tuple(
                CameraSlot(
                    name=run.name, directory=run.directory, key=None if by_password else run.key, source=run.source
                )
                for run in alive
            ),
            jail=self._request.jail,
            authentication=self._login.authentication,
            allow_sha1=self._login.allow_sha1,
            new_password=by_password and not all(run.settled for run in alive),
            drop=tuple(run.name for run in alive) if by_password else (),
        )

    def _preview(self, plan: SetupPlan, facts: Facts) -> None:  # noqa: ARG002 - for a preview that tells more
        self._report.diff = plan.diff
        for step in plan.steps:
            self._receiver.tell(StepReport(name=step.name, changed=step.changed, detail=step.detail))
        for run in self._crew.alive:
            if run.target is not None:
                run.report.diff = render_diff(run.exchange.now, run.target, run.report.address)
            told = "point it here, show it the host key, verify" if run.report.diff else "it is set up"
            self._describe(run, plan)
            run.note(StepReport(name="set up camera", changed=bool(run.report.diff), detail=told))
        self._crew.each(
            [run for run in self._crew.alive if (run.wishes or self._request.uploads).any],
            lambda run: run.preview_uploads(run.wishes or self._request.uploads),
        )

    # ---- apply

    def _change(self, facts: Facts, *, only_changed: bool = False) -> Facts:
        """Bring the receiver to what is wanted; return the facts that this was planned from."""
        earlier = self._report.diff

        def plan(now: Facts) -> SetupPlan:
            planned = plan_receiver(now, self._wanted())
            steps = tuple(step for step in planned.steps if step.changed or not only_changed)
            self._report.diff = earlier + planned.diff
            return replace(planned, steps=steps)

        self._plan, facts = self._receiver.change(
            facts, plan, read=lambda: self._receiver.read(self._wanted(), routes=()), password=self._make_password
        )
        return facts

    def _make_password(self, plan: SetupPlan) -> Secret | None:
        """Make the password that the plan wants, and give it to every camera."""
        if plan.sets_password:
            self._password = make_password()
            for run in self._crew.alive:
                run.target = run.target and replace(run.target, password=self._password)
                run.settled = False
        return self._password

    def _set_up_cameras(self, facts: Facts) -> Facts:
        """Do every camera's half; where logins are refused for a reason that we can mend, mend it and go on."""
        pending = self._crew.alive
        for _ in range(_ROUNDS):
            self._crew.each(pending, self._exchange)
            self._fail_with_causes(pending, facts)
            pending = [run for run in pending if run.alive and run.again is not None]
            if not pending:
                break
            facts = self._reconsider(pending, facts)
            pending = [run for run in pending if run.alive]
        for run in pending:
            run.give_up()
        self._fail_with_causes(pending, facts)
        return facts

    def _fail_with_causes(self, runs: list[CameraRun], facts: Facts, evidence: Evidence | None = None) -> None:
        fail_with_causes(runs, self._session, self._wanted(), facts, evidence)

    def _exchange(self, run: CameraRun) -> None:
        """Do one camera's half, and keep what its test ended in until the receiver was asked for the cause."""
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

    def _reconsider(self, pending: list[CameraRun], facts: Facts) -> Facts:
        """Find out why logins failed, and bring the receiver to what mends it."""
        stale = [run for run in pending if run.key is None and not self._login.by_password]
        self._crew.each(stale, self._read_key)
        if len(stale) < len(pending):
            self._try_other_login([run for run in pending if run not in stale], facts)
        if self._crew.alive:
            facts = self._session.read_facts(self._wanted(), routes=())
            for run in self._crew.runs:
                run.arrivals = 0
            facts = self._change(facts, only_changed=True)
        return facts

    def _try_other_login(self, refused: list[CameraRun], facts: Facts) -> None:
        user = self._request.user
        evidence = self._session.read_evidence(self._wanted(), facts, wait_for=user, wait_count=1, causes=True)
        why = proof.explain_refusal(evidence, user)
        all_refused = len(refused) == len(self._crew.alive)
        login = next_login(self._login, why, auth=self._request.auth, sha1=self._request.sha1, all_refused=all_refused)
        if login is not None:
            self._login = login
            return
        for run in refused:
            run.give_up()
        self._fail_with_causes(refused, facts, evidence)

    # ---- prove

    def _prove(self, facts: Facts) -> None:
        """Lay what the receiver saw beside what the cameras say."""
        alive = self._crew.alive
        if not alive:
            return
        method = self._login.authentication.value
        evidence = self._session.read_evidence(
            self._wanted(),
            facts,
            wait_for=f"Accepted {method} for {self._request.user}",
            wait_count=sum(run.arrivals for run in alive),
        )
        read_at = time.monotonic()
        for run in alive:
            since_s = evidence.now_s - (read_at - run.tested_at)
            run.attempt(partial(self._prove_or_tell, evidence=evidence, facts=facts, since_s=since_s))
        self._fail_with_causes(alive, facts)

    def _prove_or_tell(self, run: CameraRun, *, evidence: Evidence, facts: Facts, since_s: float) -> None:
        try:
            self._prove_one(run, evidence=evidence, facts=facts, since_s=since_s)
        except FileNotArrivedError as error:
            run.broken = error

    def _prove_one(self, run: CameraRun, *, evidence: Evidence, facts: Facts, since_s: float) -> None:
        shown = run.report.address
        file = proof.find_arrival(evidence, run.directory, since_s=since_s, before=facts.before, camera=shown)
        key = None if self._login.by_password else run.key
        proof.check_login(evidence, self._request.user, key, self._login.authentication, shown)
        self._describe(run, self._plan)
        run.report.host_key_verified = True
        if run.report.test is not None:
            run.report.test.file = file.path.rpartition("/")[2]
            run.report.test.bytes = file.size
        told = f"{file.path}, {file.size} bytes, login by {self._login.authentication}"
        run.note(StepReport(name="prove upload", changed=False, detail=told))

    def _describe(self, run: CameraRun, plan: SetupPlan) -> None:
        """Fill in what is known of a camera's login."""
        run.report.directory = run.directory
        if run.target is not None:
            run.report.server, run.report.port = run.target.server, run.target.port
        run.report.public_key = run.key
        run.report.auth = self._login.authentication.value
        if plan.match.allow_sha1 and not self._login.by_password:
            run.report.signature = "ssh-rsa"
            run.warn(sha1_warning(self._request.user))
        if self._login.by_password:
            run.warn(password_warning(self._request.user))

    # ---- finish

    def _finish(self, facts: Facts) -> None:
        """Confirm what is proven; take back what is not."""
        failed = self._crew.failed
        if not self._crew.alive:
            self._put_back()
            return
        if failed:
            put_back_cameras(failed)
            self._retract(failed)
        while (records := self._records(facts)) is not None or self._session.in_doubt:
            try:
                self._session.commit(self._wanted(), cameras=records)
            except ReceiverBusyError:
                facts = self._read_receiver()
            else:
                return

    def _records(self, facts: Facts) -> dict[str, str] | None:
        """Return what the cameras were set to before, for a removal from whichever machine; None: as it is filed."""
        records = dict(facts.ledger.cameras)
        for run in self._crew.alive:
            if run.changed and run.target is not None:
                here = Here(servers=(run.target.server,), username=run.target.username)
                records[run.name] = run.former(records.get(run.name), here)
        return records if records != facts.ledger.cameras else None

    def _retract(self, failed: list[CameraRun]) -> None:
        """Take back the failed cameras' share of the receiver; the others' stays."""
        first = self._first_facts
        if first is None or not self._session.in_doubt:
            return
        known = parse_cameras(first.files.get(key_file(self._request.user), b""))
        directories = [run.directory for run in failed]
        wanted = self._wanted()
        wanted = replace(
            wanted,
            slots=(
                *wanted.slots,
                *(
                    CameraSlot(name=run.name, directory=wanted.recordings, key=known[run.name])
                    for run in failed
                    if run.name in known
                ),
            ),
            drop=tuple(run.name for run in failed if run.name not in known),
            retract=tuple(path for path in directories if path not in first.paths),
        )
        self._session.apply(plan_receiver(self._session.read_facts(wanted, routes=()), wanted))
