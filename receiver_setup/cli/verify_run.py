"""The verification behind the command line: a line a claim, then for each failure its cause and the remedy."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from receiver_setup.cli.targets import open_targets, request_values, run_workflow
from receiver_setup.report import Claim, Report
from receiver_setup.workflow.request import VerifyRequest
from receiver_setup.workflow.verify import verify

_WORDS = {True: "ok", False: "FAILED", None: "unknown"}


def run(options: dict[str, Any], *, test: bool) -> int:
    """Verify from checked options; without `test` only look."""
    request = VerifyRequest(**request_values(options), jail=options["jail"], test=test)
    with open_targets(options) as targets:
        workflow = partial(verify, request, targets.session, targets.cameras)
        return run_workflow(workflow, _render, options, steps=bool(options["verbose"]))


def _render(report: Report) -> str:
    claims = list(_claims(report))
    lines = [
        f"{_WORDS[claim.ok]:<8}{scope}: {claim.name}{f': {claim.detail}' if claim.detail else ''}"
        for scope, claim in claims
    ]
    for scope, claim in claims:
        if claim.ok is False:
            lines += ["", f"{scope}: {claim.name}", f"  cause   {claim.cause}", f"  remedy  {_remedy(claim)}"]
    return "\n".join(lines)


def _remedy(claim: Claim) -> str:
    return claim.remedy or "run receiver-setup setup with the same targets again: it mends this and nothing else"


def _claims(report: Report) -> Iterator[tuple[str, Claim]]:
    for receiver in report.receivers:
        for claim in receiver.claims:
            yield receiver.address, claim
        for camera in receiver.cameras:
            for claim in camera.claims:
                yield camera.name, claim
