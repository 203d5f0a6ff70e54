"""Make the client of a camera from options; shared by all commands that use one."""

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from receiver_setup.camera import CameraAddress, Login, Tls
from receiver_setup.camera.wire.login import check_length
from receiver_setup.cli.inputs.secrets import read_secret
from receiver_setup.cli.output.redaction import redact
from receiver_setup.compat import linux_only
from receiver_setup.dialling import Dial
from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.secrets import Secret

if TYPE_CHECKING:
    from receiver_setup.camera.client import Camera
    from receiver_setup.inventory import SecretSource

_TLS_OPTIONS = ("camera_ca_file", "camera_fingerprint", "camera_insecure")


def check_receiver_options(options: dict[str, Any]) -> None:
    """Refuse invalid options for the receiver, before it is contacted."""
    if bool(options["receiver"]) == bool(options["local"]):
        raise ConfigurationError(
            "exactly one of --receiver and --local is required",
            hint="give --receiver [USER@]HOST[:PORT] for a host that is reached by SSH, or --local for this machine; "
            "for several receivers, give --inventory FILE",
        )
    if options["local"]:
        check_local()
        ssh_only = (
            *("identity", "known_hosts", "accept_new_host_key", "ssh_config", "ssh_password_file"),
            "camera_via_receiver",
        )
        refuse_options(options, ssh_only, "is for a receiver that is reached by SSH, not for --local")
    if not options["cameras"]:
        refuse_options(options, ("camera_via_receiver",), "is for a camera, and none was given")
    if options["receiver"]:
        ReceiverAddress.parse(options["receiver"])
    for name in ("identity", "ssh_config"):
        require_file(options, name)


def check_local() -> None:
    """Refuse this machine as the receiver if it cannot be one."""
    if sys.platform != "linux":
        raise linux_only(
            "a receiver that is this machine (--local)",
            hint="give --receiver [USER@]HOST[:PORT]: a Linux host that is reached by SSH, from this machine too",
        )


def check_camera_options(options: dict[str, Any], cameras: Sequence[str]) -> None:
    """Refuse invalid options for these cameras, before any is contacted."""
    check_run_options(options)
    if not any(camera.lower().startswith("https://") for camera in cameras):
        refuse_options(options, _TLS_OPTIONS, "is for a camera that is given as https://…")
    require_file(options, "camera_ca_file")


def check_run_options(options: dict[str, Any]) -> None:
    """Refuse options that are invalid for every run."""
    if options["quiet"] and options["verbose"]:
        raise ConfigurationError("--quiet and --verbose contradict each other")
    if not math.isfinite(options["timeout"]):
        raise ConfigurationError("--timeout is not a number of seconds", hint="give one such as 10")


def refuse_options(options: dict[str, Any], names: Sequence[str], why: str) -> None:
    """Refuse options that have no meaning with the others."""
    for name in names:
        if options[name]:
            raise ConfigurationError(f"{_option_name(name)} {why}", hint="leave it out")


def require_file(options: dict[str, Any], name: str) -> None:
    """Refuse a file that does not exist."""
    path: Path | None = options[name]
    if path is not None and not path.exists():
        raise ConfigurationError(f"{_option_name(name)}: there is no file {path}")


def make_camera(
    address: CameraAddress, password: Secret | None, options: dict[str, Any], dial: Dial | None = None
) -> "Camera":
    """Make the client; it contacts nothing before its first command.

    `dial` opens its connections if they are not made from this machine.
    """
    tls = Tls()
    if address.scheme == "https":
        tls = Tls(
            ca_file=options["camera_ca_file"],
            fingerprint=options["camera_fingerprint"],
            insecure=options["camera_insecure"],
        )
    from receiver_setup.camera.client import Camera  # noqa: PLC0415 - loads the HTTP library

    login = Login(options["camera_login"])
    return Camera(address, password, tls=tls, timeout_s=options["timeout"], login=login, dial=dial)


def read_camera_password(
    address: CameraAddress, options: dict[str, Any], *, source: "SecretSource | None" = None, name: str = ""
) -> Secret | None:
    """Find a camera's password; None if there is none and no one can be asked.

    `source` and `name` are the password's source and the camera's name in an inventory. Raises ConfigurationError for
    a password that is longer than a camera's can be, before anything is contacted.
    """
    password = _find_camera_password(address, options, source, name)
    check_length(address, password)
    return password


def _find_camera_password(
    address: CameraAddress, options: dict[str, Any], source: "SecretSource | None", name: str
) -> Secret | None:
    if address.password is not None:
        redact.add(address.password, user=address.user)
        click.echo(
            "warning: a password in --camera can be read by every user of this machine (ps) and stays in the "
            "shell's history; set RECEIVER_SETUP_CAMERA_PASSWORD or give --camera-password-file instead",
            err=True,
        )
        return address.password
    if "camera_password" in options:  # it was asked for and tried already
        asked: Secret | None = options["camera_password"]
        return asked
    return read_secret(
        options["camera_password_file"],
        "RECEIVER_SETUP_CAMERA_PASSWORD",
        question=f"Password of {address.user} on the camera {f'{name}, ' if name else ''}{address.display}",
        user=address.user,
        source=source,
    )


def _option_name(name: str) -> str:
    return "--" + name.replace("_", "-")
