"""The camera's half of a set-up: point it at the receiver, learn and trust the host key, verify, switch uploads on."""

import logging
from collections.abc import Callable

from receiver_setup.camera.client import Camera
from receiver_setup.camera.messages import ActionType, TestOutcome
from receiver_setup.camera.settings import words
from receiver_setup.camera.settings.engine import CameraNotTakenError, CameraSettings
from receiver_setup.camera.settings.fields import PASSWORD_FIELD, Group, setting_of, settings_of
from receiver_setup.camera.settings.former import FormerSettings, record_former
from receiver_setup.camera.settings.place import is_somewhere
from receiver_setup.camera.settings.plan import Change, plan_codes, plan_uploads
from receiver_setup.camera.settings.target import UploadTarget, plan_fields
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.camera.wire.codes import UploadResult
from receiver_setup.errors import CameraError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import StepReport

_log = logging.getLogger(__name__)


class CameraSetup(CameraSettings):
    """One camera while it is being set up; remembers its former settings."""

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None]) -> None:
        super().__init__(camera, tell)
        self._trusted: PublicKey | None = None

    @property
    def changed(self) -> bool:
        """True if the camera's settings were changed, or may have been."""
        return super().changed or self._trusted is not None

    @property
    def verifies(self) -> bool:
        """True if the camera verifies the receiver, as last read."""
        return setting_of("ft_insecure").is_so(self.now().get("ft_insecure"), "0")

    @property
    def enabled(self) -> tuple[str, ...] | None:
        """The kinds of upload that were on when last read; None if unknown."""
        actions = self.now(Group.ACTION)
        if not actions:
            return None
        switches = {each.kind: each for each in settings_of(Group.ACTION) if each.field == "enable"}
        return tuple(kind.value for kind in ActionType if switches[kind].is_so(switches[kind].raw(actions), "1"))

    @property
    def password_replaced(self) -> bool:
        """True if this run stored a password in the camera."""
        return any(row.setting.field == PASSWORD_FIELD for change in self.made for row in change.rows)

    @property
    def loses_password(self) -> bool:
        """True if our password would replace an unreadable one that seems to be in use."""
        before = self.before
        return before is not None and before.password is None and is_somewhere(before.raw)

    def point(self, target: UploadTarget) -> None:
        """Point the camera at the receiver, without verification yet, and check that it took effect.

        A password is sent last: it may replace one that cannot be restored, and it cannot be read back.
        """
        fields = plan_fields(self.now(), target, insecure=True)
        secret = {} if target.password is None else {PASSWORD_FIELD: target.password.reveal()}
        for codes in (fields, secret):
            change = plan_codes(self.with_password(Group.FTP, self.now()), Group.FTP, codes)
            if change is not None:
                self.make(change)
        names = ", ".join([*fields, *secret])
        detail = f"{target.username}@{target.server}:{target.port}, folder {target.directory}"
        self.tell(
            StepReport(
                name="point camera at receiver",
                changed=bool(names),
                detail=f"{detail} ({names})" if names else detail,
            )
        )

    def test(self, name: str = "test upload") -> TestOutcome:
        """Let the camera upload its test picture; repeat the test of a camera that applies settings late."""
        unseen = {UploadResult.HOST_NOT_VERIFIED} if self._trusted is not None else set()
        unseen |= {UploadResult.CREDENTIALS} if self.password_replaced else set()
        outcome = self.camera.test_upload()
        for wait_s in self.camera.patience.waits() if self.late else ():
            if outcome.result not in unseen:
                break
            _log.warning("%s applies settings late: repeating its test in %g s", self.camera.address, wait_s)
            self.camera.wait(wait_s)
            outcome = self.camera.test_upload()
        seen = f", host key {outcome.host_key}" if outcome.host_key else ""
        self.tell(StepReport(name=name, changed=False, detail=f"result {outcome.raw_result}{seen}"))
        return outcome

    def trust(self, key: PublicKey) -> None:
        """Make the camera trust a host key; the result of the test in the same request does not matter yet."""
        self._trusted = key
        outcome = self.camera.test_upload(set_host=key)
        _log.info("%s: sethost answered result %s", self.camera.address, outcome.raw_result)
        self.tell(StepReport(name="trust host key", changed=True, detail=str(key)))

    def verify(self, target: UploadTarget) -> None:
        """Switch host key verification on, and check that the camera still has all its new settings."""
        self.remember(settings_of(Group.FTP), target.fields(insecure=False))
        change = plan_codes(self.now(), Group.FTP, {"ft_insecure": "0"})
        if change is not None:
            self.make(change)
        else:
            self.read(Group.FTP)
        lost = plan_fields(self.now(), target, insecure=False, certain=False)
        if lost:
            names = ", ".join(f"`{name}`" for name in lost)
            seen = ", ".join(self.now().get(name, "nothing") for name in lost)
            raise CameraNotTakenError(
                f"the camera {self.camera.address.display} had accepted {names} but has {seen} now",
                hint="somebody or something else may be changing its settings; run the same command again",
            )
        self.tell(StepReport(name="verify host key", changed=True, detail="ft_insecure=0"))

    def plan_uploads(self, options: UploadOptions) -> tuple[Change, ...]:
        """Read the settings that the options concern, and return what differs; changes nothing."""
        return plan_uploads(self.read_for(options.commands()), options)

    def read_uploads(self) -> None:
        """Read the upload actions, unless they were read; a firmware without them is not an error."""
        if not self.now(Group.ACTION):
            try:
                self.read(Group.ACTION)
            except CameraError as error:
                _log.info("%s: %s", self.camera.address, error.message)

    def former(self) -> FormerSettings:
        """Return the former values of all settings that this run changed, and where the camera points now."""
        before = self.before.raw if self.before is not None and self.changed else {}
        return record_former(before, self.now(), self.made, password_replaced=self.password_replaced)

    def put_back(self) -> list[str]:
        """Restore all changed settings; return warnings about what may not be restored, or was lost."""
        lost = super().put_back()
        before = self.before
        if before is not None and self._trusted is not None and before.insecure is False:
            lost.append(words.host_key_lost(self.camera.address.display))
        self._trusted = None
        return lost
