"""One camera while a workflow is under way: its half of the exchange and what is reported of it."""

import ipaddress
import socket
import time
from collections.abc import Callable

from receiver_setup.camera.client import Camera
from receiver_setup.camera.codes import CameraWithoutKeyLoginError, UploadResult, error_for_result
from receiver_setup.camera.exchange import KeyExchange
from receiver_setup.camera.menu_plan import UploadWishes
from receiver_setup.camera.messages import FtpAttributes, TestOutcome
from receiver_setup.camera.upload_plan import UploadTarget
from receiver_setup.camera.uploads import UploadSwitch
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.keys import PublicKey
from receiver_setup.report import CameraReport, Event, Observer, StepReport, TestReport

_MAY_BE_HEALED = frozenset({UploadResult.CREDENTIALS, UploadResult.HOST_NOT_VERIFIED})
"""Results that a new key, a new host key or another signature mend."""


class CameraRun:
    """One camera's way through a run; `error` on its report means that it takes no further part."""

    def __init__(self, name: str, camera: Camera, observe: Observer, *, checkpoint: Callable[[], None]) -> None:
        self.name = name
        self.camera = camera
        self.report = CameraReport(name=name, address=camera.address.display)
        self.exchange = KeyExchange(camera, self._tell)
        self.uploads = UploadSwitch(camera, self._tell)
        self.attributes: FtpAttributes | None = None
        self.key: PublicKey | None = None
        self.without_key: CameraWithoutKeyLoginError | None = None
        self.target: UploadTarget | None = None
        self.directory = ""
        """Where its uploads arrive: the absolute path on the receiver."""
        self.settled = False
        """True while the camera is believed to upload here already, so that only a test is needed."""
        self.again: TestOutcome | None = None
        """A failed test that a change on the receiver may mend."""
        self.arrivals = 0
        """Test uploads that went through since the receiver was last read."""
        self.tested_at = 0.0
        """When the test that counts began, on the monotonic clock."""
        self._observe = observe
        self._checkpoint = checkpoint

    @property
    def alive(self) -> bool:
        """True while nothing has failed."""
        return self.report.error is None

    def attempt(self, work: Callable[["CameraRun"], None]) -> None:
        """Do `work`; an error ends this camera's part and no other's."""
        try:
            self._checkpoint()
            work(self)
        except ReceiverSetupError as error:
            self.fail(error)

    def fail(self, error: ReceiverSetupError) -> None:
        """Note the error and show it."""
        self.report.error = error
        self._observe(Event(scope=self.name, step=StepReport(name=error.message, changed=False), failed=True))

    def give_up(self) -> None:
        """Fail with what the last test said."""
        if self.again is not None:
            self.fail(self._failure(self.again))

    def warn(self, text: str) -> None:
        """Note a warning once."""
        if text not in self.report.warnings:
            self.report.warnings.append(text)

    def read(self) -> None:
        """Read the camera's upload settings."""
        self.attributes = self.exchange.read()
        now = self.attributes
        told = (
            f"uploads to {now.username or '?'}@{now.server}, {now.security or '?'}"
            if now.server
            else "uploads nowhere yet"
        )
        self._tell(StepReport(name="read camera", changed=False, detail=told))

    def read_key(self) -> None:
        """Read the camera's own key; a camera without one is remembered as such."""
        try:
            self.key = self.camera.public_key()
        except CameraWithoutKeyLoginError as error:
            self.without_key = error
            self._tell(StepReport(name="read camera key", changed=False, detail="the camera has none"))
            return
        self._tell(StepReport(name="read camera key", changed=False, detail=f"{self.key.bits} bits, {self.key}"))

    def test_settled(self, check: Callable[[TestOutcome], PublicKey]) -> bool:
        """Test a camera that is believed to be set up; False when it has to be set up after all."""
        outcome = self._final_test("test upload, host verified")
        if outcome.ok:
            # A firmware need not tell the host key again; the file's arrival then says where it went.
            self.report.host_key = None if outcome.host_key is None else check(outcome)
            return True
        if outcome.result not in _MAY_BE_HEALED:
            raise self._failure(outcome)
        self.again = outcome
        return False

    def introduce(self, check: Callable[[TestOutcome], PublicKey]) -> None:
        """Point the camera here, learn the host key, have it checked by `check`, trust it, verify, and test."""
        if self.target is None:
            raise ValueError("a camera without a target cannot be set up")
        self.again = None
        self.exchange.point(self.target)
        outcome = self._count(self.exchange.test())
        if outcome.host_key is not None:
            check(outcome)
        if outcome.result is UploadResult.CREDENTIALS:
            self.again = outcome
            return
        if not outcome.ok:
            raise self._failure(outcome)
        key = check(outcome)
        self.report.host_key = key
        self.exchange.trust(key)
        self.exchange.verify()
        final = self._final_test("test upload, host verified")
        if not final.ok:
            raise self._failure(final)

    def switch_uploads(self, wishes: UploadWishes) -> None:
        """Make the camera upload what is wished; without a wish, only learn what it uploads."""
        changes = self.uploads.plan(wishes)
        if wishes.any and not changes:
            self._tell(StepReport(name="switch uploads on", changed=False, detail="as wished"))
        self.uploads.apply(changes)
        self.report.uploads = self.uploads.enabled
        told = "unknown" if self.uploads.enabled is None else ", ".join(self.uploads.enabled) or "nothing yet"
        self.note(StepReport(name="read uploads", changed=False, detail=told))

    def preview_uploads(self, wishes: UploadWishes) -> None:
        """Show what `switch_uploads` would change."""
        changes = self.uploads.plan(wishes)
        self.report.uploads = self.uploads.enabled
        for change in changes:
            self.report.diff += f"-{change.name}: {change.before}\n+{change.name}: {change.after}\n"
        told = "; ".join(f"{change.name}: {change.before} → {change.after}" for change in changes) or "as wished"
        self.note(StepReport(name="switch uploads on", changed=bool(changes), detail=told))

    def addresses(self) -> list[str]:
        """Return the camera's IP address, for routes; empty where its name cannot be resolved here."""
        host = self.camera.address.host
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        try:
            return [str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])]
        except OSError:
            return []

    def _final_test(self, name: str) -> TestOutcome:
        self.tested_at = time.monotonic()
        outcome = self._count(self.exchange.test(name))
        self.report.test = TestReport(result=outcome.raw_result)
        return outcome

    def _count(self, outcome: TestOutcome) -> TestOutcome:
        self.arrivals += outcome.ok
        return outcome

    def _failure(self, outcome: TestOutcome) -> ReceiverSetupError:
        self.report.test = TestReport(result=outcome.raw_result)
        return error_for_result(outcome.raw_result if outcome.raw_result is not None else -8, self.report.address)

    def note(self, step: StepReport) -> None:
        """Note a step and show it."""
        self.report.steps.append(step)
        self._observe(Event(scope=self.name, step=step))

    def _tell(self, step: StepReport) -> None:
        self.note(step)
        self._checkpoint()
