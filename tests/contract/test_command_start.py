"""A forked run of the command is in everything as one that was started: see support/command.py."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import command

PIPES: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def both(*arguments: str, **how: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return what the probe told and how it ended, started and forked."""
    ends: list[tuple[Any, ...]] = []
    for real in (True, False):
        with command.start_program("probe", *arguments, real=real, **how) as process:
            assert isinstance(process, command.Forked) is not real
            out, err = process.communicate(timeout=30)
        told, _, rest = out.partition("\n")
        ends.append((json.loads(told), rest, err, process.returncode))
    return ends[0], ends[1]


def differences(forked: dict[str, Any], started: dict[str, Any]) -> dict[str, Any]:
    """Return what is not the same, as (forked, started), variable by variable."""
    if forked["environ"] != started["environ"]:
        return {
            name: (forked["environ"].get(name), started["environ"].get(name))
            for name, _ in forked["environ"].items() ^ started["environ"].items()
        }
    return {name: (forked.get(name), started[name]) for name in started if forked.get(name) != started[name]}


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"env": {**os.environ, "HOME": "/nowhere", "A": "1\n\udcff", "TZ": "Asia/Tokyo"}},
        {"cwd": "/usr"},
        {"warnings": ["error"]},
        {"start_new_session": True},
        {"stdin": subprocess.PIPE},
        {"stderr": subprocess.STDOUT},
    ],
    ids=["plain", "environment", "folder", "warnings", "session", "pipe", "one stream"],
)
def test_it_sees_what_a_started_one_sees(how: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SET_IN_A_TEST", "ä b")
    started, forked = both("exit", "7", "two words", "", "ä\udcff", **{**PIPES, **how})
    assert differences(forked[0], started[0]) == {}
    assert forked[1:] == started[1:]
    assert (started[0]["parent"], started[3]) == (os.getpid(), 7)
    assert "the end" in (started[1] if how.get("stderr") == subprocess.STDOUT else started[2])


def test_it_has_the_terminal_that_a_started_one_has() -> None:
    seen = []
    for real in (True, False):
        ours, theirs = os.openpty()
        process = command.start_program(
            *("probe", "wait"), terminal=True, real=real, stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        told = b""
        while b"\n" not in told:
            told += os.read(ours, 65536)
        os.write(ours, b"\x03")
        with contextlib.suppress(OSError):  # when no process is on it any more
            while data := os.read(ours, 65536):
                told += data
        os.close(ours)
        first, _, rest = told.decode().partition("\r\n")
        seen.append((json.loads(first), "KeyboardInterrupt" in rest, process.wait(timeout=10)))
    assert differences(seen[1][0], seen[0][0]) == {}
    assert seen[1][1:] == seen[0][1:]
    assert (seen[0][0]["terminal"], seen[0][0]["session"], *seen[0][1:]) == (True, True, True, -signal.SIGINT)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV])
def test_it_ends_by_a_signal_as_a_started_one(number: signal.Signals) -> None:
    started, forked = both("signal", str(int(number)), **PIPES)
    assert differences(forked[0], started[0]) == {}
    assert forked[1:] == started[1:]
    assert started[3] == -number


def test_an_error_that_nobody_catches_ends_it_as_a_started_one() -> None:
    started, forked = both("raise", **PIPES)
    assert (forked[3], forked[2].splitlines()[-1]) == (started[3], started[2].splitlines()[-1])
    assert (started[3], started[2].splitlines()[-1]) == (1, "RuntimeError: nobody catches this")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_what_the_tests_ignore_it_ignores(number: signal.Signals) -> None:
    former = signal.signal(number, signal.SIG_IGN)
    try:
        started, forked = both("signal", str(int(number)), **PIPES)
    finally:
        signal.signal(number, former)
    assert differences(forked[0], started[0]) == {}
    assert forked[1:] == started[1:]
    assert started[3] == 0


def test_it_is_written_to_and_killed_as_any_child() -> None:
    with command.start_program("probe", "read", **{**PIPES, "stdin": subprocess.PIPE}) as process:
        out, _ = process.communicate("what was typed", timeout=30)
    assert out.endswith("\nwhat was typed")
    with command.start_program("probe", "wait", **PIPES) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.1)
        assert process.poll() is None
        process.kill()
        assert process.wait(timeout=10) == -signal.SIGKILL


def test_another_locale_or_setting_of_python_s_is_really_started() -> None:
    for name, value in (("LC_ALL", "POSIX"), ("PYTHONIOENCODING", "latin-1"), ("LANG", "de_DE")):
        with command.start_program("probe", "exit", "0", env={**os.environ, name: value}, **PIPES) as process:
            process.communicate(timeout=30)
        assert not isinstance(process, command.Forked)


def test_what_it_cannot_give_it_refuses() -> None:
    with pytest.raises(ValueError, match="start it with real=True"):
        command.start_program("probe", "exit", "0", pass_fds=[0], **PIPES)


def test_threads_of_a_test_may_start_runs_at_the_same_time() -> None:
    codes: list[int] = []

    def run(code: int) -> None:
        with command.start_program("probe", "exit", str(code), **PIPES) as process:
            process.communicate(timeout=30)
        codes.append(process.returncode)

    threads = [threading.Thread(target=run, args=(code,)) for code in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == list(range(20))


def test_nothing_outlives_the_tests(tmp_path: Path) -> None:
    """The fork server ends when the process does that it was for, also by kill -9."""
    code = (
        "import subprocess, sys, time\n"
        "from support import command\n"
        "command.start('--version', stdout=subprocess.DEVNULL).wait()\n"
        "print(*(each.pid for each in command.servers()), flush=True)\n"
        "time.sleep(60)\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=env, cwd=tmp_path) as process:
        assert process.stdout is not None
        (server,) = process.stdout.readline().split()
        process.kill()
    gone = _within(10, lambda: not Path(f"/proc/{server.decode()}").exists())
    assert gone


def _within(seconds: float, look: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
