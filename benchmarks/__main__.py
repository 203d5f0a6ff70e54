"""Measure whole processes side by side in one run and print ratios of medians."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from receiver_setup.emulator.admin_key import make_admin_key
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.network import HOST_ADDRESS, become_fake_root, enter_private_network
from receiver_setup.emulator.throwaway import ThrowawayReceiver

ROUNDS = int(os.environ.get("ROUNDS", "5"))
PASSWORD = "made-up-1"
BY_HAND = Path(__file__).with_name("by_hand.sh")


def timed(command: list[str], *, expect: int = 0) -> float:
    """Run a command to its end and return its wall time in seconds; another exit code than `expect` ends it all."""
    environment = {**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": PASSWORD, "CAMERA_PASSWORD": PASSWORD}
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    took = time.perf_counter() - began
    if done.returncode != expect:
        sys.stderr.buffer.write(done.stderr)
        raise SystemExit(f"{command[:4]} ended with {done.returncode}, not {expect}")
    return took


def ours(receiver: str, identity: Path, known_hosts: Path, camera: str) -> list[str]:
    """Return our command for one camera."""
    return [
        *(sys.executable, "-m", "receiver_setup", "setup", "--receiver", f"admin@{receiver}", "--camera", camera),
        *("--identity", str(identity), "--known-hosts", str(known_hosts), "--ssh-config", os.devnull, "--quiet"),
    ]


def measure_setup() -> dict[str, tuple[list[float], list[float]]]:
    """Time a fresh set-up and a second one, ours and by hand in turn, each on a receiver and camera of its own."""
    times: dict[str, tuple[list[float], list[float]]] = {"fresh": ([], []), "again": ([], [])}
    with tempfile.TemporaryDirectory() as directory:
        key = make_admin_key(Path(directory))
        known_hosts = Path(directory, "known_hosts")
        for _ in range(ROUNDS):
            for column in (0, 1):
                with (
                    ThrowawayReceiver(admin_public_key=key.public_line) as receiver,
                    EmulatedCamera(host=HOST_ADDRESS, password=PASSWORD) as camera,
                ):
                    known_hosts.write_text("".join(f"{receiver.address} {x}\n" for x in receiver.host_key_lines))
                    where = (receiver.address, key.path, known_hosts, camera.url)
                    for step in times:
                        hand = [str(BY_HAND), step, *map(str, where)]
                        times[step][column].append(timed(hand if column else ours(*where)))
    return times


def measure_start() -> dict[str, tuple[list[float], list[float]]]:
    """Time what a person waits for before anything is contacted, against an interpreter that loads click."""
    python = sys.executable
    commands: dict[str, tuple[list[str], int]] = {
        "--help": ([python, "-m", "receiver_setup", "--help"], 0),
        "usage error": ([python, "-m", "receiver_setup", "setup", "--local"], 2),
    }
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in commands}
    for _ in range(2 * ROUNDS):
        for name, (command, code) in commands.items():
            times[name][0].append(timed(command, expect=code))
            times[name][1].append(timed([python, "-c", "import click"]))
    return times


def show(title: str, times: dict[str, tuple[list[float], list[float]]], wanted: float) -> None:
    """Print a row a measurement: both medians in milliseconds, the ratio, and what it should be at most."""
    for name, (left, right) in times.items():
        a, b = statistics.median(left), statistics.median(right)
        print(f"{title + ', ' + name:<34}{a * 1000:>8.0f} ms {b * 1000:>8.0f} ms {a / b:>8.2f}   (at most {wanted})")


def main() -> None:
    """Measure everything and print one table."""
    become_fake_root()
    enter_private_network()
    print(f"{'median of ' + str(ROUNDS):<34}{'ours':>11} {'other':>11} {'ratio':>8}")
    measurements: list[tuple[str, Callable[[], dict[str, tuple[list[float], list[float]]]], float]] = [
        ("one camera against ssh + curl", measure_setup, 1.3),
        ("start against import click", measure_start, 3.0),
    ]
    for title, measure, wanted in measurements:
        show(title, measure(), wanted)


if __name__ == "__main__":
    main()
