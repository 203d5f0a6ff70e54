"""One camera while a workflow is under way: its half of the exchange and what is reported of it."""

import time
from collections.abc import Callable

from receiver_setup.camera.messages import FtpAttributes, TestOutcome
from receiver_setup.camera.settings.fields import setting_of
from receiver_setup.camera.settings.former import (
    FormerSettingsError,
    merge_former,
    parse_former,
    render_former,
)
from receiver_setup.camera.settings.place import Here
from receiver_setup.camera.settings.plan import Change, render_changes
from receiver_setup.camera.settings.setting_up import CameraSetup
from receiver_setup.camera.settings.target import UploadTarget, plan_fields
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.camera.wire.codes import UploadResult, error_for_result
from receiver_setup.errors import ProofError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import Observer, StepReport, TestReport
from receiver_setup.workflow.run.camera_part import CameraPart
from receiver_setup.workflow.run.request import NamedCamera

_MAY_BE_HEALED = frozenset({UploadResult.CREDENTIALS, UploadResult.HOST_NOT_VERIFIED})
"""Results that a new key, a new host key or another signature mend."""


class CameraRun(CameraPart):
    """One camera's way through a set-up."""

    def __init__(self, named: NamedCamera, observe: Observer, *, checkpoint: Callable[[], None]) -> None:
        super().__init__(named, observe, checkpoint=checkpoint)
        self.settings = CameraSetup(self.camera, self.tell)
        self.attributes: FtpAttributes | None = None
        self.target: UploadTarget | None = None
        self.source: str | None = None
        """The one address that its key opens the account from; None: any."""
        self.settled = False
        """True while the camera is believed to upload here already, so that only a test is needed."""
        self.again: TestOutcome | None = None
        """A failed test that a change on the receiver may mend."""
        self.broken: ProofError | None = None
        """What a test upload ended in, until its cause is known."""
        self.outcome: TestOutcome | None = None
        """What the last test said."""
        self.wished: tuple[Change, ...] = ()
        """In a preview: the uploads that are to be switched on."""
        self.begun = False
        """True once anything was asked of the camera beyond reading."""
        self.arrivals = 0
        """Test uploads that went through in this run."""
        self.tested_at = 0.0
        """When the test that counts began, on the monotonic clock."""

    @property
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""
        return self.settings.changed

    @property
    def folder(self) -> str:
        """The folder that the camera names in its own settings, below the home; empty where it was not read."""
        folder = setting_of("ft_dirname").clean(self.settings.now().get("ft_dirname", ""))
        return folder.removeprefix("./").strip("/")

    def restore(self) -> list[str]:
        """Send the former settings back, uploads first; return what cannot be known to be back."""
        return self.settings.put_back()

    def former(self, older: str | None, here: Here) -> str:
        """Return the record of how the camera was before, for a removal; what an older record knows stays."""
        newer = self.settings.former()
        try:
            known = parse_former(older) if older is not None else None
        except FormerSettingsError as error:
            self.warn(
                f"{self.report.address}: the record of its former settings was useless, and is written anew: {error}"
            )
            known = None
        return render_former(merge_former(known, newer, here=here))

    def give_up(self) -> None:
        """Take what the last test said as final."""
        if self.again is not None:
            self.broken = self.failure(self.again)

    def read(self) -> None:
        """Read the camera's upload settings."""
        self.attributes = self.settings.read_attributes()
        now = self.attributes
        told = (
            f"uploads to {now.username or '?'}@{now.server}, {now.security or '?'}"
            if now.server
            else "uploads nowhere yet"
        )
        self.tell(StepReport(name="read camera", changed=False, detail=told))

    def test_settled(self, check: Callable[[TestOutcome], PublicKey]) -> bool:
        """Test a camera that is believed to be set up; False when it has to be set up after all."""
        outcome = self.final_test("test upload, host verified")
        if outcome.ok:
            # A firmware need not tell the host key again; the file's arrival then says where it went.
            self.report.host_key = None if outcome.host_key is None else check(outcome)
            return True
        if outcome.result not in _MAY_BE_HEALED and not self._is_alike():
            raise self.failure(outcome)
        self.again = outcome
        return False

    def verify_again(self, check: Callable[[TestOutcome], PublicKey]) -> bool:
        """Switch only the verification on again, where that is all that is missing; False when more is."""
        if self.target is None or set(plan_fields(self.settings.now(), self.target, insecure=False, certain=False)) != {
            "ft_insecure"
        }:
            return False
        self.settings.verify(self.target)
        return self.test_settled(check)

    def _is_alike(self) -> bool:
        """Tell whether it was only taken for settled: it spells its settings in capitals, or has others."""
        return self.target is not None and bool(plan_fields(self.settings.now(), self.target, insecure=False))

    def introduce(self, check: Callable[[TestOutcome], PublicKey]) -> None:
        """Point the camera here, learn the host key, have it checked by `check`, trust it, verify, and test."""
        if self.target is None:
            raise ValueError("a camera without a target cannot be set up")
        self.again = None
        self.settings.point(self.target)
        outcome = self._count(self.settings.test())
        if outcome.host_key is not None:
            check(outcome)
        if outcome.result is UploadResult.CREDENTIALS:
            self.again = outcome
            return
        if not outcome.ok:
            raise self.failure(outcome)
        key = check(outcome)
        self.report.host_key = key
        self.settings.trust(key)
        self.settings.verify(self.target)
        final = self.final_test("test upload, host verified")
        if not final.ok:
            raise self.failure(final)

    def switch_uploads(self, wishes: UploadOptions, *, told: bool = True) -> None:
        """Make the camera upload what is wished; what it uploads then is asked only if that is to be `told`."""
        changes = self.settings.plan_uploads(wishes)
        if wishes.any and not changes:
            self.tell(StepReport(name="switch uploads on", changed=False, detail="as wished"))
        self.settings.make_each(changes, step="switch uploads on")
        if told:
            self.settings.read_uploads()
        self.report.uploads = uploads = self.settings.enabled
        words = "unknown" if uploads is None else ", ".join(uploads) or "nothing yet"
        self.note(StepReport(name="read uploads", changed=False, detail=words))

    def preview_uploads(self, wishes: UploadOptions) -> None:
        """Show what `switch_uploads` would change."""
        self.wished = changes = self.settings.plan_uploads(wishes)
        self.settings.read_uploads()
        self.report.uploads = self.settings.enabled
        self.report.diff += render_changes(changes)
        told = "; ".join(f"{change.name}: {change.before} → {change.after}" for change in changes) or "as wished"
        self.note(StepReport(name="switch uploads on", changed=bool(changes), detail=told))

    def final_test(self, name: str) -> TestOutcome:
        """Test as the camera is set; this is the upload that the proof is about."""
        self.tested_at = time.monotonic()
        outcome = self._count(self.settings.test(name))
        self.report.test = TestReport(result=outcome.raw_result)
        return outcome

    def _count(self, outcome: TestOutcome) -> TestOutcome:
        self.arrivals += outcome.ok
        self.outcome = outcome
        return outcome

    def failure(self, outcome: TestOutcome) -> ProofError:
        """Return the error for a test that did not go through."""
        self.report.test = TestReport(result=outcome.raw_result)
        return error_for_result(outcome.raw_result if outcome.raw_result is not None else -8, self.report.address)
