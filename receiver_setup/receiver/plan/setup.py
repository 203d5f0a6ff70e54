"""Plan a set-up on the receiver (pure): facts and requested state in, ordered steps out."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import ClassVar

from receiver_setup.errors import ReceiverEditedError, ReceiverUnsuitableError
from receiver_setup.formats.authorized_keys import edit_keys, parse_cameras
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import (
    Authentication,
    UploadMatch,
    expected_effective,
    render_drop_in,
)
from receiver_setup.formats.upload_rules import EDITION, KEY_FILE_PATTERN, OLDEST
from receiver_setup.receiver.facts.camera_records import render_camera_records
from receiver_setup.receiver.facts.ledger import STATE
from receiver_setup.receiver.facts.model import Facts, FiledAccount
from receiver_setup.receiver.facts.server import check_asked, check_host_keys
from receiver_setup.receiver.plan.account import (
    PASSWORD_CALL,
    check_account,
    check_adopted_home,
    check_groups,
    close_home_steps,
    orphan_steps,
    plan_account,
)
from receiver_setup.receiver.plan.key_policy import check_way_to_keys, may_pass
from receiver_setup.receiver.plan.remedy import DROP_IN_FOLDER
from receiver_setup.receiver.plan.steps import RELOAD, Plan, Step, directory_step, file_diff, file_step
from receiver_setup.receiver.plan.storage import (
    check_home_parents,
    check_jail_disk,
    check_lasting,
    check_room,
    mounted_as,
)
from receiver_setup.receiver.plan.suitability import (
    check_admission,
    check_in_force,
    check_include_lasts,
    check_key_folder,
    check_listener,
    check_names,
    check_platform,
    check_server,
)
from receiver_setup.receiver.plan.wanted import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupPlan(Plan):
    """The receiver's half of a set-up; `match` is the final Match block for sshd."""

    kind: ClassVar[str] = "setup"

    match: UploadMatch

    @property
    def sets_password(self) -> bool:
        """True if the script needs a new random password."""
        return any(step.call is not None and step.call[0] == PASSWORD_CALL for step in self.steps)


def key_file(user: str) -> str:
    """Return the path of the upload user's key file."""
    return KEY_FILE_PATTERN.replace("%u", user)


def drop_in(user: str) -> str:
    """Return the path of the drop-in: `00-` is read before cloud-init's `50-`, and the first value wins."""
    return f"{DROP_IN_FOLDER}/00-receiver-setup-{user}.conf"


def wanted_match(wanted: Wanted) -> UploadMatch:
    """Return the Match block as far as it is independent of the receiver: no SHA-1, any release."""
    return UploadMatch(
        user=wanted.user,
        jail=wanted.home if wanted.jail else None,
        start=None if wanted.jail else wanted.home,
        authentication=wanted.authentication,
        openssh=OLDEST,
    )


def plan_receiver(facts: Facts, wanted: Wanted) -> SetupPlan:
    """Plan the steps from `facts` to `wanted`.

    Raises `ReceiverAccountError` for an account that is not ours, `ReceiverUnsuitableError` for a receiver that
    cannot do it; nothing has been changed by then.
    """
    check_platform(facts)
    check_asked(facts)
    openssh = check_server(facts)
    check_host_keys(facts)
    check_account(facts, wanted)
    check_names(facts, wanted)
    check_groups(facts, wanted)
    check_adopted_home(facts, wanted)
    check_include_lasts(facts, drop_in(wanted.user))
    check_admission(facts, wanted)
    check_key_folder(facts, wanted)
    check_way_to_keys(facts, wanted.user, wanted.authentication)
    match = _match(facts, wanted, openssh)
    steps = plan_account(facts, wanted)
    steps += _directory_steps(facts, wanted)
    steps += [_retract_step(facts, path) for path in wanted.retract]
    steps += [_key_folder_step(facts, wanted), _keys_step(facts, wanted)]
    steps += [step for user, name in wanted.moved for step in _close_former(facts, user, name)]
    written = _drop_in_step(facts, wanted, match)
    steps += [written, _sshd_step(facts, match, written)]
    check_room(facts, wanted, [step.call for step in steps if step.call is not None])
    check_lasting(facts, wanted)
    return SetupPlan(wanted=wanted, match=match, steps=tuple(steps))


def check_connection(facts: Facts, wanted: Wanted) -> None:
    """Raise `ReceiverUnsuitableError` if sshd would not accept an upload over the connection of the facts.

    Rules for some addresses or hosts make that differ between cameras; all else in `plan_receiver` is the same.
    """
    openssh = check_server(facts)
    check_admission(facts, wanted)
    match = _match(facts, wanted, openssh)
    written = _drop_in_step(facts, replace(wanted, overwrite=True), match).changed
    check_in_force(facts, match, drop_in(match.user), written=written)


def _match(facts: Facts, wanted: Wanted, openssh: tuple[int, int]) -> UploadMatch:
    return replace(
        wanted_match(wanted),
        allow_sha1=allows_sha1(facts, wanted),
        openssh=openssh,
        subsystem=needs_subsystem(facts, wanted.user),
    )


