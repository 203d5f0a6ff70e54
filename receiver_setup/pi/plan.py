"""Plan the files to write to a boot partition, those to delete, and their order (pure).

The order is safe for power cuts: until the last file is written, the card boots as before, or with a complete job.
Without the job file, the first boot does nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

FOLDER = "receiver-setup"
JOB = f"{FOLDER}/job.toml"
PASSWORD = f"{FOLDER}/camera-password"
PACKAGE = f"{FOLDER}/receiver-setup.deb"
PACKAGES = f"{FOLDER}/debs"
HALF = "receiver-setup.part"
"""Left by an interrupted write; may contain the password."""
SECRETS = frozenset({PASSWORD, HALF})


class Action(StrEnum):
    """What is done to one file."""

    KEEP = "keep"
    WRITE = "write"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file to write: digest and size of its content."""

    path: str
    digest: str
    size: int

    @classmethod
    def of(cls, path: str, content: bytes) -> "Wanted":
        """Make one from a short content."""
        return cls(path=path, digest=sha256(content).hexdigest(), size=len(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    """One file and its action; `silent`: not reported, because the file is written again later."""

    path: str
    action: Action
    silent: bool = False


def plan_prepare(present: Mapping[str, str], wanted: Sequence[Wanted]) -> list[CardChange]:
    """Return the changes that bring the wanted files to the partition.

    `present`: the digests of existing files by path: the wanted files at the top, HALF, and all of FOLDER.
    `wanted` is written in its order: the job after the rest of the folder, and last the files that start it.
    """
    stale = sorted(path for path in present if path not in {each.path for each in wanted})
    writes = {each.path for each in wanted if present.get(each.path) != each.digest}
    changes = [CardChange(path=path, action=Action.DELETE) for path in stale]
    if JOB in present and any(_in_folder(path) for path in (*stale, *(writes - {JOB}))):
        # Never combine an old job with a new password, or the reverse: a camera blocks senders of wrong passwords.
        changes.insert(0, CardChange(path=JOB, action=Action.DELETE, silent=True))
        writes.add(JOB)
    for each in wanted:
        replaces_secret = each.path in SECRETS and each.path in present and each.path in writes
        if replaces_secret:  # overwrite the old one, instead of leaving it in free space
            changes.append(CardChange(path=each.path, action=Action.DELETE, silent=True))
        changes.append(CardChange(path=each.path, action=Action.WRITE if each.path in writes else Action.KEEP))
    return changes


def plan_remove(
    present: Iterable[str], rest: Mapping[str, Wanted | None], unchanged: Iterable[str]
) -> list[CardChange]:
    """Return the changes that remove everything of ours: first the start of the job, then its folder.

    `rest`: the remaining text of the user's own files, None: delete; `unchanged`: those without our lines.
    """
    kept = set(unchanged)
    changes = []
    for path, wanted in rest.items():
        action = Action.KEEP if path in kept else Action.DELETE if wanted is None else Action.WRITE
        changes.append(CardChange(path=path, action=action))
    ours = sorted(set(present) - rest.keys(), key=lambda path: (path != JOB, path not in SECRETS, path))
    return [*changes, *(CardChange(path=path, action=Action.DELETE) for path in ours)]


def room_needed(changes: Iterable[CardChange], sizes: Mapping[str, int]) -> int:
    """Return the maximum space for writing in bytes, rounded up to clusters of 32 KiB.

    A file that is replaced briefly exists twice.
    """
    cluster = 32 * 1024
    written = [sizes[change.path] for change in changes if change.action is Action.WRITE]
    return sum((size // cluster + 1) * cluster for size in written)


def _in_folder(path: str) -> bool:
    return path.startswith(f"{FOLDER}/")
