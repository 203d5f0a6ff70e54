"""Convert the options of a task to requests and cameras for the workflow, and add every secret to the redactor."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from functools import partial
from typing import Any

from ansible_collections.receiver_setup.instar.plugins.module_utils.cameras import make_camera

from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.upload_options import UploadOptions, parse_kinds
from receiver_setup.dialling import Dial
from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.address import parse_dialled
from receiver_setup.receiver.plan.wanted import check_directory, check_home, check_user, clean_name, parse_groups
from receiver_setup.recording.recovery import put_back_first
from receiver_setup.secrets import Redactor, Secret
from receiver_setup.workflow.run.login_policy import AuthPolicy, Sha1Policy
from receiver_setup.workflow.run.request import (
    NamedCamera,
    RemovalRequest,
    Request,
    SetupRequest,
    VerifyRequest,
)


def learn_passwords(cameras: Any) -> Redactor:
    """Return a redactor with every password of the cameras, whose options are not validated yet."""
    redact = Redactor()
    for camera in cameras if isinstance(cameras, list) else ():
        if isinstance(camera, dict) and camera.get("password"):
            redact.add(Secret(str(camera["password"])))
    return redact


def make_request(options: dict[str, Any], *, check: bool, receiver_address: str | None) -> Request:
    """Return the request for the receiver; ConfigurationError for invalid options."""
    user = check_user(options["user"])
    if not 5 <= options["confirm_within"] <= 3600:
        raise ConfigurationError("confirm_within is not from 5 to 3600 seconds")
    if not math.isfinite(options["timeout"]) or options["timeout"] < 0.1:
        raise ConfigurationError("timeout is not a number of seconds", hint="give one such as 10")
    values = {
        "user": user,
        "home": check_home(options["home"] or f"/home/{user}"),
        "directory": check_directory(options["directory"]),
        "dialled": parse_dialled(options["receiver_address"]) if options["receiver_address"] else None,
        "receiver_address": receiver_address,
        "check": check,
        "jobs": max(1, min(options["jobs"], 64, len(options["cameras"]))),
        "isolate": options["isolate"],
    }
    if options["state"] == "absent":
        return RemovalRequest(**values, delete_recordings=options["delete_recordings"])
    if not options["cameras"]:
        raise ConfigurationError("no camera was given", hint="list at least one under cameras")
    if options["state"] == "verified":
        return VerifyRequest(**values, jail=options["jail"], test=not check)
    return SetupRequest(
        **values,
        jail=options["jail"],
        adopt=options["adopt"],
        auth=AuthPolicy(options["auth"]),
        sha1=Sha1Policy(options["sha1"]),
        pin_source=options["pin_source"],
        overwrite=options["overwrite"],
        volatile=options["overwrite"],
        groups=parse_groups(",".join(options["groups"])) if options["groups"] else (),
    )


@contextlib.contextmanager
def open_cameras(
    options: dict[str, Any], redact: Redactor, dial: Dial | None, *, check: bool
) -> Iterator[tuple[NamedCamera, ...]]:
    """Make the clients; they contact nothing before their first command."""
    first = partial(put_back_first, changes=not check and options["state"] != "verified")
    with contextlib.ExitStack() as stack:
        named = []
        for each in options["cameras"]:
            camera = make_camera(each, redact, timeout_s=options["timeout"], dial=dial)
            stack.callback(camera.close)
            name = clean_name(each["name"] or camera.address.url.partition("://")[2])
            if name in {other.name for other in named}:
                raise ConfigurationError(f"the camera {name} was given twice", hint="give each camera its own name")
            named.append(NamedCamera(name=name, camera=camera, uploads=read_upload_options(each), first=first))
        yield tuple(named)


def read_upload_options(options: dict[str, Any]) -> UploadOptions:
    """Return the upload options of one camera."""
    upload, schedule = options["upload"], options["schedule"]
    return UploadOptions(
        upload=parse_kinds(",".join(upload)) if upload else None,
        interval_s=options["interval"],
        snapshots=options["snapshots"],
        schedule=parse_words(schedule) if schedule else None,
    )
