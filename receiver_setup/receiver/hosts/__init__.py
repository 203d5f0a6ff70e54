"""How a script gets to a receiver: one small protocol, and a carrier of it for each way there.

Shell     run() a script as root                      scripts.py and root.py over any Host; Ansible's connection
Peer      who is at the far end: name, a new login    every Host
Host      a peer that starts commands                 ssh.py, ssh_stream.py (paramiko), local.py (this machine)
Dialler   a host that opens connections from there    ssh.py (tunnel.py)
Stream    one running command: send, receive, status
"""

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from receiver_setup.receiver.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some bytes that a command printed; `error` tells standard error from standard output."""

    data: bytes
    error: bool


@dataclass(slots=True)
class Trips:
    """What was done on the wire, for the trace and for tests."""

    connections: int = 0
    commands: int = 0
    command_began_s: float = 0.0
    """When the last script was sent, on the monotonic clock."""

    def begin(self) -> None:
        """Count a script that is about to be sent."""
        self.commands += 1
        self.command_began_s = time.monotonic()


class Stream(Protocol):
    """One running command."""

    def send(self, data: bytes) -> None:
        """Write to its standard input."""

    def finish(self) -> None:
        """Close its standard input."""

    def receive(self, timeout_s: float) -> Chunk | None:
        """Return what it printed next; None at its end; `TimeoutError` when nothing comes in time."""

    def status(self) -> int | None:
        """Return its exit status after the end; None where the link was lost before it."""

    def waits(self) -> bool:
        """Tell whether it is still there to take input, as far as is known without asking."""

    def close(self) -> None:
        """Give it up."""


class Peer(Protocol):
    """A receiver that can be reached; `name` stands in messages."""

    name: str

    def prove_login(self) -> bool:
        """Log in anew beside what is open; False where there is no login to prove. What is opened next goes over it.

        Raises `ReceiverError` when the new login fails; the old connection then still works.
        """

    def close(self) -> None:
        """End every connection."""


class Host(Peer, Protocol):
    """A receiver on which commands can be started; `trips` counts."""

    trips: Trips

    def open(self, command: str) -> Stream:
        """Start a command in the login shell; connects first where that is still to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a script printed, and its exit status (None: the link was lost)."""

    data: bytes
    errors: str
    status: int | None


class Shell(Protocol):
    """A root shell on a receiver: all that a run needs of a way there."""

    @property
    def host(self) -> Peer:
        """Return the far end."""

    def run(self, script: "Script", *, step: str, anew: bool = False) -> Output:
        """Run `script` as root to its end; `step` names it in errors and in the trace.

        With `anew` it runs over the newest login. Raises `ReceiverSudoError` when root cannot be reached,
        `ReceiverUnreachableError` when the link is lost.
        """

    def close(self) -> None:
        """End it, and every connection to the host."""


@runtime_checkable
class Dialler(Protocol):
    """A host over which connections can be opened that begin there; nothing is run on it for that."""

    def dial(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open one, from any thread; connects first where that is still to do. Raises `DialError`."""

    def reaches(self, host: str, port: int, timeout_s: float) -> bool:
        """Tell whether one can be opened, over what is connected already."""
