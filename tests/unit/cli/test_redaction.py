"""What others named may be printed: nothing of it moves a cursor, turns a text round or ends a line of it."""

import json

import pytest

from receiver_setup.cli.output.lines import words_of
from receiver_setup.cli.output.output import print_json
from receiver_setup.cli.output.redaction import PrintedRedactor
from receiver_setup.report import Event, StepReport
from receiver_setup.secrets import Secret

NAMES = [
    "\x1b[2J\x1b[H", "\x9b2J", "\x07", "\x7f", "\r", "\u202egpj.exe", "\u2066x\u2069", "a\x00b", "\u2028", "\ufeff",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_and_not_obeyed(name: str) -> None:
    shown = PrintedRedactor()(f"kept: {name}\n\tnext")
    assert all(c.isprintable() or c in "\n\t" for c in shown)
    assert json.loads(f'"{shown.splitlines()[0]}"') == f"kept: {name}"


def test_letters_of_every_language_and_lines_stay() -> None:
    text = "Größe 駐車場 موقف 🎥\n\t“x”"
    assert PrintedRedactor()(text) == text


def test_secrets_are_masked_before() -> None:
    assert PrintedRedactor([Secret("p@ss\x1bw0rd")])("is p@ss\x1bw0rd") == "is ********"


@pytest.mark.parametrize("name", NAMES)
def test_json_has_the_name_itself_and_no_raw_control_character(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"path": f"/srv/{name}.mp4"})
    out = capsys.readouterr().out
    assert all(c.isprintable() or c == "\n" for c in out)
    assert json.loads(out) == {"path": f"/srv/{name}.mp4"}


def test_a_step_is_one_line() -> None:
    step = StepReport(name="keep", changed=False, detail="a\nok      pi: prove upload")
    assert "\n" not in words_of(Event(scope="pi", step=step))[1]
