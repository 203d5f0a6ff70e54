"""The test upload: the job, the protocol of uploaders, and the outcome (pure)."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from posixpath import join, normpath
from typing import TYPE_CHECKING, Protocol

from receiver_setup.emulator.camera.jpeg import render_jpeg
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.secrets import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

TEST_FILE = "Test-Snapshot.jpeg"
_USUAL_BYTES = range(20_000, 40_001)


class Result(IntEnum):
    """The results of testftp. Source: wiki.instar.com, 1440p Series CGI List, Features Menu, FTP."""

    SUCCESS = 0
    CANNOT_CONNECT = -1
    BAD_CREDENTIALS = -2
    PERMISSION_OR_PATH = -3
    TIMEOUT = -4
    NOT_VERIFIED = -5
    BUSY = -6
    INTERNAL = -7
    UNKNOWN = -8
    INCOMPLETE = -9


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadJob:
    """One file to upload and how.

    `directory` is relative to the start folder unless it begins with `/`; `day_folder` is always created below it,
    `directory` itself only with `create`. `trusted` contains bare base64 host keys; None accepts any host.
    `methods` are tried in order: `none`, `key`, `password`.
    """

    host: str
    port: int
    user: str
    password: Secret = field(default_factory=lambda: Secret(""))
    key: "RSAPrivateKey | None" = None
    methods: tuple[str, ...]
    sha1: bool
    host_key_types: tuple[str, ...]
    trusted: tuple[str, ...] | None
    directory: str
    day_folder: str
    create: bool
    name: str
    data: bytes
    timeout_s: float

    @property
    def folder(self) -> str:
        """The folder of the file: `directory` and the day's folder below it."""
        return normpath(join(self.directory or ".", self.day_folder))

    @property
    def path(self) -> str:
        """The file's path on the receiver."""
        return join(self.folder, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOutcome:
    """The actual outcome; `host_key` is bare base64, None if none was seen; `method` is the successful login method."""

    result: Result
    host_key: str | None = None
    method: str | None = None
    path: str | None = None
    bytes: int = 0
    detail: str = ""


class Uploader(Protocol):
    """Uploads one file by SFTP."""

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Upload and return the outcome; never raises for errors of a receiver or a network."""

    def close(self) -> None:
        """End running uploads and clean up."""


def plan_upload(state: CameraState, profile: Profile, now: datetime) -> UploadJob:
    """Return the upload for the camera's settings."""
    with state.lock:
        fields = dict(state.fields)
        trusted = tuple(state.trusted_host_keys)
        stored = state.tests_stored
    size = profile.test_bytes or secrets.choice(_USUAL_BYTES)
    return UploadJob(
        host=fields["ft_server"],
        port=int(fields["ft_port"]),
        user=fields["ft_username"],
        password=Secret(fields["ft_password"]),
        key=state.key,
        methods=_methods(profile, has_password=bool(fields["ft_password"])),
        sha1=profile.signature == "sha1",
        host_key_types=profile.host_key_preference,
        trusted=None if fields["ft_insecure"] == "1" else trusted,
        directory=fields["ft_dirname"],
        day_folder=now.strftime(profile.day_folder_format) if fields["ft_dirmode"] == "1" else "",
        create=fields["ft_autocreatedir"] == "1",
        name=TEST_FILE if profile.test_overwrites or not stored else f"Test-Snapshot_{stored}.jpeg",
        data=render_jpeg(size),
        timeout_s=profile.test_timeout_s,
    )


def _methods(profile: Profile, *, has_password: bool) -> tuple[str, ...]:
    words = profile.auth_order.replace("-then-", "-").split("-")
    return tuple(
        word for word in words if (word != "key" or profile.key != "none") and (word != "password" or has_password)
    )
