"""The one object of `--json`, with every secret masked in its values."""

import codecs
import json
import sys
from typing import Any

import click

from receiver_setup.cli.redaction import clean, redact
from receiver_setup.interrupts import heed_none


def print_json(value: dict[str, Any]) -> None:
    """Print `value` on standard output; names and structure stay, whatever the secrets are.

    Control characters are escaped as JSON has it, those beyond ASCII as well.
    """
    heed_none()  # an interruption would be a second object
    utf_8 = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name == "utf-8"
    click.echo(clean(json.dumps(_redact_values(value), indent=2, ensure_ascii=not utf_8)))


def _redact_values(value: Any) -> Any:
    if isinstance(value, str):
        return redact.mask(value)
    if isinstance(value, dict):
        return {name: _redact_values(each) for name, each in value.items()}
    return [_redact_values(each) for each in value] if isinstance(value, list) else value
