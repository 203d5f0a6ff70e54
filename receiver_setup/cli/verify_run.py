"""The verification behind the command line: a line a claim, then for each failure its cause and the remedy."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from receiver_setup.cli.commands import setup_command
from receiver_setup.cli.receipt_file import read_receipt
from receiver_setup.cli.redaction import redact
from receiver_setup.cli.targets import open_targets, request_values, run_workflow
from receiver_setup.receipt import Receipt, compare, make_receipt
from receiver_setup.report import Claim, Report
from receiver_setup.workflow.request import VerifyRequest
from receiver_setup.workflow.verify import verify

_WORDS = {True: "ok", False: "FAILED", None: "unknown"}


def run(options: dict[str, Any], *, test: bool) -> int:
    """Verify from checked options; without `test` only look."""
    receipt = read_receipt(options.get("receipt"))
    request = VerifyRequest(**request_values(options), jail=options["jail"], test=test, uploads=receipt is not None)
    with open_targets(options) as targets:
        return run_workflow(
            partial(verify, request, targets.session, targets.cameras),
            partial(_render, again=setup_command(options)),
            options,
            cameras=targets.receiver_of,
            steps=bool(options["verbose"]),
            keep=partial(_compare, receipt),
        )


def _compare(receipt: Receipt | None, report: Report) -> None:
    """Add what is no longer as the receipt says to the claims."""
    if receipt is None or (report.worst is not None and not any(r.claims for r in report.receivers)):
        return
    now = make_receipt(report, made_at=datetime.now(UTC), mask=redact, keep_failed=True)
    told = [Claim(name="as in the receipt", ok=False, cause=each.sentence) for each in compare(receipt, now)]
    held = Claim(name="as in the receipt", ok=True, detail=f"of {receipt.made_at:%Y-%m-%d %H:%M} UTC")
    report.receivers[0].claims += told or [held]


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
            yield receiver.address, claim
        for camera in receiver.cameras:
            for claim in camera.claims:
                yield camera.name, claim
