"""Why a camera's upload failed, from what both sides show (pure).

    Symptom    what the camera said                  Symptom.from_outcome(outcome), Symptom.from_error(error)
    FailedUpload     the upload: camera, receiver, server and port that the camera dials, user, directory, key
    diagnose   (symptom, *, target, facts, evidence) -> Diagnosis
    Diagnosis  cause, sentence, remedy, seen (log lines), unseen, certain, likely
    CATALOGUE  every Cause there is, in the order of an upload's way; `render_causes()` is that of docs/causes.md

    diagnosis = diagnose(Symptom.from_outcome(outcome), target=target, facts=facts, evidence=evidence)
    print(diagnosis.sentence, diagnosis.remedy, diagnosis.cause.mended_by_setup)

`facts` are to be read after the failure (`session.read_facts(wanted, routes=camera addresses)`), for what is wrong now
may have been right before. `evidence` is `session.read_evidence(wanted, earlier, …, causes=True)`, where `earlier` are
the facts that were read before the test, since they mark where the log was then. So read evidence first, facts then.
Either may be None: then the diagnosis says what could not be seen, and is not `certain`.
`diagnose_clock(target, facts, now_s=…)` is about the receiver's clock, and None where it is right.
"""

from receiver_setup.workflow.causes.catalogue import CATALOGUE, KEY_UNUSED, Cause, render_causes
from receiver_setup.workflow.causes.diagnosing import diagnose, diagnose_clock
from receiver_setup.workflow.causes.model import Diagnosis, FailedUpload, Symptom

__all__ = [
    "CATALOGUE",
    "KEY_UNUSED",
    "Cause",
    "Diagnosis",
    "FailedUpload",
    "Symptom",
    "diagnose",
    "diagnose_clock",
    "render_causes",
]
