"""The set-up of one camera, fresh and again, against scripts written by hand: one that does the same, one the least."""

from bed import Ended, make_bed, make_cameras, median, run_timed, walls
from table import Row, compare_times, milliseconds

STEPS = ("fresh", "again")
CONNECTIONS = {"one": "ssh + curl, as many connections as we open", "each": "ssh + curl, a connection a command"}
LIMIT = 1.3
FLOOR = {"fresh": 1.25, "again": 0.5}
"""What we may take of the time of a script that checks nothing and starts from the beginning each time."""
_TEST_S = 0.45
"""A camera's test upload takes about as long, beside the connection."""


def measure(rounds: int) -> list[Row]:
    """Time ours and the script in turn, each on a receiver and a camera of its own."""
    ours: dict[str, list[Ended]] = {step: [] for step in STEPS}
    other: dict[str, dict[str, list[Ended]]] = {way: {step: [] for step in STEPS} for way in CONNECTIONS}
    for _ in range(rounds):
        with make_bed() as bed, make_cameras(1) as (camera,):
            for step in STEPS:
                ours[step].append(run_timed(bed.ours(camera.url)))
        for way, times in other.items():
            with make_bed() as bed, make_cameras(1) as (camera,):
                for step in STEPS:
                    times[step].append(run_timed(bed.by_hand(step, way, camera.url)))
    same = [
        compare_times(f"one camera, {step}", told, walls(ours[step]), walls(other[way][step]), limit=LIMIT)
        for way, told in CONNECTIONS.items()
        for step in STEPS
    ]
    return same + _measure_floor(rounds)


def _measure_floor(rounds: int) -> list[Row]:
    ours: dict[str, list[Ended]] = {step: [] for step in STEPS}
    least: list[Ended] = []
    for _ in range(rounds):
        with make_bed() as bed, make_cameras(1, test_s=_TEST_S) as (camera,):
            for step in STEPS:
                ours[step].append(run_timed(bed.ours(camera.url)))
        with make_bed() as bed, make_cameras(1, test_s=_TEST_S) as (camera,):
            least.append(run_timed(bed.floor(camera.url)))
    return [
        *(
            compare_times(f"one camera, {step}", "the least script", walls(ours[step]), walls(least), limit=limit)
            for step, limit in FLOOR.items()
        ),
        Row(
            what="processor time of one set-up, again",
            against="0.5 s",
            ours=milliseconds(median(ours["again"], "cpu_s")),
            other="500 ms",
            ratio=median(ours["again"], "cpu_s") / 0.5,
            limit=1,
        ),
    ]
