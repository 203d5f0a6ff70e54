"""Run `verify` and `status`: a line per claim, then the cause and remedy of each failure."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from receiver_setup.cli.inputs.carriers import Carrier, request_values
from receiver_setup.cli.inputs.targets import Target, Workflow, open_targets, run_workflow
from receiver_setup.cli.output.next_commands import setup_command
from receiver_setup.cli.output.redaction import redact
from receiver_setup.receipt import Change, Receipt, compare, make_receipt
from receiver_setup.report import Claim, Report
from receiver_setup.workflow.run.request import VerifyRequest
from receiver_setup.workflow.verify import verify

_MISSING = frozenset({Change.RECEIVER_MISSING, Change.CAMERA_MISSING})
_WORDS = {True: "ok", False: "FAILED", None: "unknown"}


def run(options: dict[str, Any], carriers: Sequence[Carrier], receipt: Receipt | None, *, test: bool) -> int:
    """Verify from checked options, with a test upload if `test`; compare with `receipt`."""

    def workflow(target: Target) -> Workflow:
        values, jail = request_values(target.run_target), target.run_target.options["jail"]
        request = VerifyRequest(**values, jail=jail, test=test, uploads=receipt is not None)
        return partial(verify, request, target.session, target.cameras)

    with open_targets(carriers) as targets:
        return run_workflow(
            [(target, workflow(target)) for target in targets],
            partial(_render, again=setup_command(options, [carrier.run_target for carrier in carriers])),
            options,
            steps=bool(options["verbose"]),
            keep=partial(_compare, receipt, part=bool(options["only"] or options["failed_from"])),
        )


def _compare(receipt: Receipt | None, report: Report, *, part: bool) -> None:
    """Add differences from the receipt to the claims; `part`: only some of its cameras were checked."""
    if receipt is None or (report.worst is not None and not any(r.claims for r in report.receivers)):
        return
    now = make_receipt(report, made_at=datetime.now(UTC), mask=redact, keep_failed=True)
    found = [each for each in compare(receipt, now) if not (part and each.what in _MISSING)]
    addresses = [receiver.address for receiver in report.receivers]
    for receiver in report.receivers:
        # What is missing altogether is reported with the first receiver.
        elsewhere = receiver is report.receivers[0]
        mine = [
            each
            for each in found
            if each.receiver == receiver.address or (elsewhere and each.receiver not in addresses)
        ]
        held = Claim(name="as in the receipt", ok=True, detail=f"of {receipt.made_at:%Y-%m-%d %H:%M} UTC")
        receiver.claims += [Claim(name="as in the receipt", ok=False, cause=each.sentence) for each in mine] or [held]


def _render(report: Report, *, again: str) -> str:
    claims = list(_claims(report))
    lines = [
        f"{_WORDS[claim.ok]:<8}{scope}: {claim.name}{f': {claim.detail}' if claim.detail else ''}"
        for scope, claim in claims
    ]
    for scope, claim in claims:
        if claim.ok is False:
            lines += ["", f"{scope}: {claim.name}", f"  cause   {claim.cause}", f"  remedy  {claim.remedy or again}"]
    return "\n".join(lines)


def _claims(report: Report) -> Iterator[tuple[str, Claim]]:
    for receiver in report.receivers:
        for claim in receiver.claims:
            yield receiver.name or receiver.address, claim
        for camera in receiver.cameras:
            for claim in camera.claims:
                yield camera.name, claim
