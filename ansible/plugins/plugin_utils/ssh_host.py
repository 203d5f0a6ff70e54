"""A receiver over Ansible's ssh connection, with our own masters."""

from __future__ import annotations

import contextlib
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.logins import LoginsHost, clone

from receiver_setup.dialling import DialError
from receiver_setup.receiver.hosts.local import LocalStream

_LOST = 255
"""ssh's exit code for its own failures."""
_IDLE_S = 10
"""How long a master outlives the process that holds it."""


class SshMasterHost(LoginsHost["_Master"]):
    """A receiver over Ansible's ssh connection, with masters that no other task shares: each is a new login.

    Ansible's plugin makes each master, with all its settings; commands and tunnels then go through the newest.
    """

    def __init__(self, connection: Any) -> None:
        super().__init__(connection, connection.get_option("remote_user"))
        self._folder: Path | None = None

    def open(self, command: str) -> LocalStream:
        """Start `command` through the newest master; log in if there is none."""
        return _SshChild(shlex.join([*self._newest().command(), command]))

    def close(self) -> None:
        """End every login, the newest first."""
        super().close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _make(self) -> _Master:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="receiver-setup-"))
        return _Master(self._connection, self._folder / str(self.trips.connections))

    def _end(self, login: _Master) -> None:
        login.close()

    def _dial_through(self, login: _Master, host: str, port: int, timeout_s: float) -> socket.socket:
        return _dial_through(login, host, port, timeout_s, name=self.name)


class _Master:
    """One login, kept open by a command that ends with this process."""

    def __init__(self, connection: Any, path: Path) -> None:
        self._program = connection.get_option("ssh_executable") or "ssh"
        self._path = path
        theirs = connection.get_option("ssh_args") or ""
        # ssh uses the first value of each option.
        ours = f"-o ControlMaster=yes -o ControlPersist={_IDLE_S} -o ControlPath={path} -o ServerAliveInterval=15"
        plugin = clone(connection, ssh_args=f"{ours} {theirs}".strip())
        status, _, errors = plugin.exec_command("exec true", in_data=None, sudoable=False)
        if status != 0 and not path.exists():
            raise AnsibleConnectionFailure(errors.decode("utf-8", "replace"))
        self._anchor = subprocess.Popen(
            [*self.command(), "cat >/dev/null"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def command(self, *options: str) -> list[str]:
        """Return the beginning of an ssh command that uses only this login."""
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
        """Return the remote command's exit status; None if the connection was lost."""
        status = super().status()
        return None if status == _LOST else status


def _dial_through(master: _Master, host: str, port: int, timeout_s: float, *, name: str) -> socket.socket:
    """Make ssh connect one end of a socket to (host, port); -v makes it report when that succeeds."""
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
