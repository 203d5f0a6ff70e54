"""The action receiver: all Python runs on the controller; the receiver only gets shell scripts."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display
from ansible_collections.receiver_setup.instar.plugins.module_utils.options import RECEIVER
from ansible_collections.receiver_setup.instar.plugins.module_utils.requirement import find_problem

from ansible.plugins.action import ActionBase

try:  # at the top, because Ansible loads this file once, before it starts a process per host
    from ansible_collections.receiver_setup.instar.plugins.plugin_utils.requests import learn_passwords
    from ansible_collections.receiver_setup.instar.plugins.plugin_utils.running import run_task
except ImportError as error:
    PROBLEM: str | None = f"the collection receiver_setup.instar cannot be loaded: {error}"
else:
    PROBLEM = None

display = Display()


class ActionModule(ActionBase):
    """Set up, verify or remove a host as the receiver of its cameras."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the workflow over Ansible's connection."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        problem = find_problem() or PROBLEM
        if problem is not None:
            return result | {"failed": True, "msg": problem}
        redact = learn_passwords(self._task.args.get("cameras"))
        try:
            _, options = self.validate_argument_spec(argument_spec=RECEIVER)
        except AnsibleActionFail as error:
            # Ansible's error repeats an invalid value, which may be a password.
            return result | {"failed": True, "msg": redact(str(error))}
        done = run_task(
            options,
            redact,
            connection=self._connection,
            become=self._become(),
            display=display,
            host=self._task.delegate_to or (task_vars or {}).get("inventory_hostname", ""),
            check=self._task.check_mode,
        )
        return result | done

    def _become(self) -> Any:
        """Return the become plugin; None, as in Ansible, if the login is already that user."""
        plugin = self._connection.become
        if plugin is None or self._get_remote_user() == (plugin.get_option("become_user") or "root"):
            return None
        return plugin
