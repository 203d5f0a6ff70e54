"""A slow line: TCP relays that hold every piece of data back for a while in each direction, and count the trips.

The bandwidth stays what it is. A connection costs its handshake as well: the far side sees it after three trips, and
what the near side sent at once arrives no sooner.
"""

import asyncio
import threading
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

T = TypeVar("T")

_PIECE = 65_536


@dataclass(slots=True)
class Trips:
    """How often somebody waited for the far side: once for each connection, then whenever the near side speaks anew.

    >>> trips = Trips()
    >>> talk = trips.connect()
    >>> for speaker in ("near", "near", "far", "far", "near", "far"):
    ...     talk.speak(speaker)
    >>> trips.connections, trips.trips
    (1, 3)
    """

    connections: int = 0
    trips: int = 0

    def connect(self) -> "Talk":
        """Count a new connection."""
        self.connections += 1
        self.trips += 1
        return Talk(self)


@dataclass(slots=True)
class Talk:
    """One connection, and who spoke last on it."""

    counted: Trips
    last: str = ""

    def speak(self, who: str) -> None:
        """Note that `near` or `far` sent something."""
        self.counted.trips += who == "near" != self.last
        self.last = who


@dataclass(frozen=True, slots=True)
class Relay:
    """One relayed port: where it listens."""

    host: str
    port: int


@dataclass(slots=True)
class SlowLine:
    """Relays in a thread of their own, from `with` to its end; all count together."""

    host: str
    delay_s: float
    trips: Trips = field(default_factory=Trips)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _servers: list[asyncio.Server] = field(default_factory=list)
    _carrying: "set[asyncio.Task[None]]" = field(default_factory=set)
    """Held here, since a loop holds its tasks weakly."""

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever, name="slow-line")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()
        self._loop.close()

    def relay(self, host: str, port: int) -> Relay:
        """Listen on a free port for connections to (host, port)."""
        return self._wait(self._listen(host, port))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self, host: str, port: int) -> Relay:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer, (host, port))

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = self._loop.create_task(accept(reader, writer))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

        server = await asyncio.start_server(begin, self.host, 0)
        self._servers.append(server)
        return Relay(self.host, server.sockets[0].getsockname()[1])

    async def _end(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: tuple[str, int]) -> None:
        """Carry one connection until both sides have ended it."""
        talk = self.trips.connect()
        opens = self._loop.time() + 3 * self.delay_s
        sent: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        listening = asyncio.ensure_future(self._listen_to(reader, sent, talk, "near"))
        far_writer = None
        try:
            await self._sleep_until(opens)
            far_reader, far_writer = await asyncio.open_connection(*target)
            answered: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
            await asyncio.gather(
                self._hand_on(sent, far_writer),
                self._listen_to(far_reader, answered, talk, "far"),
                self._hand_on(answered, writer),
            )
        finally:
            listening.cancel()
            for end in (writer, far_writer):
                if end is not None:
                    end.close()

    async def _listen_to(
        self, reader: asyncio.StreamReader, heard: "asyncio.Queue[tuple[float, bytes]]", talk: Talk, who: str
    ) -> None:
        """Note what one side sends and when it is due at the other; nothing at all for its end."""
        while True:
            try:
                piece = await reader.read(_PIECE)
            except OSError:
                piece = b""
            if piece:
                talk.speak(who)
            heard.put_nowait((self._loop.time() + self.delay_s, piece))
            if not piece:
                return

    async def _hand_on(self, heard: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        while True:
            due, piece = await heard.get()
            await self._sleep_until(due)
            if not piece:
                with suppress(OSError):
                    writer.write_eof()
                return
            writer.write(piece)

    async def _sleep_until(self, due: float) -> None:
        await asyncio.sleep(max(0.0, due - self._loop.time()))
