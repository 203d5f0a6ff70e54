"""`receiver-setup verify`: prove a set-up again, and say what is wrong."""

from typing import Any

import click

from receiver_setup.cli.inputs.options import verify_options
from receiver_setup.cli.inputs.run_targets import check_targets
from receiver_setup.cli.output.redaction import set_up_logging


@click.command(
    name="verify",
    epilog="Exit codes: 0 all holds; 5 the test upload proves that it does not; 7 it works, but not all is as set up.",
)
@verify_options
def command(**options: Any) -> int:
    """Prove the whole chain again; nothing is changed but the test picture.

    Prints a line for each claim: ok, FAILED, or unknown where it could not be seen. Below stand the cause of each
    failure and what mends it.
    """
    return look(options, test=True)


def look(options: dict[str, Any], *, test: bool) -> int:
    """Look at a set-up; with `test` the camera uploads its test picture for it."""
    set_up_logging(-1 if options["quiet"] else options["verbose"])
    run_targets = check_targets(options)

    from receiver_setup.cli.inputs.carriers import open_carriers  # noqa: PLC0415 - loads the SSH library

    receipt = None
    if options.get("receipt") is not None:
        from receiver_setup.cli.output.receipt_file import read_receipt  # noqa: PLC0415 - only with one

        receipt = read_receipt(options["receipt"])
    with open_carriers(run_targets, begin=True) as carriers:
        from receiver_setup.cli.commands import verify_run  # noqa: PLC0415 - loads the HTTP library

        return verify_run.run(options, carriers, receipt, test=test)
