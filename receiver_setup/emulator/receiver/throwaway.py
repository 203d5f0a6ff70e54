"""A throw-away receiver: a real OpenSSH server that runs on this machine without changing it.

It has its own namespaces (mount, pid, net, uts, ipc) and writes only to memory. Its PID 1 ends at the end of file on a
pipe from the process that started it, so nothing is left when that process is killed: no mount, file, process or
network interface. Its scripts are shell/outside.sh and shell/inside.sh.
With systemd as PID 1, it also has a cgroup, and a watcher of that pipe outside: see cgroup.py.

Source: unshare(1), nsenter(1), pivot_root(8), proc(5); overlayfs in the kernel's documentation.
"""

import contextlib
import logging
import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from receiver_setup.emulator.receiver import cgroup, network
from receiver_setup.errors import ReceiverUnsuitableError

logger = logging.getLogger(__name__)

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""PATH inside the receiver."""

_SHELL = Path(__file__).with_name("shell")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_HOST_KEY_TYPES = ("ed25519", "ecdsa", "rsa")
_SUDO = ("nopasswd", "password", "none")
_LISTEN = "0A"  # TCP_LISTEN as /proc/net/tcp writes it


class ThrowawayReceiver:
    """A receiver that exists from `__enter__` to `__exit__`, or until the process that started it ends.

    `admin_public_key` is one line of authorized_keys. `tree` is `/` (a copy of this machine, without its users and
    their files) or an unpacked Debian tree; neither is written to. `sudo` says what `admin` may do: "nopasswd",
    "password" (then `sudo_password` is set, and sshd accepts it too) or "none". `sshd_config` is appended to the
    distribution's own. Without `log` sshd logs to syslog, which nothing reads there.
    With `systemd`, systemd is PID 1, sshd its ssh.service, and the log its journal; this requires real root.

    A tree without sudo has only root as administrator, unless `sudo` is "none"; see `admin`.

    Raises ValueError for invalid arguments.
    """

    port = 22

    def __init__(  # noqa: PLR0913 - all keywords, each with a default but one
        self,
        *,
        admin_public_key: str,
        tree: Path = Path("/"),
        name: str | None = None,
        sudo: str = "nopasswd",
        sudo_password: str | None = None,
        host_key_types: Sequence[str] = ("ed25519", "ecdsa"),
        sshd_config: str = "",
        log: bool = True,
        systemd: bool = False,
    ) -> None:
        if sudo not in _SUDO or (sudo == "password") != bool(sudo_password):
            raise ValueError(f"sudo is one of {_SUDO}, and only 'password' comes with a sudo_password")
        if not host_key_types or not set(host_key_types) <= set(_HOST_KEY_TYPES):
            raise ValueError(f"host_key_types are some of {_HOST_KEY_TYPES}")
        if "\n" in admin_public_key.strip() or "\n" in (sudo_password or ""):
            raise ValueError("admin_public_key and sudo_password are one line each")
        if name is not None and not _NAME.fullmatch(name):
            raise ValueError("name is a host name: small letters, digits and hyphens, at most 63")
        self.name = name or ""
        self.admin = "admin"
        self.address = ""
        self.pid = 0
        """The pid of the receiver's PID 1 in this process's namespace; 0 if there is none."""
        self.host_key_lines: list[str] = []
        """The public host keys in the order of `host_key_types`, each "type base64"."""
        self._password = sudo_password or ""
        self._systemd = systemd
        self._settings = {
            "RX_TREE": str(tree.resolve()),
            "RX_ADMIN_KEY": admin_public_key.strip(),
            "RX_SUDO": sudo,
            "RX_HOST_KEYS": " ".join(host_key_types),
            "RX_SSHD_CONFIG": sshd_config,
            "RX_LOG": "yes" if log else "no",
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._cgroup: cgroup.ControlGroup | None = None
        self._reports: IO[bytes] | None = None
        self._network: network.PrivateNetwork | None = None
        self._errors = -1

    @property
    def known_hosts(self) -> str:
        """The lines of a known_hosts file that names it by its address."""
        return "".join(f"{self.address} {line}\n" for line in self.host_key_lines)

    def __enter__(self) -> Self:
        """Start it; raises ReceiverUnsuitableError if this machine or the tree is not suitable."""
        network.require_programs("unshare", "nsenter", "pivot_root", "mount", "ip")
        if self._settings["RX_TREE"] == "/":
            network.require_programs("sshd")
        if self._systemd:
            cgroup.require_systemd(Path(self._settings["RX_TREE"]))
        started = time.monotonic()
        self._network = network.enter_private_network()
        try:
            self.address = self._network.take_address()
            self.name = self.name or f"receiver{self.address.rpartition('.')[2]}"
            self._spawn(self._network)
            self._read_greeting()
            self.wait_until_listening()
            if self._systemd:  # a unit is active a moment after it listens
                self.run("systemctl", "is-system-running", "--wait")
        except BaseException:
            self.close()
            raise
        logger.debug("%s is up at %s after %.3f s", self.name, self.address, time.monotonic() - started)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(self, *argv: str, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:  # noqa: A002 - as in subprocess.run
        """Run a program inside, as root and in `/`; its exit code is not checked."""
        return subprocess.run(
            [
                *(network.find_program("nsenter"), "--target", str(self._living())),
                *("--mount", "--pid", "--net", "--uts", "--ipc", *(["--cgroup"] if self._systemd else [])),
                *("--root", "--wd", "--", *argv),
            ],
            input=input or b"",
            capture_output=True,
            env={"PATH": PATH, "HOME": "/root", "LC_ALL": "C"},
            check=False,
        )

    def log(self) -> str:
        """Return sshd's log so far; empty with `log=False`."""
        if self._systemd:
            journal = self.run("journalctl", "--quiet", "--no-pager", "-o", "cat", "-t", "sshd", "-t", "sshd-session")
            return journal.stdout.decode(errors="replace")
        path = Path(f"/proc/{self._living()}/root/var/log/sshd.log")
        with contextlib.suppress(FileNotFoundError):
            return path.read_text(errors="replace")
        return ""

    def wait_until_listening(self, *, timeout_s: float = 30) -> None:
        """Wait until sshd listens; checked in /proc, because OpenSSH 9.8+ penalises idle connections.

        A reload closes the port with a delay, so this may return before that.
        """
        deadline = time.monotonic() + timeout_s
        while not self._listens():
            if time.monotonic() > deadline:
                raise ReceiverUnsuitableError(
                    f"sshd in the throw-away receiver {self.name} does not listen after {timeout_s:g} s",
                    hint=f"the end of its log: {self.log()[-500:].strip()}",
                )
            time.sleep(0.01)

    def close(self) -> None:
        """End the receiver and everything in it; idempotent."""
        process, self._process = self._process, None
        if process is not None:
            if process.poll() is None:
                # Not `process` itself, which is unshare: PID 1 would only end when it notices the pipe.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid or process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(BrokenPipeError):
                        pipe.close()
            process.wait()
        self.pid = 0
        if self._cgroup is not None:
            self._cgroup.close()
            self._cgroup = None
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1
        if self._network is not None and self.address:
            self._network.give_back(self.address)
            self._network = None

    def _spawn(self, lab: network.PrivateNetwork) -> None:
        """Start PID 1, read its pid, connect the network and let it continue."""
        if self._systemd:
            self._cgroup = cgroup.ControlGroup(self.name)
        self._errors = os.memfd_create("receiver-errors")  # a kill would leave a file behind
        self._process = subprocess.Popen(
            [
                network.find_program("unshare"),
                *("--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--propagation", "private", "--"),
                *("sh", str(_SHELL / "outside.sh")),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={
                **self._settings,
                "PATH": PATH,
                "LC_ALL": "C",
                "RX_NAME": self.name,
                "RX_ADDRESS": self.address,
                "RX_PREFIX": str(network.SUBNET.prefixlen),
                "RX_CGROUP": str(self._cgroup.path) if self._cgroup is not None else "",
            },
            start_new_session=True,  # Ctrl-C is for the owner, who may still need the receiver to undo changes
        )
        stdin, self._reports = self._process.stdin, self._process.stdout
        self.pid = int(self._read_line())
        lab.connect(self.pid, self.address)
        try:
            if stdin is not None:
                stdin.write(f"go\n{self._password}\n".encode())
                stdin.flush()
        except BrokenPipeError:
            raise self._failed() from None

    def _read_greeting(self) -> None:
        """Read the output of inside.sh until it is ready."""
        while (line := self._read_line()) != "ready":
            word, _, rest = line.partition(" ")
            if word == "admin":
                self.admin = rest
            elif word == "key":
                self.host_key_lines.append(rest.strip())

    def _read_line(self) -> str:
        line = self._reports.readline() if self._reports is not None else b""
        if not line.endswith(b"\n"):
            raise self._failed()
        return line.decode().rstrip("\n")

    def _failed(self) -> ReceiverUnsuitableError:
        size = os.fstat(self._errors).st_size
        said = os.pread(self._errors, size, 0).decode(errors="replace").strip().splitlines()
        last = said[-1] if said else "it gave no reason"
        return ReceiverUnsuitableError(
            f"the throw-away receiver {self.name} did not start: {last}",
            hint="all it said: " + " | ".join(said) if len(said) > 1 else "",
        )

    def _listens(self) -> bool:
        port = f":{self.port:04X}"
        for table in ("tcp", "tcp6"):
            with contextlib.suppress(FileNotFoundError):  # no IPv6 in the kernel
                for line in Path(f"/proc/{self._living()}/net/{table}").read_text().splitlines()[1:]:
                    _, local, _, state, *_ = line.split()
                    if local.endswith(port) and state == _LISTEN:
                        return True
        return False

    def _living(self) -> int:
        """Return the pid of PID 1, or raise if it has ended."""
        if self._process is None or self._process.poll() is not None:
            raise ReceiverUnsuitableError(f"the throw-away receiver {self.name} is not running")
        return self.pid
