"""Base classes of the CGI commands (pure)."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from receiver_setup.camera.wire.codes import HTTP_NOT_FOUND, SUCCESS_CODES, ResponseCode, error_for_response
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import CameraError, CameraReplyError

R = TypeVar("R")
Parameters = tuple[tuple[str, str], ...]


class Command(ABC, Generic[R]):
    """One CGI command: its parameters, and how to decode its reply."""

    __slots__ = ()

    cmd: ClassVar[str]
    changes: ClassVar[bool] = False
    """True if the command may change the camera's settings."""
    within_s: ClassVar[float] = 0.0
    """The minimum timeout for this command, even if the general timeout is shorter."""

    @property
    def spared(self) -> bool:
        """True if an interruption lets the exchange finish, because its outcome would be unknown otherwise."""
        return self.changes

    def parameters(self) -> Parameters:
        """Return the parameters in order, not URL-encoded; most reading commands have none."""
        return ()

    @abstractmethod
    def decode(self, reply: Reply) -> R:
        """Decode the reply; CameraReplyError if a required field cannot be read."""

    def error(self, reply: Reply) -> CameraError | None:
        """Return the error for the reply's response code, or None if it is a success.

        A reading may lack a code; a change without one cannot be known to be done.
        """
        if reply.response is None and reply.get("response") is not None:
            return CameraReplyError(f"the camera {reply.camera} answered {self.cmd} with a code that is not a number")
        if reply.response is None and self.changes:
            return CameraReplyError(
                f"the camera {reply.camera} answered {self.cmd} without saying whether it succeeded",
                hint="look at the setting in the camera's own menu, then try again",
            )
        if reply.response is None or reply.response in SUCCESS_CODES:
            return None
        return self.refusal(reply.response, reply.camera)

    def refusal(self, code: int, camera: str) -> CameraError:
        """Return the error for a response code, or for HTTP status 404."""
        if code == HTTP_NOT_FOUND:
            return CameraReplyError(
                f"there is no page /param.cgi at {camera} (HTTP status 404)",
                hint="check the address: it must be that of an INSTAR 2k+ camera",
            )
        return error_for_response(code, self.cmd, camera)

    def tries_for(self, answer: R) -> int | None:  # noqa: ARG002 - for commands whose answer tells
        """Return how often in all to send the command for a better answer than this; None: as `Patience` says."""
        return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The answer to a change; `unchanged` if all settings already had these values (response 219)."""

    unchanged: bool

    @classmethod
    def from_reply(cls, reply: Reply) -> "Done":
        """Distinguish 219 from 200."""
        return cls(unchanged=reply.response == ResponseCode.UNCHANGED)


class Update(Command[Done]):
    """A command that changes the camera."""

    __slots__ = ()

    changes: ClassVar[bool] = True

    def decode(self, reply: Reply) -> Done:
        """Return whether anything was changed."""
        return Done.from_reply(reply)
