"""A slow line: 20 ms more for every trip in each direction, to the receiver and to the cameras.

Trips decide, not bytes. Cameras and receiver stand beside each other, as they do: what a camera uploads takes no part
in the delay.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from bed import Bed, Ended, make_bed, make_cameras, run_timed, walls
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from setup_one import CONNECTIONS, LIMIT, STEPS
from slow_proxy import SlowLine, Trips
from table import Row, compare_counts, compare_times

DELAY_S = 0.02
_FLEET = 10


@dataclass(slots=True)
class Seen:
    """What one way to do it took, step by step; the trips of the last round, since every round has the same."""

    ends: dict[str, list[Ended]] = field(default_factory=lambda: {step: [] for step in STEPS})
    trips: dict[str, Trips] = field(default_factory=dict)


Command = Callable[[Bed, str, list[str]], list[str]]


def measure(rounds: int) -> list[Row]:
    """Time one camera, ours and both scripts in turn, and then a small fleet."""
    ways: dict[str, tuple[int, Command]] = {
        "ours": (1, lambda bed, _, urls: bed.ours(*urls)),
        "one": (1, lambda bed, step, urls: bed.by_hand(step, "one", *urls)),
        "each": (1, lambda bed, step, urls: bed.by_hand(step, "each", *urls)),
        "fleet": (_FLEET, lambda bed, _, urls: bed.ours(*urls)),
    }
    seen = {name: Seen() for name in ways}
    for _ in range(rounds):
        for name, (count, command) in ways.items():
            _run(seen[name], count, command)
    rows = [row for way, told in CONNECTIONS.items() for step in STEPS for row in _rows(step, told, seen, way)]
    return rows + [row for step in STEPS for row in _fleet_rows(step, seen)]


def _run(seen: Seen, count: int, command: Command) -> None:
    """Do both steps on a receiver and cameras of their own, behind a slow line."""
    with make_bed() as near, make_cameras(count) as cameras, SlowLine(HOST_ADDRESS, DELAY_S) as line:
        door = line.relay(near.host, near.port)
        relays = [line.relay(camera.host, camera.port) for camera in cameras]
        urls = [f"http://{relay.host}:{relay.port}" for relay in relays]
        for step in STEPS:
            line.trips = seen.trips[step] = Trips()
            seen.ends[step].append(run_timed(command(near.at(door.host, door.port), step, urls)))


def _rows(step: str, told: str, seen: dict[str, Seen], way: str) -> list[Row]:
    ours, other = seen["ours"], seen[way]
    what = f"one camera over 20 ms, {step}"
    times = compare_times(what, told, walls(ours.ends[step]), walls(other.ends[step]), limit=LIMIT)
    trips, others = ours.trips[step], other.trips[step]
    return [
        times,
        compare_counts(f"{what}: trips", told, trips.trips, others.trips),
        compare_counts(f"{what}: connections", told, trips.connections, others.connections),
    ]


def _fleet_rows(step: str, seen: dict[str, Seen]) -> list[Row]:
    fleet, one = seen["fleet"], seen["one"]
    what, told = f"{_FLEET} cameras over 20 ms, {step}", f"{_FLEET} times ssh + curl for one"
    return [
        compare_times(what, told, walls(fleet.ends[step]), [wall * _FLEET for wall in walls(one.ends[step])]),
        compare_counts(f"{what}: trips", told, fleet.trips[step].trips, _FLEET * one.trips[step].trips),
    ]
