"""Putting things back after a failure: cameras first, so that none points at an account that goes away."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from receiver_setup.camera.wire.failures import unforeseen
from receiver_setup.errors import ReceiverSetupError, UndoError
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.report import ReceiverReport
from receiver_setup.workflow.run.camera_part import CameraPart

_AT_ONCE = 16


def put_back_cameras(runs: Iterable[CameraPart]) -> None:
    """Send every changed camera its former settings; what fails or cannot be known is in its report.

    Several at a time, so that those that do not answer cost the time of one.
    """
    changed = [run for run in runs if run.changed]
    if len(changed) == 1:
        _put_back_camera(changed[0])
    elif changed:
        with ThreadPoolExecutor(min(_AT_ONCE, len(changed)), thread_name_prefix="put back") as executor:
            for done in [executor.submit(_put_back_camera, run) for run in changed]:
                done.result()


def _put_back_camera(run: CameraPart) -> None:
    error = run.report.error
    try:
        with run.camera.undisturbed():
            lost = run.restore()
            for each in lost:
                run.warn(each)
    except UndoError as undo:
        run.report.error = combine(error, undo)
    except Exception as bug:  # noqa: BLE001 - the others have to go back all the same
        run.report.error = combine(error, unforeseen(bug, camera=run.report.address, step="putting it back"))
    else:
        run.report.put_back = True
        run.report.lost = tuple(lost)
        if error is not None:
            error.rolled_back = True
            error.lost += run.report.lost


def put_back_receiver(session: ReceiverSession, report: ReceiverReport) -> None:
    """Take the receiver's open transaction back; the outcome is in the report and in each error of it."""
    errors = [e for e in (report.error, *(camera.error for camera in report.cameras)) if e is not None]
    if session.in_doubt:
        try:
            session.undo()
        except ReceiverSetupError as undo:
            report.error = combine(report.error, undo)
            return
        report.put_back = True
    elif not any(camera.put_back for camera in report.cameras):
        return
    for error in errors:
        if error.rolled_back is None and not isinstance(error, UndoError):
            error.rolled_back = True
    # The run is only back when all of it is.
    if report.error is not None and any(error.rolled_back is False for error in errors):
        report.error.rolled_back = False
    if report.error is not None and report.error.rolled_back:
        report.error.lost = tuple(dict.fromkeys(text for camera in report.cameras for text in camera.lost))


def combine(error: ReceiverSetupError | None, undo: ReceiverSetupError) -> UndoError:
    """Return one error for a failure whose undo failed as well."""
    first = f"{error.message}; then " if error is not None else ""
    both = UndoError(f"{first}{undo.message}", hint=undo.hint)
    both.rolled_back = False
    return both
