"""What stands on the screen while a question is open: the question alone."""

import logging
import threading

import click
import pytest

from receiver_setup.cli.output.progress import make_observer
from receiver_setup.cli.output.redaction import set_up_logging
from receiver_setup.cli.output.terminal import alone
from receiver_setup.report import Event, StepReport


def test_lines_wait_until_a_question_was_answered(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where nothing is live: a line would come between the question and its answer."""
    set_up_logging(0)
    observe = make_observer(quiet=False)
    step = Event(scope="porch", step=StepReport(name="read camera", changed=False))

    def work() -> None:
        observe(step)
        logging.getLogger("receiver_setup").warning("look here")

    with alone():
        click.echo("password: ", err=True, nl=False)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(5)
        assert not thread.is_alive(), "nobody waits for a person but the one who asks"
        assert capsys.readouterr().err == "password: "
    said = capsys.readouterr().err.splitlines()
    assert ["read camera" in said[0], "look here" in said[1], len(said)] == [True, True, 2]
    observe(step)
    assert "read camera" in capsys.readouterr().err
