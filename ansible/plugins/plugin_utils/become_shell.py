"""A root shell on a receiver: Ansible's become plugin becomes root, and the script follows on standard input.

A script is sent only after the far side has confirmed that it is root, so it never ends up in a password prompt. A
password is sent only once, when prompted for. Neither is in an argument of any process.
"""

from __future__ import annotations

import logging
import shlex
import time
from collections.abc import Callable
from typing import Any

from receiver_setup.errors import ReceiverSudoError, ReceiverUnreachableError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.receiver.hosts import Chunk, Host, Output, Stream
from receiver_setup.receiver.hosts.scripts import ScriptShell

_log = logging.getLogger("receiver_setup.ansible")

ROOT = b"receiver-setup root\n"
NOT_ROOT = b"receiver-setup not root\n"
_LINK = b"receiver-setup link "
_INNER = (
    'if [ "$(id -u)" = 0 ]; then echo receiver-setup root; exec sh -s; else echo receiver-setup not root; exit 1; fi'
)
"""The command for the become plugin; its shell reads the script."""


class Becoming:
    """How a task becomes root: the plugin and its password; without a plugin the login must be root."""

    def __init__(self, plugin: Any | None, shell: Any) -> None:
        self.plugin = plugin
        self._shell = shell

    def inner(self) -> str:
        """Return the command that becomes root and confirms it."""
        return _INNER if self.plugin is None else str(self.plugin.build_become_command(_INNER, self._shell))

    def command(self) -> str:
        """Return the command for the login shell; it also reports SSH_CONNECTION, which sudo would drop."""
        told = f'echo "receiver-setup link ${{SSH_CONNECTION-}}"; {self.inner()}'
        return f"exec /bin/sh -c {shlex.quote(told)}"

    def asks(self, said: bytes) -> bool:
        """Return True if the output so far prompts for a password."""
        return self.plugin is not None and bool(self.plugin.prompt) and self.plugin.check_password_prompt(said)

    def password(self) -> str | None:
        """Return the password; None if the task has none."""
        found = self.plugin.get_option("become_pass") if self.plugin is not None else None
        return None if found is None else str(found)

    def refusal(self, name: str, said: str) -> ReceiverSudoError:
        """Return the error for a failed attempt to become root."""
        if self.plugin is None:
            return ReceiverSudoError(
                f"the login on {name} is not root, and the task does not become root",
                hint="write become: true at the task or the play",
            )
        method, user = self.plugin.name, self.plugin.get_option("become_user")
        if user not in (None, "", "root"):
            return ReceiverSudoError(
                f"the task becomes {user} on {name}, who is not root", hint="leave become_user out: root is its default"
            )
        if self.plugin.check_missing_password(said.encode()) or not self.password():
            return ReceiverSudoError(
                f"{method} on {name} asks for a password, and none was given: {said}",
                hint="set ansible_become_password, from a vault, or run the playbook with --ask-become-pass",
            )
        return ReceiverSudoError(
            f"{method} on {name} refused: {said}",
            hint="check ansible_become_password, and that this user may run commands as root there (sudo -l)",
        )


class BecomeShell(ScriptShell):
    """A root shell on any host that can start commands with streams."""

    def __init__(self, host: Host, becoming: Becoming, *, timeout_s: float = 60.0) -> None:
        super().__init__(host, timeout_s=timeout_s)
        self._becoming = becoming

    def _open(self, step: str) -> Stream:
        stream = self.host.open(self._becoming.command())
        end_s = time.monotonic() + self._timeout_s
        opening = _Opening(stream, self._becoming, self.host.name, lambda: self.receive(stream, end_s, step))
        try:
            link = opening.become_root(self._lost(step))
        except BaseException:
            stream.close()
            raise
        stream.send(f"RECEIVER_SETUP_CONNECTION={quote(link)}\nexport RECEIVER_SETUP_CONNECTION\n".encode())
        return stream

    def _report(self, step: str, sent: int, output: Output | None) -> None:
        took_s = time.monotonic() - self.host.trips.command_began_s
        said = "" if output is not None and output.status is not None else "failed, "
        _log.debug("receiver: %s, %s%.0f ms, %d bytes out", step, said, took_s * 1000, sent)

    def _lost(self, step: str) -> ReceiverUnreachableError:
        return ReceiverUnreachableError(
            f"the connection to {self.host.name} was lost during the step {step!r}",
            hint="run the playbook again: it finishes or undoes the interrupted run",
        )

    def _late(self, step: str) -> ReceiverUnreachableError:
        return ReceiverUnreachableError(
            f"{self.host.name} did not finish the step {step!r} in time",
            hint="run the playbook again; give a longer timeout for a slow receiver",
        )


class _Opening:
    """The first lines of a command, before it is root."""

    def __init__(self, stream: Stream, becoming: Becoming, name: str, receive: Callable[[], Chunk | None]) -> None:
        self._stream, self._becoming, self._name, self._receive = stream, becoming, name, receive
        self._out = self._errors = b""
        self._answered = False

    def become_root(self, lost: ReceiverUnreachableError) -> str:
        """Wait for the root shell, answering one password prompt; return SSH_CONNECTION.

        Raises `lost` if the connection ends first.
        """
        while ROOT not in self._out:
            chunk = self._receive()
            if chunk is None:
                raise lost if self._stream.status() is None else self._refusal()
            if chunk.error:
                self._errors += chunk.data
            else:
                self._out += chunk.data
            self._answer()
        greeting = self._out.partition(ROOT)[0]
        return greeting.rpartition(_LINK)[2].partition(b"\n")[0].decode("ascii", "replace")

    def _answer(self) -> None:
        # A prompt may be on either stream, and has no line end.
        if not self._becoming.asks(self._errors) and not self._becoming.asks(self._out):
            return
        password = self._becoming.password()
        if self._answered or password is None:
            raise self._refusal()
        self._answered = True
        self._out, self._errors = self._link_line(), b""
        self._stream.send(password.encode() + b"\n")

    def _link_line(self) -> bytes:
        _, sign, behind = self._out.rpartition(_LINK)
        return sign + behind.partition(b"\n")[0] + b"\n" if sign else b""

    def _refusal(self) -> ReceiverSudoError:
        """Return the error with the text of standard error, or else of standard output, on one line."""
        out = self._out.replace(self._link_line(), b"").replace(NOT_ROOT, b"")
        text = (self._errors.strip() or out).decode("utf-8", "replace")
        if self._becoming.plugin is not None:
            text = text.replace(str(self._becoming.plugin.prompt), "")
        return self._becoming.refusal(self._name, " ".join(text.split()) or "it gave no reason")
