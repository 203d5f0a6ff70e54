"""Common parts of the uploaders that start a program: a private folder, and an end that leaves no process."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from receiver_setup.emulator.camera.rsa_keys import render_private_pem, render_public_line
from receiver_setup.emulator.camera.uploads import Result, UploadJob
from receiver_setup.formats.keys import KeyFormatError, PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended; `code` is None if it timed out and was killed, negative after another kill."""

    code: int | None
    errors: str

    @property
    def early_result(self) -> Result | None:
        """The result if the program did not end by itself."""
        if self.code is None:
            return Result.TIMEOUT
        return Result.INTERNAL if self.code < 0 else None


class Programs:
    """Runs programs, one upload at a time; they can be ended from another thread."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = Lock()
        self._closed = False

    def run(self, argv: list[str], *, stdin: str, folder: Path, timeout_s: float, env: Mapping[str, str]) -> Ended:
        """Run `argv` in `folder`, with HOME there and only `env` and PATH in addition.

        Raises OSError if the program is not installed.
        """
        full = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C.UTF-8", **env}
        pipe = subprocess.PIPE
        with subprocess.Popen(
            argv,
            stdin=pipe,
            stdout=subprocess.DEVNULL,
            stderr=pipe,
            cwd=folder,
            env=full,
            start_new_session=True,
        ) as process:
            with self._lock:
                self._running.add(process)
                if self._closed:
                    _end(process)
            try:
                _, errors = process.communicate(stdin.encode(), timeout=timeout_s)
            except subprocess.TimeoutExpired:
                _end(process)
                return Ended(code=None, errors=f"took longer than {timeout_s:g} s")
            except BaseException:
                _end(process)
                raise
            finally:
                with self._lock:
                    self._running.discard(process)
            return Ended(code=process.returncode, errors=errors.decode(errors="replace").strip())

    def close(self) -> None:
        """End the running program."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the program and its children, since sftp starts ssh."""
    if sys.platform == "win32":
        process.kill()
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def private_folder(job: UploadJob) -> Iterator[Path]:
    """Yield a temporary folder, 0700, with `picture`, `known_hosts` and perhaps `key`."""
    with tempfile.TemporaryDirectory(prefix="emulated-camera-") as name:
        folder = Path(name)
        (folder / "picture").write_bytes(job.data)
        write_private(folder / "known_hosts", render_known_hosts(job))
        if job.key is not None and "key" in job.methods:
            write_private(folder / "key", render_private_pem(job.key).decode())
            write_private(folder / "key.pub", render_public_line(job.key) + "\n")
        yield folder


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Create a file that is never readable for other users."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(text)


def render_known_hosts(job: UploadJob) -> str:
    """Return known_hosts lines for the trusted keys, without invalid ones."""
    name = job.host if job.port == 22 else f"[{job.host}]:{job.port}"
    return "".join(f"{name} {kind} {key}\n" for key in job.trusted or () if (kind := key_type(key)))


def key_type(host_key: str) -> str:
    """Return the type inside a bare base64 host key; empty if it is invalid."""
    try:
        return PublicKey.from_base64(host_key).type
    except KeyFormatError:
        return ""
