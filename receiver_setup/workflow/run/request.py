"""What is wished for one receiver and its cameras."""

from collections.abc import Callable
from dataclasses import dataclass, field

from receiver_setup.camera.client import Camera
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.workflow.run.login_policy import AuthPolicy, Sha1Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every run over one receiver is told.

    `dialled` is (host, port) where the camera shall dial something else than the receiver's route tells;
    `receiver_address` is the receiver as we dial it, None for this machine.
    """

    user: str = "ipcamera"
    home: str = "/home/ipcamera"
    directory: str = "recordings"
    dialled: tuple[str, int | None] | None = None
    receiver_address: str | None = None
    check: bool = False
    jobs: int | None = None
    """Cameras at a time; None: by the cores of this machine."""
    isolate: bool = False
    """Give each camera an account of its own, named `user` and the camera's name, jailed from the others."""
    alone: bool | None = None
    """Whether the camera has the recordings directory to itself; None: when it is the only one of the run."""
    patience_s: float = 300.0
    """How long to wait for another run that changes the receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRequest(Request):
    """What is wished for one receiver."""

    jail: bool = True
    adopt: bool = False
    auth: AuthPolicy = AuthPolicy.AUTO
    sha1: Sha1Policy = Sha1Policy.AUTO
    pin_source: bool | None = None
    """Let a camera's key open the account from its present address alone; None: as it is."""
    overwrite: bool = False
    """Replace a drop-in that was edited by hand."""
    groups: tuple[str, ...] = ()
    """Groups that each upload account joins."""
    volatile: bool = False
    """Go on where something of the set-up lies in memory, and is lost at the receiver's next start."""
    uploads: UploadOptions = field(default_factory=UploadOptions)
    ask: Callable[[str], bool] | None = None
    """Ask the person at a terminal whether to go on; None: nobody is to be asked."""
    tell_uploads: bool = False
    """Ask each camera in the end what it uploads, also where nothing is wished and it was just set up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest(Request):
    """What a set-up was told, as far as a look at it needs to know; without `test` nothing is uploaded for it.

    `uploads`: look also at what the camera uploads.
    """

    jail: bool = True
    test: bool = True
    uploads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalRequest(Request):
    """What of a set-up is to go."""

    delete_recordings: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCamera:
    """A camera and what it is called; `uploads` is what is wished for it alone, None: what the request says."""

    name: str
    camera: Camera
    uploads: UploadOptions | None = None
    first: Callable[[Camera], str | None] | None = None
    """What comes before anything else is done with the camera; it returns what was put back, if anything.

    Its error is this camera's alone.
    """
