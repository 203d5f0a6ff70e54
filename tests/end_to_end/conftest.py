"""Fixtures for tests of the whole command: a receiver, emulated cameras, and the command itself."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support import packages
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeBench
from support.once import shared_folder

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver import cgroup
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import HOST_ADDRESS, PrivateNetwork
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverUnsuitableError


@pytest.fixture
def bench(receiver: ThrowawayReceiver, admin_key: AdminKey, known_hosts: Path) -> Bench:
    """Give a fresh receiver and the command line for it."""
    return Bench(receiver=receiver, key=admin_key, known_hosts=known_hosts)


@pytest.fixture
def systemd() -> None:
    """Skip where systemd cannot be a receiver's PID 1."""
    try:
        cgroup.require_systemd(Path("/"))
    except ReceiverUnsuitableError as error:
        pytest.skip(error.message)


@pytest.fixture
def make_bench(admin_key: AdminKey, tmp_path: Path) -> MakeBench:
    """Return what starts a receiver of a kind, runs a script on it, and gives the command line for it."""

    @contextmanager
    def make(script: str = "", **kind: Any) -> Iterator[Bench]:
        with ThrowawayReceiver(admin_public_key=admin_key.public_line, **kind) as receiver:
            known = tmp_path / "known_hosts"
            known.write_text(receiver.known_hosts)
            done = receiver.run("sh", "-ec", script)
            assert done.returncode == 0, done.stderr
            receiver.wait_until_listening()
            yield Bench(receiver=receiver, key=admin_key, known_hosts=known)

    return make


@pytest.fixture
def make_camera(private_network: PrivateNetwork) -> Iterator[Callable[..., EmulatedCamera]]:  # noqa: ARG001 - it must exist first
    """Return a function that starts emulated cameras, which end with the test."""
    started: list[EmulatedCamera] = []

    def make(settings: dict[str, str] | None = None, **profile: Any) -> EmulatedCamera:
        camera = EmulatedCamera(
            Profile(**profile),
            host=HOST_ADDRESS,
            password=CAMERA_PASSWORD,
            settings=FORMER if settings is None else settings,
        )
        started.append(camera.__enter__())
        return camera

    yield make
    for camera in started:
        camera.close()


@pytest.fixture
def mount_exfat(bench: Bench) -> Any:
    """Return what mounts a real exFAT disk on /srv/usb with options; skip where there cannot be one."""

    def mount(options: str) -> None:
        done = bench.receiver.run(
            "sh", "-ec",
            "[ -e /dev/fuse ] || mknod /dev/fuse c 10 229; "
            "[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237; "
            "for n in 0 1 2 3 4 5 6 7; do [ -e /dev/loop$n ] || mknod /dev/loop$n b 7 $n; done; "
            "[ -e /tmp/disk ] || { truncate -s 64M /tmp/disk; mkfs.exfat /tmp/disk; }; mkdir -p /srv/usb; "
            "device=$(losetup -f); losetup $device /tmp/disk; "
            # The device is the whole machine's: given back now, it is free when nothing is mounted from it.
            f"mount.exfat-fuse -o {options} $device /srv/usb; losetup -d $device",
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"no exFAT disk can be mounted here: {done.stderr.decode()}")

    return mount


@pytest.fixture(scope="session")
def debian_package(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the Debian package of these sources, once for all workers."""
    return packages.build(shared_folder(tmp_path_factory, worker_id))
