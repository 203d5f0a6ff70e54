"""Faults at every step of a run: each program by which a receiver is changed can go wrong in any of its calls.

Redirections of a shell (`: >file`) are no program's call, so no fault is laid right before one of them; a fault
before the next call comes to the same.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from receiver_setup.errors import ReceiverBusyError, ReceiverSetupError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.facts.camera_records import CameraRecord
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.receiver.plan.removal import plan_removal
from receiver_setup.receiver.plan.setup import plan_receiver
from receiver_setup.receiver.plan.steps import JointPlan, P
from receiver_setup.receiver.plan.wanted import CameraSlot, Look, Wanted
from receiver_setup.report import ReceiverReport
from receiver_setup.workflow.run.receiver_run import ReceiverRun
from receiver_setup.workflow.run.rollback import put_back_receiver
from support.bench import Bench

FAULTS = "/run/faults"
CONFIRM_S = 5
CAMERAS = {"porch": CameraRecord(name="porch", address="http://10.0.0.9", former='{"ft_server":"192.168.178.1"}')}
_PROGRAMS = (
    "chmod", "chown", "chpasswd", "cp", "groupadd", "ln", "mkdir", "mktemp", "mv", "rm", "rmdir", "service", "setsid",
    "sshd", "sync", "systemctl", "systemd-run", "useradd", "userdel", "usermod",
)  # fmt: skip
"""Every program that the scripts change something with, or make sure by."""

_INSTALL = f"""
mkdir -p {FAULTS}
for name in {" ".join(_PROGRAMS)}; do
  real=$(command -v "$name") || continue
  {{ printf '#!/bin/sh\\nreal=%s\\n' "$real"; cat {FAULTS}/faulty; }} >/usr/local/sbin/$name
  chmod 755 /usr/local/sbin/$name
done
"""

_POWER_CUT = """
for round in 1 2; do
  for path in /proc/[0-9]*; do
    process=${path#/proc/}
    case $process in 1 | $$ | "$(cat /run/sshd.pid)") ;; *) kill -KILL "$process" 2>/dev/null ;; esac
  done
done
"""

_RUNNING = """
for path in /proc/[0-9]*; do
  process=${path#/proc/}
  case $process in 1 | $$ | "$(cat /run/sshd.pid)") continue ;; esac
  told=$(tr '\\0' ' ' <$path/cmdline 2>/dev/null | head -c 60)
  [ -z "$told" ] || echo "$told"
done
"""


class Faults:
    """The programs of one receiver that go wrong when told to."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._folder = Path(f"/proc/{bench.receiver.pid}/root{FAULTS}")
        text = Path(__file__).with_name("faulty.sh").read_bytes().partition(b"\n")[2]
        bench.receiver.run("sh", "-c", f"mkdir {FAULTS}; cat >{FAULTS}/faulty", input=text)
        bench.receiver.run("sh", "-c", _INSTALL)

    @contextlib.contextmanager
    def armed(self, kind: str, at: int) -> Iterator[None]:
        """Count calls from here on; the one with the number `at` (from 1; 0 for none) goes wrong."""
        for name in ("log", "reached", "go"):
            (self._folder / name).unlink(missing_ok=True)
        (self._folder / "kind").write_text(kind)
        (self._folder / "at").write_text(str(at))
        (self._folder / "log").touch()
        (self._folder / "armed").touch()
        yield
        (self._folder / "armed").unlink()

    def calls(self) -> list[str]:
        """Return the calls so far, each a program and its arguments."""
        return (self._folder / "log").read_text().splitlines()

    @property
    def reached(self) -> bool:
        """True when a call waits for what is to be done to it."""
        return (self._folder / "reached").exists()

    def go_on(self) -> None:
        """Let the call that waits do its work."""
        (self._folder / "go").touch()

    def cut_power(self) -> None:
        """End every process of the receiver but PID 1 and the listening sshd, at once."""
        self._bench.receiver.run("sh", "-c", _POWER_CUT)


