"""Run a camera module: check for the package, and report every failure as one sentence without secrets."""

from __future__ import annotations

import traceback

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.receiver_setup.instar.plugins.module_utils.requirement import find_problem


def run_module(argument_spec, work):
    """Run `work(menu, options, redact, check)` as a module; `menu` is imported only if its package is installed."""
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True)
    problem = find_problem()
    if problem is not None:
        module.fail_json(msg=problem)
    from ansible_collections.receiver_setup.instar.plugins.module_utils import menu  # noqa: PLC0415 - needs the package

    from receiver_setup.errors import ReceiverSetupError  # noqa: PLC0415 - the package may be missing
    from receiver_setup.secrets import Redactor  # noqa: PLC0415 - the package may be missing

    redact = Redactor()
    try:
        result = work(menu, module.params, redact, module.check_mode)
    except ReceiverSetupError as error:
        module.fail_json(**redact.values(menu.describe_failure(error)))
    except Exception as error:  # noqa: BLE001 - any message may contain a secret
        told = {"msg": f"this is a bug of receiver-setup: {type(error).__name__}: {error}"}
        module.fail_json(**redact.values(told | {"exception": traceback.format_exc()}))
    module.exit_json(**redact.values(result))
