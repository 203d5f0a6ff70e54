"""What comes before anything else is done with a camera: the end of a recording that was cut off."""

from typing import TYPE_CHECKING

from receiver_setup.recording.journal import Journal, require_finished

if TYPE_CHECKING:
    from receiver_setup.camera.client import Camera


def put_back_first(camera: "Camera", *, changes: bool) -> str | None:
    """Put a camera back that a recording left elsewhere; return what was done, None where there was nothing to do.

    The camera is contacted only where its journal is on this machine. Without `changes` it raises
    UnfinishedRecordingError instead. Raises UndoError, and the camera's own errors.
    """
    if not changes:
        require_finished(camera.address.url)
    elif Journal.of(camera.address.url).read() is not None:
        from receiver_setup.recording.pointing import recover  # noqa: PLC0415 - loads the HTTP library

        if recover(camera):
            return "its settings from before a recording that was cut off"
    return None
