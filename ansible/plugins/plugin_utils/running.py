"""Run one task on one receiver: the workflow over Ansible's connection, and its report as Ansible's result."""

from __future__ import annotations

import re
import traceback
from typing import Any

from ansible_collections.receiver_setup.instar.plugins.module_utils.options import RECEIVER
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.become_shell import BecomeShell, Becoming
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.exec_shell import ExecShell
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.logins import address_of
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.reporting import logs_shown, make_observer
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.requests import make_request, open_cameras
from ansible_collections.receiver_setup.instar.plugins.plugin_utils.ssh_host import SshMasterHost

from receiver_setup.dialling import Dial
from receiver_setup.errors import ConfigurationError, ReceiverSetupError
from receiver_setup.process.interrupts import endings_interrupt
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.hosts import Dialler, Shell
from receiver_setup.receiver.hosts.local import LocalHost
from receiver_setup.report import Observer, ReceiverReport, Report, error_as_json, told_back
from receiver_setup.secrets import Redactor, Secret
from receiver_setup.workflow.remove import remove
from receiver_setup.workflow.run.request import RemovalRequest, Request, VerifyRequest
from receiver_setup.workflow.setup import set_up
from receiver_setup.workflow.verify import verify

_SLOWEST_STEP_S = 60.0
_NO_WAY_IN = frozenset({"receiver-unreachable", "receiver-login", "receiver-host-key"})

_OPTION = re.compile(r"--([a-z0-9]+(?:-[a-z0-9]+)*)")
_NAMES = {
    **{name.replace("_", "-"): name for name in RECEIVER},
    **{f"camera-{name.replace('_', '-')}": name for name in ("ca_file", "fingerprint", "insecure", "login")},
    "yes": "overwrite",
    "no-jail": "jail: false",
    "no-pin-source": "pin_source: false",
    "camera": "cameras",
}
"""Option of the command line → option of the action."""
_SENTENCES = frozenset({"msg", "message", "hint", "cause", "remedy", "warnings"})


class BugError(ReceiverSetupError):
    """An unforeseen exception."""

    kind = "bug"


def run_task(  # noqa: PLR0913 - all but two are keywords
    options: dict[str, Any],
    redact: Redactor,
    *,
    connection: Any,
    become: Any,
    display: Any,
    host: str,
    check: bool,
) -> dict[str, Any]:
    """Run the workflow that `state` names; return Ansible's result, without any secret."""
    for owner, name in ((connection, "password"), (become, "become_pass")):
        _learn(redact, owner, name)
    try:
        with logs_shown(display, host, redact), endings_interrupt():
            report = _run(
                options,
                redact,
                make_observer(display, host, redact),
                connection=connection,
                become=become,
                check=check,
            )
        result = _render(report, check=check)
    except ReceiverSetupError as error:
        result = _failure(error)
    except Exception as error:  # noqa: BLE001 - any message may contain a secret
        bug = BugError(
            f"this is a bug of receiver-setup: {type(error).__name__}: {error}",
            hint="run the playbook again with -vvv and report the output",
        )
        result = _failure(bug) | {"exception": traceback.format_exc()}
    return redact.values(_reworded(result))


def choose_shell(connection: Any, become: Any, *, timeout_s: float) -> tuple[Shell, str | None]:
    """Return the root shell for a connection, and the receiver's address as dialled from here."""
    kind = connection.transport.rpartition(".")[2]
    becoming = Becoming(become, connection._shell)  # noqa: SLF001 - as Ansible itself does
    slowest_s = max(_SLOWEST_STEP_S, 6 * timeout_s)
    if kind == "local":
        return BecomeShell(LocalHost(), becoming, timeout_s=slowest_s), None
    if kind in {"ssh", "smart"}:
        return BecomeShell(SshMasterHost(connection), becoming, timeout_s=slowest_s), address_of(connection)
    if kind in {"paramiko", "paramiko_ssh"}:
        from ansible_collections.receiver_setup.instar.plugins.plugin_utils.paramiko_host import (  # noqa: PLC0415 - it is slow to load
            ParamikoHost,
        )

        return BecomeShell(ParamikoHost(connection), becoming, timeout_s=slowest_s), address_of(connection)
    return ExecShell(connection, becoming, f"{address_of(connection)} ({kind})"), address_of(connection)


