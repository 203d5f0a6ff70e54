"""From options to the two sides of a workflow, and from its report to what is printed."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from receiver_setup.camera import CameraAddress
from receiver_setup.cli.clients import make_camera
from receiver_setup.cli.failures import print_error
from receiver_setup.cli.output import print_json
from receiver_setup.cli.progress import progress
from receiver_setup.cli.redaction import redact
from receiver_setup.cli.secrets_input import secret_source
from receiver_setup.errors import ConfigurationError, ReceiverSetupError
from receiver_setup.interrupts import endings_interrupt
from receiver_setup.receiver.address import ReceiverAddress, parse_dialled
from receiver_setup.receiver.hosts import Dialler, Host
from receiver_setup.receiver.hosts.local import LocalHost
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.session import ReceiverSession
from receiver_setup.receiver.wanted import check_directory, check_home, check_user, clean_name
from receiver_setup.report import ReceiverReport, Report
from receiver_setup.workflow.fleet import run_all
from receiver_setup.workflow.request import NamedCamera

_SLOWEST_STEP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """One receiver and its cameras, ready to be contacted."""

    session: ReceiverSession
    cameras: tuple[NamedCamera, ...]

    @property
    def receiver_of(self) -> dict[str, str]:
        """Each camera's name → the name of its receiver, as a live table has them."""
        return {each.name: self.session.name for each in self.cameras}

    @property
    def cameras_shown(self) -> str:
        """The cameras' addresses, for people."""
        return ", ".join(each.camera.address.display for each in self.cameras)


@contextlib.contextmanager
def open_targets(options: dict[str, Any]) -> Iterator[Targets]:
    """Make both sides from checked options; nothing is contacted before the workflow does."""
    addresses = [CameraAddress.parse(text) for text in options["cameras"]]
    names = [clean_name(address.url.partition("://")[2]) for address in addresses]
    for name in names:
        if names.count(name) > 1:
            raise ConfigurationError(f"the camera {name} was given twice", hint="give each camera once")
    host = _host(options)
    password = secret_source(
        options["sudo_password_file"], "RECEIVER_SETUP_SUDO_PASSWORD", question=f"sudo password on {host.name}"
    )
    shell = RootShell(host, sudo_password=password, timeout_s=max(_SLOWEST_STEP_S, 6 * options["timeout"]))
    with contextlib.ExitStack() as stack:
        session = ReceiverSession(shell, confirm_s=options.get("confirm_within", 60))
        stack.callback(session.close)
        dial = host.dial if options["camera_via_receiver"] and isinstance(host, Dialler) else None
        cameras = [make_camera(address, options, dial) for address in addresses]
        for camera in cameras:
            stack.callback(camera.close)
        named = (NamedCamera(name=name, camera=each) for name, each in zip(names, cameras, strict=True))
        yield Targets(session=session, cameras=tuple(named))


def run_workflow(  # noqa: PLR0913 - all but three are options with a name
    workflow: Callable[..., ReceiverReport],
    render: Callable[[Report], str],
    options: dict[str, Any],
    *,
    cameras: Mapping[str, str] | None = None,
    steps: bool = True,
    keep: Callable[[Report], None] = lambda _: None,
) -> int:
    """Run a workflow on its receiver and print its result; return the exit code. `steps`: tell them as they happen.

    `cameras` is what a live table shows, as `progress` takes it.
    `keep` stores the result besides; where that fails, the error stands beside the result and undoes nothing.
    """
    shown = progress(quiet=bool(options["quiet"]), cameras=cameras or {}, steps=steps, verbose=bool(options["verbose"]))
    with endings_interrupt(), shown as observe:
        (receiver,) = run_all([lambda stop: workflow(observe, stop=stop)])
    report = Report(check=options.get("check", False), receivers=[receiver])
    try:
        keep(report)
    except ReceiverSetupError as error:
        report.error = error
    if options["as_json"]:
        print_json(report.as_json())
    else:
        if options.get("diff") and receiver.whole_diff:
            click.echo(redact(receiver.whole_diff), nl=False)
        text = render(report)
        if text:
            click.echo(redact(text))
    if report.worst is not None:
        print_error(report.worst)
    if report.error is not None and report.error is not report.worst:
        print_error(report.error)
    return report.exit_code


def request_values(options: dict[str, Any]) -> dict[str, Any]:
    """Return what every request holds, from checked options."""
    user = check_user(options["user"])
    return {
        "user": user,
        "home": check_home(options["home"] or f"/home/{user}"),
        "directory": check_directory(options["directory"]),
        "dialled": parse_dialled(options["receiver_address"]) if options["receiver_address"] else None,
        "receiver_address": ReceiverAddress.parse(options["receiver"]).host if options["receiver"] else None,
        "check": options.get("check", False),
        "jobs": max(1, min(options["jobs"], len(options["cameras"]))),
    }


def _host(options: dict[str, Any]) -> Host:
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
                options["ssh_password_file"], "RECEIVER_SETUP_SSH_PASSWORD", question="SSH password of the receiver"
            ),
            timeout_s=options["timeout"],
        ),
    )
