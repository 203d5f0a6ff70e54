"""`receiver-setup setup`: from a bare host and a camera to a proven upload."""

import sys
from pathlib import Path
from typing import Any

import click

from receiver_setup.cli.options import target_options
from receiver_setup.cli.redaction import set_up_logging
from receiver_setup.errors import ConfigurationError


@click.command(
    name="setup",
    epilog="Without --receiver and --camera, on a terminal, it asks for what it needs.",
)
@target_options
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
        _refuse(options, ssh_only, "is for a receiver that is reached by SSH, not for --local")
    if not any(camera.lower().startswith("https://") for camera in options["cameras"]):
        tls_only = ("camera_ca_file", "camera_fingerprint", "camera_insecure")
        _refuse(options, tls_only, "is for a camera that is given as https://…")
    if options["quiet"] and options["verbose"]:
        raise ConfigurationError("--quiet and --verbose contradict each other")
    for name in ("identity", "ssh_config", "camera_ca_file"):
        path: Path | None = options[name]
        if path is not None and not path.exists():
            raise ConfigurationError(f"{_spelt(name)}: there is no file {path}")


def _refuse(options: dict[str, Any], names: tuple[str, ...], why: str) -> None:
    for name in names:
        if options[name]:
            raise ConfigurationError(f"{_spelt(name)} {why}", hint="leave it out")


def _spelt(name: str) -> str:
    return "--" + name.replace("_", "-")


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
