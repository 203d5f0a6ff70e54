"""This machine as the receiver."""

import os
import selectors
import socket
import subprocess

from receiver_setup.receiver.hosts import Chunk, Trips

_PIECE = 65536


class LocalHost:
    """Run commands here, in a shell; there is no login that could be locked out."""

    def __init__(self) -> None:
        self.name = f"this machine ({socket.gethostname()})"
        self.trips = Trips()

    def open(self, command: str) -> "LocalStream":
        """Start `command` in /bin/sh."""
        self.trips.commands += 1
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
        self._selector = selectors.DefaultSelector()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None  # noqa: S101 - a pipe was asked for above; this tells the type checker
            self._selector.register(pipe, selectors.EVENT_READ)

    def send(self, data: bytes) -> None:
        """Write all of `data`; a process that has ended already takes nothing more."""
        pipe = self._process.stdin
        if pipe is None or pipe.closed:
            return
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(pipe.fileno(), view[:_PIECE]) :]
        except BrokenPipeError:
            pipe.close()

    def finish(self) -> None:
        """Close standard input."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def receive(self, timeout_s: float) -> Chunk | None:
        """Return the next piece of output; None when both pipes are at their end."""
        while self._selector.get_map():
            ready = self._selector.select(timeout_s)
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                data = os.read(key.fd, _PIECE)
                if data:
                    return Chunk(data=data, error=key.fileobj is self._process.stderr)
                self._selector.unregister(key.fileobj)
        return None

    def status(self) -> int | None:
        """Wait for the process and return its exit status."""
        return self._process.wait()

    def close(self) -> None:
        """Close the pipes; a process that still runs gets its end of input and is waited for."""
        self._selector.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._process.wait()
