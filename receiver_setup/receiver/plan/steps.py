"""The parts of a plan (pure): ordered steps, each with its call on the receiver and its lines for the diff.

Steps that have nothing to do are included, so that a run can report them.
"""

import difflib
from dataclasses import dataclass, replace
from typing import ClassVar, Generic, TypeVar

from receiver_setup.receiver.plan.wanted import Wanted

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
        """Every change as text: unified diffs of files, and a line per user, password or folder."""
        return "".join(f"{line}\n" for step in self.steps for line in step.diff)


P = TypeVar("P", bound=Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointPlan(Generic[P]):
    """One change for several accounts: one transaction, one reload of sshd, one login to prove it.

    `withdrawn` are accounts that the open transaction takes back, because their cameras failed.
    """

    plans: tuple[P, ...]
    withdrawn: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[tuple[Wanted | None, tuple[Step, ...]], ...]:
        """Return the steps in order, per account; common steps have None as their account."""
        if len(self.plans) == 1 and not self.withdrawn:
            return ((self.plans[0].wanted, self.plans[0].steps),)
        own = [(plan.wanted, tuple(step for step in plan.steps if step.name != RELOAD)) for plan in self.plans]
        back = tuple(
            Step(name="take back account", detail=user, call=("withdraw", user), diff=(f"- account {user}",))
            for user in self.withdrawn
        )
        return (*own, (None, (*back, self._reload())))

    def _reload(self) -> Step:
        steps = [step for plan in self.plans for step in plan.steps if step.name == RELOAD]
        calls = [step.call for step in steps if step.call is not None]
        if not calls and not self.withdrawn:
            return steps[0] if steps else Step(name=RELOAD, detail="not needed")
        words = tuple(word for call in calls for word in call[1:])
        changed = next((step for step in steps if step.changed), Step(name=RELOAD, detail="after sshd -t agrees"))
        return replace(changed, call=("sshd", *words), diff=("! reload sshd",))

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every step, including those with nothing to do."""
        return tuple(step for _, steps in self.parts for step in steps)

    @property
    def kind(self) -> str:
        """What the journal is told."""
        return self.plans[0].kind if self.plans else Plan.kind

    @property
    def changed(self) -> bool:
        """True when any step changes the receiver."""
        return any(step.changed for step in self.steps)

    @property
    def diff(self) -> str:
        """Every change as text, as in `Plan.diff`."""
        return "".join(f"{line}\n" for step in self.steps for line in step.diff)


def directory_step(name: str, path: str, *, was: tuple[str, str] | None, owner: str, mode: int) -> Step:
    """Create a directory, or set its owner (`user:group`) and mode; `was` is (owner, octal mode)."""
    before = () if was is None else (f"- {path}: owner {was[0]}, mode {was[1]}",)
    return Step(
        name=name,
        detail=f"{path}, owner {owner.partition(':')[0]}, mode {mode:04o}",
        call=("directory", path, owner, f"{mode:o}"),
        diff=(*before, f"+ {path}: owner {owner}, mode {mode:04o}"),
    )


def file_step(  # noqa: PLR0913 - the last one is a keyword
    name: str, detail: str, path: str, before: bytes | None, after: bytes, *, mode: int = 0o644
) -> Step:
    """Write a whole file; `before` is None if it does not exist."""
    content = after.decode("utf-8", "surrogateescape")
    call = ("file", path, f"{mode:o}", content)
    return Step(name=name, detail=detail, call=call, diff=file_diff(path, before, after))


def file_diff(path: str, before: bytes | None, after: bytes | None) -> tuple[str, ...]:
    """Return the lines of a unified diff; None means that the file does not exist."""
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
