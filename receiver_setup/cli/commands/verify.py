"""`receiver-setup verify`: prove a set-up again and report what is wrong."""

from typing import Any

import click

from receiver_setup.cli.inputs.options import verify_options
from receiver_setup.cli.inputs.run_targets import check_targets
from receiver_setup.cli.output.redaction import set_up_logging


@click.command(
    name="verify",
    epilog="Exit codes: 0 everything is proven; 5 the test upload failed; 7 it works, but something has changed.",
)
@verify_options
def command(**options: Any) -> int:
    """Prove the whole chain again; changes nothing except the test picture.

    Prints a line for each claim: ok, FAILED, or unknown if it could not be checked, followed by the cause and the
    remedy of each failure.
    """
    return look(options, test=True)


def look(options: dict[str, Any], *, test: bool) -> int:
    """Check a set-up; with `test`, let the camera upload its test picture."""
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
