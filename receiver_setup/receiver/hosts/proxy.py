"""A connection that a command makes (ProxyCommand in ssh_config(5)), behind a real socket, on every platform."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from typing import IO, Any

_PIECE = 65536
_END_S = 1.0
"""How long a command may take to end by itself."""
_SHOWN = 300


class Proxy:
    """A running command; `socket` is our end of the connection, and whoever closes it ends the command.

    The command is no child of the terminal's, so that Ctrl-C leaves a way to take back what was done; it cannot ask
    there. Raises OSError where its shell cannot be started.
    """

    def __init__(self, command: str, *, name: str) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by the thread that ends the command
        try:
            self._process = _start(command, self._errors)
        except BaseException:
            self._errors.close()
            raise
        self.socket, self._far = socket.socketpair()
        self._problem = ""
        self._output_ended = threading.Event()
        self._back = threading.Thread(target=self._carry_back, name=f"proxy from {name}", daemon=True)
        self._there = threading.Thread(target=self._carry_there, name=f"proxy to {name}", daemon=True)
        self._back.start()
        self._there.start()

    def close(self) -> str:
        """End the command; return what it said on standard error, else how it ended by itself; else nothing."""
        self.socket.close()
        self._there.join()
        return self._problem

    def _carry_there(self) -> None:
        stdin = self._pipe(self._process.stdin)
        with contextlib.suppress(OSError):
            while data := self._far.recv(_PIECE):
                stdin.write(data)
                stdin.flush()
        with contextlib.suppress(OSError):
            stdin.close()
        self._end()

    def _carry_back(self) -> None:
        with contextlib.suppress(OSError), self._pipe(self._process.stdout) as output:
            while data := os.read(output.fileno(), _PIECE):
                self._far.sendall(data)
        self._output_ended.set()
        with contextlib.suppress(OSError):
            self._far.shutdown(socket.SHUT_WR)

    def _end(self) -> None:
        """End the command where it has not ended, and give everything back."""
        # One that closed its output ends by itself, and its exit code tells more than a signal of ours would.
        code = self._wait() if self._output_ended.is_set() else None
        if code is None:
            _signal(self._process, gently=True)
            if self._wait() is None:
                _signal(self._process, gently=False)
                self._process.wait()
        self._errors.seek(0)
        said = " ".join(self._errors.read().decode("utf-8", "replace").split())[-_SHOWN:]
        self._errors.close()
        self._problem = said or ("" if code is None else f"it ended with the exit code {code}")
        with contextlib.suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)
        self._back.join(_END_S)  # where somebody else has the pipe, it ends with them
        self._far.close()

    def _wait(self) -> int | None:
        try:
            return self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            return None

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        if pipe is None:
            raise OSError("the command has no pipe")
        return pipe


def _start(command: str, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors}
    if sys.platform == "win32":
        return subprocess.Popen(command, shell=True, creationflags=subprocess.CREATE_NEW_PROCESS_GROUP, **pipes)  # noqa: S602 - a command for a shell, by ssh_config(5)
    shell = os.environ.get("SHELL") or "/bin/sh"
    return subprocess.Popen([shell, "-c", f"exec {command}"], start_new_session=True, **pipes)


def _signal(process: subprocess.Popen[bytes], *, gently: bool) -> None:
    """End the command, and what it has started with it."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, signal.SIGHUP if gently else signal.SIGKILL)
