"""The command line: the only place that prints.

Commands are imported when they are called, so that `--help` does not load the SSH and HTTP libraries.
"""

import gc
import importlib
import sys
from typing import NoReturn

import click

from receiver_setup import __version__
from receiver_setup.compat import prepare_output

_COMMANDS = {
    "setup": ("receiver_setup.cli.commands.setup", "Make a host the proven receiver of a camera's uploads."),
    "verify": ("receiver_setup.cli.commands.verify", "Prove a set-up again and report what is wrong."),
    "status": (
        "receiver_setup.cli.commands.status",
        "Show the last upload, the free space, and differences from the set-up.",
    ),
    "remove": ("receiver_setup.cli.commands.remove", "Undo a set-up on both sides; recordings are kept."),
    "explain": (
        "receiver_setup.cli.commands.explain",
        "Print a set-up as plain shell and curl lines; changes nothing.",
    ),
    "camera": ("receiver_setup.cli.camera", "Show and change the camera's whole FTP menu."),
    "inventory": ("receiver_setup.cli.commands.inventory", "Check, show or make an inventory, for --inventory."),
    "pi": ("receiver_setup.cli.pi", "Prepare a Raspberry Pi's card, so that the first boot sets it up."),
    "demo": ("receiver_setup.cli.commands.demo", "Show the whole story on this machine; leaves nothing behind."),
    "emulate-camera": ("receiver_setup.cli.demo.emulate_camera", "Run an emulated camera to develop against."),
}
"""Command → its module and its line in `--help`, so that help imports none of them."""

_EPILOG = (
    "Exit codes: 0 done, or nothing to do; 1 a bug of ours; 2 usage or configuration; 3 camera; 4 receiver; "
    "5 proof failed; 6 the rollback failed; 7 --check, verify or status found a difference; 130 interrupted."
)


class _LazyGroup(click.Group):
    """A group whose commands are modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of the table."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load one command."""
        if cmd_name not in _COMMANDS:
            return None
        command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in _COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="receiver-setup")
def main() -> None:
    """Make a Linux host the proven sFTP receiver of INSTAR 2k+ cameras.

    One command creates the upload account, exchanges the keys, and proves on both sides that uploads work.
    """


def run() -> NoReturn:
    """Run the command line and exit; every failure becomes one clear message and its exit code."""
    prepare_output()
    try:
        code = main.main(prog_name="receiver-setup", standalone_mode=False)
    except click.exceptions.Exit as ending:
        code = ending.exit_code
    except SystemExit:  # click has completed a shell's command line
        raise
    except BaseException as error:  # noqa: BLE001 - nothing may end as a bare traceback
        from receiver_setup.cli.output.failures import report_failure  # noqa: PLC0415 - only when something failed
        from receiver_setup.process.interrupts import ignore_signals  # noqa: PLC0415 - as above

        ignore_signals()
        code = report_failure(error, sys.argv[1:])
    gc.freeze()  # skip a last garbage collection
    sys.exit(code if isinstance(code, int) else 0)
