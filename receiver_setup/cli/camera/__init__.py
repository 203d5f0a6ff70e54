"""`receiver-setup camera`: the camera's whole FTP menu."""

import logging
import traceback
from typing import Any

import click

from receiver_setup.cli.camera.find import find
from receiver_setup.cli.camera.keys import pubkey, test, trust
from receiver_setup.cli.camera.outcome import Outcome, print_outcome
from receiver_setup.cli.camera.record import record
from receiver_setup.cli.camera.settings import set_
from receiver_setup.cli.camera.show import show
from receiver_setup.cli.camera.uploads import action, schedule, snapshots, timer
from receiver_setup.cli.output.failures import as_ours, print_error
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import ConfigurationError

_log = logging.getLogger(__name__)

_EPILOG = (
    "Each command that changes something reads first, shows before → after, sends only what differs, and reads "
    "back. Exit codes: 0 done, or nothing to do; 2 usage; 3 camera; 5 the test upload failed; 7 --check found a "
    "difference."
)
_PROBLEM = "receiver_setup.problem"


class _CameraGroup(click.Group):
    """A group that reports failures as its own kind of JSON object, with --json."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order in which they were added."""
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether JSON is requested; keep a usage error for `invoke` to report."""
        ctx.obj = Outcome(check="--check" in args, as_json="--json" in args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            ctx.meta[_PROBLEM] = error
            return []

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; with --json, print the failure here instead of at the end of the program."""
        try:
            _raise_noted(ctx)
            return super().invoke(ctx)
        except (click.exceptions.Exit, BrokenPipeError):
            raise
        except BaseException as error:
            if not ctx.obj.as_json:
                raise
            outcome: Outcome = ctx.obj
            outcome.error = as_ours(error)
            _log.debug("%s", redact("".join(traceback.format_exception(error))))
            print_error(outcome.error)
            print_outcome(outcome)
            return outcome.error.exit_code


def _raise_noted(ctx: click.Context) -> None:
    if _PROBLEM in ctx.meta:
        raise ctx.meta[_PROBLEM]


@click.group(name="camera", cls=_CameraGroup, epilog=_EPILOG, invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show and change the camera's whole FTP menu."""
    if ctx.invoked_subcommand is None:
        raise ConfigurationError(
            "no command was given for the camera",
            hint=f"give one of {', '.join(command.list_commands(ctx))}; see receiver-setup camera --help",
        )


for _each in (show, set_, test, pubkey, trust, action, snapshots, schedule, timer, find, record):
    command.add_command(_each)
