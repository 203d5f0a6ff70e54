"""What receivers of tests are made of besides this machine, from the archives that tools/build-trees made."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

TREES = Path(__file__).parents[2] / ".trees"


def unpack(name: str) -> Path:
    """Return the directory that .trees/NAME.tar is unpacked to; skip the test with the reason when there is none.

    It is unpacked once for all workers and all later runs, by one while the others wait. Root of a user namespace
    owns other ids than the machine's root, so each has a directory of its own; so has each build of the archive.
    """
    archive = TREES / f"{name}.tar"
    failure = TREES / f"{name}.failed"
    if not archive.is_file():
        reason = failure.read_text().strip() if failure.is_file() else "`make trees` has not been run here"
        pytest.skip(f"there is no {name} to test with: {reason}")
    _, outer_id, _ = Path("/proc/self/uid_map").read_text().splitlines()[0].split()
    owner = f"{name}-{outer_id}-"
    tree = TREES / f"{owner}{archive.stat().st_mtime_ns:x}"
    with (TREES / f"{owner}lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tree.is_dir():
            for old in TREES.glob(f"{owner}*/"):
                shutil.rmtree(old)
            half = tree.with_name(f"{tree.name}.half")
            half.mkdir()
            # The device nodes are for the receiver's own /dev, which is mounted over this one.
            subprocess.run(
                ["tar", "-x", "--numeric-owner", "--exclude=./dev/*", "-f", str(archive), "-C", str(half)], check=True
            )
            half.rename(tree)
    return tree
