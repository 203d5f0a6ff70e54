"""Connections to a camera that somebody else opens: what such a dialler is, and how it fails.

The camera's half takes one and the receiver's half offers one; neither knows the other.
"""

import socket
from collections.abc import Callable

Dial = Callable[[str, int, float], socket.socket]
"""Open a connection to (host, port) within so many seconds, the timeout of the socket as well; else `DialError`."""


class DialError(OSError):
    """No connection; `reason` is the end of a sentence, `hint` what to do about it."""

    def __init__(self, reason: str, *, hint: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
