"""Many cameras on one receiver in one command: time and processor a camera, peak memory, and whether it is linear.

The emulated cameras live in the benchmark's own process, which is not the one that is measured; they take most of the
machine, so the wall time is theirs and our own processor time is told beside it.
"""

from bed import Ended, make_bed, make_cameras, median, run_timed
from table import Row, compare_counts, compare_times

SIZES = (1, 10, 50, 200)
STEPS = ("fresh", "again")
_BIG = 100
_BIG_ROUNDS = 3
_MOST_MB = 150.0
_BEND = 1.2
"""How much more the last cameras may cost than the ones before, before we call it not linear."""


def measure(rounds: int) -> list[Row]:
    """Set up each size fresh and again; many cameras a few times only, since there it is many samples by itself."""
    ends: dict[tuple[int, str], list[Ended]] = {(size, step): [] for size in SIZES for step in STEPS}
    for turn in range(rounds):
        for size in SIZES:
            if turn < _BIG_ROUNDS or size < _BIG:
                _set_up(size, ends)
    return [row for step in STEPS for row in _rows(step, ends)]


def _set_up(size: int, ends: dict[tuple[int, str], list[Ended]]) -> None:
    with make_bed() as bed, make_cameras(size) as cameras:
        command = bed.ours(*(camera.url for camera in cameras))
        for step in STEPS:
            ends[size, step].append(run_timed(command, watch=True))


def _rows(step: str, ends: dict[tuple[int, str], list[Ended]]) -> list[Row]:
    """Show each size against the smallest of them, then how the cost of a further camera grows."""
    walls = {size: median(ends[size, step], "wall_s") for size in SIZES}
    cpus = {size: median(ends[size, step], "cpu_s") for size in SIZES}
    peaks = {size: median(ends[size, step], "peak_mb") for size in SIZES}
    rows = []
    for size in SIZES[1:]:
        what = f"{size} cameras, {step}"
        rows += [
            compare_times(f"{what}: time a camera", "one alone", [walls[size] / size], [walls[1]]),
            compare_times(f"{what}: our processor a camera", "one alone", [cpus[size] / size], [cpus[1]]),
        ]
    for told, costs in (("time", walls), ("our processor", cpus)):
        rows.append(_bend(f"{step}: {told} of one more camera, 50 to 200", costs))
    most = max(SIZES)
    what = f"{most} cameras, {step}: peak memory"
    return [*rows, compare_counts(what, "the most that is allowed", peaks[most], _MOST_MB, unit="MB", limit=1)]


def _bend(what: str, costs: dict[int, float]) -> Row:
    """Compare what a further camera costs among many with what it costs among few."""
    (few, some, many) = SIZES[1:]
    late = (costs[many] - costs[some]) / (many - some)
    early = (costs[some] - costs[few]) / (some - few)
    return compare_times(what, f"the same, {few} to {some}", [late], [early], limit=_BEND)
