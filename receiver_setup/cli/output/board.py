"""The state of many cameras for a live display (pure): events in, rows and counters out.

A receiver's cameras go through a run in rounds: all are read, all are set up, all are proven. A camera counts as done
until the next round reaches it; only the end of the run makes that final.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.report import Event, Mark, StepReport


class State(StrEnum):
    """The state of a camera."""

    WAITING = "waiting"
    UNDER_WAY = "under way"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"


_SHOWN_FIRST = (State.UNDER_WAY, State.FAILED, State.STOPPED, State.WAITING, State.DONE)
_COUNTED = (State.DONE, State.FAILED, State.UNDER_WAY, State.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One camera as shown; `took_s` is the time spent on it, without waiting."""

    camera: str
    receiver: str
    step: str
    took_s: float
    state: State
    changed: bool

    @property
    def result(self) -> str:
        """The word in the last column."""
        if self.state is State.DONE:
            return "changed" if self.changed else "ok"
        return "FAILED" if self.state is State.FAILED else self.state.value


@dataclass(slots=True)
class _Camera:
    receiver: str
    state: State = State.WAITING
    step: str = ""
    changed: bool = False
    spent_s: float = 0.0
    since_s: float | None = None


class Board:
    """All cameras of a run: camera → receiver, by name. Not thread-safe.

    All times must come from the same clock.
    """

    def __init__(self, cameras: Mapping[str, str], *, now_s: float) -> None:
        self._cameras = {name: _Camera(receiver) for name, receiver in cameras.items()}
        self._began_s = now_s
        self._alike: dict[str, tuple[StepReport, int]] = {}
        """Receiver → its last line, and the number of similar steps that followed."""
        self.several_receivers = len(set(cameras.values())) > 1

    def note(self, event: Event, *, now_s: float) -> list[Event]:
        """Process an event; return the events to print as lines: a receiver's steps, and all failures.

        A receiver's steps with the same name, such as a folder per camera, become one line and a count.
        """
        camera = self._cameras.get(event.scope)
        if camera is None:
            return self._receiver(event, now_s)
        if event.mark is Mark.BEGUN:
            self._begin(camera, now_s)
        elif event.mark is Mark.PAUSED:
            self._pause(camera, now_s)
        else:
            self._step(camera, event, now_s)
        return [event] if event.failed else []

    def rest(self) -> list[Event]:
        """Return the lines that were held back to count similar ones."""
        lines = [
            Event(scope=scope, step=StepReport(name=last.name, changed=last.changed, detail=f"{more} more of these"))
            for scope, (last, more) in self._alike.items()
            if more
        ]
        self._alike.clear()
        return lines

    def finish(self, *, now_s: float) -> None:
        """Mark every camera that has not failed as done, because the run has ended."""
        for camera in self._cameras.values():
            _spend(camera, now_s)
            if camera.state in {State.WAITING, State.UNDER_WAY}:
                camera.state = State.DONE

    def rows(self, room: int, *, now_s: float) -> list[Row]:
        """Return a row per camera, in order; if there are more than `room`, only the most relevant ones."""
        named = list(self._cameras.items())
        if len(named) > room:
            named.sort(key=lambda item: _SHOWN_FIRST.index(item[1].state))
            named = [item for item in named if item[1].state is not State.DONE][: max(room, 0)]
        return [
            Row(
                camera=name,
                receiver=camera.receiver,
                step=camera.step,
                took_s=camera.spent_s + (0.0 if camera.since_s is None else now_s - camera.since_s),
                state=camera.state,
                changed=camera.changed,
            )
            for name, camera in named
        ]

    def counters(self) -> str:
        """Return the number of cameras per state: `done 120, failed 3, under way 4, waiting 73`."""
        counts = self._counts()
        stopped = f", stopped {counts[State.STOPPED]}" if counts[State.STOPPED] else ""
        return ", ".join(f"{state} {counts[state]}" for state in _COUNTED) + stopped

    def summary(self, *, now_s: float) -> str:
        """Return the last line: `6 cameras in 14.2 s: done 5 (changed 4), failed 1`."""
        counts = self._counts()
        changed = sum(camera.changed for camera in self._cameras.values() if camera.state is State.DONE)
        told = [f"done {counts[State.DONE]}" + (f" (changed {changed})" if changed else "")]
        told += [f"{state} {counts[state]}" for state in (State.FAILED, State.STOPPED) if counts[state]]
        return f"{len(self._cameras)} cameras in {show_time(now_s - self._began_s)}: {', '.join(told)}"

    def _counts(self) -> dict[State, int]:
        states = [camera.state for camera in self._cameras.values()]
        return {state: states.count(state) for state in State}

    def _of(self, receiver: str) -> Iterable[_Camera]:
        return (camera for camera in self._cameras.values() if camera.receiver == receiver)

    def _receiver(self, event: Event, now_s: float) -> list[Event]:
        if event.mark is not Mark.STEP:
            return []
        if event.failed:
            self._stop(event.scope, now_s)
        last, more = self._alike.get(event.scope, (None, 0))
        if last is not None and not event.failed and (last.name, last.changed) == (event.step.name, event.step.changed):
            self._alike[event.scope] = (last, more + 1)
            return []
        told = self.rest()
        self._alike[event.scope] = (event.step, 0)
        return [*told, event]

    def _begin(self, camera: _Camera, now_s: float) -> None:
        if camera.state is State.DONE:
            for other in self._of(camera.receiver):
                if other.state is State.DONE:
                    other.state = State.WAITING
        if camera.state is State.WAITING:
            camera.state = State.UNDER_WAY
        camera.since_s = now_s

    def _pause(self, camera: _Camera, now_s: float) -> None:
        _spend(camera, now_s)
        if camera.state is State.UNDER_WAY:
            camera.state = State.DONE

    def _step(self, camera: _Camera, event: Event, now_s: float) -> None:
        if event.failed:
            _spend(camera, now_s)
            camera.state = State.FAILED
        camera.step = event.step.name
        camera.changed = camera.changed or event.step.changed

    def _stop(self, receiver: str, now_s: float) -> None:
        """Mark the cameras of a receiver whose run ended early as stopped."""
        for camera in self._of(receiver):
            _spend(camera, now_s)
            if camera.state is not State.FAILED:
                camera.state = State.STOPPED


def _spend(camera: _Camera, now_s: float) -> None:
    if camera.since_s is not None:
        camera.spent_s += now_s - camera.since_s
        camera.since_s = None


def show_time(seconds: float) -> str:
    """Format a duration.

    >>> show_time(3.14159), show_time(75)
    ('3.1 s', '1:15 min')
    """
    whole = round(seconds)
    return f"{seconds:.1f} s" if seconds < 60 else f"{whole // 60}:{whole % 60:02} min"
