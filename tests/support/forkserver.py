"""Fork runs of the command from one process that has imported all of it; see command.py, which starts this.

    forkserver.py DESCRIPTOR    orders arrive on that end of a Unix stream socket; its end is this process's end

An order is its length (4 bytes), then JSON: program ("receiver_setup", or a script beside this file), argv, env, cwd,
warnings, ignored (signals), session, terminal; standard input, output and error travel with the length. The answer is
the child's pid and, once the child has no parent here any more, one byte.
"""

import encodings.idna
import encodings.utf_8_sig  # noqa: F401 - for a file that begins with a mark
import fcntl
import gc
import importlib
import io
import json
import os
import pkgutil
import signal
import socket
import struct
import sys
import tempfile
import termios
import threading
import time
import warnings
from pathlib import Path
from typing import Any, NoReturn

import receiver_setup

LENGTH = struct.Struct("!I")
_LIBRARIES = (
    "bcrypt", "charset_normalizer.md", "cryptography.hazmat.primitives.asymmetric.rsa", "cryptography.x509", "idna",
    "rich.console", "rich.live", "rich.logging", "rich.table", "rich.text", "socks", "urllib3.contrib.socks",
)  # fmt: skip
"""What a run loads that no module of ours imports at its top, as far as it is installed."""
_ERRORS = getattr(sys.stdin, "errors", "strict")
"""How this locale's standard streams take what cannot be encoded."""


def main() -> None:
    """Serve until the socket's other end is closed; in a forked child, return once it is made ready to run."""
    preload()
    orders = socket.socket(fileno=int(sys.argv[1]))
    orders.sendall(b"r")
    while received := _receive(orders):
        order, streams = received
        middle = os.fork()
        if middle == 0:
            middle = os.getpid()
            if child := os.fork():
                orders.sendall(LENGTH.pack(child))
                os._exit(0)  # the child is now the tests' own: they wait for it
            orders.close()
            while os.getppid() == middle:
                os.sched_yield()
            become(order, streams)
            run(order)
        for stream in streams:
            os.close(stream)
        os.waitpid(middle, 0)
        orders.sendall(b".")


def preload() -> None:
    """Import whatever a run may, so that a forked one imports nothing; start no thread."""
    from support import inside  # noqa: F401, PLC0415 - it imports the command's parts

    for module in pkgutil.walk_packages(receiver_setup.__path__, "receiver_setup."):
        importlib.import_module(module.name)
    for name in _LIBRARIES:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    if len(os.listdir("/proc/self/task")) != 1 or threading.active_count() != 1:  # noqa: PTH208 - a count is all
        raise RuntimeError("an import has started a thread, which a fork would lose")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, and for the forked if they are meant
    gc.collect()
    gc.freeze()


def become(order: dict[str, Any], streams: list[int]) -> None:
    """Make this process what a new interpreter would be when it begins to run `order`."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        if stream > 2:
            os.close(stream)
    if order["session"] or order["terminal"]:
        os.setsid()
    if order["terminal"]:  # as `setsid --ctty`
        fcntl.ioctl(0, termios.TIOCSCTTY, 1)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    tempfile.tempdir = None
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        ignored = number in order["ignored"] or number in {signal.SIGPIPE, signal.SIGXFSZ}  # these by Python itself
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        if number < signal.SIGRTMIN:
            signal.signal(number, signal.SIG_IGN if ignored else usual)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    names = ("stdin", "stdout", "stderr")
    opened = [_stream(number, f"<{name}>", "w" if number else "r") for number, name in enumerate(names)]
    for name, stream in zip(names, opened, strict=True):
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.warnoptions[:] = order["warnings"]
    if sys.warnoptions:
        warnings.simplefilter("error")
    options = [part for option in order["warnings"] for part in ("-W", option)]
    sys.argv = [path_of(order["program"]), *order["argv"]]
    sys.orig_argv = [sys.executable, *options, *how_to_start(order["program"]), *order["argv"]]


def path_of(program: str) -> str:
    """Return the file that is run, as Python names it to the program."""
    package = Path(receiver_setup.__file__).parent
    return str(package / "__main__.py" if program == package.name else Path(__file__).with_name(f"{program}.py"))


def how_to_start(program: str) -> list[str]:
    """Return what an interpreter is given to run it."""
    return ["-m", program] if program == "receiver_setup" else [path_of(program)]


def run(order: dict[str, Any]) -> NoReturn:
    """Run it, and end as an interpreter does."""
    name = "receiver_setup.__main__" if order["program"] == "receiver_setup" else f"support.{order['program']}"
    importlib.import_module(name).main()
    sys.exit()


def _stream(number: int, name: str, mode: str) -> Any:
    """Open a standard stream as CPython's initialisation does; None where there is none."""
    former: Any = sys.__stderr__
    unbuffered = former.write_through
    try:
        binary: Any = open(number, f"{mode}b", buffering=0 if unbuffered and mode == "w" else -1, closefd=False)  # noqa: SIM115
    except OSError:
        return None
    raw = binary if isinstance(binary, io.FileIO) else binary.raw
    raw.name = name
    stream: Any = io.TextIOWrapper(
        binary,
        encoding=former.encoding,
        errors="backslashreplace" if number == 2 else _ERRORS,
        newline="\n",
        line_buffering=not unbuffered and (number == 2 or raw.isatty()),
        write_through=unbuffered,
    )
    stream.mode = mode
    return stream


def _receive(orders: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    head, streams, _, _ = socket.recv_fds(orders, LENGTH.size, 3)
    if not head:
        return None
    size = LENGTH.unpack(head)[0]
    text = b""
    while len(text) < size:
        text += orders.recv(size - len(text))
    order: dict[str, Any] = json.loads(text)
    return order, streams


if __name__ == "__main__":
    main()
