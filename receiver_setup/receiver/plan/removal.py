"""Plan the removal of a set-up on the receiver (pure): facts and cameras in, ordered steps out.

While other cameras use the account, only the lines of those that go are taken; with the last one everything goes,
in the reverse order of a set-up. What cannot be taken back itself (the account, its folders) waits for the proof.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar

from receiver_setup.errors import ReceiverAccountError
from receiver_setup.formats.authorized_keys import edit_keys, parse_cameras
from receiver_setup.receiver.facts.disks import lies_in
from receiver_setup.receiver.facts.known_cameras import find_known_cameras
from receiver_setup.receiver.facts.model import ADOPTED_MARK, Facts
from receiver_setup.receiver.plan.setup import drop_in, key_file, serves
from receiver_setup.receiver.plan.steps import RELOAD, Plan, Step, directory_step, file_diff, file_step
from receiver_setup.receiver.plan.storage import check_home_parents
from receiver_setup.receiver.plan.wanted import Wanted

_FILES = frozenset({"regular file", "regular empty file"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalPlan(Plan):
    """The receiver's half of a removal; `remaining` are the cameras that still use the account."""

    kind: ClassVar[str] = "removal"

    remaining: tuple[str, ...]
    kept: tuple[str, ...]
    """Directories whose recordings are kept."""


def new_entries(facts: Facts, wanted: Wanted) -> tuple[str, ...]:
    """Return the new files in the home of an adopted account, besides the recordings.

    So is a key that opens it once it has its shell again, where the adoption had not found it.
    """
    if facts.ledger.entries is None:
        return ()
    added = [f"{wanted.home}/{name}" for name in facts.home_entries if name not in facts.ledger.entries]
    known = set(facts.files.get(key_file(wanted.user), b"").split(b"\n"))
    if not known.issuperset(facts.foreign_keys.split(b"\n")):
        added.append(f"lines of {wanted.home}/.ssh/authorized_keys")
    return tuple(added)


def plan_removal(
    facts: Facts, wanted: Wanted, *, everything: bool = False, stay: frozenset[str] = frozenset(), delete: bool = False
) -> RemovalPlan:
    """Plan the removal of the cameras in `wanted.slots`, or of all with `everything`.

    Cameras in `stay` are not to be taken though they were asked for. Recordings are kept unless `delete`.
    Raises `ReceiverAccountError` for an account that is not ours, `ReceiverUnsuitableError` where somebody else could
    lead root astray above the home; nothing has been changed by then.
    """
    _check_account(facts, wanted)
    if _traces(facts, wanted):
        check_home_parents(facts, wanted, there=True)
    gone = {slot.name for slot in wanted.slots} - stay
    known = set(find_known_cameras(facts, wanted.user))
    remaining = tuple(sorted((set() if everything else known - gone) | stay))
    if remaining:
        return _plan_part(facts, wanted, gone, remaining, delete=delete)
    return _plan_whole(facts, wanted, delete=delete)


def _check_account(facts: Facts, wanted: Wanted) -> None:
    account = facts.account
    if account is None or not _traces(facts, wanted):
        return
    where = facts.hostname or "the receiver"
    if not account.ours and facts.ledger.former is None:
        raise ReceiverAccountError(
            f"the user {account.name} on {where} is not marked as ours any more, so it is not ours to remove",
            hint="see its comment field there (getent passwd); what is left of a set-up: "
            f"{drop_in(wanted.user)} and {key_file(wanted.user)}",
        )
    if account.home != wanted.home:
        raise ReceiverAccountError(
            f"the upload user {account.name} on {where} has the home {account.home}, not {wanted.home}",
            hint=f"give --home {account.home}",
        )


def _traces(facts: Facts, wanted: Wanted) -> bool:
    """Return True if there is anything of ours; otherwise an account of that name is not ours to change."""
    ours = facts.account is not None and facts.account.ours
    return (
        ours
        or facts.ledger.filed
        or drop_in(wanted.user) in facts.files
        or bool(find_known_cameras(facts, wanted.user))
    )


