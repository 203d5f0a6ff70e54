"""The camera's half of a set-up: point it at the receiver, learn and trust the host key, verify; and all of it back."""

import logging
from collections.abc import Callable

from receiver_setup.camera.client import Camera
from receiver_setup.camera.menu import send_with_rest
from receiver_setup.camera.messages import FIELDS, FtpAttributes, SetFtpAttr, TestOutcome
from receiver_setup.camera.upload_plan import UploadTarget, plan_fields
from receiver_setup.errors import ReceiverSetupError, UndoError
from receiver_setup.keys import PublicKey
from receiver_setup.report import StepReport
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)


class KeyExchange:
    """One camera while it is being set up; remembers what it was like before.

    `tell` is given each step as soon as it is done.
    """

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None]) -> None:
        self.camera = camera
        self.before: FtpAttributes | None = None
        self._tell = tell
        self._now: dict[str, str] = {}
        self._changed: set[str] = set()
        self._trusted: PublicKey | None = None

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

    def point(self, target: UploadTarget) -> None:
        """Point the camera at the receiver, not yet verifying it."""
        fields = plan_fields(self._now, target, insecure=True)
        self._set(fields, password=target.password)
        names = ", ".join([*fields, *(["ft_password"] if target.password else [])])
        detail = f"{target.username}@{target.server}:{target.port}, folder {target.directory}"
        self._tell(
            StepReport(
                name="point camera at receiver",
                changed=bool(names),
                detail=f"{detail} ({names})" if names else detail,
            )
        )

    def test(self, name: str = "test upload") -> TestOutcome:
        """Let the camera upload its test picture."""
        outcome = self.camera.test_upload()
        seen = f", host key {outcome.host_key}" if outcome.host_key else ""
        self._tell(StepReport(name=name, changed=False, detail=f"result {outcome.raw_result}{seen}"))
        return outcome

    def trust(self, key: PublicKey) -> None:
        """Make the camera trust a host key; what the test in the same request says does not matter yet."""
        self._changed.add("ft_insecure")
        self._trusted = key
        outcome = self.camera.test_upload(set_host=key)
        _log.info("%s: sethost answered result %s", self.camera.address, outcome.raw_result)
        self._tell(StepReport(name="trust host key", changed=True, detail=str(key)))

    def verify(self) -> None:
        """Switch the verification of the host key on."""
        self._set({"ft_insecure": "0"} if self._now.get("ft_insecure") != "0" else {})
        self._tell(StepReport(name="verify host key", changed=True, detail="ft_insecure=0"))

    def restore(self) -> list[str]:
        """Send back every field that was changed and read whether it took; return what cannot be known to be back.

        Raises `UndoError` when the camera is not as it was.
        """
        if not self._changed or self.before is None:
            return []
        shown = self.camera.address.display
        lost = self._lost(shown)
        back = {name: self.before.raw[name] for name in self._changed if name in self.before.raw}
        password = self.before.password if "ft_password" in self._changed else None
        try:
            # A change that the camera refused, or never got, needs no way back; and one refused may be refused again.
            differs = self._differing(back)
            if differs or password is not None:
                self._send(differs, password)
                differs = self._differing(back)
        except ReceiverSetupError as error:
            raise UndoError(
                f"the camera {shown} could not be put back: {error.message}",
                hint="run the same command again when the camera answers; its former settings were: "
                + ", ".join(f"{name}={value}" for name, value in sorted(back.items())),
            ) from error
        if differs:
            raise UndoError(
                f"the camera {shown} did not take back its former {', '.join(differs)}",
                hint="set them in its own menu: " + ", ".join(f"{name}={value}" for name, value in differs.items()),
            )
        self._changed.clear()
        return lost

    def _differing(self, wanted: dict[str, str]) -> dict[str, str]:
        """Read the camera and return those of `wanted` that it does not have."""
        self._now = dict(self.camera.ftp_attributes().raw)
        return {name: value for name, value in wanted.items() if self._now.get(name) != value}

    def _lost(self, shown: str) -> list[str]:
        """Name what a camera gives no way to put back."""
        lost = []
        before = self.before
        if before is not None and "ft_password" in self._changed and before.password is None:
            lost.append(
                f"{shown}: the former ft_password could not be read and is not back; set it again if it is in use"
            )
        if before is not None and self._trusted is not None and before.insecure is False:
            lost.append(
                f"{shown}: it verified another host key before; whether it still trusts that one cannot be read"
            )
        return lost

    def _set(self, fields: dict[str, str], *, password: Secret | None = None) -> None:
        """Send fields; they count as changed before they are sent, since an answer may be lost."""
        if not fields and password is None:
            return
        self._changed |= fields.keys() | ({"ft_password"} if password else set())
        self._send(fields, password)
        self._now |= fields

    def _send(self, fields: dict[str, str], password: Secret | None) -> None:
        """Send only what is new; all fields as they were read beside it, where the firmware misses them."""
        rest = {name: self._now[name] for name in FIELDS if name in self._now}
        send_with_rest(self.camera, SetFtpAttr(raw=fields, password=password), rest)
