"""The verbs of one run on one receiver: read, apply, prove the login, gather evidence, undo, commit."""

import logging
import secrets
import time
from collections.abc import Iterable

from receiver_setup.errors import ReceiverChangeError, ReceiverUnreachableError, UndoError
from receiver_setup.interrupts import shielded
from receiver_setup.receiver import script
from receiver_setup.receiver.arrival import Evidence
from receiver_setup.receiver.facts import Facts
from receiver_setup.receiver.hosts.root import Output, RootShell
from receiver_setup.receiver.plan import RELOAD, Plan
from receiver_setup.receiver.records import RecordError, parse_records
from receiver_setup.receiver.wanted import Wanted
from receiver_setup.report import StepReport
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)


class ReceiverSession:
    """One run's dealings with one receiver; `owner` is the token that its journal bears there."""

    def __init__(self, shell: RootShell) -> None:
        self.shell = shell
        self.name = shell.host.name
        self.owner = secrets.token_hex(8)
        self.in_doubt = False
        """True from the first change until commit or undo."""
        self._read_at = 0.0

    def read_facts(self, wanted: Wanted, *, routes: Iterable[str]) -> Facts:
        """Read everything in one trip; changes nothing."""
        self._read_at = time.monotonic()
        output = self.shell.run(script.render_facts(wanted, routes=routes), step="read facts")
        try:
            return Facts.parse(output.data)
        except (RecordError, KeyError, ValueError) as error:
            raise self._garbled(output, "read facts", error) from error

    def apply(self, plan: Plan, *, password: Secret | None = None) -> list[StepReport]:
        """Make the plan's steps as one transaction; return every step of the plan, made or not needed.

        Raises `ReceiverChangeError` when a step failed; `rolled_back` tells whether the receiver undid the rest.
        """
        if not plan.changed:
            return [StepReport(name=step.name, changed=False, detail=step.detail) for step in plan.steps]
        text = script.render_apply(plan, owner=self.owner, password=password)
        self.in_doubt = True
        with shielded():
            output = self.shell.run(text, step="apply")
        steps = self._steps(output, "apply")
        end = steps[-1][0]
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

    def prove_login(self) -> bool:
        """Log in anew and run something there; False where there is no login to prove."""
        if not self.shell.host.prove_login():
            return False
        self.shell.run(script.render_nothing(), step="prove the login")
        return True

    def read_evidence(self, wanted: Wanted, facts: Facts, *, wait_for: str, wait_count: int) -> Evidence:
        """Read what arrived and what sshd logged since the facts were read."""
        minutes = int((time.monotonic() - self._read_at) / 60) + 2
        text = script.render_evidence(
            wanted, since_s=facts.now_s, minutes=minutes, logs=facts.logs, wait_for=wait_for, wait_count=wait_count
        )
        output = self.shell.run(text, step="gather evidence")
        try:
            return Evidence.parse(output.data)
        except RecordError as error:
            raise self._garbled(output, "gather evidence", error) from error

    def undo(self, user: str) -> list[StepReport]:
        """Take back everything that the open journal holds; `UndoError` names what could not be."""
        text = script.render_undo(user, owner=self.owner)
        with shielded():
            try:
                output = self.shell.run(text, step="undo")
            except ReceiverUnreachableError:
                # The connection may be what failed: one new one, before the journal is left to the next run.
                self.shell.host.close()
                output = self.shell.run(text, step="undo")
            steps = self._steps(output, "undo")
        for status, name, detail in steps[:-1]:
            _log.info("%s: %s %s %s", self.name, status, name, detail)
        if steps[-1][0] != "ok":
            left = "; ".join(f"{name} {detail}" for status, name, detail in steps if status == "undo-failed")
            raise UndoError(
                f"{self.name} could not be put back wholly: {left}",
                hint=f"the journal stays in {script.JOURNAL} there; mend what it names and run the same command again",
            )
        self.in_doubt = False
        return [StepReport(name=name, changed=True, detail=detail) for _, name, detail in steps[:-1]]

    def commit(self, user: str) -> None:
        """Confirm the transaction: from here on nothing is taken back."""
        with shielded():
            output = self.shell.run(script.render_commit(user, owner=self.owner), step="commit")
            steps = self._steps(output, "commit")
        if steps[-1][0] != "ok":
            raise ReceiverChangeError(
                f"the journal on {self.name} is another run's", hint="run one set-up of a receiver at a time"
            )
        self.in_doubt = False

    def close(self) -> None:
        """End the connections."""
        self.shell.host.close()

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
