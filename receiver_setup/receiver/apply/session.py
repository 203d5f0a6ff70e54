"""The verbs of one run on one receiver: read, apply, confirm, gather evidence, undo, commit."""

import logging
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence

from receiver_setup.errors import (
    ReceiverBusyError,
    ReceiverChangeError,
    ReceiverError,
    ReceiverUnfinishedError,
    ReceiverUnreachableError,
    UndoError,
)
from receiver_setup.process.interrupts import shielded
from receiver_setup.receiver.apply import scripts as script
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.facts.camera_records import CameraRecord, render_camera_records
from receiver_setup.receiver.facts.model import Facts, parse_facts
from receiver_setup.receiver.facts.records import RecordError, parse_records
from receiver_setup.receiver.hosts import Dialler, Output, Shell
from receiver_setup.receiver.plan.steps import RELOAD, JointPlan, P
from receiver_setup.receiver.plan.wanted import Look, Wanted
from receiver_setup.receiver.script import Script
from receiver_setup.report import StepReport
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)

_AGAIN = "run the same command again; one set-up of a receiver at a time"
_LEFT = frozenset({"undo-failed", "failed"})
_UNDO_TAKES_S = 5.0
"""What the receiver may need beyond its deadline; a reload takes at most this."""


class ReceiverSession:
    """One run's dealings with one receiver; `owner` is the token that its journal bears there.

    The receiver takes a change back by itself when no new login confirms it within `confirm_s` seconds.
    """

    def __init__(self, shell: Shell, *, confirm_s: int = 60) -> None:
        self.shell = shell
        self.name = shell.host.name
        self.owner = secrets.token_hex(8)
        self.dialled: script.Dialled = None
        """What the cameras are told to dial; None: what the receiver's route to them tells."""
        self.in_doubt = False
        """True from the first change until commit or undo."""
        self._confirm_s = confirm_s
        self._confirm_by: float | None = None
        self._last = ""
        self._routes: tuple[str, ...] = ()
        """The cameras' addresses: whoever reads the receiver again asks sshd about the same connections."""
        self._read_at: dict[float, float] = {}
        """When facts were read, by our own monotonic clock: of the receiver's moment that they tell."""

    def read_facts(
        self,
        wanted: Sequence[Wanted],
        *,
        routes: Iterable[str],
        patience_s: int = 0,
        look: Look = Look.SETUP,
        aside: bool = False,
    ) -> tuple[Facts, ...]:
        """Read everything of these accounts in one trip; changes nothing.

        It waits until another run has ended, `patience_s` at the most. With `aside` it is only a look: evidence and
        changes still go by the facts that were read before.
        """
        began = time.monotonic()
        self._routes = tuple(routes) or self._routes
        text = script.render_facts(wanted, routes=self._routes, patience_s=patience_s, look=look, dialled=self.dialled)
        output = self.shell.run(text, step="read facts")
        try:
            facts = parse_facts(output.data)
        except RecordError as error:
            raise self._garbled(output, "read facts", error) from error
        if not aside:
            self._last = facts[0].last
        self._read_at[facts[0].now_s] = began
        return facts

    def read_manager(self, served: tuple[str, int] | None = None) -> str:
        """Return by whom sshd is made to read its configuration anew, as `by_hand` takes it; changes nothing."""
        output = self.shell.run(script.render_manager(served), step="find sshd's manager")
        try:
            return dict(parse_records(output.data))["way"].decode("utf-8", "replace")
        except (RecordError, KeyError) as error:
            raise self._garbled(output, "find sshd's manager", error) from error

    def apply(self, plan: JointPlan[P], *, passwords: Mapping[str, Secret] | None = None) -> list[StepReport]:
        """Make the plan's steps as one transaction; return every step of the plan, made or not needed.

        `passwords` are those of the accounts that get one.
        Raises `ReceiverBusyError` where another run came between facts and plan: nothing was changed, and the facts
        are to be read anew. Raises `ReceiverChangeError` when a step failed; `rolled_back` tells whether the
        receiver undid the rest.
        """
        if not plan.changed:
            return [StepReport(name=step.name, changed=False, detail=step.detail) for step in plan.steps]
        text = script.render_apply(
            plan, owner=self.owner, last=self._last, confirm_s=self._confirm_s, passwords=passwords
        )
        in_doubt, self.in_doubt = self.in_doubt, True
        self._confirm_by = time.monotonic() + self._confirm_s
        with shielded("the receiver's change"):
            output = self.shell.run(text, step="apply")
        steps = self._steps(output, "apply")
        end = steps[-1][0]
        if end in {"busy", "stale"}:
            self.in_doubt, self._confirm_by = in_doubt, None
            raise ReceiverBusyError(f"another run has changed {self.name} meanwhile", hint=_AGAIN)
        if end == "ok":
            # How sshd was reloaded is known only now; all else is as planned.
            seen = {name: detail for status, name, detail in steps if status == "changed" and name == RELOAD}
            return [StepReport(name=s.name, changed=s.changed, detail=seen.get(s.name, s.detail)) for s in plan.steps]
        _, name, detail = next(step for step in steps if step[0] == "failed")
        self.in_doubt = end == "undo-failed"
        error = ReceiverChangeError(
            f"the step “{name}” failed on {self.name}: {detail}",
            hint="mend what it names and run the same command again",
        )
        error.rolled_back = end != "undo-failed"
        raise error

    def confirm(self) -> bool:
        """Log in anew and tell the receiver so, which then stops waiting; False where there is no login to prove."""
        proven = self.shell.host.prove_login()
        output = self.shell.run(script.render_confirm(owner=self.owner), step="prove the login", anew=proven)
        if self._steps(output, "prove the login")[-1][0] != "ok":
            # Whoever puts it back sees to it that it was, or does it.
            raise ReceiverChangeError(
                f"{self.name} took everything back by itself, since no new login confirmed it in {self._confirm_s} s",
                hint="give it more time with --confirm-within, and run the same command again",
            )
        self._confirm_by = None
        return proven

    def read_evidence(
        self,
        wanted: Sequence[Wanted],
        facts: Facts,
        *,
        wait_for: Iterable[str],
        wait_count: int,
        causes: bool = False,
    ) -> Evidence:
        """Read what arrived and what sshd logged since the facts were read; with `causes` all that a diagnosis uses.

        It waits a moment for `wait_count` lines of the log that have one of the texts in `wait_for`.
        """
        minutes = int((time.monotonic() - self._read_at.get(facts.now_s, 0.0)) / 60) + 2
        text = script.render_evidence(
            wanted,
            since_s=facts.now_s,
            minutes=minutes,
            logs=facts.logs,
            process=facts.process,
            wait_for=wait_for,
            wait_count=wait_count,
            causes=causes,
        )
        output = self.shell.run(text, step="gather evidence")
        try:
            return Evidence.parse(output.data, since_s=facts.now_s)
        except RecordError as error:
            raise self._garbled(output, "gather evidence", error) from error

    def undo(self) -> list[StepReport]:
        """Take back everything that the open journal holds, or finish it where it was proven.

        `UndoError` names what could not be. Where nobody gets in any more, the receiver does it by itself: then
        this waits until it has.
        """
        text = script.render_undo(owner=self.owner)
        with shielded("putting the receiver back"):
            try:
                steps = self._run_again_if_lost(text, "undo")
            except ReceiverError as error:
                if self._confirm_by is None:
                    raise
                steps = self._undone_by_itself(text, error)
        for status, name, detail in steps[:-1]:
            _log.info("%s: %s %s %s", self.name, status, name, detail)
        if steps[-1][0] != "ok":
            left = "; ".join(f"{name} {detail}" for status, name, detail in steps if status in _LEFT)
            raise UndoError(
                f"{self.name} could not be put back wholly: {left}",
                hint=f"the journal stays in {script.JOURNAL} there; mend what it names and run the same command again",
            )
        self.in_doubt = False
        return [StepReport(name=name, changed=True, detail=detail) for _, name, detail in steps[:-1]]

    def _run_again_if_lost(self, text: Script, step: str) -> list[tuple[str, str, str]]:
        """Run a script that may run twice; the connection may be what failed, so once more over a new one."""
        try:
            output = self.shell.run(text, step=step)
        except ReceiverUnreachableError:
            self.shell.close()
            output = self.shell.run(text, step=step)
        return self._steps(output, step)

    def _undone_by_itself(self, text: Script, error: ReceiverError) -> list[tuple[str, str, str]]:
        """Wait until the receiver has had its time, then see; meanwhile no login is tried, since each may count."""
        wait_s = max(0.0, (self._confirm_by or 0.0) - time.monotonic()) + _UNDO_TAKES_S
        _log.warning(
            "%s cannot be reached (%s); it takes everything back by itself in about %.0f s: waiting for that",
            self.name,
            error.message,
            wait_s,
        )
        self.shell.close()
        time.sleep(wait_s)
        try:
            output = self.shell.run(text, step="undo")
        except ReceiverError as still:
            raise UndoError(
                f"{self.name} cannot be reached any more, so nobody saw whether it took everything back by itself: "
                f"{still.message}",
                hint=f"run the same command again; at its console: sudo sh {script.JOURNAL}/undo.sh",
            ) from still
        return self._steps(output, "undo")

    def commit(
        self, wanted: Sequence[Wanted], *, cameras: Mapping[str, Mapping[str, CameraRecord]] | None = None
    ) -> list[StepReport]:
        """Confirm the transaction: from here on nothing is taken back; return what was done only now.

        `cameras` has, for each account where that is new, the records of all its cameras. Raises
        `ReceiverBusyError` where nothing had been changed and another run came between, `ReceiverUnfinishedError` where
        something is left to do that stands in the way of nothing else.
        """
        filed = {user: render_camera_records(each) for user, each in cameras.items()} if cameras else None
        text = script.render_commit(wanted, owner=self.owner, last=self._last, cameras=filed)
        with shielded("finishing on the receiver"):
            steps = self._run_again_if_lost(text, "commit")
        end = steps[-1][0]
        if end in {"busy", "stale"}:
            raise ReceiverBusyError(f"another run has changed {self.name} meanwhile", hint=_AGAIN)
        if end == "unfinished":
            self.in_doubt = False
            left = "; ".join(f"{name} {detail}" for status, name, detail in steps if status in _LEFT)
            raise ReceiverUnfinishedError(
                f"all is proven on {self.name}, but this is left to do there: {left or 'the journal cannot be filed'}",
                hint="mend what it names and run the same command again",
            )
        if end == "undeleted":
            self.in_doubt = False
            left = "; ".join(detail for status, _, detail in steps if status == "left")
            raise ReceiverUnfinishedError(
                f"the set-up on {self.name} was taken back, but not all recordings could be deleted: {left}",
                hint="free what it names there (a program that uses it, a read-only disk, chattr -i), then run the "
                "same command again",
            )
        if end != "ok":
            raise ReceiverChangeError(f"the journal on {self.name} is not this run's any more", hint=_AGAIN)
        self.in_doubt = False
        return [StepReport(name=name, changed=True, detail=detail) for _, name, detail in steps[:-1]]

    def reaches(self, host: str, port: int, *, timeout_s: float) -> bool:
        """Tell whether the receiver gets a connection to (host, port); nothing is run there. False where unknown."""
        carrier = self.shell.host
        return isinstance(carrier, Dialler) and carrier.reaches(host, port, timeout_s)

    def close(self) -> None:
        """End the connections."""
        self.shell.close()

    def _steps(self, output: Output, step: str) -> list[tuple[str, str, str]]:
        """Return (status, name, detail) of every step record, and (`ok`, …) or its opposite as the last."""
        try:
            records = parse_records(output.data)
        except RecordError as error:
            raise self._garbled(output, step, error) from error
        steps = []
        for name, value in records:
            status, _, rest = value.decode("utf-8", "replace").partition("|")
            title, _, detail = rest.partition("|")
            if name in {"step", "end"}:
                steps.append((status, title, detail))
        return steps

    def _garbled(self, output: Output, step: str, error: Exception) -> ReceiverUnreachableError:
        _log.debug("%s: %s printed on standard error: %s", self.name, step, output.errors)
        seen = " ".join(output.errors.split())[:200] or str(error)
        return ReceiverUnreachableError(
            f"the step “{step}” on {self.name} did not end as it should: {seen}",
            hint="run it again with -vv; the login shell there must print nothing of its own",
        )
