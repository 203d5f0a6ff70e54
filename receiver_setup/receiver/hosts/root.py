"""Run a script as root over any carrier: directly, by sudo with or without a password, by doas or by su.

The script arrives on standard input and only after the far side has said that it is root, so that neither a script
ends up in sudo's password prompt nor a password in a shell.
"""

import contextlib
import logging
import re
import time
from collections.abc import Callable
from typing import NoReturn

from receiver_setup.errors import ReceiverSudoError, ReceiverUnreachableError
from receiver_setup.receiver.hosts import Chunk, Host, Output, Stream
from receiver_setup.receiver.hosts.scripts import ScriptShell
from receiver_setup.secrets import Secret
from receiver_setup.trace.tracing import log_trip

_log = logging.getLogger(__name__)

_READY = b"receiver-setup ready\n"
_ASKS = b"receiver-setup asks\n"
_SU_ASKS = b"receiver-setup su asks\n"
_NO_DOAS = b"receiver-setup no doas\n"
_NO_SUDO = b"receiver-setup no sudo\n"
_NO_TERMINAL = b"receiver-setup no terminal\n"
_PROMPT = b"receiver-setup password:"
_SIGNS = (_READY, _ASKS, _SU_ASKS, _NO_DOAS, _NO_SUDO, _NO_TERMINAL)
# sudo-rs puts the prompt that it is given between words of its own; su has but its own.
_PROMPTS = re.compile(rb"(\[sudo: )?receiver-setup password:(\] Password: ?)?|^Password: ?")

# Quoted once, by single quotes, for whatever login shell the administrator has; so none stand inside.
_BOOTSTRAP = (
    "exec sh -c '"
    'go="echo receiver-setup ready; exec sh -s"; '
    "link=RECEIVER_SETUP_CONNECTION=$SSH_CONNECTION; "
    'if [ "$(id -u)" = 0 ]; then exec env "$link" sh -c "$go"; fi; '
    "if ! command -v sudo >/dev/null 2>&1; then "
    # doas reads a password from a terminal alone.
    "if command -v doas >/dev/null 2>&1; then "
    'doas -n true 2>/dev/null && exec doas -n env "$link" sh -c "$go"; echo receiver-setup no doas; exit 1; fi; '
    "if command -v su >/dev/null 2>&1; then echo receiver-setup su asks; "
    'exec su -s /bin/sh -c "export RECEIVER_SETUP_CONNECTION=\\"$SSH_CONNECTION\\"; $go" root; fi; '
    "echo receiver-setup no sudo; exit 1; fi; "
    'why=$(LC_ALL=C sudo -n true 2>&1) && exec sudo -n env "$link" sh -c "$go"; '
    # With requiretty sudo refuses before it asks: a password would be typed for nothing.
    'case "$why" in *" tty "*) echo receiver-setup no terminal; exit 1 ;; esac; '
    "echo receiver-setup asks; "
    'exec sudo -S -p "receiver-setup password:" env "$link" sh -c "$go"'
    "'"
)


_SHARE_OF_FIRST_SIGN = 0.5
"""Of a step's time, for the login shell to come to our command: what keeps it is told before the step's own end."""
_AFTER_END_OF_INPUT_S = 5.0
_SHOWN = 200


