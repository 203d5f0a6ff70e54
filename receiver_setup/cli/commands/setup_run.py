"""Run `setup`: from options to the workflow's request."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import click

from receiver_setup.camera.settings.upload_options import read_upload_options
from receiver_setup.cli.inputs.carriers import Carrier, request_values
from receiver_setup.cli.inputs.run_targets import RunTarget
from receiver_setup.cli.inputs.secrets import ask_to_go_on
from receiver_setup.cli.inputs.targets import Target, open_targets, run_workflow
from receiver_setup.cli.output.next_commands import commands_for
from receiver_setup.cli.output.receipt import render_receipt
from receiver_setup.cli.output.terminal import on_terminal
from receiver_setup.receiver.plan.wanted import parse_groups
from receiver_setup.report import Commands, ReceiverReport, Report
from receiver_setup.workflow.run.login_policy import AuthPolicy, Sha1Policy
from receiver_setup.workflow.run.request import SetupRequest
from receiver_setup.workflow.setup import set_up


def run(options: dict[str, Any], carriers: Sequence[Carrier], *, asked: bool) -> int:
    """Set up from checked options; `asked`: in a dialogue, which ends by asking for confirmation."""
    commands = commands_for(options, [carrier.run_target for carrier in carriers])
    with open_targets(carriers) as targets:
        if asked and not options["yes"] and not options["check"] and not _go_on(targets[0]):
            click.echo("nothing was changed", err=True)
            return 0
        code = run_workflow(
            [(each, partial(set_up, make_request(each.run_target), each.session, each.cameras)) for each in targets],
            lambda report: render_receipt(report, [commands(receiver) for receiver in report.receivers]),
            options,
            keep=partial(_keep, options, commands),
        )
    if asked and options["local"] and not options["check"]:
        from receiver_setup.cli.guided.closing import close  # noqa: PLC0415 - only after a dialogue

        close(options, done=code == 0)
    return code


def _keep(options: dict[str, Any], commands: Callable[[ReceiverReport], Commands | None], report: Report) -> None:
    if options["receipt"] is not None:
        from receiver_setup.cli.output.receipt_file import keep_receipt  # noqa: PLC0415 - only with --receipt

        keep_receipt(options, report, commands=commands)


def make_request(run_target: RunTarget) -> SetupRequest:
    """Return the request for checked options."""
    options = run_target.options
    return SetupRequest(
        **request_values(run_target),
        jail=options["jail"],
        adopt=options["adopt"],
        auth=AuthPolicy(options["auth"]),
        sha1=Sha1Policy(options["sha1"]),
        pin_source=options["pin_source"],
        overwrite=options["yes"],
        volatile=options["yes"],
        groups=parse_groups(options["groups"]) if options["groups"] else (),
        uploads=read_upload_options(options),
        ask=ask_to_go_on if on_terminal() and not options["yes"] else None,
        tell_uploads=not options["as_json"] or options.get("receipt") is not None,
    )


def _go_on(target: Target) -> bool:
    if not target.run_target.options["local"]:
        return _confirm(target)
    from receiver_setup.cli.guided.preview import agree  # noqa: PLC0415 - only in a dialogue

    return agree(make_request(target.run_target), target)


def _confirm(target: Target) -> bool:
    """Show what a set-up is about to do and ask for confirmation."""
    request = make_request(target.run_target)
    click.echo(
        f"On {target.session.name}: make the user {request.user} with the home {request.home}, a key "
        f"file and an sshd drop-in for this user alone.\nOn {target.cameras_shown}: upload there by sFTP and verify "
        "the host key.",
        err=True,
    )
    return click.confirm("Go on?", default=True, err=True)
