"""The command on a terminal of its own, and the person who types."""

import os
import select
import subprocess
import time
from typing import Any

import pytest

from support.bench import CAMERA_PASSWORD, Bench
from support.command import start, start_inside, start_program

IS_IT_HERE = "Is the receiver this machine? [Y/n]: "


class Terminal:
    """The command on a terminal of its own, and the person who types."""

    def __init__(  # noqa: PLR0913 - what a test may choose
        self,
        bench: Bench,
        *options: str,
        password: str | None = CAMERA_PASSWORD,
        user: str | None = None,
        program: list[str] | None = None,
        real: bool = False,
        system: str | None = None,
    ) -> None:
        """Start `setup` here, or as `user` on the receiver itself; or another `program` there, as root.

        `real`: by an interpreter of its own, see command.py; `system`: as on another one, see elsewhere.py.
        """
        self.screen = ""
        self._read = 0
        self._ours, theirs = os.openpty()
        environment = {**os.environ, **bench.environment, "TERM": "dumb", "COLUMNS": "1000"}
        environment.pop("RECEIVER_SETUP_CAMERA_PASSWORD", None)
        if password is not None:
            environment["RECEIVER_SETUP_CAMERA_PASSWORD"] = password
        # As the controlling terminal, Ctrl-C is a signal on it and passwords are asked for there.
        on_terminal: dict[str, Any] = {"stdin": theirs, "stdout": theirs, "stderr": theirs, "env": environment}
        pid = str(bench.receiver.pid)
        self.process: subprocess.Popen[Any]
        if program is not None:
            there = ["nsenter", "--target", pid, "--mount", "--pid", "--net", "--root", "--wd", "--"]
            self.process = subprocess.Popen(["setsid", "--ctty", "--wait", *there, *program], **on_terminal)
        elif user is not None:
            self.process = start_inside(pid, user, "cli", "setup", *options, terminal=True, real=real, **on_terminal)
        elif system is not None:
            line = ("elsewhere", system, "setup", *options)
            self.process = start_program(*line, terminal=True, real=True, **on_terminal)
        else:
            self.process = start("setup", *options, terminal=True, real=real, **on_terminal)
        os.close(theirs)

    def wait_for(self, text: str, *, timeout_s: float = 30) -> str:
        """Return what the screen shows up to `text`, from where the last call ended."""
        end = time.monotonic() + timeout_s
        while text not in self.screen[self._read :]:
            if not self._more(end):
                pytest.fail(f"no {text!r} on the screen, but: {self.screen[self._read :]!r}")
        start, self._read = self._read, self.screen.index(text, self._read) + len(text)
        return self.screen[start : self._read]

    def type(self, text: str) -> None:
        """Type; the line discipline turns a Ctrl-C into a signal."""
        os.write(self._ours, text.encode())

    def answer(self, question: str, answer: str) -> str:
        """Wait for a question at the end of the screen, and answer it."""
        shown = self.wait_for(question)
        time.sleep(0.05)
        self._more(time.monotonic())
        assert self.screen[self._read :] == "", "one question at a time"
        self.type(answer + "\n")
        return shown

    def end(self) -> int:
        """Read on to the end; return the exit code."""
        while self._more(time.monotonic() + 60):
            pass
        os.close(self._ours)
        return self.process.wait(timeout=10)

    def interrupt(self) -> int:
        """Type Ctrl-C where it waits; return the exit code."""
        time.sleep(0.05)
        self.type("\x03")
        return self.end()

    def rest(self) -> str:
        """Return what came after the last wait."""
        return self.screen[self._read :]

    def _more(self, end: float) -> bool:
        if not select.select([self._ours], [], [], max(end - time.monotonic(), 0))[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the last process on it has gone
            return False
        self.screen += data.decode().replace("\r\n", "\n")
        return bool(data)
