"""Convert a spreadsheet's CSV table of cameras to an inventory (pure)."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory.keys import KEYS
from receiver_setup.inventory.passwords import PASSWORD_KEYS
from receiver_setup.inventory.reader import check_camera, parse_inventory, suggest
from receiver_setup.inventory.resolve import resolve
from receiver_setup.inventory.writer import Raw, render_toml

Tables = list[tuple[str, dict[str, Raw]]]

_COLUMNS = {"name", "address", "receiver", "user", *PASSWORD_KEYS["camera"]} | {
    name for name, key in KEYS.items() if key.of_camera
}
_PASSWORDS = ("password", "passwort", "passwd", "pass", "pwd", "secret", "kennwort")
_NUMBERS = frozenset({"interval", "snapshots"})
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
LOCAL = "local"


def parse_csv(text: str, path: Path, *, receiver: str | None = None) -> str:
    """Convert the cameras of a CSV table to TOML; ConfigurationError names the line and the column.

    The first line names the columns, in any order. `receiver` is for cameras without their own; a receiver is an
    address, or `local` for this machine. The column `user` is the camera's.
    """
    cameras = list(_read_rows(text, path, receiver))
    if not cameras:
        raise ConfigurationError(
            f"{path}: it contains no cameras", hint="write a line for each, below the column names"
        )
    tables: Tables = []
    for place in dict.fromkeys(str(camera["receiver"]) for camera in cameras):
        tables.append(("receiver", {"name": place, **({"local": True} if place == LOCAL else {"address": place})}))
    rendered = render_toml([*tables, *(("camera", camera) for camera in cameras)])
    # Errors that need the whole inventory, such as duplicate names.
    resolve(parse_inventory(rendered, path))
    return rendered


def _read_rows(text: str, path: Path, receiver: str | None) -> Iterator[dict[str, Raw]]:
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if columns is None:
                columns = _read_columns(row, path)
                continue
            if len(row) > len(columns):
                raise ConfigurationError(
                    f"{path}: line {rows.line_num}: it has {len(row)} cells, but there are {len(columns)} columns",
                    hint='put a cell with a comma or a semicolon in quotes: "…"',
                )
            cells = {column: cell.strip() for column, cell in zip(columns, row, strict=False) if cell.strip()}
            yield _read_camera(cells, f"{path}: line {rows.line_num}", path, receiver)
    except csv.Error as error:
        raise ConfigurationError(f"{path}: line {rows.line_num}: this is not CSV: {error}") from error


def _read_columns(row: list[str], path: Path) -> list[str]:
    columns = [cell.strip().lower().replace("-", "_").replace(" ", "_") for cell in row]
    for given, column in zip(row, columns, strict=True):
        if column in _PASSWORDS or column == "camera_password":
            raise ConfigurationError(
                f"{path}: the column {given.strip()!r} contains passwords, which are not allowed in an inventory",
                hint="put each into a file or an environment variable, and name that in a column password_file or "
                "password_env; or give a command that prints it in password_command",
            )
        if column not in _COLUMNS:
            raise ConfigurationError(
                f"{path}: unknown column {given.strip()!r}",
                hint=f"the first line names the columns; {suggest(column, _COLUMNS)}",
            )
        if columns.count(column) > 1:
            raise ConfigurationError(f"{path}: duplicate column {column}", hint="leave one out")
    for column in ("name", "address"):
        if column not in columns:
            raise ConfigurationError(
                f"{path}: the column {column} is missing", hint="name and address are required: name,address,receiver"
            )
    return columns


def _read_camera(cells: dict[str, str], place: str, path: Path, receiver: str | None) -> dict[str, Raw]:
    values: dict[str, Raw] = dict(cells)
    if (user := cells.get("user")) is not None:
        address = cells.get("address", "")
        if "@" in address:
            raise ConfigurationError(
                f"{place}: user: the address contains a user as well", hint="leave one of the two empty"
            )
        scheme, separator, rest = address.rpartition("://")
        values["address"] = f"{scheme}{separator}{quote(user, safe='')}@{rest}"
        del values["user"]
    for column in _NUMBERS & values.keys():
        if cells[column].isdecimal() and len(cells[column]) < 10:
            values[column] = int(cells[column])
    if "camera_insecure" in values:
        values["camera_insecure"] = _FLAGS.get(cells["camera_insecure"].lower(), cells["camera_insecure"])
    if "upload" in values:
        values["upload"] = cells["upload"].replace(",", " ").replace(";", " ").split()
    if "receiver" not in values:
        if receiver is None:
            raise ConfigurationError(
                f"{place}: receiver is missing",
                hint="fill that column in, or give --receiver or --local for all of them",
            )
        values["receiver"] = receiver
    check_camera(values, place, path)
    return {key: values[key] for key in dict.fromkeys(("name", "address", "receiver", *values))}
