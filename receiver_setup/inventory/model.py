"""What an inventory holds (pure): as it is written, and what then holds for each receiver and camera."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.receiver.address import ReceiverAddress

Value = str | bool | int | float | Path | None
"""Of an option, as the option of the same name has it on the command line."""


class Password(StrEnum):
    """Whose password it is; the value is what its keys begin with in a receiver's table."""

    CAMERA = "camera_password"
    SSH = "ssh_password"
    SUDO = "sudo_password"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSource:
    """Where a password is to be had, never the password itself: one of the three is not None."""

    place: str
    """File, table and key, for errors."""
    file: Path | None = None
    variable: str | None = None
    command: tuple[str, ...] | None = None
    folder: Path
    """Of the inventory; the command runs there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOptions:
    """What one table says: options by their names with underscores, and where passwords come from."""

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
    """A camera with all that holds for it; `clean` is its name in folders and key lines."""

    name: str
    clean: str
    address: CameraAddress
    options: Mapping[str, Value]
    password: SecretSource | None
    has_upload_options: bool
    """True when it is to upload something else than the other cameras of its receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedReceiver:
    """A receiver with all that holds for it."""

    name: str
    address: str | None
    options: Mapping[str, Value]
    passwords: Mapping[Password, SecretSource]
    cameras: tuple[ResolvedCamera, ...]
    alone: bool
    """True with one camera in the whole inventory, whatever is selected of it: then the folder has no folders."""
    whole: bool = True
    """False when only some of its cameras are selected."""

    @property
    def host(self) -> str:
        """What results and receipts call it."""
        return "local" if self.address is None else ReceiverAddress.parse(self.address).host
