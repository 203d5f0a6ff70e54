"""Run `remove`: from options to the workflow, and its receipt."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from receiver_setup.cli.inputs.carriers import Carrier, request_values
from receiver_setup.cli.inputs.targets import Target, Workflow, open_targets, run_workflow
from receiver_setup.report import ReceiverReport, Report
from receiver_setup.workflow.remove import remove
from receiver_setup.workflow.run.request import RemovalRequest


def run(options: dict[str, Any], carriers: Sequence[Carrier], *, ask: bool) -> int:
    """Remove from checked options; with `ask`, ask for confirmation first if possible."""
    with open_targets(carriers) as targets:
        if ask and targets and not _confirm(targets, delete=options["delete_recordings"]):
            click.echo("nothing was changed", err=True)
            return 0
        return run_workflow([(target, _workflow(target)) for target in targets], _receipt, options)


def _workflow(target: Target) -> Workflow:
    return partial(remove, _make_request(target), target.session, target.cameras)


def _make_request(target: Target) -> RemovalRequest:
    run_target = target.run_target
    return RemovalRequest(**request_values(run_target), delete_recordings=run_target.options["delete_recordings"])


def _confirm(targets: Sequence[Target], *, delete: bool) -> bool:
    what = "the recordings in it are DELETED" if delete else "its recordings stay"
    for target in targets:
        click.echo(
            f"On {target.session.name}: undo the set-up of {_make_request(target).user}; {what}.\n"
            f"On {target.cameras_shown or 'no camera'}: restore the former upload settings.",
            err=True,
        )
    return click.confirm("Go on?", default=not delete, err=True)


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
        return [*lines, "Nothing was changed: there is no set-up."]
    if receiver.remaining:
        others = ", ".join(receiver.remaining)
        lines.append(
            f"{others} still upload to {receiver.user} on {receiver.name or receiver.address}, so the account stays."
        )
    elif receiver.ok:
        lines.append(f"{receiver.name or receiver.address} is as it was before {receiver.user} was set up there.")
    return [*lines, *(f"  recordings  stay in {path}" for path in receiver.kept)]
