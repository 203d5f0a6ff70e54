"""Run something of ours in a throw-away receiver, as if this Python were installed there.

    inside.py PID USER script            one script by the local carrier: a JSON object in, a JSON object out
    inside.py PID USER cli ARGUMENT...   the command line

All that is needed is imported first: the receiver's file system has no checkout and no virtual environment.
PID is the receiver's PID 1 as this process sees it.
"""

import base64
import ctypes
import encodings.idna
import encodings.utf_8_sig  # noqa: F401 - an inventory may begin with a mark
import json
import os
import pwd
import signal
import socket
import sys
from pathlib import Path

import rich.console
import rich.text  # noqa: F401 - for a terminal

from receiver_setup.__main__ import main as command
from receiver_setup.cli.commands import explain, explain_run, remove, remove_run, setup, setup_run, verify, verify_run  # noqa: F401 - commands
from receiver_setup.cli.guided import closing, preview  # noqa: F401 - what a dialogue loads
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.receiver.apply import scripts as script
from receiver_setup.receiver.hosts.local import LocalHost
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.plan.steps import JointPlan, Plan
from receiver_setup.receiver.plan.wanted import Wanted
from receiver_setup.receiver.script import Script
from receiver_setup.secrets import Secret
from receiver_setup.workflow import causes  # noqa: F401 - a failed test upload would load it too late
from receiver_setup.workflow.run import failing  # noqa: F401 - as above

_NAMESPACES = {"mnt": 0x00020000, "uts": 0x04000000, "ipc": 0x08000000, "net": 0x40000000, "pid": 0x20000000}


def main() -> None:
    """Run as the module's docstring says."""
    _, pid, user, what, *rest = sys.argv
    # The shell files are read when they are first needed.
    wanted = Wanted(user="x", home="/x", directory="y", slots=())
    script.render_facts([wanted], routes=())
    script.render_apply(JointPlan(plans=(Plan(wanted=wanted, steps=()),)), owner="x", last="", confirm_s=1)
    enter(int(pid), user)
    if what == "script":
        sys.stdout.write(json.dumps(run_script(json.load(sys.stdin))))
        sys.stdout.flush()
        return
    sys.argv = ["receiver-setup", *rest]
    command()


def enter(pid: int, user: str) -> None:
    """Move a child of this process to where `pid` is, as `user`; this process ends as the child does."""
    libc = ctypes.CDLL(None, use_errno=True)
    root = os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    handles = [(os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), flag) for name, flag in _NAMESPACES.items()]
    for handle, flag in handles:
        if libc.setns(handle, flag):
            raise OSError(ctypes.get_errno(), "setns")
        os.close(handle)
    child = os.fork()
    if child:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C on a terminal is the child's affair
        signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.fchdir(root)
    os.chroot(".")
    os.chdir("/")
    os.close(root)
    person = pwd.getpwnam(user)
    os.initgroups(user, person.pw_gid)
    os.setgid(person.pw_gid)
    os.setuid(person.pw_uid)
    os.environ |= {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": person.pw_dir,
        "USER": user,
        "LOGNAME": user,
    }


def run_script(wish: dict[str, str]) -> dict[str, object]:
    """Run `script` by the local carrier; an error of ours comes back by its name."""
    password = Secret(wish["sudo_password"]) if wish["sudo_password"] else None
    host = LocalHost()
    shell = RootShell(host, sudo_password=lambda: password, timeout_s=float(wish["timeout_s"]))
    try:
        output = shell.run(Script(text=wish["script"]), step="test")
    except ReceiverSetupError as error:
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint}
    finally:
        shell.close()
    left = _children()
    told = {"data": base64.b64encode(output.data).decode(), "errors": output.errors, "status": output.status}
    return {**told, "left": left, "host": socket.gethostname()}


def _children() -> list[str]:
    """Return the pids of this process's children."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


if __name__ == "__main__":
    main()
