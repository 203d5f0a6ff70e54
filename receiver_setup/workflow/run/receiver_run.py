"""One receiver while a workflow is under way: waits for other runs, recovers what was cut off, changes and confirms."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from receiver_setup.errors import ReceiverBusyError, ReceiverSetupError
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.steps import JointPlan, P
from receiver_setup.receiver.plan.wanted import Look, Wanted
from receiver_setup.report import Event, Observer, ReceiverReport, StepReport
from receiver_setup.secrets import Secret

_WAIT_A_TRIP_S = 20


class ReceiverRun:
    """One receiver's way through a run; with `check` nothing is changed, not even what an earlier run left."""

    def __init__(
        self,
        session: ReceiverSession,
        report: ReceiverReport,
        observe: Observer,
        *,
        check: bool = False,
        patience_s: float = 300.0,
    ) -> None:
        self.session = session
        self.report = report
        self._observe = observe
        self._check = check
        self._patience_s = patience_s

    def read(self, wanted: Sequence[Wanted], *, routes: Collection[str], look: Look = Look.SETUP) -> tuple[Facts, ...]:
        """Read the receiver, account by account, once no other run changes it; what a dead run left goes back first.

        Raises `ReceiverBusyError` when the other run has not ended in `patience_s`.
        """
        facts = self.session.read_facts(wanted, routes=routes, look=look)
        facts = self._await_others(facts, wanted, routes=routes, look=look)
        journal = facts[0].journal
        if journal is None:
            return facts
        told = "an earlier run was cut off; " + (
            "what it had proven is finished first" if journal.proven else "what it had changed is taken back first"
        )
        if not self._check:
            self.session.undo()
            facts = self.session.read_facts(wanted, routes=routes, look=look)
        self.tell(StepReport(name="recover", changed=True, detail=told))
        return facts

    def _await_others(
        self, facts: tuple[Facts, ...], wanted: Sequence[Wanted], *, routes: Collection[str], look: Look
    ) -> tuple[Facts, ...]:
        began = time.monotonic()
        told = False
        while (other := facts[0].journal) is not None and other.alive:
            if time.monotonic() - began >= self._patience_s:
                raise ReceiverBusyError(
                    f"another run ({other.who}) has been changing {self.session.name} for {other.age_s} s",
                    hint="wait until it has ended, then run this again; if nobody knows of it, end its SSH session",
                )
            if not told:
                detail = f"another run ({other.who}, for {other.age_s} s) is changing {self.session.name}"
                self.tell(StepReport(name="wait for another run", changed=False, detail=detail))
                told = True
            left_s = began + self._patience_s - time.monotonic()
            wait_s = max(1, min(_WAIT_A_TRIP_S, int(left_s)))
            facts = self.session.read_facts(wanted, routes=routes, patience_s=wait_s, look=look)
        return facts

    def change(
        self,
        plan: Callable[[], JointPlan[P]],
        *,
        read: Callable[[], object],
        passwords: Callable[[JointPlan[P]], Mapping[str, Secret]] = lambda _: {},
    ) -> JointPlan[P]:
        """Plan and make it so; where another run came between, `read` anew and plan again."""
        while True:
            planned = plan()
            try:
                self.apply(planned, passwords(planned))
            except ReceiverBusyError:
                read()
            else:
                return planned

    def apply(self, plan: JointPlan[P], passwords: Mapping[str, Secret] | None = None) -> None:
        """Make the plan so, and log in anew before anything else is touched."""
        for step in self.session.apply(plan, passwords=passwords):
            self.tell(step)
        if plan.changed and self.session.confirm():
            self.tell(StepReport(name="log in anew", changed=False, detail="the administrator still gets in"))

    def tell(self, step: StepReport) -> None:
        """Note a step and show it."""
        self.report.steps.append(step)
        self._observe(Event(scope=self.session.name, step=step))

    def fail(self, error: ReceiverSetupError) -> None:
        """Note what ends the whole run, and show it."""
        self.report.error = error
        self._observe(Event(scope=self.session.name, step=StepReport(name=error.message, changed=False), failed=True))
