"""What a camera uploads, as one part of a set-up: read it, switch it on, and put it back if the set-up fails."""

from collections.abc import Callable
from dataclasses import replace

from receiver_setup.camera.client import Camera
from receiver_setup.camera.codes import ResponseCode
from receiver_setup.camera.command import Command, Done
from receiver_setup.camera.menu_change import Change
from receiver_setup.camera.menu_plan import UploadReadings, UploadWishes, plan_uploads
from receiver_setup.camera.messages import (
    ActionType,
    GetFtpAction,
    GetFtpActionAttr,
    GetSnapSchedFtpAttr,
    SetFtpAction,
    UploadActions,
)
from receiver_setup.errors import CameraError, CameraResponseError, UndoError
from receiver_setup.report import StepReport

_REFUSALS = frozenset(
    {
        ResponseCode.UNKNOWN_PARAM,
        ResponseCode.INVALID_VALUE,
        ResponseCode.NOT_IMPLEMENTED,
        ResponseCode.UNKNOWN_COMMAND,
        ResponseCode.MISSING_PARAM,
        ResponseCode.NO_PERMISSION,
        ResponseCode.IP_BLOCKED,
    }
)
"""Codes of a camera that did nothing of what it was asked."""


class UploadSwitch:
    """The upload actions of one camera while it is being set up; remembers the way back."""

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None]) -> None:
        self._camera = camera
        self._tell = tell
        self._done: list[Change] = []
        self.actions: UploadActions | None = None
        """What is uploaded by now; None where the camera does not say."""

    @property
    def changed(self) -> bool:
        """True when the upload actions are, or may be, others than before."""
        return bool(self._done)

    @property
    def enabled(self) -> tuple[str, ...] | None:
        """The kinds that are uploaded by now; None where the camera does not say."""
        if self.actions is None:
            return None
        found = {kind: self.actions.get(kind) for kind in ActionType}
        return tuple(kind.value for kind, action in found.items() if action is not None and action.enabled)

    def plan(self, wishes: UploadWishes) -> tuple[Change, ...]:
        """Read what the wishes are about, and return what differs; changes nothing.

        Without wishes, a firmware that does not tell what it uploads is no error.
        """
        try:
            self.actions = self._camera.send(GetFtpAction())
        except CameraError:
            if wishes.any:
                raise
        now = UploadReadings(
            actions=self.actions,
            snapshots=None if wishes.snapshots is None else self._camera.send(GetFtpActionAttr()),
            schedule=None if wishes.schedule is None else self._camera.send(GetSnapSchedFtpAttr()),
        )
        return plan_uploads(now, wishes)

    def apply(self, changes: tuple[Change, ...]) -> None:
        """Send what differs, and read back what is uploaded now."""
        for change in changes:
            # Noted before it is sent, since an answer may be lost; a plain refusal leaves nothing to take back.
            self._done.append(change)
            try:
                self._send(change.command)
            except CameraResponseError as error:
                if error.code in _REFUSALS:
                    self._done.pop()
                raise
            detail = f"{change.name}: {change.before} → {change.after}"
            self._tell(StepReport(name="switch uploads on", changed=True, detail=detail))
        if any(isinstance(change.command, SetFtpAction) for change in changes):
            self.actions = self._camera.send(GetFtpAction())

    def restore(self) -> list[str]:
        """Send the former values back, last first; return what cannot be known to be back."""
        lost = []
        while self._done:
            change = self._done.pop()
            shown = self._camera.address.display
            try:
                if change.back is not None:
                    self._send(change.back)
            except CameraError as error:
                raise UndoError(
                    f"the camera {shown} did not take back its former {change.name}: {error.message}",
                    hint=f"set it in its own menu: {change.before}",
                ) from error
            lost += [f"{shown}: the former {name} was not told and is not back" for name in change.lost]
        return lost

    def _send(self, command: Command[Done]) -> None:
        """Send only what differs; all fields of an action where the firmware misses them (response 208)."""
        try:
            self._camera.send(command)
        except CameraResponseError as error:
            before = self.actions.get(command.kind) if isinstance(command, SetFtpAction) and self.actions else None
            if error.code != ResponseCode.MISSING_PARAM or before is None or not isinstance(command, SetFtpAction):
                raise
            whole = replace(
                command,
                enable=before.enabled if command.enable is None else command.enable,
                interval_s=(before.interval_s or None) if command.interval_s is None else command.interval_s,
            )
            self._camera.send(whole)
