"""An INSTAR 2k+ camera: its commands as types, and one client that sends them.

`Camera` is loaded when it is first asked for, so that the typed commands alone never load an HTTP library.
"""

from typing import TYPE_CHECKING, Any

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.connection import Patience, Tls
from receiver_setup.camera.wire.login import Login

if TYPE_CHECKING:
    from receiver_setup.camera.client import Camera

__all__ = ["Camera", "CameraAddress", "Login", "Patience", "Tls"]


def __getattr__(name: str) -> Any:
    """Load the client, and with it `requests`, on first use."""
    if name == "Camera":
        from receiver_setup.camera.client import Camera  # noqa: PLC0415 - that is the point of this function

        return Camera
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
