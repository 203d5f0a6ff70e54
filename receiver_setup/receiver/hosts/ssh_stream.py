"""One command on a channel of paramiko's."""

import logging
import select
from contextlib import suppress

from receiver_setup.process.interrupts import shielded
from receiver_setup.receiver.hosts import Chunk
from receiver_setup.receiver.hosts.paramiko_alone import paramiko
from receiver_setup.receiver.hosts.tunnel import LINK_ERRORS

_log = logging.getLogger(__name__)
_PIECE = 65536


class SshStream:
    """One command on a channel. A link that goes at any moment is no error here: the status is None then.

    paramiko takes its locks in a way that an interruption between two lines leaves them taken for ever, so that none
    may come while it is at work; only to wait for output can be interrupted.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._lost = False

    def send(self, data: bytes) -> None:
        """Write all of `data`."""
        try:
            with shielded():
                self._channel.sendall(data)
        except LINK_ERRORS:
            _log.debug("the far side closed its input")

    def finish(self) -> None:
        """Close standard input."""
        with suppress(*LINK_ERRORS), shielded():
            self._channel.shutdown_write()

    def receive(self, timeout_s: float) -> Chunk | None:
        """Return the next piece of output; None when the channel is at its end."""
        while True:
            try:
                with shielded():
                    chunk, ended = self._take()
            except LINK_ERRORS:
                # It was read, and lost where its receipt was to be told: what came is not whole.
                self._lost = True
                return None
            if chunk is not None or ended:
                return chunk
            if not select.select([self._channel], [], [], min(timeout_s, 0.5))[0]:
                timeout_s -= 0.5
                if timeout_s <= 0:
                    raise TimeoutError

    def _take(self) -> tuple[Chunk | None, bool]:
        """Return what lies here, if anything, and whether there will be no more."""
        # In this order: what came before the end is here once the end is seen.
        ended = bool(self._channel.closed or (self._channel.eof_received and self._channel.exit_status_ready()))
        if self._channel.recv_stderr_ready():
            return Chunk(data=self._channel.recv_stderr(_PIECE), error=True), False
        if self._channel.recv_ready():
            return Chunk(data=self._channel.recv(_PIECE), error=False), False
        return None, ended

    def status(self) -> int | None:
        """Return the exit status; None where the link went first."""
        status = self._channel.recv_exit_status() if self._channel.exit_status_ready() else -1
        return None if status < 0 or self._lost else status

    def waits(self) -> bool:
        """Tell whether the channel is open and its command has not ended."""
        transport = self._channel.get_transport()
        ended = self._channel.closed or self._channel.eof_received or self._channel.exit_status_ready()
        return not ended and transport is not None and transport.is_active()

    def close(self) -> None:
        """Close the channel; what runs there goes on to its end."""
        with suppress(*LINK_ERRORS), shielded():
            self._channel.close()


def start_command(transport: paramiko.Transport, command: str, *, timeout_s: float) -> SshStream:
    """Start a command on a channel of its own; raises what paramiko raises."""
    with shielded():
        channel = transport.open_session(timeout=timeout_s)
        channel.exec_command(command)
    return SshStream(channel)
