"""Putting things back after a failure: cameras first, so that none points at an account that goes away."""

from collections.abc import Iterable

from receiver_setup.errors import ReceiverSetupError, UndoError
from receiver_setup.receiver.session import ReceiverSession
from receiver_setup.report import ReceiverReport
from receiver_setup.workflow.camera_part import CameraPart


def put_back_cameras(runs: Iterable[CameraPart]) -> None:
    """Send every changed camera its former settings; what fails or cannot be known is in its report."""
    for run in runs:
        if not run.changed:
            continue
        error = run.report.error
        try:
            for lost in run.restore():
                run.warn(lost)
        except UndoError as undo:
            run.report.error = combine(error, undo)
            continue
        run.report.put_back = True
        if error is not None:
            error.rolled_back = True


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


def combine(error: ReceiverSetupError | None, undo: ReceiverSetupError) -> UndoError:
    """Return one error for a failure whose undo failed as well."""
    first = f"{error.message}; then " if error is not None else ""
    both = UndoError(f"{first}{undo.message}", hint=undo.hint)
    both.rolled_back = False
    return both
