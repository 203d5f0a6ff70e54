"""Files in memory that are gone with the process, even after kill -9; for keys that must not be left behind."""

import os
from pathlib import Path


def memory_file(name: str, content: bytes) -> Path:
    """Return a path that only this process can open, as long as it lives.

    Source: memfd_create(2), proc_pid_fd(5).
    """
    descriptor = os.memfd_create(name)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    return Path(f"/proc/self/fd/{descriptor}")
