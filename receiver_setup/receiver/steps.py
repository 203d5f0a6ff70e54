"""What a plan is made of (pure): ordered steps, each with its call on the receiver and the lines that show it.

A step that needs nothing stands in the plan as well, so that a run can say what was already so.
"""

import difflib
from dataclasses import dataclass
from typing import ClassVar

from receiver_setup.receiver.wanted import Wanted

RELOAD = "reload sshd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan. `call` is the shell function's suffix and its arguments; None: nothing to do.

    `diff` holds the lines that show the change to a person. A step that is `last` cannot be taken back, so it
    waits until everything else is proven.
    """

    name: str
    detail: str
    call: tuple[str, ...] | None = None
    diff: tuple[str, ...] = ()
    last: bool = False

    @property
    def changed(self) -> bool:
        """True when this step changes the receiver."""
        return self.call is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The receiver's half of a run."""

    kind: ClassVar[str] = ""
    """What the journal is told: whether the undo of these steps is to be filed for a later removal."""

    wanted: Wanted
    steps: tuple[Step, ...]

    @property
    def changed(self) -> bool:
        """True when any step changes the receiver."""
        return any(step.changed for step in self.steps)

    @property
    def diff(self) -> str:
        """Every change as text: unified diffs of files, a line a user, password or folder."""
        return "".join(f"{line}\n" for step in self.steps for line in step.diff)


def directory_step(name: str, path: str, *, was: tuple[str, str] | None, owner: str, mode: int) -> Step:
    """Make a directory, or give it its owner (`user:group`) and mode; `was` is (owner, mode in octal)."""
    before = () if was is None else (f"- {path}: owner {was[0]}, mode {was[1]}",)
    return Step(
        name=name,
        detail=f"{path}, owner {owner.partition(':')[0]}, mode {mode:04o}",
        call=("directory", path, owner, f"{mode:o}"),
        diff=(*before, f"+ {path}: owner {owner}, mode {mode:04o}"),
    )


def file_step(name: str, detail: str, path: str, before: bytes | None, after: bytes) -> Step:
    """Write a whole file; `before` is None where there is none yet."""
    content = after.decode("utf-8", "surrogateescape")
    return Step(name=name, detail=detail, call=("file", path, "644", content), diff=file_diff(path, before, after))


def file_diff(path: str, before: bytes | None, after: bytes | None) -> tuple[str, ...]:
    """Return the lines of a unified diff; None is a file that is not there."""
    lines = difflib.unified_diff(
        _lines(before),
        _lines(after),
        "/dev/null" if before is None else path,
        "/dev/null" if after is None else path,
        lineterm="",
    )
    return tuple(lines)


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "backslashreplace").splitlines()
