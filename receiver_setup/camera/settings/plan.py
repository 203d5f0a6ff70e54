"""Compare readings with requested settings: what differs, the command to send, and the command to undo it (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from receiver_setup.camera.messages import (
    ActionType,
    Security,
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
)
from receiver_setup.camera.settings.fields import PASSWORD_FIELD, Form, Group, Setting, settings_of
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Secret

Readings = Mapping[Group, Mapping[str, str]]
"""The parts of a camera's menu that were read, in its own spelling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting, before and after: in words, and as the camera writes it (None: not reported, or a password)."""

    setting: Setting
    before: str
    after: str
    before_code: str | None
    after_code: str | None
    readable: bool
    """False if the camera does not return the setting, so it cannot be read back either."""

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Return True if a reading has the new value; a setting that the camera does not return counts as set."""
        code = self.setting.raw(fields)
        if self.after_code is None or (code is None and not self.readable):
            return True
        # Some cameras add a leading slash to a folder; if it was there before, only a test upload can tell.
        bare = code.lstrip("/ ") if code and self.setting.form is Form.FOLDER and code != self.before_code else code
        return self.setting.holds(code, self.after_code) or self.setting.holds(bare, self.after_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One command to send, what it changes, and the command to undo it."""

    group: Group
    rows: tuple[Row, ...]
    command: Command[Done]
    """Contains only what differs."""
    back: Command[Done] | None
    """Restores the former values; None if none was reported or is accepted by a camera."""
    lost: tuple[str, ...]
    """Names of settings whose former values `back` does not restore."""
    rest: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All other settings as they were read, for a firmware that wants them in the same command (response 208)."""

    @property
    def name(self) -> str:
        """The settings that it changes."""
        return ", ".join(row.setting.name for row in self.rows)

    @property
    def before(self) -> str:
        """Their former values in words."""
        return ", ".join(row.before for row in self.rows)

    @property
    def after(self) -> str:
        """Their new values in words."""
        return ", ".join(row.after for row in self.rows)

    def records(self) -> list[dict[str, str | None]]:
        """Return the rows as plain data, for `--json` and the Ansible collection."""
        return [
            {
                "name": row.setting.name,
                "field": row.setting.read_field,
                "before": row.before,
                "after": row.after,
                "before_code": row.before_code,
                "after_code": row.after_code,
            }
            for row in self.rows
        ]


def plan_change(fields: Mapping[str, str], requested: Command[Done]) -> Change | None:
    """Return what remains to be changed, given `fields`, the reading of that part of the menu; None if nothing.

    A password cannot be compared, so it counts as new unless the camera returned the same one. A new security also
    changes the port to its default if the present port is a default and no port is requested.
    """
    codes, kind = _codes_and_kind(requested)
    group = Group(requested.cmd.removeprefix("set"))
    port = _default_port(fields, codes)
    if port is None:
        return plan_codes(fields, group, codes, kind=kind)
    security, code = port
    change = plan_codes(fields, group, codes | {"ft_port": code}, kind=kind)
    rows = tuple(
        replace(row, after=f"{row.after} (the default that goes with {security})")
        if row.setting.field == "ft_port"
        else row
        for row in (change.rows if change else ())
    )
    return change and replace(change, rows=rows)


def plan_codes(
    fields: Mapping[str, str], group: Group, codes: Mapping[str, str], *, kind: ActionType | None = None
) -> Change | None:
    """Return the change from a reading of one part of the menu to these values, given as they should be sent."""
    every = settings_of(group, kind)
    rows = tuple(
        _row(each, each.raw(fields), codes[each.field])
        for each in every
        if each.field in codes and not each.is_so(each.raw(fields), codes[each.field])
    )
    if not rows:
        return None
    changed = {row.setting.field for row in rows}
    former = {each.field: way_back(each, each.raw(fields)) for each in every}
    back = {name: code for name, code in former.items() if name in changed and code is not None}
    others = {name: code for name, code in former.items() if code is not None and name != PASSWORD_FIELD}
    return Change(
        group=group,
        rows=rows,
        command=build_command(group, {name: codes[name] for name in changed}, kind=kind),
        back=build_command(group, back, kind=kind) if back else None,
        lost=tuple(row.setting.name for row in rows if row.setting.field not in back),
        rest={name: code for name, code in others.items() if name not in changed} if group in _WHOLE else {},
    )


def plan_uploads(readings: Readings, options: UploadOptions) -> tuple[Change, ...]:
    """Return the changes that the options require; empty if all is already set.

    Raises KeyError if a needed part of the menu was not read.
    """
    changes = (plan_change(readings[part_of(requested)], requested) for requested in options.commands())
    return tuple(change for change in changes if change is not None)


def part_of(requested: Command[Done]) -> Group:
    """Return the part of the menu that a set command changes; ValueError if there is none."""
    return Group(requested.cmd.removeprefix("set"))


def build_command(group: Group, codes: Mapping[str, str], *, kind: ActionType | None = None) -> Command[Done]:
    """Return the command that sends these values; ConfigurationError or ValueError for a value that it cannot send."""

    def flag(name: str) -> bool | None:
        return codes[name] == "1" if name in codes else None

    names: dict[str, Any] = {"fixed_name": flag("mode"), "prefix": flag("prefix"), "name": codes.get("name")}
    if group is Group.ACTION and kind is not None:
        interval = int(codes["interval"]) if "interval" in codes else None
        return SetFtpAction(kind=kind, enable=flag("enable"), interval_s=interval)
    if group is Group.COUNT:
        return SetFtpActionAttr(count=int(codes["snapcount"]))
    if group is Group.SCHEDULE:
        return SetSnapSchedFtpAttr(enable=flag("enable"), raw_times=codes.get("times"), **names)
    if group is Group.TIMER:
        return SetSnapTimerFtpAttr(**names)
    password = codes.get(PASSWORD_FIELD)
    return SetFtpAttr(
        raw={name: code for name, code in codes.items() if name != PASSWORD_FIELD},
        password=None if password is None else Secret(password),
    )


def settings_in(command: Command[Done]) -> tuple[Setting, ...]:
    """Return every setting that a set command can send."""
    return settings_of(part_of(command), _codes_and_kind(command)[1])


def complete(command: Command[Done], rest: Mapping[str, str]) -> Command[Done]:
    """Return a command with the other settings of its part of the menu added."""
    codes, kind = _codes_and_kind(command)
    return build_command(part_of(command), {**rest, **codes}, kind=kind)


def way_back(each: Setting, code: str | None) -> str | None:
    """Return a former value as it should be sent; None if it was not reported or no camera accepts it."""
    if code is None:
        return None
    sent = each.clean(code)
    if not sent and each.group is not Group.FTP:
        return None
    try:
        command = build_command(each.group, {each.field: sent}, kind=each.kind)
    except (ConfigurationError, ValueError):
        return None
    return sent if dict(command.parameters()).get(each.field) == sent else None


def render_fields(now: Mapping[str, str], fields: Mapping[str, str], camera: str) -> str:
    """Render what `fields` would change as a diff; empty if nothing.

    >>> print(render_fields({"ft_port": "21"}, {"ft_port": "22"}, "porch"), end="")
    --- porch getftpattr
    +++ porch setftpattr
    -ft_port=21
    +ft_port=22
    """
    lines = []
    for name, value in fields.items():
        lines += [*([f"-{name}={now[name]}"] if name in now else []), f"+{name}={value}"]
    heads = (f"--- {camera} getftpattr", f"+++ {camera} setftpattr")
    return "".join(f"{line}\n" for line in (*heads, *lines)) if lines else ""


def render_changes(changes: tuple[Change, ...]) -> str:
    """Render changes in words, a line before and a line after each."""
    return "".join(f"-{each.name}: {each.before}\n+{each.name}: {each.after}\n" for each in changes)


_WHOLE = frozenset({Group.FTP, Group.ACTION})
"""Parts of which a firmware may want every field in one command."""
_SECURITIES = {
    dict(SetFtpAttr(security=each).parameters())["ft_ssl"]: each for each in Security if each is not Security.UNKNOWN
}


def _codes_and_kind(command: Command[Done]) -> tuple[dict[str, str], ActionType | None]:
    """Return the values of a set command, and its upload action if it has one."""
    codes = dict(command.parameters())
    return codes, ActionType(codes.pop("type")) if isinstance(command, SetFtpAction) else None


def _default_port(fields: Mapping[str, str], codes: Mapping[str, str]) -> tuple[Security, str] | None:
    """Return the port that goes with another security, and that security."""
    security = _SECURITIES.get(codes.get("ft_ssl", ""))
    now = {each.field: each.clean(each.raw(fields) or "") for each in settings_of(Group.FTP)}
    defaults = {str(each.default_port) for each in Security if each.default_port is not None}
    if security is None or "ft_port" in codes or now["ft_ssl"] == codes["ft_ssl"] or now["ft_port"] not in defaults:
        return None
    return security, str(security.default_port)


def _row(setting: Setting, now: str | None, wanted: str) -> Row:
    secret = setting.field == PASSWORD_FIELD
    return Row(
        setting=setting,
        before=setting.in_words(now),
        after=setting.in_words(wanted),
        before_code=None if secret else now,
        after_code=None if secret else wanted,
        readable=now is not None,
    )
