"""`receiver-setup pi`: a Raspberry Pi's card, so that the first boot sets everything up."""

import sys
from typing import Any

import click

from receiver_setup.cli.inputs.options import prepare_options
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.compat import linux_only
from receiver_setup.errors import ConfigurationError

_EPILOG = (
    "Exit codes: 0 done, or nothing to do; 2 usage, or an unknown card; 4 the card cannot be read or written; "
    "7 --check found a difference."
)


@click.group(name="pi", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Prepare a Raspberry Pi's card, so that the first boot sets it up."""
    if ctx.invoked_subcommand is None:
        raise ConfigurationError("no command was given for the Pi", hint="give prepare; see receiver-setup pi --help")


@command.command(epilog=_EPILOG)
@prepare_options
def prepare(**options: Any) -> int:
    """Write a set-up to the boot partition of a Pi's card; the first boot runs it.

    Existing files are kept: one command is added to cloud-init's user-data, or to firstrun.sh. The camera's password
    must be on the card until the first boot is done; it is in a separate file, which is then wiped.
    """
    set_up_logging(-1 if options["quiet"] else options["verbose"])

    from receiver_setup.cli.pi import prepare_run  # noqa: PLC0415 - YAML takes its time, and help needs none

    return prepare_run.run(options)


@command.command(name="first-boot")
@click.option(
    "--folder",
    required=True,
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="The folder of the card that holds the job.",
)
def first_boot(folder: str) -> int:
    """Try the job of a prepared card once; the first boot runs this until it succeeds.

    Prints one word (done, again or failed), followed by a message for the user.
    """
    if sys.platform != "linux":
        raise linux_only("the first boot of a prepared card", hint="start the Raspberry Pi from the card")

    from receiver_setup.cli.pi import first_boot_run  # noqa: PLC0415 - as above

    return first_boot_run.run(folder)
