"""Point a camera at the recording server and restore its settings afterwards, by the next run if needed.

This is the only part of recording that changes a camera.
"""

import logging
from collections.abc import Mapping

from receiver_setup.camera.client import Camera
from receiver_setup.camera.settings.engine import CameraSettings
from receiver_setup.camera.settings.fields import PASSWORD_FIELD, Group, settings_of
from receiver_setup.camera.settings.plan import plan_codes, way_back
from receiver_setup.errors import UndoError
from receiver_setup.recording.journal import Journal

_log = logging.getLogger(__name__)


class Pointer(CameraSettings):
    """One camera; `journal` keeps its former settings from before the first change until they are restored."""

    def __init__(self, camera: Camera, journal: Journal) -> None:
        super().__init__(camera)
        self._journal = journal

    def point(self, fields: Mapping[str, str]) -> None:
        """Set these fields and read them back. Raises CameraNotTakenError if the camera does not have them."""
        before = self.before or self.read_attributes()
        self._journal.write({name: value for name, value in before.raw.items() if name != PASSWORD_FIELD})
        change = plan_codes(self.now(), Group.FTP, fields)
        if change is not None:
            self.make(change)

    def put_back(self) -> list[str]:
        """Restore all changed settings and read them back; return what may not be restored. Raises UndoError."""
        lost = super().put_back()
        self._journal.delete()
        return lost

    def recover(self, before: Mapping[str, str]) -> list[str]:
        """Restore the settings saved by an earlier run. Raises UndoError, and the camera's own errors."""
        now = self.read(Group.FTP)
        former = {each.field: way_back(each, each.raw(before)) for each in settings_of(Group.FTP) if each.raw(before)}
        codes = {name: code for name, code in former.items() if code is not None and before.get(name) != now.get(name)}
        differs = self.bring(Group.FTP, codes, back=True) if codes else {}
        if differs:
            named = ", ".join(f"{name}={code}" for name, code in differs.items())
            raise UndoError(
                f"the camera {self.camera.address.display} did not accept its former {', '.join(differs)}",
                hint=f"set them in its own menu: {named}",
            )
        self._journal.delete()
        return self.not_emptied(codes)


def recover(camera: Camera) -> bool:
    """Restore a camera that an earlier recording left pointing elsewhere; False if there was nothing to restore."""
    journal = Journal.of(camera.address.url)
    before = journal.read()
    if before is None:
        return False
    with journal.held():
        lost = Pointer(camera, journal).recover(before)
    _log.warning("%s: restored the settings that an interrupted recording had changed", camera.address)
    for each in lost:
        _log.warning("%s", each)
    return True