@dataclass(frozen=True, kw_only=True)
class Controller:
    """What runs at the administrator's: the receiver's half of a set-up or a removal, without any camera."""

    bench: Bench
    wanted: tuple[Wanted, ...]

    def set_up(self, *, after_facts: Callable[[], None] = lambda: None) -> ReceiverReport:
        """Set the receiver up as the workflow does; an error is in the report, after everything was put back."""
        return self._run(plan_receiver, CAMERAS, after_facts, removal=False)

    def remove(self, *, after_facts: Callable[[], None] = lambda: None) -> ReceiverReport:
        """Take all of it back."""
        return self._run(partial(plan_removal, everything=True), {}, after_facts, removal=True)

    def _run(
        self,
        plan: Callable[[Facts, Wanted], P],
        records: dict[str, CameraRecord],
        after_facts: Callable[[], None],
        *,
        removal: bool,
    ) -> ReceiverReport:
        bench = self.bench
        options = SshOptions(identity=bench.key.path, known_hosts=bench.known_hosts, config_file=Path(os.devnull))
        host = SshHost(ReceiverAddress(host=bench.receiver.address, user=bench.receiver.admin), options)
        session = ReceiverSession(RootShell(host, sudo_password=lambda: None, timeout_s=20), confirm_s=CONFIRM_S)
        report = ReceiverReport(address=bench.receiver.address, user=self.wanted[0].user)
        run = ReceiverRun(session, report, lambda _: None, patience_s=20)
        read = partial(run.read, self.wanted, routes=(), look=Look.REMOVAL if removal else Look.SETUP)
        try:
            known = [read()]
            after_facts()
            run.change(
                lambda: JointPlan(plans=tuple(map(plan, known[0], self.wanted))), read=lambda: known.insert(0, read())
            )
            while session.in_doubt or (records and any(records != facts.ledger.cameras for facts in known[0])):
                try:
                    filed = {each.user: records for each in self.wanted} if records else None
                    session.commit(self.wanted, cameras=filed)
                except ReceiverBusyError:
                    known.insert(0, read())
                else:
                    break
        except ReceiverSetupError as error:
            report.error = error
            put_back_receiver(session, report)
        finally:
            session.close()
        return report


def make_wanted(key: PublicKey, *, user: str = "ipcamera", adopt: bool = False, groups: tuple[str, ...] = ()) -> Wanted:
    """Return an upload account with one camera."""
    slot = CameraSlot(name="porch", directory=f"/home/{user}/recordings", key=key)
    return Wanted(user=user, home=f"/home/{user}", directory="recordings", slots=(slot,), adopt=adopt, groups=groups)


class Forked:
    """A run in a process of its own, which can be killed."""

    def __init__(self, run: Callable[[], ReceiverReport]) -> None:
        self._pipe, inner = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            told = "it ended by an exception"
            try:
                report = run()
                told = f"{report.error.message} (rolled back: {report.error.rolled_back})" if report.error else "ok"
            except BaseException as error:
                told = repr(error)
                raise
            finally:
                os.write(inner, told.encode()[:4000])
                os._exit(0)
        os.close(inner)
        self._ended = False

    def poll(self) -> int | None:
        """Return 0 once it has ended."""
        if not self._ended and os.waitpid(self.pid, os.WNOHANG)[0]:
            self._ended = True
        return 0 if self._ended else None

    def kill(self) -> None:
        """End it as kill -9 does."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._ended = True

    def outcome(self) -> str:
        """Return `ok`, or what went wrong; empty where it was killed."""
        with os.fdopen(self._pipe, "rb") as pipe:
            return pipe.read().decode()


class Running(Protocol):
    """A process that can be looked at and killed."""

    def poll(self) -> int | None:
        """Return None until it has ended."""

    def kill(self) -> None:
        """End it as kill -9 does."""


def run_with_fault(faults: Faults, run: Callable[[], ReceiverReport], kind: str, at: int) -> str:
    """Run in a process of its own with one fault; return how it ended, empty where the fault ended it."""
    with faults.armed(kind, at):
        forked = Forked(run)
        follow(faults, kind, forked)
    return forked.outcome()


def follow(faults: Faults, kind: str, process: Running) -> None:
    """Wait for the end of a run, or for the fault, which takes more than the receiver can do by itself."""
    deadline = time.monotonic() + 60
    while process.poll() is None and not faults.reached:
        assert time.monotonic() < deadline, faults.calls()
        time.sleep(0.01)
    if faults.reached:
        process.kill()
        if kind == "kill":
            faults.go_on()
        else:
            faults.cut_power()


def running(bench: Bench, *, patience_s: float) -> str:
    """Return what still runs on the receiver after a while, beside PID 1 and the listening sshd, a line each."""
    deadline = time.monotonic() + patience_s
    while (told := bench.receiver.run("sh", "-c", _RUNNING).stdout.decode()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return told
