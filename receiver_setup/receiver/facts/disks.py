"""The receiver's disks to which a set-up would write (pure): filesystem, free space, read-only or not.

Source: shell/disks.sh; /proc/mounts is in proc(5).
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

OWNERLESS = frozenset(
    {
        "vfat", "msdos", "exfat", "ntfs", "ntfs3", "hfs", "cifs", "smb3", "vboxsf",
        "fuse", "fuseblk", "fuse.exfat", "fuse.ntfs-3g", "fuse.sshfs", "fuse.rclone",
    }
)  # fmt: skip
"""Filesystems without owners, on which owner and mode are those of the mount. `fuseblk` is exFAT or NTFS, and `fuse`
without a name is such a disk as an image. Not 9p, which passes owners to the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk of a path; `folder` is its closest existing parent, with links followed.

    `writable` tells whether root may make files in that folder. Room in KiB, None where it is not known;
    `inodes` is 0 on a filesystem that does not count them.
    """

    folder: str
    writable: bool = True
    mount: str = "/"
    kind: str = ""
    read_only: bool = False
    free_kib: int | None = None
    """For users other than root, for whom some space may be reserved."""
    root_kib: int | None = None
    memory: str = ""
    """The in-memory filesystem that it is, or to which an overlay writes; empty for a disk, or if unknown."""
    inodes: int = 0
    free_inodes: int = 0

    @property
    def ownerless(self) -> bool:
        """True if the mount determines the owner of every file."""
        return self.kind in OWNERLESS


class Mount(NamedTuple):
    """One line of /proc/mounts without its mount point: source, filesystem, options."""

    source: str
    kind: str
    options: tuple[str, ...]


def parse_disks(
    mounts: str,
    folders: list[str],
    rooms: list[str],
    *,
    uppers: frozenset[str] = frozenset(),
    kernel_options: str = "",
) -> dict[str, Disk]:
    r"""Return each path's disk.

    `uppers` are the folders that overlays write to, as far as they can be seen; `kernel_options` is /proc/cmdline.

    >>> disks = parse_disks("/dev/sda1 /mnt/my\\040usb vfat ro 0 0", ["yes\n/a\n/mnt/my usb/b"], [])
    >>> disks["/a"].mount, disks["/a"].ownerless, disks["/a"].read_only
    ('/mnt/my usb', True, True)
    """
    table = parse_mounts(mounts)
    room = dict(filter(None, map(_parse_room, rooms)))
    disks = {}
    for text in folders:
        may, path, folder = text.split("\n", 2)
        # If two are mounted at the same place, the last one counts.
        mount = max((m for m in table if lies_in(folder, m)), key=len, default="/")
        kind, options = table.get(mount, _NOWHERE)[1:]
        root, others, inodes, free = room.get(folder, (None, None, 0, 0))
        disks[path] = Disk(
            folder=folder,
            writable=may == "yes",
            mount=mount,
            kind=kind,
            memory=_find_memory(table, mount, uppers, kernel_options),
            read_only="ro" in options,
            free_kib=others,
            root_kib=root,
            inodes=inodes,
            free_inodes=free,
        )
    return disks


IN_MEMORY = frozenset({"tmpfs", "ramfs", "rootfs"})
"""Filesystems without a disk."""
_MEMORY_DEVICE = re.compile(r"/dev/(zram|ram)[0-9]+")
_OVERLAY_OPTION = re.compile(r"(?<!\S)(boot=overlay|overlayroot=tmpfs)")
"""The kernel parameter that raspi-config sets for its overlay, in older and newer versions.

Source: https://github.com/RPi-Distro/raspi-config/blob/master/raspi-config
"""


def _own_memory(mount: Mount) -> str:
    device = _MEMORY_DEVICE.fullmatch(mount.source)
    return mount.kind if mount.kind in IN_MEMORY else device[1] if device else ""


def _find_memory(table: dict[str, Mount], place: str, uppers: frozenset[str], kernel_options: str) -> str:
    """Return the in-memory filesystem that stores a mount's files; empty if there is none, or it is unknown."""
    mount = table.get(place, _NOWHERE)
    if mount.kind != "overlay":
        return _own_memory(mount)
    options = mount.options
    upper = next((option.removeprefix("upperdir=") for option in options if option.startswith("upperdir=")), "")
    if upper in uppers:
        below = max((m for m in table if m != place and lies_in(upper, m)), key=len, default="")
        return _own_memory(table.get(below, _NOWHERE))
    # What it wrote to at the start lies outside of what can be seen now.
    return "tmpfs" if place == "/" and _OVERLAY_OPTION.search(kernel_options) else ""


_NOWHERE = Mount("", "", ())


def parse_mounts(text: str) -> dict[str, Mount]:
    r"""Parse /proc/mounts or /etc/fstab: mount point → mount; the last of two at the same place counts.

    >>> parse_mounts("/dev/sda1 /mnt/my\\040usb vfat ro,noatime 0 0")
    {'/mnt/my usb': Mount(source='/dev/sda1', kind='vfat', options=('ro', 'noatime'))}
    """
    table = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 4 and not fields[0].startswith("#"):
            source, place = (re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), text) for text in fields[:2])
            table[place] = Mount(source, fields[2], tuple(fields[3].split(",")))
    return table


_ROOM = re.compile(r"([0-9]{1,18})\|(-?[0-9]{1,18})\|([0-9]{1,18})\|([0-9]{1,18})\|(-?[0-9]{1,18})\|(.*)", re.DOTALL)


def _parse_room(line: str) -> tuple[str, tuple[int, int, int, int]] | None:
    match = re.fullmatch(
        r"(\d{1,18})\|(-?\d{1,18})\|(\d{1,18})\|(\d{1,18})\|(-?\d{1,18})\|(.*)", line, re.ASCII | re.DOTALL
    )
    if match is None:
        return None
    free, others, size, inodes, free_inodes = map(int, match.groups()[:5])
    return match[6], (free * size // 1024, others * size // 1024, inodes, free_inodes)


def lies_in(path: str, folder: str) -> bool:
    """Return True if `path` is `folder` or below it, both absolute."""
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
