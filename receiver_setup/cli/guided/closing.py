"""The end of the dialogue: the one command that does the same without it, and the answers in a file."""

import json
import os
import socket
from pathlib import Path
from typing import Any

from receiver_setup.camera.address import CameraAddress
from receiver_setup.cli.commands import spell_camera, whole_command
from receiver_setup.cli.guided.questions import ask_line, confirm, say
from receiver_setup.receiver.wanted import clean_name

_VARIABLE = "RECEIVER_SETUP_CAMERA_PASSWORD"
_ACCOUNT = {"user": "ipcamera", "home": None, "directory": "recordings", "receiver_address": None}


def close(options: dict[str, Any], *, done: bool) -> None:
    """Tell the command, and offer to save the answers where they led to a set-up."""
    say(f"\nThe same without these questions:\n  {whole_command(options)}")
    if options["camera_password_file"] is None:
        say(f"It asks for the password alone; where nobody can answer: --camera-password-file FILE, or {_VARIABLE}.")
    while done and not options["yes"]:
        name = ask_line("Save these answers to a file? Its name, or Enter for no")
        if not name or _save(Path(name).expanduser(), render_inventory(options)):
            return


def render_inventory(options: dict[str, Any]) -> str:
    """Render the answers as an inventory; the password is named by where it comes from."""
    account: dict[str, Any] = {"name": clean_name(socket.gethostname()), "local": True}
    account |= {name: options[name] for name, usual in _ACCOUNT.items() if options[name] not in (None, usual)}
    if account.get("home") == f"/home/{options['user']}":
        del account["home"]
    account |= {} if options["jail"] else {"jail": False}
    address = CameraAddress.parse(options["cameras"][0])
    # The name that the command line gives it, so that a run by this file finds the set-up as it is.
    camera: dict[str, Any] = {"name": clean_name(address.url.partition("://")[2]), "address": spell_camera(address)}
    camera["receiver"] = account["name"]
    if options["upload"] is not None:
        camera["upload"] = options["upload"].split(",")
    if options["camera_password_file"] is not None:
        camera["password_file"] = str(options["camera_password_file"].absolute())
    else:
        camera["password_env"] = _VARIABLE
    return f"[[receiver]]\n{_table(account)}\n[[camera]]\n{_table(camera)}"


def _table(values: dict[str, Any]) -> str:
    # A JSON string, boolean or list of strings is TOML as well.
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items())


def _save(path: Path, text: str) -> bool:
    """Write a file for its owner alone; False where another name is needed."""
    if os.path.lexists(path) and not confirm(f"{path} is there already. Replace it?", default=False):
        return False
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)
    except OSError as error:
        say(f"{path} cannot be written: {error.strerror}")
        return False
    say(f"Saved in {path}: next time, receiver-setup setup --inventory {path}")
    return True
