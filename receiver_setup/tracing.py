"""Trips in the log: a line each for people, and the trip itself for whoever adds them up."""

import logging

from receiver_setup.trips import Trip


def log_trip(log: logging.Logger, trip: Trip) -> None:
    """Log a trip where somebody listens; its record has it as `trip`."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug("%s", trip, extra={"trip": trip})


def trip_of(record: logging.LogRecord) -> Trip | None:
    """Return the trip that a record tells of; None for any other."""
    found = getattr(record, "trip", None)
    return found if isinstance(found, Trip) else None


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
