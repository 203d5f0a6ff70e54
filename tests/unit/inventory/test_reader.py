"""Inventories are read strictly: an error names file, table and key, and never repeats a password."""

import re
from pathlib import Path

import pytest

from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory import Inventory, Password, parse_inventory

PATH = Path("site/cameras.toml")
RECEIVER = '[[receiver]]\nname = "attic"\naddress = "pi@192.0.2.1"\n'
CAMERA = '[[camera]]\nname = "porch"\naddress = "192.0.2.2"\n'
SECOND = '[[camera]]\nname = "gate"\naddress = "192.0.2.3"\n'
LOCAL = '[[receiver]]\nname = "here"\nlocal = true\n'


def read(text: str) -> Inventory:
    return parse_inventory(text, PATH)


def test_the_smallest_inventory() -> None:
    inventory = read(RECEIVER + CAMERA)
    (receiver,) = inventory.receivers
    assert (receiver.name, receiver.address) == ("attic", "pi@192.0.2.1")
    assert [(camera.name, camera.address.url) for camera in receiver.cameras] == [("porch", "http://192.0.2.2")]
    assert (inventory.defaults.options, receiver.own.options, receiver.own.passwords) == ({}, {}, {})


def test_every_key_is_taken_in_either_spelling_and_paths_begin_beside_the_file() -> None:
    inventory = read(
        "[defaults]\nconfirm-within = 30\njobs = 2\npin_source = false\n"
        'groups = "_ssh, media"\ncamera-password-file = "pw"\n'
        f'{RECEIVER}ssh_config = "/etc/ssh/x"\nidentity = "keys/id"\nsudo-password-env = "SUDO"\n'
        f'{CAMERA}upload = "snap, rec"\nschedule = "10:00 Mon-Fri"\npassword_command = "pass show \'the porch\'"\n'
        f'{SECOND}receiver = "attic"\nupload = ["timersnap"]\npassword_command = ["pass", ""]\n'
    )
    folder = PATH.absolute().parent
    (receiver,) = inventory.receivers
    porch, gate = receiver.cameras
    assert inventory.defaults.options == {"confirm_within": 30, "jobs": 2, "pin_source": False, "groups": "_ssh,media"}
    assert inventory.defaults.passwords[Password.CAMERA].file == folder / "pw"
    assert receiver.own.options == {"ssh_config": Path("/etc/ssh/x"), "identity": folder / "keys/id"}
    assert receiver.own.passwords[Password.SUDO].variable == "SUDO"
    assert porch.own.options == {"upload": "rec,snap", "schedule": "10:00 Mon-Fri"}
    assert porch.own.passwords[Password.CAMERA].command == ("pass", "show", "the porch")
    assert gate.own.passwords[Password.CAMERA].command == ("pass", "")
    assert gate.own.options == {"upload": "timersnap"}


def test_a_tilde_is_the_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/admin")
    (receiver,) = read(f'{RECEIVER}identity = "~/.ssh/id"\n{CAMERA}').receivers
    assert receiver.own.options["identity"] == Path("/home/admin/.ssh/id")


def test_cameras_keep_their_order_and_find_their_receiver() -> None:
    inventory = read(f'{RECEIVER}{LOCAL}{CAMERA}receiver = "here"\n{SECOND}receiver = "attic"\n')
    assert [(each.name, each.address, each.cameras[0].name) for each in inventory.receivers] == [
        ("attic", "pi@192.0.2.1", "gate"),
        ("here", None, "porch"),
    ]


