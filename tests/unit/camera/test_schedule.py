"""Schedules as people say them and as the camera writes them."""

import pytest

from receiver_setup.camera.messages.schedule import Schedule, parse_times, parse_words, render_times, render_words
from receiver_setup.errors import ConfigurationError

# Values of the maker's page (Features_Menu/FTP, getsnapschedftpattr), all at ten o'clock.
MAKER = {
    "Mon": "36000-1",
    "Tue": "36000-2",
    "Wed": "36000-4",
    "Thu": "36000-8",
    "Fri": "36000-16",
    "Sat": "36000-32",
    "Sun": "36000-64",
    "Mon-Tue": "36000-3",
    "Mon-Tue,Sun": "36000-67",
    "Mon-Sun": "36000-127",
}


@pytest.mark.parametrize(("days", "times"), MAKER.items())
def test_maker_examples(days: str, times: str) -> None:
    assert render_times(parse_words(f"10:00 {days}")) == times


def test_all_values_survive_both_ways() -> None:
    """Each minute with the days at both ends and one between, and each of the days with such minutes."""
    pairs = {(minute, days) for minute in range(1440) for days in (1, 67, 127)}
    pairs |= {(minute, days) for minute in (0, 1, 600, 1439) for days in range(1, 128)}
    schedules = [Schedule(minute=minute, days=days) for minute, days in pairs]
    written = [render_times(schedule) for schedule in schedules]
    assert [parse_times(text) for text in written] == schedules
    assert len(set(written)) == len(pairs)


def test_all_words_survive_both_ways() -> None:
    for minute in (0, 1, 599, 600, 719, 720, 1439):
        for days in range(1, 128):
            schedule = Schedule(minute=minute, days=days)
            assert parse_words(render_words(schedule)) == schedule
    for minute in range(1440):
        schedule = Schedule(minute=minute, days=67)
        assert parse_words(str(schedule)) == schedule


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("07:30 daily", "27000-127"),
        ("7:30 täglich", "27000-127"),
        ("07:30 TAEGLICH", "27000-127"),
        ("00:00 Montag", "0-1"),
        ("23:59 So", "86340-64"),
        ("10:00 Mo-Fr", "36000-31"),
        ("10:00 Mo, Mi ,Do", "36000-13"),
        ("10:00 Sa-Mo", "36000-97"),
        ("10:00   Dienstag - Donnerstag", "36000-14"),
        ("10:00 Mon\u2013Fri", "36000-31"),
        ("10:00 Mo.-Di.", "36000-3"),
        ("10:00 Sonnabend,Sunday", "36000-96"),
        ("10:00 Mon-Mon", "36000-1"),
    ],
)
def test_words_are_understood(text: str, times: str) -> None:
    assert render_times(parse_words(text)) == times


@pytest.mark.parametrize(
    "text",
    ["", "24:00 daily", "10:60 Mon", "10 Mon", "10:00", "10:00 Foo", "10:00 Mon-", "10:00 Mon,,Tue", "10:00,12:00 Mon",
     "10:00 12:00", "-1:00 Mon", "10:00:00 Mon", "10:00 Mon-Tue-Wed", "\uff110:00 Mon", "noon daily"],
)  # fmt: skip
def test_other_words_are_refused_with_examples(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_words(text)
    assert "10:00 Mon-Fri" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["", "36000", "36000-0", "36000-128", "86400-1", "30-1", "036000-1", "36000-1,72000-2", "-1-1", "x-1"]
)
def test_undocumented_times_are_left_raw(text: str) -> None:
    assert parse_times(text) is None


@pytest.mark.parametrize(("minute", "days"), [(-1, 1), (1440, 1), (0, 0), (0, 128)])
def test_impossible_schedule_cannot_be_made(minute: int, days: int) -> None:
    with pytest.raises(ConfigurationError):
        Schedule(minute=minute, days=days)
