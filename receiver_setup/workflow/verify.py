"""The whole chain proven again, and nothing changed but the test picture: every promise of a set-up is a claim."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from receiver_setup.camera.messages import Security
from receiver_setup.camera.settings.target import plan_fields
from receiver_setup.camera.wire.codes import UploadResult
from receiver_setup.errors import CameraError, FileNotArrivedError, HostKeyMismatchError, ProofError, ReceiverError
from receiver_setup.formats.authorized_keys import parse_cameras, parse_sources
from receiver_setup.process.interrupts import Stop
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.plan.key_policy import check_key
from receiver_setup.receiver.plan.setup import check_connection, drop_in, key_file
from receiver_setup.receiver.plan.startups import uploads_at_once
from receiver_setup.receiver.plan.storage import memory_warnings
from receiver_setup.receiver.plan.wanted import CameraSlot, Look, Wanted
from receiver_setup.report import Claim, Observer, ReceiverReport
from receiver_setup.workflow.receiver_claims import receiver_claims
from receiver_setup.workflow.run import proof
from receiver_setup.workflow.run.accounts import UploadAccount, choose_directory, find_directory
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.failing import fail_with_causes
from receiver_setup.workflow.run.identity import find_name
from receiver_setup.workflow.run.login_policy import AuthPolicy, keep_login
from receiver_setup.workflow.run.request import NamedCamera, VerifyRequest
from receiver_setup.workflow.run.upload_target import find_target
from receiver_setup.workflow.run.whole_run import WholeRun

Account = UploadAccount[CameraRun]

_HOST_KEY = "host key is the receiver's"
_KEY = "key is known"
_TEST = "test upload"
_ARRIVED = "picture arrived"


def verify(
    request: VerifyRequest,
    session: ReceiverSession,
    cameras: Sequence[NamedCamera],
    observe: Observer,
    *,
    stop: Stop | None = None,
) -> ReceiverReport:
    """Prove a set-up again; the claims are in the report, and a proof that failed is its camera's error.

    Without `request.test` nothing is proven, only read: the last upload stands in the proof's place.
    """
    return _Verification(request, session, cameras, observe, stop).run()


class _Verification(WholeRun[CameraRun]):
    """One run; the methods stand in the order in which they are called."""

    cuts_all = True

    def __init__(
        self,
        request: VerifyRequest,
        session: ReceiverSession,
        cameras: Sequence[NamedCamera],
        observe: Observer,
        stop: Stop | None,
    ) -> None:
        super().__init__(request, session, cameras, observe, stop)
        self._request = request
        self._report.jail, self._report.looked = request.jail, True

    def _kind(self) -> type[CameraRun]:
        return CameraRun

    def _run(self) -> None:
        self._read()
        for account in self._accounts:
            claims = receiver_claims(account.facts, self._wanted(account))
            # What is each camera's own is told beside it.
            told = self._report.claims if not self._request.isolate else account.runs[0].report.claims
            told += claims
        self._crew.each(self._crew.alive, self._look_at)
        if not self._request.test:
            self._crew.each(self._crew.alive, self._tell_last_upload)
            return
        aimed = [run for run in self._crew.alive if self._is_aimed_here(run)]
        self._crew.each(aimed, self._test, at_once=uploads_at_once(self._accounts[0].facts))
        self._crew.each([run for run in self._crew.alive if run.report.test is None], self._say_untested)
        self._fail_with_causes()
        tested = [run for run in self._crew.alive if run.report.test is not None]
        if not tested:
            return
        evidence = self._session.read_evidence(
            [self._wanted(account) for account in self._accounts],
            self._accounts[0].facts,
            wait_for=[f"Accepted {a.login.authentication} for {a.user} from " for a in self._accounts],
            wait_count=sum(run.arrivals for run in tested),
        )
        read_at = time.monotonic()
        for run in tested:
            since_s = evidence.now_s - (read_at - run.tested_at)
            run.attempt(partial(self._prove, evidence=evidence, since_s=since_s))
        self._fail_with_causes()

    # ---- facts

    def _read(self) -> None:
        look = Look.SETUP if self._request.test else Look.STATUS
        futures = self._crew.start(self._crew.runs, CameraRun.read)
        try:
            facts = self._read_accounts(
                self._accounts, routes=self._routes(), look=look, wanted=self._wanted_with_folders
            )
        finally:
            self._crew.wait(futures)
        self._propose_other_way()
        self._report.host_keys = facts.host_keys
        for account in self._accounts:
            self._learn(account)
        found = [account.facts.groups[1:] for account in self._accounts if account.facts.account is not None]
        self._report.groups = tuple(sorted({name for groups in found for name in groups})) if found else None
        self._report.warnings += memory_warnings((a.facts, self._wanted(a)) for a in self._accounts)

    def _learn(self, account: Account) -> None:
        """Take from the receiver which keys its cameras have, and from each where in the account it uploads to."""
        keys = account.facts.files.get(key_file(account.user), b"")
        known, pinned = parse_cameras(keys), parse_sources(keys)
        # A key line is what a set-up by key leaves, whatever has become of its drop-in since.
        keyless = not any(run.name in known for run in account.runs)
        account.login = keep_login(account.login, AuthPolicy.AUTO, account.facts, without_key=keyless)
        for run in account.runs:
            run.key, run.source = known.get(run.name), pinned.get(run.name)
            run.known_as = run.name if run.name in account.known else None
            run.directory = choose_directory(run, self._request, account)
            run.report.directory = run.directory

    def _wanted_with_folders(self, account: Account) -> Wanted:
        """Return it with the folder that a camera has if it was set up beside others, to be looked at."""
        own = tuple(find_directory(self._request, run.name, alone=False) for run in account.runs)
        return self._wanted(account) if self._request.isolate else replace(self._wanted(account), retract=own)

    def _wanted(self, account: Account) -> Wanted:
        by_password = account.login.by_password
        return Wanted(
            user=account.user,
            home=account.home,
            directory=account.directory,
            volatile=True,
            jail=self._request.jail,
            authentication=account.login.authentication,
            slots=tuple(
                CameraSlot(
                    name=run.name, directory=run.directory, key=None if by_password else run.key, source=run.source
                )
                for run in account.runs
            ),
            cameras=account.cameras,
        )

    # ---- the camera's own claims, and the test upload

    def _look_at(self, run: CameraRun) -> None:
        account = self._account_of[run]
        run.target = find_target(run, self._request, account, jailed=self._request.jail)
        now = run.settings.now()
        wrong = plan_fields(now, run.target, insecure=False, certain=False)
        away = {name: value for name, value in wrong.items() if name not in {"ft_ssl", "ft_insecure"}}
        place = f"{run.target.username}@{run.target.server}:{run.target.port}, folder {run.target.directory}"
        seen = ", ".join(f"{name} is {now.get(name, 'not told')!r}, not {value!r}" for name, value in away.items())
        claims = run.report.claims
        claims.append(
            _claim("points here", not away, place, f"the camera {run.report.address} points elsewhere: {seen}")
        )
        attributes = run.attributes
        security = attributes.security if attributes else None
        claims.append(
            _claim("uploads by sFTP", "ft_ssl" not in wrong, "ft_ssl=2", f"its security is {security or 'unknown'}")
        )
        off = f"the camera {run.report.address} takes any machine for the receiver: ft_insecure is not 0"
        claims.append(_claim("verifies host keys", "ft_insecure" not in wrong, "ft_insecure=0", off))
        if not account.login.by_password:
            tested = run.key is not None and self._request.test
            claims.append(Claim(name=_KEY, ok=True, detail=str(run.key)) if tested else self._ask_key(run, account))
            self._hold_against_policy(run, account)
        self._describe(run, account)

    def _ask_key(self, run: CameraRun, account: Account) -> Claim:
        """Hold the key that the camera tells against its line; what a firmware makes anew each time tells nothing."""
        line, shown = run.key, run.report.address
        try:
            run.read_key()
            if line is not None and run.key in {line, None}:
                missing = f"the camera {shown} has no key any more, and {account.user} knows {line} for it"
                return _claim(_KEY, run.key is not None, str(line), missing)
            name = find_name(run.key, run.name, account.known) if run.key is not None else None
            if name is not None:
                cause = f"the camera {shown} is the one that {account.user} knows as {name}: its key is {run.key}"
            elif line is None:
                cause = f"{key_file(account.user)} has no line for {run.name}"
            elif run.keeps_its_key():
                cause = f"the camera {shown} was reset or replaced: its key is {run.key}, and not {line} any more"
            else:
                told = f"{line}; whether the camera has it is not known, since it tells another key each time"
                return Claim(name=_KEY, ok=None, detail=told)
            return Claim(name=_KEY, ok=False, cause=cause, repaired=True)
        except CameraError as error:
            return Claim(name=_KEY, ok=None, detail=f"{line}; whether the camera has it is not known: {error.message}")
        finally:
            run.key = line

    def _hold_against_policy(self, run: CameraRun, account: Account) -> None:
        """Tell where sshd's policy refuses a key that was taken once: whoever made the rule knows better than a log."""
        if run.key is None:
            return
        try:
            facts = account.facts.seen_from(run.addresses())
            if facts.connection_asked != account.facts.connection_asked:
                check_connection(facts, self._wanted(account))
            check_key(facts, account.user, run.key, allow_sha1=False, settled=True)
        except ReceiverError as error:
            claim = Claim(name="sshd takes the key", ok=False, cause=error.message, remedy=error.hint)
            run.report.claims.append(claim)

    def _is_aimed_here(self, run: CameraRun) -> bool:
        """Tell whether a test upload would come here; only then it is made."""
        now = run.attributes
        wrong = (
            plan_fields(run.settings.now(), run.target, insecure=False, certain=False)
            if run.target is not None
            else {"": ""}
        )
        return not wrong.keys() - {"ft_insecure"} and now is not None and now.security is Security.SFTP

    def _describe(self, run: CameraRun, account: Account) -> None:
        """Fill in what is known of the camera as it is now."""
        now = run.attributes
        if now is not None:
            run.report.server, run.report.port = now.server, now.port
            run.report.host_key_verified = run.settings.verifies
        run.report.public_key = run.key
        run.report.auth = account.login.authentication.value
        if not account.login.by_password and b"+ssh-rsa" in account.facts.files.get(drop_in(account.user), b""):
            run.report.signature = "ssh-rsa"
        if self._request.uploads:
            run.settings.read_uploads()
            run.report.uploads = run.settings.enabled

    def _test(self, run: CameraRun) -> None:
        """Let the camera upload as it is set; why that failed is asked for later, for all cameras at once."""
        outcome = run.final_test("test upload")
        try:
            if outcome.host_key is not None:
                run.report.host_key = outcome.host_key
                proof.check_host_key(outcome, self._report.host_keys, run.report.address, self._session.name)
                run.report.claims.append(Claim(name=_HOST_KEY, ok=True, detail=str(outcome.host_key)))
            if outcome.result is UploadResult.CREDENTIALS:
                self._tell_another_key(run, run.failure(outcome))
            if not outcome.ok and run.alive:
                raise run.failure(outcome)
        except ProofError as error:
            run.broken = error
        else:
            if run.alive:
                run.report.claims.append(Claim(name=_TEST, ok=True, detail="result 0"))

    def _tell_another_key(self, run: CameraRun, error: ProofError) -> None:
        """Fail a camera whose login was refused since its key is not the one that is known; else do nothing."""
        account = self._account_of[run]
        if account.login.by_password or run.key is None:
            return
        claim = self._ask_key(run, account)
        if claim.ok is False:
            claims = run.report.claims
            claims[:] = [each for each in claims if each.name != _KEY]
            told = error.retold(f"{error.message}: {claim.cause}", hint="run `receiver-setup setup` again")
            claims += [claim, Claim(name=_TEST, ok=False, cause=told.message, remedy=told.hint)]
            run.fail(told)

    def _fail_with_causes(self) -> None:
        """Make a claim of each proof that failed, with its cause."""
        broken = [run for run in self._crew.alive if run.broken is not None]
        fail_with_causes([(account, self._wanted(account)) for account in self._accounts], self._session)
        for run in broken:
            error = run.report.error
            if error is not None:
                wrong_key, lost = isinstance(error, HostKeyMismatchError), isinstance(error, FileNotArrivedError)
                name = _HOST_KEY if wrong_key else _ARRIVED if lost else _TEST
                run.report.claims.append(Claim(name=name, ok=False, cause=error.message, remedy=error.hint))

    def _tell_last_upload(self, run: CameraRun) -> None:
        facts = self._account_of[run].facts
        last = facts.newest.get(run.directory)
        told = "nothing but test pictures yet"
        if last is not None:
            when = datetime.fromtimestamp(last.changed_s, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
            told = f"{when}, {_ago(facts.now_s - last.changed_s)} ago: {last.path}, {last.size} bytes"
        run.report.claims.append(Claim(name="last upload", ok=True, detail=told))

    def _say_untested(self, run: CameraRun) -> None:
        run.report.claims.append(
            Claim(name=_TEST, ok=None, detail="not made: it would not have come here", repaired=True)
        )

    # ---- what the receiver saw of it

    def _prove(self, run: CameraRun, *, evidence: Evidence, since_s: float) -> None:
        account = self._account_of[run]
        shown, claims, before = run.report.address, run.report.claims, account.facts.before
        try:
            file = proof.find_arrival(
                evidence, run.directory, since_s=since_s, before=before, others=account.directories, camera=shown
            )
        except FileNotArrivedError as error:
            run.broken = error
            return
        if run.report.test is not None:
            run.report.test.file, run.report.test.bytes = file.path.rpartition("/")[2], file.size
        claims.append(Claim(name=_ARRIVED, ok=True, detail=f"{file.path}, {file.size} bytes"))
        method = account.login.authentication
        try:
            proof.check_login(evidence, account.user, None if account.login.by_password else run.key, method, shown)
        except ProofError as error:
            claims.append(Claim(name=f"login by {method}", ok=False, cause=error.message, remedy=error.hint))
            raise
        seen = any(login.user == account.user for login in evidence.logins)
        told = "sshd logged it" if seen else "no log tells; sshd lets nothing else in"
        claims.append(Claim(name=f"login by {method}", ok=True, detail=told))


def _claim(name: str, holds: bool, detail: str, cause: str) -> Claim:
    """Make a claim that the set-up repairs where it does not hold."""
    if holds:
        return Claim(name=name, ok=True, detail=detail)
    return Claim(name=name, ok=False, cause=cause, repaired=True)


def _ago(seconds: float) -> str:
    """Say a span of time as people do.

    >>> _ago(7150), _ago(7200), _ago(400000)
    ('119 min', '2 h', '4 days')
    """
    minutes = max(0, int(seconds)) // 60
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
