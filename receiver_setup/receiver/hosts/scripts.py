"""Scripts over a root shell that stays open: each connection is sent a part of the library once.

A script still runs in a shell process of its own, which ends with it: the open shell holds the library's parts as
text and pipes them to it. Nothing of a script stands in an argument of any process.
"""

import re
import secrets
import time
from abc import ABC, abstractmethod
from functools import partial

from receiver_setup.errors import ReceiverUnreachableError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.process.head_start import HeadStart
from receiver_setup.receiver.hosts import Chunk, Host, Output, Stream
from receiver_setup.receiver.script import READ_LIBRARY, Script

_ENDED_BY_SIGNAL = range(129, 255)
"""How a shell reports a child that a signal ended."""


class OpenShell:
    """One root shell that reads commands from standard input, and the parts of the library that it has."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._has: set[str] = set()

    def send(self, script: Script) -> tuple[int, bytes]:
        """Start `script`; return how many bytes were sent, and the line that stands before its exit status."""
        mark = secrets.token_hex(16)
        new = {name: text for name, text in script.parts.items() if name not in self._has}
        lines = [f"part_{name}={quote(text)}" for name, text in new.items()]
        lines.append(f"script={quote(script.text)}")
        texts = [f'"$part_{name}"' for name in script.parts if name not in script.stored]
        variable = ""
        if script.stored:
            library = "'\n'".join(f'"$part_{name}"' for name in script.stored)
            texts.insert(0, quote(READ_LIBRARY))
            variable = f"library={library} "
        lines.append(f"printf '%s\\n' {' '.join(texts)} \"$script\" | {variable}sh -s")
        lines.append(f"printf '\\n{mark} %s\\n' \"$?\"; printf '\\n{mark}\\n' >&2; unset script")
        data = ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")
        self.stream.send(data)
        self._has |= new.keys()
        return len(data), f"\n{mark}".encode()


class ScriptShell(ABC):
    """Runs scripts as root on one host, over shells that stay open until `close`."""

    def __init__(self, host: Host, *, timeout_s: float) -> None:
        self.host = host
        self._timeout_s = timeout_s
        self._begun: HeadStart[Stream] | None = None
        self._idle: list[OpenShell] = []
        """Shells without a script; the first was opened first and has most of the library."""

    @abstractmethod
    def _open(self, step: str) -> Stream:
        """Sign in where nobody has, and return the stream of a new root shell."""

    @abstractmethod
    def _report(self, step: str, sent: int, output: Output | None) -> None:
        """Log a script that has ended, or failed where there is no output."""

    @abstractmethod
    def _lost(self, step: str) -> ReceiverUnreachableError:
        """Return the error for a link that was lost."""

    @abstractmethod
    def _late(self, step: str) -> ReceiverUnreachableError:
        """Return the error for a step that did not end in time."""

    def begin(self) -> None:
        """Sign in and become root in the background; the next `run` goes on from there, or raises what that raised."""
        self._begun = HeadStart(partial(self._open, "sign in"))

    def run(self, script: Script, *, step: str, anew: bool = False) -> Output:
        """Run `script`; `step` names it in errors and in the trace. With `anew` it runs in a new shell.

        Raises `ReceiverSudoError` when root cannot be reached, `ReceiverUnreachableError` when the link is lost.
        """
        shell = self._take(step, anew=anew)
        output, sent = None, 0
        try:
            self.host.trips.begin()
            sent, mark = shell.send(script)
            output = self._collect(shell.stream, mark, step)
        finally:
            # One that does not wait for its next script is of no use any more.
            if output is None or output.status is None:
                shell.stream.close()
            else:
                self._idle.insert(len(self._idle) if anew else 0, shell)
            self._report(step, sent, output)
        if output.status is None:
            raise self._lost(step)
        return output

    def close(self) -> None:
        """End every shell, and every connection."""
        while self._idle:
            self._idle.pop().stream.close()
        self.host.close()

    def receive(self, stream: Stream, end_s: float, step: str) -> Chunk | None:
        """Return what comes next; None at the end. `end_s` is on the monotonic clock."""
        try:
            return stream.receive(max(end_s - time.monotonic(), 0.0))
        except TimeoutError as error:
            raise self._late(step) from error

    def _take(self, step: str, *, anew: bool) -> OpenShell:
        begun, self._begun = self._begun, None
        if begun is not None:
            return OpenShell(begun.result())
        while self._idle and not anew:
            shell = self._idle.pop(0)
            if shell.stream.waits():
                return shell
            shell.stream.close()
        return OpenShell(self._open(step))

    def _collect(self, stream: Stream, mark: bytes, step: str) -> Output:
        """Return what the script printed until `mark` came on both sides."""
        data, errors = bytearray(), bytearray()
        ends = re.compile(re.escape(mark) + rb" ([0-9]+)\n")
        end_s = time.monotonic() + self._timeout_s
        status = None
        seen_errors = -1
        while status is None or seen_errors < 0:
            chunk = self.receive(stream, end_s, step)
            if chunk is None:
                return Output(data=bytes(data), errors=errors.decode("utf-8", "replace"), status=None)
            (errors if chunk.error else data).extend(chunk.data)
            if chunk.error and seen_errors < 0:
                seen_errors = errors.find(mark, max(0, len(errors) - len(chunk.data) - len(mark)))
            elif not chunk.error and (found := ends.search(data, max(0, len(data) - len(chunk.data) - len(mark) - 8))):
                status = int(found[1])
                del data[found.start() :]
        del errors[seen_errors:]
        gone = status in _ENDED_BY_SIGNAL
        return Output(data=bytes(data), errors=errors.decode("utf-8", "replace"), status=None if gone else status)
