"""What every CGI command has in common (pure)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from receiver_setup.camera.wire.codes import HTTP_NOT_FOUND, SUCCESS_CODES, ResponseCode, error_for_response
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import CameraError, CameraReplyError

R = TypeVar("R")
Parameters = tuple[tuple[str, str], ...]


class Command(ABC, Generic[R]):
    """One CGI command: what it sends beside `cmd=`, and what its reply means."""

    __slots__ = ()

    cmd: ClassVar[str]
    changes: ClassVar[bool] = False
    """True if the camera's settings may be others afterwards."""
    within_s: ClassVar[float] = 0.0
    """How long the camera may take at least, however short the usual time for an answer is."""

    @property
    def spared(self) -> bool:
        """True if an interruption lets the exchange end by itself: cut off, it would not be known what came of it."""
        return self.changes

    def parameters(self) -> Parameters:
        """Return the parameters in order, not URL-encoded; most reading commands have none."""
        return ()

    @abstractmethod
    def decode(self, reply: Reply) -> R:
        """Return what the reply says; CameraReplyError if a field that matters cannot be read."""

    def error(self, reply: Reply) -> CameraError | None:
        """Return the error that the reply's response code means, or None if it is a success.

        A reading without a code is taken for what was read; a change without one is not known to be done.
        """
        if reply.response is None and reply.get("response") is not None:
            return CameraReplyError(f"the camera {reply.camera} answered {self.cmd} with a code that is no number")
        if reply.response is None and self.changes:
            return CameraReplyError(
                f"the camera {reply.camera} answered {self.cmd} without saying whether it was done",
                hint="look at the setting in the camera's own menu, then try again",
            )
        if reply.response is None or reply.response in SUCCESS_CODES:
            return None
        return self.refusal(reply.response, reply.camera)

    def refusal(self, code: int, camera: str) -> CameraError:
        """Return the error for a response code, or for 404 where there is no such page."""
        if code == HTTP_NOT_FOUND:
            return CameraReplyError(
                f"there is no page /param.cgi at {camera} (HTTP status 404)",
                hint="check the address: it must be that of an INSTAR 2k+ camera",
            )
        return error_for_response(code, self.cmd, camera)

    def tries_for(self, answer: R) -> int | None:  # noqa: ARG002 - for commands whose answer tells
        """Return how often in all the command may be sent for a better answer than this; None: as patience has it."""
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer to a change; `unchanged` if the camera says that all was already so (response 219)."""

    unchanged: bool

    @classmethod
    def from_reply(cls, reply: Reply) -> "Done":
        """Tell 219 from 200."""
        return cls(unchanged=reply.response == ResponseCode.UNCHANGED)


class Update(Command[Done]):
    """A command that changes the camera."""

    __slots__ = ()

    changes: ClassVar[bool] = True

    def decode(self, reply: Reply) -> Done:
        """Tell whether anything was new."""
        return Done.from_reply(reply)
