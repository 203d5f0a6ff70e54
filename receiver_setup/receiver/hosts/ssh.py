"""A receiver over SSH, by paramiko: host key checked, ssh_config, agent and jump hosts honoured."""

import socket
import threading

from receiver_setup.dialling import DialError
from receiver_setup.errors import ReceiverError, ReceiverUnreachableError
from receiver_setup.process.interrupts import shielded
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts import Trips
from receiver_setup.receiver.hosts.ssh_config import read_target
from receiver_setup.receiver.hosts.ssh_errors import as_ours
from receiver_setup.receiver.hosts.ssh_stream import SshStream, start_command
from receiver_setup.receiver.hosts.ssh_way import Connection, SshOptions, Way
from receiver_setup.receiver.hosts.tunnel import Transport, open_tunnel
from receiver_setup.secrets import Secret

__all__ = ["SshHost", "SshOptions"]


class SshHost:
    """A receiver that is reached by SSH; connects at the first command or connection.

    Threads may dial while another one runs commands. A login that was refused is not tried again before `close`.
    """

    def __init__(self, address: ReceiverAddress, options: SshOptions) -> None:
        self._options = options
        self.target = read_target(address, config_file=options.config_file)
        self.name = f"{self.target.user}@{self.target.host}"
        self.trips = Trips()
        self._way: Way | None = None
        self._connections: list[Connection] = []
        self._password: Secret | None = None
        self._lock = threading.Lock()
        """Held while there is no connection yet, so that one login does for all."""
        self._failed: ReceiverError | None = None

    def open(self, command: str) -> SshStream:
        """Start `command` on the newest connection."""
        self._connect()
        transport = self._connections[-1].transport
        if not transport.is_active():
            raise ReceiverUnreachableError(
                f"the connection to {self.name} is gone", hint="run the same command again when the receiver answers"
            )
        with as_ours(self.name):
            return start_command(transport, command, timeout_s=self._options.timeout_s)

    def prove_login(self) -> bool:
        """Open a second connection beside the first; what is opened next goes over it."""
        self._connections.append(self._login())
        return True

    def dial(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open a connection from the receiver over the newest login that lives; a lost one is replaced."""
        try:
            self._connect()
            transport = self._living() or self._connect_anew()
        except ReceiverError as error:
            raise DialError(f"there is no SSH connection to {self.name}", hint=error.hint) from error
        return open_tunnel(transport, host, port, timeout_s=timeout_s, name=self.name)

    def reaches(self, host: str, port: int, timeout_s: float) -> bool:
        """Tell whether the receiver gets a connection to (host, port); no login is made for that."""
        transport = self._living()
        if transport is None:
            return False
        try:
            open_tunnel(transport, host, port, timeout_s=timeout_s, name=self.name).close()
        except DialError:
            return False
        return True

    def close(self) -> None:
        """Close every connection, the newest first."""
        while self._connections:
            with shielded():
                self._connections.pop().close()
        self._failed = None

    def _connect(self) -> None:
        """Log in where nobody has; raises what it failed with, to everybody who waited for it."""
        with self._lock:
            if not self._connections:
                self._add_login()

    def _connect_anew(self) -> Transport:
        """Replace a connection that was lost."""
        with self._lock:
            transport = self._living()
            if transport is None:
                self._add_login()
                transport = self._living()
        if transport is None:
            raise ReceiverUnreachableError(f"the connection to {self.name} is gone")
        return transport

    def _add_login(self) -> None:
        if self._failed is not None:
            raise self._failed
        try:
            self._connections.append(self._login())
        except ReceiverError as error:
            # A connection that was lost may come back; what was refused would only be refused again.
            if not self._connections or not isinstance(error, ReceiverUnreachableError):
                self._failed = error
            raise

    def _living(self) -> Transport | None:
        living = (each.transport for each in reversed(self._connections) if each.transport.is_active())
        return next(living, None)

    def _login(self) -> Connection:
        self.trips.connections += 1
        if self._way is None:
            self._way = Way(self.target, self._options, ask=self._ask_password)
        return self._way.log_in()

    def _ask_password(self) -> Secret | None:
        if self._password is None:
            self._password = self._options.password()
        return self._password
