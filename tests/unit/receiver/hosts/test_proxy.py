"""A command that makes the connection: what it carries, how it ends, and that nothing of it is left."""

import contextlib
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from receiver_setup.receiver.hosts.proxy import Proxy


def left() -> tuple[int, int]:
    """Return how many descriptors and threads of proxies this process has."""
    threads = sum(thread.name.startswith("proxy ") for thread in threading.enumerate())
    return sum(1 for _ in Path("/proc/self/fd").iterdir()), threads


def children() -> set[str]:
    """Return the processes that this one has started."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def settled(look: Callable[[], object], expected: object, *, within_s: float = 5) -> bool:
    """Wait until `look()` is as expected."""
    end = time.monotonic() + within_s
    while look() != expected and time.monotonic() < end:
        time.sleep(0.02)
    return look() == expected


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before, processes = left(), children()
    yield
    assert settled(left, before), (before, left())
    assert settled(children, processes)


def test_bytes_go_both_ways_at_once_and_come_back_whole() -> None:
    proxy = Proxy("cat", name="attic")
    data = os.urandom(3_000_000)
    sender = threading.Thread(target=proxy.socket.sendall, args=(data,))
    sender.start()
    back = b""
    while len(back) < len(data):
        back += proxy.socket.recv(1 << 20)
    sender.join()
    assert back == data
    proxy.close()


def test_the_command_is_the_shell_s_with_its_quotes_and_pipes() -> None:
    proxy = Proxy("""sh -c 'echo "$0 of it"' "all  this" | tr a-z A-Z""", name="attic")
    proxy.socket.settimeout(5)
    assert proxy.socket.makefile("rb").read() == b"ALL  THIS OF IT\n"
    proxy.close()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("sh -c 'echo no route >&2; exit 7'", "no route"),
        ("sh -c 'exit 7'", "it ended with the exit code 7"),
        ("true", "it ended with the exit code 0"),
        ("/not/there", "/not/there"),
        ("sh -c 'echo asking 192.168.2.1 >&2; exec sleep 60'", "asking 192.168.2.1"),
    ],
)
def test_how_it_failed_is_told(command: str, told: str) -> None:
    proxy = Proxy(command, name="attic")
    if "sleep" not in command:
        proxy.socket.settimeout(5)
        with contextlib.suppress(ConnectionError):
            assert proxy.socket.recv(1) == b""
    else:
        time.sleep(0.3)
    assert told in proxy.close()


@pytest.mark.parametrize(
    "command", ["sleep 60", "sh -c 'trap : HUP; sleep 60 & wait; sleep 60'", "yes", "sleep 60 | cat"]
)
def test_it_ends_with_the_connection(command: str) -> None:
    proxy = Proxy(command, name="attic")
    time.sleep(0.1)
    proxy.close()


def test_a_socket_that_somebody_else_closes_ends_it_as_well() -> None:
    """As paramiko does, when a connection is lost."""
    Proxy("cat", name="attic").socket.close()


def test_a_grandchild_that_keeps_the_pipe_keeps_nobody_waiting(tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    os.mkfifo(ended)
    proxy = Proxy(f"setsid sh -c 'read x <{ended}' & exit 0", name="attic")
    time.sleep(0.3)
    proxy.close()
    with ended.open("w") as gate:
        gate.write("now\n")


def test_a_shell_that_is_not_there_is_an_error_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/not/there")
    with pytest.raises(OSError, match="not/there"):
        Proxy("cat", name="attic")


def test_ctrl_c_on_the_terminal_leaves_it_alive() -> None:
    proxy = Proxy("sh -c 'ps -o pgid= -p $$; exec cat'", name="attic")
    proxy.socket.settimeout(5)
    assert int(proxy.socket.makefile("rb").readline()) != os.getpgrp()
    proxy.close()


def test_the_sockets_are_real() -> None:
    proxy = Proxy(f"{sys.executable} -c 'import sys; sys.stdin.read()'", name="attic")
    assert isinstance(proxy.socket, socket.socket)
    proxy.close()
