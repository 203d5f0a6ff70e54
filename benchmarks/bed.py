"""What the measurements stand on: a receiver with its administrator, cameras, whole processes with a clock."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.admin_key import make_admin_key
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

PASSWORD = "made-up-1"
HERE = Path(__file__).parent
_LOOK_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A process that has ended: its wall time, its processor time with its children's, its peak memory if watched.

    `out` is all that it said, on both streams.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    out: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bed:
    """A receiver and how its administrator signs in: `address` is what cameras dial, (host, port) what we dial."""

    receiver: ThrowawayReceiver
    identity: Path
    folder: Path
    known_hosts: Path
    host: str
    port: int = 22

    @property
    def address(self) -> str:
        """Return the receiver's own address."""
        return self.receiver.address

    def at(self, host: str, port: int) -> "Bed":
        """Return the same receiver behind a relay at (host, port)."""
        known_hosts = self.folder / f"known_hosts_{port}"
        known_hosts.write_text("".join(f"[{host}]:{port} {line}\n" for line in self.receiver.host_key_lines))
        return Bed(
            receiver=self.receiver,
            identity=self.identity,
            folder=self.folder,
            known_hosts=known_hosts,
            host=host,
            port=port,
        )

    def ours(self, *urls: str) -> list[str]:
        """Return our command for these cameras."""
        return [
            *(sys.executable, "-m", "receiver_setup", "setup", "--receiver", f"admin@{self.host}:{self.port}"),
            *("--identity", str(self.identity), "--known-hosts", str(self.known_hosts), "--ssh-config", os.devnull),
            *("--quiet", *(part for url in urls for part in ("--camera", url))),
        ]

    def floor(self, url: str) -> list[str]:
        """Return the least script that sets one camera up, and proves nothing."""
        where = (self.host, self.port, self.identity, self.known_hosts, url, self.address)
        return [str(HERE / "floor.sh"), *map(str, where)]

    def by_hand(self, step: str, connections: str, url: str) -> list[str]:
        """Return the hand-written script for one camera; `connections` is `one` or `each`, `step` fresh or again."""
        where = (self.host, self.port, self.identity, self.known_hosts, url, self.address)
        return [str(HERE / "by_hand.sh"), step, connections, *map(str, where)]


@contextmanager
def make_bed(*, sshd_config: str = "") -> Iterator[Bed]:
    """Give a receiver that nobody has touched yet."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        key = make_admin_key(folder)
        with ThrowawayReceiver(admin_public_key=key.public_line, sshd_config=sshd_config) as receiver:
            known_hosts = folder / "known_hosts"
            known_hosts.write_text(receiver.known_hosts)
            yield Bed(
                receiver=receiver, identity=key.path, folder=folder, known_hosts=known_hosts, host=receiver.address
            )


@contextmanager
def make_cameras(count: int, *, test_s: float = 0.0) -> Iterator[list[EmulatedCamera]]:
    """Give cameras as the factory ships them, each on a port of its own; a test upload takes `test_s` longer."""
    profile = Profile(test_slow_s=test_s)
    with ExitStack() as stack:
        yield [
            stack.enter_context(EmulatedCamera(host=HOST_ADDRESS, password=PASSWORD, profile=profile))
            for _ in range(count)
        ]


def run_timed(
    command: Sequence[str], *, expect: int = 0, extra: Mapping[str, str] | None = None, watch: bool = False
) -> Ended:
    """Run a command to its end; another exit code than `expect` ends the whole benchmark with what it said.

    With `watch` its peak memory is looked up until it ends. What wait4(2) tells of that is no use: there a process
    begins with the peak of the one that started it. Source: getrusage(2), proc(5).
    """
    given = {"RECEIVER_SETUP_CAMERA_PASSWORD": PASSWORD, "CAMERA_PASSWORD": PASSWORD}
    # As it is installed: compiled once, not at every start.
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env={**around, **given, **(extra or {})}, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        peak_mb = 0.0
        while True:
            pid, status, usage = os.wait4(process.pid, os.WNOHANG if watch else 0)
            if pid:
                break
            peak_mb = max(peak_mb, read_peak_mb(process.pid))
            time.sleep(_LOOK_S)
        wall_s = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        said = [_read(out), _read(err)]
    if process.returncode != expect:
        raise SystemExit(f"{' '.join(command[:5])} ended with {process.returncode}, not {expect}:\n{''.join(said)}")
    return Ended(wall_s=wall_s, cpu_s=usage.ru_utime + usage.ru_stime, peak_mb=peak_mb, out="".join(said))


def read_peak_mb(pid: int) -> float:
    """Return the most memory that a process had in use so far, 0 when it has just ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def median(ends: Sequence[Ended], what: str) -> float:
    """Return the median of one of their numbers."""
    return float(statistics.median(getattr(end, what) for end in ends))


def walls(ends: Sequence[Ended]) -> list[float]:
    """Return their wall times."""
    return [end.wall_s for end in ends]


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
