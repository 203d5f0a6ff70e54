"""`receiver-setup camera show`: every setting of the menu, in words and codes."""

from typing import TYPE_CHECKING, Any

import click

from receiver_setup.camera.settings.fields import Shown, describe
from receiver_setup.cli.camera.outcome import finish, render_table
from receiver_setup.cli.camera.session import begin, open_camera
from receiver_setup.cli.inputs.options import camera_options

if TYPE_CHECKING:
    from receiver_setup.camera.settings.live import GroupReading


@click.command(name="show", short_help="Show every setting, in words and codes.")
@camera_options(changes=False)
def show(**options: Any) -> int:
    """Show every setting of the menu in one table, with words beside the camera's codes.

    Settings that the camera does not report are marked; unknown values are shown as the camera writes them.
    """
    outcome = begin(options)
    with open_camera(options) as camera:
        from receiver_setup.camera.settings.live import read_menu  # noqa: PLC0415 - loads the HTTP library

        readings = read_menu(camera)
    outcome.details["settings"] = [
        _as_json(shown) for part in readings if not part.trouble for shown in describe(part.group, part.fields)
    ]
    outcome.details["not_available"] = {f"get{part.group}": part.trouble for part in readings if part.trouble}
    return finish(outcome, render_table([row for part in readings for row in _rows(part)]))


def _rows(part: "GroupReading") -> list[tuple[str, str, str]]:
    if part.trouble:
        return [(f"get{part.group}", part.trouble, "")]
    return [(shown.name, shown.words + _mark(shown), _code(shown)) for shown in describe(part.group, part.fields)]


def _mark(shown: Shown) -> str:
    return " (deprecated by the maker)" if shown.group.deprecated else ""


def _code(shown: Shown) -> str:
    return shown.field if shown.code is None else f"{shown.field}={shown.code}"


def _as_json(shown: Shown) -> dict[str, Any]:
    return {
        "name": shown.name,
        "command": f"get{shown.group}",
        "field": shown.field,
        "words": shown.words,
        "code": shown.code,
        "deprecated": shown.group.deprecated,
    }
