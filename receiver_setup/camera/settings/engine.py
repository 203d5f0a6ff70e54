"""A camera's settings, set and looked at: read → difference → send → read back until it holds, or put back.

What is told to be so was read, never only sent. A camera may take a value with 200 and ignore it, or need some seconds.
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
from receiver_setup.camera.settings.upload_options import check_wish
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
"""Codes of a camera that did nothing of what it was asked; after any other it may have done a part of it."""


_LONGEST_SHOWN = 200
_MOST_IN_VAIN = 2
_NOT_TAKEN = (
    "the value may be too long for this firmware, or hold characters that it does not know; else restart the camera, "
    "look at the setting in its own menu, and ask its maker about this firmware"
)


class CameraNotTakenError(CameraError):
    """The camera said that it had done something, and reads otherwise."""

    kind = "camera-not-taken"


class CameraSettings(LiveSettings):
    """The settings of one camera while they are changed; remembers what they were, and the way back."""

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None] = lambda _: None) -> None:
        """`tell` is given each step as soon as it is done."""
        super().__init__(camera)
        self.tell = tell
        self.made: list[Change] = []
        """What was sent and not refused, in this order: it took effect, or may have."""

    @property
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""
        return bool(self.made)

    def plan(self, wished: Command[Done]) -> Change | None:
        """Read what a wish is about and return the change that is left of it.

        ConfigurationError, before anything is asked, for a wish that `check_wish` refuses.
        """
        check_wish(wished)
        group = part_of(wished)
        return plan_change(self.with_password(group, self.read(group)), wished)

    def make(self, change: Change) -> bool:
        """Send a change and look until it holds; False if all was already so, by what the camera says and shows.

        Raises CameraNotTakenError where the camera still reads otherwise when patience is at its end; `put_back` then
        leads back.
        """
        before = dict(self.now(change.group))
        with self.counted(change):
            done = self.send(change.command, change.rest)
        with self._said_after(change):
            # Of a password alone there is nothing to be seen.
            holds = all(row.after_code is None for row in change.rows) or self.look(change)
        if not holds:
            wrong = [row for row in change.rows if not row.holds(self.now(change.group))]
            raise self.not_taken(wrong, unchanged=done.unchanged)
        unseen = any(row.after_code is None or not row.readable for row in change.rows)
        return not done.unchanged and (unseen or before != self.now(change.group))

    def make_each(self, changes: tuple[Change, ...], *, step: str) -> None:
        """Make changes one after the other, each of them told as this step."""
        for change in changes:
            self.make(change)
            detail = f"{change.name}: {change.before} → {change.after}"
            self.tell(StepReport(name=step, changed=True, detail=detail))

    def look(self, change: Change) -> bool:
        """Read until a change holds, with patience.

        A value that is neither the former nor the new one does not become the new one by waiting.
        """

        def settled(fields: Mapping[str, str]) -> bool | None:
            wrong = [row for row in change.rows if not row.holds(fields)]
            if not wrong:
                return True
            return False if any(row.setting.raw(fields) != row.before_code for row in wrong) else None

        return self.wait_until(change.group, settled, what=change.name)

    def put_back(self) -> list[str]:
        """Put back all that was changed, last first, and look until it is; return what cannot be known to be back.

        All that was ever taken is sent again, whatever the camera shows: a late one may show it only later. One part
        that does not go back keeps no other from it; `UndoError` names them all, and they may be tried again.
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
        """Put one part of the menu back; return what cannot be known to be back."""
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
                f"the camera {shown} could not be put back: {error.message}",
                hint="run the same command again when the camera answers; its former settings were: " + ", ".join(told),
            ) from error
        differs = {name: code for name, code in differs.items() if code or name == "ft_server"}
        if differs:
            names = [rows[name].setting.read_field for name in differs]
            raise UndoError(
                f"the camera {shown} did not take back its former {', '.join(names)}",
                hint="set them in its own menu: "
                + ", ".join(f"{name}={code}" for name, code in zip(names, differs.values(), strict=True)),
            )
        lost = [words.not_back(shown, row.setting, row.before_code) for name, row in rows.items() if name not in codes]
        return [*lost, *(self.not_emptied(codes) if group is Group.FTP else [])]

    def _return(
        self, group: Group, kind: ActionType | None, codes: Mapping[str, str], rows: Mapping[str, Row]
    ) -> dict[str, str]:
        """Send former values until the camera reads as it did before; return what it does not have."""
        self.read(group)
        if not codes:
            return {}
        differs = self.bring(group, codes, kind=kind, back=True)
        # What was cleaned of zeros, blanks and entities may have been meant so, if it reads otherwise than before.
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
        """Do what leads back again and again, as far as patience goes, while the camera has no time for it.

        Two things are not tried often: a login that it had accepted, since the password may have been changed
        meanwhile, and what it does not answer in time, since each try takes all of that time.
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
                _log.warning("%s; tried again in %g s, since it has to go back", error.message, wait_s)
                self.camera.wait(wait_s)
        return work()

    @contextmanager
    def counted(self, change: Change) -> Iterator[None]:
        """Count a change as made while the body sends it, since an answer may be lost; not so one that was refused."""
        self.made.append(change)
        try:
            yield
        except CameraResponseError as error:
            if error.code in _NOTHING_DONE:
                self.made.remove(change)
            raise

    def not_taken(self, rows: Sequence[Row], *, unchanged: bool = False, hint: str = _NOT_TAKEN) -> CameraNotTakenError:
        """Return the error for a camera that took new values and, as last read, does not have them."""
        now = self.now(rows[0].setting.group)
        names = ", ".join(f"`{row.setting.read_field}`" for row in rows)
        code = int(ResponseCode.UNCHANGED if unchanged else ResponseCode.SUCCESS)
        seen = ", ".join(_seen(row, now) for row in rows)
        return CameraNotTakenError(
            f"the camera {self.camera.address.display} took {names} with {code} but {seen}", hint=hint
        )

    @contextmanager
    def _said_after(self, change: Change) -> Iterator[None]:
        """Say of an error after a change was sent that it was."""
        try:
            yield
        except ReceiverSetupError as error:
            more = f"; the new {change.name} had been sent to it before"
            raise error.retold(f"{error.message}{more}") from error.__cause__


def settle(camera: Camera, wished: Command[Done]) -> Change | None:
    """Make a wish so and return the change that it took; None if all was so already, and then nothing is sent.

    Raises CameraNotTakenError where the camera took it and reads otherwise. Whatever fails after something was sent,
    the former values go back: `rolled_back` and `lost` of the error tell whether all did, and `UndoError` is raised
    where they are not known to be back.
    """
    settings = CameraSettings(camera)
    change = settings.plan(wished)
    if change is None:
        return None
    with putting_back(settings):
        return change if settings.make(change) else None


@contextmanager
def putting_back(settings: CameraSettings) -> Iterator[None]:
    """Put all back that was changed, if the body fails; the error then tells what became of that."""
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
    """Say what a camera has instead of a new value."""
    code = row.setting.raw(now)
    if code is None:
        return "does not tell it any more"
    shown = "".join(char if char.isprintable() else "?" for char in code[:_LONGEST_SHOWN]) or EMPTY
    if code == row.before_code:
        return f"still has {shown}"
    return f"has {shown!r} instead of {row.after_code!r}"
