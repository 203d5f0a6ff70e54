"""Schedules for pictures, in words and in the camera's format (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP: seconds of the day, a dash, days added up from
Mon = 1 to Sun = 64. Only a single time is documented.
"""

import re
from dataclasses import dataclass

from receiver_setup.errors import ConfigurationError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EVERY_DAY = 127
MINUTES_A_DAY = 1440
_SPELLINGS = (
    ("mon", "monday", "mo", "montag"),
    ("tue", "tuesday", "tu", "tues", "di", "dienstag"),
    ("wed", "wednesday", "we", "mi", "mittwoch"),
    ("thu", "thursday", "th", "thur", "thurs", "do", "donnerstag"),
    ("fri", "friday", "fr", "freitag"),
    ("sat", "saturday", "sa", "samstag", "sonnabend"),
    ("sun", "sunday", "su", "so", "sonntag"),
)
_NUMBER = {spelling: number for number, spellings in enumerate(_SPELLINGS) for spelling in spellings}
_DAILY = frozenset({"daily", "täglich", "taeglich"})
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_TIMES = re.compile(r"(0|[1-9][0-9]{0,4})-([1-9][0-9]{0,2})")
_HINT = 'Write a time from 00:00 to 23:59 and days, for example "10:00 Mon-Fri", "07:30 daily" or "10:00 Mon-Tue,Sun".'


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One time on some days: `minute` of the day (0-1439), `days` from Mon = 1 to Sun = 64, added up."""

    minute: int
    days: int

    def __post_init__(self) -> None:
        if not 0 <= self.minute < MINUTES_A_DAY or not 1 <= self.days <= EVERY_DAY:
            raise ConfigurationError("a schedule needs a minute of the day and at least one day", hint=_HINT)

    def __str__(self) -> str:
        return render_words(self)


def parse_times(text: str) -> Schedule | None:
    """Read what the camera returns; None for a form that is not documented (show it raw then).

    >>> parse_times("36000-67")
    Schedule(minute=600, days=67)
    """
    match = _TIMES.fullmatch(text)
    if not match:
        return None
    seconds, days = int(match[1]), int(match[2])
    if seconds % 60 or seconds >= MINUTES_A_DAY * 60 or days > EVERY_DAY:
        return None
    return Schedule(minute=seconds // 60, days=days)


def render_times(schedule: Schedule) -> str:
    """Write a schedule as the camera does.

    >>> render_times(parse_words("10:00 Mon-Tue,Sun"))
    '36000-67'
    """
    return f"{schedule.minute * 60}-{schedule.days}"


def parse_words(text: str) -> Schedule:
    """Read a schedule as people write it, with English or German days; an error says what is allowed.

    A range may run over the weekend (`Sat-Mon`).

    >>> parse_words("7:30 täglich") == parse_words("07:30 Mon-Sun")
    True
    """
    clock, _, days = text.strip().partition(" ")
    match = _CLOCK.fullmatch(clock)
    if not match:
        raise ConfigurationError(f"{clock!r} is not a time of the day", hint=_HINT)
    if not days.strip():
        raise ConfigurationError(f"the schedule {text.strip()!r} names no days", hint=_HINT)
    return Schedule(minute=int(match[1]) * 60 + int(match[2]), days=_parse_days(days))


def render_words(schedule: Schedule) -> str:
    """Write a schedule as people do: days in the order of the week, neighbours as a range.

    >>> render_words(Schedule(minute=600, days=67))
    '10:00 Mon-Tue,Sun'
    """
    clock = f"{schedule.minute // 60:02}:{schedule.minute % 60:02}"
    if schedule.days == EVERY_DAY:
        return f"{clock} daily"
    ranges = []
    for run in re.finditer("1+", "".join("1" if schedule.days >> day & 1 else "0" for day in range(7))):
        first, last = DAYS[run.start()], DAYS[run.end() - 1]
        ranges.append(first if first == last else f"{first}-{last}")
    return f"{clock} {','.join(ranges)}"


def _parse_days(text: str) -> int:
    """Add up a list of days and ranges of days."""
    words = text.strip().lower().replace("–", "-").replace("—", "-")  # noqa: RUF001 - dashes that people paste
    if words in _DAILY:
        return EVERY_DAY
    mask = 0
    for part in words.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        day = _parse_day(first)
        end = _parse_day(last) if dash else day
        mask |= 1 << day
        while day != end:
            day = (day + 1) % 7
            mask |= 1 << day
    return mask


def _parse_day(word: str) -> int:
    number = _NUMBER.get(word.strip().rstrip("."))
    if number is None:
        raise ConfigurationError(f"{word!r} is not a day of the week", hint=_HINT)
    return number
