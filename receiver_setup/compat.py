"""Differences between Linux, macOS and Windows; all other code is the same on each of them."""

import codecs
import io
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from receiver_setup.errors import ConfigurationError

ENDING_SIGNALS: tuple[signal.Signals, ...] = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)
"""Signals that ask a process to end. Windows has no SIGHUP; closing the console window sends SIGBREAK there."""
HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)
"""The signal that nohup makes a process ignore."""
WAIT_S = 0.2
"""Seconds that the main thread may wait at a time, because not every signal interrupts a wait for a lock.

On Windows none does ("Queue.get" in Python's library reference). Elsewhere one is only noted that comes while the
thread gives the interpreter's lock away on its way into the wait, which takes long where others want that lock
(CPython, Modules/_queuemodule.c and Python/ceval_gil.h); it was seen once in ten interruptions of a busy fleet.
"""
_SYSTEMS = {"win32": "Windows", "darwin": "macOS"}


def linux_only(what: str, *, hint: str) -> ConfigurationError:
    """Return the error for `what`, which does not work on this system."""
    return ConfigurationError(
        f"{what} works only on Linux, and this is {_SYSTEMS.get(sys.platform, sys.platform)}", hint=hint
    )


def is_root() -> bool:
    """Return True if this process is root; False on Windows, which has no root."""
    return sys.platform != "win32" and os.geteuid() == 0


def create_private(path: Path) -> IO[bytes]:
    """Create a file that only its owner may read, and open it for writing.

    Raises `FileExistsError` if anything exists there, including a link.
    """
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600))


def decode_text(content: bytes) -> str:
    """Decode a user's file: UTF-8, or UTF-16 with a byte order mark, as written by `>` of Windows PowerShell.

    Drops the mark. Raises `UnicodeDecodeError`.
    """
    utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if utf_16 else "utf-8-sig")


def join_command(words: Sequence[str]) -> str:
    """Quote the words of a command for this system's shell: POSIX's, or cmd.exe and PowerShell on Windows."""
    if sys.platform == "win32":
        return " ".join(map(quote_for_windows, words))
    return shlex.join(words)


def quote_for_windows(word: str) -> str:
    r"""Quote one word for cmd.exe and PowerShell; no quoting protects what both expand inside quotes.

    >>> print(quote_for_windows(r"C:\Users\anna\key"), quote_for_windows("a b"), quote_for_windows("a&b"))
    C:\Users\anna\key "a b" "a&b"
    """
    from subprocess import list2cmdline  # noqa: PLC0415 - only for this

    quoted = list2cmdline([word])
    return f'"{word}"' if quoted == word and any(c in "&|<>^();,'{}`" for c in word) else quoted


def prepare_output() -> None:
    """Make standard output and error accept every character, regardless of the system's encoding.

    Redirected output on Windows is UTF-8 without carriage returns, as elsewhere, not in a code page.
    """
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper) or stream.closed:
            continue
        if sys.platform == "win32" and not stream.isatty() and "PYTHONIOENCODING" not in os.environ:
            stream.reconfigure(encoding="utf-8", newline="\n")
        if stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
