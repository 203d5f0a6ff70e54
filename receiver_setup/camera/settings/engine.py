"""Change a camera's settings: read → difference → send → read back until they are set, or restore them.

A setting is reported as changed only once it has been read back: a camera may accept a value with 200 and ignore it, or
need some seconds.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from receiver_setup.camera.client import Camera
from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.settings import words
from receiver_setup.camera.settings.fields import EMPTY, Group
from receiver_setup.camera.settings.live import LiveSettings
from receiver_setup.camera.settings.plan import Change, Row, part_of, plan_change
from receiver_setup.camera.settings.upload_options import check_values
from receiver_setup.camera.wire.codes import ResponseCode
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.errors import (
    CameraError,
    CameraLoginError,
    CameraResponseError,
    CameraTimeoutError,
    ReceiverSetupError,
    UndoError,
)
from receiver_setup.report import StepReport

_log = logging.getLogger(__name__)

_NOTHING_DONE = frozenset(
    {
        ResponseCode.UNKNOWN_PARAM,
        ResponseCode.INVALID_VALUE,
        ResponseCode.NOT_IMPLEMENTED,
        ResponseCode.UNKNOWN_COMMAND,
        ResponseCode.MISSING_PARAM,
        ResponseCode.NO_PERMISSION,
        ResponseCode.INVALID_ACTION,
        ResponseCode.BUSY,
        ResponseCode.DISABLED,
        ResponseCode.NOT_AVAIL,
        ResponseCode.NOT_HARDWARE_SUPPORTED,
        ResponseCode.IP_BLOCKED,
        ResponseCode.SYNTAX_ERROR,
    }
)
"""Response codes that mean that nothing was changed; after any other code, a part may have been."""


_LONGEST_SHOWN = 200
_MOST_IN_VAIN = 2
_NOT_TAKEN = (
    "the value may be too long for this firmware, or hold characters that it does not know; else restart the camera, "
    "look at the setting in its own menu, and ask its maker about this firmware"
)


class CameraNotTakenError(CameraError):
    """The camera confirmed a change, but its settings read otherwise."""

    kind = "camera-not-taken"


class CameraSettings(LiveSettings):
    """The settings of one camera while they are changed; remembers the former ones to restore them."""

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None] = lambda _: None) -> None:
        """Call `tell` with each step as soon as it is done."""
        super().__init__(camera)
        self.tell = tell
        self.made: list[Change] = []
        """The changes that were sent and not refused, in order; each took effect or may have."""

    @property
    def changed(self) -> bool:
        """True if the camera's settings were changed, or may have been."""
        return bool(self.made)

    def plan(self, requested: Command[Done]) -> Change | None:
        """Read the settings that a command sets, and return the change that remains to be made.

        Raises ConfigurationError, before contacting the camera, for values that `check_values` refuses.
        """
        check_values(requested)
        group = part_of(requested)
        return plan_change(self.with_password(group, self.read(group)), requested)

    def make(self, change: Change) -> bool:
        """Send a change and read until it is set; False if the camera says and shows that it was already set.

        Raises CameraNotTakenError if the camera still reads otherwise when patience runs out; call `put_back` then.
        """
        before = dict(self.now(change.group))
        with self.counted(change):
            done = self.send(change.command, change.rest)
        with self._said_after(change):
            # A password cannot be read back.
            holds = all(row.after_code is None for row in change.rows) or self.look(change)
        if not holds:
            wrong = [row for row in change.rows if not row.holds(self.now(change.group))]
            raise self.not_taken(wrong, unchanged=done.unchanged)
        unseen = any(row.after_code is None or not row.readable for row in change.rows)
        return not done.unchanged and (unseen or before != self.now(change.group))

    def make_each(self, changes: tuple[Change, ...], *, step: str) -> None:
        """Make the changes in order, and report each as this step."""
        for change in changes:
            self.make(change)
            detail = f"{change.name}: {change.before} → {change.after}"
            self.tell(StepReport(name=step, changed=True, detail=detail))

    def look(self, change: Change) -> bool:
        """Read until a change is set, or until patience runs out.

        Stops early at a value that is neither the former nor the new one.
        """

        def settled(fields: Mapping[str, str]) -> bool | None:
            wrong = [row for row in change.rows if not row.holds(fields)]
            if not wrong:
                return True
            return False if any(row.setting.raw(fields) != row.before_code for row in wrong) else None

        return self.wait_until(change.group, settled, what=change.name)

    def put_back(self) -> list[str]:
        """Restore all changed settings, last first, and read until they are set; return what may not be restored.

        All that the camera ever accepted is sent again whatever it shows now, because it may show a change late. A part
        that cannot be restored does not stop the others; `UndoError` names all of them. May be called again.
        """
        parts: dict[tuple[Group, ActionType | None], list[Change]] = {}
        for change in reversed(self.made):
            parts.setdefault((change.group, change.rows[0].setting.kind), []).insert(0, change)
        lost: list[str] = []
        errors: list[UndoError] = []
        for (group, kind), changes in parts.items():
            try:
                lost += self._put_part_back(group, kind, changes)
            except UndoError as error:
                errors.append(error)
            else:
                self.made = [change for change in self.made if change not in changes]
        if errors:
            message, hint = ("; ".join(texts) for texts in zip(*((e.message, e.hint) for e in errors), strict=True))
            raise UndoError(message, hint=hint) from errors[0]
        return lost

    def _put_part_back(self, group: Group, kind: ActionType | None, changes: list[Change]) -> list[str]:
        """Restore one part of the menu; return what may not be restored."""
        rows: dict[str, Row] = {}
        codes: dict[str, str] = {}
        for change in changes:
            for row in change.rows:
                rows.setdefault(row.setting.field, row)
            for name, code in change.back.parameters() if change.back is not None else ():
                codes.setdefault(name, code)
        codes.pop("type", None)
        shown = self.camera.address.display
        told = [f"{row.setting.read_field}={row.before_code}" for _, row in sorted(rows.items()) if row.before_code]
        try:
            differs = self._patiently(lambda: self._return(group, kind, codes, rows))
        except ReceiverSetupError as error:
            raise UndoError(
                f"the former settings of the camera {shown} could not be restored: {error.message}",
                hint="run the same command again when the camera answers; its former settings were: " + ", ".join(told),
            ) from error
        differs = {name: code for name, code in differs.items() if code or name == "ft_server"}
        if differs:
            names = [rows[name].setting.read_field for name in differs]
            raise UndoError(
                f"the camera {shown} did not accept its former {', '.join(names)}",
                hint="set them in its own menu: "
                + ", ".join(f"{name}={code}" for name, code in zip(names, differs.values(), strict=True)),
            )
        lost = [words.not_back(shown, row.setting, row.before_code) for name, row in rows.items() if name not in codes]
        return [*lost, *(self.not_emptied(codes) if group is Group.FTP else [])]

    def _return(
        self, group: Group, kind: ActionType | None, codes: Mapping[str, str], rows: Mapping[str, Row]
    ) -> dict[str, str]:
        """Send former values until the camera reads as before; return the values that it does not have."""
        self.read(group)
        if not codes:
            return {}
        differs = self.bring(group, codes, kind=kind, back=True)
        # If the reading is not as before, the zeros, blanks and entities that `clean` removed may have mattered.
        odd = {
            name: row.before_code
            for name, row in rows.items()
            if name in codes
            and row.before_code not in {None, codes[name]}
            and row.setting.raw(self.now(group)) != row.before_code
        }
        meant = {name: code for name, code in odd.items() if code is not None and name not in differs}
        if meant:
            self.bring(group, meant, kind=kind, back=True)
        return differs

    def _patiently(self, work: Callable[[], dict[str, str]]) -> dict[str, str]:
        """Retry restoring while the camera is busy or away, as far as patience allows.

        Two failures are retried less often: a login that was accepted before, because the password may have been
        changed since, and a timeout, because each try takes that long.
        """
        in_vain = 0
        for wait_s in self.camera.patience.waits():
            try:
                return work()
            except ReceiverSetupError as error:
                busy = isinstance(error, CameraResponseError) and error.code == ResponseCode.BUSY
                in_vain += not busy
                if in_vain > _MOST_IN_VAIN or not (busy or isinstance(error, (CameraTimeoutError, CameraLoginError))):
                    raise
                _log.warning("%s; trying again in %g s to restore its settings", error.message, wait_s)
                self.camera.wait(wait_s)
        return work()

    @contextmanager
    def counted(self, change: Change) -> Iterator[None]:
        """Count the change that the body sends as made, since the answer may be lost, unless the camera refuses it."""
        self.made.append(change)
        try:
            yield
        except CameraResponseError as error:
            if error.code in _NOTHING_DONE:
                self.made.remove(change)
            raise

    def not_taken(self, rows: Sequence[Row], *, unchanged: bool = False, hint: str = _NOT_TAKEN) -> CameraNotTakenError:
        """Return the error for a camera that accepted new values and does not have them, as last read."""
        now = self.now(rows[0].setting.group)
        names = ", ".join(f"`{row.setting.read_field}`" for row in rows)
        code = int(ResponseCode.UNCHANGED if unchanged else ResponseCode.SUCCESS)
        seen = ", ".join(_seen(row, now) for row in rows)
        return CameraNotTakenError(
            f"the camera {self.camera.address.display} accepted {names} with {code} but {seen}", hint=hint
        )

    @contextmanager
    def _said_after(self, change: Change) -> Iterator[None]:
        """Add to an error of the body that the change had been sent before."""
        try:
            yield
        except ReceiverSetupError as error:
            more = f"; the new {change.name} had been sent to it before"
            raise error.retold(f"{error.message}{more}") from error.__cause__


