"""Sign in over a connection whose host key was checked: keys, agent, passwords, and a second factor where asked.

Source: RFC 4252 (partial success goes on with the next method), RFC 4256 (keyboard-interactive).
"""

import contextlib
import logging
import os
import queue
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver_setup.errors import ReceiverError, ReceiverLoginError, ReceiverUnreachableError
from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.receiver.hosts.paramiko_alone import paramiko
from receiver_setup.receiver.hosts.ssh_errors import LOGIN_HINT
from receiver_setup.receiver.hosts.tunnel import Transport
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)
_PUBLIC_KEY, _PASSWORD, _INTERACTIVE = "publickey", "password", "keyboard-interactive"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_PASSWORD_PROMPT = re.compile(r"password|passwort|kennwort|mot de passe|contraseña|senha", re.IGNORECASE)
_OTHER_SECRET = re.compile(r"one.?time|otp|oath|token|verification|new|retype|current", re.IGNORECASE)
_PROMPT_SHOWN = 120

Ask = Callable[[], Secret | None]
Answer = Callable[[str, bool], Secret | None]
"""Ask a person a server's question, which may be shown while it is typed or not; None where nobody can be asked."""

_Questions = tuple[str, str, list[tuple[str, bool]]]
"""Title, instructions, and prompts, each with whether the answer may be shown (RFC 4256 section 3.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What there is to sign in with, in this order. `identities` may be missing but for those that were `asked_for`."""

    identities: Sequence[Path]
    asked_for: bool
    agent: str | None
    agent_only_for_identities: bool
    password: Ask
    answer: Answer


class HungUpError(ReceiverLoginError):
    """The server ended the connection while nothing but keys was tried."""


class SshLogin:
    """One login over one connection."""

    def __init__(self, transport: Transport, credentials: Credentials, *, user: str, name: str) -> None:
        self._transport = transport
        self._with = credentials
        self._user = user
        self._name = name
        self._methods: set[str] | None = None
        """That the server takes next; None while it has not said."""
        self._problem: Exception | None = None
        """Why a key could not be used; told where nothing else signs in."""
        self._refused: list[str] = []
        self._password_used = False
        self._answered = False
        """Whether a password or an answer was sent: none is sent again by itself."""

    def sign_in(self) -> None:
        """Sign in; raises ReceiverLoginError with what was refused, and what paramiko raises for a lost link."""
        with _keys(self._with) as keys:
            key = next(keys, None)
            while not self._transport.is_authenticated():
                if self._takes(_PUBLIC_KEY, guess=True) and key is not None:
                    # One that came too early has its turn later: password first, then a key.
                    key = next(keys, None) if self._try_key(key) else key
                    continue
                if self._methods is None:
                    self._ask_methods()
                    continue
                self._go_on()

    def _takes(self, method: str, *, guess: bool = False) -> bool:
        return guess if self._methods is None else method in self._methods

    def _try_key(self, key: "paramiko.PKey | Exception") -> bool:
        if isinstance(key, Exception):
            self._problem = self._problem or key
            return True
        return self._attempt(lambda: self._transport.auth_publickey(self._user, key), "a key")

    def _ask_methods(self) -> None:
        """Learn what the server takes, by a method that is none (RFC 4252 section 5.2)."""
        self._attempt(lambda: self._transport.auth_none(self._user), "a login with nothing")

    def _go_on(self) -> None:
        """Use a password or answer questions; raises where neither is taken or to be had."""
        if self._problem is not None and self._with.asked_for:
            raise self._problem
        if self._takes(_PASSWORD) and not self._password_used:
            password = self._with.password()
            if password is not None:
                self._password_used = self._answered = True
                self._attempt(
                    lambda: self._transport.auth_password(self._user, password.reveal(), fallback=False), "the password"
                )
                return
        if self._takes(_INTERACTIVE) and "the password" not in self._refused:
            self._attempt(self._answer_questions, "the answer")
            return
        raise self._out_of_means()

    def _attempt(self, method: Callable[[], Sequence[str]], what: str) -> bool:
        """Use a method; False where the server does not take it now, and has said what it takes."""
        try:
            left = method()
        except paramiko.BadAuthenticationType as error:
            self._methods = set(error.allowed_types)
            return False
        except paramiko.AuthenticationException as error:
            if not self._transport.is_active():
                raise self._hung_up() from error
            if "timeout" in str(error).lower():
                raise
            if what != "a key":
                raise ReceiverLoginError(
                    f"{self._name} refused the login: {what} was refused", hint="check the password, and USER"
                ) from error
            self._refused.append(what)
        except (EOFError, ConnectionError) as error:
            raise self._hung_up() from error
        else:
            if left:
                _log.debug("%s: %s was taken, and it wants %s as well", self._name, what, " or ".join(left))
                self._methods = set(left)
        return True

    def _hung_up(self) -> ReceiverLoginError:
        why = _clean(self._transport.farewell)
        kind = ReceiverLoginError if self._answered else HungUpError
        return kind(
            f"{self._name} ended the connection during the login{f': {why}' if why else ''}",
            hint="if that is for too many keys, give the right one by --identity, or by IdentityFile and "
            "IdentitiesOnly yes in the ssh configuration; else look at sshd's log there",
        )

    def _out_of_means(self) -> ReceiverError:
        if self._problem is not None:
            raise self._problem
        methods = " or ".join(sorted(self._methods or ())) or "nothing"
        keys = len(self._refused)
        tried = {0: "there was no key to offer", 1: "a key was refused"}.get(keys, f"{keys} keys were refused")
        return ReceiverLoginError(f"{self._name} refused the login: {tried}, and it takes {methods}", hint=LOGIN_HINT)

    def _answer_questions(self) -> Sequence[str]:
        """Answer by keyboard-interactive, in this thread: paramiko asks in its own, where nobody can be asked."""
        talk: queue.SimpleQueue[_Questions | Future[Sequence[str]]] = queue.SimpleQueue()
        answers: queue.SimpleQueue[list[str]] = queue.SimpleQueue()

        def handle(*questions: Any) -> list[str]:
            talk.put(questions)
            return answers.get()

        def run() -> None:
            outcome: Future[Sequence[str]] = Future()
            try:
                outcome.set_result(self._transport.auth_interactive(self._user, handle))
            except Exception as error:  # noqa: BLE001 - raised in the thread that waits for it
                outcome.set_exception(error)
            talk.put(outcome)

        # A person may take longer than a server: the time is taken here, between its answers.
        timeout_s, self._transport.auth_timeout = self._transport.auth_timeout, None  # type: ignore[assignment]  # None is no limit
        thread = threading.Thread(target=run, name=f"login to {self._name}", daemon=True)
        thread.start()
        try:
            while True:
                heard = talk.get(timeout=timeout_s)
                if isinstance(heard, Future):
                    return list(heard.result())
                _, instructions, prompts = heard
                given = [self._answer_one(instructions, *prompt).reveal() for prompt in prompts]
                self._answered = self._answered or bool(given)
                answers.put(given)
        except queue.Empty:
            self._transport.close()
            raise ReceiverUnreachableError(
                f"{self._name} did not go on with the login in {timeout_s:g} s", hint="give a longer --timeout"
            ) from None
        except BaseException:
            answers.put([])  # paramiko's thread may wait for it, and is waited for by `close`
            self._transport.close()
            raise
        finally:
            thread.join()
            self._transport.auth_timeout = timeout_s

    def _answer_one(self, instructions: str, prompt: str, echo: bool) -> Secret:
        """Return the answer to one prompt: of the password where it is asked for, once; else a person's."""
        shown = _clean(prompt) or "an answer"
        if (
            not echo
            and not self._password_used
            and _PASSWORD_PROMPT.search(prompt)
            and not _OTHER_SECRET.search(prompt)
        ):
            password = self._with.password()
            if password is not None:
                self._password_used = True
                return password
        question = f"{self._name}: {' '.join(filter(None, (_clean(instructions), shown.rstrip(' :'))))}"
        answer = self._with.answer(question, echo)
        if answer is None:
            raise ReceiverLoginError(
                f"{self._name} asks “{shown.rstrip(' :')}” to sign in, and there is nobody to answer",
                hint="run it in a terminal, or let this user sign in by a key alone "
                "(AuthenticationMethods in sshd_config); RECEIVER_SETUP_SSH_PASSWORD answers one question for a "
                "password",
            )
        return answer


