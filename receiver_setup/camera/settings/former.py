"""A record of a camera's settings before a set-up changed them, kept on the receiver as text (pure).

The text comes back from another machine, so it is not trusted: it may contain only settings of a closed set, with
values that the typed set commands accept. It never contains a password.

>>> settings = {setting("ftpattr", "ft_server"): "192.168.178.1", setting("ftpaction", "enable['rec']"): "0"}
>>> former = FormerSettings(values=settings)
>>> parse_former(render_former(former)) == former
True
>>> former.upload_commands()
(SetFtpAction(kind=<ActionType.REC: 'rec'>, enable=False, interval_s=None),)
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.messages.schedule import parse_times
from receiver_setup.camera.settings.fields import SETTINGS, Group, Setting, setting_of
from receiver_setup.camera.settings.place import Here, is_same_place
from receiver_setup.camera.settings.plan import Change, build_command
from receiver_setup.camera.settings.upload_options import check_values
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.errors import ConfigurationError

VERSION = 1
LONGEST_TEXT = 65_536
"""Characters in a record; a real one has less than 2000."""
LONGEST_VALUE = 1000
_LAST_PORT = 65_535
_PLACE = ("ft_server", "ft_port", "ft_username")
_CHANGED_BY_SETUP = {
    Group.FTP: {*_PLACE, "ft_dirname", "ft_ssl", "ft_insecure"},
    Group.ACTION: {"enable", "interval"},
    Group.COUNT: {"snapcount"},
    Group.SCHEDULE: {"enable", "times"},
}
RECORDED = tuple(each for each in SETTINGS if each.field in _CHANGED_BY_SETUP.get(each.group, ()))
"""Every setting that a set-up may change and a record may contain; never the password."""
_FORMS = {
    "ft_port": re.compile(r"[0-9]{1,5}"),
    "ft_ssl": re.compile(r"[012]"),
    "ft_insecure": re.compile(r"[01]"),
    "enable": re.compile(r"[01]"),
    "interval": re.compile(r"[1-9][0-9]{0,3}"),
    "snapcount": re.compile(r"[1-9][0-9]?"),
    # Only a single time is documented; other forms are restored as they were read, if they have only these characters.
    "times": re.compile(r"[0-9][0-9 ,;:|/+_.-]*"),
}


class FormerSettingsError(ValueError):
    """The text is not a record of a camera's former settings, or not one that this version understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerSettings:
    """A camera's former settings as they can be sent; FormerSettingsError for a value that must not be kept or sent."""

    values: Mapping[Setting, str] = field(default_factory=dict)
    """Settings that can be restored."""
    unsettable: Mapping[Setting, str | None] = field(default_factory=dict)
    """Settings that no set command accepts, only to be shown; None if the camera did not report them."""
    pointed_at: Mapping[str, str] = field(default_factory=dict)
    """Where the last set-up pointed the camera: ft_server, ft_port and ft_username in its own spelling."""
    password_replaced: bool = False
    """True: a set-up stored its own password in the camera, replacing one that cannot be read."""

    def __post_init__(self) -> None:
        for each, code in self.values.items():
            if each not in RECORDED or not is_settable(each, code):
                raise FormerSettingsError(f"the former {each.name} is not a value that may be sent to a camera")
        for each, told in self.unsettable.items():
            if each not in RECORDED or each in self.values or not (told is None or _is_clean(told)):
                raise FormerSettingsError(f"the former {each.name} cannot be shown")
        if not self.pointed_at.keys() <= set(_PLACE) or not all(map(_is_clean, self.pointed_at.values())):
            raise FormerSettingsError("the server that the camera was pointed at is not valid")

    @property
    def attributes(self) -> dict[str, str]:
        """The former fields of setftpattr by name; empty if they are not known."""
        return {each.field: code for each, code in self.values.items() if each.group is Group.FTP}

    @property
    def groups(self) -> frozenset[Group]:
        """The parts of the menu that it can restore."""
        return frozenset(each.group for each in self.values)

    def upload_commands(self) -> tuple[Command[Done], ...]:
        """Return the commands that restore the uploads, in the order in which a set-up changes them."""
        found: list[dict[Setting, str]] = [self._of(Group.COUNT), *self._schedules()]
        found += [self._of(Group.ACTION, kind) for kind in ActionType]
        return tuple(_build(values) for values in found if values)

    def _of(self, group: Group, kind: ActionType | None = None) -> dict[Setting, str]:
        return {each: code for each, code in self.values.items() if each.group is group and each.kind is kind}

    def _schedules(self) -> list[dict[Setting, str]]:
        """Return the schedule's settings in one command, or in two if its time has an undocumented form."""
        values = self._of(Group.SCHEDULE)
        if all(each.field != "times" or parse_times(code) is not None for each, code in values.items()):
            return [values]
        return [{each: code} for each, code in values.items()]


def setting(group: str, read_field: str) -> Setting:
    """Return a recorded setting by the part of the menu and its field in a reading; KeyError if there is none."""
    return _BY_FIELD[group, read_field]


def is_settable(each: Setting, code: str) -> bool:
    """Return True for a value that a person could set as well, and for an empty field."""
    if not _is_clean(code) or (each.field in _FORMS and not _FORMS[each.field].fullmatch(code)):
        return False
    if each.field == "ft_port" and not 1 <= int(code) <= _LAST_PORT:
        return False
    try:
        check_values(_build({each: code}))
    except ConfigurationError:
        return False
    return True


