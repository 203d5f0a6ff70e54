"""The disks of a machine on which recordings can be kept (pure): which to offer, their order, and warnings.

Source: proc(5) for /proc/mounts, fstab(5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import join

from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.facts.disks import OWNERLESS, Mount, parse_mounts
from receiver_setup.receiver.plan.wanted import check_home

_WITH_OWNERS = frozenset(
    {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "jfs", "nilfs2", "reiserfs", "bcachefs", "zfs"}
)
_OVER_THE_NETWORK = frozenset({"cifs", "smb3", "vboxsf", "fuse.sshfs", "fuse.rclone"})
_LOCAL = _WITH_OWNERS | (OWNERLESS - _OVER_THE_NETWORK)
_IN_MEMORY = frozenset({"overlay", "tmpfs", "ramfs", "rootfs", "squashfs"})
_NO_DISKS = ("/dev/zram", "/dev/ram", "/dev/fuse")
_NOT_FOR_PEOPLE = frozenset({"tmp", "snap", "efi", "root"})
_BASES = {"/": "/srv", "/var": "/var/lib"}
"""The parent of a home on the system's disk; on any other disk, a home is at its top."""
_LITTLE_KIB = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A parent folder of a home, as sshd checks it."""

    path: str
    uid: int
    mode: int
    """Permission bits."""

    @property
    def safe_for_jail(self) -> bool:
        """True when only root can write to it."""
        return self.uid == 0 and not self.mode & 0o022


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Facts about a mounted disk: its space, the folders from / to the home's parent, whether it is on USB."""

    free_kib: int
    size_kib: int
    folders: tuple[Folder, ...] = ()
    usb: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A mounted disk, and the folder on it in which a home would be made."""

    mount: str
    kind: str
    source: str
    base: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A possible place for recordings; `no_jail` says why a jail is not possible there, empty if it is."""

    volume: Volume
    home: str
    look: Look
    no_jail: str = ""
    remedy: str = ""
    """How to make the jail possible."""
    notes: tuple[str, ...] = ()
    lasting: bool = True
    """False if a restart loses the files there, or the disk itself."""


def find_volumes(mounts: str, *, user: str) -> list[Volume]:
    """Return every writable disk of this machine once, and always that of /home.

    Not offered are network run_targets, what is kept in memory, and the system's own partitions such as /boot.
    """
    table = parse_mounts(mounts)
    usual = max((place for place in table if _lies_in("/home", place)), key=len, default="/")
    found: dict[str, Volume] = {}
    for place in sorted(table, key=lambda place: (place != usual, len(place), place)):
        if (place == usual or _is_disk(table[place])) and (
            volume := _volume(place, table[place], user, usual)
        ) is not None:
            # Bind mounts and btrfs subvolumes show the same disk at a second place.
            found.setdefault(volume.source if place != usual or volume.source.startswith("/") else place, volume)
    return list(found.values())


def choose_places(volumes: list[Volume], looks: Mapping[str, Look], *, user: str, fstab: str) -> list[Place]:
    """Return the places, the best first: those with a jail, then those that survive a restart, then by free space.

    `looks` are by mount point; a disk without one is left out.
    """
    kept = {*parse_mounts(fstab), "/"}
    places = [_place(each, looks[each.mount], user, kept) for each in volumes if each.mount in looks]
    return sorted(places, key=lambda place: (bool(place.no_jail), not place.lasting, -place.look.free_kib))


def render_room(kib: int) -> str:
    """Render an amount of space in decimal units, as for disks.

    >>> render_room(123_456_789), render_room(1_953_125_000), render_room(65_536)
    ('126 GB', '2.0 TB', '67 MB')
    """
    size = kib * 1024 / 1e6
    for unit in ("MB", "GB"):
        if size < 999.5:
            return f"{size:.{0 if size >= 9.95 else 1}f} {unit}"
        size /= 1000
    return f"{size:.{0 if size >= 9.95 else 1}f} TB"


def _is_disk(mount: Mount) -> bool:
    if mount.kind not in _LOCAL or "ro" in mount.options or mount.source.startswith(_NO_DISKS):
        return False
    return mount.source.startswith("/") or mount.kind == "zfs"


def _volume(place: str, mount: Mount, user: str, usual: str) -> Volume | None:
    base = "/home" if place == usual else _BASES.get(place, place)
    if _lies_in(place, f"/home/{user}"):  # a disk that is already used for the cameras
        return None
    try:
        check_home(join(base, user))
    except ConfigurationError:
        return None
    if base.split("/")[1] in _NOT_FOR_PEOPLE or (base.startswith("/var/") and base != "/var/lib"):
        return None
    return Volume(mount=place, kind=mount.kind, source=mount.source, base=base)


def _place(volume: Volume, look: Look, user: str, kept: set[str]) -> Place:
    no_jail, remedy = _jail_problem(volume, look)
    in_memory = volume.kind in _IN_MEMORY
    mounted_again = volume.mount in kept or in_memory
    notes = []
    if in_memory:
        notes.append(
            f"{volume.mount} is of the kind {volume.kind}, which may be kept in memory: a restart may take away the "
            "recordings and the set-up"
        )
    if look.usb:
        notes.append("it is a USB disk: while it is unplugged no upload arrives, and sshd refuses the camera's login")
    if not mounted_again:
        notes.append(
            f"/etc/fstab does not mount it, so it is missing after a restart: add a line for {volume.mount}, "
            "with the option nofail"
        )
    if look.free_kib < _LITTLE_KIB:
        notes.append(f"{render_room(look.free_kib)} is little space, and a camera cannot delete old recordings")
    return Place(
        volume=volume,
        home=join(volume.base, user),
        look=look,
        no_jail=no_jail,
        remedy=remedy,
        notes=tuple(notes),
        lasting=mounted_again and not in_memory,
    )


def _jail_problem(volume: Volume, look: Look) -> tuple[str, str]:
    if volume.kind in OWNERLESS:
        return (
            f"its filesystem ({volume.kind}) keeps no owners, and a jail must be root's while its recordings are not",
            "format it with ext4, which deletes what is on it",
        )
    for folder in look.folders:
        if not folder.safe_for_jail:
            return (
                f"others than root can write to {folder.path}, and sshd refuses a jail below such a folder",
                f"sudo chown root:root {folder.path} && sudo chmod go-w {folder.path}",
            )
    return "", ""


def _lies_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
