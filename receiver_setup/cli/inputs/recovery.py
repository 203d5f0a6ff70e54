"""A camera that a recording which was cut off left elsewhere: put back by what changes it, told by what reads."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from receiver_setup.recording.journal import Journal, require_finished

if TYPE_CHECKING:
    from receiver_setup.camera.client import Camera


def put_back_first(cameras: "Iterable[Camera]", *, changes: bool) -> None:
    """Put cameras back that a recording left elsewhere; without `changes` raise UnfinishedRecordingError instead.

    No camera is contacted where no journal is on this machine. Raises UndoError, and the camera's own errors.
    """
    for camera in cameras:
        if not changes:
            require_finished(camera.address.url)
        elif Journal.of(camera.address.url).read() is not None:
            from receiver_setup.recording.pointing import recover  # noqa: PLC0415 - only then

            recover(camera)
