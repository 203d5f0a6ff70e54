"""`receiver-setup status`: check a set-up without a test upload."""

from typing import Any

import click

from receiver_setup.cli.commands.verify import look
from receiver_setup.cli.inputs.options import status_options


@click.command(name="status", epilog="Exit codes: 0 everything is as it was set up; 7 something is not.")
@status_options
def command(**options: Any) -> int:
    """Show the last upload, the free space, and whether everything is as it was set up; read-only.

    It does not test an upload; `receiver-setup verify` does, and proves the whole chain.
    """
    return look(options, test=False)
