"""The camera's half of a set-up: point it at the receiver, learn and trust the host key, verify; and all of it back."""

import logging
from collections.abc import Callable

from receiver_setup.camera.attributes import AttributeKeeper
from receiver_setup.camera.client import Camera
from receiver_setup.camera.former import FormerSettings, former_attributes
from receiver_setup.camera.former_words import host_key_lost, password_lost
from receiver_setup.camera.messages import TestOutcome
from receiver_setup.camera.upload_plan import UploadTarget, plan_fields
from receiver_setup.keys import PublicKey
from receiver_setup.report import StepReport
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)


class KeyExchange(AttributeKeeper):
    """One camera while it is being set up; remembers what it was like before.

    `tell` is given each step as soon as it is done.
    """

    def __init__(self, camera: Camera, tell: Callable[[StepReport], None]) -> None:
        super().__init__(camera)
        self._tell = tell
        self._trusted: PublicKey | None = None

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

    def former(self) -> FormerSettings:
        """Return what the camera was like before, as far as this run changed it, and where it points now."""
        before = self.before.raw if self.before is not None and self.changed else {}
        return former_attributes(before, self._now, password_replaced="ft_password" in self._changed)

    def _lost(self, shown: str) -> list[str]:
        """Name what a camera gives no way to put back."""
        before = self.before
        lost = []
        if before is not None and "ft_password" in self._changed and before.password is None:
            lost.append(password_lost(shown))
        if before is not None and self._trusted is not None and before.insecure is False:
            lost.append(host_key_lost(shown))
        return lost

    def _set(self, fields: dict[str, str], *, password: Secret | None = None) -> None:
        """Send fields; they count as changed before they are sent, since an answer may be lost."""
        if not fields and password is None:
            return
        self._changed |= fields.keys() | ({"ft_password"} if password else set())
        self._send(fields, password)
        self._now |= fields
