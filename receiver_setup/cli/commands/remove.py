"""`receiver-setup remove`: take a set-up back, on both sides."""

from typing import Any

import click

from receiver_setup.cli.inputs.options import remove_options
from receiver_setup.cli.inputs.run_targets import check_targets
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.cli.output.terminal import on_terminal


@click.command(
    name="remove",
    epilog="Without --camera the receiver's whole half goes, and no camera is spoken to. Twice is harmless.",
)
@remove_options
def command(**options: Any) -> int:
    """Take a set-up back: the camera gets its former settings, the receiver is as it was before.

    It works from any machine: the receiver keeps how things were. With the last camera of an account the account
    goes as well. Recordings are kept, and it is told where, unless --delete-recordings is given.
    """
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    run_targets = check_targets(options, cameras=False)
    ask = not options["yes"] and not options["check"] and on_terminal()

    from receiver_setup.cli.inputs.carriers import open_carriers  # noqa: PLC0415 - loads the SSH library

    with open_carriers(run_targets, begin=not ask) as carriers:
        from receiver_setup.cli.commands import remove_run  # noqa: PLC0415 - loads the HTTP library

        return remove_run.run(options, carriers, ask=ask)
