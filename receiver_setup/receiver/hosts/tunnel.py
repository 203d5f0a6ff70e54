"""Connections that begin at the receiver: a direct-tcpip channel (RFC 4254 section 7.2), behind a real socket."""

import contextlib
import logging
import selectors
import socket
import threading
import time
from typing import Any

from receiver_setup.dialling import DialError
from receiver_setup.receiver.hosts.paramiko_alone import paramiko
from receiver_setup.trace.tracing import log_trip

_log = logging.getLogger(__name__)
LINK_ERRORS = (OSError, EOFError, paramiko.SSHException)
"""What every use of a channel may raise once the link is gone, also to close it."""
_PIECE = 65536
_PROHIBITED = "Administratively prohibited"
_NO_NAME = ("name", "nodename", "address associated", "non-recoverable failure")
"""What getaddrinfo's errors have in common, in small letters; glibc's, musl's and the BSDs'."""
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""Has no descriptor of its own, and takes those beyond 1023; Windows has select alone, where their number is free."""


class Transport(paramiko.Transport):
    """A transport that remembers why each channel was refused: paramiko only logs it, and keeps one reason for all.

    `agreed_s` is when the keys of the connection were agreed on, on the monotonic clock; `farewell` is what the far
    side said as it ended the connection.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._own = threading.local()
        self._refusals: dict[int, str] = {}
        self.agreed_s = 0.0
        self.farewell = ""
        super().__init__(*arguments, **options)

    def start_client(self, *arguments: Any, **options: Any) -> None:
        """Agree on keys."""
        super().start_client(*arguments, **options)
        self.agreed_s = time.monotonic()

    def refusal(self) -> str:
        """Return, once, why this thread's last channel was refused: what the far side said, then the kind."""
        return self._refusals.pop(getattr(self._own, "number", -1), "")

    def _next_channel(self) -> int:
        number: int = super()._next_channel()  # type: ignore[misc]  # its stubs do not have it
        self._own.number = number
        return number

    def _log(self, level: int, msg: str, *args: Any) -> None:
        words = str(msg).split(" ", 5)
        if words[:2] == ["Secsh", "channel"] and words[3:5] == ["open", "FAILED:"]:
            self._refusals[int(words[2])] = words[5]
        elif words[:2] == ["Disconnect", "(code"]:
            self.farewell = str(msg).partition(": ")[2]
        super()._log(level, msg, *args)  # type: ignore[misc]  # as above


def open_tunnel(transport: paramiko.Transport, host: str, port: int, *, timeout_s: float, name: str) -> socket.socket:
    """Return a connection from the far side of `transport` to (host, port); closing it leaves nothing behind.

    `name` is the far side in errors. Raises `DialError`.
    """
    began = time.monotonic()
    said = "failed"
    try:
        channel = transport.open_channel("direct-tcpip", (host, port), ("127.0.0.1", 0), timeout=timeout_s)
    except LINK_ERRORS as error:
        refusal = transport.refusal() if isinstance(transport, Transport) else ""
        raise _explain(error, refusal, name=name) from error
    else:
        said = "open"
    finally:
        log_trip(_log, "tunnels", where=name, name=f"tunnel to {host}:{port}", began_s=began, said=said)
    near, far = socket.socketpair()
    near.settimeout(timeout_s)
    threading.Thread(target=_pump, args=(channel, far), name=f"tunnel to {host}:{port}", daemon=True).start()
    return near


def _pump(channel: paramiko.Channel, far: socket.socket) -> None:
    """Carry bytes both ways until one side is at its end, then end the other."""
    # Outermost what is suppressed: on a link that is gone, to close the channel is an error as well.
    with contextlib.suppress(*LINK_ERRORS), far, contextlib.closing(channel), _Selector() as selector:
        selector.register(far, selectors.EVENT_READ, (far, channel))
        selector.register(channel, selectors.EVENT_READ, (channel, far))
        while True:
            for key, _ in selector.select():
                source, sink = key.data
                data = source.recv(_PIECE)
                if not data:
                    return
                sink.sendall(data)


def _explain(error: Exception, refusal: str, *, name: str) -> DialError:
    """Say why there is no connection; `refusal` is what the far side said, empty where it said nothing."""
    said, _, kind = refusal.rpartition(": ")
    if kind == _PROHIBITED:
        return DialError(
            f"{name} lets this login open no connections to it (sshd's AllowTcpForwarding, DisableForwarding or "
            "PermitOpen, or restrict in authorized_keys)",
            hint="set AllowTcpForwarding to local for this user in the receiver's sshd configuration, or run the "
            "command on the receiver itself, with --local instead of --receiver",
        )
    reason = "".join(character for character in said if character.isprintable())[:200]
    if any(part in reason.lower() for part in _NO_NAME):
        reason = "the name is not known there"
    elif not reason:
        reason = "nobody answered in time" if "Timeout" in str(error) else "the connection failed"
    return DialError(
        f"seen from {name}: {reason[:1].lower()}{reason[1:]}",
        hint="check that the camera is switched on, that the receiver reaches its network, and that address and port "
        "are right",
    )
