"""The SSH connections of an uploader that runs in this process: one for each upload, with a deadline."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, Timer
from typing import TypeVar

import paramiko

from receiver_setup.emulator.camera.uploads import Result, UploadJob

T = TypeVar("T", bound=paramiko.Transport)


class FailedError(Exception):
    """The upload ends here with this result."""

    def __init__(self, result: Result, detail: object) -> None:
        super().__init__(str(detail) or type(detail).__name__)
        self.result = result


class Connections:
    """The connections that are open; `close` ends them, for any thread."""

    def __init__(self) -> None:
        self._open: set[paramiko.Transport] = set()
        self._closed = False
        self._lock = Lock()

    def close(self) -> None:
        """End uploads that are under way."""
        with self._lock:
            self._closed = True
            for transport in self._open:
                _hang_up(transport)

    @contextmanager
    def connected(self, job: UploadJob, make: Callable[[socket.socket], T]) -> Iterator[tuple[T, Callable[[], bool]]]:
        """Yield a transport, not yet started, and whether the deadline has come, at which it closes itself.

        Raises FailedError if there is no connection.
        """
        transport = make(_connect(job))
        late = Timer(job.timeout_s, _hang_up, (transport,))
        late.daemon = True
        with self._lock:
            self._open.add(transport)
            if self._closed:
                _hang_up(transport)
        late.start()
        try:
            yield transport, late.finished.is_set
        finally:
            late.cancel()
            late.join()
            with self._lock:
                self._open.discard(transport)
            _hang_up(transport)
            if transport.ident is not None:
                transport.join(job.timeout_s)


def _hang_up(transport: paramiko.Transport) -> None:
    """Close a transport, even one that was never started, which `close` would leave open."""
    transport.close()
    with suppress(OSError):
        transport.sock.shutdown(socket.SHUT_RDWR)
    transport.sock.close()


def _connect(job: UploadJob) -> socket.socket:
    try:
        return socket.create_connection((job.host, job.port), job.timeout_s)
    except TimeoutError as error:
        raise FailedError(Result.TIMEOUT, error) from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that IDNA cannot hold
        raise FailedError(Result.CANNOT_CONNECT, error) from error
