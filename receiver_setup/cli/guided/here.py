"""Facts about this machine for the dialogue: is it a receiver, its addresses, its disks. Changes nothing.

Source: proc(5), sysfs(5), ip-address(8), the device tree of a Raspberry Pi.
"""

import os
import shutil
import socket
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from receiver_setup.cli.guided.disk_choice import Folder, Look, Place, Volume, choose_places, find_volumes
from receiver_setup.cli.guided.own_addresses import OwnAddress, find_own_addresses
from receiver_setup.compat import is_root
from receiver_setup.errors import ReceiverSudoError

_SYSTEM_PATH = f"{os.defpath}:/usr/local/sbin:/usr/sbin:/sbin"
"""Folders that are often missing in a user's PATH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The upload account of an earlier set-up."""

    home: str
    jail: bool


def looks_like_receiver() -> bool:
    """Return True if this machine may be the receiver: a Raspberry Pi or an SSH server, with a way to become root."""
    model = _read("/proc/device-tree/model")
    return ("Raspberry Pi" in model or _find("sshd") is not None) and _reaches_root()


def require_way_to_root() -> None:
    """Refuse before the first question if there is no way to become root."""
    if not _reaches_root():
        raise ReceiverSudoError(
            "this needs root, and this machine has no sudo",
            hint="run it as root: su -c 'receiver-setup setup --local'",
        )


def find_route(host: str) -> tuple[str, str] | None:
    """Return the camera's address and this machine's own on the route to it; None if there is no route."""
    try:
        family, _, _, _, there = socket.getaddrinfo(host, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect(there)  # sends nothing
            return str(there[0]), str(way.getsockname()[0])
    except OSError:
        return None


def read_own_addresses(camera: str) -> list[OwnAddress]:
    """Return this machine's addresses in the camera's network, as reported by iproute2."""
    program = _find("ip")
    if program is None:
        return []
    try:
        done = subprocess.run(
            [program, "-json", "address"], stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return find_own_addresses(done.stdout.decode("utf-8", "replace"), camera)


def read_account(user: str) -> Account | None:
    """Return the upload account if it exists."""
    if sys.platform == "win32":
        return None
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        home = pwd.getpwnam(user).pw_dir
    except KeyError:
        return None
    drop_in = _read(f"/etc/ssh/sshd_config.d/00-receiver-setup-{user}.conf")
    return Account(home=home, jail=not drop_in or "ChrootDirectory" in drop_in)


def read_places(user: str) -> list[Place]:
    """Return possible places for recordings, the best first."""
    volumes = find_volumes(_read("/proc/mounts"), user=user)
    looks = {each.mount: look for each in volumes if (look := _look(each)) is not None}
    return choose_places(volumes, looks, user=user, fstab=_read("/etc/fstab"))


def _look(volume: Volume) -> Look | None:
    try:
        room = shutil.disk_usage(volume.base if Path(volume.base).is_dir() else volume.mount)
    except OSError:
        return None
    path = Path(volume.base)
    folders = []
    for each in (*reversed(path.parents), path):
        with suppress(OSError):
            state = each.stat()
            folders.append(Folder(path=str(each), uid=state.st_uid, mode=stat.S_IMODE(state.st_mode)))
    block = Path("/sys/class/block", Path(volume.source).name)
    return Look(
        free_kib=room.free // 1024,
        size_kib=room.total // 1024,
        folders=tuple(folders),
        usb="/usb" in str(block.resolve()),
    )


def _reaches_root() -> bool:
    return is_root() or _find("sudo") is not None


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=_SYSTEM_PATH)


def _read(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""
