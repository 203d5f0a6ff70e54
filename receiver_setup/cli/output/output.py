"""Print the JSON object of `--json`, with every secret masked in its values."""

import codecs
import json
import sys
from typing import Any

import click

from receiver_setup.cli.output.redaction import clean, redact
from receiver_setup.process.interrupts import ignore_signals


def print_json(value: dict[str, Any]) -> None:
    """Print `value` on standard output; names and structure are never masked.

    Control characters are JSON-escaped, including those beyond ASCII.
    """
    ignore_signals()  # an interruption would print a second object
    utf_8 = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name == "utf-8"
    click.echo(clean(json.dumps(redact.values(value), indent=2, ensure_ascii=not utf_8)))
