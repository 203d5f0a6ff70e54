"""The plan of a set-up as a script for a person: what could be done by hand instead; changes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from receiver_setup.camera.by_hand.curl_lines import CameraByHand, render_cameras, render_look
from receiver_setup.camera.settings.target import UploadTarget
from receiver_setup.errors import ReceiverChangeError
from receiver_setup.formats.plain_shell import part_mark, quote, remark, remark_command
from receiver_setup.process.interrupts import Stop
from receiver_setup.receiver.apply.by_hand import Place, password_variables, render_receiver
from receiver_setup.receiver.apply.scripts import JOURNAL
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.plan.setup import SetupPlan
from receiver_setup.receiver.plan.steps import RELOAD, JointPlan
from receiver_setup.report import Observer, ReceiverReport
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.planning import Planning
from receiver_setup.workflow.run.request import NamedCamera, SetupRequest


def explain(
    request: SetupRequest,
    session: ReceiverSession,
    cameras: Sequence[NamedCamera],
    observe: Observer,
    *,
    stop: Stop | None = None,
) -> ReceiverReport:
    """Read both sides as a set-up does, and put the plan into the report's `script`; errors are in the report."""
    return _Explanation(replace(request, check=True), session, cameras, observe, stop).run()


class _Explanation(Planning):
    """A set-up that ends with its plan, told in full."""

    def _preview(self, plan: JointPlan[SetupPlan]) -> None:
        facts = self._accounts[0].facts
        if facts.journal is not None:
            raise ReceiverChangeError(
                f"an earlier run on {self._session.name} was cut off, and what it changed is still there",
                hint=f"take it back there with: sudo sh {JOURNAL}/undo.sh; then run this again",
            )
        super()._preview(plan)
        # Reading what it uploads may have failed for one of them.
        runs = [(run, run.target) for run in self._crew.alive if run.target is not None]
        if not runs:
            return
        passwords = password_variables([each.wanted.user for each in plan.plans if each.sets_password])
        reloads = any(step.name == RELOAD and step.changed for step in plan.steps)
        login = self._session.name if self._request.receiver_address else None
        manager = self._session.read_manager(facts.served) if reloads else ""
        live = {account.user: account for account in self._live}
        places = [
            (
                each,
                Place(
                    facts=live[each.wanted.user].facts,
                    login=login,
                    manager=manager,
                    password=passwords.get(each.wanted.user, ""),
                ),
            )
            for each in plan.plans
            if each.wanted.user in live
        ]
        told = tuple(
            _by_hand(run, target, new_password=passwords.get(self._account_of[run].user)) for run, target in runs
        )
        parts = (
            _render_head(plan, login),
            render_receiver(places),
            render_cameras(told, facts.host_keys),
            render_look(told, list(live), tuple(mark.path for mark in facts.logs)),
        )
        self._report.script = "\n".join(parts)


def _by_hand(run: CameraRun, target: UploadTarget, *, new_password: str | None) -> CameraByHand:
    return CameraByHand(
        name=run.name,
        address=run.camera.address,
        target=target,
        recordings=run.directory,
        now=run.settings.now(),
        settled=run.settled and new_password is None,
        new_password=new_password,
        login=run.camera.login,
        tls=run.camera.tls,
        with_password=run.camera.has_password,
        uploads=run.wished,
    )


def _render_head(plan: JointPlan[SetupPlan], login: str | None) -> str:
    """Render the beginning of the script: what it is, and how each part gets to where it belongs."""
    second = part_mark(2)
    lines = [
        "#!/bin/sh",
        remark("What receiver-setup would do now for these targets, for a person to read and to do by hand."),
        remark("Saved as FILE, each part can be run where it belongs:"),
    ]
    if plan.changed:
        shell = "sudo sh" if login is None else f"ssh {quote(login)} sudo sh"
        lines.append(remark_command(f"sed '/^{second}/,$d' FILE | {shell}"))
    lines.append(remark_command(f"sed -n '/^{second}/,$p' FILE >camera.sh && sh camera.sh"))
    lines.append(remark("It holds no secret: passwords are asked for. It knows only what was so when it was printed."))
    return "\n".join(lines) + "\n"
