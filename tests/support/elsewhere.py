"""Run the command as it would start on another system, as far as that can be told on Linux.

    elsewhere.py win32 ARGUMENT…    is `receiver-setup ARGUMENT…`
    elsewhere.py win32 -            runs each command line of a JSON list on standard input, in one process, and
                                    prints a JSON list [exit code, standard output, standard error] a line

Modules of receiver_setup see that system's `sys.platform`, cannot import what it does not have, and miss the names
that it does not have in os, signal, select, selectors, socket and time. Libraries see this system as it is.
"""

import builtins
import contextlib
import io
import json
import os
import select
import selectors
import signal
import socket
import sys
import time
import types
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

_NO_MODULES = {
    "win32": {
        "_posixsubprocess", "crypt", "curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog",
        "termios", "tty",
    },
    "darwin": {"spwd", "ossaudiodev"},
}  # fmt: skip
_NO_NAMES: dict[str, dict[types.ModuleType, str]] = {
    "win32": {
        os: """
            O_CLOEXEC O_DIRECTORY O_DSYNC O_NDELAY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_PATH O_SYNC O_TMPFILE
            WEXITSTATUS WIFEXITED WIFSIGNALED WNOHANG WTERMSIG
            chown chroot confstr ctermid eventfd fchdir fchmod fchown fdatasync fork forkpty fstatvfs get_blocking
            getegid geteuid getgid getgrouplist getgroups getloadavg getpgid getpgrp getpriority getrandom getresuid
            getsid getuid getxattr initgroups killpg lchown lockf major makedev memfd_create minor mkfifo mknod nice
            openpty pidfd_open pipe2 posix_fallocate posix_spawn pread preadv pwrite pwritev readv register_at_fork
            sched_getaffinity sched_yield sendfile set_blocking setegid seteuid setgid setgroups setns setpgid
            setpriority setresuid setsid setuid setxattr splice statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname
            unshare wait wait3 wait4 waitid writev
        """,
        signal: """
            ITIMER_REAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE SIGPROF SIGPWR SIGQUIT SIGRTMAX
            SIGRTMIN SIGSTOP SIGSYS SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU
            SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm getitimer pause pidfd_send_signal pthread_kill
            pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait sigwaitinfo
        """,
        select: " ".join(name for name in dir(select) if name.startswith(("E", "P", "ep", "kq", "po"))),
        selectors: "DevpollSelector EpollSelector KqueueSelector PollSelector",
        socket: """
            AF_NETLINK AF_PACKET AF_UNIX CMSG_LEN CMSG_SPACE MSG_DONTWAIT MSG_NOSIGNAL SCM_RIGHTS SO_BINDTODEVICE
            SO_PEERCRED SO_REUSEPORT recv_fds send_fds sethostname
        """,
        time: " ".join(name for name in dir(time) if name.startswith(("CLOCK_", "clock_", "pthread_", "tzset"))),
    },
    "darwin": {
        os: """
            O_PATH O_TMPFILE eventfd fdatasync getrandom getresuid getxattr memfd_create pidfd_open pipe2
            posix_fallocate sched_getaffinity setns setresuid setxattr splice unshare
        """,
        signal: "SIGPWR SIGRTMAX SIGRTMIN pidfd_send_signal sigtimedwait sigwaitinfo",
        select: " ".join(name for name in dir(select) if name.startswith(("E", "ep"))),
        selectors: "EpollSelector",
        socket: "AF_NETLINK AF_PACKET MSG_NOSIGNAL SO_BINDTODEVICE SO_PEERCRED",
    },
}
_OTHER_NAMES: dict[str, dict[types.ModuleType, dict[str, Any]]] = {
    "win32": {sys: {"platform": "win32"}, selectors: {"DefaultSelector": selectors.SelectSelector}},
    "darwin": {sys: {"platform": "darwin"}, selectors: {"DefaultSelector": selectors.PollSelector}},
}


class _View(types.ModuleType):
    """A module as another system has it."""

    def __init__(self, real: types.ModuleType, missing: Sequence[str], other: dict[str, Any]) -> None:
        super().__init__(real.__name__)
        self.__dict__.update(_real=real, _missing=frozenset(missing), _other=other)

    def __getattr__(self, name: str) -> Any:
        if name in self._missing:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)
        return self._other[name] if name in self._other else getattr(self._real, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._real, name, value)


def pretend(system: str) -> None:
    """Let modules of receiver_setup that are loaded from now on see `system`."""
    missing, other = _NO_NAMES[system], _OTHER_NAMES[system]
    views = {
        real.__name__: _View(real, missing.get(real, "").split(), other.get(real, {})) for real in {**missing, **other}
    }
    load = builtins.__import__

    def load_there(name: str, *given: Any, **named: Any) -> Any:
        importer = (given[0] if given else named.get("globals")) or {}
        if str(importer.get("__name__")).partition(".")[0] == "receiver_setup":
            if name.partition(".")[0] in _NO_MODULES[system]:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            if name in views:
                return views[name]
        return load(name, *given, **named)

    builtins.__import__ = load_there


def run_each(lines: Sequence[Sequence[str]]) -> Iterator[tuple[object, str, str]]:
    """Run command lines one after the other; an exception that comes out is the third value."""
    for arguments in lines:
        out, err, code = io.StringIO(), io.StringIO(), None
        sys.argv = ["receiver-setup", *arguments]
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                run()
        except SystemExit as ending:
            code = ending.code
        except Exception as error:  # noqa: BLE001 - what is to be seen
            err.write(f"{type(error).__name__}: {error}")
        yield code, out.getvalue(), err.getvalue()


def run() -> NoReturn:
    """Be the command."""
    from receiver_setup.__main__ import main  # noqa: PLC0415 - once the other system is in place

    main()


if __name__ == "__main__":
    pretend(sys.argv[1])
    if sys.argv[2:] == ["-"]:
        for end in run_each(json.load(sys.stdin)):
            print(json.dumps(end), flush=True)  # noqa: T201 - the result
    else:
        sys.argv[1:] = sys.argv[2:]
        run()
