"""One attempt at a prepared card's job, at the first boot: the set-up, and whether to try again."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from receiver_setup.cli.inputs.secrets import read_secret
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import ConfigurationError, ReceiverSetupError
from receiver_setup.pi.attempt import Verdict, judge
from receiver_setup.pi.job import Job
from receiver_setup.pi.plan import JOB, PASSWORD
from receiver_setup.process.interrupts import shielded


def run(folder: str) -> int:
    """Try once; print the verdict and a message for the user, only on standard output."""
    try:
        verdict = _try(Path(folder))
    except ReceiverSetupError as error:
        verdict = Verdict.failed(error.message, error.hint)
    click.echo(f"{verdict.word}\n{redact(verdict.text)}")
    return 0


def _try(folder: Path) -> Verdict:
    password = folder / Path(PASSWORD).name
    try:
        job = Job.parse((folder / Path(JOB).name).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"the job on the card cannot be read: {error}") from error
    read_secret(password, "", question=None)  # so that it is masked in messages
    # A separate process, so that this one can report however it ends. At a shutdown both get a signal, and this one
    # waits until the other has undone its changes.
    with tempfile.TemporaryDirectory() as own, shielded():
        receipt = Path(own) / "receipt.md"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "receiver_setup", *job.arguments()),
                *("--camera-password-file", str(password), "--receipt", str(receipt), "--json"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
        )
        told = receipt.read_text(encoding="utf-8") if receipt.is_file() else ""
    return judge(_load(done.stdout), receipt=told)


def _load(output: bytes) -> dict[str, Any] | None:
    try:
        loaded = json.loads(output)
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None
