"""Fixtures for the collection: built and installed as its users do, with the oldest and the newest ansible-core."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.ansible_site import COLLECTION, VERSIONS, Site, program
from support.bench import CAMERA_PASSWORD, FORMER
from support.once import made_once, shared_folder

from receiver_setup import __version__
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import HOST_ADDRESS, PrivateNetwork
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

MakeReceiver = Callable[..., ThrowawayReceiver]


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the collection's archive and install it, once for all workers; both by the oldest ansible-core."""
    return made_once(shared_folder(tmp_path_factory, worker_id), "collections", install_collection)


def install_collection(folder: Path) -> None:
    """Fill a folder with the archive and the collection that it holds."""
    galaxy = program(VERSIONS[0], "ansible-galaxy")
    environment = {"HOME": str(folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    for arguments in (
        ["build", str(COLLECTION), "--output-path", str(folder)],
        ["install", str(folder / f"receiver_setup-instar-{__version__}.tar.gz"), "--collections-path", str(folder)],
    ):
        done = subprocess.run(
            [galaxy, "collection", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(params=[pytest.param(VERSIONS[0], marks=pytest.mark.rest), *VERSIONS[1:]])
def version(request: pytest.FixtureRequest) -> str:
    """Name the virtual environment to take."""
    return str(request.param)


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Give a folder for temporary files; look afterwards that nothing was left in it.

    The folder of a test has too long a path for a socket, and in /tmp others would see what is made there.
    """
    with tempfile.TemporaryDirectory(prefix="site-") as folder:
        yield Path(folder)
        assert list(Path(folder).iterdir()) == []


@pytest.fixture
def site(version: str, collections: Path, tmp_path: Path, temporary: Path) -> Site:
    """Give an empty site."""
    return Site(folder=tmp_path, version=version, collections=collections, environment={"TMPDIR": str(temporary)})


@pytest.fixture
def make_receiver(private_network: PrivateNetwork, admin_key: AdminKey) -> Iterator[MakeReceiver]:  # noqa: ARG001 - it must exist first
    """Return what starts receivers, which end with the test."""
    with ExitStack() as stack:

        def make(**kind: Any) -> ThrowawayReceiver:
            return stack.enter_context(ThrowawayReceiver(admin_public_key=admin_key.public_line, **kind))

        yield make


@pytest.fixture
def make_camera(private_network: PrivateNetwork) -> Iterator[Callable[..., EmulatedCamera]]:  # noqa: ARG001 - it must exist first
    """Return what starts emulated cameras, which end with the test."""
    with ExitStack() as stack:

        def make(password: str = CAMERA_PASSWORD, **profile: Any) -> EmulatedCamera:
            camera = EmulatedCamera(Profile(**profile), host=HOST_ADDRESS, password=password, settings=FORMER)
            return stack.enter_context(camera)

        yield make
