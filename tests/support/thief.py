"""A camera's key in the hands of somebody else."""

import subprocess
from pathlib import Path

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.camera.rsa_keys import render_private_pem
from support.bench import Bench


class Thief:
    """The camera's key in the hands of somebody with real clients."""

    def __init__(self, bench: Bench, key: Path, user: str = "ipcamera") -> None:
        self.bench = bench
        self.key = key
        self.address = f"{user}@{bench.receiver.address}"
        self.options = [
            *("-F", "none", "-i", str(key), "-oIdentitiesOnly=yes", "-oIdentityAgent=none", "-oConnectTimeout=5"),
            *(f"-oUserKnownHostsFile={bench.known_hosts}", "-oGlobalKnownHostsFile=none"),
        ]

    def ssh(self, *arguments: str, timeout_s: float = 8) -> subprocess.CompletedProcess[str]:
        """Run ssh; `arguments` are options and a command, with DEST for the account."""
        given = [self.address if part == "DEST" else part for part in arguments]
        return subprocess.run(
            ["ssh", *self.options, "-oBatchMode=yes", *given],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )

    def sftp(self, *commands: str) -> subprocess.CompletedProcess[str]:
        """Run sftp's commands, the first that fails ends it."""
        return subprocess.run(
            ["sftp", *self.options, "-q", "-b", "-", self.address],
            input="\n".join(commands) + "\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )

    def inside(self, line: str) -> str:
        """Run a line of shell on the receiver, as root."""
        return self.bench.receiver.run("sh", "-c", line).stdout.decode()


def take_key(camera: EmulatedCamera, path: Path) -> Path:
    """Write the camera's private key to `path`, for its owner alone."""
    key = camera.state.key
    assert key is not None
    path.touch(mode=0o600)
    path.write_bytes(render_private_pem(key))
    return path
