"""`receiver-setup setup`: from a bare host and a camera to a proven upload."""

import sys
from typing import Any

import click

from receiver_setup.cli.clients import check_camera_options, refuse_options, require_file
from receiver_setup.cli.options import setup_options
from receiver_setup.cli.redaction import set_up_logging
from receiver_setup.errors import ConfigurationError


@click.command(
    name="setup",
    epilog="Without --receiver and --camera, on a terminal, it asks for what it needs.",
)
@setup_options
def command(**options: Any) -> int:
    """Make a Linux host the proven sFTP receiver of a camera.

    Creates the upload account (jailed, no shell, no usable password), exchanges the keys, lets the camera verify
    the host key, and proves the upload on both sides. If any step fails, both are put back as they were.
    """
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    asked = False
    if not options["receiver"] and not options["local"] and not options["cameras"] and _on_terminal():
        from receiver_setup.cli.dialogue import ask_targets  # noqa: PLC0415 - only where nothing was given

        options |= ask_targets()
        asked = True
    check_options(options)

    from receiver_setup.cli import targets  # noqa: PLC0415 - loads the SSH and HTTP libraries

    with targets.open_targets(options) as opened:
        if asked and not options["yes"] and not options["check"] and not targets.confirm(opened):
            click.echo("nothing was changed", err=True)
            return 0
        return targets.run_setup(opened, options)


def check_options(options: dict[str, Any]) -> None:
    """Refuse what cannot be meant, before anything is contacted."""
    if bool(options["receiver"]) == bool(options["local"]):
        raise ConfigurationError(
            "one receiver is needed, and exactly one way to it",
            hint="give --receiver [USER@]HOST[:PORT] for a host that is reached by SSH, or --local for this machine",
        )
    if not options["cameras"]:
        raise ConfigurationError("no camera was given", hint="give --camera [http[s]://][USER@]HOST[:PORT]")
    if options["local"]:
        ssh_only = ("identity", "known_hosts", "accept_new_host_key", "ssh_config", "ssh_password_file")
        refuse_options(options, ssh_only, "is for a receiver that is reached by SSH, not for --local")
    check_camera_options(options, options["cameras"])
    for name in ("identity", "ssh_config"):
        require_file(options, name)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
