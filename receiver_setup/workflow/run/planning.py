"""What a set-up would do: both sides are read, and each account is planned; nothing is changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from receiver_setup.camera.messages import Security
from receiver_setup.camera.settings import words
from receiver_setup.camera.settings.fields import setting_of
from receiver_setup.camera.settings.place import Here
from receiver_setup.camera.settings.target import render_diff
from receiver_setup.camera.wire.codes import CameraWithoutKeyLoginError
from receiver_setup.errors import CameraError, ReceiverError
from receiver_setup.formats.authorized_keys import parse_cameras
from receiver_setup.process.interrupts import Stop
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.facts.known_cameras import KnownCamera
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.key_policy import check_key
from receiver_setup.receiver.plan.setup import SetupPlan, allows_sha1, check_connection, key_file, plan_receiver
from receiver_setup.receiver.plan.startups import explain_startups
from receiver_setup.receiver.plan.steps import JointPlan
from receiver_setup.receiver.plan.storage import memory_warnings
from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted
from receiver_setup.report import Observer, StepReport
from receiver_setup.secrets import MASK, Secret
from receiver_setup.workflow.run.accounts import choose_directory
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.ending import Account
from receiver_setup.workflow.run.identity import (
    check_given_once,
    claimed_names,
    find_name,
    refuse_shared_keys,
    shared_key,
)
from receiver_setup.workflow.run.login_policy import (
    AuthPolicy,
    first_login,
    keep_login,
    opens_by_password,
    password_warning,
    sha1_warning,
)
from receiver_setup.workflow.run.request import NamedCamera, SetupRequest
from receiver_setup.workflow.run.upload_target import resolve_target
from receiver_setup.workflow.run.whole_run import WholeRun


class Planning(WholeRun[CameraRun]):
    """The half of a set-up that only reads; the methods stand in the order in which they are called."""

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
        self._plans: dict[str, SetupPlan] = {}
        """The last plan of each account, by its user."""
        for account in self._accounts:
            account.login = first_login(request.auth, request.sha1)

    def _kind(self) -> type[CameraRun]:
        return CameraRun

    def _run(self) -> None:
        self._read()
        if self._crew.alive:
            self._preview(self._plan())

    @property
    def _live(self) -> list[Account]:
        """The accounts that a camera is left of."""
        return [account for account in self._accounts if account.alive]

    # ---- facts: both sides are read at the same time

    def _read(self) -> None:
        check_given_once(self._crew.runs)
        futures = self._crew.start(self._crew.runs, self._read_camera)
        try:
            facts = self._read_accounts(self._accounts, routes=self._routes())
        finally:
            self._crew.wait(futures)
        self._propose_other_way()
        self._report.host_keys = facts.host_keys
        release = ".".join(map(str, facts.openssh)) if facts.openssh else "unknown"
        seen = f"{facts.system}, OpenSSH {release}"
        self._receiver.tell(StepReport(name="read receiver", changed=False, detail=seen))
        told = explain_startups(facts, len(self._crew.runs))
        if told is not None:
            self._report.warnings.append(told)
        self._report.warnings += memory_warnings(
            (account.facts, self._wanted(account)) for account in self._accounts if self._request.volatile
        )
        for account in self._accounts:
            account.learn(account.facts, first=True)
        # A password stays only where the camera itself says, each time, that it has no key.
        asked = [run for account in self._accounts if opens_by_password(account.facts) for run in account.alive]
        self._crew.each(asked, self._read_key)
        for account in self._accounts:
            keyless = any(run.without_key is not None for run in account.alive)
            account.login = keep_login(account.login, self._request.auth, account.facts, without_key=keyless)
            for run in account.alive:
                run.known_as = run.name if run.name in account.known else None
                self._aim(run, account)
        self._crew.each([run for run in self._crew.alive if not run.settled], self._read_key)
        for account in self._accounts:
            self._identify(account)
            self._choose_login(account)
            self._check_keys(account)

    def _aim(self, run: CameraRun, account: Account) -> None:
        def work(run: CameraRun) -> None:
            run.directory = choose_directory(run, self._request, account)
            resolve_target(run, self._request, account)

        run.attempt(work)

    def _identify(self, account: Account) -> None:
        """Find out which of the account's cameras each one is that was asked for its key."""
        known = account.known
        asked = [run for run in account.alive if run.key is not None and not run.settled]
        pinned = self._request.pin_source is True
        if not pinned:
            refuse_shared_keys(account.alive)
        for run in asked:
            if run.alive:
                run.attempt(partial(self._find_itself, known=known, pinned=pinned))
        moved = [run for run in asked if run.alive and run.known_as != (run.name if run.name in known else None)]
        # Whoever is believed to be a camera that answered under another name has to say who it is.
        taken = claimed_names(moved) | {run.known_as for run in moved}
        others = [run for run in account.alive if run.settled and run.name in taken]
        self._crew.each(others, lambda run: run.read_key())
        for run in (run for run in others if run.alive and run.key is not None):
            run.attempt(partial(self._find_itself, known=known, pinned=pinned))
        for run in (*moved, *others):
            if run.alive:
                self._aim(run, account)
        for run in asked:
            run.came_from = self._find_former_account(run, account)

    def _find_itself(self, run: CameraRun, *, known: Mapping[str, KnownCamera], pinned: bool) -> None:
        if run.key is None:
            return
        name = find_name(run.key, run.name, known)
        line = known.get(run.name)
        if name is None:
            # Reset, or another device; only where its key stays the same that can be told.
            other = line is not None and line.key is not None and run.keeps_its_key()
            run.known_as = run.name if line is not None and not other else None
        elif name == run.name or self._points_here(run):
            run.known_as = name
        elif pinned:
            run.known_as = None
        else:
            run.fail(shared_key(run, name))

    def _find_former_account(self, run: CameraRun, account: Account) -> tuple[str, str] | None:
        """Return another account here that knows this camera's key, and that the camera points at."""
        ours = {each.user for each in self._accounts}
        for user, filed in account.facts.filed_accounts.items():
            if run.key is None or user in ours or not self._points_here(run, user):
                continue
            for name, key in parse_cameras(filed.keys).items():
                if key == run.key:
                    return user, name
        return None

    def _points_here(self, run: CameraRun, user: str | None = None) -> bool:
        target = run.target
        if target is None:
            return False
        here = Here(servers=(target.server,), username=user or target.username)
        return here.is_at(run.settings.now(), any_port=True)

    def _read_camera(self, run: CameraRun) -> None:
        """Read a camera; its key as well, unless it looks as if a test alone will do."""
        run.read()
        now = run.attributes
        looks_settled = now is not None and now.security is Security.SFTP and now.insecure is False
        user = self._account_of[run].user
        if not looks_settled or now is None or not setting_of("ft_username").holds(now.username, user):
            self._read_key(run)

    def _read_key(self, run: CameraRun) -> None:
        if run.key is None and run.without_key is None and self._request.auth is not AuthPolicy.PASSWORD:
            run.read_key()

    # ---- plan

    def _choose_login(self, account: Account) -> None:
        """Give cameras without a key a password, where that is allowed and takes no other camera's way in from it."""
        without = {run: run.without_key for run in account.alive if run.without_key is not None}
        with_key = [run for run in account.alive if run not in without]
        if self._request.auth is AuthPolicy.KEY:
            for run, error in without.items():
                run.fail(error)
        if self._request.auth is not AuthPolicy.AUTO:
            return
        own = {run.name for run in account.runs}
        if opens_by_password(account.facts):
            others = sorted({run.name for run in without} | (account.facts.ledger.cameras.keys() - own))
            for run in with_key if others else ():
                run.fail(_shared_by_password(run, account.user, others))
            return
        known = parse_cameras(account.facts.files.get(key_file(account.user), b""))
        shared = bool(with_key) or bool(known.keys() - own)
        for run, error in without.items():
            if run.name in known:
                run.fail(lost_key(error))
            elif shared:
                run.fail(_shared_by_key(run))
        if any(run.alive for run in without):
            account.login = account.login.with_password()

    def _check_keys(self, account: Account) -> None:
        """Fail each camera whose key sshd's policy would refuse, before anything is changed for it."""
        if account.login.by_password:
            return
        allow_sha1 = allows_sha1(account.facts, self._wanted(account))
        for run in account.alive:
            if run.key is None:
                continue
            try:
                facts = account.facts.seen_from(run.addresses())
                check_key(facts, account.user, run.key, allow_sha1=allow_sha1, settled=run.settled)
            except ReceiverError as error:
                run.fail(error)

    def _wanted(self, account: Account) -> Wanted:
        """Return the account as it shall be, for the cameras that still take part."""
        by_password = account.login.by_password
        alive = account.alive
        return Wanted(
            user=account.user,
            home=account.home,
            directory=account.directory,
            adopt=self._request.adopt,
            overwrite=self._request.overwrite or self._request.check,
            moved=tuple(run.came_from for run in alive if run.came_from is not None),
            groups=self._request.groups,
            volatile=self._request.volatile,
            slots=tuple(
                CameraSlot(
                    name=run.name, directory=run.directory, key=None if by_password else run.key, source=run.source
                )
                for run in alive
            ),
            jail=self._request.jail,
            authentication=account.login.authentication,
            allow_sha1=account.login.allow_sha1,
            new_password=by_password and account.password is None and not all(run.settled for run in alive),
            drop=(*claimed_names(alive), *((run.name for run in alive) if by_password else ())),
            cameras=account.cameras,
        )

    def _plan(self) -> JointPlan[SetupPlan]:
        """Plan every account; where each camera has its own, one that cannot be made fails its camera alone."""
        plans = []
        for account in self._live:
            try:
                facts = self._seen_by_cameras(account)
                self._plans[account.user] = plan_receiver(facts, self._wanted(account))
            except ReceiverError as error:
                if len(self._accounts) == 1:
                    raise
                for run in account.alive:
                    run.fail(error)
            else:
                plans.append(self._plans[account.user])
        return JointPlan(plans=tuple(plans))

    def _seen_by_cameras(self, account: Account) -> Facts:
        """Return the account's facts as sshd answers one of its cameras; those that it would not serve fail alone."""
        wanted = self._wanted(account)
        seen = {run: account.facts.seen_from(run.addresses()) for run in account.alive}
        refused = {}
        for run, facts in seen.items():
            try:
                check_connection(facts, wanted)
            except ReceiverError as error:
                refused[run] = error
        # Where it serves none of them, the plan itself says why.
        served = [run for run in seen if run not in refused] or list(seen)
        for run, why in refused.items():
            if run not in served:
                run.fail(why)
        return replace(seen[served[0]], cameras=tuple(a for run in served for a in seen[run].cameras))

    def _preview(self, plan: JointPlan[SetupPlan]) -> None:
        self._report.diff = plan.diff
        for step in plan.steps:
            self._receiver.tell(StepReport(name=step.name, changed=step.changed, detail=step.detail))
        for run in self._losing():
            run.warn(words.password_goes(run.report.address))
        for run in self._crew.alive:
            if run.target is not None:
                if self._gets_password(run):
                    run.target = replace(run.target, password=Secret(MASK))
                run.report.diff = render_diff(run.settings.now(), run.target, run.report.address)
            told = "point it here, show it the host key, verify" if run.report.diff else "it is set up"
            self._describe(run)
            run.note(StepReport(name="set up camera", changed=bool(run.report.diff), detail=told))
        self._crew.each(
            [run for run in self._crew.alive if (run.wishes or self._request.uploads).any],
            lambda run: run.preview_uploads(run.wishes or self._request.uploads),
        )

    def _gets_password(self, run: CameraRun) -> bool:
        """Tell whether the camera is to be handed a password that is made for it."""
        return self._wanted(self._account_of[run]).new_password

    def _losing(self) -> list[CameraRun]:
        """Return the cameras whose own ft_password is lost by this set-up, since it cannot be read."""
        return [run for run in self._crew.alive if run.settings.loses_password and self._gets_password(run)]

    def _describe(self, run: CameraRun) -> None:
        """Fill in what is known of a camera's login."""
        account = self._account_of[run]
        run.report.directory = run.directory
        if run.target is not None:
            run.report.server, run.report.port = run.target.server, run.target.port
        run.report.public_key = run.key
        run.report.auth = account.login.authentication.value
        if self._plans[account.user].match.allow_sha1 and not account.login.by_password:
            run.report.signature = "ssh-rsa"
            run.warn(sha1_warning(account.user))
        if account.login.by_password:
            run.warn(password_warning(account.user))
            if run.settings.password_replaced and run.settings.loses_password:
                run.warn(words.password_replaced(run.report.address))


def lost_key(error: CameraWithoutKeyLoginError) -> CameraError:
    """Return why a camera that was set up with a key gets no password by itself."""
    return CameraError(
        f"{error.message}, and it was set up here with one, which a password would replace",
        hint="restart the camera and run this again; for a camera that has no key any more: --auth password",
    )


def _shared_by_key(run: CameraRun) -> CameraError:
    return CameraError(
        f"the camera {run.report.address} has no key, while others share the account by key",
        hint="give each camera an account of its own with --isolate, or set this one up by itself, "
        "with a --user of its own",
    )


def _shared_by_password(run: CameraRun, user: str, others: Sequence[str]) -> CameraError:
    return CameraError(
        f"the camera {run.report.address} has a key, while {', '.join(others)} may need the password of {user}",
        hint="name all cameras of this account in one command, so that each can be asked; or give this one a --user "
        "of its own; --auth password lets all of them share a password",
    )
