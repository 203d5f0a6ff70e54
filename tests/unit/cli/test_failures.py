"""The last stop of an error: one sentence, one object, one exit code; no secret in any of them."""

import json

import click
import pytest

from receiver_setup.cli.output.failures import as_ours, report_failure
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import CameraLoginError, ConfigurationError, InterruptedRunError, UndoError
from receiver_setup.secrets import MASK, Secret


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (CameraLoginError("no"), "camera-login", 3),
        (UndoError("no"), "undo", 6),
        (KeyboardInterrupt(), "interrupted", 130),
        (click.Abort(), "interrupted", 130),
        (click.UsageError("no"), "configuration", 2),
        (click.BadParameter("no"), "configuration", 2),
        (click.FileError("x", "no"), "configuration", 2),
        (InterruptedRunError("no"), "interrupted", 130),
        (RuntimeError("no"), "bug", 1),
        (RecursionError(), "bug", 1),
    ],
)
def test_every_error_has_a_kind_and_an_exit_code(
    error: BaseException, kind: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report_failure(error, ["setup"]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err
    assert report_failure(error, ["setup", "--json"]) == code
    whole = json.loads(capsys.readouterr().out)
    assert (whole["ok"], whole["error"]["kind"], whole["error"]["exit_code"]) == (False, kind, code)


def test_the_hint_and_the_way_back_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    error = CameraLoginError("the camera said no", hint="ask again")
    error.rolled_back = True
    report_failure(error, [])
    assert capsys.readouterr().err == (
        "error: the camera said no\nhint: ask again\neverything that had been changed was put back\n"
    )


def test_a_secret_is_masked_wherever_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    secret = Secret('p@ss "word" of a failure')
    redact.add(secret)
    report_failure(ConfigurationError(f"not {secret.reveal()}", hint=f"try {secret.reveal()}"), ["--json"])
    told = capsys.readouterr()
    for text in (told.out, told.err):
        assert 'ss \\"word' not in text
        assert 'ss "word' not in text
        assert MASK in text


def test_an_error_of_ours_stays_itself() -> None:
    error = CameraLoginError("no")
    assert as_ours(error) is error