def _plan_part(
    facts: Facts, wanted: Wanted, gone: set[str], remaining: tuple[str, ...], *, delete: bool
) -> RemovalPlan:
    """Remove the lines of some cameras and keep the account."""
    steps = [_keys_step(facts, wanted, gone)]
    slots = {slot.name: slot.directory for slot in wanted.slots if slot.directory in facts.paths}
    theirs = _folders_of(facts, wanted, set(remaining))
    # What is not known to be this camera's alone may be the others'.
    own = tuple(
        path
        for name, path in slots.items()
        if name in gone and path not in theirs and (path != wanted.recordings or _has_record(facts, name))
    )
    if delete:
        others = _every_folder(facts, wanted) - set(own)
        steps += [_delete_step(facts, path, others=others) for path in own]
    if not own and wanted.recordings in facts.paths:
        told = f"those of {', '.join(sorted(gone))} are among the others' in {wanted.recordings}, and stay"
        steps.append(Step(name="keep recordings", detail=told))
    elif not delete:
        steps += [Step(name="keep recordings", detail=f"{path} stays") for path in own]
    return RemovalPlan(wanted=wanted, steps=tuple(steps), remaining=remaining, kept=() if delete else own)


def _folders_of(facts: Facts, wanted: Wanted, names: set[str]) -> set[str]:
    """Return the folders of these cameras; a camera without a known folder may use the recordings directory itself."""
    known = find_known_cameras(facts, wanted.user)
    return {known[name].directory or wanted.recordings for name in names & known.keys()}


def _every_folder(facts: Facts, wanted: Wanted) -> set[str]:
    """Return all present and former folders of cameras."""
    made = {*facts.ledger.directories, *facts.ledger.modes}
    known = _folders_of(facts, wanted, set(facts.ledger.cameras))
    return known | {path for path in made if lies_in(path, wanted.recordings)}


def _has_record(facts: Facts, camera: str) -> bool:
    record = facts.ledger.cameras.get(camera)
    return record is not None and record.directory is not None


def _plan_whole(facts: Facts, wanted: Wanted, *, delete: bool) -> RemovalPlan:
    if not _traces(facts, wanted):
        nothing = Step(name="remove account", detail=f"nothing of a set-up is left for {wanted.user}")
        return RemovalPlan(wanted=wanted, steps=(nothing,), remaining=(), kept=())
    drop_in_step = _drop_in_step(facts, wanted)
    steps = [
        *_close_steps(facts, wanted),
        drop_in_step,
        _reload_step(facts, drop_in_step),
        _keys_step(facts, wanted, set(find_known_cameras(facts, wanted.user)), last_one=True),
        *_mode_steps(facts),
        *_leave_steps(facts, wanted),
        *_former_account_steps(facts, wanted),
    ]
    user_goes = _user_goes(facts)
    if user_goes:
        steps.append(
            Step(
                name="remove user",
                detail=wanted.user,
                call=("user", wanted.user),
                diff=(f"- user {wanted.user}",),
                last=True,
            )
        )
    folders, kept = _folder_steps(facts, wanted, delete=delete, user_goes=user_goes)
    steps += folders
    if facts.ledger.group is not None and user_goes:
        steps.append(
            Step(
                name="keep group",
                detail=f"{wanted.user}, which was there before",
                call=("group", wanted.user, facts.ledger.group),
                last=True,
            )
        )
    if facts.ledger.made_group and user_goes:
        call = ("new_group", wanted.user)
        steps.append(
            Step(name="remove group", detail=wanted.user, call=call, diff=(f"- group {wanted.user}",), last=True)
        )
    if facts.ledger.filed:
        steps.append(
            Step(name="forget", detail="the record of how things were before", call=("ledger", wanted.user), last=True)
        )
    return RemovalPlan(wanted=wanted, steps=tuple(steps), remaining=(), kept=kept)


