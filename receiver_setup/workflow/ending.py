"""What a set-up leaves in the end: records of how its cameras were before, and nothing of those that failed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from receiver_setup.authorized_keys import parse_cameras
from receiver_setup.camera.former_place import Here
from receiver_setup.receiver.facts import Facts
from receiver_setup.receiver.plan import SetupPlan, key_file, plan_receiver
from receiver_setup.receiver.steps import JointPlan
from receiver_setup.receiver.wanted import CameraSlot, Wanted
from receiver_setup.workflow.camera_run import CameraRun
from receiver_setup.workflow.upload_account import UploadAccount

Account = UploadAccount[CameraRun]


def find_records(account: Account) -> dict[str, str] | None:
    """Return what the cameras were set to before, for a removal from whichever machine; None: as it is filed."""
    filed = account.facts.ledger.cameras
    records = dict(filed)
    for run in account.alive:
        if run.changed and run.target is not None:
            here = Here(servers=(run.target.server,), username=run.target.username)
            records[run.name] = run.former(records.get(run.name), here)
    return records if records != filed else None


def without_failed(account: Account, wanted: Wanted) -> Wanted:
    """Return the account without the failed cameras' share of it, as far as this run made that; the others' stays."""
    known = parse_cameras(account.first.files.get(key_file(account.user), b""))
    before = tuple(
        CameraSlot(name=run.name, directory=wanted.recordings, key=known[run.name])
        for run in account.failed
        if run.name in known
    )
    return replace(
        wanted,
        slots=(*wanted.slots, *before),
        drop=tuple(run.name for run in account.failed if run.name not in known),
        retract=tuple(run.directory for run in account.failed if run.directory not in account.first.paths),
    )


def plan_retraction(
    accounts: Sequence[Account],
    wanted: Callable[[Account], Wanted],
    read: Callable[[Sequence[Wanted]], Sequence[Facts]],
) -> JointPlan[SetupPlan] | None:
    """Plan what takes the failed cameras' share of the receiver back; None where they have none.

    An account that is left without a camera goes back to what it was. `read` gives the facts of the others.
    """
    withdrawn = tuple(account.user for account in accounts if account.touched and not account.alive)
    shared = [without_failed(account, wanted(account)) for account in accounts if account.alive and account.failed]
    if not withdrawn and not shared:
        return None
    plans = tuple(
        plan_receiver(facts, each) for facts, each in zip(read(shared) if shared else (), shared, strict=True)
    )
    return JointPlan(plans=plans, withdrawn=withdrawn)
