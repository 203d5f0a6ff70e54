"""The command line in a process of its own, as a person starts it."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import command

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_cli(tmp_path: Path) -> Run:
    """Return a function that runs `receiver-setup` without a terminal, a home of its own and no secrets about."""

    def run(*arguments: str | Path, env: dict[str, str | bytes] | None = None) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("RECEIVER_SETUP_")}
        with command.start(
            *map(str, arguments),
            warnings=["error"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**clean, "HOME": str(tmp_path), **(env or {})},
        ) as process:
            out, err = process.communicate(timeout=30)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    return run
