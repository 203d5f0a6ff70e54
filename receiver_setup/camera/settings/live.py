"""Read, wait for and send a camera's settings."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from receiver_setup.camera.client import Camera
from receiver_setup.camera.messages import ActionType, FtpAttributes
from receiver_setup.camera.settings import words
from receiver_setup.camera.settings.fields import PASSWORD_FIELD, Group, Setting, settings_of
from receiver_setup.camera.settings.place import NOWHERE, is_somewhere
from receiver_setup.camera.settings.plan import Readings, build_command, complete, part_of, settings_in, way_back
from receiver_setup.camera.wire.codes import ResponseCode, explain_response
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.errors import CameraReplyError, CameraResponseError
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)

_ENDS_IT = frozenset({ResponseCode.NO_PERMISSION, ResponseCode.IP_BLOCKED, ResponseCode.BUSY})
"""Refusals that are not about a value: further tries would be refused as well, and may do harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupReading:
    """One part of the menu: its fields as read, or why there are none."""

    group: Group
    fields: Mapping[str, str]
    trouble: str = ""


class LiveSettings:
    """The settings of one camera, each part of its menu as it was last read."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.late = False
        """True once a new value was missing at first and appeared later."""
        self.before: FtpAttributes | None = None
        """The upload settings when they were first read."""
        self._password: Secret | None = None
        """The ft_password that the camera returned; None if it does not return one."""
        self._now: dict[Group, Mapping[str, str]] = {}
        self._written: dict[Setting, str] = {}
        """Values as they were sent, or are known to be, regardless of the camera's spelling."""

    def now(self, group: Group = Group.FTP) -> Mapping[str, str]:
        """Return one part of the menu as last read; empty if it has not been read."""
        return self._now.get(group, {})

    def read(self, group: Group) -> Mapping[str, str]:
        """Read one part of the menu as the camera writes it; a password that it returns is left out."""
        camera = self.camera
        readers: dict[Group, Callable[[], Mapping[str, str]]] = {
            Group.FTP: lambda: self.read_attributes().raw,
            Group.ACTION: lambda: camera.upload_actions().raw,
            Group.COUNT: lambda: camera.snapshot_count().raw,
            Group.SCHEDULE: lambda: camera.snapshot_schedule().raw,
            Group.TIMER: lambda: camera.snapshot_timer().raw,
        }
        self._now[group] = dict(readers[group]())
        return self._now[group]

    def read_attributes(self) -> FtpAttributes:
        """Read where and how the camera uploads."""
        attributes = self.camera.ftp_attributes()
        self._now[Group.FTP] = dict(attributes.raw)
        self._password = attributes.password
        self.before = self.before or attributes
        return attributes

    def read_for(self, commands: Iterable[Command[Done]]) -> Readings:
        """Read every part of the menu that these commands change, each once."""
        groups = dict.fromkeys(map(part_of, commands))
        return {group: self.read(group) for group in groups}

    def wait_until(self, group: Group, settled: Callable[[Mapping[str, str]], bool | None], *, what: str) -> bool:
        """Read a part of the menu until `settled` returns True or False; False if patience runs out first."""
        waits = self.camera.patience.looks()
        told = False
        while True:
            verdict = settled(self.read(group))
            if verdict is not None:
                self.late = self.late or (told and verdict)
                return verdict
            wait_s = next(waits, None)
            if wait_s is None:
                return False
            if not told:
                _log.warning(
                    "%s: the camera accepted the new %s but does not show it yet; reading again for up to %g s",
                    self.camera.address,
                    what,
                    self.camera.patience.hold_s,
                )
                told = True
            self.camera.wait(wait_s)

    def bring(
        self, group: Group, codes: Mapping[str, str], *, kind: ActionType | None = None, back: bool = False
    ) -> dict[str, str]:
        """Send values unchanged, read until they are set, and return those that the camera does not have.

        It is not documented whether a camera accepts an empty field. If it refuses an empty server, it gets a name that
        never resolves instead, which counts as empty. `back`: also send values that it already has.
        """
        shown = {each.field: each for each in settings_of(group, kind)}

        def differing() -> dict[str, str]:
            now = self.now(group)
            return {name: code for name, code in codes.items() if not _has(shown[name], now, code)}

        def send(values: Mapping[str, str]) -> None:
            rest = {each.field: code for each in shown.values() if (code := way_back(each, each.raw(self.now(group))))}
            self.send(build_command(group, values, kind=kind), rest)

        def settled(_: Mapping[str, str]) -> bool | None:
            return True if not differing() else None

        wanted = dict(codes) if back else differing()
        if not wanted:
            return {}
        try:
            send(wanted)
        except (CameraResponseError, CameraReplyError) as error:
            filled = _without_empty(wanted)
            if filled == wanted or (isinstance(error, CameraResponseError) and error.code in _ENDS_IT):
                raise
            _log.info("%s: perhaps it takes no empty field: %s", self.camera.address, error.message)
            if filled:
                send(filled)
        self.wait_until(group, settled, what=", ".join(shown[name].name for name in wanted))
        # The camera does not say which empty field it refused, so try them one by one.
        for name in [name for name, code in differing().items() if not code]:
            try:
                send(_without_empty({name: ""}) or {name: ""})
            except (CameraResponseError, CameraReplyError) as error:
                _log.info("%s: %s is left unchanged: %s", self.camera.address, name, error.message)
            self.read(group)
        return differing()

    def send(self, command: Command[Done], rest: Mapping[str, str]) -> Done:
        """Send only new values; add all other settings as read (`rest`) if the firmware requires them.

        Values whose original spelling is known are sent in it, not in the camera's.
        """
        shown, codes = settings_in(command), dict(command.parameters())
        self.remember(shown, codes)
        try:
            return self.camera.send(command)
        except CameraResponseError as error:
            now = self.now(part_of(command))
            written = {each: code for each, code in self._written.items() if each in shown}
            own = {each.field: code for each, code in written.items() if each.holds(each.raw(now), code)}
            rest = {name: own.get(name, code) for name, code in rest.items()}
            whole = complete(command, rest) if error.code == ResponseCode.MISSING_PARAM and rest else command
            if dict(whole.parameters()) == codes:
                raise
            _log.info("%s: wants every field in one request", self.camera.address)
            return self.camera.send(whole)

    def remember(self, settings: Iterable[Setting], codes: Mapping[str, str]) -> None:
        """Remember the original spelling of values, for a firmware that returns another and needs them sent again."""
        names = codes.keys() - {PASSWORD_FIELD}
        self._written |= {each: codes[each.field] for each in settings if each.field in names}

    def not_emptied(self, wanted: Mapping[str, str]) -> list[str]:
        """Return the fields of getftpattr that should be empty and are not, because the camera does not accept that."""
        now = self.now()
        kept = {name: now.get(name) for name, value in wanted.items() if not value}
        return [words.not_emptied(self.camera.address.display, name, value) for name, value in kept.items() if value]

    def with_password(self, group: Group, fields: Mapping[str, str]) -> Mapping[str, str]:
        """Add the password that the camera returned, for comparison."""
        if group is not Group.FTP or self._password is None:
            return fields
        return {**fields, PASSWORD_FIELD: self._password.reveal()}


