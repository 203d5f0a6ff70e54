"""What a camera uploads, as one part of a set-up: read it, switch it on, and put it back if the set-up fails."""

from collections.abc import Callable

from receiver_setup.camera.client import Camera
from receiver_setup.camera.codes import ResponseCode
from receiver_setup.camera.former import FormerSettings, former_uploads
from receiver_setup.camera.menu import CameraNotTakenError, apply_change, put_back, read_uploads
from receiver_setup.camera.menu_change import Change
from receiver_setup.camera.menu_plan import UploadWishes, plan_uploads
from receiver_setup.camera.messages import ActionType, SetFtpAction, UploadActions
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

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None], *, step: str = "switch uploads on") -> None:
        self._camera = camera
        self._tell = tell
        self._step = step
        self._done: list[Change] = []
        self._actions: UploadActions | None = None

    @property
    def changed(self) -> bool:
        """True when the upload actions are, or may be, others than before."""
        return bool(self._done)

    @property
    def enabled(self) -> tuple[str, ...] | None:
        """The kinds that were uploaded when last read; None where the camera does not say."""
        if self._actions is None:
            return None
        found = {kind: self._actions.get(kind) for kind in ActionType}
        return tuple(kind.value for kind, action in found.items() if action is not None and action.enabled)

    def plan(self, wishes: UploadWishes) -> tuple[Change, ...]:
        """Read what the wishes are about, and return what differs; changes nothing.

        Without wishes for actions, a firmware that does not tell what it uploads is no error.
        """
        now = read_uploads(self._camera, wishes)
        self._actions = now.actions
        if self._actions is None:
            self._read_actions()
        return plan_uploads(now, wishes)

    def apply(self, changes: tuple[Change, ...]) -> None:
        """Send what differs, each read back; then learn what is uploaded now."""
        for change in changes:
            # Noted before it is sent, since an answer may be lost; a plain refusal leaves nothing to take back.
            self._done.append(change)
            try:
                apply_change(self._camera, change)
            except (CameraResponseError, CameraNotTakenError) as error:
                if error.rolled_back or (isinstance(error, CameraResponseError) and error.code in _REFUSALS):
                    self._done.pop()
                raise
            detail = f"{change.name}: {change.before} → {change.after}"
            self._tell(StepReport(name=self._step, changed=True, detail=detail))
        if any(isinstance(change.command, SetFtpAction) for change in changes):
            self._read_actions()

    def former(self) -> FormerSettings:
        """Return the former values of what was changed."""
        return former_uploads(self._done)

    def restore(self) -> list[str]:
        """Send the former values back, last first; return what cannot be known to be back.

        One that does not go back keeps no other from it; `UndoError` then names them all, and they may be tried again.
        """
        shown = self._camera.address.display
        lost: list[str] = []
        failed: list[Change] = []
        while self._done:
            change = self._done.pop()
            if put_back(self._camera, change):
                continue
            if change.lost:
                lost.append(f"{shown}: the former {', '.join(change.lost)} cannot be set again: it was {change.before}")
            else:
                failed.insert(0, change)
        if failed:
            self._done = failed
            raise UndoError(
                f"the camera {shown} did not take back its former {'; '.join(change.name for change in failed)}",
                hint="set it in its own menu: " + "; ".join(change.before for change in failed),
            )
        return lost

    def _read_actions(self) -> None:
        try:
            self._actions = self._camera.upload_actions()
        except CameraError:
            self._actions = None