def allows_sha1(facts: Facts, wanted: Wanted) -> bool:
    """Return whether the upload user may sign with SHA-1: as requested, or as in the present drop-in."""
    if wanted.allow_sha1 is not None:
        return wanted.allow_sha1
    return b"+ssh-rsa" in facts.files.get(drop_in(wanted.user), b"")


def needs_subsystem(facts: Facts, user: str) -> bool:
    """Return True if the account's drop-in must define the sftp subsystem: nothing else does, or it does already."""
    own = b"\nSubsystem sftp " in facts.files.get(drop_in(user), b"")
    return own or (facts.has_sftp is False and facts.first_account)


def _directory_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    steps = []
    if wanted.jail:
        check_jail_disk(facts, wanted)
    check_home_parents(facts, wanted)
    # Without a jail the home is root's as well: what an account can put there (.ssh, .forward, .profile) opens doors.
    name = "make jail" if wanted.jail else "make home"
    if mounted_as(facts, wanted, wanted.home, uploads=False) is not None:
        steps.append(_upload_step(facts, wanted, name, wanted.home))
    else:
        steps.append(_directory_step(facts, name, wanted.home, "root", 0o755))
    steps += close_home_steps(facts, wanted)
    seen = set()
    for target in (wanted.recordings, *(slot.directory for slot in wanted.slots)):
        for path in [*reversed(_below(wanted.home, target)), target]:
            if path not in seen:
                seen.add(path)
                steps.append(_upload_step(facts, wanted, "make recordings directory", path))
    return [*steps, *orphan_steps(facts, wanted)]


def _upload_step(facts: Facts, wanted: Wanted, name: str, path: str) -> Step:
    """Plan a directory owned by the upload user; on a disk without owners, the mount determines the owner."""
    mounted = mounted_as(facts, wanted, path, uploads=path != wanted.home)
    there = facts.paths.get(path)
    if mounted is None or (there is not None and not there.is_directory):
        return _directory_step(facts, name, path, wanted.user, 0o750)
    told = f"{path}, owner {mounted.owner}, mode {mounted.mode:04o}, as it is mounted"
    if there is not None:
        return Step(name=name, detail=told)
    # To whom it belongs already it may be given even there, so this step changes no owner.
    return Step(
        name=name,
        detail=told,
        call=("directory", path, f"{mounted.uid}:{mounted.gid}", f"{mounted.mode:o}"),
        diff=(f"+ {told}",),
    )


def _directory_step(facts: Facts, name: str, path: str, owner: str, mode: int) -> Step:
    state = facts.paths.get(path)
    if state is not None and not state.is_directory:
        raise ReceiverUnsuitableError(
            f"{path} is {state.kind}, where a directory is needed", hint="move it away, or give another name"
        )
    if state is not None:
        # A numeric mode leaves set-group-ID of a folder alone (chmod(1)), and a new folder takes it from its parent.
        mode |= state.mode & 0o6000
    its_own = facts.account is not None and facts.account.name == owner and facts.groups
    group = facts.groups[0] if its_own else owner
    if state is not None and (state.owner, state.group, state.mode) == (owner, group, mode):
        return Step(name=name, detail=f"{path}, owner {owner}, mode {mode:04o}")
    was = None if state is None else (f"{state.owner}:{state.group}", f"{state.mode:04o}")
    return directory_step(name, path, was=was, owner=f"{owner}:{group}", mode=mode)


def _retract_step(facts: Facts, path: str) -> Step:
    if path not in facts.paths:
        return Step(name="remove directory", detail=f"{path} is gone")
    return Step(name="remove directory", detail=path, call=("retract", path), diff=(f"- {path}",))


def _key_folder_step(facts: Facts, wanted: Wanted) -> Step:
    folder = key_file(wanted.user).rpartition("/")[0]
    state = facts.paths.get(folder)
    name = "make key folder"
    closed = wanted.authentication is Authentication.PUBLIC_KEY and state is not None and not may_pass(facts, state)
    if state is None or not state.safe_for_jail or (closed and folder in facts.ledger.directories):
        return _directory_step(facts, name, folder, "root", 0o755)
    if closed:
        # It was there before us, so others' keys may be in it: what is in it can be read, and not what there is.
        was = (f"{state.owner}:{state.group}", f"{state.mode:04o}")
        return directory_step(name, folder, was=was, owner=was[0], mode=state.mode | 0o011)
    return Step(name=name, detail=f"{folder} is root's own")


