"""What has to be written to a boot partition, what deleted, and in which order (pure).

The order is that of a power cut: until the last file is written, the card boots as before, or with a job that is
whole. The job file stands for the folder: without it the first boot does nothing.
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
"""What a write that was cut off leaves behind; it may hold the password."""
SECRETS = frozenset({PASSWORD, HALF})


class Action(StrEnum):
    """What is done to one file."""

    KEEP = "keep"
    WRITE = "write"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A file as it shall be: its content's digest and size, wherever the content is."""

    path: str
    digest: str
    size: int

    @classmethod
    def of(cls, path: str, content: bytes) -> "Wanted":
        """Return what a short content makes."""
        return cls(path=path, digest=sha256(content).hexdigest(), size=len(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    """One file, and what is done to it; `silent`: only for the order, the file is written again later."""

    path: str
    action: Action
    silent: bool = False


def plan_prepare(present: Mapping[str, str], wanted: Sequence[Wanted]) -> list[CardChange]:
    """Return the changes that make the partition hold what is wanted.

    `present`: the digests of what is there, by path: the wanted files at the top, HALF, and all of FOLDER.
    `wanted` is written in its own order, the job after the rest of the folder; the last ones start it.
    """
    stale = sorted(path for path in present if path not in {each.path for each in wanted})
    writes = {each.path for each in wanted if present.get(each.path) != each.digest}
    changes = [CardChange(path=path, action=Action.DELETE) for path in stale]
    if JOB in present and any(_in_folder(path) for path in (*stale, *(writes - {JOB}))):
        # Never an old job with a new password, nor the other way round: a camera blocks who guesses.
        changes.insert(0, CardChange(path=JOB, action=Action.DELETE, silent=True))
        writes.add(JOB)
    for each in wanted:
        replaces_secret = each.path in SECRETS and each.path in present and each.path in writes
        if replaces_secret:  # the old one is overwritten, not left in what the disk calls free
            changes.append(CardChange(path=each.path, action=Action.DELETE, silent=True))
        changes.append(CardChange(path=each.path, action=Action.WRITE if each.path in writes else Action.KEEP))
    return changes


def plan_remove(
    present: Iterable[str], rest: Mapping[str, Wanted | None], unchanged: Iterable[str]
) -> list[CardChange]:
    """Return the changes that take everything of ours away: first what starts the job, then its folder.

    `rest`: what stays of the user's own files, None: nothing; `unchanged`: those of them that hold nothing of ours.
    """
    kept = set(unchanged)
    changes = []
    for path, wanted in rest.items():
        action = Action.KEEP if path in kept else Action.DELETE if wanted is None else Action.WRITE
        changes.append(CardChange(path=path, action=action))
    ours = sorted(set(present) - rest.keys(), key=lambda path: (path != JOB, path not in SECRETS, path))
    return [*changes, *(CardChange(path=path, action=Action.DELETE) for path in ours)]


def room_needed(changes: Iterable[CardChange], sizes: Mapping[str, int]) -> int:
    """Return the bytes that writing takes at the most, with a cluster of 32 KiB for what is begun.

    A file that is replaced takes its room twice for a moment.
    """
    cluster = 32 * 1024
    written = [sizes[change.path] for change in changes if change.action is Action.WRITE]
    return sum((size // cluster + 1) * cluster for size in written)


def _in_folder(path: str) -> bool:
    return path.startswith(f"{FOLDER}/")
