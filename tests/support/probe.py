"""Tell what a process is like at its start, as one JSON object; then do as the first argument says.

probe.py exit CODE | signal NUMBER | raise | wait | read
"""

import json
import os
import signal
import stat
import sys
import threading
import time
import warnings
from typing import Any

_LIBRARIES = ("/usr/", "/dev/", "/proc/")
"""A library may keep a file of its own open, or a device; what is left of a fork server is neither."""


def main() -> None:
    """Tell, and do."""
    what, *rest = sys.argv[1:]
    sys.stdout.write(json.dumps(tell()) + "\n")
    sys.stdout.flush()
    if what == "exit":
        sys.stderr.write("the end")  # left to the interpreter to write out
        sys.exit(int(rest[0]))
    if what == "signal":
        os.kill(os.getpid(), int(rest[0]))
    if what == "raise":
        raise RuntimeError("nobody catches this")
    if what == "wait":
        time.sleep(60)
    if what == "read":
        sys.stdout.write(sys.stdin.read())


def tell() -> dict[str, Any]:
    """Return all that a program can see of how it was started."""
    streams = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    return {
        "argv": sys.argv,
        "orig_argv": sys.orig_argv,
        "environ": dict(os.environ),
        "cwd": os.getcwd(),  # noqa: PTH109 - as it stands
        "streams": {
            name: stream and [stream.name, stream.mode, stream.encoding, stream.errors, stream.line_buffering,
                              stream.isatty(), stream.write_through, type(stream.buffer).__name__]
            for name, stream in streams.items()
        },
        "kinds": {number: _kind(number) for number in range(3)},
        "others": [link for each in range(3, 64) if (link := _link(each)) and not link.startswith(_LIBRARIES)],
        "handlers": {int(each): str(signal.getsignal(each)) for each in signal.valid_signals() if each < 32},
        "mask": list(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, ()))),
        "warnings": [sys.warnoptions, warnings.filters[0][0] == "error"],
        "parent": os.getppid(),
        "group": os.getpgrp() == os.getpid() or os.getpgrp(),
        "session": os.getsid(0) == os.getpid() or os.getsid(0),
        "terminal": _terminal(),
        "threads": threading.active_count(),
        "umask": os.umask(0o22),
        "network": os.readlink("/proc/self/ns/net"),  # noqa: PTH115 - a link to no path
        "home": os.path.expanduser("~"),  # noqa: PTH111 - as the command's own libraries ask
        "hour": time.localtime(0).tm_hour,
    }  # fmt: skip


def _kind(number: int) -> str:
    try:
        return str(stat.S_IFMT(os.fstat(number).st_mode))
    except OSError:
        return "closed"


def _link(number: int) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115 - a link to no path
    except OSError:
        return ""


def _terminal() -> bool:
    """Tell whether there is a controlling terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


if __name__ == "__main__":
    main()
