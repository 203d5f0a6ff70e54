"""The contents of an inventory (pure): as written, and with all options of each receiver and camera resolved."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.receiver.address import ReceiverAddress

Value = str | bool | int | float | Path | None
"""The value of an option, as on the command line."""


class Password(StrEnum):
    """Whose password it is; the value is the prefix of its keys in a receiver's table."""

    CAMERA = "camera_password"
    SSH = "ssh_password"
    SUDO = "sudo_password"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where to get a password, never the password itself; one of the three is not None."""

    place: str
    """File, table and key, for errors."""
    file: Path | None = None
    variable: str | None = None
    command: tuple[str, ...] | None = None
    folder: Path
    """The folder of the inventory, where the command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """The options of one table, named with underscores, and its sources of passwords."""

    place: str
    """File and table, for errors."""
    options: Mapping[str, Value]
    passwords: Mapping[Password, SecretSource]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraEntry:
    """One `[[camera]]`."""

    name: str
    address: CameraAddress
    own: TableOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverEntry:
    """One `[[receiver]]` with its cameras, in the order of the file; `address` None: this machine."""

    name: str
    address: str | None
    own: TableOptions
    cameras: tuple[CameraEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """One file; every receiver has at least one camera."""

    path: Path
    defaults: TableOptions
    receivers: tuple[ReceiverEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedCamera:
    """A camera with all its options; `clean` is its name in paths and key lines."""

    name: str
    clean: str
    address: CameraAddress
    options: Mapping[str, Value]
    password: SecretSource | None
    has_upload_options: bool
    """True if its upload options differ from those of its receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedReceiver:
    """A receiver with all its options."""

    name: str
    address: str | None
    options: Mapping[str, Value]
    passwords: Mapping[Password, SecretSource]
    cameras: tuple[ResolvedCamera, ...]
    alone: bool
    """True if it has only one camera in the whole inventory, which then uploads without a subfolder."""
    whole: bool = True
    """False if only some of its cameras are selected."""

    @property
    def host(self) -> str:
        """Its name in results and receipts."""
        return "local" if self.address is None else ReceiverAddress.parse(self.address).host
