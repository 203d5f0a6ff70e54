"""An action for tests: run scripts by the carrier that the collection has for this connection."""

import base64
import json
from pathlib import Path

from ansible_collections.receiver_setup.instar.plugins.plugin_utils.become_shell import Becoming
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.exec_shell import ExecShell
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.running import choose_shell

from ansible.plugins.action import ActionBase
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.receiver.script import Script


class ActionModule(ActionBase):
    """Each script's output as base64, or the error by its kind; between the two halves a new login is proven."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        connection = self._connection
        same = self._get_remote_user() == "root"
        become = None if same else connection.become
        shell, _ = choose_shell(connection, become, timeout_s=10)
        if self._task.args["plain"]:
            shell = ExecShell(connection, Becoming(become, connection._shell), "plain")
        scripts = json.loads(Path(self._task.args["scripts"]).read_text())
        try:
            outputs = [self._carry(shell, script) for script in scripts]
            proven = shell.host.prove_login()
            again = [self._carry(shell, script) for script in scripts[:1]]
        finally:
            shell.close()
        return {"outputs": outputs, "proven": proven, "again": again}

    @staticmethod
    def _carry(shell, script):
        try:
            output = shell.run(Script(text=script), step="test")
        except ReceiverSetupError as error:
            return {"kind": error.kind}
        data = base64.b64encode(output.data).decode()
        return {"data": data, "errors": output.errors, "status": output.status}
