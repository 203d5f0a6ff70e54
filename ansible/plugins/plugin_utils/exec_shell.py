"""A root shell over any connection plugin that accepts data on standard input, such as those for containers."""

from __future__ import annotations

import shlex
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.become_shell import NOT_ROOT, ROOT, Becoming
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.logins import explain_failure

from receiver_setup.errors import ReceiverUnreachableError
from receiver_setup.receiver.hosts import Output
from receiver_setup.receiver.script import Script


class PluginPeer:
    """The far end of an unknown kind of connection, without a login to prove."""

    def __init__(self, name: str) -> None:
        self.name = name

    def prove_login(self) -> bool:
        """Return False, because such a connection does not sign in by sshd."""
        return False

    def close(self) -> None:
        """Do nothing, because Ansible closes its own connection."""


class ExecShell:
    """A root shell for which the connection plugin itself handles the become plugin."""

    def __init__(self, connection: Any, becoming: Becoming, name: str) -> None:
        self.host = PluginPeer(name)
        self._connection = connection
        self._becoming = becoming

    def run(self, script: Script, *, step: str, anew: bool = False) -> Output:  # noqa: ARG002 - there is no newer login
        """Run `script` as root, in a shell of its own; `step` names it in errors."""
        command = f"/bin/sh -c {shlex.quote(self._becoming.inner())}"
        text = f"RECEIVER_SETUP_CONNECTION=\n{script.whole()}\n".encode("utf-8", "surrogateescape")
        try:
            status, out, errors = self._connection.exec_command(command, in_data=text, sudoable=True)
        except AnsibleError as error:
            said = " ".join(str(error).split())
            if "password" in said:
                raise self._becoming.refusal(self.host.name, said) from error
            raise explain_failure(error, self.host.name) from error
        greeting, ready, data = out.partition(ROOT)
        if not ready:
            said = errors.decode("utf-8", "replace") or greeting.replace(NOT_ROOT, b"").decode("utf-8", "replace")
            raise self._becoming.refusal(self.host.name, " ".join(said.split()) or "it gave no reason")
        if status is None or status > 128:
            raise ReceiverUnreachableError(
                f"the connection to {self.host.name} was lost during the step {step!r}",
                hint="run the playbook again: it finishes or undoes the interrupted run",
            )
        return Output(data=data, errors=errors.decode("utf-8", "replace"), status=status)

    def close(self) -> None:
        """Nothing of ours is open."""
