"""`receiver-setup inventory`: check an inventory, show one, make one from a spreadsheet."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from receiver_setup.errors import ConfigurationError

if TYPE_CHECKING:
    from receiver_setup.inventory import ResolvedCamera, ResolvedReceiver

_FILE = click.Path(path_type=Path)


@click.group(
    name="inventory",
    epilog="docs/inventory.md describes the format. These commands contact nothing.",
    invoke_without_command=True,
)
@click.option("--to-ansible", type=_FILE, metavar="FILE", help="Print this inventory as Ansible's, for the collection.")
@click.pass_context
def command(ctx: click.Context, to_ansible: Path | None) -> None:
    """Check, show or make an inventory: receivers and their cameras in one file, for --inventory."""
    if to_ansible is not None:
        if ctx.invoked_subcommand is not None:
            raise ConfigurationError(
                "--to-ansible cannot be used with a command", hint=f"leave {ctx.invoked_subcommand} out"
            )
        _print_for_ansible(to_ansible)
    elif ctx.invoked_subcommand is None:
        raise ConfigurationError(
            "no command was given for inventories",
            hint=f"give one of {', '.join(command.commands)}; see receiver-setup inventory --help",
        )


@command.command(
    short_help="Read an inventory as a run would.",
    epilog="Exit codes: 0 it is valid; 2 it is not, or a file that it names is missing.",
)
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def check(file: Path, *, as_json: bool) -> int:
    """Read FILE and all files that it names, as a run would, and print its receivers and cameras; contacts nothing."""
    from receiver_setup.cli.inputs.inventory_file import check_files, read_inventory  # noqa: PLC0415 - slow
    from receiver_setup.inventory import resolve  # noqa: PLC0415

    inventory = read_inventory(file)
    receivers = resolve(inventory)
    check_files(inventory, receivers, {})
    warnings = list(_warnings(receivers))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if as_json:
        found = [_as_json(receiver) for receiver in receivers]
        whole = {"ok": True, "file": str(file), "receivers": found, "warnings": warnings, "error": None}
        click.echo(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(line for receiver in receivers for line in _lines(receiver)))
    return 0


@command.command(short_help="Print an example inventory.")
def example() -> None:
    """Print a commented example to start from: receiver-setup inventory example >cameras.toml."""
    from receiver_setup.inventory import read_example  # noqa: PLC0415

    click.echo(read_example(), nl=False)


@command.command(
    name="from-csv",
    short_help="Make an inventory from a spreadsheet's table.",
    epilog="Columns: name and address; optionally receiver, user (the camera's), password_file, password_env, "
    "password_command, upload, interval, snapshots, schedule, camera_login, camera_ca_file, camera_fingerprint, "
    "camera_insecure.",
)
@click.argument("file", type=_FILE)
@click.option("--receiver", metavar="[USER@]HOST[:PORT]", help="The receiver of cameras without one.")
@click.option("--local", is_flag=True, help="This machine is the receiver of cameras without one.")
def from_csv(file: Path, *, receiver: str | None, local: bool) -> None:
    """Print an inventory of the cameras in the table FILE, as spreadsheets save it; its first line names the columns.

    Cells are separated by commas, semicolons or tabs. A receiver in the table is given by its address.
    """
    from receiver_setup.cli.inputs.inventory_file import read_text  # noqa: PLC0415 - slow
    from receiver_setup.inventory import parse_csv  # noqa: PLC0415

    if receiver and local:
        raise ConfigurationError("--receiver and --local contradict each other", hint="leave one out")
    text = read_text(file, hint="give a table that a spreadsheet saved as CSV")
    click.echo(parse_csv(text, file, receiver="local" if local else receiver), nl=False)


def _print_for_ansible(file: Path) -> None:
    from receiver_setup.cli.inputs.inventory_file import read_inventory  # noqa: PLC0415 - slow
    from receiver_setup.inventory import render_ansible, resolve  # noqa: PLC0415

    click.echo(render_ansible(resolve(read_inventory(file)), name=file.name), nl=False)


def _warnings(receivers: tuple["ResolvedReceiver", ...]) -> Iterator[str]:
    """Warn about passwords that cannot be read on this machine now."""
    from receiver_setup.cli.inputs.inventory_file import sources  # noqa: PLC0415
    from receiver_setup.cli.inputs.secrets import first_line  # noqa: PLC0415

    for source in sources(receivers):
        if source.file is not None:
            first_line(source.file, place=source.place)
        if source.variable is not None and not os.environ.get(source.variable):
            yield f"{source.place}: {source.variable} is not set in this environment"
        if source.command is not None:
            program = source.command[0]
            found = (source.folder / program).exists() if "/" in program else shutil.which(program)
            if not found:
                yield f"{source.place}: the command's program does not exist"


def _lines(receiver: "ResolvedReceiver") -> list[str]:
    place = receiver.address or "this machine"
    widths = [max(len(cell) for cell in column) for column in zip(*map(_row, receiver.cameras), strict=True)]
    rows = [
        "  ".join(cell.ljust(width) for cell, width in zip(_row(camera), widths, strict=True)).rstrip()
        for camera in receiver.cameras
    ]
    count = f"{len(rows)} camera{'s' if len(rows) > 1 else ''}"
    return [f"{receiver.name} ({place}): {count}", *(f"  {row}" for row in rows)]


def _row(camera: "ResolvedCamera") -> tuple[str, str, str]:
    source = camera.password
    told = "password: RECEIVER_SETUP_CAMERA_PASSWORD, or a prompt"
    if source is not None:
        told = f"password: {source.file or source.variable or 'the first line of a command'}"
    return camera.name, camera.address.display, told


def _as_json(receiver: "ResolvedReceiver") -> dict[str, Any]:
    return {
        "name": receiver.name,
        "address": receiver.address or "local",
        "user": receiver.options.get("user", "ipcamera"),
        "cameras": [{"name": camera.name, "address": camera.address.display} for camera in receiver.cameras],
    }
