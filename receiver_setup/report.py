"""The result of a run (pure), printed as JSON or as a receipt.

The JSON format is a contract; unknown values are null, never guessed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from receiver_setup.errors import ReceiverSetupError, UndoError
from receiver_setup.formats.keys import PublicKey

DIFFERENCE = 7
"""Exit code of --check if something would change, of verify if something differs from the set-up."""

UPLOADS = {"rec": "videos at an alarm", "snap": "pictures at an alarm", "timersnap": "pictures by the clock"}
"""What a camera can upload: the camera's word → ours."""

_SEVERITY = (130, 6, 5, 4, 3, 2, 1, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step that was done, or had nothing to do."""

    name: str
    changed: bool
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the step in the documented format."""
        return {"name": self.name, "changed": self.changed, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that a set-up promises, and whether it is true; `ok` None: not known.

    For a false claim: its cause in a sentence, and the narrowest remedy. `repaired`: running the set-up again fixes it.
    """

    name: str
    ok: bool | None
    detail: str = ""
    cause: str = ""
    remedy: str = ""
    repaired: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the claim for programs."""
        return {
            "name": self.name,
            "ok": self.ok,
            "detail": self.detail,
            "cause": self.cause or None,
            "remedy": self.remedy or None,
            "repaired_by_setup": self.repaired,
        }


class Mark(StrEnum):
    """The kind of an event: a step, or the begin or pause of a camera's work."""

    STEP = "step"
    BEGUN = "begun"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to show during the run; `scope` is the receiver's or the camera's name."""

    scope: str
    step: StepReport = StepReport(name="", changed=False)
    failed: bool = False
    mark: Mark = Mark.STEP


Observer = Callable[[Event], None]


@dataclass(slots=True, kw_only=True)
class TestReport:
    """The last test upload: the camera's result, the file's name and its size in bytes."""

    result: int | None = None
    file: str | None = None
    bytes: int | None = None


@dataclass(slots=True, kw_only=True)
class CameraReport:
    """One camera's half; filled in while the run goes on."""

    name: str
    address: str
    user: str | None = None
    """The camera's own account; None: all cameras share the receiver's."""
    steps: list[StepReport] = field(default_factory=list)
    directory: str | None = None
    server: str | None = None
    """The host that it dials, with `port`."""
    port: int | None = None
    auth: str | None = None
    signature: str | None = None
    public_key: PublicKey | None = None
    host_key: PublicKey | None = None
    host_key_verified: bool = False
    test: TestReport | None = None
    uploads: tuple[str, ...] | None = None
    """What the camera uploads at alarms and by the clock: rec, snap, timersnap; None: not reported."""
    warnings: list[str] = field(default_factory=list)
    error: ReceiverSetupError | None = None
    diff: str = ""
    put_back: bool = False
    """True if all its settings were restored."""
    lost: tuple[str, ...] = ()
    """Sentences about settings that could not be restored."""
    claims: list[Claim] = field(default_factory=list)
    """What was looked at by a run that verifies."""

    @property
    def ok(self) -> bool:
        """True if nothing failed."""
        return self.error is None and all(claim.ok is not False for claim in self.claims)

    @property
    def changed(self) -> bool:
        """True if the camera's settings were changed, or may have been: a failed undo leaves that unknown."""
        return _may_differ(self)

    def as_json(self) -> dict[str, Any]:
        """Return the camera in the documented format."""
        key, host_key, test = self.public_key, self.host_key, self.test
        return {
            "name": self.name,
            "address": self.address,
            "ok": self.ok,
            "changed": self.changed,
            "steps": [step.as_json() for step in self.steps],
            "directory": self.directory,
            "auth": self.auth,
            "signature": self.signature,
            "public_key": key and {"type": key.type, "bits": key.bits, "fingerprint": key.fingerprint},
            "host_key": host_key
            and {
                "type": host_key.type,
                "fingerprint": host_key.fingerprint,
                "verified": self.host_key_verified,
            },
            "test": test and {"result": test.result, "file": test.file, "bytes": test.bytes},
            "warnings": list(self.warnings),
            "error": self.error and error_as_json(self.error),
            **claims_as_json(self.claims),
            **({} if self.user is None else {"user": self.user}),
        }


@dataclass(slots=True, kw_only=True)
class ReceiverReport:
    """One receiver and its cameras."""

    address: str
    user: str
    name: str | None = None
    """Its name in the inventory; None without one."""
    home: str | None = None
    directory: str | None = None
    """The recordings directory, below the home."""
    jail: bool | None = None
    steps: list[StepReport] = field(default_factory=list)
    diff: str = ""
    host_keys: tuple[PublicKey, ...] = ()
    cameras: list[CameraReport] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    error: ReceiverSetupError | None = None
    put_back: bool = False
    """True if all its own changes were rolled back."""
    script: str | None = None
    """The plan as a shell script, if requested."""
    remaining: tuple[str, ...] = ()
    """Cameras that still use the account after a removal."""
    kept: tuple[str, ...] = ()
    """Directories whose recordings were kept by a removal."""
    claims: list[Claim] = field(default_factory=list)
    """What was looked at by a run that verifies."""
    looked: bool = False
    """True for such a run, which tells as well of what nobody asked for."""
    groups: tuple[str, ...] | None = None
    """Groups that the upload account is in beside its own; None where that is not known."""

    @property
    def ok(self) -> bool:
        """True if the receiver and every camera are as requested."""
        own = self.error is None and all(claim.ok is not False for claim in self.claims)
        return own and all(camera.ok for camera in self.cameras)

    @property
    def changed(self) -> bool:
        """True if anything on the receiver or a camera was changed, or may have been."""
        return _may_differ(self) or any(camera.changed for camera in self.cameras)

    @property
    def whole_diff(self) -> str:
        """Every change as text: the receiver's, then each camera's."""
        return self.diff + "".join(camera.diff for camera in self.cameras)

    def as_json(self) -> dict[str, Any]:
        """Return the receiver in the documented format."""
        return {
            **({} if self.name is None else {"name": self.name}),
            "address": self.address,
            "user": self.user,
            "ok": self.ok,
            "changed": self.changed,
            "steps": [step.as_json() for step in self.steps],
            "diff": self.whole_diff,
            "host_keys": [{"type": key.type, "fingerprint": key.fingerprint} for key in self.host_keys],
            # An unfinished camera is not ok.
            "cameras": [camera.as_json() | {"ok": camera.ok and self.error is None} for camera in self.cameras],
            "error": self.error and error_as_json(self.error),
            **claims_as_json(self.claims),
            **({"groups": None if self.groups is None else list(self.groups)} if self.looked else {}),
            **({"warnings": list(self.warnings)} if self.warnings else {}),
            **({} if self.script is None else {"script": self.script}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """The shell commands to verify and to undo a set-up, without any password."""

    verify: str
    remove: str


@dataclass(slots=True, kw_only=True)
class Report:
    """The whole run."""

    check: bool
    receivers: list[ReceiverReport] = field(default_factory=list)
    error: ReceiverSetupError | None = None
    """An error outside any receiver, such as an invalid option."""

    @property
    def worst(self) -> ReceiverSetupError | None:
        """The error that decides the exit code."""
        found = [self.error, *(r.error for r in self.receivers)]
        found += [camera.error for receiver in self.receivers for camera in receiver.cameras]
        return worst_error(error for error in found if error is not None)

    @property
    def changed(self) -> bool:
        """True if anything changed, or with `check` would change."""
        return any(receiver.changed for receiver in self.receivers)

    @property
    def exit_code(self) -> int:
        """The exit code of the contract."""
        if self.worst is not None:
            return self.worst.exit_code
        drift = not all(receiver.ok for receiver in self.receivers)
        return DIFFERENCE if drift or (self.check and self.changed) else 0

    def as_json(self) -> dict[str, Any]:
        """Return the one object that `--json` prints."""
        return {
            "ok": self.worst is None and all(receiver.ok for receiver in self.receivers),
            "changed": self.changed,
            "check": self.check,
            "receivers": [receiver.as_json() for receiver in self.receivers],
            "error": self.worst and error_as_json(self.worst),
        }


def _may_differ(part: CameraReport | ReceiverReport) -> bool:
    return isinstance(part.error, UndoError) or (any(step.changed for step in part.steps) and not part.put_back)


def error_as_json(error: ReceiverSetupError) -> dict[str, Any]:
    """Return an error in the documented format."""
    return {
        "kind": error.kind,
        "message": error.message,
        "hint": error.hint,
        "exit_code": error.exit_code,
        "rolled_back": error.rolled_back,
    }


def told_back(error: ReceiverSetupError) -> str:
    """Say whether the changes before an error were rolled back; empty if that is unknown, or there were none."""
    if error.lost:
        return f"what had been changed was put back, but not all of it: {'; '.join(error.lost)}"
    return "everything that had been changed was put back" if error.rolled_back else ""


def claims_as_json(claims: Iterable[Claim]) -> dict[str, Any]:
    """Return the additional key of a verifying run; empty for other runs."""
    found = [claim.as_json() for claim in claims]
    return {"claims": found} if found else {}


def worst_error(errors: Iterable[ReceiverSetupError]) -> ReceiverSetupError | None:
    """Return the error with the most severe exit code; the first of equals."""
    return min(errors, key=lambda error: _SEVERITY.index(error.exit_code), default=None)