def record_former(
    before: Mapping[str, str],
    now: Mapping[str, str],
    changes: Iterable[Change] = (),
    *,
    password_replaced: bool = False,
) -> FormerSettings:
    """Record the former upload settings (`getftpattr`), the former values of other changes, and where it points now.

    If a setting was changed twice, the first change counts.
    """
    codes: dict[Setting, str | None] = {
        each: before[each.field] for each in RECORDED if each.group is Group.FTP and each.field in before
    }
    for row in (row for change in changes for row in change.rows if row.setting in RECORDED):
        codes.setdefault(row.setting, row.before_code)
    told = {name: setting_of(name).clean(now[name]) for name in _PLACE if name in now}
    place = {name: code for name, code in told.items() if _is_clean(code)}
    return replace(_sort_out(codes), pointed_at=place, password_replaced=password_replaced)


def merge_former(older: FormerSettings | None, newer: FormerSettings, *, here: Here) -> FormerSettings:
    """Merge a later set-up's record into the stored one, whose values take precedence.

    If the camera pointed elsewhere when the later set-up began (changed in its menu, or after a factory reset), its
    upload settings at that time become the former ones. Ports are not compared, since a receiver's port may change.
    """
    if older is None:
        return newer
    found = newer.attributes
    still_here = not found or here.is_at(found, any_port=True) or is_same_place(found, older.pointed_at, any_port=True)
    kept = older if still_here else _without_attributes(older)
    values = {**newer.values, **kept.values}
    unsettable = {**newer.unsettable, **kept.unsettable}
    known = kept.values.keys() | kept.unsettable.keys()
    return FormerSettings(
        # A setting is in one of the two mappings only, and the older record decides in which.
        values={each: code for each, code in values.items() if each in kept.values or each not in known},
        unsettable={each: code for each, code in unsettable.items() if each in kept.unsettable or each not in known},
        pointed_at=newer.pointed_at or older.pointed_at,
        password_replaced=newer.password_replaced or kept.password_replaced,
    )


def render_former(former: FormerSettings) -> str:
    """Render a record as one JSON object on one line, in ASCII; equal records give equal texts."""
    record = {
        "version": VERSION,
        "former": _nested(former.values),
        "not_settable": _nested(former.unsettable),
        "pointed_at": dict(former.pointed_at),
        "password_replaced": former.password_replaced,
    }
    return json.dumps(record, separators=(",", ":"), sort_keys=True)


def parse_former(text: str) -> FormerSettings:
    """Parse a record strictly; FormerSettingsError for anything unknown."""
    record = _as_object(_load(text), "record")
    version = record.get("version")
    if type(version) is not int or version != VERSION:
        raise FormerSettingsError("the record of former settings has an unknown version")
    if record.keys() != {"version", "former", "not_settable", "pointed_at", "password_replaced"}:
        raise FormerSettingsError("the record of former settings has unknown or missing keys")
    values = _flat(record["former"])
    if not all(isinstance(code, str) for code in values.values()):
        raise FormerSettingsError("a former setting has no value")
    place = _as_object(record["pointed_at"], "place")
    if not all(isinstance(value, str) for value in place.values()):
        raise FormerSettingsError("the server that the camera was pointed at is not text")
    if not isinstance(record["password_replaced"], bool):
        raise FormerSettingsError("password_replaced is neither true nor false")
    return FormerSettings(
        values={each: code for each, code in values.items() if code is not None},
        unsettable=_flat(record["not_settable"]),
        pointed_at=place,
        password_replaced=record["password_replaced"],
    )


_BY_FIELD = {(each.group.value, each.read_field): each for each in RECORDED}


def _build(values: Mapping[Setting, str]) -> Command[Done]:
    """Return the typed command that sets these values, all of one part of the menu and one kind."""
    first = next(iter(values))
    return build_command(first.group, {each.field: code for each, code in values.items()}, kind=first.kind)


def _sort_out(read: Mapping[Setting, str | None]) -> FormerSettings:
    """Separate the settings that can be restored from the others, each as it should be sent."""
    codes = {each: code if code is None else each.clean(code) for each, code in read.items()}
    values = {each: code for each, code in codes.items() if code is not None and is_settable(each, code)}
    others = {each: code and _cleaned(code) for each, code in codes.items() if each not in values}
    return FormerSettings(values=values, unsettable=others)


def _without_attributes(former: FormerSettings) -> FormerSettings:
    return FormerSettings(
        values={each: code for each, code in former.values.items() if each.group is not Group.FTP},
        unsettable={each: code for each, code in former.unsettable.items() if each.group is not Group.FTP},
    )


def _is_clean(text: str) -> bool:
    return len(text) <= LONGEST_VALUE and text.isprintable()


def _cleaned(text: str) -> str:
    """Make any value safe to show."""
    return "".join(char if char.isprintable() else "?" for char in text[:LONGEST_VALUE])


def _nested(values: Mapping[Setting, str | None]) -> dict[str, dict[str, str | None]]:
    groups: dict[str, dict[str, str | None]] = {}
    for each, code in values.items():
        groups.setdefault(each.group.value, {})[each.read_field] = code
    return groups


def _flat(groups: object) -> dict[Setting, str | None]:
    found: dict[Setting, str | None] = {}
    for group, fields in _as_object(groups, "list of settings").items():
        for name, code in _as_object(fields, "list of settings").items():
            if (group, name) not in _BY_FIELD:
                raise FormerSettingsError("the record contains a setting that a set-up never changes")
            if not (code is None or isinstance(code, str)):
                raise FormerSettingsError("a former setting is not text")
            found[setting(group, name)] = code
    return found


def _as_object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormerSettingsError(f"the {what} of former settings is not an object")
    return value


def _load(text: str) -> object:
    if len(text) > LONGEST_TEXT:
        raise FormerSettingsError("the record of former settings is too long")
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise FormerSettingsError("the record of former settings is not JSON, or has a duplicate key") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found