def read_menu(camera: Camera) -> tuple[GroupReading, ...]:
    """Read every setting. A part that this firmware lacks or forbids is reported as such, except the first."""
    return tuple(_read_part(LiveSettings(camera), group) for group in Group)


def _read_part(settings: LiveSettings, group: Group) -> GroupReading:
    try:
        return GroupReading(group=group, fields=settings.read(group))
    except CameraResponseError as error:
        if group is Group.FTP or error.code == ResponseCode.IP_BLOCKED:
            raise
        known = explain_response(error.code)
        return GroupReading(group=group, fields={}, trouble=f"{error.code} {known.name}: {known.cause}")


def _has(each: Setting, now: Mapping[str, str], code: str) -> bool:
    """Return True if a reading has a value; an empty one may also be missing, and an empty server be NOWHERE."""
    seen = each.raw(now)
    if each.field == PASSWORD_FIELD:
        return True
    if code:
        return each.holds(seen, code)
    return not is_somewhere(now) if each.field == "ft_server" else not (seen or "").strip()


def _without_empty(fields: Mapping[str, str]) -> dict[str, str]:
    """Drop empty fields; an empty server becomes a name that never resolves.

    >>> _without_empty({"ft_server": "", "ft_username": "", "ft_port": "21"})
    {'ft_server': 'none.invalid', 'ft_port': '21'}
    """
    named = {**fields, "ft_server": NOWHERE} if fields.get("ft_server") == "" else fields
    return {name: value for name, value in named.items() if value}
