"""The interface of a dialler, which opens connections to a camera from elsewhere.

The camera's half accepts one and the receiver's half provides one; neither knows the other.
"""

import socket
from collections.abc import Callable

Dial = Callable[[str, int, float], socket.socket]
"""Open a connection to (host, port) within so many seconds, also the socket's timeout; raises `DialError`."""


class DialError(OSError):
    """The connection failed; `reason` ends a sentence, `hint` says what to do."""

    def __init__(self, reason: str, *, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
