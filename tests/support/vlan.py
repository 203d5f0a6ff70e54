"""A network of the cameras' own: a receiver has a cable into it, the process of the tests has none."""

import ctypes
import os
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Self, TypeVar

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.network import PATH
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from support.bench import CAMERA_PASSWORD, FORMER

R = TypeVar("R")

RECEIVER = "10.98.0.1"
CAMERAS = "10.98.0.2"
"""Of all cameras in it, each on a port of its own."""
NOBODY = "10.98.0.99"
_CLONE_NEWNET = 0x40000000


class Vlan:
    """A network namespace that one thread keeps; all that it starts, and their threads and processes, are in there."""

    def __init__(self, receiver: ThrowawayReceiver) -> None:
        self._receiver = receiver
        self._inside = ThreadPoolExecutor(1, thread_name_prefix="vlan")
        self._cameras: list[EmulatedCamera] = []

    def __enter__(self) -> Self:
        thread = self.run(move)
        net = ("nsenter", "--target", str(self._receiver.pid), "--net", "--")
        for command in (
            f"ip link add eth1 type veth peer name eth0 netns {thread}",
            f"ip addr add {RECEIVER}/24 dev eth1",
            "ip link set eth1 up",
        ):
            do(*net, *command.split())
        for command in ("ip link set lo up", f"ip addr add {CAMERAS}/24 dev eth0", "ip link set eth0 up"):
            self.run(partial(do, *command.split()))
        return self

    def __exit__(self, *_: object) -> None:
        for camera in self._cameras:
            camera.close()
        self._inside.shutdown()

    def run(self, work: Callable[[], R]) -> R:
        """Do `work` in there."""
        return self._inside.submit(work).result()

    def camera(self, **profile: Any) -> EmulatedCamera:
        """Start a camera in there; it ends with the network."""
        camera = EmulatedCamera(Profile(**profile), host=CAMERAS, password=CAMERA_PASSWORD, settings=FORMER)
        self._cameras.append(self.run(camera.__enter__))
        return camera


def move() -> int:
    """Move this thread into a network namespace of its own; return the number by which `ip` knows it."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare")
    return threading.get_native_id()


def do(*command: str) -> None:
    """Run a program to its end, in the network of this thread."""
    subprocess.run(command, check=True, env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL)
