"""The settings of the camera's FTP menu by name, with words for what the camera writes as codes (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.schedule import parse_times, render_words
from receiver_setup.secrets import MASK

UNTOLD = "not told"
"""What stands in place of a value that the camera does not return."""
EMPTY = "(empty)"
PASSWORD_FIELD = "ft_password"  # noqa: S105 - a field's name


class Group(StrEnum):
    """The parts of the menu: what follows `get` and `set` in the names of the commands."""

    FTP = "ftpattr"
    ACTION = "ftpaction"
    COUNT = "ftpactionattr"
    SCHEDULE = "snapschedftpattr"
    TIMER = "snaptimerftpattr"

    @property
    def deprecated(self) -> bool:
        """True if the maker calls its commands deprecated."""
        return self is Group.TIMER


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: `field` in a command, `read_field` in a reply, `attribute` of our set command, `name` for people."""

    group: Group
    field: str
    attribute: str
    name: str
    words: Callable[[str], str] = str
    kind: ActionType | None = None

    @property
    def read_field(self) -> str:
        """The field in a reply that tells of all upload actions at once."""
        return self.field if self.kind is None else f"{self.field}['{self.kind}']"

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names that the field may have in a reply; an array key comes in several."""
        if self.kind is None:
            return (self.field,)
        return (self.read_field, f'{self.field}["{self.kind}"]', f"{self.field}[{self.kind}]")

    def in_words(self, code: str | None) -> str:
        """Put a value as the camera writes it into words; one that is not known stays as it is."""
        if code is None:
            return UNTOLD
        return self.words(code) if code else EMPTY

    def raw(self, fields: Mapping[str, str]) -> str | None:
        """Return what a reply says; None if it does not."""
        return next((fields[name] for name in self.spellings if name in fields), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One setting for people: `code` as the camera writes it; None where it was not told, or must not be."""

    group: Group
    field: str
    name: str
    words: str
    code: str | None


def _choose(**words: str) -> Callable[[str], str]:
    """Return words for `_0`, `_1` and so on; any other code stays as it is."""
    return lambda code: words.get(f"_{code.strip()}", code)


def _seconds(code: str) -> str:
    return f"{code} s between uploads" if code.isdecimal() else code


def _times(code: str) -> str:
    schedule = parse_times(code)
    return code if schedule is None else render_words(schedule)


_ON = _choose(_0="off", _1="on")
_YES = _choose(_0="no", _1="yes")
_FIXED = _choose(_0="file name made from the time", _1="fixed file name")

SETTINGS = (
    Setting(group=Group.FTP, field="ft_server", attribute="server", name="server"),
    Setting(group=Group.FTP, field="ft_port", attribute="port", name="port"),
    Setting(group=Group.FTP, field="ft_username", attribute="username", name="user name"),
    Setting(group=Group.FTP, field=PASSWORD_FIELD, attribute="password", name="password", words=lambda _: MASK),
    Setting(group=Group.FTP, field="ft_mode", attribute="mode", name="mode (PORT or PASV)"),
    Setting(group=Group.FTP, field="ft_dirname", attribute="directory", name="directory"),
    Setting(
        group=Group.FTP, field="ft_autocreatedir", attribute="auto_create", name="create the directory", words=_YES
    ),
    Setting(
        group=Group.FTP,
        field="ft_dirmode",
        attribute="day_folders",
        name="folders",
        words=_choose(_0="all files in one directory", _1="every day a new folder"),
    ),
    Setting(
        group=Group.FTP,
        field="ft_ssl",
        attribute="security",
        name="security",
        words=_choose(_0="none: neither encrypted nor verified", _1="FTPS", _2="sFTP"),
    ),
    Setting(
        group=Group.FTP,
        field="ft_insecure",
        attribute="insecure",
        name="verification",
        words=_choose(_0="verified host", _1="host not verified"),
    ),
    *(
        setting
        for kind in ActionType
        for setting in (
            Setting(
                group=Group.ACTION, field="enable", attribute="enable", name=f"upload {kind}", words=_ON, kind=kind
            ),
            Setting(
                group=Group.ACTION,
                field="interval",
                attribute="interval_s",
                name=f"interval {kind}",
                words=_seconds,
                kind=kind,
            ),
        )
    ),
    Setting(group=Group.COUNT, field="snapcount", attribute="count", name="snapshots at an alarm"),
    Setting(group=Group.SCHEDULE, field="enable", attribute="enable", name="schedule", words=_ON),
    Setting(group=Group.SCHEDULE, field="times", attribute="schedule", name="schedule time", words=_times),
    Setting(group=Group.SCHEDULE, field="mode", attribute="fixed_name", name="schedule files", words=_FIXED),
    Setting(group=Group.SCHEDULE, field="prefix", attribute="prefix", name="schedule prefix", words=_ON),
    Setting(group=Group.SCHEDULE, field="name", attribute="name", name="schedule file name"),
    Setting(group=Group.TIMER, field="mode", attribute="fixed_name", name="timer files", words=_FIXED),
    Setting(group=Group.TIMER, field="prefix", attribute="prefix", name="timer prefix", words=_ON),
    Setting(group=Group.TIMER, field="name", attribute="name", name="timer file name"),
)
"""Every setting of the menu, in the order in which people see them."""


def settings_of(group: Group, kind: ActionType | None = None) -> tuple[Setting, ...]:
    """Return a group's settings; of the upload actions those of one kind, or of all."""
    return tuple(each for each in SETTINGS if each.group is group and kind in (None, each.kind))


def describe(group: Group, fields: Mapping[str, str]) -> tuple[Shown, ...]:
    """Put one part of the menu into words: every setting that it should have, then every other field as it is.

    >>> [(shown.name, shown.words) for shown in describe(Group.COUNT, {"snapcount": "5", "new": "x"})]
    [('snapshots at an alarm', '5'), ('new', 'x')]
    """
    settings = settings_of(group)
    known = {name for each in settings for name in each.spellings}
    others = [
        Shown(group=group, field=name, name=name, words=value, code=value)
        for name, value in fields.items()
        if name not in known
    ]
    return (*(_show(each, each.raw(fields)) for each in settings), *others)


def _show(setting: Setting, code: str | None) -> Shown:
    words = setting.in_words(code)
    if setting.field == PASSWORD_FIELD:
        words, code = "never shown", None
    return Shown(group=setting.group, field=setting.read_field, name=setting.name, words=words, code=code)
