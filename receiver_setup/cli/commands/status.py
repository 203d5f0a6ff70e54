"""`receiver-setup status`: look at a set-up without a test upload."""

from typing import Any

import click

from receiver_setup.cli.commands.verify import look
from receiver_setup.cli.inputs.options import status_options


@click.command(name="status", epilog="Exit codes: 0 all is as it was set up; 7 something is not.")
@status_options
def command(**options: Any) -> int:
    """Show the last upload, the room that is left, and whether all is as it was set up; reads only.

    It lets the camera upload nothing; `receiver-setup verify` does, and proves the whole chain.
    """
    return look(options, test=False)
