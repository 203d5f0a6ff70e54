"""Change the FTP menu of one camera for a task: the requested commands, their result, and the rollback on failure."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.receiver_setup.instar.plugins.module_utils.cameras import make_camera

from receiver_setup.camera.client import Camera
from receiver_setup.camera.messages import (
    ActionType,
    Security,
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
)
from receiver_setup.camera.messages.host_key import parse_host_key
from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.engine import CameraSettings, putting_back
from receiver_setup.camera.settings.fields import describe
from receiver_setup.camera.settings.live import read_menu
from receiver_setup.camera.settings.plan import render_changes
from receiver_setup.camera.settings.upload_options import check_values
from receiver_setup.camera.wire.codes import error_for_result, explain_result
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.errors import ReceiverSetupError, UndoError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.recording.recovery import put_back_first
from receiver_setup.report import error_as_json, told_back
from receiver_setup.secrets import Redactor, Secret

_TARGET = ("ca_file", "fingerprint", "insecure", "login", "password")


@contextlib.contextmanager
def open_camera(options: dict[str, Any], redact: Redactor) -> Iterator[Camera]:
    """Make the client of a task's camera; it contacts nothing before its first command.

    Restoring a camera that an interrupted recording left elsewhere is up to the caller: `put_back_first`.
    """
    short = {name: options[f"camera_{name}"] for name in _TARGET}
    target = {"address": options["camera"], "username": None, **short}
    with make_camera(target, redact, timeout_s=options["timeout"]) as camera:
        yield camera


def change_camera(options: dict[str, Any], redact: Redactor, *, check: bool) -> dict[str, Any]:
    """Change the menu as requested, then trust a key, then test; restore all changed settings on failure."""
    commands = _requested_commands(options, redact)
    for command in commands:
        check_values(command)
    key = parse_host_key(options["trust"]) if options["trust"] is not None else None
    found: dict[str, Any] = {"changed": False, "changes": []}
    with open_camera(options, redact) as camera:
        found["address"] = camera.address.display
        back = put_back_first(camera, changes=not check) is not None
        settings = CameraSettings(camera)
        changes = tuple(change for command in commands if (change := settings.plan(command)) is not None)
        found["changes"] = [row for change in changes for row in change.records()]
        if changes:
            found["diff"] = {"prepared": render_changes(changes)}
        if check:
            found["changed"] = bool(changes) or key is not None
            return found
        with putting_back(settings):
            found["changed"] = sum(settings.make(change) for change in changes) > 0 or back
            if key is not None:
                camera.trust_host_key(key)
                found |= {"changed": True, "host_key": _key_as_json(key)}
            return found | (_test(camera) if options["test"] else {})


def read_camera(options: dict[str, Any], redact: Redactor) -> dict[str, Any]:
    """Read the whole menu and the camera's key; changes nothing."""
    with open_camera(options, redact) as camera:
        put_back_first(camera, changes=False)
        readings = read_menu(camera)
        found: dict[str, Any] = {"changed": False, "address": camera.address.display}
        try:
            found["public_key"] = _key_as_json(camera.public_key())
        except ReceiverSetupError as error:
            # A camera without login by key can still be read.
            found["public_key"] = None
            found["not_available"] = {"getpubkey": error.message}
    settings = [shown for part in readings if not part.trouble for shown in describe(part.group, part.fields)]
    found["settings"] = [
        {
            "name": shown.name,
            "command": f"get{shown.group}",
            "field": shown.field,
            "words": shown.words,
            "code": shown.code,
            "deprecated": shown.group.deprecated,
        }
        for shown in settings
    ]
    lacking = {f"get{part.group}": part.trouble for part in readings if part.trouble}
    found["not_available"] = found.get("not_available", {}) | lacking
    return found


def describe_failure(error: ReceiverSetupError) -> dict[str, Any]:
    """Return an error as a module's result: the sentence and the hint, and as data."""
    hint = f"; {error.hint}" if error.hint else ""
    back = f"; {told_back(error)}" if told_back(error) else ""
    # A failed undo leaves unknown what the camera has now.
    told = {"msg": f"{error.message}{hint}{back}", "error": error_as_json(error)}
    return told | {"changed": isinstance(error, UndoError)}


def _requested_commands(options: dict[str, Any], redact: Redactor) -> list[Command[Done]]:
    """Return the requested set commands in the order in which they are sent."""
    makers: tuple[tuple[str, Callable[[Any], Command[Done]]], ...] = (
        ("set", lambda given: _attributes(given, redact)),
        ("snapshots", lambda given: SetFtpActionAttr(count=given)),
        ("schedule", lambda given: SetSnapSchedFtpAttr(schedule=_schedule(given["at"]), **_but(given, "at"))),
        ("timer", lambda given: SetSnapTimerFtpAttr(**given)),
    )
    commands = [make(options[name]) for name, make in makers if options[name] is not None]
    for each in options["action"] or ():
        kind, interval = ActionType(each["kind"]), each["interval"]
        commands.append(SetFtpAction(kind=kind, enable=each["enable"], interval_s=interval))
    return commands


def _attributes(given: dict[str, Any], redact: Redactor) -> SetFtpAttr:
    password = Secret(given["password"]) if given["password"] else None
    if password is not None:
        redact.add(password)
    security, verify = given["security"], given["verify"]
    return SetFtpAttr(
        server=given["server"],
        port=given["port"],
        username=given["username"],
        password=password,
        mode=given["mode"],
        directory=given["directory"],
        auto_create=given["create_directory"],
        day_folders=given["day_folders"],
        security=None if security is None else Security(security),
        insecure=None if verify is None else not verify,
    )


def _schedule(text: str | None) -> Any:
    return None if text is None else parse_words(text)


def _but(given: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != left_out}


def _test(camera: Camera) -> dict[str, Any]:
    told = camera.test_upload()
    if not told.ok:
        raise error_for_result(told.raw_result if told.raw_result is not None else -8, camera.address.display)
    known = explain_result(0)
    return {"test": {"result": 0, "name": known.name, "cause": known.cause, "remedy": known.remedy}}


def _key_as_json(key: PublicKey) -> dict[str, Any]:
    return {"type": key.type, "bits": key.bits, "fingerprint": key.fingerprint, "line": key.line}
