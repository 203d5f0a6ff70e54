"""The emulated camera without its web server: one request in, one answer out, and a log of requests."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from receiver_setup.emulator.camera.commands import Code, Context, Reply, execute, is_set, respell
from receiver_setup.emulator.camera.login import Account, Login, check_login, sends_wrong_password
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.recorded import Recorded, Script
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.emulator.camera.uploaders.plain import PlainUploader
from receiver_setup.emulator.camera.uploads import Result, Uploader, UploadOutcome, plan_upload

log = logging.getLogger(__name__)
_SFTP = "2"
_CREDENTIALS = frozenset({"user", "pwd"})


class Request(NamedTuple):
    """One command that reached the camera, even if refused: its name, its parameters' names, whether it sets."""

    command: str
    parameters: tuple[str, ...]
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer for the web server to send; with `reboots` it drops the connection instead."""

    reply: Reply
    login: Login
    reboots: bool = False


class Engine:
    """Answers requests by a profile and a state; thread-safe."""

    def __init__(
        self, profile: Profile, state: CameraState, account: Account, recorded: Recorded | None = None
    ) -> None:
        self.profile = profile
        self.recorded = recorded
        self.state = state
        self.account = account
        self.requests: list[Request] = []
        self.uploads: list[UploadOutcome] = []
        self.failed_logins = 0
        self.wrong_password_attempts = 0
        self.on_command: Callable[[str], None] | None = None
        self.closing = threading.Event()
        self._testing = threading.Lock()
        self._uploaders: dict[str, Uploader] = {}

    def answer(self, parameters: Mapping[str, str], *, authorization: str, address: str) -> Answer:
        """Return the answer to one request: login first, then delays and faults, then the command itself."""
        command = parameters.get("cmd", "")
        own = {name: value for name, value in parameters.items() if name not in {"cmd", *_CREDENTIALS}}
        login = self._sign_in(command, parameters, authorization=authorization, address=address)
        if login is Login.GOOD and self.state.count_request() in self._stray:
            login = Login.OVERRUN
        self.requests.append(Request(command, tuple(sorted(own)), is_set(command, own)))
        if login is not Login.GOOD:
            code = Code.IP_BLOCKED if login is Login.BLOCKED else Code.NO_PERMISSION
            return Answer(reply=Reply(code=code), login=login)
        return self._run(command, own)

    @property
    def _stray(self) -> range:
        """The numbers, from 1, of requests whose correct login is refused."""
        first = self.profile.stray_401_at
        return range(first, first + self.profile.stray_401_times) if first else range(0)

    def close(self) -> None:
        """End delays and uploads in progress."""
        self.closing.set()
        for uploader in list(self._uploaders.values()):
            uploader.close()
        with self._testing:
            pass

    def _sign_in(self, command: str, parameters: Mapping[str, str], *, authorization: str, address: str) -> Login:
        if self.state.is_blocked(address):
            return Login.BLOCKED
        login = check_login(
            self.account,
            self.state,
            self.profile,
            command=command,
            authorization=authorization,
            parameters=parameters,
        )
        if login is Login.GOOD:
            self.state.clear_refusals(address)
            return login
        with self.state.lock:
            self.failed_logins += 1
            self.wrong_password_attempts += sends_wrong_password(self.account, self.state, authorization, parameters)
        if login is Login.WRONG or self.profile.lockout_counts == "refused":
            self.state.count_refusal(address)
        return login

    def _run(self, command: str, parameters: Mapping[str, str]) -> Answer:
        self.closing.wait(self.profile.slow_s)
        self.state.catch_up()
        count, nth = self.state.count_command(command)
        if 0 <= count - self.profile.busy_from < self.profile.busy_times:
            return Answer(reply=Reply(code=Code.BUSY), login=Login.GOOD)
        if self.on_command is not None:
            self.on_command(command)
        at, which = self.profile.reboot_command
        reboots = (at == command and which == nth) or (at == "*" and which == count)
        if reboots and self.profile.reboot_moment == "before":
            return Answer(reply=Reply(), login=Login.GOOD, reboots=True)
        context = Context(state=self.state, profile=self.profile, parameters=parameters, run_test=self._run_test)
        reply = respell(command, execute(command, context), self.profile.echo)
        return Answer(reply=reply, login=Login.GOOD, reboots=reboots)

    def _run_test(self) -> UploadOutcome:
        """Upload the test picture; a concurrent second test gets the result busy."""
        if not self._testing.acquire(blocking=False):
            outcome = UploadOutcome(result=Result.BUSY, detail="another test is running")
        else:
            try:
                outcome = self._upload()
            finally:
                self._testing.release()
        self.uploads.append(outcome)
        log.info("test upload: %s %s", outcome.result.name, " ".join(outcome.detail.split()))
        return outcome

    def _upload(self) -> UploadOutcome:
        self.state.tests_asked += 1
        if self.state.tests_asked <= self.profile.test_busy_times:
            return UploadOutcome(result=Result.BUSY, detail="as the profile says")
        if self.profile.test_claims:
            return UploadOutcome(result=Result(int(self.profile.test_claims)), detail="as the profile says")
        self.closing.wait(self.profile.test_slow_s)
        self.state.catch_up()
        uploader = self._find_uploader("plain" if self.state.fields["ft_ssl"] != _SFTP else self.profile.uploader)
        if self.closing.is_set():
            return UploadOutcome(result=Result.INTERNAL, detail="the camera is switched off")
        job = plan_upload(self.state, self.profile, datetime.now().astimezone())
        outcome = uploader.upload(job)
        if outcome.result is Result.SUCCESS:
            self.state.tests_stored += 1
        return outcome

    def _find_uploader(self, name: str) -> Uploader:
        if name not in self._uploaders:
            script = None if self.recorded is None or name == "plain" else self.recorded.script
            self._uploaders[name] = make_uploader(name) if script is None else _make_player(script)
        return self._uploaders[name]


def _make_player(script: Script) -> Uploader:
    from receiver_setup.emulator.camera.uploaders.recorded import RecordedUploader  # noqa: PLC0415  loads paramiko

    return RecordedUploader(script)


def make_uploader(name: str) -> Uploader:
    """Return the uploader that a profile names; its libraries are imported only then."""
    if name == "curl":
        from receiver_setup.emulator.camera.uploaders.curl import CurlUploader  # noqa: PLC0415  loads paramiko

        return CurlUploader()
    if name == "openssh":
        from receiver_setup.emulator.camera.uploaders.openssh import OpensshUploader  # noqa: PLC0415  as above

        return OpensshUploader()
    if name == "plain":
        return PlainUploader()
    from receiver_setup.emulator.camera.uploaders.paramiko_client import ParamikoUploader  # noqa: PLC0415  as above

    return ParamikoUploader()
