"""The live table's rows and counters, from events as data."""

import pytest

from receiver_setup.cli.output.board import Board, State
from receiver_setup.report import Event, Mark, StepReport

ONE = dict.fromkeys(["attic", "barn", "porch"], "admin@pi")
TWO = {"attic": "admin@pi", "barn": "admin@pi", "porch": "admin@nas"}


def begun(camera: str) -> Event:
    return Event(scope=camera, mark=Mark.BEGUN)


def paused(camera: str) -> Event:
    return Event(scope=camera, mark=Mark.PAUSED)


def step(scope: str, name: str, *, changed: bool = False) -> Event:
    return Event(scope=scope, step=StepReport(name=name, changed=changed))


def failed(scope: str, message: str) -> Event:
    return Event(scope=scope, step=StepReport(name=message, changed=False), failed=True)


def board_after(*events: Event, cameras: dict[str, str] = ONE) -> Board:
    """Return the board after these events, one a second."""
    board = Board(cameras, now_s=0.0)
    for second, event in enumerate(events, start=1):
        board.note(event, now_s=float(second))
    return board


def shown(board: Board, room: int = 10, *, now_s: float = 100.0) -> list[tuple[str, str, str, float]]:
    return [(row.camera, row.step, row.result, row.took_s) for row in board.rows(room, now_s=now_s)]


READ = [event for name in ONE for event in (begun(name), step(name, "read camera"), paused(name))]


@pytest.mark.parametrize(
    ("events", "rows", "counters"),
    [
        (
            [],
            [(name, "", "waiting", 0.0) for name in ONE],
            "done 0, failed 0, under way 0, waiting 3",
        ),
        (
            [begun("barn")],
            [("attic", "", "waiting", 0.0), ("barn", "", "under way", 99.0), ("porch", "", "waiting", 0.0)],
            "done 0, failed 0, under way 1, waiting 2",
        ),
        (
            READ,
            [(name, "read camera", "ok", 2.0) for name in ONE],
            "done 3, failed 0, under way 0, waiting 0",
        ),
        (
            [*READ, begun("barn")],
            [
                ("attic", "read camera", "waiting", 2.0),
                ("barn", "read camera", "under way", 92.0),
                ("porch", "read camera", "waiting", 2.0),
            ],
            "done 0, failed 0, under way 1, waiting 2",
        ),
        (
            [begun("porch"), step("porch", "trust", changed=True), failed("porch", "no answer"), paused("porch")],
            [("attic", "", "waiting", 0.0), ("barn", "", "waiting", 0.0), ("porch", "no answer", "FAILED", 2.0)],
            "done 0, failed 1, under way 0, waiting 2",
        ),
    ],
)  # fmt: skip
def test_events_become_rows_and_counters(
    events: list[Event], rows: list[tuple[str, str, str, float]], counters: str
) -> None:
    board = board_after(*events)
    assert shown(board) == rows
    assert board.counters() == counters


def test_a_camera_that_has_failed_stays_failed_whatever_follows() -> None:
    board = board_after(*READ, failed("barn", "wrong key"), begun("barn"), step("barn", "look again"), paused("barn"))
    board.finish(now_s=50.0)
    assert [row.state for row in board.rows(10, now_s=50.0)] == [State.DONE, State.FAILED, State.DONE]


def test_where_all_do_not_fit_those_under_way_come_first_then_the_failed_and_none_that_is_done() -> None:
    board = board_after(*READ, begun("porch"), paused("porch"), failed("barn", "wrong key"), begun("attic"))
    assert [row.camera for row in board.rows(2, now_s=50.0)] == ["attic", "barn"]
    assert board.rows(0, now_s=50.0) == []
    board.finish(now_s=50.0)
    assert [row.camera for row in board.rows(2, now_s=50.0)] == ["barn"]


def test_rounds_of_one_receiver_do_not_touch_the_cameras_of_another() -> None:
    board = board_after(*READ, begun("porch"), cameras=TWO)
    assert board.several_receivers
    assert board.counters() == "done 2, failed 0, under way 1, waiting 0"


def test_a_receiver_that_fails_stops_its_cameras_alone() -> None:
    board = board_after(*READ, failed("admin@pi", "the run was interrupted"), cameras=TWO)
    assert board.counters() == "done 1, failed 0, under way 0, waiting 0, stopped 2"
    board.finish(now_s=12.0)
    assert board.summary(now_s=12.0) == "3 cameras in 12.0 s: done 1, stopped 2"


def test_the_summary_says_how_many_changed() -> None:
    board = board_after(begun("attic"), step("attic", "trust host key", changed=True), failed("porch", "no answer"))
    board.finish(now_s=75.4)
    assert board.summary(now_s=75.4) == "3 cameras in 1:15 min: done 2 (changed 1), failed 1"


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (begun("attic"), 0),
        (step("attic", "read camera"), 0),
        (paused("attic"), 0),
        (failed("attic", "no answer"), 1),
        (step("admin@pi", "reload sshd", changed=True), 1),
        (failed("admin@pi", "no sudo"), 1),
    ],
)
def test_a_receivers_steps_and_all_failures_want_a_line_of_their_own(event: Event, lines: int) -> None:
    assert Board(ONE, now_s=0.0).note(event, now_s=1.0) == [event] * lines


def test_steps_of_a_receiver_that_are_alike_are_one_line_and_a_number() -> None:
    board = Board(TWO, now_s=0.0)
    folders = [step("admin@pi", "make folder", changed=True) for _ in range(3)]
    other, last = step("admin@nas", "make folder", changed=True), step("admin@nas", "reload sshd", changed=True)
    told = [board.note(event, now_s=1.0) for event in [*folders, other, last]]
    more = Event(scope="admin@pi", step=StepReport(name="make folder", changed=True, detail="2 more of these"))
    assert told == [[folders[0]], [], [], [more, other], [last]]
    assert board.rest() == []
    board.note(other, now_s=2.0)
    board.note(other, now_s=2.0)
    assert [event.step.detail for event in board.rest()] == ["1 more of these"]
