"""What takes long to make is made once for all workers of a run: by the first that asks, while the others wait."""

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_folder(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the temporary folder that all workers of this run have in common."""
    base = factory.getbasetemp()
    return base if worker_id == "master" else base.parent


def made_once(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return the directory `name` in a folder, where `make` has filled it; it is given the directory to fill.

    A maker that fails leaves what it has made, and the next one that asks begins anew under another name.
    """
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        target = folder / name
        if not target.is_dir():
            half = next(each for n in range(1000) if not (each := folder / f"{name}.half{n}").exists())
            half.mkdir()
            make(half)
            half.rename(target)
    return target
