"""The redactor of the command line, and logging through it."""

import logging
import re
import sys
from functools import partial
from typing import TextIO

import click

from receiver_setup.cli.output.terminal import active_display, print_line
from receiver_setup.secrets import Redactor
from receiver_setup.trace.tracing import Collector, trip_of

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""C0 except tab and line feed, DEL, C1, and characters that change the text direction or end a line.

Source: Unicode Standard Annex 9 (bidirectional algorithm), ECMA-48
"""


def clean(text: str) -> str:
    r"""Escape, as in JSON, all characters that move the cursor or hide text.

    >>> clean("\x1b[2J a\u202egpj.exe")
    '\\u001b[2J a\\u202egpj.exe'
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class PrintedRedactor(Redactor):
    """Mask known secrets in printed text, and escape control characters in untrusted names."""

    def __call__(self, text: str) -> str:
        """Return `text` as it may be printed; JSON stays equivalent."""
        return clean(self.mask(text))


redact = PrintedRedactor()
"""Knows every secret as soon as it is read; all printed text passes through it."""

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


class _RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Format, including the traceback, then mask; a traced request looks like a step's line."""
        trip = trip_of(record)
        return redact(super().format(record) if trip is None else f"{'trip':<8}{trip}")


class _Handler(logging.StreamHandler[TextIO]):
    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, above the live display if there is one."""
        display = active_display()
        if display is None:
            print_line(partial(super().emit, record))
        else:
            display.print_line(self.format(record))


def set_up_logging(verbosity: int) -> None:
    """Send logs to standard error: errors with -q, warnings by default, more with -v, all with -vv.

    With -vv a command ends with a summary of its requests.
    """
    handler = _Handler(sys.stderr)
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    ours = logging.getLogger("receiver_setup")
    ours.handlers = [handler]
    ours.propagate = False
    ours.setLevel(_LEVELS.get(verbosity, logging.DEBUG))
    context = click.get_current_context(silent=True)
    if verbosity > 1 and context is not None:
        collector = Collector()
        ours.addHandler(collector)
        context.call_on_close(lambda: _print_summary(collector))
    # Libraries log every lost connection themselves; we report it once, in our own words.
    for name in ("paramiko", "urllib3"):
        library = logging.getLogger(name)
        library.handlers = [handler]
        library.propagate = False
        library.setLevel(logging.DEBUG if verbosity > 2 else logging.CRITICAL)


def _print_summary(collector: Collector) -> None:
    from receiver_setup.trace.trips import render_summary  # noqa: PLC0415 - only for the trace

    lines = render_summary(collector.trips)
    if lines:
        click.echo(redact("\n".join(["", *lines])), err=True)
