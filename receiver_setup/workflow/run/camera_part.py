"""What every camera's part in a workflow has in common: its report, its steps, and failing alone."""

import ipaddress
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from receiver_setup.camera.client import Camera
from receiver_setup.camera.wire.codes import CameraWithoutKeyLoginError
from receiver_setup.camera.wire.failures import unforeseen
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.plan.dialled import is_address
from receiver_setup.report import CameraReport, Event, Mark, Observer, StepReport
from receiver_setup.workflow.run.request import NamedCamera


class CameraPart(ABC):
    """One camera's way through a run; `error` on its report means that it takes no further part."""

    def __init__(self, named: NamedCamera, observe: Observer, *, checkpoint: Callable[[], None]) -> None:
        self.name = named.name
        self.camera: Camera = named.camera
        self.wishes = named.uploads
        self.report = CameraReport(name=named.name, address=named.camera.address.display)
        self.directory = ""
        """Where its uploads arrive: the absolute path on the receiver."""
        self.key: PublicKey | None = None
        """The camera's own key, once it is known."""
        self.without_key: CameraWithoutKeyLoginError | None = None
        self.known_as: str | None = None
        """The name that the receiver knows this very camera by; None where it does not."""
        self.came_from: tuple[str, str] | None = None
        """Another account of the receiver that it uploaded to until now, and its name there."""
        self._observe = observe
        self._checkpoint = checkpoint
        self._first = named.first
        self._addresses: list[str] = []

    @property
    @abstractmethod
    def changed(self) -> bool:
        """True when the camera's settings are, or may be, others than before."""

    @abstractmethod
    def restore(self) -> list[str]:
        """Send the former settings back; return what cannot be known to be back. `UndoError` when it is not."""

    @property
    def folder(self) -> str:
        """The folder that the camera names in its own settings, below the home; empty where it was not read."""
        return ""

    @property
    def alive(self) -> bool:
        """True while nothing has failed."""
        return self.report.error is None

    def attempt(self, work: Callable[[Self], None]) -> None:
        """Do `work`; an error ends this camera's part and no other's, whatever it is."""
        try:
            self._checkpoint()
            self._observe(Event(scope=self.name, mark=Mark.BEGUN))
            self._begin()
            work(self)
        except ReceiverSetupError as error:
            self.fail(error)
        except Exception as error:  # noqa: BLE001 - another camera's part is not to end by it
            self.fail(unforeseen(error, camera=self.report.address, step="its part of the run"))
        finally:
            self._observe(Event(scope=self.name, mark=Mark.PAUSED))

    def _begin(self) -> None:
        """Do what comes before anything else, once."""
        first, self._first = self._first, None
        done = first(self.camera) if first is not None else None
        if done is not None:
            self.tell(StepReport(name="put back", changed=True, detail=done))

    def fail(self, error: ReceiverSetupError) -> None:
        """Note the error and show it."""
        self.report.error = error
        self._observe(Event(scope=self.name, step=StepReport(name=error.message, changed=False), failed=True))

    def warn(self, text: str) -> None:
        """Note a warning once."""
        if text not in self.report.warnings:
            self.report.warnings.append(text)

    def note(self, step: StepReport) -> None:
        """Note a step and show it."""
        self.report.steps.append(step)
        self._observe(Event(scope=self.name, step=step))

    def tell(self, step: StepReport) -> None:
        """Note a step that was done on the camera; a run that was interrupted ends here."""
        self.note(step)
        self._checkpoint()

    def read_key(self) -> None:
        """Read the camera's own key; a camera without one is remembered as such."""
        try:
            self.key = self.camera.public_key()
        except CameraWithoutKeyLoginError as error:
            self.without_key = error
            self.tell(StepReport(name="read camera key", changed=False, detail="the camera has none"))
            return
        weak = self.key.check_strength()
        if weak is not None:
            self.warn(f"{self.report.address}: {weak}")
        self.tell(StepReport(name="read camera key", changed=False, detail=f"{self.key.bits} bits, {self.key}"))

    def keeps_its_key(self) -> bool:
        """Ask for the key once more: only one that stays the same tells which camera this is.

        A firmware may make a new one each time; then the latest counts, for that is what it signs with.
        """
        before = self.key
        self.key = self.camera.public_key()
        return self.key == before

    def addresses(self) -> list[str]:
        """Return the camera's IP address, for routes; empty where its name cannot be resolved here.

        The name itself, where it is the receiver that dials it.
        """
        host = self.camera.address.host
        if not self.camera.dialled_here:
            return [host]
        if is_address(host):
            return [str(ipaddress.ip_address(host))]
        if not self._addresses:
            with suppress(OSError, UnicodeError):
                self._addresses = [str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])]
        return self._addresses
