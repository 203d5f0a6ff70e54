"""This machine as the receiver."""

import os
import selectors
import socket
import subprocess
import sys
import threading
from collections import deque

from receiver_setup.receiver.hosts import Chunk, Trips

_ENDS_WITHIN_S = 0.5
"""A shell that waits for its next command, after the end of its input."""
_PIECE = 65536


class LocalHost:
    """Run commands here, in a shell; there is no login that could be locked out."""

    def __init__(self) -> None:
        self.name = f"this machine ({socket.gethostname()})"
        self.trips = Trips()

    def open(self, command: str) -> "LocalStream":
        """Start `command` in /bin/sh."""
        return LocalStream(command)

    def prove_login(self) -> bool:
        """Return False: nobody logs in to run commands here."""
        return False

    def close(self) -> None:
        """Nothing is open."""


class LocalStream:
    """One process of this machine, in a process group of its own so that Ctrl-C reaches us alone."""

    def __init__(self, command: str) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "SSH_CONNECTION"}
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            bufsize=0,
        )
        self._printed: deque[Chunk] = deque()
        """What was printed while we were still sending."""
        self._selector = selectors.DefaultSelector()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None  # noqa: S101 - a pipe was asked for above; this tells the type checker
            self._selector.register(pipe, selectors.EVENT_READ)

    def send(self, data: bytes) -> None:
        """Write all of `data`; a process that has ended already takes nothing more.

        What it prints meanwhile is read, or both sides would wait for each other for ever.
        """
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        if sys.platform != "win32":  # where no LocalHost is made
            os.set_blocking(pipe.fileno(), False)
        self._selector.register(pipe, selectors.EVENT_WRITE)
        view = memoryview(data)
        try:
            while view:
                for key, _ in self._selector.select():
                    if key.fileobj is pipe:
                        view = view[os.write(key.fd, view[:_PIECE]) :]
                    else:
                        self._read(key)
        except BrokenPipeError:
            self._selector.unregister(pipe)
            pipe.close()
        else:
            self._selector.unregister(pipe)

    def finish(self) -> None:
        """Close standard input."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def receive(self, timeout_s: float) -> Chunk | None:
        """Return the next piece of output; None when both pipes are at their end."""
        while not self._printed and self._selector.get_map():
            ready = self._selector.select(timeout_s)
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                self._read(key)
        return self._printed.popleft() if self._printed else None

    def status(self) -> int | None:
        """Wait for the process and return its exit status; None where a signal ended it."""
        status = self._process.wait()
        return status if status >= 0 else None

    def waits(self) -> bool:
        """Tell whether the process lives."""
        return self._process.poll() is None

    def close(self) -> None:
        """Close the pipes; a process that still runs gets its end of input and goes on to its end."""
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            threading.Thread(target=self._process.wait, daemon=True).start()

    def _read(self, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, _PIECE)
        if data:
            self._printed.append(Chunk(data=data, error=key.fileobj is self._process.stderr))
        else:
            self._selector.unregister(key.fileobj)
