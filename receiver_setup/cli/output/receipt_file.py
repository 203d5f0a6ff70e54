"""`--receipt FILE`: write and read receipts."""

import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from receiver_setup.cli.output.next_commands import make_commands
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import ConfigurationError, ReceiptError
from receiver_setup.process.interrupts import shielded
from receiver_setup.receipt import (
    Commands,
    Receipt,
    ReceiptFormatError,
    make_receipt,
    parse_receipt,
    render_json,
    render_markdown,
)
from receiver_setup.report import ReceiverReport, Report

_FORMATS = {".json": render_json, ".md": render_markdown}


def read_receipt(path: Path) -> Receipt:
    """Read the receipt of an earlier set-up; ConfigurationError if it is not one."""
    try:
        return parse_receipt(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"--receipt: {path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, ReceiptFormatError) as error:
        raise ConfigurationError(
            f"--receipt: {path} is not a receipt in JSON: {error}",
            hint="give the .json file of setup --receipt",
        ) from error


def keep_receipt(
    options: dict[str, Any], report: Report, *, commands: Callable[[ReceiverReport], Commands | None] | None = None
) -> None:
    """Write the receipt if requested and at least one camera is proven; `ReceiptError` if that fails."""
    path: Path | None = options["receipt"]
    if path is None or report.check:
        return
    made = commands or partial(make_commands, options=options)
    receipt = make_receipt(report, made_at=datetime.now(UTC), mask=redact, commands=made)
    if not receipt.proven:
        return
    try:
        # Only this is left to interrupt.
        with shielded(deliver=False):
            _replace(path.absolute(), _FORMATS[path.suffix.lower()](receipt).encode())
    except OSError as error:
        raise ReceiptError(
            f"the set-up is done and stays, but its receipt cannot be written to {path}: {error.strerror}",
            hint="run the same command again with another --receipt: it changes nothing, proves again and writes it",
        ) from error


def _replace(path: Path, content: bytes) -> None:
    """Replace a file atomically; only its owner can read it."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".receipt-")
    try:
        with os.fdopen(handle, "wb") as file:
            if sys.platform != "win32":  # regardless of the umask
                os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
