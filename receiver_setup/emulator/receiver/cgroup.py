"""A cgroup for a throw-away receiver with systemd as PID 1, to end all its processes.

Unlike our own PID 1, systemd does not read a pipe. A watcher outside does, shell/watch.sh: it creates the cgroup, and
at the end of file it kills its processes, removes it and exits.

Source: cgroups(7), cgroup_namespaces(7); cgroup-v2 in the kernel's documentation.
"""

import contextlib
import secrets
import subprocess
from pathlib import Path

from receiver_setup.emulator.receiver import network
from receiver_setup.errors import ReceiverUnsuitableError

_WATCH = Path(__file__).with_name("shell") / "watch.sh"
_ALL_IDS = ["0", "0", str(2**32 - 1)]


class ControlGroup:
    """A directory in the cgroup2 hierarchy that exists until `close`, or until its creator exits."""

    def __init__(self, name: str) -> None:
        """Create it below this process's own; raises ReceiverUnsuitableError if that is not allowed."""
        network.require_programs("find")
        self.path = _own_directory() / f"{name}-{secrets.token_hex(4)}"
        self._watcher = subprocess.Popen(
            ["sh", str(_WATCH), str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": network.PATH, "LC_ALL": "C", "RX_NAME": name},
            start_new_session=True,  # like the receiver: Ctrl-C is for the owner
        )
        if self._watcher.stdout is None or self._watcher.stdout.readline() != b"ready\n":
            _, said = self._watcher.communicate()
            reason = said.decode(errors="replace").strip().rpartition(": ")[2] or "it gave no reason"
            raise ReceiverUnsuitableError(
                f"this process may not make a cgroup for systemd, {self.path}: {reason}",
                hint="in a container, start it with --privileged; else run it on the machine itself",
            )

    def close(self) -> None:
        """End everything in it and remove it; idempotent."""
        with contextlib.suppress(ValueError):  # the pipes are closed already
            self._watcher.communicate()


def require_systemd(tree: Path) -> None:
    """Raise ReceiverUnsuitableError if a receiver from `tree` cannot have systemd as PID 1 here."""
    if Path("/proc/self/uid_map").read_text().split() != _ALL_IDS:
        raise ReceiverUnsuitableError(
            "a throw-away receiver with systemd needs the machine's own root, not root of a user namespace",
            hint="run it with sudo, or without systemd",
        )
    if not any((tree / folder / "systemd/systemd").is_file() for folder in ("usr/lib", "lib")):
        raise ReceiverUnsuitableError(
            f"there is no systemd in {tree} to be the PID 1 of a throw-away receiver",
            hint="install it there: apt-get install systemd dbus",
        )
    _own_directory()


def _own_directory() -> Path:
    """Return the directory of this process's own cgroup in the cgroup2 hierarchy."""
    own = next(
        (line[3:] for line in Path("/proc/self/cgroup").read_text().splitlines() if line.startswith("0::/")), None
    )
    if own is not None and not own.startswith("/.."):  # of a cgroup namespace that this process is outside of
        for line in Path("/proc/self/mountinfo").read_text().splitlines():
            _, _, _, root, place, *rest = line.split()
            if root == "/" and rest[rest.index("-") + 1] == "cgroup2":
                return Path(place) / own.lstrip("/")
    raise ReceiverUnsuitableError(
        "a throw-away receiver with systemd needs the cgroup2 hierarchy, which is not mounted here",
        hint="mount it, somewhere below /sys/fs/cgroup: mount -t cgroup2 cgroup2 DIRECTORY",
    )
