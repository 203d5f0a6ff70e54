"""The script that `receiver-setup explain` prints, and a person who runs its two parts where they belong."""

import os
import subprocess
from pathlib import Path

from receiver_setup.emulator.camera import EmulatedCamera
from support.bench import CAMERA_PASSWORD, Bench

SECOND = "# ==== Part 2:"


def explain(bench: Bench, *cameras: EmulatedCamera, options: tuple[str, ...] = ()) -> str:
    """Return the script, which is all of standard output, and which shellcheck finds nothing in."""
    arguments = bench.arguments(*cameras, options=options, command="explain")
    result = bench.run(*[argument for argument in arguments if argument != "--json"])
    assert result.code == 0, result.err
    assert result.out.startswith("#!/bin/sh\n")
    checked = subprocess.run(
        ["shellcheck", "--shell=sh", "-"], input=result.out, capture_output=True, text=True, check=False
    )
    assert (checked.stdout, checked.returncode) == ("", 0)
    return result.out


def split(script: str) -> tuple[str, str]:
    """Split the script as its first lines say."""
    first, mark, second = script.partition(f"\n{SECOND}")
    assert mark
    return f"{first}\n", f"{SECOND}{second}"


def first_part(bench: Bench, script: str, *, before: str = "") -> subprocess.CompletedProcess[bytes]:
    """Run the first part on the receiver, as root, then wait until sshd listens."""
    done = bench.receiver.run("sh", input=(before + split(script)[0]).encode())
    bench.receiver.wait_until_listening()
    return done


def second_part(script: str, folder: Path, *, given: str = f"{CAMERA_PASSWORD}\n") -> subprocess.CompletedProcess[str]:
    """Run the second part here; passwords come on standard input."""
    path = folder / "camera.sh"
    path.write_text(split(script)[1], encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RECEIVER_SETUP_")}
    return subprocess.run(
        ["sh", path], input=given, capture_output=True, text=True, check=False, timeout=120, env=clean
    )


def run_both(bench: Bench, script: str, folder: Path) -> None:
    """Do by hand all that the script says."""
    done = first_part(bench, script)
    assert done.returncode == 0, done.stderr
    assert done.stderr.replace(b"chpasswd: password for 'ipcamera' changed\n", b"") == b""  # busybox tells it
    other = second_part(script, folder)
    assert other.returncode == 0, other.stderr
    assert "uploads, and verifies the receiver" in other.stdout
