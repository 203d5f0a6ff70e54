"""Log round trips: a line each, with the trip attached to the record for summaries.

The `Trip` class is imported only if tracing is on.
"""

import logging
import time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from receiver_setup.trace.trips import Trip

Kind = Literal["connections", "commands", "tunnels", "requests", "test uploads"]


def log_trip(  # noqa: PLR0913 - all are options with a name
    log: logging.Logger,
    kind: Kind,
    *,
    where: str,
    name: str,
    began_s: float,
    said: str,
    sent: int | None = None,
    received: int | None = None,
) -> None:
    """Log a trip that has just ended, if tracing is on; the record has it as `trip`."""
    if not log.isEnabledFor(logging.DEBUG):
        return
    from receiver_setup.trace.trips import Trip  # noqa: PLC0415 - only for the trace

    trip = Trip(
        kind=kind,
        where=where,
        name=name,
        began_s=began_s,
        took_s=time.monotonic() - began_s,
        said=said,
        sent=sent,
        received=received,
    )
    log.debug("%s", trip, extra={"trip": trip})


def trip_of(record: logging.LogRecord) -> "Trip | None":
    """Return the trip of a log record, if any."""
    return getattr(record, "trip", None)


class Collector(logging.Handler):
    """Collect all trips; thread-safe."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.trips: list[Trip] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Store the record's trip."""
        trip = trip_of(record)
        if trip is not None:
            self.trips.append(trip)
