"""A real ssh-agent for the time of a test."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def ssh_agent(folder: Path, key: Path) -> Iterator[str]:
    """Run an agent that holds `key`; give its socket, in `folder`."""
    path = folder / "agent"
    told = subprocess.run(["ssh-agent", "-s", "-a", path], capture_output=True, text=True, check=True).stdout
    pid = re.search(r"SSH_AGENT_PID=(\d+)", told)
    assert pid is not None
    try:
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        subprocess.run(["ssh-add", "-q", key], env=environment, check=True, stderr=subprocess.DEVNULL)
        yield str(path)
    finally:
        os.kill(int(pid[1]), signal.SIGTERM)
