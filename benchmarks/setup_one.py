"""The set-up of one camera, fresh and again, against a script written by hand that does the same on the wire."""

from bed import Ended, make_bed, make_cameras, run_timed, walls
from table import Row, compare_times

STEPS = ("fresh", "again")
CONNECTIONS = {"one": "ssh + curl, as many connections as we open", "each": "ssh + curl, a connection a command"}
LIMIT = 1.3


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
    return [
        compare_times(f"one camera, {step}", told, walls(ours[step]), walls(other[way][step]), limit=LIMIT)
        for way, told in CONNECTIONS.items()
        for step in STEPS
    ]
