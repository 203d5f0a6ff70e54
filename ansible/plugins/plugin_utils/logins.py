"""Our own logins in addition to Ansible's connection: the common part of all kinds.

A run keeps one login from its first script to its last, because the receiver treats a run without its login as dead.
"""

from __future__ import annotations

import contextlib
import copy
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ansible.errors import AnsibleAuthenticationFailure, AnsibleError

from receiver_setup.dialling import DialError
from receiver_setup.errors import (
    ReceiverError,
    ReceiverHostKeyError,
    ReceiverLoginError,
    ReceiverUnreachableError,
)
from receiver_setup.receiver.hosts import Trips

if TYPE_CHECKING:
    import socket

Login = TypeVar("Login")


class LoginsHost(ABC, Generic[Login]):
    """A receiver over our own logins, made with all settings of one Ansible connection; the newest is used."""

    def __init__(self, connection: Any, user: str | None) -> None:
        self._connection = connection
        address = address_of(connection)
        self.name = f"{user}@{address}" if user else address
        self.trips = Trips()
        self._logins: list[Login] = []
        self._lock = threading.Lock()

    def prove_login(self) -> bool:
        """Make an additional login, and use it from now on."""
        with self._lock:
            self._log_in()
        return True

    def dial(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open a connection from the receiver."""
        try:
            login = self._newest()
        except ReceiverError as error:
            raise DialError(f"there is no SSH connection to {self.name}", hint=error.hint) from error
        return self._dial_through(login, host, port, timeout_s)

    def reaches(self, host: str, port: int, timeout_s: float) -> bool:
        """Return True if the receiver can connect to (host, port); makes no login."""
        if not self._logins:
            return False
        try:
            self.dial(host, port, timeout_s).close()
        except DialError:
            return False
        return True

    def close(self) -> None:
        """End every login, the newest first."""
        while self._logins:
            self._end(self._logins.pop())

    def _newest(self) -> Login:
        """Return the newest login; log in if there is none."""
        with self._lock:
            if not self._logins:
                self._log_in()
            return self._logins[-1]

    def _log_in(self) -> None:
        self.trips.connections += 1
        try:
            self._logins.append(self._make())
        except AnsibleError as error:
            raise explain_failure(error, self.name) from error

    @abstractmethod
    def _make(self) -> Login:
        """Make a new login. Raises `AnsibleError`."""

    @abstractmethod
    def _end(self, login: Login) -> None:
        """Log out."""

    @abstractmethod
    def _dial_through(self, login: Login, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open a connection over `login`. Raises `DialError`."""


def clone(connection: Any, **options: Any) -> Any:
    """Return an unopened connection with the same settings except for these."""
    twin = copy.copy(connection)
    twin._options = {**connection._options, **options}  # noqa: SLF001 - the only place with all settings
    twin._connected = False  # noqa: SLF001 - as above
    return twin


def explain_failure(error: AnsibleError, name: str) -> ReceiverError:
    """Return our error for a connection that Ansible could not make."""
    said = " ".join(str(error).split())
    if "ost key" in said and ("verification failed" in said or "mismatch" in said or "is not known" in said):
        return ReceiverHostKeyError(
            f"the host key of {name} is unknown or has changed: {said}",
            hint="compare it on the receiver (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then store it: "
            "ssh-keyscan HOST >>~/.ssh/known_hosts",
        )
    if isinstance(error, AnsibleAuthenticationFailure) or "Permission denied" in said:
        return ReceiverLoginError(
            f"{name} refused the login: {said}",
            hint="check ansible_user and ansible_ssh_private_key_file, or set ansible_password from a vault",
        )
    return ReceiverUnreachableError(
        f"cannot reach {name}: {said}",
        hint="check ansible_host, ansible_port and that its SSH server runs: `ansible HOST -m raw -a true` tries it",
    )


def address_of(connection: Any) -> str:
    """Return the receiver's address as Ansible dials it."""
    for option in ("host", "remote_addr"):
        with contextlib.suppress(KeyError):
            found = connection.get_option(option)
            if found:
                return str(found)
    return str(connection._play_context.remote_addr)  # noqa: SLF001 - where older plugins have it
