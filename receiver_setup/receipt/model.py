"""What a receipt holds (pure); what is not known is None, never guessed."""

from dataclasses import dataclass
from datetime import datetime

from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import Commands

VERSION = 1
"""Of the format. A reader refuses every other, so that nothing is compared that it does not understand."""


class ReceiptFormatError(ValueError):
    """The text is not a receipt that this release reads; the message says where it goes wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The last test upload: the camera's result, the file's name and its size in bytes."""

    result: int | None = None
    file: str | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why a camera is not set up."""

    kind: str
    message: str
    hint: str = ""
    exit_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReceipt:
    """One camera. With an `error` it is not proven, and what is told of it besides was only seen."""

    name: str
    address: str
    user: str | None = None
    """The account that is this camera's alone; None: all share the receiver's."""
    directory: str | None = None
    """Where its uploads arrive: the absolute path on the receiver."""
    server: str | None = None
    """What it dials, with `port`."""
    port: int | None = None
    auth: str | None = None
    """`publickey` or `password`."""
    signature: str | None = None
    """`ssh-rsa` where SHA-1 had to be allowed."""
    public_key: PublicKey | None = None
    host_key: PublicKey | None = None
    """The one that it saw and trusts; a firmware need not tell it again."""
    host_key_verified: bool | None = None
    uploads: tuple[str, ...] | None = None
    proof: Proof | None = None
    warnings: tuple[str, ...] = ()
    error: Problem | None = None

    @property
    def proven(self) -> bool:
        """True when the test upload went through as it should."""
        return self.error is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReceipt:
    """One receiver and its cameras; `address` is what we dial, `local` for the machine that the run was on."""

    address: str
    user: str
    home: str | None = None
    directory: str | None = None
    """The recordings directory below the home, as `--directory` takes it."""
    jail: bool | None = None
    host_keys: tuple[PublicKey, ...] = ()
    cameras: tuple[CameraReceipt, ...] = ()
    commands: Commands | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The whole of a run; `tool` is the release that wrote it, `made_at` is UTC to the second."""

    tool: str
    made_at: datetime
    receivers: tuple[ReceiverReceipt, ...]

    @property
    def proven(self) -> bool:
        """True when at least one camera is."""
        return any(camera.proven for receiver in self.receivers for camera in receiver.cameras)
