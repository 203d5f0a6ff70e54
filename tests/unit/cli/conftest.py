"""The command line in a process of its own, as a person starts it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_cli(tmp_path: Path) -> Run:
    """Return a function that runs `receiver-setup` without a terminal, a home of its own and no secrets about."""

    def run(*arguments: str | Path, env: dict[str, str | bytes] | None = None) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("RECEIVER_SETUP_")}
        return subprocess.run(
            [sys.executable, "-W", "error", "-m", "receiver_setup", *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
            stdin=subprocess.DEVNULL,
            env={**clean, "HOME": str(tmp_path), **(env or {})},
        )

    return run
