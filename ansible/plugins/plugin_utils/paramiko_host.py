"""Ansible's paramiko connection as a way to a receiver, by logins of our own; a file of its own, since it loads paramiko."""

from __future__ import annotations

import socket
import threading
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.hosts import address_of, clone, explain_failure

from receiver_setup.dialling import DialError
from receiver_setup.errors import ReceiverError
from receiver_setup.receiver.hosts import Trips
from receiver_setup.receiver.hosts.ssh import SshStream, explain
from receiver_setup.receiver.hosts.tunnel import open_tunnel


class ParamikoHost:
    """A receiver over Ansible's paramiko connection, by logins of its own."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        user, address = connection._play_context.remote_user, address_of(connection)  # noqa: SLF001 - as Ansible's own
        self.name = f"{user}@{address}" if user else address
        self.trips = Trips()
        self._clients: list[Any] = []
        self._lock = threading.Lock()

    def open(self, command: str) -> SshStream:
        """Start `command` over the newest login."""
        transport = self._transport()
        self.trips.commands += 1
        try:
            channel = transport.open_session(timeout=30)
            channel.exec_command(command)
        except Exception as error:
            ours = explain(error, self.name)
            if ours is None:
                raise
            raise ours from error
        return SshStream(channel)

    def prove_login(self) -> bool:
        """Log in beside what is open, and go on over the new login."""
        with self._lock:
            self._login()
        return True

    def dial(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open a connection that begins at the receiver."""
        try:
            transport = self._transport()
        except ReceiverError as error:
            raise DialError(f"there is no SSH connection to {self.name}", hint=error.hint) from error
        return open_tunnel(transport, host, port, timeout_s=timeout_s, name=self.name)

    def reaches(self, host: str, port: int, timeout_s: float) -> bool:
        """Tell whether the receiver gets a connection to (host, port)."""
        if not self._clients:
            return False
        try:
            self.dial(host, port, timeout_s).close()
        except DialError:
            return False
        return True

    def close(self) -> None:
        """End every login, the newest first."""
        while self._clients:
            self._clients.pop().close()

    def _transport(self) -> Any:
        with self._lock:
            if not self._clients:
                self._login()
            return self._clients[-1].get_transport()

    def _login(self) -> None:
        self.trips.connections += 1
        try:
            # Its public method gives one login to all tasks.
            client = clone(self._connection)._connect_uncached()  # noqa: SLF001 - as above
        except AnsibleError as error:
            raise explain_failure(error, self.name) from error
        client.get_transport().set_keepalive(15)
        self._clients.append(client)
