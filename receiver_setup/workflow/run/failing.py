"""The failed test uploads of a run, each with its cause: the receiver is read once more for all of them.

What finds causes is loaded with the first failure.
"""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from receiver_setup.camera.wire.codes import explain_result
from receiver_setup.errors import FileNotArrivedError, ProofError, ReceiverError, UploadTestError
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.wanted import Wanted
from receiver_setup.workflow.run.accounts import UploadAccount
from receiver_setup.workflow.run.camera_run import CameraRun

if TYPE_CHECKING:
    from receiver_setup.workflow.causes import Diagnosis, FailedUpload

_log = logging.getLogger(__name__)

_OTHER_LOGIN = "; if this camera cannot sign in with its key at all: --auth password, which is for uploads alone"


def fail_with_causes(
    shares: Sequence[tuple[UploadAccount[CameraRun], Wanted]],
    session: ReceiverSession,
    evidence: Evidence | None = None,
    *,
    offer_password: bool = False,
) -> None:
    """Fail each camera whose test went wrong, with the cause that both sides show.

    `shares` are accounts, each as it shall be; `evidence` since their facts is read here where it was not yet.
    `offer_password`: where a camera does not use the key that it shows, its owner is told of --auth password.
    """
    shares = [(account, wanted) for account, wanted in shares if any(run.broken for run in account.alive)]
    broken = [run for account, _ in shares for run in account.alive if run.broken is not None]
    if not broken:
        return
    every = [wanted for _, wanted in shares]
    sources = {run: tuple(run.addresses()) for run in broken}
    routes = sorted({address for each in sources.values() for address in each})
    facts: tuple[Facts | None, ...] = (None,) * len(shares)
    try:
        if evidence is None:
            wait_for = routes[:1] or [wanted.user for wanted in every]
            earlier = shares[0][0].facts
            evidence = session.read_evidence(every, earlier, wait_for=wait_for, wait_count=1, causes=True)
        facts = session.read_facts(every, routes=routes, aside=True)
    except ReceiverError as error:
        # The cameras' own errors are what the run is about; without a cause they are still true.
        _log.warning("%s could not be asked why the test upload failed: %s", session.name, error.message)
    for (account, wanted), now in zip(shares, facts, strict=True):
        for run in [each for each in account.alive if each.broken is not None]:
            target = make_target(run, account.facts.hostname or session.name, wanted, sources[run])
            _fail(run, target, now and now.seen_from(sources[run]), evidence, offer_password=offer_password)


def _fail(
    run: CameraRun,
    target: "FailedUpload | None",
    facts: Facts | None,
    evidence: Evidence | None,
    *,
    offer_password: bool,
) -> None:
    error = run.broken
    if error is None:
        return
    if target is not None:
        from receiver_setup.workflow.causes import KEY_UNUSED, Symptom, diagnose  # noqa: PLC0415 - only after a failure

        seen = Symptom.from_outcome(run.outcome) if run.outcome is not None else Symptom()
        symptom = Symptom(result=0) if isinstance(error, FileNotArrivedError) else seen
        diagnosis = diagnose(symptom, target=target, facts=facts, evidence=evidence)
        error = explain(error, diagnosis, run.report.address)
        if offer_password and not target.by_password and diagnosis.cause in KEY_UNUSED:
            error = error.retold(hint=f"{error.hint}{_OTHER_LOGIN}")
    run.fail(error)


def make_target(run: CameraRun, receiver: str, wanted: Wanted, sources: tuple[str, ...]) -> "FailedUpload | None":
    """Return the upload that a camera was told to make; None while it was told nothing."""
    if run.target is None:
        return None
    from receiver_setup.workflow.causes import FailedUpload  # noqa: PLC0415 - only after a failure

    return FailedUpload(
        camera=run.report.address,
        receiver=receiver,
        server=run.target.server,
        port=run.target.port,
        user=wanted.user,
        directory=run.directory,
        sources=sources,
        key=run.key,
        authentication=wanted.authentication,
    )


def explain(error: ProofError, diagnosis: "Diagnosis", camera: str) -> ProofError:
    """Return the error with the cause and its remedy; its kind and exit code stay."""
    for line in diagnosis.seen:
        _log.info("%s: the receiver's log: %s", camera, line)
    if isinstance(error, UploadTestError):
        known = explain_result(error.result)
        told = f"the test upload of the camera {camera} ended with {error.result} ({known.name}): {diagnosis.sentence}"
        return error.retold(told, hint=diagnosis.remedy)
    if diagnosis.certain:
        said = diagnosis.sentence if isinstance(error, FileNotArrivedError) else diagnosis.cause.title
        return error.retold(f"{error.message}: {said}", hint=diagnosis.remedy)
    return error
