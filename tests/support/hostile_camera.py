"""A camera on loopback that answers with whatever an attacker likes, byte by byte, for ever if need be."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

Attack = Callable[[str], Iterable[bytes]]
"""The head of a request → the pieces of the answer, each sent as soon as the one before has gone."""
MOST_BYTES = 64 * 1024 * 1024
"""What an endless answer ends with, so that an attack that succeeds does its harm to nobody else."""


@dataclass
class HostileCamera:
    """What its clients asked, and what became of the answers."""

    attack: Attack
    host: str = "127.0.0.1"
    port: int = 0
    heads: list[str] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    """Set once a whole request, or the first bytes of one, has come."""
    sent: int = 0
    raw: bool = False
    """Answer at once, without waiting for a request: what comes is TLS."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.raw else 'http'}://{self.host}:{self.port}"


@contextlib.contextmanager
def attacking(attack: Attack, *, raw: bool = False, host: str = "127.0.0.1") -> Iterator[HostileCamera]:
    """Run one for the body's time."""
    camera = HostileCamera(attack, host=host, raw=raw)
    over = threading.Event()
    with socket.create_server((host, 0), backlog=64) as server:
        camera.port = server.getsockname()[1]
        threads = [threading.Thread(target=_accept, args=(camera, server, over), daemon=True)]
        threads[0].start()
        try:
            yield camera
        finally:
            over.set()
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            threads[0].join(30)


def _accept(camera: HostileCamera, server: socket.socket, over: threading.Event) -> None:
    while not over.is_set():
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(camera, connection, over), daemon=True).start()


def _answer(camera: HostileCamera, connection: socket.socket, over: threading.Event) -> None:
    with contextlib.suppress(OSError), connection:
        while not over.is_set():
            head = ""
            while not camera.raw and "\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece.decode("latin-1")
            camera.heads.append(head)
            camera.asked.set()
            for piece in camera.attack(head):
                if over.is_set() or camera.sent > MOST_BYTES:
                    return
                connection.sendall(piece)
                camera.sent += len(piece)
            if camera.raw:
                return


def reply(body: bytes, *, status: str = "200 OK", headers: Iterable[str] = ()) -> bytes:
    """Return a whole answer, as an honest camera would send it."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def dripping(beginning: bytes, rest: bytes, *, every_s: float = 0.2) -> Attack:
    """Return the attack that sends `beginning`, then `rest` a byte at a time, again and again."""

    def attack(_: str) -> Iterator[bytes]:
        yield beginning
        while True:
            for byte in rest:
                time.sleep(every_s)
                yield bytes([byte])

    return attack


def flooding(beginning: bytes, rest: bytes) -> Attack:
    """Return the attack that sends `beginning`, then `rest` again and again, as fast as it goes."""

    def attack(_: str) -> Iterator[bytes]:
        yield beginning
        piece = rest * (1 + 65536 // len(rest))
        while True:
            yield piece

    return attack


_OK = b"HTTP/1.1 200 OK\r\n"
EIGHT_WAYS: dict[str, tuple[Attack, str]] = {
    "a header that drips": (dripping(_OK + b"X-Y: ", b"z"), "camera-timeout"),
    "a body that drips": (dripping(_OK + b"Content-Length: 60000\r\n\r\n", b"x"), "camera-timeout"),
    "a chunk line that never ends": (flooding(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"), "camera-reply"),
    "a body that never ends": (flooding(_OK + b"\r\n", b"x"), "camera-reply"),
    "a reply that is slow to read": (lambda _: [reply(b"pass" * 10_000)], "camera-reply"),
    "a page with escapes": (lambda _: [reply(b"<html>\x1b[2J\x1b]0;x\x07</html>")], "camera-reply"),
    "a place that is none": (
        lambda _: [reply(b"", status="302 Found", headers=["Location: http://["])],
        "camera-reply",
    ),
    "a login by digest": (
        lambda _: [reply(b"", status="401 Unauthorized", headers=['WWW-Authenticate: Digest realm="x", nonce="y"'])],
        "camera-login",
    ),
}
"""What a camera may do to hold up the others, and the kind of error that is then its own."""
