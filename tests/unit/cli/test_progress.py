"""One line a step on standard error, plain where there is no terminal."""

import pytest

from receiver_setup.cli.output.progress import make_observer
from receiver_setup.cli.output.redaction import redact
from receiver_setup.report import Event, StepReport
from receiver_setup.secrets import MASK, Secret


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Event(scope="pi", step=StepReport(name="read", changed=False)), "ok      pi: read\n"),
        (Event(scope="pi", step=StepReport(name="make", changed=True, detail="x")), "changed pi: make: x\n"),
        (Event(scope="pi", step=StepReport(name="no way", changed=False), failed=True), "FAILED  pi: no way\n"),
    ],
)
def test_a_step_is_one_plain_line(event: Event, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_observer(quiet=False)(event)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", line)


def test_quiet_tells_no_step(capsys: pytest.CaptureFixture[str]) -> None:
    make_observer(quiet=True)(Event(scope="pi", step=StepReport(name="no", changed=False), failed=True))
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "")


def test_a_secret_in_a_step_is_masked(capsys: pytest.CaptureFixture[str]) -> None:
    redact.add(Secret("a secret of a step"))
    make_observer(quiet=False)(Event(scope="pi", step=StepReport(name="x", changed=True, detail="a secret of a step")))
    assert capsys.readouterr().err == f"changed pi: x: {MASK}\n"
