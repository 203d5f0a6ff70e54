"""Report the final error of a run: a sentence, a hint and an exit code; with --json, one JSON object."""

import logging
import os
import traceback
from collections.abc import Sequence

import click

from receiver_setup.cli.output.output import print_json
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import ConfigurationError, InterruptedRunError, ReceiverSetupError
from receiver_setup.report import Report, told_back

_log = logging.getLogger(__name__)


class _BugError(ReceiverSetupError):
    kind = "bug"
    exit_code = 1


def report_failure(error: BaseException, arguments: Sequence[str]) -> int:
    """Print an error on standard error, and with `--json` as JSON on standard output; return the exit code."""
    if isinstance(error, BrokenPipeError):
        # The reader of our output is gone, so there is nothing to print.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    ours = as_ours(error)
    print_error(ours)
    if ours.exit_code == _BugError.exit_code:
        _log.debug("%s", redact("".join(traceback.format_exception(error))))
    if "--json" in arguments:
        report = Report(check="--check" in arguments, error=ours)
        print_json(report.as_json())
    return ours.exit_code


def as_ours(error: BaseException) -> ReceiverSetupError:
    """Convert any exception to a ReceiverSetupError."""
    if isinstance(error, ReceiverSetupError):
        return error
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return InterruptedRunError("the run was interrupted before anything was changed")
    if isinstance(error, click.UsageError):
        command = error.ctx.command_path if error.ctx else "receiver-setup"
        return ConfigurationError(error.format_message(), hint=f"see {command} --help")
    if isinstance(error, click.ClickException):
        return ConfigurationError(error.format_message())
    return _BugError(
        f"this is a bug of receiver-setup: {type(error).__name__}: {error}",
        hint="run the same command again with -vv and report the output",
    )


def print_error(error: ReceiverSetupError, *, scope: str = "") -> None:
    """Print an error and its hint; `scope` is the name of its host, if there are several."""
    click.echo(redact(f"error: {f'{scope}: ' if scope else ''}{error.message}"), err=True)
    if error.hint:
        click.echo(redact(f"hint: {error.hint}"), err=True)
    if told := told_back(error):
        click.echo(redact(told), err=True)