def _user_goes(facts: Facts) -> bool:
    """Return True for our own account, False for an adopted one; without a record, the comment field decides."""
    account = facts.account
    if account is None or not account.ours:
        return False
    if facts.ledger.filed:
        return facts.ledger.former is None
    return not account.comment.startswith(ADOPTED_MARK)


def _close_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    """Lock our own account before removing the drop-in, which alone restricts its password to uploads."""
    if not _user_goes(facts) or facts.password != "set":  # noqa: S105 - a state
        return []
    told = f"no password opens {wanted.user}"
    diff = (f"- password of {wanted.user}: set", f"+ password of {wanted.user}: none opens it")
    return [Step(name="close password", detail=told, call=("closed", wanted.user), diff=diff)]


def _drop_in_step(facts: Facts, wanted: Wanted) -> Step:
    path = drop_in(wanted.user)
    name = "remove sshd drop-in"
    present = facts.files.get(path)
    if present is None:
        return Step(name=name, detail=f"{path} is gone")
    return Step(name=name, detail=path, call=("gone", path), diff=file_diff(path, present, None))


def _reload_step(facts: Facts, drop_in_step: Step) -> Step:
    if not drop_in_step.changed:
        return Step(name=RELOAD, detail="not needed")
    return Step(name=RELOAD, detail="after sshd -t agrees", call=("sshd", *serves(facts)), diff=("! reload sshd",))


def _keys_step(facts: Facts, wanted: Wanted, gone: set[str], *, last_one: bool = False) -> Step:
    path = key_file(wanted.user)
    name = "remove camera key"
    present = facts.files.get(path)
    if present is None:
        return Step(name=name, detail=f"{path} is gone")
    after = edit_keys(present, {}, drop=gone)
    # Lines that an adoption had brought along are still where they came from.
    nothing_left = set(after.split(b"\n")) <= {b"", *facts.foreign_keys.split(b"\n")}
    if last_one and nothing_left and path not in facts.ledger.backups:
        return Step(name=name, detail=path, call=("gone", path), diff=file_diff(path, present, None))
    if after == present:
        return Step(name=name, detail=f"{path} has no line of {', '.join(sorted(gone)) or 'a camera'}")
    told = ", ".join(sorted(gone & parse_cameras(present).keys())) or path
    return file_step(name, f"{told}; other lines of {path} stay" if after.strip() else told, path, present, after)


def _mode_steps(facts: Facts) -> list[Step]:
    """Restore owner and mode of directories that existed before, after the files in them."""
    steps = []
    for path, (owner, mode) in facts.ledger.owners.items():
        state = facts.paths.get(path)
        if state is None or state.kind not in _FILES or (f"{state.uid}:{state.gid}", state.mode) == (owner, mode):
            continue
        was = (f"{state.owner}:{state.group}", f"{state.mode:04o}")
        step = directory_step("give file back", path, was=was, owner=owner, mode=mode)
        steps.append(replace(step, call=("owned", path, owner, f"{mode:o}")))
    for path, (owner, mode) in reversed(facts.ledger.modes.items()):
        state = facts.paths.get(path)
        if state is None or not state.is_directory or (f"{state.uid}:{state.gid}", state.mode) == (owner, mode):
            continue
        was = (f"{state.owner}:{state.group}", f"{state.mode:04o}")
        steps.append(directory_step("give directory back", path, was=was, owner=owner, mode=mode))
    return steps


def _leave_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    """Remove the account from the groups that it joined for the set-up; deleting it removes it from all."""
    return [
        Step(
            name="leave group",
            detail=f"{wanted.user} is not in {name}",
            call=("leave", name, wanted.user),
            diff=(f"- user {wanted.user}: in the group {name}",),
        )
        for name in facts.ledger.joined
        if facts.account is not None and name in facts.groups
    ]


