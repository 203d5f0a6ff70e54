"""The set-up behind the command line: from options to the workflow's request."""

from functools import partial
from typing import Any

import click

from receiver_setup.camera.menu_plan import UploadWishes, parse_kinds
from receiver_setup.camera.schedule import parse_words
from receiver_setup.cli.commands import make_commands
from receiver_setup.cli.receipt import render_receipt
from receiver_setup.cli.receipt_file import keep_receipt
from receiver_setup.cli.targets import Targets, open_targets, request_values, run_workflow
from receiver_setup.report import Report
from receiver_setup.workflow.login_policy import AuthPolicy, Sha1Policy
from receiver_setup.workflow.request import SetupRequest
from receiver_setup.workflow.setup import set_up


def run(options: dict[str, Any], *, asked: bool) -> int:
    """Set up from checked options; `asked`: in a dialogue, which then ends with the question whether to go on."""
    request = make_request(options)
    with open_targets(options) as targets:
        if asked and not options["yes"] and not options["check"] and not _go_on(request, targets, options):
            click.echo("nothing was changed", err=True)
            return 0
        workflow = partial(set_up, request, targets.session, targets.cameras)
        code = run_workflow(workflow, partial(_render, options), options, keep=partial(keep_receipt, options))
    if asked and options["local"] and not options["check"]:
        from receiver_setup.cli.guided.closing import close  # noqa: PLC0415 - only after a dialogue

        close(options, done=code == 0)
    return code


def _render(options: dict[str, Any], report: Report) -> str:
    return render_receipt(report, [make_commands(receiver, options) for receiver in report.receivers])


def make_request(options: dict[str, Any]) -> SetupRequest:
    """Return what is wished, from checked options."""
    return SetupRequest(
        **request_values(options),
        jail=options["jail"],
        adopt=options["adopt"],
        auth=AuthPolicy(options["auth"]),
        sha1=Sha1Policy(options["sha1"]),
        pin_source=options["pin_source"],
        overwrite=options["yes"],
        uploads=UploadWishes(
            upload=parse_kinds(options["upload"]) if options["upload"] is not None else None,
            interval_s=options["interval"],
            snapshots=options["snapshots"],
            schedule=parse_words(options["schedule"]) if options["schedule"] is not None else None,
        ),
    )


def _go_on(request: SetupRequest, targets: Targets, options: dict[str, Any]) -> bool:
    if not options["local"]:
        return _confirm(request, targets)
    from receiver_setup.cli.guided.preview import agree  # noqa: PLC0415 - only in a dialogue

    return agree(request, targets)


def _confirm(request: SetupRequest, targets: Targets) -> bool:
    """Show what a set-up is about to do and ask whether to go on."""
    click.echo(
        f"On {targets.session.name}: make the user {request.user} with the home {request.home}, a key "
        f"file and an sshd drop-in for this user alone.\nOn {targets.cameras_shown}: upload there by sFTP and verify "
        "the host key.",
        err=True,
    )
    return click.confirm("Go on?", default=True, err=True)