class RootShell(ScriptShell):
    """A root shell on a host; knows how root is reached there, and asks for a password only when it is needed.

    `root_password` is asked where there is only su; by default it is the one for sudo.
    """

    def __init__(
        self,
        host: Host,
        *,
        sudo_password: Callable[[], Secret | None],
        root_password: Callable[[], Secret | None] | None = None,
        timeout_s: float = 60.0,
    ) -> None:
        super().__init__(host, timeout_s=timeout_s)
        self._ask = sudo_password
        self._ask_root = root_password or sudo_password

    def _open(self, step: str) -> Stream:
        stream = self.host.open(_BOOTSTRAP)
        try:
            self._become_root(stream, step)
        except BaseException:
            stream.close()
            self.host.trips.begin()
            self._report(step, 0, None)
            raise
        return stream

    def _report(self, step: str, sent: int, output: Output | None) -> None:
        ended = output is not None and output.status is not None
        log_trip(
            _log,
            "commands",
            where=self.host.name,
            name=step,
            began_s=self.host.trips.command_began_s,
            said="ended" if ended else "failed",
            sent=sent,
            received=None if output is None else len(output.data) + len(output.errors.encode()),
        )

    def _become_root(self, stream: Stream, step: str) -> None:
        end_s = time.monotonic() + self._timeout_s
        said = _Conversation(stream, lambda: self.receive(stream, end_s, step))
        line = self._first_sign(stream, said)
        if not line:
            self._explain_silence(stream, said, step)
        if line == _NO_SUDO:
            raise ReceiverSudoError(
                f"{self.host.name} has no sudo, doas or su, and this login is not root",
                hint="sign in as root, or install sudo there and allow it for this user",
            )
        if line == _NO_TERMINAL:
            raise ReceiverSudoError(
                f"sudo on {self.host.name} wants a terminal (requiretty), and this login has none",
                hint="let it do without one for this user (sudo visudo: `Defaults:USER !requiretty`), "
                "or sign in as root",
            )
        if line == _NO_DOAS:
            raise ReceiverSudoError(
                f"{self.host.name} has no sudo, and its doas does not do without a password for this login",
                hint="permit it there (doas.conf: `permit nopass USER as root`), install sudo, or sign in as root",
            )
        program = "su" if line == _SU_ASKS else "sudo"
        if line in {_ASKS, _SU_ASKS}:
            password = self._ask() if line == _ASKS else self._ask_root()
            if password is None:
                raise self._no_password(program)
            stream.send(password.reveal().encode() + b"\n")
            line = said.sign(prompts=1)
        if line != _READY:
            whose = "root's password" if program == "su" else "the sudo password"
            raise ReceiverSudoError(
                f"{program} on {self.host.name} refused: {said.problem()}",
                hint=f"check {whose}, and that this user may become root"
                + (" (sudo -l)" if program == "sudo" else ", or sign in as root"),
            )

    def _no_password(self, program: str) -> ReceiverSudoError:
        ways = "set RECEIVER_SETUP_SUDO_PASSWORD, or give --sudo-password-file FILE, or run it in a terminal"
        if program == "sudo":
            return ReceiverSudoError(f"sudo on {self.host.name} asks for a password, and none was given", hint=ways)
        return ReceiverSudoError(
            f"{self.host.name} has no sudo, su asks for root's password there, and none was given",
            hint=f"sign in as root, install sudo there, or for su with root's password: {ways}",
        )

    def _first_sign(self, stream: Stream, said: "_Conversation") -> bytes:
        """Return our command's first line; raises ReceiverSudoError where the login shell does not come to it."""
        try:
            return said.sign(within_s=self._timeout_s * _SHARE_OF_FIRST_SIGN)
        except TimeoutError:
            pass
        # One that waits for input goes on at the end of it; that is asked, since nothing else tells it apart.
        shown = said.so_far()
        stream.finish()
        with contextlib.suppress(TimeoutError):
            if said.sign(within_s=_AFTER_END_OF_INPUT_S):
                raise ReceiverSudoError(
                    f"the login shell on {self.host.name} waits for input before it runs anything{shown}",
                    hint="look for read, select or a program that asks in this user's ~/.bashrc (or whatever its shell "
                    "reads) there, and put it behind: case $- in *i*) ;; *) return ;; esac",
                )
        raise ReceiverSudoError(
            f"the login shell on {self.host.name} ran nothing within {self._timeout_s * _SHARE_OF_FIRST_SIGN:g} s"
            f"{shown}",
            hint=f"try it by hand: ssh {self.host.name} true; look at what this user's ~/.bashrc (or whatever its "
            "shell reads) waits for there",
        )

    def _explain_silence(self, stream: Stream, said: "_Conversation", step: str) -> NoReturn:
        if stream.status() is None:
            raise self._lost(step)
        raise ReceiverSudoError(
            f"{self.host.name} does not run commands for this login: {said.problem()}",
            hint="check this user's login shell there; it must run what is given to it",
        )

    def _lost(self, step: str) -> ReceiverUnreachableError:
        return ReceiverUnreachableError(
            f"the connection to {self.host.name} was lost during the step “{step}”",
            hint="run the same command again: it finishes or takes back what is half done",
        )

    def _late(self, step: str) -> ReceiverUnreachableError:
        return ReceiverUnreachableError(
            f"{self.host.name} did not finish the step “{step}” in time",
            hint="run the same command again; give a longer --timeout for a slow receiver",
        )


class _Conversation:
    """The first lines of a command, before it is root."""

    def __init__(self, stream: Stream, receive: Callable[[], Chunk | None]) -> None:
        self._stream = stream
        self._receive = receive
        self._out = b""
        self._errors = b""
        self._greeting = b""

    def sign(self, *, prompts: int | None = None, within_s: float | None = None) -> bytes:
        """Return the next of our own lines; empty at the end, or at more password prompts than `prompts`.

        What stands before it is a login shell's greeting, whose last line may lack its end. Raises TimeoutError where
        there is none `within_s`.
        """
        end = None if within_s is None else time.monotonic() + within_s
        while line := self._line(prompts, end):
            for sign in _SIGNS:
                if line.endswith(sign):
                    return sign
            self._greeting += line
        return b""

    def _line(self, prompts: int | None, end: float | None) -> bytes:
        while b"\n" not in self._out:
            if prompts is not None and self._errors.count(_PROMPT) > prompts:
                return b""
            chunk = self._receive() if end is None else self._stream.receive(max(end - time.monotonic(), 0.0))
            if chunk is None:
                return b""
            if chunk.error:
                self._errors += chunk.data
            else:
                self._out += chunk.data
        line, _, self._out = self._out.partition(b"\n")
        return line + b"\n"

    def so_far(self) -> str:
        """Return what was printed until now, as the end of a sentence; empty for nothing."""
        text = (self._greeting + self._out + self._errors).decode("utf-8", "replace")
        shown = " ".join("".join(each if each.isprintable() else " " for each in text).split())[-_SHOWN:]
        return f": it printed “{shown}”" if shown else ""

    def problem(self) -> str:
        """Return what standard error said, else standard output, on one line and without prompts."""
        text = (_PROMPTS.sub(b"", self._errors).strip() or self._greeting).decode("utf-8", "replace")
        return " ".join(text.split()) or "it gave no reason"
