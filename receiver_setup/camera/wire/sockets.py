"""Sockets for connections to a camera, with a deadline and a byte limit for a whole exchange.

Both are enforced below TLS and HTTP, so they also apply to lines that never end or arrive slowly. Another thread can
end an exchange by closing its socket.
"""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from receiver_setup.compat import WAIT_S
from receiver_setup.dialling import Dial
from receiver_setup.process.head_start import HeadStart

_MOST_BYTES = 256 * 1024
"""Limit for one answer, including headers and chunk lines; the longest known answer is below 4 KiB."""
_KEPT = 2048
"""Bytes kept from the beginning of an exchange, to recognise the service."""
_GRACE_S = 0.5


class Limit(Enum):
    """Why this side ended an exchange."""

    TIME = auto()
    BYTES = auto()
    INTERRUPTED = auto()


class LimitError(OSError):
    """This side ended the exchange; `Wire.reached` says why."""


class Wire:
    """The limits of the current exchange with one camera, shared by its connections.

    One exchange at a time; `cut`, `resume` and `undisturbed` are thread-safe.
    """

    def __init__(self) -> None:
        self.reached: Limit | None = None
        """The limit that ended the exchange, if any."""
        self.beginning = b""
        """The first bytes received in this exchange, decrypted if it uses TLS."""
        self.opened = False
        """Whether this exchange opened a connection, and …"""
        self.secured = False
        """… whether a TLS handshake was completed on it."""
        self.plain = type("PlainSocket", (_Limited, socket.socket), {"wire": self})
        self.secure = type("SecureSocket", (_Limited, ssl.SSLSocket), {"wire": self})
        """The `sslsocket_class` for TLS contexts."""
        self._changing = threading.Lock()
        self._deadline = 0.0
        self._bytes = 0
        self._socket: socket.socket | None = None
        self._opening: HeadStart[socket.socket] | None = None
        self._under_way = False
        self._spared = ""
        self._cut = threading.Event()
        self._undisturbed = 0

    @contextlib.contextmanager
    def exchange(self, *, within_s: float, spare: str = "") -> Iterator[None]:
        """Enforce the limits for one exchange; one with a `spare` name is not ended by `cut`. Raises `LimitError`."""
        with self._changing:
            self.reached = Limit.INTERRUPTED if self._cut.is_set() else None
            self.check()
            self._deadline = time.monotonic() + within_s
            self._bytes = 0
            self.beginning, self.opened, self.secured = b"", False, False
            self._under_way, self._spared = True, spare
        try:
            yield
        finally:
            with self._changing:
                self._under_way, self._spared, self._socket = False, "", None

    def open(self, host: str, port: int, dial: Dial, *, within_s: float) -> socket.socket:
        """Open a connection that enforces the limits, within `within_s`. Raises OSError.

        Runs in a separate thread, because neither a name lookup nor a dialler can be interrupted.
        """
        within_s = min(within_s, self._left())
        opening = HeadStart(lambda: dial(host, port, within_s))
        try:
            with self._changing:
                self.check()
                self._opening = opening
            # A dialler that times out by itself gives a better reason.
            opened = opening.result(within_s=within_s + _GRACE_S)
        except BaseException:
            opening.discard(socket.socket.close)
            raise
        finally:
            with self._changing:
                self._opening = None
        limited: socket.socket = self.plain(opened.family, opened.type, opened.proto, fileno=opened.detach())
        self.opened, self.secured = True, False
        limited.settimeout(None)  # each use sets the remaining time
        return limited

    def cut(self, *, everything: bool = False) -> tuple[str, float] | None:
        """End the current exchange, and prevent new ones until `resume`.

        An exchange with a name in `spare` continues unless `everything`; its name and remaining seconds are returned.
        """
        with self._changing:
            if self._undisturbed:
                return None
            self._cut.set()
            if self._spared and not everything:
                return self._spared, max(0.0, self._deadline - time.monotonic())
            if self._under_way:
                self._spared = ""
                self.reached = self.reached or Limit.INTERRUPTED
            if self._opening is not None:
                self._opening.abandon()
            if self._socket is not None:
                _shut(self._socket)
        return None

    def resume(self) -> None:
        """Allow exchanges again."""
        self._cut.clear()

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Protect the body's exchanges from `cut`."""
        with self._changing:
            was_cut = self._cut.is_set()
            self._undisturbed += 1
            self._cut.clear()
        try:
            yield
        finally:
            with self._changing:
                self._undisturbed -= 1
                if was_cut:
                    self._cut.set()

    def wait(self, seconds: float) -> None:
        """Wait between two exchanges; `cut` ends the wait."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not self._cut.wait(min(left, WAIT_S)):
            pass

    def check(self) -> None:
        """Raise `LimitError` if this side ended the exchange."""
        if self.reached is not None:
            raise LimitError(f"ended already: {self.reached.name}")

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            self.reached = self.reached or Limit.TIME
            raise LimitError("too late")
        return left

    def begin_wait(self, waiting: socket.socket) -> float:
        """Register the socket that is about to wait; return its timeout. Raises `LimitError`."""
        with self._changing:
            self.check()
            self._socket = waiting
            return self._left()

    def count(self, received: memoryview) -> None:
        """Count received bytes. Raises `LimitError` once there are too many."""
        self._bytes += len(received)
        if len(self.beginning) < _KEPT:
            self.beginning += received[: _KEPT - len(self.beginning)]
        if self._bytes > _MOST_BYTES:
            self.reached = self.reached or Limit.BYTES
            raise LimitError("too many bytes")

    def note_timeout(self) -> None:
        """Record that a socket timed out."""
        self.reached = self.reached or Limit.TIME


class _Limited:
    """A socket that enforces the limits of its `wire`; mixed into plain and TLS sockets.

    The HTTP library reads only by `recv_into` and writes by `sendall`.
    """

    wire: Wire

    if TYPE_CHECKING:

        def settimeout(self, value: float | None, /) -> None: ...

    def do_handshake(self, *arguments: Any, **options: Any) -> None:
        """Shake hands."""
        with self._limited():
            super().do_handshake(*arguments, **options)  # type: ignore[misc]  # of SSLSocket, which alone is asked
        self.wire.secured = True

    def sendall(self, *arguments: Any, **options: Any) -> None:
        """Send all of it."""
        with self._limited():
            super().sendall(*arguments, **options)  # type: ignore[misc]  # of the other base

    def recv_into(self, buffer: Any, *arguments: Any, **options: Any) -> int:
        """Receive into a buffer."""
        with self._limited():
            received: int = super().recv_into(buffer, *arguments, **options)  # type: ignore[misc]  # as above
        self.wire.count(memoryview(buffer)[:received])
        return received

    @contextlib.contextmanager
    def _limited(self) -> Iterator[None]:
        self.settimeout(self.wire.begin_wait(self))  # type: ignore[arg-type]  # it is one
        try:
            yield
        except TimeoutError:
            self.wire.note_timeout()
            raise


def _shut(waiting: socket.socket) -> None:
    """Wake the threads that wait for a socket; by the plain shutdown, since that of TLS would drop state in use."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(waiting, socket.SHUT_RDWR)


def dial_directly(host: str, port: int, within_s: float) -> socket.socket:
    """Open a TCP connection from this machine, trying the addresses of a name in order. Raises OSError."""
    end = time.monotonic() + within_s
    failure: OSError | None = None
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for number, (family, kind, protocol, _, address) in enumerate(found):
        opened = socket.socket(family, kind, protocol)
        try:
            # Share the remaining time, so that an address that does not answer leaves some for the next one.
            opened.settimeout(max(0.001, end - time.monotonic()) / (len(found) - number))
            opened.connect(address)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            opened.close()
            failure = error
        else:
            return opened
    raise failure or OSError("the name has no address")
