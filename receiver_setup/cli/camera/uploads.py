"""`receiver-setup camera action | snapshots | schedule | timer`: what is uploaded, and when."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from receiver_setup.camera.messages import (
    ActionType,
    SetFtpAction,
    SetFtpActionAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
)
from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.cli.camera.session import make_so
from receiver_setup.cli.inputs.options import camera_options

F = TypeVar("F", bound=Callable[..., Any])

_ENABLE = click.option("--enable/--disable", default=None, help="Switch it on or off.")
_NAMES = (
    click.option("--name", help="The file name, or the prefix of file names."),
    click.option("--prefix/--no-prefix", default=None, help="Start file names with the name."),
    click.option(
        "--fixed-name/--timestamp",
        default=None,
        help="Always use the same file name, or one made from the time.",
    ),
)


def _name_options(function: F) -> F:
    for option in reversed(_NAMES):
        function = option(function)
    return function


@click.command(name="action", short_help="Switch an upload on or off, or set its pause.")
@click.argument("kind", type=click.Choice([each.value for each in ActionType]))
@_ENABLE
@click.option("--interval", type=int, metavar="S", help="Seconds between two uploads, 1 to 3600.")
@camera_options(changes=True)
def action(**options: Any) -> int:
    """Switch an upload on or off, or set the pause between two.

    KIND is rec (video at an alarm), snap (pictures at an alarm) or timersnap (pictures by the clock).
    """
    requested = SetFtpAction(kind=ActionType(options["kind"]), enable=options["enable"], interval_s=options["interval"])
    return make_so(options, requested)


@click.command(name="snapshots", short_help="Set how many pictures go up at an alarm.")
@click.argument("count", type=int)
@camera_options(changes=True)
def snapshots(**options: Any) -> int:
    """Set how many pictures are uploaded at an alarm, 1 to 10."""
    return make_so(options, SetFtpActionAttr(count=options["count"]))


@click.command(name="schedule", short_help="Set when a picture goes up by the clock.")
@click.option("--at", metavar="TIME DAYS", help='Such as "10:00 Mon-Fri", "07:30 daily" or "10:00 Mon-Tue,Sun".')
@_ENABLE
@_name_options
@camera_options(changes=True)
def schedule(**options: Any) -> int:
    """Set when the camera takes and uploads a picture by the clock, and how its files are called."""
    requested = SetSnapSchedFtpAttr(
        schedule=None if options["at"] is None else parse_words(options["at"]),
        enable=options["enable"],
        name=options["name"],
        prefix=options["prefix"],
        fixed_name=options["fixed_name"],
    )
    return make_so(options, requested)


@click.command(name="timer", short_help="Name the files of the interval upload (deprecated).")
@_name_options
@camera_options(changes=True)
def timer(**options: Any) -> int:
    """Set how files of the interval upload are called (deprecated by the maker)."""
    requested = SetSnapTimerFtpAttr(name=options["name"], prefix=options["prefix"], fixed_name=options["fixed_name"])
    if not options["quiet"]:
        click.echo("note: the camera's maker calls this setting deprecated; see the command schedule", err=True)
    return make_so(options, requested)
