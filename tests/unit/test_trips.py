"""The trace's lines and its summary, from trips as data."""

import pytest

from receiver_setup.trace.trips import Trip, find_phases, render_summary

PI, PORCH = "pi@attic", "http://porch"


def trip(kind: str, name: str, began_s: float, end_s: float, *, where: str = PI, **sizes: int) -> Trip:
    return Trip(kind=kind, where=where, name=name, began_s=began_s, took_s=end_s - began_s, said="ended", **sizes)


FRESH = [
    trip("connections", "connection", 10.0, 10.25),
    trip("requests", "getftpattr", 10.0, 10.1, where=PORCH, received=400),
    trip("commands", "read facts", 10.25, 10.5, sent=5000, received=9000),
    trip("commands", "apply", 10.5, 11.0, sent=8000, received=100),
    trip("connections", "connection", 11.0, 11.25),
    trip("commands", "prove the login", 11.25, 11.5, sent=200, received=20),
    trip("requests", "setftpattr", 11.5, 12.0, where=PORCH, received=2),
    trip("test uploads", "testftp", 11.75, 13.0, where=PORCH, received=80),
    trip("commands", "gather evidence", 14.0, 14.5, sent=900, received=300),
    trip("commands", "commit", 14.5, 15.0, sent=700, received=10),
]


@pytest.mark.parametrize(
    ("trips", "phases"),
    [
        ([], {}),
        (FRESH, {"connect": 0.5, "read": 0.25, "apply": 0.75, "cameras": 1.5, "in between": 1.0, "prove": 0.5,
                 "finish": 0.5}),
        (list(reversed(FRESH)), {"connect": 0.5, "read": 0.25, "apply": 0.75, "cameras": 1.5, "in between": 1.0,
                                 "prove": 0.5, "finish": 0.5}),
        ([trip("commands", "read facts", 1, 3), trip("commands", "undo", 2, 4)], {"read": 2.0, "undo": 1.0}),
    ],
)  # fmt: skip
def test_phases_add_up_to_the_time_from_the_first_trip_to_the_last(trips: list[Trip], phases: dict[str, float]) -> None:
    receiver = [each for each in trips if each.where == PI]
    found = find_phases(receiver, [each for each in trips if each.where == PORCH])
    assert found == phases
    if receiver:
        whole = max(each.end_s for each in receiver) - min(each.began_s for each in receiver)
        assert sum(found.values()) == whole


def test_the_summary_counts_trips_times_and_bytes_of_each_kind_and_place() -> None:
    rows = [line.split() for line in render_summary(FRESH)]
    assert rows[1:6] == [
        [PI, "connections", "2", "500"],
        [PI, "commands", "5", "2000", "14800", "9430"],
        [PORCH, "requests", "2", "600", "402"],
        [PORCH, "test", "uploads", "1", "1250", "80"],
        [],
    ]
    assert rows[6] == ["wall", "time", "of", PI, "ms"]
    assert rows[-1] == ["together", "5000"]


def test_without_trips_there_is_no_summary() -> None:
    assert render_summary([]) == []
