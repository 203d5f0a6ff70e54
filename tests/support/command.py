"""The command line as a process of its own, as tests start it.

    start("setup", "--local", …, env=…, stdout=subprocess.PIPE)    as subprocess.Popen starts `python -m receiver_setup`
    start_inside(pid, user, "cli", …)                              the same in a throw-away receiver, see inside.py

Most of a start's time goes into imports. So a run is forked from a process that has imported everything
(forkserver.py), and is in all else as if it had been started: arguments, environment, folder, terminal, signals,
exit code and redirections. It is a child of this process, as any other that subprocess has started.
With `real=True` an interpreter is started, as it always is where only that is the same: for another locale, another
setting of Python's, a process list that is to be read.
"""

import atexit
import ctypes
import inspect
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from support.forkserver import LENGTH, how_to_start

STARTED = "receiver_setup.tests.started"
"""The audit event of each start: program, and whether it was forked."""
_SUPPORT = Path(__file__).parent
_PR_SET_CHILD_SUBREAPER = 36
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")
"""Variables that begin so are read when an interpreter starts."""
_ENVIRONMENT = dict(os.environ)
_libc = ctypes.CDLL(None, use_errno=True)


def start(*arguments: str, **how: Any) -> subprocess.Popen[Any]:
    """Start `receiver-setup ARGUMENT…`; `how` is as `start_program` takes it."""
    return start_program("receiver_setup", *arguments, **how)


def start_inside(*arguments: str, **how: Any) -> subprocess.Popen[Any]:
    """Start inside.py, which runs the command, or one script, in a throw-away receiver."""
    return start_program("inside", *arguments, **how)


def start_program(
    program: str,
    *arguments: str,
    terminal: bool = False,
    warnings: Sequence[str] = (),
    real: bool = False,
    **popen: Any,
) -> subprocess.Popen[Any]:
    """Start the command ("receiver_setup") or a script of this folder by its name.

    `popen` is for subprocess.Popen, where text is the default; `warnings` are for `python -W`. With `terminal`
    standard input is one, and becomes the terminal that Ctrl-C is typed on.
    """
    options = [part for option in warnings for part in ("-W", option)]
    setsid = ["setsid", "--ctty", "--wait"] if terminal else []
    argv = [*setsid, sys.executable, *options, *how_to_start(program), *arguments]
    # What a library has put into the environment past Python, as readline does, is no part of it.
    popen = {"text": True, "env": dict(os.environ), **popen}
    forked = not real and _same_start(popen["env"])
    sys.audit(STARTED, program, forked)
    if not forked:
        return subprocess.Popen(argv, **popen)
    order = {"program": program, "argv": list(arguments), "warnings": list(warnings), "terminal": terminal}
    return Forked(argv, order=order, **popen)


def _same_start(env: dict[str, str]) -> bool:
    """Tell whether an interpreter with `env` would start as the one did from which runs are forked."""
    names = {name for name in {*env, *_ENVIRONMENT} if name.startswith(_AT_START)}
    return all(env.get(name) == _ENVIRONMENT.get(name) for name in names)


class Forked(subprocess.Popen[Any]):
    """A process that the fork server has made; all else is Popen's own."""

    def __init__(self, argv: list[str], *, order: dict[str, Any], **popen: Any) -> None:
        self._order = order
        super().__init__(argv, **popen)

    def _execute_child(self, *given: Any) -> None:
        """Do what Popen does by fork and exec; its way in the standard library is the same from 3.11 to 3.14."""
        told = inspect.signature(subprocess.Popen._execute_child).bind(self, *given).arguments  # type: ignore[attr-defined] # noqa: SLF001
        pipes = [told[name] for name in ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")]
        unknown = {"preexec_fn": None, "pass_fds": (), "shell": False, "umask": -1, "process_group": -1}
        if any(told[name] != usual for name, usual in unknown.items()):
            raise ValueError(f"a forked run takes none of {', '.join(unknown)}: start it with real=True")
        streams = [pipe if pipe != -1 else number for number, pipe in enumerate((pipes[0], pipes[3], pipes[5]))]
        order = {
            **self._order,
            "env": dict(told["env"]),
            "session": told["start_new_session"],
            "cwd": os.fspath(told["cwd"] or Path.cwd()),
            "ignored": [number for number in signal.valid_signals() if signal.getsignal(number) == signal.SIG_IGN],
        }
        self.pid = _fork(order, streams)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined] # those of the child's side


class _Server:
    """One fork server; it ends when this process does."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        env = {**_ENVIRONMENT, "PYTHONPATH": os.pathsep.join((str(_SUPPORT.parent), str(_SUPPORT.parents[1])))}
        self.process = subprocess.Popen(
            [sys.executable, str(_SUPPORT / "forkserver.py"), str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            env=env,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        if self._socket.recv(1) != b"r":
            raise RuntimeError("the fork server did not start; what it says is on standard error")
        atexit.register(self.close)

    def fork(self, order: dict[str, Any], streams: list[int]) -> int:
        """Have a run forked; return its pid, which is a child of this process."""
        text = json.dumps(order, default=os.fsdecode).encode("utf-8", "surrogateescape")
        # Whom the fork server leaves alone comes to the nearest process that takes such children in.
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        try:
            socket.send_fds(self._socket, [LENGTH.pack(len(text))], streams)
            self._socket.sendall(text)
            answer = self._socket.recv(LENGTH.size + 1, socket.MSG_WAITALL)
        finally:
            _libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        if len(answer) != LENGTH.size + 1:
            raise RuntimeError("the fork server has ended")
        pid: int = LENGTH.unpack(answer[: LENGTH.size])[0]
        return pid

    def close(self) -> None:
        """End it."""
        self._socket.close()
        self.process.wait()


_servers: dict[str, _Server] = {}
"""Network → its fork server: a run is in the network that this process is in, as a started one would be."""
_lock = threading.Lock()


def servers() -> list[subprocess.Popen[bytes]]:
    """Return the fork servers of this process."""
    return [server.process for server in _servers.values()]


def _fork(order: dict[str, Any], streams: list[int]) -> int:
    network = os.readlink("/proc/thread-self/ns/net")  # noqa: PTH115 - a link to no path
    with _lock:
        if network not in _servers:
            _servers[network] = _Server()
        return _servers[network].fork(order, streams)
