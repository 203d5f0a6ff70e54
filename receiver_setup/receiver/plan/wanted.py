"""The requested state of a receiver (pure): one upload account and its cameras, with names that are safe everywhere."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication

_USER = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
"""User names that useradd accepts on Debian, Fedora and Alpine (useradd(8), NAME_REGEX)."""

_COMPONENT = re.compile(r"[\w.+@,=-](?:[\w.+@,= -]*[\w.+@,=-])?")
"""Folder names that are safe in sshd_config, a shell, a URL and a camera."""

_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")

POWERFUL_GROUPS = frozenset(
    {
        *("root", "sudo", "wheel", "admin", "admins", "doas", "adm", "disk", "shadow", "kmem", "docker", "podman"),
        *("lxd", "lxc", "incus", "incus-admin", "libvirt", "kvm", "systemd-journal", "staff"),
    }
)
"""Groups whose members may become root on some systems, or read root's files.

Source: https://wiki.debian.org/SystemGroups, and the documentation of Docker, LXD, Incus and libvirt.
"""

NAME_LIMIT = 255


class Look(StrEnum):
    """The purpose of reading the receiver: some runs need more facts than others."""

    SETUP = "setup"
    REMOVAL = "removal"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSlot:
    """One camera on the receiver: its name, its directory (absolute), its key if known."""

    name: str
    directory: str
    key: PublicKey | None = None
    source: str | None = None
    """The only address from which the key is accepted; None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The requested upload account; `home` is absolute, each slot's directory is below it."""

    user: str
    home: str
    directory: str
    slots: tuple[CameraSlot, ...]
    jail: bool = True
    adopt: bool = False
    """Take over an existing account of this name."""
    authentication: Authentication = Authentication.PUBLIC_KEY
    allow_sha1: bool | None = None
    """None: leave it unchanged."""
    new_password: bool = False
    """Set a new random password even if there is one."""
    drop: tuple[str, ...] = ()
    """Cameras whose key lines are removed."""
    overwrite: bool = True
    """Replace an edited drop-in."""
    retract: tuple[str, ...] = ()
    """Directories that this run created for cameras that failed."""
    moved: tuple[tuple[str, str], ...] = ()
    """Former accounts of its cameras on this receiver, with the camera's name there; they no longer accept its key."""
    groups: tuple[str, ...] = ()
    """Groups that the account joins; existing memberships are kept."""
    volatile: bool = False
    """Continue if a part of the set-up is in memory, and would be lost at the next start."""
    cameras: tuple[str, ...] = ()
    """The addresses of its cameras, or names for the receiver to resolve: sshd is asked about each."""

    @property
    def recordings(self) -> str:
        """The recordings directory, absolute."""
        return f"{self.home}/{self.directory}"


def check_user(name: str) -> str:
    """Return `name` if it is valid for an upload user; root and names that useradd refuses are errors."""
    if name == "root":
        raise ConfigurationError(
            "the upload user cannot be root: cameras would sign in as the administrator",
            hint="leave --user out, or give a name of its own such as ipcamera",
        )
    if not _USER.fullmatch(name):
        raise ConfigurationError(
            f"the upload user {name!r} is not a name that useradd takes",
            hint="use 1 to 32 of a-z, 0-9, _ and -, with a letter or _ first, such as ipcamera",
        )
    return name


def parse_groups(text: str) -> tuple[str, ...]:
    """Parse a comma-separated list of groups; a group that would make cameras administrators is an error.

    >>> parse_groups("_ssh, media")
    ('_ssh', 'media')
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if not _GROUP.fullmatch(name):
            raise ConfigurationError(
                f"{name!r} is not the name of a group that an upload user can join",
                hint="give names of groups in /etc/group with commas between them, such as _ssh",
            )
        if name in POWERFUL_GROUPS:
            raise ConfigurationError(
                f"the upload user must not join {name}: its members can become root, or read what only root may",
                hint="give groups that let somebody sign in or share files, such as _ssh, and nothing more",
            )
    return names


def check_directory(path: str) -> str:
    """Return the recordings directory, relative to the home, without a trailing slash."""
    parts = path.rstrip("/").split("/")
    if path.startswith("/") or not all(_is_component(part) for part in parts):
        raise ConfigurationError(
            f"the recordings directory {path!r} cannot be used",
            hint="give a folder below the upload user's home, such as recordings or cameras/porch: "
            "letters, digits, blanks inside and . _ - + @ , = only, no .. and no / at its start",
        )
    return "/".join(parts)


def check_home(path: str) -> str:
    """Return the upload user's home: an absolute path without `..`, and not a system folder."""
    parts = PurePosixPath(path).parts
    if not path.startswith("/") or path.startswith("//") or not all(_is_component(p) for p in parts[1:]):
        raise ConfigurationError(
            f"the home {path!r} cannot be used",
            hint="give an absolute path such as /home/ipcamera or /srv/cameras, with letters, digits and . _ - only",
        )
    if len(parts) < 3 or parts[1] in {"etc", "proc", "sys", "dev", "usr", "boot", "bin", "sbin", "lib", "run"}:
        raise ConfigurationError(
            f"the home {path!r} is a folder of the system",
            hint="give a folder of its own, such as /home/ipcamera or /srv/cameras",
        )
    return str(PurePosixPath(path))


def account_name(user: str, camera: str) -> str:
    """Return the name of a camera's own account: `user` and the camera's name, valid for useradd.

    >>> account_name("ipcamera", "Porch.East")
    'ipcamera-porch-east'
    """
    name = f"{user}-{re.sub(r'[^a-z0-9_]+', '-', clean_name(camera).lower()).strip('-')}"
    if not _USER.fullmatch(name):
        raise ConfigurationError(
            f"the camera {camera} cannot have an account of its own: {name!r} is not a name that useradd takes",
            hint="give it a shorter name: with --user and a hyphen at most 32 characters",
        )
    return name


def clean_name(text: str) -> str:
    """Convert a camera's address or title to a name for folders and comments.

    >>> clean_name("[fe80::1%eth0]:8080")
    'fe80-1-eth0-8080'
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.") or "camera"


def _is_component(part: str) -> bool:
    return (
        part not in {".", ".."}
        and not part.startswith("-")
        and _COMPONENT.fullmatch(part) is not None
        and len(part.encode()) <= NAME_LIMIT
    )
