"""Files that are in memory alone and gone with the process, kill -9 included; for keys that must not be left."""

import os
from pathlib import Path


def memory_file(name: str, content: bytes) -> Path:
    """Return a path that this process, and nobody else, can open for reading as long as it lives.

    Source: memfd_create(2), proc_pid_fd(5).
    """
    descriptor = os.memfd_create(name)
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
    return Path(f"/proc/self/fd/{descriptor}")
