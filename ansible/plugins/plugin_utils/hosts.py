"""Ansible's ssh connection as a way to a receiver, over masters of our own; what other connections need as well.

A run keeps one login from its first script to its last: the receiver takes a run for dead when its login is gone.
"""

from __future__ import annotations

import contextlib
import copy
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleAuthenticationFailure, AnsibleConnectionFailure, AnsibleError

from receiver_setup.dialling import DialError
from receiver_setup.errors import (
    ReceiverError,
    ReceiverHostKeyError,
    ReceiverLoginError,
    ReceiverUnreachableError,
)
from receiver_setup.receiver.hosts import Trips
from receiver_setup.receiver.hosts.local import LocalStream

_LOST = 255
"""What ssh ends with when it is ssh itself that failed."""
_IDLE_S = 10
"""How long a master of ours outlives the process that holds it."""


def clone(connection: Any, **options: Any) -> Any:
    """Return a connection with the same settings but these, and with nothing open yet."""
    twin = copy.copy(connection)
    twin._options = {**connection._options, **options}  # noqa: SLF001 - the one place where all settings are
    twin._connected = False  # noqa: SLF001 - as above
    return twin


def explain_failure(error: AnsibleError, name: str) -> ReceiverError:
    """Return our error for a connection that Ansible could not make."""
    said = " ".join(str(error).split())
    if "ost key" in said and ("verification failed" in said or "mismatch" in said or "is not known" in said):
        return ReceiverHostKeyError(
            f"the host key of {name} is not the known one, or none is known: {said}",
            hint="compare it on the receiver (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub), then note it: "
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


class SshMasterHost:
    """A receiver over Ansible's ssh connection, by masters that no other task shares: a new one is a new login.

    Ansible's plugin makes each master, with all its settings; commands and tunnels then go through the newest.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        user, address = connection.get_option("remote_user"), address_of(connection)
        self.name = f"{user}@{address}" if user else address
        self.trips = Trips()
        self._folder: Path | None = None
        self._masters: list[_Master] = []
        self._lock = threading.Lock()

    def open(self, command: str) -> LocalStream:
        """Start `command` through the newest master; logs in where nobody has."""
        self.trips.commands += 1
        return _SshChild(shlex.join([*self._newest().command(), command]))

    def prove_login(self) -> bool:
        """Log in beside what is open, and go on over the new login."""
        with self._lock:
            self._login()
        return True

    def dial(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open a connection that begins at the receiver."""
        try:
            master = self._newest()
        except ReceiverError as error:
            raise DialError(f"there is no SSH connection to {self.name}", hint=error.hint) from error
        return _dial_through(master, host, port, timeout_s, name=self.name)

    def reaches(self, host: str, port: int, timeout_s: float) -> bool:
        """Tell whether the receiver gets a connection to (host, port)."""
        if not self._masters:
            return False
        try:
            self.dial(host, port, timeout_s).close()
        except DialError:
            return False
        return True

    def close(self) -> None:
        """End every login, the newest first."""
        while self._masters:
            self._masters.pop().close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _newest(self) -> _Master:
        with self._lock:
            if not self._masters:
                self._login()
            return self._masters[-1]

    def _login(self) -> None:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="receiver-setup-"))
        path = self._folder / str(self.trips.connections)
        self.trips.connections += 1
        self._masters.append(_Master(self._connection, path, self.name))


class _Master:
    """One login, held open by a command that ends with this process."""

    def __init__(self, connection: Any, path: Path, name: str) -> None:
        self._program = connection.get_option("ssh_executable") or "ssh"
        self._path = path
        theirs = connection.get_option("ssh_args") or ""
        # ssh takes the first value that it sees of each option.
        ours = f"-o ControlMaster=yes -o ControlPersist={_IDLE_S} -o ControlPath={path} -o ServerAliveInterval=15"
        plugin = clone(connection, ssh_args=f"{ours} {theirs}".strip())
        try:
            status, _, errors = plugin.exec_command("exec true", in_data=None, sudoable=False)
        except AnsibleError as error:
            raise explain_failure(error, name) from error
        if status != 0 and not path.exists():
            raise explain_failure(AnsibleConnectionFailure(errors.decode("utf-8", "replace")), name)
        self._anchor = subprocess.Popen(
            [*self.command(), "cat >/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def command(self, *options: str) -> list[str]:
        """Return the beginning of an ssh command that goes through this login, or fails."""
        through = ("-F", "none", "-o", "BatchMode=yes", "-o", f"ControlPath={self._path}", "-o", "ProxyCommand=false")
        return [self._program, *through, *options, "receiver"]

    def close(self) -> None:
        """Log out."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                self.command("-O", "exit"), stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=10
            )
        with contextlib.suppress(OSError):
            if self._anchor.stdin is not None:
                self._anchor.stdin.close()
        self._anchor.wait()


class _SshChild(LocalStream):
    """An ssh that runs one command through a master."""

    def status(self) -> int | None:
        """Return the far command's exit status; None where the link was lost."""
        status = super().status()
        return None if status == _LOST else status


def _dial_through(master: _Master, host: str, port: int, timeout_s: float, *, name: str) -> socket.socket:
    """Let ssh tie one end of a socket to (host, port); -v makes it say when that has come about."""
    near, far = socket.socketpair()
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    with far:
        child = subprocess.Popen(
            master.command("-v", "-W", place), stdin=far, stdout=far, stderr=subprocess.PIPE, start_new_session=True
        )
    clock = threading.Timer(timeout_s, child.kill)
    clock.start()
    said = []
    for line in child.stderr or ():
        said.append(line.decode("utf-8", "replace").strip())
        if "master session id" in said[-1]:
            clock.cancel()
            threading.Thread(target=child.communicate, name=f"tunnel to {place}", daemon=True).start()
            near.settimeout(timeout_s)
            return near
    clock.cancel()
    near.close()
    child.communicate()
    reason = next((line for line in reversed(said) if line and not line.startswith("debug")), "nobody answered in time")
    raise DialError(
        f"seen from {name}: {reason[:1].lower()}{reason[1:]}",
        hint="check that the camera is switched on, that the receiver reaches its network, that address and port are "
        "right, and that sshd there allows forwarding for this login (AllowTcpForwarding, PermitOpen)",
    )


def address_of(connection: Any) -> str:
    """Return the receiver's address as Ansible dials it."""
    for option in ("host", "remote_addr"):
        with contextlib.suppress(KeyError):
            found = connection.get_option(option)
            if found:
                return str(found)
    return str(connection._play_context.remote_addr)  # noqa: SLF001 - where older plugins have it
