"""`receiver-setup setup`: from a bare host and a camera to a proven upload."""

import sys
from typing import Any

import click

from receiver_setup.cli.options import setup_options
from receiver_setup.cli.receipt_file import check_receipt_file
from receiver_setup.cli.redaction import set_up_logging
from receiver_setup.cli.shares import check_targets


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
    check_receipt_file(options)
    asked = False
    if not any(options[name] for name in ("receiver", "local", "cameras", "inventory")) and _on_terminal():
        from receiver_setup.cli.dialogue import ask_targets  # noqa: PLC0415 - only where nothing was given

        options |= ask_targets()
        asked = True
    shares = check_targets(options)

    from receiver_setup.cli import setup_run  # noqa: PLC0415 - loads the SSH and HTTP libraries

    return setup_run.run(options, shares, asked=asked)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()