@contextlib.contextmanager
def _keys(credentials: Credentials) -> Iterator[Iterator["paramiko.PKey | Exception"]]:
    """Give the keys to try, each loaded when its turn comes: from files, then the agent's; or why one is none."""
    with contextlib.ExitStack() as stack:

        def each() -> Iterator["paramiko.PKey | Exception"]:
            for path in credentials.identities:
                yield _load(path)
            wanted = [_public(path) for path in credentials.identities]
            if credentials.agent is None or (credentials.agent_only_for_identities and not any(wanted)):
                return
            for key in _agent_keys(credentials.agent, stack):
                if not credentials.agent_only_for_identities or key.asbytes() in wanted:
                    yield key

        yield each()


def _agent_keys(socket_path: str, stack: contextlib.ExitStack) -> Sequence["paramiko.PKey"]:
    """Return the keys of the agent at that socket; the environment's own for the word SSH_AUTH_SOCK."""
    try:
        if sys.platform == "win32":
            agent = paramiko.Agent()
            stack.callback(agent.close)
            return agent.get_keys()
        # Not by paramiko.Agent, which leaves a socket open where nobody listens.
        path = os.environ.get("SSH_AUTH_SOCK", "") if socket_path == "SSH_AUTH_SOCK" else socket_path
        if not path:
            return ()
        connection = stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.connect(path)
        other: Any = paramiko.agent.AgentSSH()
        other._connect(connection)  # noqa: SLF001 - no other way to another agent
    except (OSError, paramiko.SSHException) as error:
        _log.debug("no keys of an agent: %s", error)
        return ()
    keys: Sequence[paramiko.PKey] = other.get_keys()
    return keys


def _load(path: Path) -> "paramiko.PKey | Exception":
    """Return the private key in a file, with its certificate where that lies beside it; or why it is none."""
    problem: Exception | None = None
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            key: paramiko.PKey = kind.from_private_key_file(str(path))
        except paramiko.PasswordRequiredException:
            return ReceiverLoginError(
                f"the key {path} is protected by a passphrase", hint=f"load it into the agent first: ssh-add {path}"
            )
        except OSError as error:
            return error
        except (paramiko.SSHException, ValueError) as error:
            problem = problem or error
        else:
            certificate = Path(f"{path}-cert.pub")
            if certificate.is_file():
                key.load_certificate(str(certificate))
            return key
    return ReceiverLoginError(
        f"the key file {path} is no private key that can be used: {problem}", hint="check --identity and IdentityFile"
    )


def _public(path: Path) -> bytes | None:
    """Return the blob of the public key beside a private one."""
    try:
        return PublicKey.from_line(Path(f"{path}.pub").read_text(encoding="utf-8")).blob
    except (OSError, UnicodeDecodeError, KeyFormatError):
        return None


def _clean(text: str) -> str:
    """Return a server's text on one line, without what a terminal would obey."""
    return _CONTROL.sub(" ", text).strip()[:_PROMPT_SHOWN]