A = f"{RECEIVER}%s{CAMERA}"
"""The receiver's table is still open at the percent sign."""
C = f"{RECEIVER}{CAMERA}"
"""The camera's table is still open at the end."""
REFUSED = {
    "not TOML": ("[defaults\n", "this is not TOML: .*line 1", "quotes"),
    "key twice": ("[defaults]\njobs = 1\njobs = 2\n", r"not TOML: .*line 3", ""),
    "nothing": ("", r"there is no \[\[receiver\]\]", "example"),
    "no receiver": (CAMERA, r"there is no \[\[receiver\]\]", "example"),
    "unknown table": (f"[default]\n{C}", "'default' is neither", r"did you mean defaults\?"),
    "option without table": (f"jobs = 3\n{C}", "'jobs' is neither", r"below \[defaults\]"),
    "one bracket": (C.replace("[[camera]]", "[camera]"), "camera is not a list", r"\[\[camera\]\]"),
    "two brackets": (f"[[defaults]]\njobs = 1\n{C}", "defaults is not one table", "once"),
    "unknown key": (f'{C}adress = "x"\n', r"\[\[camera\]\] 1 'porch': unknown key 'adress'", r"did you mean address\?"),
    "unlike anything": (f"{C}zzz = 1\n", "unknown key 'zzz'", "choose from: .*address.*upload"),
    "of a receiver": (f'{C}home = "/srv/x"\n', "unknown key 'home'", "concerns a receiver"),
    "of one table": (f'[defaults]\nname = "x"\n{C}', r"\[defaults\]: unknown key 'name'", "belongs to one"),
    "of a run": (f"[defaults]\ncheck = true\n{C}", "unknown key 'check'", "--check"),
    "of a run with a dash": (
        A % 'failed-from = "x"\n', r"\[\[receiver\]\] 1 'attic': unknown key 'failed-from'", "--failed-from",
    ),
    "both spellings": (A % "pin_source = true\npin-source = true\n", "pin_source is given twice", "leave one out"),
    "no name": (RECEIVER + CAMERA.replace('name = "porch"\n', ""), r"\[\[camera\]\] 1: name is missing", "example"),
    "name of another kind": (C.replace('"porch"', "7"), r"\[\[camera\]\] 1: name: is not a string", "quotes"),
    "name of no letter": (C.replace('"porch"', '"…"'), "name: contains neither a letter", "folders"),
    "long name": (C.replace('"porch"', f'"{"x" * 65}"'), "longer than 64", ""),
    "name with a line break": (C.replace('"porch"', '"a\\nb"'), "name: is empty, or contains a line break", ""),
    "no address": (RECEIVER + CAMERA.replace('address = "192.0.2.2"\n', ""), "'porch': address is missing", "example"),
    "bad address": (C.replace('"192.0.2.2"', '"ftp://x"'), "address: .*only http:// and https://", "HOST"),
    "password in address": (C.replace("192.0.2.2", "admin:hunter2@192.0.2.2"), "contains a password", "password_file"),
    "bad receiver address": (C.replace("pi@192.0.2.1", "pi:hunter2@h"), "address: .*holds a password", "password"),
    "address and local": (A % "local = true\n", "one of address and local", "local = true"),
    "neither address nor local": ('[[receiver]]\nname = "attic"\n' + CAMERA, "one of address and local", ""),
    "local of another kind": (A % "local = 1\n", "local: is neither true nor false", "without quotes"),
    "name twice": (RECEIVER + CAMERA + CAMERA, r"2 'porch': name: 'porch' is the name of \[\[camera\]\] 1", ""),
    "receiver twice": (RECEIVER + RECEIVER + CAMERA, r"\[\[receiver\]\] 2 'attic': name: .*\[\[receiver\]\] 1", ""),
    "name of both": (RECEIVER + CAMERA.replace("porch", "attic"), r"'attic' is the name of \[\[receiver\]\] 1", ""),
    "unknown receiver": (f'{C}receiver = "atic"\n', r"receiver: there is no \[\[receiver\]\] 'atic'", "mean attic"),
    "receiver left out": (RECEIVER + LOCAL + CAMERA, "'porch': receiver is missing", "attic, here"),
    "idle receiver": (f'{RECEIVER}{LOCAL}{CAMERA}receiver = "here"\n', r"'attic' has no camera", r"\[\[camera\]\]"),
    "password": (f'{C}password = "hunter2"\n', "password: passwords are not allowed", "password_file, password_env"),
    "ssh password": (A % 'ssh-password = "hunter2"\n', "ssh_password: passwords are not allowed", "ssh_password_file"),
    "two ways": (f'{C}password_env = "A"\npassword_file = "b"\n', "password_env and password_file", "leave one out"),
    "whose password": (A % 'password_env = "A"\n', "may mean the receiver's", "ssh_password_env or sudo_password_env"),
    "value for a variable": (f'{C}password_env = "hunter 2"\n', "password_env: is not the name", "not the password"),
    "command of another kind": (f"{C}password_command = 1\n", "password_command: is not a command", ""),
    "empty command": (f'{C}password_command = ""\n', "empty command", ""),
    "open quote": (f"{C}password_command = \"hunter2 'x\"\n", "an unclosed quote", ""),
    "bad user": (A % 'user = "root"\n', "user: the upload user cannot be root", "ipcamera"),
    "bad directory": (A % 'directory = "../x"\n', "directory: the recordings directory", "below"),
    "bad home": (A % 'home = "/etc/x"\n', "home: .*folder of the system", "/srv"),
    "powerful group": (A % 'groups = ["media", "docker"]\n', "groups: the upload user must not join docker", "_ssh"),
    "no group": (A % "groups = []\n", "groups: is not a list of groups", "_ssh"),
    "groups of another kind": (A % "groups = [1]\n", "groups: is not a list of groups", "_ssh"),
    "bad choice": (A % 'auth = "none"\n', "auth: is not one of auto, key, password", ""),
    "choice of another kind": (A % "auth = []\n", "auth: is not one of", ""),
    "flag as text": (A % 'jail = "yes"\n', "jail: is neither true nor false", "without quotes"),
    "number as text": (A % 'jobs = "4"\n', "jobs: is not a whole number from 1 to 64", ""),
    "number as flag": (A % "jobs = true\n", "jobs: is not a whole number", ""),
    "number too large": (f"{C}interval = 3601\n", "interval: is not a whole number from 1 to 3600", ""),
    "no time": (A % "timeout = nan\n", "timeout: is not a number of seconds", ""),
    "uploads": (f'{C}upload = ["movies"]\n', "upload: 'movies' is not a kind of upload", "rec"),
    "uploads of another kind": (f"{C}upload = [1]\n", "upload: is not a list", ""),
    "schedule": (f'{C}schedule = "noon"\n', "schedule: ", "10:00 Mon-Fri"),
    "dialled with user": (A % 'receiver_address = "pi@x"\n', "receiver_address: .*has no user", ""),
    "fingerprint": (
        C.replace("192.0.2.2", "https://h") + 'camera_fingerprint = "AB"\n', "camera_fingerprint: .*not a SHA-256", ""
    ),
    "TLS for http": (f"{C}camera_insecure = true\n", "camera_insecure: is for a camera whose address begins", "leave"),
    "SSH for this machine": (f'{LOCAL}identity = "id"\n{CAMERA}', "identity: is for a receiver .*by SSH", "leave"),
    "SSH password for this machine": (f'{LOCAL}ssh_password_env = "A"\n{CAMERA}', "ssh_password_env: is for", "leave"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_by_file_table_and_key(case: str) -> None:
    text, told, hint = REFUSED[case]
    with pytest.raises(ConfigurationError, match=told) as caught:
        read(text)
    assert caught.value.message.startswith("site/cameras.toml: ")
    assert re.search(hint, caught.value.hint)
    assert "hunter2" not in caught.value.message + caught.value.hint
