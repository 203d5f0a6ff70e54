"""The plan in words, made as by `--check`, and the question whether to go on."""

from dataclasses import replace

from receiver_setup.cli.guided.questions import confirm, say
from receiver_setup.cli.inputs.targets import Target
from receiver_setup.errors import InterruptedRunError
from receiver_setup.process.interrupts import endings_interrupt
from receiver_setup.report import ReceiverReport, StepReport
from receiver_setup.workflow.run.request import SetupRequest
from receiver_setup.workflow.setup import set_up


def agree(request: SetupRequest, target: Target) -> bool:
    """Show what a set-up would change and ask whether to go on; raises the errors of a set-up."""
    say("Checking both sides …")
    with endings_interrupt():
        report = set_up(replace(request, check=True), target.session, target.cameras, lambda _: None)
    for error in (report.error, *(camera.error for camera in report.cameras)):
        if isinstance(error, InterruptedRunError):
            raise KeyboardInterrupt
        if error is not None:
            raise error
    say("\n".join(_lines(report)))
    return confirm("Go on?", default=True)


def _lines(report: ReceiverReport) -> list[str]:
    lines = []
    for place, steps in (
        ("On this machine", report.steps),
        *((f"On the camera {camera.address}", camera.steps) for camera in report.cameras),
    ):
        changes = [step for step in steps if step.changed]
        lines += [f"{place}:", *(map(_line, changes) if changes else ["  nothing to change"])]
    lines += [f"Note: {warning}" for camera in report.cameras for warning in camera.warnings]
    return ["The plan:", *lines, "Then a test upload proves it; if anything fails, all of this is undone."]


def _line(step: StepReport) -> str:
    return f"  {step.name}: {step.detail}" if step.detail else f"  {step.name}"