def _run(  # noqa: PLR0913 - what a run is made of
    options: dict[str, Any], redact: Redactor, observe: Observer, *, connection: Any, become: Any, check: bool
) -> ReceiverReport:
    shell, address = choose_shell(connection, become, timeout_s=options["timeout"])
    request = make_request(options, check=check, receiver_address=address)
    dial = _find_dial(shell, connection) if options["camera_via_receiver"] else None
    with open_cameras(options, redact, dial, check=check) as cameras:
        session = ReceiverSession(shell, confirm_s=options["confirm_within"])
        try:
            return _find_workflow(request)(request, session, cameras, observe)
        finally:
            session.close()


def _find_workflow(request: Request) -> Any:
    if isinstance(request, RemovalRequest):
        return remove
    return verify if isinstance(request, VerifyRequest) else set_up


def _find_dial(shell: Shell, connection: Any) -> Dial:
    if isinstance(shell.host, Dialler):
        return shell.host.dial
    kind = connection.transport.rpartition(".")[2]
    reason = "begins on this machine anyway" if kind == "local" else "opens no other connections from the receiver"
    raise ConfigurationError(
        f"camera_via_receiver is for a receiver that is reached by SSH: the connection {kind} {reason}",
        hint="leave camera_via_receiver out" if kind == "local" else "use ansible_connection: ssh",
    )


def _learn(redact: Redactor, owner: Any, name: str) -> None:
    try:
        found = owner.get_option(name) if owner is not None else None
    except KeyError:
        return
    if found:
        redact.add(Secret(str(found)))


def _render(receiver: ReceiverReport, *, check: bool) -> dict[str, Any]:
    report = Report(check=check, receivers=[receiver])
    result: dict[str, Any] = {"changed": report.changed, "receiver": receiver.as_json()}
    warnings = list(receiver.warnings)
    warnings += [f"{camera.name}: {warning}" for camera in receiver.cameras for warning in camera.warnings]
    if warnings:
        result["warnings"] = warnings
    if receiver.whole_diff:
        result["diff"] = {"prepared": receiver.whole_diff}
    if report.worst is not None:
        return result | _failure(report.worst)
    wrong = [claim for part in (receiver, *receiver.cameras) for claim in part.claims if claim.ok is False]
    if wrong:
        told = "; ".join(f"{claim.cause or claim.name}; {claim.remedy}".rstrip("; ") for claim in wrong)
        return result | {"failed": True, "msg": f"the set-up is no longer complete: {told}"}
    return result | {"msg": _sentence(receiver, check=check)}


def _failure(error: ReceiverSetupError) -> dict[str, Any]:
    """Return the result for a failure; a host that cannot be reached is Ansible's unreachable."""
    hint = f"; {error.hint}" if error.hint else ""
    back = f"; {told_back(error)}" if told_back(error) else ""
    unreachable = error.kind in _NO_WAY_IN and error.rolled_back is None
    return {
        "unreachable" if unreachable else "failed": True,
        "msg": f"{error.message}{hint}{back}",
        "error": error_as_json(error),
    }


def _reworded(value: Any, *, tells: bool = False) -> Any:
    """Return a result whose sentences use the action's names of options; everything else is unchanged."""
    if isinstance(value, dict):
        return {name: _reworded(each, tells=name in _SENTENCES) for name, each in value.items()}
    if isinstance(value, list):
        return [_reworded(each, tells=tells) for each in value]
    return _in_our_words(value) if tells and isinstance(value, str) else value


def _in_our_words(text: str) -> str:
    """Replace options of the command line by those of the action.

    >>> _in_our_words("give it with --receiver-address, or --yes")
    'give it with receiver_address, or overwrite'
    """
    return _OPTION.sub(lambda match: _NAMES.get(match[1], match[0]), text)


def _sentence(receiver: ReceiverReport, *, check: bool) -> str:
    if not receiver.changed:
        return "nothing would be changed" if check else "nothing was changed: everything was set up already"
    if check:
        return "nothing was changed: this was a check"
    names = ", ".join(camera.name for camera in receiver.cameras)
    return f"{receiver.address}: set up and proven" + (f" for {names}" if names else "")
