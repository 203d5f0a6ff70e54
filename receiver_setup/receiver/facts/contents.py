"""The contents of a camera's folder, for a deletion or a new account (pure); reported by shell/history.sh."""

from dataclasses import dataclass

from receiver_setup.formats.numbers import read_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a deletion of a folder removes, `size` in bytes; filesystems mounted below it, at `mounts`, are kept."""

    files: int
    size: int
    mounts: tuple[str, ...] = ()
    is_mount: bool = False
    """True if the folder is a mount point: it is emptied and kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphans:
    """Files of unknown owners; `owners` are their uid:gid, and `paths` the first of them."""

    count: int
    owners: tuple[str, ...]
    paths: tuple[str, ...]


def parse_contents(lines: list[str], below: list[str], at: list[str]) -> dict[str, Contents]:
    r"""Read `FILES|BYTES|FOLDER` lines; `below` has each folder with what is mounted there, `at` those that are mounts.

    >>> parse_contents(["2|9|/a"], ["/a\n/a/disk"], [])
    {'/a': Contents(files=2, size=9, mounts=('/a/disk',), is_mount=False)}
    """
    found = {}
    for line in lines:
        files, size, folder = [*line.split("|", 2), "", ""][:3]
        count, bytes_ = read_number(files), read_number(size)
        if count is not None and bytes_ is not None:
            found[folder] = Contents(
                files=count,
                size=bytes_,
                mounts=tuple(mount for place, _, mount in (text.partition("\n") for text in below) if place == folder),
                is_mount=folder in at,
            )
    return found


def parse_orphans(text: str) -> Orphans | None:
    r"""Read `COUNT UID:GID …`, and below it a path a line; None where there are none.

    >>> parse_orphans("1 999:999\n/a/b")
    Orphans(count=1, owners=('999:999',), paths=('/a/b',))
    """
    head, _, paths = text.partition("\n")
    count, *owners = head.split() or ["0"]
    return Orphans(count=int(count), owners=tuple(owners), paths=tuple(paths.split("\n"))) if owners else None
