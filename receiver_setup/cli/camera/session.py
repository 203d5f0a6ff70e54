"""Run one command for one camera: check its options, read the password, connect, and apply the command."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from receiver_setup.camera import CameraAddress
from receiver_setup.camera.settings.fields import Group, settings_of
from receiver_setup.camera.settings.plan import Change
from receiver_setup.camera.settings.upload_options import check_values
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.cli.camera.outcome import Outcome, finish, render_table
from receiver_setup.cli.inputs.clients import check_camera_options, make_camera, read_camera_password
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.errors import InterruptedRunError
from receiver_setup.process.interrupts import endings_interrupt
from receiver_setup.recording.recovery import put_back_first

if TYPE_CHECKING:
    from receiver_setup.camera.client import Camera


def begin(options: dict[str, Any]) -> Outcome:
    """Set up logging and the outcome, and refuse invalid options; contacts nothing."""
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    outcome = click.get_current_context().find_object(Outcome) or Outcome()
    outcome.as_json, outcome.check, outcome.quiet = options["as_json"], options.get("check", False), options["quiet"]
    address = CameraAddress.parse(options["camera"])
    outcome.address = address.display
    check_camera_options(options, [options["camera"]])
    return outcome


@contextlib.contextmanager
def open_camera(options: dict[str, Any], *, changes: bool | None = None) -> Iterator["Camera"]:
    """Make the client from checked options; it contacts nothing before its first command.

    An interrupted recording may have left the camera pointing elsewhere: a command that `changes` the camera (by
    default: one that has `--check`, without it) restores it first, any other raises UnfinishedRecordingError.
    """
    address = CameraAddress.parse(options["camera"])
    client = make_camera(address, read_camera_password(address, options), options)
    with endings_interrupt(), client as camera:
        put_back_first(camera, changes=not options.get("check", True) if changes is None else changes)
        yield camera


@contextlib.contextmanager
def changing(outcome: Outcome, what: str) -> Iterator[None]:
    """Add to an interruption that it came during a change, so that something may be changed."""
    try:
        yield
    except KeyboardInterrupt as ending:
        outcome.changed = True
        raise InterruptedRunError(
            f"the run was interrupted while the {what} of the camera {outcome.address} was being changed",
            hint="check its settings with `receiver-setup camera show` and `receiver-setup camera test`",
        ) from ending


def make_so(options: dict[str, Any], requested: Command[Done]) -> int:
    """Read, show before → after, change what differs, read back; print the result and return the exit code."""
    outcome = begin(options)
    check_values(requested)
    with open_camera(options) as camera:
        from receiver_setup.camera.settings import engine  # noqa: PLC0415 - loads the HTTP library

        settings = engine.CameraSettings(camera)
        change = settings.plan(requested)
        outcome.details["changes"] = [] if change is None else change.records()
        if change is None:
            return finish(outcome, _unchanged_lines(requested))
        if outcome.check:
            outcome.changed = True
        else:
            with changing(outcome, change.name), engine.putting_back(settings):
                outcome.changed = settings.make(change)
    return finish(outcome, _change_lines(change, outcome))


def _change_lines(change: Change, outcome: Outcome) -> list[str]:
    table = render_table([(row.setting.name, f"{row.before} → {row.after}") for row in change.rows])
    if outcome.check:
        return [*table, "nothing was changed: this was a check"]
    return [*table, "changed" if outcome.changed else "unchanged: the camera says that it already had these settings"]


def _unchanged_lines(requested: Command[Done]) -> list[str]:
    """Report every requested setting as already set."""
    wanted = dict(requested.parameters())
    settings = [
        each
        for each in settings_of(Group(requested.cmd.removeprefix("set")))
        if each.field in wanted and wanted.get("type", each.kind) == each.kind
    ]
    return [f"unchanged: {each.name}: {each.in_words(wanted[each.field])}" for each in settings]
