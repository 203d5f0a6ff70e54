"""`receiver-setup camera record`: write a camera's answers, and how it uploads, to a file without its secrets."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from receiver_setup.cli.camera.outcome import finish, tell
from receiver_setup.cli.camera.session import begin, open_camera
from receiver_setup.cli.inputs.clients import read_camera_password
from receiver_setup.cli.inputs.options import camera_options
from receiver_setup.cli.output.terminal import on_terminal
from receiver_setup.errors import ConfigurationError

_LOST = (
    "for up to a minute the camera uploads to this machine instead of its receiver: alarms during that time are lost. "
    "Its settings are restored afterwards, by the next command if this one is killed"
)


@click.command(name="record", short_help="Record what it answers and how it uploads, redacted.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--uploader", is_flag=True, help="Also record how it uploads: point it at a server on this machine for a minute."
)
@click.option("--emulated", is_flag=True, help="Mark the recording as one of an emulated camera.")
@click.option("--note", default="", metavar="TEXT", help="A line to include in the recording, such as its origin.")
@click.option("--yes", is_flag=True, help="With --uploader: do not ask for confirmation.")
@camera_options(changes=False)
def record(**options: Any) -> int:
    """Record what this camera answers, and with --uploader how it uploads, into FILE; emulate-camera plays it again.

    Passwords, addresses, names and keys are replaced by placeholders, unknown fields are blanked, and the file is
    searched for every secret of the run before it is written. Without --uploader, the camera is only read.
    """
    outcome = begin(options)
    path: Path = options["file"]
    _check_file(path)
    if options["uploader"]:
        tell(outcome, f"note: {_LOST}")
        if not options["yes"] and on_terminal() and not click.confirm("Go on?", default=True, err=True):
            tell(outcome, "nothing was changed")
            return 0
    with open_camera(options, changes=True) as camera:
        from receiver_setup.recording.making import make_recording  # noqa: PLC0415 - loads both libraries
        from receiver_setup.recording.page import render_page  # noqa: PLC0415 - as above
        from receiver_setup.recording.recorder import read_all, record_uploader  # noqa: PLC0415 - as above

        password = read_camera_password(camera.address, options)
        seen = read_all(camera, None if password is None else password.reveal())
        if options["uploader"]:
            record_uploader(camera, seen, tell=lambda sentence: tell(outcome, sentence))
    source = "emulated" if options["emulated"] else "real"
    text, data = make_recording(seen, source=source, note=options["note"], today=datetime.now(UTC).date())
    _write(path, text)
    outcome.details |= {"file": str(path), "lessons": [each["name"] for each in data["lessons"]], "lost": seen.lost}
    outcome.details["unknown"] = data["unknown"]
    for each in seen.lost:
        tell(outcome, f"warning: {each}")
    return finish(outcome, render_page(data, str(path)).splitlines())


def _check_file(path: Path) -> None:
    """Refuse a file that exists or cannot be written, before contacting the camera."""
    if path.exists():
        raise ConfigurationError(f"{path} exists already", hint="give another name, or delete it first")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise ConfigurationError(f"{path} cannot be written: {path.parent} is not a writable folder")


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="ascii") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from error
