"""One camera while its set-up is taken back."""

import logging
from collections.abc import Callable, Collection, Mapping

from receiver_setup.camera.settings.camera_removal import CameraRemoval
from receiver_setup.camera.settings.former import FormerSettings, FormerSettingsError, parse_former
from receiver_setup.camera.settings.place import Here, in_words, is_somewhere
from receiver_setup.camera.settings.removal_plan import points_here
from receiver_setup.errors import CameraResponseError
from receiver_setup.receiver.facts.known_cameras import KnownCamera
from receiver_setup.report import Observer, StepReport
from receiver_setup.workflow.run.camera_part import CameraPart
from receiver_setup.workflow.run.identity import find_name
from receiver_setup.workflow.run.request import NamedCamera

_log = logging.getLogger(__name__)


class LeavingCamera(CameraPart):
    """One camera's way through a removal; `former` is what the receiver's record of it says, None without one."""

    def __init__(self, named: NamedCamera, observe: Observer, *, checkpoint: Callable[[], None]) -> None:
        super().__init__(named, observe, checkpoint=checkpoint)
        self.removal = CameraRemoval(self.camera, self.tell)
        self.former: FormerSettings | None = None
        self.stranger = ""
        """Why what answers at its address is left alone; empty where it is the camera itself."""

    @property
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""
        return self.removal.changed

    def restore(self) -> list[str]:
        """Send the settings back that it had before the removal."""
        return self.removal.put_back()

    def read(self) -> None:
        """Read the camera's upload settings and its key."""
        now = self.removal.read_attributes()
        told = f"uploads to {now.username or '?'}@{now.server}" if now.server else "uploads nowhere"
        self.tell(StepReport(name="read camera", changed=False, detail=told))
        try:
            self.read_key()
        except CameraResponseError as error:
            _log.info("%s: %s", self.name, error.message)

    def find_itself(self, known: Mapping[str, KnownCamera], asked: Collection[str], here: Here) -> None:
        """Find out which of the receiver's cameras this is, and what it was set to before; `asked` are all that go.

        Former settings go to the camera with the key that they came from, and to no other that answers at its address.
        """
        line = known.get(self.name)
        name = find_name(self.key, self.name, known) if self.key is not None else None
        if name == self.name or line is None or line.key is None:
            moved = name is not None and line is None and points_here(self.removal.now(), None, here)
            self.known_as = name if moved else self.known_as
            if name is not None and line is None and not moved:
                self.warn(
                    f"{self.report.address}: it points elsewhere, and its key is the one of {name}, which stays; "
                    f"`receiver-setup remove` with --camera {name} takes that"
                )
            if name is None or self.known_as == name:
                self._remember(known.get(self.known_as or self.name))
        elif name is not None and name in asked:
            self._remember(known[name])
        elif self.key is None:
            self.warn(
                f"{self.report.address}: it does not tell its key, so it is not known whether it is {self.name}, and "
                "the former settings are not sent to it"
            )
        elif name is not None or self.keeps_its_key():
            self.stranger = f"another camera than {self.name} answers there: its key is {self.key}"
        else:
            self.warn(
                f"{self.report.address}: it tells another key each time, so it is not known whether it is {self.name}, "
                "and the former settings are not sent to it"
            )

    def _remember(self, camera: KnownCamera | None) -> None:
        """Take the receiver's record of how the camera was before; one that cannot be read counts as none."""
        if camera is None or camera.record is None or camera.record.former is None:
            return
        try:
            self.former = parse_former(camera.record.former)
        except FormerSettingsError as error:
            _log.warning("%s: %s", self.name, error)
            self.warn(f"{self.report.address}: the record of its former settings cannot be used: {error}")

    def describe_former(self, camera: KnownCamera) -> str:
        """Say where a camera uploaded to before its set-up, as the end of a sentence; empty where that is not known."""
        self._remember(camera)
        former = self.former.attributes if self.former is not None else {}
        return f", back to {in_words(former)}, where it uploaded to before" if is_somewhere(former) else ""

    def leave(self, here: Here) -> None:
        """Give the camera its former settings; without any, it no longer points here."""
        for warning in self.removal.leave(self.former, here):
            self.warn(warning)

    def preview(self, here: Here) -> None:
        """Show what `leave` would change."""
        plan = self.removal.plan_leaving(self.former, here)
        self.report.diff = plan.diff
        for warning in plan.warnings:
            self.warn(warning)
        self.note(StepReport(name="point camera away", changed=bool(plan.diff), detail=plan.detail))

    def stay(self, why: str) -> None:
        """Say why the camera is left as it is."""
        self.note(StepReport(name="point camera away", changed=False, detail=f"left as it is: {why}"))
