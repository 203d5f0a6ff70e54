"""Make clients of cameras from a task's options; every password is added to the redactor first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from receiver_setup.camera.client import Camera
from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.login import Login
from receiver_setup.dialling import Dial
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Redactor, Secret

_TLS = ("ca_file", "fingerprint", "insecure")


def make_camera(options: dict[str, Any], redact: Redactor, *, timeout_s: float, dial: Dial | None = None) -> Camera:
    """Make the client of one camera from its options."""
    address = CameraAddress.parse(options["address"])
    if address.password is not None:
        raise ConfigurationError(
            f"the address of the camera {address.display} contains a password",
            hint="give it as password, from a vault: an address is shown in results and logs",
        )
    if options["username"]:
        address = replace(address, user=options["username"])
    if address.scheme != "https":
        for name in _TLS:
            if options[name]:
                raise ConfigurationError(f"{name} is for a camera that is given as https://…", hint="leave it out")
    tls = Tls(
        ca_file=Path(options["ca_file"]) if options["ca_file"] else None,
        fingerprint=options["fingerprint"],
        insecure=options["insecure"],
    )
    password = None
    if options["password"]:
        password = Secret(str(options["password"]))
        redact.add(password, user=address.user)
    return Camera(address, password, tls=tls, timeout_s=timeout_s, login=Login(options["login"]), dial=dial)
