"""The temporary SFTP server to which a camera uploads while it is recorded; needs neither root nor disk."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from receiver_setup.recording.paramiko_taps import Connection, Rules, describe_server, make_host_keys, serve
from receiver_setup.recording.sftp import SftpMemory

_VERSION = "SSH-2.0-OpenSSH_9.2p1 recording"
"""Like a usual receiver, because clients adapt to the name of the server."""
_MOST_CONNECTIONS = 12
_CLOSING_S = 3.0


@dataclass(slots=True, kw_only=True)
class Lesson:
    """One test upload: the accepted logins, the server's files, and what the client showed."""

    name: str
    rules: Rules
    folders: frozenset[str]
    refuse_open: int | None = None
    full_after: int | None = None
    key_types: Collection[str] = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
    connections: list[Connection] = field(default_factory=list)
    strangers: int = 0
    """Connections from other addresses than the camera's, which were closed immediately."""

    @property
    def stored(self) -> bool:
        """Whether a complete picture arrived, judged by its beginning and its size."""
        return any(
            file.jpeg and file.size for each in self.connections if each.sftp for file in each.sftp.files.values()
        )


class RecordingServer:
    """Listens on `host` while the context is open; `lesson` determines how it serves the next connections.

    Only `peers`, the camera's own addresses, are served. Raises OSError if it cannot listen.
    """

    def __init__(self, host: str, *, peers: Collection[str], end_at: float, family: int = socket.AF_INET) -> None:
        self.host_keys: Mapping[str, Any] = make_host_keys()
        self.lesson: Lesson | None = None
        self._peers = frozenset(peers)
        self._end_at = end_at
        self._began = time.monotonic()
        self._waker = socket.socketpair()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            self._listening.bind((host, 0))
            self._listening.listen(16)
        except OSError:
            self._listening.close()
            raise
        self.port = int(self._listening.getsockname()[1])
        self._starting = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True, name="recording-server")

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waker[0].send(b"!")
        self._accepting.join()
        self._listening.close()
        self.hang_up()
        for end in self._waker:
            end.close()

    def clock(self) -> int:
        """Return the milliseconds since the server began."""
        return round((time.monotonic() - self._began) * 1000)

    def describe(self) -> dict[str, Any]:
        """Return what the server offers."""
        return describe_server(self.host_keys)

    @contextlib.contextmanager
    def teaching(self, lesson: Lesson) -> Iterator[Lesson]:
        """Serve connections by this lesson; after the body, open ones get a moment to end."""
        self.lesson = lesson
        try:
            yield lesson
            end = time.monotonic() + _CLOSING_S
            for thread in self._started():
                thread.join(max(0.0, end - time.monotonic()))
        finally:
            self.lesson = None
            self.hang_up()

    def hang_up(self) -> None:
        """End every connection."""
        for plain in list(self._open):
            with contextlib.suppress(OSError):
                plain.shutdown(socket.SHUT_RDWR)
        for thread in self._started():
            thread.join(_CLOSING_S)
            self._threads.remove(thread)

    def _started(self) -> list[threading.Thread]:
        """Return the threads of connections, including those that serve already."""
        with self._starting:
            return list(self._threads)

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            selector.register(self._waker[1], selectors.EVENT_READ)
            while self._waker[1] not in {key.fileobj for key, _ in selector.select()}:
                with contextlib.suppress(OSError):
                    self._meet(*self._listening.accept())

    def _meet(self, plain: socket.socket, address: tuple[Any, ...]) -> None:
        lesson = self.lesson
        peer = str(address[0]).partition("%")[0].removeprefix("::ffff:")
        if lesson is None or peer not in self._peers or len(lesson.connections) >= _MOST_CONNECTIONS:
            if lesson is not None:
                lesson.strangers += 1
            plain.close()
            return
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        memory = SftpMemory(folders=lesson.folders, refuse_open=lesson.refuse_open, full_after=lesson.full_after)
        connection = Connection(began_ms=self.clock(), sftp=memory)
        lesson.connections.append(connection)
        thread = threading.Thread(
            target=self._serve, args=(plain, lesson, connection), daemon=True, name="recording-connection"
        )
        self._open.add(plain)
        with self._starting:
            thread.start()
            self._threads.append(thread)

    def _serve(self, plain: socket.socket, lesson: Lesson, connection: Connection) -> None:
        keys = {name: key for name, key in self.host_keys.items() if key.get_name() in lesson.key_types}
        try:
            serve(
                plain,
                connection,
                rules=lesson.rules,
                host_keys=keys,
                version=_VERSION,
                clock=self.clock,
                end_at=self._end_at,
            )
        finally:
            self._open.discard(plain)
