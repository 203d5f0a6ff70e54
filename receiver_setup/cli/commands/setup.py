"""`receiver-setup setup`: from a bare host and a camera to a proven upload."""

from typing import Any

import click

from receiver_setup.cli.inputs.options import setup_options
from receiver_setup.cli.inputs.receipt import check_receipt_file
from receiver_setup.cli.inputs.run_targets import check_targets
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.cli.output.terminal import require_terminal


@click.command(
    name="setup",
    epilog="Without --receiver and --camera, or with only --local, it asks for them on a terminal.",
)
@setup_options
def command(**options: Any) -> int:
    """Make a Linux host the proven sFTP receiver of a camera.

    Creates the upload account (jailed, no shell, no usable password), exchanges the keys, lets the camera verify
    the host key, and proves the upload on both sides. If any step fails, both are restored.
    """
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    check_receipt_file(options)
    asked = False
    if not any(options[name] for name in ("receiver", "cameras", "inventory")):
        require_terminal()
        from receiver_setup.cli.guided import ask_for_the_rest  # noqa: PLC0415 - only where nothing was given

        options = ask_for_the_rest(options)
        asked = True
    run_targets = check_targets(options)

    from receiver_setup.cli.inputs.carriers import open_carriers  # noqa: PLC0415 - loads the SSH library

    # A dialogue asks for confirmation before anything is contacted.
    with open_carriers(run_targets, begin=not asked) as carriers:
        from receiver_setup.cli.commands import setup_run  # noqa: PLC0415 - loads the HTTP library

        return setup_run.run(options, carriers, asked=asked)