def settle(camera: Camera, requested: Command[Done]) -> Change | None:
    """Apply a set command and return the change that was made; None, with nothing sent, if all was already set.

    Raises CameraNotTakenError if the camera accepts it and reads otherwise. After any failure the former values are
    restored: the error's `rolled_back` and `lost` say whether all were; `UndoError` if that is not certain.
    """
    settings = CameraSettings(camera)
    change = settings.plan(requested)
    if change is None:
        return None
    with putting_back(settings):
        return change if settings.make(change) else None


@contextmanager
def putting_back(settings: CameraSettings) -> Iterator[None]:
    """Restore all changed settings if the body fails; the error then says whether that succeeded."""
    try:
        yield
    except ReceiverSetupError as error:
        if not settings.changed:
            raise
        try:
            with settings.camera.undisturbed():
                lost = settings.put_back()
        except UndoError as undo:
            both = UndoError(f"{error.message}; then {undo.message}", hint=undo.hint)
            both.rolled_back = False
            raise both from error
        error.rolled_back, error.lost = not lost, tuple(lost)
        raise


def _seen(row: Row, now: Mapping[str, str]) -> str:
    """Describe what the camera has instead of a new value."""
    code = row.setting.raw(now)
    if code is None:
        return "no longer reports it"
    shown = "".join(char if char.isprintable() else "?" for char in code[:_LONGEST_SHOWN]) or EMPTY
    if code == row.before_code:
        return f"still has {shown}"
    return f"has {shown!r} instead of {row.after_code!r}"
