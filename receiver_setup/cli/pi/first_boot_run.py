"""One try of a prepared card's job, at the first boot: the set-up itself, and what its end means for the next try."""

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
    """Try once; print the verdict's word and what to tell a person, on standard output alone."""
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
    read_secret(password, "", question=None)  # so that it is masked in what is told
    # A process of its own: whatever ends it, this one can still tell. At a shutdown both are told to end, and this one
    # waits until the other has put everything back.
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
