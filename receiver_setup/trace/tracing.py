"""Trips in the log: a line each for people, and the trip itself for whoever adds them up.

What a trip is is loaded only where somebody listens.
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
    """Log a trip that has just ended, where somebody listens; its record has it as `trip`."""
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
    """Return the trip that a record tells of; None for any other."""
    return getattr(record, "trip", None)


class Collector(logging.Handler):
    """Keep every trip, from whichever thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.trips: list[Trip] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        trip = trip_of(record)
        if trip is not None:
            self.trips.append(trip)
