"""The one redactor of the command line, and logging that goes through it."""

import logging
import sys
from typing import TextIO

from receiver_setup.cli.terminal import active_display
from receiver_setup.secrets import Redactor

redact = Redactor()
"""Told every secret as soon as it is read; everything that is printed passes through it."""

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


class _RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """Format, traceback included, then mask."""
        return redact(super().format(record))


class _Handler(logging.StreamHandler[TextIO]):
    def emit(self, record: logging.LogRecord) -> None:
        """Print a record, above a live display where there is one."""
        display = active_display()
        if display is None:
            super().emit(record)
        else:
            display.print_line(self.format(record))


def set_up_logging(verbosity: int) -> None:
    """Send logs to standard error: errors with -q, warnings by default, more with -v, all with -vv."""
    handler = _Handler(sys.stderr)
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    ours = logging.getLogger("receiver_setup")
    ours.handlers = [handler]
    ours.propagate = False
    ours.setLevel(_LEVELS.get(verbosity, logging.DEBUG))
    # Libraries tell of every lost connection by themselves; we tell it once, in our words.
    for name in ("paramiko", "urllib3"):
        library = logging.getLogger(name)
        library.handlers = [handler]
        library.propagate = False
        library.setLevel(logging.DEBUG if verbosity > 2 else logging.CRITICAL)
