"""A camera's upload settings while a run changes them: what they were, what they are, and the way back."""

import logging
from collections.abc import Callable

from receiver_setup.camera.client import Camera
from receiver_setup.camera.codes import ResponseCode
from receiver_setup.camera.former_place import NOWHERE, is_somewhere
from receiver_setup.camera.menu import send_with_rest
from receiver_setup.camera.messages import FIELDS, FtpAttributes, SetFtpAttr
from receiver_setup.errors import CameraReplyError, CameraResponseError, ReceiverSetupError, UndoError
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)

_ENDS_IT = frozenset({ResponseCode.NO_PERMISSION, ResponseCode.IP_BLOCKED, ResponseCode.BUSY})
"""Refusals that are not about a value: another one would be refused as well, and may do harm."""


class AttributeKeeper:
    """The upload settings of one camera; remembers what they were when they were first read."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.before: FtpAttributes | None = None
        self._now: dict[str, str] = {}
        self._changed: set[str] = set()

    @property
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""
        return bool(self._changed)

    @property
    def now(self) -> dict[str, str]:
        """The settings as they are by now, `ft_…` names and the camera's own spelling."""
        return dict(self._now)

    def read(self) -> FtpAttributes:
        """Read the settings that everything may have to go back to."""
        self.before = self.camera.ftp_attributes()
        self._now = dict(self.before.raw)
        return self.before

    def restore(self) -> list[str]:
        """Send back every field that was changed and read whether it took; return what cannot be known to be back.

        Raises `UndoError` when the camera is not as it was.
        """
        if not self._changed or self.before is None:
            return []
        shown = self.camera.address.display
        back = {name: self.before.raw[name] for name in self._changed if name in self.before.raw}
        password = self.before.password if "ft_password" in self._changed else None
        try:
            differs = self._settle(back, password)
        except ReceiverSetupError as error:
            raise UndoError(
                f"the camera {shown} could not be put back: {error.message}",
                hint="run the same command again when the camera answers; its former settings were: "
                + ", ".join(f"{name}={value}" for name, value in sorted(back.items())),
            ) from error
        if any(differs.values()):
            raise UndoError(
                f"the camera {shown} did not take back its former {', '.join(differs)}",
                hint="set them in its own menu: " + ", ".join(f"{name}={value}" for name, value in differs.items()),
            )
        lost = [*self._lost(shown), *self._not_emptied(back)]
        self._changed.clear()
        return lost

    def _lost(self, shown: str) -> list[str]:  # noqa: ARG002 - for what only a kind of run can lose
        """Name what a camera gives no way to put back."""
        return []

    def _settle(self, wanted: dict[str, str], password: Secret | None = None) -> dict[str, str]:
        """Send what differs from `wanted`, read it back, and return what still differs.

        A change that the camera refused, or never got, needs no way back; and one refused may be refused again.
        Whether a camera takes an empty field is not documented. Where it does not take an empty server, it gets
        one that never resolves instead, and that counts as the same.
        """
        differs = self._differing(wanted)
        if not differs and password is None:
            return {}
        try:
            self._send(differs, password)
        except (CameraResponseError, CameraReplyError) as error:
            filled = _without_empty(differs)
            if filled == differs or (isinstance(error, CameraResponseError) and error.code in _ENDS_IT):
                raise
            _log.info("%s: perhaps it takes no empty field: %s", self.camera.address, error.message)
            if filled or password is not None:
                self._send(filled, password)
        differs = self._differing(wanted)
        # Which of the empty ones was not taken is not told, so each gets its turn.
        for name in [name for name, value in differs.items() if not value]:
            self._try_emptying(name)
            differs = self._differing(wanted)
        return differs

    def _try_emptying(self, name: str) -> None:
        try:
            self._send(_without_empty({name: ""}) or {name: ""}, None)
        except (CameraResponseError, CameraReplyError) as error:
            _log.info("%s: %s stays as it is: %s", self.camera.address, name, error.message)

    def _not_emptied(self, wanted: dict[str, str]) -> list[str]:
        """Tell which fields were to be empty and are not, since the camera does not take that."""
        shown = self.camera.address.display
        kept = {name: self._now.get(name) for name, value in wanted.items() if not value}
        return [
            f"{shown}: it takes no empty {name}, so it has {value} now"
            + (", a name that never resolves" if name == "ft_server" else "")
            for name, value in kept.items()
            if value
        ]

    def _differing(self, wanted: dict[str, str]) -> dict[str, str]:
        """Read the camera and return those of `wanted` that it does not have."""
        self._now = dict(self.camera.ftp_attributes().raw)
        return {name: value for name, value in wanted.items() if not self._has(name, value)}

    def _has(self, name: str, value: str) -> bool:
        """Tell whether a field has a value; an empty one may as well be left out, and no server be NOWHERE."""
        if value:
            return self._now.get(name) == value
        return not is_somewhere(self._now) if name == "ft_server" else not self._now.get(name)

    def _send(self, fields: dict[str, str], password: Secret | None) -> None:
        """Send only what is new; all fields as they were read beside it, where the firmware misses them."""
        rest = {name: self._now[name] for name in FIELDS if name in self._now}
        send_with_rest(self.camera, SetFtpAttr(raw=fields, password=password), rest)


def _without_empty(fields: dict[str, str]) -> dict[str, str]:
    """Leave empty fields out, but for the server, which becomes one that never resolves.

    >>> _without_empty({"ft_server": "", "ft_username": "", "ft_port": "21"})
    {'ft_server': 'none.invalid', 'ft_port': '21'}
    """
    named = {**fields, "ft_server": NOWHERE} if fields.get("ft_server") == "" else fields
    return {name: value for name, value in named.items() if value}


def restore_each(*restores: Callable[[], list[str]]) -> list[str]:
    """Put several parts of a camera back, none kept from it by another; return what cannot be known to be back.

    Raises one `UndoError` for all that failed.
    """
    lost: list[str] = []
    errors: list[UndoError] = []
    for restore in restores:
        try:
            lost += restore()
        except UndoError as error:
            errors.append(error)
    if errors:
        message, hint = ("; ".join(texts) for texts in zip(*((e.message, e.hint) for e in errors), strict=True))
        raise UndoError(message, hint=hint) from errors[0]
    return lost
