"""The failed test uploads of a set-up, each with its cause: the receiver is read once more for all of them."""

import logging
from collections.abc import Sequence

from receiver_setup.camera.codes import explain_result
from receiver_setup.errors import FileNotArrivedError, ProofError, ReceiverError, UploadTestError
from receiver_setup.receiver.arrival import Evidence
from receiver_setup.receiver.facts import Facts
from receiver_setup.receiver.session import ReceiverSession
from receiver_setup.receiver.wanted import Wanted
from receiver_setup.workflow.camera_run import CameraRun
from receiver_setup.workflow.causes import Diagnosis, Symptom, Target, diagnose

_log = logging.getLogger(__name__)


def fail_with_causes(
    runs: Sequence[CameraRun],
    session: ReceiverSession,
    wanted: Wanted,
    earlier: Facts,
    evidence: Evidence | None = None,
) -> None:
    """Fail each camera whose test went wrong, with the cause that both sides show.

    `earlier` are the facts from before the tests; `evidence` is read here where it was not yet.
    """
    broken = [run for run in runs if run.alive and run.broken is not None]
    if not broken:
        return
    sources = {run: tuple(run.addresses()) for run in broken}
    routes = sorted({address for each in sources.values() for address in each})
    facts = None
    try:
        if evidence is None:
            wait_for = routes[0] if routes else wanted.user
            evidence = session.read_evidence(wanted, earlier, wait_for=wait_for, wait_count=1, causes=True)
        facts = session.read_facts(wanted, routes=routes, aside=True)
    except ReceiverError as error:
        # The cameras' own errors are what the run is about; without a cause they are still true.
        _log.warning("%s could not be asked why the test upload failed: %s", session.name, error.message)
    for run in broken:
        target = make_target(run, earlier.hostname or session.name, wanted, sources[run])
        if run.broken is not None and target is not None:
            symptom = Symptom(result=0) if isinstance(run.broken, FileNotArrivedError) else _symptom(run)
            explain(run.broken, diagnose(symptom, target=target, facts=facts, evidence=evidence), run.report.address)
        if run.broken is not None:
            run.fail(run.broken)


def make_target(run: CameraRun, receiver: str, wanted: Wanted, sources: tuple[str, ...]) -> Target | None:
    """Return the upload that a camera was told to make; None while it was told nothing."""
    if run.target is None:
        return None
    return Target(
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


def explain(error: ProofError, diagnosis: Diagnosis, camera: str) -> None:
    """Put the cause and its remedy into the error; its kind and exit code stay."""
    for line in diagnosis.seen:
        _log.info("%s: the receiver's log: %s", camera, line)
    if isinstance(error, UploadTestError):
        known = explain_result(error.result)
        error.message = (
            f"the test upload of the camera {camera} ended with {error.result} ({known.name}): {diagnosis.sentence}"
        )
        error.hint = diagnosis.remedy
    elif diagnosis.certain:
        said = diagnosis.sentence if isinstance(error, FileNotArrivedError) else diagnosis.cause.title
        error.message += f": {said}"
        error.hint = diagnosis.remedy


def _symptom(run: CameraRun) -> Symptom:
    return Symptom.from_outcome(run.outcome) if run.outcome is not None else Symptom()