def _former_account_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    former, account = facts.ledger.former, facts.account
    if former is None or account is None:
        return []
    steps = []
    if (account.shell, account.comment) != (former.shell, former.comment):
        diff = (
            f"- user {account.name}: shell {account.shell}, comment “{account.comment}”",
            f"+ user {account.name}: shell {former.shell}, comment “{former.comment}”",
        )
        call = ("account", account.name, former.shell, former.comment)
        told = f"{account.name}, shell {former.shell}"
        steps.append(Step(name="give account back", detail=told, call=call, diff=diff))
    if facts.ledger.closed and facts.password == "none":  # noqa: S105 - a state
        diff = (f"- password of {wanted.user}: none opens it", f"+ password of {wanted.user}: the former one")
        told = f"the former one opens {wanted.user} again"
        steps.append(Step(name="open password", detail=told, call=("reopened", wanted.user), diff=diff))
    return steps


def _folder_steps(facts: Facts, wanted: Wanted, *, delete: bool, user_goes: bool) -> tuple[list[Step], tuple[str, ...]]:
    """Remove our own directories if they are empty; report where recordings are kept."""
    usual = (wanted.home, wanted.recordings, key_file(wanted.user).rpartition("/")[0])
    made = facts.ledger.directories if facts.ledger.filed else usual
    there = [path for path in sorted({*made, wanted.recordings}) if path in facts.paths]
    uploads = [path for path in there if facts.paths[path].owner == wanted.user]
    tops = [path for path in uploads if not any(path.startswith(f"{other}/") for other in uploads)]
    steps: list[Step] = []
    kept: tuple[str, ...] = ()
    mounted = [path for path, found in facts.contents.items() if found.is_mount or found.mounts]
    if delete:
        steps += [_delete_step(facts, wanted.recordings)] if wanted.recordings in facts.paths else []
    elif facts.recordings:
        kept = (wanted.recordings,)
        told = f"{facts.recordings} files stay in {wanted.recordings}"
        if user_goes:
            shut = [
                Step(name="keep recordings", detail=f"{told}, for root alone", call=("shut", p), last=True)
                for p in tops
            ]
            steps += shut
        else:
            steps.append(Step(name="keep recordings", detail=told))
    for path in sorted((path for path in there if path in made), reverse=True):
        diff = () if any(lies_in(each, path) for each in (*kept, *mounted)) else (f"- {path}",)
        detail = path if diff else f"{path}, once it is empty"
        steps.append(Step(name="remove directory", detail=detail, call=("directory", path), diff=diff, last=True))
    return steps, kept


def _delete_step(facts: Facts, path: str, *, others: Collection[str] = ()) -> Step:
    """Delete a folder except for `others` in it, which belong to other cameras.

    What is mounted below it stays, and where something is mounted at it, the empty folder.
    """
    inner = tuple(sorted(each for each in others if each != path and lies_in(each, path)))
    told = {
        place: found
        for place, found in facts.contents.items()
        if lies_in(place, path) and not any(lies_in(place, each) for each in inner)
    }
    size = ""
    if told:
        files, size_bytes = sum(each.files for each in told.values()), sum(each.size for each in told.values())
        size = f": {files} files, {size_bytes} bytes"
    at = (f"a disk is mounted at {path}, which stays, and is emptied",) if path in told and told[path].is_mount else ()
    mounts = sorted({mount for each in told.values() for mount in each.mounts})
    stays = (
        *at,
        *(f"{mount} is mounted there, and stays with all that is in it" for mount in mounts),
        *(f"{each} stays, as another camera's" for each in inner if each in facts.paths),
    )
    return Step(
        name="delete recordings",
        detail="; ".join((f"{path}{size}", *stays)),
        call=("delete", path, *inner),
        diff=(f"- {path} and all that is in it{size}", *(f"  {line}" for line in stays)),
        last=True,
    )
