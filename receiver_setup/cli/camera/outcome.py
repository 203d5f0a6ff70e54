"""The result of a `camera` command, as one JSON object or as text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from receiver_setup.cli.output.output import print_json
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import ReceiverSetupError, UndoError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import DIFFERENCE, error_as_json


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The result, filled in while the command runs; `details` are the command's own keys of the JSON object."""

    check: bool = False
    as_json: bool = False
    quiet: bool = False
    address: str | None = None
    changed: bool = False
    """With `check`: something would change."""
    details: dict[str, Any] = field(default_factory=dict)
    error: ReceiverSetupError | None = None

    @property
    def exit_code(self) -> int:
        """The documented exit code."""
        if self.error is not None:
            return self.error.exit_code
        return DIFFERENCE if self.check and self.changed else 0

    def render(self) -> dict[str, Any]:
        """Return the object that `--json` prints."""
        return {
            "ok": self.error is None,
            "changed": self.changed or isinstance(self.error, UndoError),
            "check": self.check,
            "camera": {"address": self.address, **self.details},
            "error": self.error and error_as_json(self.error),
        }


def print_outcome(outcome: Outcome) -> None:
    """Print the one object of `--json`."""
    print_json(outcome.render())


def finish(outcome: Outcome, lines: Iterable[str]) -> int:
    """Print the result, as JSON or as these lines, and return the exit code."""
    if outcome.as_json:
        print_outcome(outcome)
    else:
        for line in lines:
            click.echo(_printable(redact(line)))
    return outcome.exit_code


def tell(outcome: Outcome, sentence: str) -> None:
    """Print a remark on standard error, unless --quiet."""
    if not outcome.quiet:
        click.echo(redact(sentence), err=True)


def render_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns; the last one is not padded.

    >>> render_table([("a", "b"), ("ccc", "d")])
    ['a    b', 'ccc  d']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def key_as_json(key: PublicKey) -> dict[str, Any]:
    """Return a public key as JSON."""
    return {"type": key.type, "bits": key.bits, "fingerprint": key.fingerprint, "line": key.line}


def _printable(line: str) -> str:
    """Escape control characters in a camera's answer."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
