"""What a set-up leaves in the end: records of how its cameras were before, and nothing of those that failed."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from receiver_setup.camera.settings.place import Here
from receiver_setup.formats.authorized_keys import parse_cameras
from receiver_setup.receiver.facts.camera_records import CameraRecord
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.setup import SetupPlan, key_file, plan_receiver
from receiver_setup.receiver.plan.steps import JointPlan
from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted
from receiver_setup.workflow.run.accounts import UploadAccount
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.identity import claimed_names

Account = UploadAccount[CameraRun]


def find_records(account: Account) -> dict[str, CameraRecord] | None:
    """Return the records of the cameras, for a removal from whichever machine; None: as they are filed.

    What a camera was set to before stays with its key, whatever it is called.
    """
    filed = account.facts.ledger.cameras
    if not (account.facts.ledger.filed or account.touched or any(run.changed for run in account.alive)):
        # Made by hand and right: without a record of how things were, a removal goes by what a set-up makes.
        return None
    records = {name: record for name, record in filed.items() if name not in claimed_names(account.alive)}
    for run in account.alive:
        older = filed.get(run.known_as) if run.known_as is not None else _record_elsewhere(account, run)
        former = older.former if older is not None else None
        if run.changed and run.target is not None:
            here = Here(servers=(run.target.server,), username=run.target.username)
            former = run.former(former, here)
        records[run.name] = CameraRecord(
            name=run.name,
            key=run.key.fingerprint if run.key is not None and not account.login.by_password else None,
            address=run.report.address,
            directory=run.directory,
            former=former,
        )
    return records if records != filed else None


def _record_elsewhere(account: Account, run: CameraRun) -> CameraRecord | None:
    """Return what another account knew of a camera that comes from it: what it was set to before goes with it."""
    if run.came_from is None:
        return None
    user, name = run.came_from
    filed = account.first.filed_accounts.get(user)
    return None if filed is None else filed.records.get(name)


def without_failed(account: Account, wanted: Wanted) -> Wanted:
    """Return the account without the failed cameras' share of it, as far as this run made that; the others' stays."""
    known = parse_cameras(account.first.files.get(key_file(account.user), b""))
    before = tuple(
        CameraSlot(name=name, directory=wanted.recordings, key=known[name])
        for run in account.failed
        for name in sorted({run.name, run.known_as or run.name} & known.keys())
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

    An account that is left without a camera goes back to what it was. `read` gives the facts of the others, which
    are looked at as a camera that stays sees them.
    """
    withdrawn = tuple(account.user for account in accounts if account.touched and not account.alive)
    staying = [account for account in accounts if account.alive and account.failed]
    if not withdrawn and not staying:
        return None
    shared = [without_failed(account, wanted(account)) for account in staying]
    found = read(shared) if shared else ()
    plans = tuple(
        plan_receiver(facts.seen_from(account.alive[0].addresses()), each)
        for account, facts, each in zip(staying, found, shared, strict=True)
    )
    return JointPlan(plans=plans, withdrawn=withdrawn)
