"""`receiver-setup explain`: the plan of `setup` as plain shell and curl lines."""

from typing import Any

import click

from receiver_setup.cli.inputs.options import explain_options
from receiver_setup.cli.inputs.run_targets import check_targets
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.errors import ConfigurationError


@click.command(
    name="explain",
    epilog="Standard output contains only the script: receiver-setup explain … >set-up.sh",
)
@explain_options
def command(**options: Any) -> int:
    """Print what a set-up would do now, as a shell script that a person can read and run instead.

    Its first part is for root on the receiver, its second for any machine that reaches the camera, with curl; each
    command has its reason above it. Both sides are read, and nothing is changed. The script contains no secrets: it
    prompts for passwords.
    """
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    run_targets = check_targets(options)
    if len(run_targets) > 1:
        raise ConfigurationError(
            f"explain prints the script of one receiver, and the inventory has {len(run_targets)}",
            hint=f"choose one: --only {run_targets[0].name}",
        )

    from receiver_setup.cli.inputs.carriers import open_carriers  # noqa: PLC0415 - loads the SSH library

    with open_carriers(run_targets, begin=True) as carriers:
        from receiver_setup.cli.commands import explain_run  # noqa: PLC0415 - loads the HTTP library

        return explain_run.run(options, carriers)
