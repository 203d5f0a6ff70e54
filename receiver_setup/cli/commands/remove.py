"""`receiver-setup remove`: undo a set-up on both sides."""

from typing import Any

import click

from receiver_setup.cli.inputs.options import remove_options
from receiver_setup.cli.inputs.run_targets import check_targets
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.cli.output.terminal import on_terminal


@click.command(
    name="remove",
    epilog="Without --camera the whole set-up of the receiver is removed, and no camera is contacted. Safe to repeat.",
)
@remove_options
def command(**options: Any) -> int:
    """Undo a set-up: restore the camera's former settings and the receiver's former state.

    Works from any machine, because the receiver keeps a record of the former state. Removing an account's last camera
    removes the account as well. Recordings are kept, and their place is printed, unless --delete-recordings is given.
    """
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    run_targets = check_targets(options, cameras=False)
    ask = not options["yes"] and not options["check"] and on_terminal()

    from receiver_setup.cli.inputs.carriers import open_carriers  # noqa: PLC0415 - loads the SSH library

    with open_carriers(run_targets, begin=not ask) as carriers:
        from receiver_setup.cli.commands import remove_run  # noqa: PLC0415 - loads the HTTP library

        return remove_run.run(options, carriers, ask=ask)
