"""The camera's half of a removal: restore its former settings, or at least point it away from this receiver."""

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
"""Response codes of a firmware that lacks a part of the menu."""


class CameraRemoval(CameraSettings):
    """One camera while it is pointed away from a receiver; remembers its settings for `put_back`."""

    def plan_leaving(self, former: FormerSettings | None, here: Here) -> RemovalPlan:
        """Read the settings that the record covers, and return what differs; changes nothing."""
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
        """Restore the former settings and read each back; return warnings about what is not, or may not be, restored.

        A camera that points elsewhere by now is left alone. Raises `CameraNotTakenError` if the camera accepts a
        value and does not keep it; call `put_back` then.
        """
        plan = self.plan_leaving(former, here)
        if plan.points_here:
            # Where it points comes last, so that the next run finds it pointing here if this one is cut off.
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
        """Send the fields, read until they are set, and return the empty ones that the camera did not accept."""
        change = plan_codes(self.now(), Group.FTP, fields)
        if change is None:
            return {}
        with self.counted(change):
            differs = self.bring(Group.FTP, fields)
        wrong = {name: value for name, value in differs.items() if value or name == "ft_server"}
        if wrong or (points_here(self.now(), former, here, any_port=True) and not here.stays):
            rows = [row for row in change.rows if row.setting.field in (wrong or differs or fields)]
            raise self.not_taken(
                rows, hint="it still points here: point it elsewhere in its own menu, then run the same command again"
            )
        return differs
