"""What the live table looks like on terminals of many kinds; the screen is a text in memory."""

import io
import logging
import re
from collections.abc import Callable

import pytest
from rich.console import Console

from receiver_setup.cli.output import live as shown_live
from receiver_setup.cli.output.board import Board
from receiver_setup.cli.output.live import LiveBoard
from receiver_setup.cli.output.progress import progress
from receiver_setup.cli.output.redaction import redact, set_up_logging
from receiver_setup.cli.output.terminal import alone, showing
from receiver_setup.report import Event, Mark, StepReport
from receiver_setup.secrets import MASK, Secret

CAMERAS = {f"camera-{number:03}": "admin@pi" for number in range(200)}
SEQUENCE = re.compile(r"\x1b\[[?0-9;]*[A-Za-z]")


@pytest.fixture
def make_console(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Console]:
    """Return what makes a console of a size and encoding, whatever terminal the tests run on."""
    for name in ("CI", "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def make(width: int = 100, height: int = 24, encoding: str = "utf-8", **environment: str) -> Console:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace", write_through=True)
        return Console(file=file, force_terminal=True, width=width, height=height)

    return make


def printed(console: Console) -> str:
    buffer = console.file.buffer  # type: ignore[attr-defined]  # as the fixture makes it
    return str(buffer.getvalue().decode())


def step(scope: str, name: str, *, failed: bool = False) -> Event:
    return Event(scope=scope, step=StepReport(name=name, changed=False), failed=failed)


def play(console: Console, *events: Event, cameras: dict[str, str] = CAMERAS) -> list[str]:
    """Return the lines of the last picture after these events."""
    live = LiveBoard(console, Board(cameras, now_s=0.0))
    with live:
        for event in events:
            live.note(event)
        picture = console.render_lines(live._picture(), pad=False)  # noqa: SLF001 - one frame, without a clock
    return ["".join(segment.text for segment in line) for line in picture]


@pytest.mark.parametrize(("width", "height"), [(100, 24), (60, 6), (300, 100)])
def test_200_cameras_fit_the_terminal(make_console: Callable[..., Console], width: int, height: int) -> None:
    events = [Event(scope=name, mark=Mark.BEGUN) for name in list(CAMERAS)[190:194]]
    lines = play(
        make_console(width, height), *events, step("camera-077", "no answer at all\x1b[2J\nsecond", failed=True)
    )
    assert len(lines) < height
    assert all(len(line) <= width for line in lines)
    assert "under way" in lines[1]
    assert "camera-190" in lines[1]
    assert lines[-1].startswith("done 0, failed 1, under way 4, waiting 195"[:width])
    if height > 6:
        assert [line.split()[0] for line in lines[5:7]] == ["camera-077", "camera-000"]
        assert not any("\x1b" in line for line in lines)


def test_a_terminal_without_unicode_gets_letters_that_it_has(make_console: Callable[..., Console]) -> None:
    console = make_console(60, encoding="ascii")
    lines = play(
        console, step("porch", "täst → a very long step that does not fit at all " * 2), cameras={"porch": "pi"}
    )
    assert "t?st ? a very" in lines[1]
    assert all(len(line) <= 60 for line in lines)
    assert "\\u" not in printed(console)


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_means_no_colour(
    make_console: Callable[..., Console], environment: dict[str, str], *, coloured: bool
) -> None:
    console = make_console(**environment)
    play(console, step("porch", "x", failed=True), cameras={"porch": "pi"})
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", printed(console))) is coloured


@pytest.mark.parametrize(
    ("size", "environment", "suits"),
    [
        ((100, 24), {}, True),
        ((59, 24), {}, False),
        ((100, 5), {}, False),
        ((100, 24), {"TERM": "dumb"}, False),
        ((100, 24), {"CI": "true"}, False),
    ],
)
def test_a_table_is_for_terminals_that_can_keep_it_in_place(
    make_console: Callable[..., Console], size: tuple[int, int], environment: dict[str, str], *, suits: bool
) -> None:
    assert shown_live.suits(make_console(*size, **environment)) is suits


def test_secrets_are_masked_in_rows_lines_and_logs(make_console: Callable[..., Console]) -> None:
    redact.add(Secret("a secret in a table"))
    set_up_logging(0)
    console = make_console()
    live = LiveBoard(console, Board({"porch": "pi", "barn": "pi"}, now_s=0.0))
    with live, showing(live):
        live.note(step("pi", "a secret in a table"))
        live.note(step("porch", "a secret in a table"))
        live.note(step("barn", "a secret in a table", failed=True))
        logging.getLogger("receiver_setup.test").warning("a secret in a table")
    text = SEQUENCE.sub("", printed(console))
    assert "a secret" not in text
    assert f"WARNING receiver_setup.test: {MASK}\n" in text
    assert f"FAILED  barn: {MASK}\n" in text


def test_lines_wait_while_a_question_has_the_screen(make_console: Callable[..., Console]) -> None:
    console = make_console()
    live = LiveBoard(console, Board({"porch": "pi", "barn": "pi"}, now_s=0.0))
    with live, showing(live):
        with alone():
            asked = printed(console)
            live.note(step("pi", "while it was asked"))
            assert printed(console) == asked
        assert "while it was asked" in printed(console)
    assert printed(console).rstrip("\n").endswith("\x1b[?25h")


def test_without_a_terminal_a_step_is_a_line_and_marks_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(quiet=False, cameras={"porch": "pi", "barn": "pi"}) as observe:
        observe(Event(scope="porch", mark=Mark.BEGUN))
        observe(step("porch", "read camera"))
        observe(Event(scope="porch", mark=Mark.PAUSED))
    with progress(quiet=False, cameras={"porch": "pi"}, steps=False) as observe:
        observe(step("porch", "not told"))
    assert capsys.readouterr().err == "ok      porch: read camera\n"
