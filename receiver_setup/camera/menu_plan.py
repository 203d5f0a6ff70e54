"""What differs between the camera's FTP menu and a wish, and which commands make it so and undo it (pure).

A wish is a set command that holds only what is wanted, checked by itself before anything is read. Each
`plan_…` returns the change that is left of it, or none. `plan_uploads` does so for several at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from receiver_setup.camera.checks import check_text, flag_text
from receiver_setup.camera.command import Command, Done
from receiver_setup.camera.menu_change import Change, Row, build_change, compare, names_without, narrow
from receiver_setup.camera.menu_settings import PASSWORD_FIELD, Group, settings_of
from receiver_setup.camera.messages import (
    FIELDS,
    ActionType,
    FtpAttributes,
    Security,
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
    SnapshotCount,
    SnapshotSchedule,
    SnapshotTimer,
    UploadActions,
)
from receiver_setup.camera.messages.actions import LONGEST_INTERVAL_S, MOST_SNAPSHOTS, UploadAction
from receiver_setup.camera.reply import parse_reply
from receiver_setup.camera.schedule import Schedule, parse_words
from receiver_setup.errors import CameraReplyError, ConfigurationError

__all__ = [
    "Change",
    "Row",
    "UploadReadings",
    "UploadWishes",
    "check_wish",
    "parse_kinds",
    "plan_action",
    "plan_attributes",
    "plan_schedule",
    "plan_snapshots",
    "plan_timer",
    "plan_uploads",
    "upload_wishes",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadWishes:
    """What shall be uploaded; None leaves a thing as it is. ConfigurationError for what no camera takes.

    Each kind in `upload` is switched on, the others are left alone; `interval_s` (1 to 3600) is for these kinds.
    `snapshots` (1 to 10) are taken at an alarm; a `schedule` is also switched on.
    """

    upload: frozenset[ActionType] | None = None
    interval_s: int | None = None
    snapshots: int | None = None
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        if self.interval_s is not None and not self.upload:
            raise ConfigurationError(
                "an interval was given, but nothing that it is for",
                hint="name what is to be uploaded as well: rec, snap, timersnap",
            )
        self.commands()

    @property
    def any(self) -> bool:
        """True if there is a wish at all."""
        return bool(self.commands())

    def commands(self) -> tuple[Command[Done], ...]:
        """Return the wishes as set commands, in the order in which they are to be sent."""
        wished: list[Command[Done]] = []
        if self.snapshots is not None:
            wished.append(SetFtpActionAttr(count=self.snapshots))
        if self.schedule is not None:
            wished.append(SetSnapSchedFtpAttr(enable=True, schedule=self.schedule))
        kinds = [kind for kind in ActionType if kind in (self.upload or ())]
        wished += [SetFtpAction(kind=kind, enable=True, interval_s=self.interval_s) for kind in kinds]
        return tuple(wished)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadReadings:
    """What the camera said about its uploads; None was not asked for."""

    actions: UploadActions | None = None
    snapshots: SnapshotCount | None = None
    schedule: SnapshotSchedule | None = None


def parse_kinds(text: str) -> frozenset[ActionType]:
    """Read `rec,snap,timersnap`; ConfigurationError for anything else.

    >>> sorted(parse_kinds("snap, rec"))
    [<ActionType.REC: 'rec'>, <ActionType.SNAP: 'snap'>]
    """
    words = [word.strip().lower() for word in text.split(",")]
    unknown = [word for word in words if word not in set(ActionType)]
    if unknown:
        raise ConfigurationError(
            f"{unknown[0]!r} is nothing that a camera uploads",
            hint="name one or more of rec (videos at an alarm), snap (pictures at an alarm) and timersnap "
            "(pictures by the clock), with commas",
        )
    return frozenset(ActionType(word) for word in words)


def check_wish(wished: Command[Done]) -> None:
    """Refuse values that could not be told from others when the camera returns them, and names that are none.

    A reply has no escape for a quote inside a value, so one that looks like the end of a field is refused.

    >>> check_wish(SetSnapTimerFtpAttr(name='the "door"'))
    >>> check_wish(SetSnapTimerFtpAttr(name='x"; prefix="1'))
    Traceback (most recent call last):
    ...
    receiver_setup.errors.ConfigurationError: the timer file name holds a quote that reads like the end of the value
    """
    names = {each.field: each.name for each in settings_of(Group(wished.cmd.removeprefix("set")))}
    for field, value in wished.parameters():
        name = names.get(field, field)
        if field == "ft_server" and " " in value:
            raise ConfigurationError("the server holds a blank", hint="give a host name or an IP address")
        if field == "name" and not value.strip():
            raise ConfigurationError(f"the {name} is empty", hint="give a file name")
        if '"' in value and not _reads_back(value):
            raise ConfigurationError(
                f"the {name} holds a quote that reads like the end of the value",
                hint='leave " out where =, ; or \\ stands beside it',
            )


def plan_uploads(now: UploadReadings, wishes: UploadWishes) -> tuple[Change, ...]:
    """Return what has to change for the wishes to be so; empty if all is so already.

    Undo: send each change's `back`, last first. ValueError if what a wish needs was not read.
    """
    changes = (plan_wish(now, wished) for wished in wishes.commands())
    return tuple(change for change in changes if change is not None)


def plan_attributes(now: FtpAttributes, wished: SetFtpAttr) -> Change | None:
    """Plan `setftpattr`; a password cannot be compared, so it counts as new unless the camera returned the same.

    Another security takes its default port along, if the present port is a default one and no port is wished.
    """
    wished, by_default = _with_default_port(now, wished)
    fields = dict(now.raw) | ({} if now.password is None else {PASSWORD_FIELD: now.password.reveal()})
    rows = compare(settings_of(Group.FTP), fields, wished)
    if not rows:
        return None
    if by_default:
        rows = tuple(_explained(row, wished) if row.setting.field == "ft_port" else row for row in rows)
    named = {row.setting.field for row in rows}
    former = named & fields.keys()
    if fields.get(PASSWORD_FIELD) and not _is_sendable(fields[PASSWORD_FIELD]):
        former -= {PASSWORD_FIELD}
    return Change(
        group=Group.FTP,
        rows=rows,
        command=narrow(wished, rows),
        back=SetFtpAttr.back(now, fields=former) if former else None,
        lost=names_without(rows, former),
        rest={name: now.raw[name] for name in FIELDS if name in now.raw.keys() - named},
    )


def plan_action(now: UploadActions, wished: SetFtpAction) -> Change | None:
    """Plan `setftpaction` for one kind; a former interval of 0, which no camera takes, has no way back."""
    rows = compare(settings_of(Group.ACTION, wished.kind), now.raw, wished)
    before = now.get(wished.kind)
    changed = {row.setting.field for row in rows}
    former: dict[str, Any] = {}
    if before is not None and "enable" in changed and before.enabled is not None:
        former["enable"] = before.enabled
    if before is not None and "interval" in changed and _within(before.interval_s, LONGEST_INTERVAL_S):
        former["interval_s"] = before.interval_s
    back = SetFtpAction(kind=wished.kind, **former) if former else None
    change = build_change(Group.ACTION, rows, wished, back)
    return change and replace(change, rest=_whole_action(before))


def plan_snapshots(now: SnapshotCount, wished: SetFtpActionAttr) -> Change | None:
    """Plan `setftpactionattr`."""
    rows = compare(settings_of(Group.COUNT), now.raw, wished)
    count = now.count if rows and _within(now.count, MOST_SNAPSHOTS) else None
    return build_change(Group.COUNT, rows, wished, None if count is None else SetFtpActionAttr(count=count))


def plan_schedule(now: SnapshotSchedule, wished: SetSnapSchedFtpAttr) -> Change | None:
    """Plan `setsnapschedftpattr`; a former schedule goes back as it was read, whatever its form."""
    rows = compare(settings_of(Group.SCHEDULE), now.raw, wished)
    changed = {row.setting.field for row in rows}
    former: dict[str, Any] = _former_name(now, changed)
    if "enable" in changed and now.enabled is not None:
        former["enable"] = now.enabled
    if "times" in changed and _is_sendable(now.times):
        former["raw_times"] = now.times
    return build_change(Group.SCHEDULE, rows, wished, SetSnapSchedFtpAttr(**former) if former else None)


def plan_timer(now: SnapshotTimer, wished: SetSnapTimerFtpAttr) -> Change | None:
    """Plan `setsnaptimerftpattr` (deprecated by the maker)."""
    rows = compare(settings_of(Group.TIMER), now.raw, wished)
    former = _former_name(now, {row.setting.field for row in rows})
    return build_change(Group.TIMER, rows, wished, SetSnapTimerFtpAttr(**former) if former else None)


def _whole_action(now: UploadAction | None) -> dict[str, str]:
    """Return those fields of an action as they were read that a set command takes."""
    fields = {}
    if now is not None and now.enabled is not None:
        fields["enable"] = flag_text(value=now.enabled)
    if now is not None and _within(now.interval_s, LONGEST_INTERVAL_S):
        fields["interval"] = str(now.interval_s)
    return fields


def _reads_back(value: str) -> bool:
    """Tell whether a value comes out of a reply as it went in, with another field behind it or none."""
    for rest in ({}, {"response": "200"}):
        text = "".join(f'{name}="{each}";\n' for name, each in ({"value": value} | rest).items())
        try:
            fields = parse_reply(text).fields
        except CameraReplyError:
            return False
        if fields != {"value": value} | rest:
            return False
    return True


def plan_wish(now: UploadReadings, wished: Command[Done]) -> Change | None:
    """Plan one of the wishes."""
    if isinstance(wished, SetFtpAction) and now.actions is not None:
        return plan_action(now.actions, wished)
    if isinstance(wished, SetFtpActionAttr) and now.snapshots is not None:
        return plan_snapshots(now.snapshots, wished)
    if isinstance(wished, SetSnapSchedFtpAttr) and now.schedule is not None:
        return plan_schedule(now.schedule, wished)
    raise ValueError(f"nothing was read that {wished.cmd} could be compared with")


def _former_name(now: SnapshotSchedule | SnapshotTimer, changed: set[str]) -> dict[str, Any]:
    """Return the former values of the three fields that schedule and timer share, as far as they were told."""
    name = now.name if _is_sendable(now.name) else None
    former = {"mode": ("fixed_name", now.fixed_name), "prefix": ("prefix", now.prefix), "name": ("name", name)}
    return {attribute: value for field, (attribute, value) in former.items() if field in changed and value is not None}


def _is_sendable(text: str | None) -> bool:
    """Tell whether a former text can be sent: a camera may return what it would not take."""
    try:
        check_text("value", text, empty=False)
    except ConfigurationError:
        return False
    return text is not None


def _within(value: int | None, highest: int) -> bool:
    return value is not None and 1 <= value <= highest


def _with_default_port(now: FtpAttributes, wished: SetFtpAttr) -> tuple[SetFtpAttr, bool]:
    """Add the port that goes with another security, and tell whether that was done."""
    security = wished.security
    if security is None or security is now.security or wished.port is not None:
        return wished, False
    defaults = {each.default_port for each in Security if each.default_port is not None}
    if now.port not in defaults:
        return wished, False
    return replace(wished, port=security.default_port), True


def _explained(row: Row, wished: SetFtpAttr) -> Row:
    """Say why the port changes though nobody asked for it."""
    return replace(row, after=f"{row.after} (the default that goes with {wished.security})")


def upload_wishes(options: Mapping[str, Any]) -> UploadWishes:
    """Return what options wish a camera to upload; ConfigurationError for what does not go together."""
    upload, schedule = options.get("upload"), options.get("schedule")
    return UploadWishes(
        upload=parse_kinds(upload) if upload is not None else None,
        interval_s=options.get("interval"),
        snapshots=options.get("snapshots"),
        schedule=parse_words(schedule) if schedule is not None else None,
    )