def _keys_step(facts: Facts, wanted: Wanted) -> Step:
    path = key_file(wanted.user)
    present = facts.files.get(path)
    # An adopted account's own key lines stay in force, beside the ones that are added.
    before = present if present is not None else facts.foreign_keys
    keys = {slot.name: slot.key for slot in wanted.slots if slot.key is not None}
    sources = {slot.name: slot.source for slot in wanted.slots if slot.source is not None}
    after = edit_keys(before, keys, sources=sources, drop=wanted.drop)
    told = ", ".join(_tell_key(facts, before, name, key, drop=wanted.drop) for name, key in keys.items()) or "no key"
    if present is None and path in facts.paths:
        raise ReceiverUnsuitableError(f"{path} is not a regular file", hint="move it away and run this again")
    state = facts.paths.get(path)
    mode_right = state is None or (state.uid == 0 and state.mode == 0o644)
    if after == (present or b"") and mode_right and (present is not None or not keys):
        return Step(name="write camera key", detail=told)
    return file_step("write camera key", told, path, present, after)


def _close_former(facts: Facts, user: str, name: str) -> list[Step]:
    """Remove a camera's key line and record from the account that it came from."""
    filed = facts.filed_accounts.get(user, FiledAccount())
    records = filed.records
    left = {other: record for other, record in records.items() if other != name}
    told = f"{user} no longer opens to {name}, which moves to another account"
    keys, steps = edit_keys(filed.keys, {}, drop=[name]), []
    if keys != filed.keys:
        steps.append(file_step("close former account", told, key_file(user), filed.keys, keys))
    if left != records:
        path, after = f"{STATE}/accounts/{user}/cameras", render_camera_records(left).encode()
        steps.append(file_step("move camera record", told, path, filed.cameras, after, mode=0o600))
    return steps


def _tell_key(facts: Facts, before: bytes, name: str, key: PublicKey, *, drop: Collection[str]) -> str:
    """Describe which key a camera gets, and which one it had, and its greatest age."""
    known = parse_cameras(before)
    former = next((other for other, its in known.items() if its == key and other in drop), None)
    if former is not None:
        return f"{name} {key.fingerprint}, which was {former} until now"
    old = known.get(name)
    if old is None or old == key:
        return f"{name} {key.fingerprint}"
    days = max(0, int(facts.now_s - facts.keys_written_s) // 86400) if facts.keys_written_s else None
    since = "" if days is None else f", which was written {days} days ago" if days else ", which was written today"
    return f"{name} {key.fingerprint} instead of {old.fingerprint}{since}"


def _drop_in_step(facts: Facts, wanted: Wanted, match: UploadMatch) -> Step:
    path = drop_in(match.user)
    before = facts.files.get(path)
    after = render_drop_in(match).encode()
    if before == after:
        return Step(name="write sshd drop-in", detail=path)
    if before is not None and not wanted.overwrite and before not in _own_drop_ins(wanted, match):
        lines = "; ".join(line for line in file_diff(path, after, before)[2:] if line[0] in "+-")
        raise ReceiverEditedError(
            f"{path} on {facts.hostname or 'the receiver'} was edited by hand: {lines}",
            hint="look at it with --check --diff; --yes writes it anew",
        )
    return file_step("write sshd drop-in", path, path, before, after)


def _own_drop_ins(wanted: Wanted, match: UploadMatch) -> set[bytes]:
    """Return every text that this tool may have written for this user, for any options."""
    return {
        text
        for how in Authentication
        for sha1 in (True, False)
        for subsystem in (True, False)
        for jail, start in ((wanted.home, None), (None, wanted.home))
        for text in _editions(
            replace(match, authentication=how, allow_sha1=sha1, jail=jail, start=start, subsystem=subsystem)
        )
    }


def _editions(match: UploadMatch) -> dict[bytes, UploadMatch]:
    """Return every text that a version of this tool has written for the same options, on any release of OpenSSH."""
    return {
        render_drop_in(each).encode(): each
        for edition in range(1, EDITION + 1)
        for release in ((8, 4), (9, 2))
        for each in (replace(match, edition=edition, openssh=release),)
    }


def find_older_drop_in(facts: Facts, match: UploadMatch) -> UploadMatch | None:
    """Return the drop-in's Match block if an older version wrote it for the same options; None for any other text."""
    text = facts.files.get(drop_in(match.user), b"")
    return None if text == render_drop_in(match).encode() else _editions(match).get(text)


def _sshd_step(facts: Facts, match: UploadMatch, written: Step) -> Step:
    check_in_force(facts, match, drop_in(match.user), written=written.changed)
    if written.changed:
        check_listener(facts)
        return Step(
            name=RELOAD,
            detail="after sshd -t and sshd -T agree",
            call=("sshd", *serves(facts), facts.question(match.user), *expected_effective(match)),
            diff=("! reload sshd",),
        )
    return Step(name=RELOAD, detail="not needed")


def serves(facts: Facts) -> tuple[str, ...]:
    """Return the argument that tells a step which sshd is meant: the one to which the camera connects."""
    return () if facts.served is None else (f"serves={facts.served[0]} {facts.served[1]}",)


def _below(home: str, path: str) -> list[str]:
    """Return the folders between `home` and `path`, innermost first, excluding both."""
    folders = []
    while (path := path.rpartition("/")[0]).startswith(f"{home}/"):
        folders.append(path)
    return folders
