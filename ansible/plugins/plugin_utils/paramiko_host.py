"""A receiver over Ansible's paramiko connection; a separate module, because it imports paramiko."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.receiver_setup.instar.plugins.plugin_utils.logins import LoginsHost, clone

from receiver_setup.receiver.hosts.ssh_errors import explain
from receiver_setup.receiver.hosts.ssh_stream import SshStream, start_command
from receiver_setup.receiver.hosts.tunnel import open_tunnel

if TYPE_CHECKING:
    import socket


class ParamikoHost(LoginsHost[Any]):
    """A receiver over separate logins of Ansible's paramiko connection."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection, connection._play_context.remote_user)  # noqa: SLF001 - as Ansible's own

    def open(self, command: str) -> SshStream:
        """Start `command` over the newest login."""
        transport = self._newest().get_transport()
        try:
            return start_command(transport, command, timeout_s=30)
        except Exception as error:
            ours = explain(error, self.name)
            if ours is None:
                raise
            raise ours from error

    def _make(self) -> Any:
        # The public method shares one login between tasks.
        client = clone(self._connection)._connect_uncached()  # noqa: SLF001 - as above
        client.get_transport().set_keepalive(15)
        return client

    def _end(self, login: Any) -> None:
        login.close()

    def _dial_through(self, login: Any, host: str, port: int, timeout_s: float) -> socket.socket:
        return open_tunnel(login.get_transport(), host, port, timeout_s=timeout_s, name=self.name)
