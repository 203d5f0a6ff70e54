"""The removal behind the command line: from options to the workflow, and its receipt."""

from functools import partial
from typing import Any

import click

from receiver_setup.cli.targets import Targets, open_targets, request_values, run_workflow
from receiver_setup.report import ReceiverReport, Report
from receiver_setup.workflow.remove import remove
from receiver_setup.workflow.request import RemovalRequest


def run(options: dict[str, Any], *, ask: bool) -> int:
    """Remove from checked options; `ask` first, where somebody is there to answer."""
    request = RemovalRequest(**request_values(options), delete_recordings=options["delete_recordings"])
    with open_targets(options) as targets:
        if ask and not _confirm(request, targets):
            click.echo("nothing was changed", err=True)
            return 0
        return run_workflow(
            partial(remove, request, targets.session, targets.cameras),
            _receipt,
            options,
            cameras=targets.receiver_of,
        )


def _confirm(request: RemovalRequest, targets: Targets) -> bool:
    what = "the recordings in it are DELETED" if request.delete_recordings else "its recordings stay"
    click.echo(
        f"On {targets.session.name}: take back what the set-up of {request.user} changed; {what}.\n"
        f"On {targets.cameras_shown or 'no camera'}: put the former upload settings back.",
        err=True,
    )
    return click.confirm("Go on?", default=not request.delete_recordings, err=True)


def _receipt(report: Report) -> str:
    return "\n".join(line for receiver in report.receivers for line in _lines(receiver, check=report.check))


def _lines(receiver: ReceiverReport, *, check: bool) -> list[str]:
    if receiver.error is not None:
        return []
    lines = []
    for camera in receiver.cameras:
        if camera.ok and camera.steps:
            lines.append(f"{camera.name} ({camera.address}): {camera.steps[-1].detail}")
            lines += [f"  warning     {warning}" for warning in camera.warnings]
    if check:
        return [*lines, "Nothing was changed: this was a check." if receiver.changed else "Nothing would be changed."]
    if not receiver.changed:
        return [*lines, "Nothing was changed: nothing of a set-up was left."]
    if receiver.ok:
        lines.append(f"{receiver.address} is as it was before {receiver.user} was set up there.")
    return [*lines, *(f"  recordings  stay in {path}" for path in receiver.kept)]
