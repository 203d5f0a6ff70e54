"""The settings of the camera's FTP menu: names, words, and when two spellings are the same value (pure).

A camera may return a value in another spelling than it was sent: in capitals, with blanks around it, numbers with
leading zeros, `&` as `&amp;`. All comparisons with a reading are made here.

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address

from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.messages.schedule import parse_times, render_words
from receiver_setup.secrets import MASK

NOT_REPORTED = "not reported"
"""Shown in place of a value that the camera does not return."""
EMPTY = "(empty)"
PASSWORD_FIELD = "ft_password"  # noqa: S105 - a field's name
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#[0-9]{1,5}|#[xX][0-9A-Fa-f]{1,4});")
_DIGITS = re.compile(r"[0-9]{1,18}")


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


class Form(StrEnum):
    """The kind of value in a field, which determines its spellings."""

    TEXT = "text"
    NUMBER = "number"
    SERVER = "server"
    FOLDER = "folder"
    TIMES = "times"
    SECRET = "secret"  # noqa: S105 - the name of a form


def normal_server(server: str) -> str:
    """Normalize a server's name or address.

    >>> normal_server("Attic.LAN."), normal_server("[FD00:0::1]")
    ('attic.lan', 'fd00::1')
    """
    name = server.strip().lower()
    try:
        return str(ip_address(name.strip("[]")))
    except ValueError:
        return name.removesuffix(".")


def _normal_folder(folder: str) -> str:
    """Strip a leading `./` and a trailing `/` from a folder.

    >>> [_normal_folder(text) for text in ("./a/b/", "./", "/", ".")]
    ['a/b', '', '/', '']
    """
    bare = folder.removeprefix("./").rstrip("/")
    return "/" if not bare and folder.startswith("/") else "" if bare == "." else bare


def _normal_number(text: str) -> str:
    return str(int(text)) if _DIGITS.fullmatch(text) else text


def _normal_times(text: str) -> str:
    return _DIGITS.sub(lambda match: str(int(match[0])), text)


_NORMAL: Mapping[Form, Callable[[str], str]] = {
    Form.NUMBER: _normal_number,
    Form.SERVER: normal_server,
    Form.FOLDER: _normal_folder,
    Form.TIMES: _normal_times,
}
_IN_CAPITALS = frozenset({Form.TEXT, Form.FOLDER})
"""Case-sensitive forms, although a camera may return such a value all in capitals."""


def clean(code: str, form: Form) -> str:
    """Return a value in a camera's spelling as it should be sent.

    >>> clean(" a&amp;b ", Form.TEXT), clean("0022", Form.NUMBER), clean("./old/", Form.FOLDER)
    ('a&b', '22', './old/')
    """
    if form is Form.SECRET:
        return code
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), code).strip()
    return _NORMAL[form](text) if form in {Form.NUMBER, Form.TIMES} else text


def is_same(code: str, wanted: str, form: Form) -> bool:
    """Return True if a camera's reading is certainly this value.

    >>> is_same("./Front/ ", "Front", Form.FOLDER), is_same("FRONT", "front", Form.TEXT)
    (True, False)
    """
    normal = _NORMAL.get(form, str)
    return normal(wanted) in {normal(code), normal(clean(code, form))}


def may_be(code: str, wanted: str, form: Form) -> bool:
    """Return True if a camera's reading may be this value: the same, or the same in capitals.

    Enough to recognise a value that was sent, or where a camera points; not enough to skip a change.

    >>> may_be("FRONT", "front", Form.TEXT), may_be("Front", "front", Form.TEXT)
    (True, False)
    """
    if form is Form.SECRET:
        return code == wanted
    if is_same(code, wanted, form) or is_same(code, clean(wanted, form), form):
        return True
    normal = _NORMAL.get(form, str)
    return form in _IN_CAPITALS and normal(clean(code, form)) == normal(wanted.strip()).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: `field` in a command, `read_field` in a reply, `name` for people."""

    group: Group
    field: str
    name: str
    words: Callable[[str], str] = str
    kind: ActionType | None = None
    form: Form = Form.NUMBER

    @property
    def read_field(self) -> str:
        """The name of the field in a reply with all upload actions."""
        return self.field if self.kind is None else f"{self.field}['{self.kind}']"

    @property
    def spellings(self) -> tuple[str, ...]:
        """The possible names of the field in a reply; array keys have several spellings."""
        if self.kind is None:
            return (self.field,)
        return (self.read_field, f'{self.field}["{self.kind}"]', f"{self.field}[{self.kind}]")

    def in_words(self, code: str | None) -> str:
        """Describe a camera's value in words; an unknown value is returned unchanged."""
        if code is None:
            return NOT_REPORTED
        return self.words(clean(code, self.form)) if code else EMPTY

    def is_so(self, code: str | None, wanted: str) -> bool:
        """Return True if a reading certainly has this value."""
        return code is not None and is_same(code, wanted, self.form)

    def holds(self, code: str | None, wanted: str) -> bool:
        """Return True if a reading may be this value; enough once it was sent."""
        return code is not None and may_be(code, wanted, self.form)

    def clean(self, code: str) -> str:
        """Return a value in the camera's spelling as it should be sent."""
        return clean(code, self.form)

    def raw(self, fields: Mapping[str, str]) -> str | None:
        """Return the field's value in a reply; None if it is missing."""
        return next((fields[name] for name in self.spellings if name in fields), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One setting for display: `code` as the camera writes it; None if it was not reported, or must not be shown."""

    group: Group
    field: str
    name: str
    words: str
    code: str | None


def _choose(**words: str) -> Callable[[str], str]:
    """Return a function from codes to words (`_0`, `_1` and so on); other codes are returned unchanged."""
    return lambda code: words.get(f"_{code}", code)


def _seconds(code: str) -> str:
    return f"{code} s between uploads" if code.isdecimal() else code


def _times(code: str) -> str:
    schedule = parse_times(code)
    return code if schedule is None else render_words(schedule)


_ON = _choose(_0="off", _1="on")
_YES = _choose(_0="no", _1="yes")
_FIXED = _choose(_0="file name made from the time", _1="fixed file name")

SETTINGS = (
    Setting(group=Group.FTP, field="ft_server", name="server", form=Form.SERVER),
    Setting(group=Group.FTP, field="ft_port", name="port"),
    Setting(group=Group.FTP, field="ft_username", name="user name", form=Form.TEXT),
    Setting(
        group=Group.FTP,
        field=PASSWORD_FIELD,
        name="password",
        form=Form.SECRET,
        words=lambda _: MASK,
    ),
    Setting(group=Group.FTP, field="ft_mode", name="mode (PORT or PASV)"),
    Setting(group=Group.FTP, field="ft_dirname", name="directory", form=Form.FOLDER),
    Setting(group=Group.FTP, field="ft_autocreatedir", name="create the directory", words=_YES),
    Setting(
        group=Group.FTP,
        field="ft_dirmode",
        name="folders",
        words=_choose(_0="all files in one directory", _1="every day a new folder"),
    ),
    Setting(
        group=Group.FTP,
        field="ft_ssl",
        name="security",
        words=_choose(_0="none: neither encrypted nor verified", _1="FTPS", _2="sFTP"),
    ),
    Setting(
        group=Group.FTP,
        field="ft_insecure",
        name="verification",
        words=_choose(_0="verified host", _1="host not verified"),
    ),
    *(
        setting
        for kind in ActionType
        for setting in (
            Setting(group=Group.ACTION, field="enable", name=f"upload {kind}", words=_ON, kind=kind),
            Setting(
                group=Group.ACTION,
                field="interval",
                name=f"interval {kind}",
                words=_seconds,
                kind=kind,
            ),
        )
    ),
    Setting(group=Group.COUNT, field="snapcount", name="snapshots at an alarm"),
    Setting(group=Group.SCHEDULE, field="enable", name="schedule", words=_ON),
    Setting(group=Group.SCHEDULE, field="times", name="schedule time", form=Form.TIMES, words=_times),
    Setting(group=Group.SCHEDULE, field="mode", name="schedule files", words=_FIXED),
    Setting(group=Group.SCHEDULE, field="prefix", name="schedule prefix", words=_ON),
    Setting(group=Group.SCHEDULE, field="name", name="schedule file name", form=Form.TEXT),
    Setting(group=Group.TIMER, field="mode", name="timer files", words=_FIXED),
    Setting(group=Group.TIMER, field="prefix", name="timer prefix", words=_ON),
    Setting(group=Group.TIMER, field="name", name="timer file name", form=Form.TEXT),
)
"""Every setting of the menu, in the order in which people see them."""


def settings_of(group: Group, kind: ActionType | None = None) -> tuple[Setting, ...]:
    """Return a group's settings; of the upload actions those of one kind, or of all."""
    return tuple(each for each in SETTINGS if each.group is group and kind in (None, each.kind))


def describe(group: Group, fields: Mapping[str, str]) -> tuple[Shown, ...]:
    """Describe one part of the menu: its known settings in words, then all other fields as they are.

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


def setting_of(field: str) -> Setting:
    """Return the setting that a field `ft_…` holds; KeyError if there is none."""
    return _FTP[field]


_FTP = {each.field: each for each in SETTINGS if each.group is Group.FTP}
