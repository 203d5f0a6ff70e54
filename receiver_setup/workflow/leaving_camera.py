"""One camera while its set-up is taken back."""

import logging
from collections.abc import Callable

from receiver_setup.camera.departure import Departure
from receiver_setup.camera.former import FormerSettings, FormerSettingsError, parse_former
from receiver_setup.camera.former_place import Here
from receiver_setup.report import Observer, StepReport
from receiver_setup.workflow.camera_part import CameraPart
from receiver_setup.workflow.request import NamedCamera

_log = logging.getLogger(__name__)


class LeavingCamera(CameraPart):
    """One camera's way through a removal; `former` is what the receiver's record of it says, None without one."""

    def __init__(self, named: NamedCamera, observe: Observer, *, checkpoint: Callable[[], None]) -> None:
        super().__init__(named, observe, checkpoint=checkpoint)
        self.departure = Departure(self.camera, self.tell)
        self.former: FormerSettings | None = None

    @property
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""
        return self.departure.changed

    def restore(self) -> list[str]:
        """Send the settings back that it had before the removal."""
        return self.departure.restore()

    def read(self) -> None:
        """Read the camera's upload settings."""
        now = self.departure.read()
        told = f"uploads to {now.username or '?'}@{now.server}" if now.server else "uploads nowhere"
        self.tell(StepReport(name="read camera", changed=False, detail=told))

    def remember(self, record: str | None) -> None:
        """Take the receiver's record of how the camera was before; one that cannot be read counts as none."""
        if record is None:
            return
        try:
            self.former = parse_former(record)
        except FormerSettingsError as error:
            _log.warning("%s: %s", self.name, error)
            self.warn(f"{self.report.address}: the record of its former settings cannot be used: {error}")

    def leave(self, here: Here) -> None:
        """Give the camera its former settings; without any, it no longer points here."""
        for warning in self.departure.leave(self.former, here):
            self.warn(warning)

    def preview(self, here: Here) -> None:
        """Show what `leave` would change."""
        plan = self.departure.plan(self.former, here)
        self.report.diff = plan.diff
        for warning in plan.warnings:
            self.warn(warning)
        self.note(StepReport(name="point camera away", changed=bool(plan.diff), detail=plan.detail))

    def stay(self, why: str) -> None:
        """Say why the camera is left as it is."""
        self.note(StepReport(name="point camera away", changed=False, detail=f"left as it is: {why}"))
