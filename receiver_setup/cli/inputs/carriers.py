"""Open the connections to the receivers of a run, while its other modules are still being imported.

Everything that can be refused without contacting a host is refused first.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from receiver_setup.cli.inputs.clients import read_camera_password
from receiver_setup.cli.inputs.run_targets import UPLOAD_OPTIONS, RunTarget
from receiver_setup.cli.inputs.secrets import ask_person, secret_source
from receiver_setup.receiver.address import ReceiverAddress, parse_dialled
from receiver_setup.receiver.hosts import Host
from receiver_setup.receiver.hosts.local import LocalHost
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.plan.wanted import check_directory, check_home, check_user
from receiver_setup.secrets import Secret

_SLOWEST_STEP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """The connection to one receiver, and the passwords of its cameras in order."""

    run_target: RunTarget
    shell: RootShell
    passwords: tuple[Secret | None, ...]

    @property
    def host(self) -> Host:
        """The host that the shell runs on."""
        return self.shell.host


@contextlib.contextmanager
def open_carriers(run_targets: Sequence[RunTarget], *, begin: bool) -> Iterator[tuple[Carrier, ...]]:
    """Check all options, read the cameras' passwords, and yield the connections; they are closed after the body.

    `begin`: sign in immediately, in the background. Otherwise nothing is contacted before the workflow runs.
    """
    for target in run_targets:
        _check_upload_options(target)
    passwords = [_camera_passwords(target) for target in run_targets]
    with contextlib.ExitStack() as stack:
        carriers = []
        for target, own in zip(run_targets, passwords, strict=True):
            shell = _shell(target)
            stack.callback(shell.close)
            carriers.append(Carrier(run_target=target, shell=shell, passwords=own))
        if begin:
            for carrier in carriers:
                carrier.shell.begin()
        yield tuple(carriers)


def request_values(target: RunTarget) -> dict[str, Any]:
    """Return the common values of all requests, from checked options."""
    options = target.options
    user = check_user(options["user"])
    return {
        "user": user,
        "home": check_home(options["home"] or f"/home/{user}"),
        "directory": check_directory(options["directory"]),
        "dialled": parse_dialled(options["receiver_address"]) if options["receiver_address"] else None,
        "receiver_address": ReceiverAddress.parse(options["receiver"]).host if options["receiver"] else None,
        "check": options.get("check", False),
        "isolate": options["isolate"],
        "alone": target.alone,
        "jobs": options["jobs"],
    }


def _check_upload_options(target: RunTarget) -> None:
    request_values(target)
    for options in (
        target.options,
        *(camera.options for camera in target.cameras if camera.has_upload_options),
    ):
        if any(options.get(name) is not None for name in UPLOAD_OPTIONS):
            from receiver_setup.camera.settings.upload_options import read_upload_options  # noqa: PLC0415 - only with such a wish

            read_upload_options(options)


def _camera_passwords(target: RunTarget) -> tuple[Secret | None, ...]:
    named = target.name is not None
    return tuple(
        read_camera_password(each.address, each.options, source=each.password, name=each.shown if named else "")
        for each in target.cameras
    )


def _shell(target: RunTarget) -> RootShell:
    options = target.options
    host = _host(target)
    password, root = (
        secret_source(
            options["sudo_password_file"],
            "RECEIVER_SETUP_SUDO_PASSWORD",
            question=f"{whose} password on {host.name}",
            source=target.password("SUDO"),
        )
        for whose in ("sudo", "root's")
    )
    timeout_s = max(_SLOWEST_STEP_S, 6 * options["timeout"])
    return RootShell(host, sudo_password=password, root_password=root, timeout_s=timeout_s)


def _host(target: RunTarget) -> Host:
    options = target.options
    if options["local"]:
        return LocalHost()
    from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions  # noqa: PLC0415 - paramiko, only for SSH

    return SshHost(
        ReceiverAddress.parse(options["receiver"]),
        SshOptions(
            identity=options["identity"],
            known_hosts=options["known_hosts"],
            accept_new_host_key=options["accept_new_host_key"],
            config_file=options["ssh_config"],
            password=secret_source(
                options["ssh_password_file"],
                "RECEIVER_SETUP_SSH_PASSWORD",
                question=f"SSH password of the receiver{f' {target.name}' if target.name else ''}",
                source=target.password("SSH"),
            ),
            answer=ask_person,
            timeout_s=options["timeout"],
        ),
    )
