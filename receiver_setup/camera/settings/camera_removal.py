"""The camera's half of a removal: its former settings back, or at least away from this receiver; and all of it back."""

import logging
from collections.abc import Mapping

from receiver_setup.camera.settings.engine import CameraSettings
from receiver_setup.camera.settings.fields import Group
from receiver_setup.camera.settings.former import FormerSettings
from receiver_setup.camera.settings.place import Here, in_words
from receiver_setup.camera.settings.plan import plan_codes
from receiver_setup.camera.settings.removal_plan import RemovalPlan, needed_readings, plan_departure, points_here
from receiver_setup.camera.wire.codes import ResponseCode
from receiver_setup.errors import CameraResponseError
from receiver_setup.report import StepReport

_log = logging.getLogger(__name__)

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


class CameraRemoval(CameraSettings):
    """One camera while a receiver is taken from it; remembers what it was like before."""

    def plan_leaving(self, former: FormerSettings | None, here: Here) -> RemovalPlan:
        """Read what the former settings are about, and return what differs; changes nothing."""
        readings: dict[Group, Mapping[str, str]] = {}
        for group in sorted(needed_readings(self.now(), former, here)):
            try:
                readings[group] = self.read(group)
            except CameraResponseError as error:
                if error.code not in _NOT_THERE:
                    raise
                _log.info("%s: %s", self.camera.address, error.message)
        return plan_departure(self.now(), readings, former, here, camera=self.camera.address.display)

    def leave(self, former: FormerSettings | None, here: Here) -> list[str]:
        """Put the former settings back, each read back; return what will not be back, or cannot be known to be.

        A camera that points elsewhere by now is left as it is. Raises `CameraNotTakenError` where one says that it
        did something and reads otherwise; `put_back` then leads back.
        """
        plan = self.plan_leaving(former, here)
        if plan.points_here:
            # Where it points comes last: a run that is cut off then finds the camera still pointing here, and goes on.
            self.make_each(plan.uploads, step="put uploads back")
            kept = self._point_away(dict(plan.fields), former, here)
            then = in_words(self.now())
            names = ", ".join(name for name in plan.fields if name not in kept)
            detail = f"{plan.now} → {then} ({names})"
            self.tell(StepReport(name="point camera away", changed=True, detail=detail))
        else:
            self.tell(StepReport(name="point camera away", changed=False, detail=plan.detail))
        return [*plan.warnings, *self.not_emptied(plan.fields)]

    def _point_away(self, fields: dict[str, str], former: FormerSettings | None, here: Here) -> dict[str, str]:
        """Send the fields, look until they hold, and return the empty ones that were not taken."""
        change = plan_codes(self.now(), Group.FTP, fields)
        if change is None:
            return {}
        with self.counted(change):
            differs = self.bring(Group.FTP, fields)
        wrong = {name: value for name, value in differs.items() if value or name == "ft_server"}
        if wrong or (points_here(self.now(), former, here, any_port=True) and not here.stays):
            rows = [row for row in change.rows if row.setting.field in (wrong or differs or fields)]
            raise self.not_taken(
                rows, hint="point it elsewhere in its own menu, then run the same command again: it points here still"
            )
        return differs
