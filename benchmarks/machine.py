"""The machine that it was measured on, in one line."""

import os
import platform
import re
import subprocess
from pathlib import Path


def describe_machine() -> str:
    """Return processor, memory, system and the programs that matter."""
    processor = _find(r"model name\s*: (.*)", "/proc/cpuinfo") or platform.machine()
    memory_gb = int(_find(r"MemTotal:\s*(\d+)", "/proc/meminfo") or "0") / 1024 / 1024
    system = _find(r'PRETTY_NAME="?([^"\n]*)', "/etc/os-release") or platform.system()
    ssh = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=False).stderr.partition(",")[0]
    return (
        f"{os.cpu_count()} cores, {processor}, {memory_gb:.0f} GB, {system}, Linux {platform.release()}, "
        f"Python {platform.python_version()}, {ssh.strip()}"
    )


def _find(pattern: str, path: str) -> str:
    """Return the first group of the first match in a file, empty where there is none."""
    try:
        found = re.search(pattern, Path(path).read_text(encoding="utf-8"))
    except OSError:
        return ""
    return found[1].strip() if found else ""
