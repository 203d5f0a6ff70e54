"""gettoken: a token to sign in with instead of the password (pure).

Source: INSTAR wiki, 1440p Series CGI List, System_Menu/Webui.
"""

from dataclasses import dataclass
from typing import ClassVar

from receiver_setup.camera.wire.command import Command
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import CameraReplyError
from receiver_setup.secrets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A bearer token and its expiry by the camera's clock (Unix time), if reported."""

    token: Secret
    validity: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GetToken(Command[Token]):
    """Ask for a token."""

    cmd: ClassVar[str] = "gettoken"

    def decode(self, reply: Reply) -> Token:
        """Read token and validity."""
        token = reply.get("token")
        if not token or not token.isascii() or not token.isprintable():
            raise CameraReplyError(f"the camera {reply.camera} answered {self.cmd} without a token that can be used")
        return Token(token=Secret(token), validity=reply.integer("validity"))
