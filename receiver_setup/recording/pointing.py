"""A camera's upload settings while it is recorded: pointed elsewhere, and put back, also by the next run.

The one place of recordings that sets a camera; all of it is done by the keeper of its settings.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

from receiver_setup.camera.attributes import AttributeKeeper
from receiver_setup.camera.client import Camera
from receiver_setup.errors import CameraReplyError
from receiver_setup.recording.journal import Journal

_log = logging.getLogger(__name__)
_NEVER_SENT = frozenset({"ft_password"})


class Pointer(AttributeKeeper):
    """One camera; `journal` holds its way back from before the first change until it is read to be there again."""

    def __init__(self, camera: Camera, journal: Journal) -> None:
        super().__init__(camera)
        self._journal = journal

    def point(self, fields: Mapping[str, str]) -> None:
        """Set these fields, and read that the camera has them. Raises CameraReplyError where it has not."""
        if self.before is None:
            self.read()
        assert self.before is not None  # noqa: S101 - just read
        self._journal.write({name: value for name, value in self.before.raw.items() if name not in _NEVER_SENT})
        self._changed |= fields.keys()
        differs = self._settle(dict(fields))
        if differs:
            named = ", ".join(f"{name} is {self._now.get(name)!r}, not {value!r}" for name, value in differs.items())
            raise CameraReplyError(
                f"the camera {self.camera.address.display} took the settings and does not have them: {named}",
                hint="it is put back; without --uploader nothing has to be set",
            )

    def put_back(self) -> list[str]:
        """Put back what was changed, and read that it is there; return what cannot be known to be. Raises UndoError."""
        lost = self.restore()
        self._journal.delete()
        return lost

    def recover(self, before: Mapping[str, str]) -> list[str]:
        """Put back what an earlier run noted. Raises UndoError, and the camera's own errors."""
        now = self.read()
        changed = {name for name, value in before.items() if now.raw.get(name) != value}
        self._changed |= changed
        self.before = replace(now, raw={**now.raw, **before})
        return self.put_back()


def recover(camera: Camera) -> bool:
    """Put a camera back that an earlier recording left elsewhere; True where there was one to put back."""
    journal = Journal.of(camera.address.url)
    before = journal.read()
    if before is None:
        return False
    with journal.held():
        lost = Pointer(camera, journal).recover(before)
    _log.warning("%s: put back what a recording that was cut off had set", camera.address)
    for each in lost:
        _log.warning("%s", each)
    return True
