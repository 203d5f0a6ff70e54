"""Run `explain`: from options to the workflow, and its script."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import click

from receiver_setup.cli.commands.setup_run import make_request
from receiver_setup.cli.inputs.carriers import Carrier
from receiver_setup.cli.inputs.targets import open_targets, run_workflow
from receiver_setup.cli.output.redaction import redact
from receiver_setup.report import Report
from receiver_setup.workflow.explain import explain

_CONFIRM_S = 60
"""Nothing is changed, so no confirmation is needed."""


def run(options: dict[str, Any], carriers: Sequence[Carrier]) -> int:
    """Explain from checked options; pending changes do not affect the exit code."""
    fixed = {"check": True, "diff": False, "yes": True, "confirm_within": _CONFIRM_S}
    fixing = [
        replace(each, run_target=replace(each.run_target, options=each.run_target.options | fixed)) for each in carriers
    ]
    reports: list[Report] = []
    with open_targets(fixing) as targets:
        code = run_workflow(
            [(each, partial(explain, make_request(each.run_target), each.session, each.cameras)) for each in targets],
            _script,
            options | fixed,
            keep=reports.append,
        )
    return 0 if reports[0].worst is None else code


def _script(report: Report) -> str:
    script = "\n".join(receiver.script or "" for receiver in report.receivers).rstrip("\n")
    if redact.mask(script) != script:
        click.echo(
            "warning: the script cannot be run as it is: a word in it was masked because it equals a password",
            err=True,
        )
    return script
