"""The end of the dialogue: the equivalent command, and the answers in a file."""

import os
import socket
from pathlib import Path
from typing import Any

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.guided.questions import ask_line, confirm, say
from receiver_setup.cli.output.next_commands import spell_camera, whole_command
from receiver_setup.compat import create_private
from receiver_setup.inventory import render_toml
from receiver_setup.receiver.plan.wanted import clean_name

_VARIABLE = "RECEIVER_SETUP_CAMERA_PASSWORD"
_OF_RECEIVER = {
    "user": "ipcamera",
    "home": None,
    "directory": "recordings",
    "jail": True,
    "receiver_address": None,
    "adopt": False,
    "groups": None,
    "auth": "auto",
    "sha1": "auto",
    "pin_source": None,
    "confirm_within": 60,
    "timeout": 10.0,
}
_OF_CAMERA = {
    "upload": None,
    "interval": None,
    "snapshots": None,
    "schedule": None,
    "camera_login": "auto",
    "camera_ca_file": None,
    "camera_fingerprint": None,
    "camera_insecure": False,
}
"""Option → its default, which is not written."""


def close(options: dict[str, Any], *, done: bool) -> None:
    """Print the command, and offer to save the answers if the set-up succeeded."""
    say(f"\nThe same command without these questions:\n  {whole_command(options)}")
    if options["camera_password_file"] is None:
        say(f"It asks only for the password; without a terminal: --camera-password-file FILE, or {_VARIABLE}.")
    while done and not options["yes"]:
        name = ask_line("Save these answers to a file? Its name, or Enter for no")
        # Unlike Path.expanduser, this leaves an unknown home unchanged.
        if not name or _save(Path(os.path.expanduser(name)), render_inventory(options)):  # noqa: PTH111
            return


def render_inventory(options: dict[str, Any]) -> str:
    """Render the answers as an inventory, which names only the source of the password."""
    receiver = {"name": clean_name(socket.gethostname()), "local": True, **_chosen(options, _OF_RECEIVER)}
    if receiver.get("home") == f"/home/{options['user']}":
        del receiver["home"]
    address = CameraAddress.parse(options["cameras"][0])
    # The name that the command line gives it, so that a run with this file finds the same set-up.
    camera = {"name": clean_name(address.url.partition("://")[2]), "address": spell_camera(address)}
    camera |= {"receiver": receiver["name"], **_chosen(options, _OF_CAMERA)}
    if options["camera_password_file"] is not None:
        camera["password_file"] = str(options["camera_password_file"].absolute())
    else:
        camera["password_env"] = _VARIABLE
    return render_toml([("receiver", receiver), ("camera", camera)])


def _chosen(options: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    chosen = {name: options[name] for name, usual in defaults.items() if options[name] not in (None, usual)}
    if "upload" in chosen:
        chosen["upload"] = chosen["upload"].split(",")
    return {name: str(value.absolute()) if isinstance(value, Path) else value for name, value in chosen.items()}


def _save(path: Path, text: str) -> bool:
    """Write a file that only its owner can read; False if another name is needed."""
    if os.path.lexists(path) and not confirm(f"{path} exists already. Replace it?", default=False):
        return False
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            with create_private(half) as file:
                file.write(text.encode())
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        say(f"{path} cannot be written: {error.strerror}")
        return False
    say(f"Saved in {path}: next time, receiver-setup setup --inventory {path}")
    return True
