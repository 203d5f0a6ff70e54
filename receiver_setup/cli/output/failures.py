"""The last stop of an error: one sentence, a hint and an exit code; one JSON object where JSON was asked for."""

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
    """Print what went wrong, on standard error, and as JSON on standard output with `--json`; return the exit code."""
    if isinstance(error, BrokenPipeError):
        # Whoever read our output has gone; there is nobody to tell.
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
    """Return `error` as one of this project's."""
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
        hint="run the same command again with -vv and report what it prints",
    )


def print_error(error: ReceiverSetupError, *, scope: str = "") -> None:
    """Print one error for a person; `scope` is what it is about, where there are several."""
    click.echo(redact(f"error: {f'{scope}: ' if scope else ''}{error.message}"), err=True)
    if error.hint:
        click.echo(redact(f"hint: {error.hint}"), err=True)
    if told := told_back(error):
        click.echo(redact(told), err=True)
