"""A carrier of scripts into a throw-away receiver without network and sshd, either of which may be what is broken."""

import shlex

from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.receiver.hosts.local import LocalHost, LocalStream


class InsideHost(LocalHost):
    """Runs every command as root in a receiver's own namespaces."""

    def __init__(self, receiver: ThrowawayReceiver, *, systemd: bool = False) -> None:
        super().__init__()
        self.name = receiver.name
        cgroup = " --cgroup" if systemd else ""
        self._enter = f"exec nsenter --target {receiver.pid} --mount --pid --net --uts --ipc{cgroup} --root --wd --"

    def open(self, command: str) -> LocalStream:
        """Start `command` in the receiver's /bin/sh."""
        return LocalStream(f"{self._enter} /bin/sh -c {shlex.quote(command)}")
