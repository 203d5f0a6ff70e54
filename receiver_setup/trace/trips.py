"""Network round trips as listed by the trace, and a summary of a run's time (pure)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

KINDS = ("connections", "commands", "tunnels", "requests", "test uploads")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One round trip: its target, its purpose, its start on the monotonic clock, and how it ended.

    `sent` and `received` are bytes of scripts and bodies; None if not counted.
    """

    kind: str
    where: str
    name: str
    began_s: float
    took_s: float
    said: str
    sent: int | None = None
    received: int | None = None

    @property
    def end_s(self) -> float:
        """When it ended."""
        return self.began_s + self.took_s

    def __str__(self) -> str:
        """Return the line of the trace.

        >>> str(Trip(kind="commands", where="pi@attic", name="apply", began_s=1, took_s=0.5, said="ended", sent=9))
        'pi@attic apply: ended in 500 ms, 9 bytes out'
        """
        counted = [(self.sent, "out"), (self.received, "in")]
        sizes = "".join(f", {size} bytes {way}" for size, way in counted if size is not None)
        return f"{self.where} {self.name}: {self.said} in {self.took_s * 1000:.0f} ms{sizes}"


_PHASES = {
    "read facts": "read",
    "find sshd's manager": "read",
    "apply": "apply",
    "prove the login": "apply",
    "gather evidence": "prove",
    "commit": "finish",
}
"""A receiver's command → its phase of the run; all others are separate phases."""
_OF_RECEIVERS, _OF_CAMERAS = {"connections", "commands"}, {"requests", "test uploads"}
_CONNECT, _CAMERAS, _OWN = "connect", "cameras", "in between"


def render_summary(trips: Sequence[Trip]) -> list[str]:
    """Render a table of trips by kind for each receiver and camera, then the wall time of each receiver's phases."""
    if not trips:
        return []
    lines = [f"{'trips':<44}{'number':>8}{'ms':>9}{'bytes out':>12}{'bytes in':>12}"]
    for where in dict.fromkeys(trip.where for trip in trips):
        for kind in KINDS:
            own = [trip for trip in trips if trip.where == where and trip.kind == kind]
            if own:
                out, back = (_total(getattr(trip, side) for trip in own) for side in ("sent", "received"))
                took = sum(trip.took_s for trip in own) * 1000
                lines.append(f"{f'{where} {kind}':<44}{len(own):>8}{took:>9.0f}{out:>12}{back:>12}")
    requests = [trip for trip in trips if trip.kind in _OF_CAMERAS]
    for where in dict.fromkeys(trip.where for trip in trips if trip.kind in _OF_RECEIVERS):
        phases = find_phases([trip for trip in trips if trip.where == where], requests)
        lines += ["", f"{f'wall time of {where}':<52}{'ms':>9}"]
        lines += [f"  {name:<50}{seconds * 1000:>9.0f}" for name, seconds in phases.items()]
        lines.append(f"  {'together':<50}{sum(phases.values()) * 1000:>9.0f}")
    return lines


def find_phases(receiver: Iterable[Trip], requests: Iterable[Trip]) -> dict[str, float]:
    """Return phase → seconds; together they cover the time from a receiver's first trip to its last.

    Time between its trips counts for the cameras during their requests, else for this process.
    """
    phases: dict[str, float] = {}

    def add(name: str, seconds: float) -> None:
        if seconds > 0:
            phases[name] = phases.get(name, 0.0) + seconds

    busy = [(trip.began_s, trip.end_s) for trip in requests]
    wired = [trip for trip in receiver if trip.kind in _OF_RECEIVERS]
    now = min((trip.began_s for trip in wired), default=0.0)
    for trip in sorted(wired, key=lambda trip: trip.began_s):
        if trip.began_s > now:
            asked = sum(end - start for start, end in _union(busy, now, trip.began_s))
            add(_CAMERAS, asked)
            add(_OWN, trip.began_s - now - asked)
            now = trip.began_s
        add(_CONNECT if trip.kind == "connections" else _PHASES.get(trip.name, trip.name), trip.end_s - now)
        now = max(now, trip.end_s)
    return phases


def _union(intervals: Iterable[tuple[float, float]], start: float, end: float) -> Iterator[tuple[float, float]]:
    """Yield the parts of start … end that are covered by any of the intervals, without overlaps.

    >>> list(_union([(0, 2), (1, 3), (5, 9)], 1, 6))
    [(1, 2), (2, 3), (5, 6)]
    """
    for began, ended in sorted(intervals):
        first, last = max(began, start), min(ended, end)
        if first < last:
            yield first, last
            start = last


def _total(sizes: Iterable[int | None]) -> str:
    known = [size for size in sizes if size is not None]
    return str(sum(known)) if known else ""
