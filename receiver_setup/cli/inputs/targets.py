"""Open the two sides of each workflow of a run, run them, and print the report."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import click

from receiver_setup.camera.settings.upload_options import UploadOptions, read_upload_options
from receiver_setup.cli.inputs.carriers import Carrier
from receiver_setup.cli.inputs.clients import make_camera
from receiver_setup.cli.inputs.run_targets import CameraTarget, RunTarget
from receiver_setup.cli.output.failures import print_error
from receiver_setup.cli.output.output import print_json
from receiver_setup.cli.output.progress import progress
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import InterruptedRunError, ReceiverSetupError
from receiver_setup.process.interrupts import Stop, endings_interrupt, ignore_signals
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.hosts import Dialler
from receiver_setup.recording.recovery import put_back_first
from receiver_setup.report import Observer, ReceiverReport, Report
from receiver_setup.workflow.fleet import run_all
from receiver_setup.workflow.run.request import NamedCamera

Workflow = Callable[..., ReceiverReport]
"""A receiver's workflow that only lacks its observer and its `stop`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One receiver and its cameras, ready to be contacted."""

    run_target: RunTarget
    session: ReceiverSession
    cameras: tuple[NamedCamera, ...]

    @property
    def cameras_shown(self) -> str:
        """The cameras' addresses, for display."""
        return ", ".join(each.camera.address.display for each in self.cameras)


@contextlib.contextmanager
def open_targets(carriers: Sequence[Carrier]) -> Iterator[tuple[Target, ...]]:
    """Open both sides of each; no camera is contacted before the workflow runs."""
    with contextlib.ExitStack() as stack:
        yield tuple(_open(carrier, stack) for carrier in carriers)


def _open(carrier: Carrier, stack: contextlib.ExitStack) -> Target:
    run_target, host = carrier.run_target, carrier.host
    session = ReceiverSession(carrier.shell, confirm_s=run_target.options.get("confirm_within", 60))
    dial = host.dial if run_target.options["camera_via_receiver"] and isinstance(host, Dialler) else None
    # A command without --check has nothing to change at all.
    first = partial(put_back_first, changes=not run_target.options.get("check", True))
    cameras = []
    for each, password in zip(run_target.cameras, carrier.passwords, strict=True):
        camera = make_camera(each.address, password, each.options, dial)
        stack.callback(camera.close)
        cameras.append(NamedCamera(name=each.name, camera=camera, uploads=_own_uploads(each), first=first))
    return Target(run_target=run_target, session=session, cameras=tuple(cameras))


def _own_uploads(camera: CameraTarget) -> UploadOptions | None:
    return read_upload_options(camera.options) if camera.has_upload_options else None


def run_workflow(
    parts: Sequence[tuple[Target, Workflow]],
    render: Callable[[Report], str],
    options: dict[str, Any],
    *,
    steps: bool = True,
    keep: Callable[[Report], None] = lambda _: None,
) -> int:
    """Run each receiver's workflow and print the result; return the exit code. `steps`: report them as they happen.

    `keep` stores the result as well; its failure is reported in addition to the result and undoes nothing.
    """
    cameras = {each.name: target.session.name for target, _ in parts for each in target.cameras}
    shown = progress(quiet=bool(options["quiet"]), cameras=cameras, steps=steps, verbose=bool(options["verbose"]))
    with endings_interrupt():
        with shown as observe:
            receivers = run_all([partial(_run, workflow, observe) for _, workflow in parts])
        ignore_signals()
        for (target, _), receiver in zip(parts, receivers, strict=True):
            _name(receiver, target.run_target)
        report = Report(check=options.get("check", False), receivers=receivers)
        _tell(report, render, options, keep)
    return report.exit_code


def _tell(
    report: Report, render: Callable[[Report], str], options: dict[str, Any], keep: Callable[[Report], None]
) -> None:
    try:
        keep(report)
    except ReceiverSetupError as error:
        report.error = error
    if options["as_json"]:
        print_json(report.as_json())
    else:
        if options.get("diff"):
            _print_diffs(report)
        text = render(report)
        if text:
            click.echo(redact(text))
    _print_errors(report)


def _run(workflow: Workflow, observe: Observer, stop: Stop) -> ReceiverReport:
    return workflow(observe, stop=stop)


def _name(receiver: ReceiverReport, run_target: RunTarget) -> None:
    """Use the inventory's names for display; paths and key lines contain a safe form of them."""
    receiver.name = run_target.name
    shown = {camera.name: camera.shown for camera in run_target.cameras}
    for camera in receiver.cameras:
        camera.name = shown.get(camera.name, camera.name)


def _print_diffs(report: Report) -> None:
    for receiver in report.receivers:
        if receiver.whole_diff:
            head = f"# {receiver.name}\n" if len(report.receivers) > 1 else ""
            click.echo(redact(head + receiver.whole_diff), nl=False)


def _print_errors(report: Report) -> None:
    """Print each error once, with the name of its host if there are several, or names in an inventory."""
    found: list[tuple[str, ReceiverSetupError]] = []
    for receiver in report.receivers:
        shown = receiver.name or receiver.address
        own = [] if receiver.error is None else [(shown, receiver.error)]
        found += [*own, *((camera.name, camera.error) for camera in receiver.cameras if camera.error is not None)]
    interrupted = [each for each in found if isinstance(each[1], InterruptedRunError)]
    # Report Ctrl-C once, even if it stopped several cameras.
    told = [each for each in found if each not in interrupted[1:]]
    named = len(told) > 1 or any(receiver.name for receiver in report.receivers)
    for scope, error in told:
        print_error(error, scope=scope if named else "")
    if report.error is not None:
        print_error(report.error)
