"""The contents of a receipt (pure); unknown values are None, never guessed."""

from dataclasses import dataclass
from datetime import datetime

from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import Commands

VERSION = 1
"""Version of the format; a reader refuses all others."""


class ReceiptFormatError(ValueError):
    """The text is not a receipt that this release can read; the message says where."""


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
    """One camera. With an `error` it is not proven, and its other fields are only observations."""

    name: str
    address: str
    user: str | None = None
    """The camera's own account; None: all cameras share the receiver's."""
    directory: str | None = None
    """The absolute path on the receiver where its uploads arrive."""
    server: str | None = None
    """The host that it dials, with `port`."""
    port: int | None = None
    auth: str | None = None
    """`publickey` or `password`."""
    signature: str | None = None
    """`ssh-rsa` if SHA-1 had to be allowed."""
    public_key: PublicKey | None = None
    host_key: PublicKey | None = None
    """The host key that it saw and trusts; not every firmware reports it."""
    host_key_verified: bool | None = None
    uploads: tuple[str, ...] | None = None
    proof: Proof | None = None
    warnings: tuple[str, ...] = ()
    error: Problem | None = None

    @property
    def proven(self) -> bool:
        """True if the test upload succeeded."""
        return self.error is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverReceipt:
    """One receiver and its cameras; `address` is the one that we dial, or `local` for the machine of the run."""

    address: str
    user: str
    home: str | None = None
    directory: str | None = None
    """The recordings directory below the home, as in `--directory`."""
    jail: bool | None = None
    host_keys: tuple[PublicKey, ...] = ()
    cameras: tuple[CameraReceipt, ...] = ()
    commands: Commands | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The receipt of a run; `tool` is the release that wrote it, `made_at` is UTC to the second."""

    tool: str
    made_at: datetime
    receivers: tuple[ReceiverReceipt, ...]

    @property
    def proven(self) -> bool:
        """True if at least one camera is proven."""
        return any(camera.proven for receiver in self.receivers for camera in receiver.cameras)
