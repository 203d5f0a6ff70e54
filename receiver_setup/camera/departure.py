"""The camera's half of a removal: its former settings back, or at least away from this receiver; and all of it back."""

import logging
from collections.abc import Callable
from typing import TypeVar

from receiver_setup.camera.attributes import AttributeKeeper, restore_each
from receiver_setup.camera.client import Camera
from receiver_setup.camera.codes import ResponseCode
from receiver_setup.camera.departure_plan import DeparturePlan, needed_readings, plan_departure, points_here
from receiver_setup.camera.former import FormerSettings
from receiver_setup.camera.former_place import Here
from receiver_setup.camera.former_place import in_words as place_in_words
from receiver_setup.camera.menu import CameraNotTakenError
from receiver_setup.camera.menu_plan import UploadReadings
from receiver_setup.camera.menu_settings import Group
from receiver_setup.camera.uploads import UploadSwitch
from receiver_setup.errors import CameraResponseError
from receiver_setup.report import StepReport

_log = logging.getLogger(__name__)
R = TypeVar("R")

_NOT_THERE = frozenset(
    {
        ResponseCode.NOT_IMPLEMENTED,
        ResponseCode.UNKNOWN_COMMAND,
        ResponseCode.DISABLED,
        ResponseCode.NOT_AVAIL,
        ResponseCode.NOT_HARDWARE_SUPPORTED,
        ResponseCode.SYNTAX_ERROR,
    }
)
"""Codes of a firmware that does not have a part of the menu (any more)."""


class Departure(AttributeKeeper):
    """One camera while a receiver is taken from it; remembers what it was like before.

    `tell` is given each step as soon as it is done.
    """

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None]) -> None:
        super().__init__(camera)
        self._tell = tell
        self._uploads = UploadSwitch(camera, tell, step="put uploads back")

    @property
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""
        return super().changed or self._uploads.changed

    def points_at(self, server: str, username: str, port: int | None = None) -> bool:
        """Tell whether the camera, as read, uploads to this server as this user."""
        return Here(servers=(server,), username=username, port=port).is_at(self._now)

    def plan(self, former: FormerSettings | None, here: Here) -> DeparturePlan:
        """Read what the former settings are about, and return what differs; changes nothing."""
        needed = needed_readings(self._now, former, here)
        camera = self.camera
        readings = UploadReadings(
            actions=self._ask(camera.upload_actions) if Group.ACTION in needed else None,
            snapshots=self._ask(camera.snapshot_count) if Group.COUNT in needed else None,
            schedule=self._ask(camera.snapshot_schedule) if Group.SCHEDULE in needed else None,
        )
        return plan_departure(self._now, readings, former, here, camera=camera.address.display)

    def leave(self, former: FormerSettings | None, here: Here) -> list[str]:
        """Put the former settings back, each read back; return what will not be back, or cannot be known to be.

        A camera that points elsewhere by now is left as it is. Raises `CameraNotTakenError` where one says that it
        did something and reads otherwise; `restore` then leads back.
        """
        plan = self.plan(former, here)
        if plan.points_here:
            # Where it points comes last: a run that is cut off then finds the camera still pointing here, and goes on.
            self._uploads.apply(plan.uploads)
            kept = self._point_away(dict(plan.fields), former, here)
            then = place_in_words(self._now)
            names = ", ".join(name for name in plan.fields if name not in kept)
            detail = f"{plan.now} → {then} ({names})"
            self._tell(StepReport(name="point camera away", changed=True, detail=detail))
        else:
            self._tell(StepReport(name="point camera away", changed=False, detail=plan.detail))
        return [*plan.warnings, *self._not_emptied(dict(plan.fields))]

    def restore(self) -> list[str]:
        """Put everything back to what it was before the removal; return what cannot be known to be back.

        Raises `UndoError` when the camera is not as it was; where it points is tried first, and neither part keeps
        the other from being tried.
        """
        return restore_each(super().restore, self._uploads.restore)

    def _point_away(self, fields: dict[str, str], former: FormerSettings | None, here: Here) -> dict[str, str]:
        """Send the fields, read them back, and return the empty ones that were not taken."""
        # They count as changed before they are sent, since an answer may be lost.
        self._changed |= fields.keys()
        differs = self._settle(fields)
        wrong = {name: value for name, value in differs.items() if value or name == "ft_server"}
        if wrong or (points_here(self._now, former, here, any_port=True) and not here.stays):
            shown = ", ".join(f"{name}={self._now.get(name)}" for name in wrong or fields)
            raise CameraNotTakenError(
                f"the camera {self.camera.address.display} said that it went back to its former settings, and still "
                f"has {shown}",
                hint="point it elsewhere in its own menu, then run the same command again",
            )
        return differs

    def _ask(self, read: Callable[[], R]) -> R | None:
        """Read a part of the menu; None where the firmware does not have it."""
        try:
            return read()
        except CameraResponseError as error:
            if error.code not in _NOT_THERE:
                raise
            _log.info("%s: %s", self.camera.address, error.message)
            return None
