"""Causes that the receiver's own state shows, log or no log (pure): account, key file, jail, folder, disk."""

from dataclasses import replace
from posixpath import dirname

from receiver_setup.errors import ReceiverError
from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.formats.sshd_config import Authentication, parse_effective
from receiver_setup.formats.upload_rules import KEY_FILE_PATTERN
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.facts.disks import Disk
from receiver_setup.receiver.facts.model import Facts, PathState
from receiver_setup.receiver.plan.admission import find_refusal
from receiver_setup.receiver.plan.admitting import admit
from receiver_setup.receiver.plan.key_policy import check_key
from receiver_setup.receiver.plan.remedy import close_to_others, command, paste
from receiver_setup.receiver.plan.setup import key_file
from receiver_setup.workflow.causes import catalogue
from receiver_setup.workflow.causes.model import Diagnosis, FailedUpload, name

_FULL_KIB = 4 * 1024
"""Less room than a test picture and its folder may need."""
_FEW_INODES = 2
"""A day's folder and a file."""


def find_login_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    """Return what on the receiver refuses every login of the camera's; None where it would be let in."""
    if not facts.sshd_path:
        return None
    return (
        _account_fault(target, facts)
        or _admission_fault(target, facts)
        or (_password_fault(target, facts) if target.by_password else _key_fault(target, facts))
        or (None if target.by_password else find_policy_fault(target, facts))
        or _method_fault(target, facts)
    )


def _account_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    if facts.account is None:
        return name(catalogue.NO_ACCOUNT, target, f": {target.receiver} knows no {target.user}")
    if facts.password == "locked" and parse_effective(facts.sshd_effective).get("usepam") == ["no"]:  # noqa: S105
        rest = f": sshd on {target.receiver} runs without PAM, and the password field of {target.user} begins with “!”"
        return name(catalogue.LOCKED, target, rest)
    return None


def _admission_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    effective = parse_effective(facts.sshd_effective)
    addresses = () if effective.get("usedns") == ["yes"] else target.sources
    refusal = find_refusal(effective, user=target.user, groups=facts.groups, addresses=addresses)
    if refusal is None:
        return None
    values = " ".join(effective.get(refusal.keyword, []))
    source = f" from {refusal.address}" if refusal.address else ""
    rest = f": `{refusal.keyword} {values}` on {target.receiver} does not let {target.user} in{source}"
    return name(catalogue.NOT_ADMITTED, target, rest, fix=admit_camera(target, facts))


def admit_camera(target: FailedUpload, facts: Facts) -> str:
    """Return what lets this camera in past sshd's lists."""
    by_name = parse_effective(facts.sshd_effective).get("usedns") == ["yes"]
    groups = facts.groups if facts.account is not None else (target.user,)
    return admit(facts, user=target.user, groups=groups, addresses=() if by_name else target.sources)


def _password_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    if facts.password not in {"none", "locked", "empty"}:
        return None
    return name(catalogue.PASSWORD_REFUSED, target, f": {target.user} on {target.receiver} has none")


def _key_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    if parse_effective(facts.sshd_effective).get("authorizedkeysfile") != [KEY_FILE_PATTERN]:
        return None
    path = key_file(target.user)
    state = facts.paths.get(path)
    if state is None:
        return name(catalogue.KEY_FILE_MISSING, target, f": {path} on {target.receiver}")
    closed = next((s for s in _above(facts, path) if _strict_fault(s, facts)), None)
    if closed is not None:
        rest = f": {closed.path} on {target.receiver} has owner {closed.owner}, mode {closed.mode:04o}"
        return name(catalogue.KEY_FILE_CLOSED, target, rest, fix=key_file_fix(target, facts))
    keys = parse_keys(facts.files.get(path, b""))
    if target.key is not None and target.key not in keys:
        found = ", ".join(map(str, keys)) or "no key"
        rest = f": it shows {target.key}, and {path} on {target.receiver} has {found}"
        return name(catalogue.WRONG_KEY, target, rest)
    return None


def find_policy_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    """Name the rule that refuses the camera's key; what a camera hears of the global list counts as well here."""
    if target.key is None:
        return None
    try:
        check_key(facts, target.user, target.key, allow_sha1=False)
    except ReceiverError as error:
        why = error.message.partition(": ")[2]
        return replace(name(catalogue.KEY_REFUSED, target, f" {target.key}: {why}"), remedy=error.hint)
    return None


def _above(facts: Facts, path: str) -> list[PathState]:
    """Return the states of a path and of all folders above it, as far as they were read."""
    found = []
    while True:
        state = facts.paths.get(path)
        found += [state] if state is not None else []
        if path == "/":
            return found
        path = dirname(path)


def _strict_fault(state: PathState, facts: Facts) -> bool:
    """Tell whether StrictModes, or the kernel, keeps sshd from reading it as the upload user."""
    uid = facts.account.uid if facts.account is not None else 0
    strict = parse_effective(facts.sshd_effective).get("strictmodes") != ["no"]
    if strict and (state.uid not in {0, uid} or state.mode & 0o022):
        return True
    wanted = 0o1 if state.is_directory else 0o4
    return not facts.rights(state) & wanted


def key_file_fix(target: FailedUpload, facts: Facts) -> str:
    """Return what fills in the remedy for a key file that is passed over: only what is not so, as far as is seen."""
    commands = []
    for state in _above(facts, key_file(target.user)):
        if _strict_fault(state, facts):
            closed = close_to_others(state.path, state)
            open_to_all = command("chmod", "o+x" if state.is_directory else "0644", state.path)
            commands += (
                [*closed, open_to_all] if not facts.rights(state) & (0o1 if state.is_directory else 0o4) else closed
            )
    return paste(commands, "")


def parse_keys(text: bytes) -> tuple[PublicKey, ...]:
    """Return every key of an authorized_keys file, whoever's line it is in; options and comments are passed over."""
    keys = []
    for line in text.decode("utf-8", "replace").splitlines():
        words = line.split()
        for start in range(len(words) - 1):
            try:
                keys.append(PublicKey.from_line(" ".join(words[start : start + 2])))
                break
            except KeyFormatError:
                continue
    return tuple(keys)


def _method_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    effective = parse_effective(facts.sshd_effective)
    keyword = "passwordauthentication" if target.by_password else "pubkeyauthentication"
    methods = effective.get("authenticationmethods", ["any"])
    wanted = Authentication.PASSWORD if target.by_password else Authentication.PUBLIC_KEY
    if effective.get(keyword) == ["no"] or methods[0] not in {"any", wanted.value}:
        told = f"`{keyword} {' '.join(effective.get(keyword, []))}`, `authenticationmethods {methods[0]}`"
        return name(catalogue.METHOD_CLOSED, target, f": for {target.user} on {target.receiver} it has {told}")
    return None


def find_jail_fault(target: FailedUpload, facts: Facts) -> Diagnosis | None:
    """Return what is wrong with the jail, so that every session ends after its login."""
    jail = next(iter(parse_effective(facts.sshd_effective).get("chrootdirectory", [])), "none")
    if jail == "none" or not target.directory.startswith(f"{jail}/"):
        return None
    if jail not in facts.paths:
        return name(catalogue.JAIL_MISSING, target, f": {jail} on {target.receiver}")
    bad = next((state for state in _above(facts, jail) if not state.safe_for_jail), None)
    if bad is None:
        return None
    rest = f": {bad.path} on {target.receiver} is {bad.kind}, owner {bad.owner}, mode {bad.mode:04o}"
    return name(catalogue.JAIL_CLOSED, target, rest, path=bad.path, fix=jail_fix(target, bad.path))


def jail_fix(target: FailedUpload, path: str) -> str:
    """Return what fills in the remedy for a part of the jail: only what is not so, as far as it is known."""
    state = target.facts.paths.get(path) if target.facts is not None else None
    return paste(close_to_others(path, state), "")


def find_storage_fault(target: FailedUpload, facts: Facts, evidence: Evidence | None) -> Diagnosis | None:
    """Return why nothing can be stored in the camera's folder; None where it can, as far as is seen."""
    state = facts.paths.get(target.directory)
    host = target.receiver
    if facts.paths and state is None:
        return name(catalogue.DIRECTORY_MISSING, target, f": {target.directory} on {host}")
    disk = _disk_of(facts, target.directory)
    if disk is not None and disk.read_only:
        rest = f": {target.directory} on {host} lies on {disk.mount} ({disk.kind})"
        return name(catalogue.READ_ONLY, target, rest, mount=disk.mount)
    if state is not None and facts.rights(state) & 0o3 != 0o3:
        rest = f": {state.path} on {host} has owner {state.owner}, mode {state.mode:04o}, and {target.user} uploads"
        return name(catalogue.DIRECTORY_CLOSED, target, rest, path=state.path)
    if disk is not None and disk.free_kib is not None and disk.free_kib < _FULL_KIB:
        rest = f": {disk.free_kib} KiB are free for {target.directory} on {host}"
        return name(catalogue.DISK_FULL, target, rest, mount=disk.mount)
    if disk is not None and disk.inodes > 0 and disk.free_inodes < _FEW_INODES:
        rest = f": {disk.free_inodes} of {disk.inodes} inodes are free for {target.directory} on {host}"
        return name(catalogue.INODES, target, rest, mount=disk.mount)
    return _closed_folder(target, disk, evidence)


def _closed_folder(target: FailedUpload, disk: Disk | None, evidence: Evidence | None) -> Diagnosis | None:
    """Name a folder below the camera's, such as a day's, that it may not write to."""
    if evidence is None or (disk is not None and disk.ownerless):
        return None
    for path in evidence.closed_folders:
        if path.startswith(f"{target.directory}/"):
            rest = f": {path} on {target.receiver} is not {target.user}'s, or closed"
            return name(catalogue.DIRECTORY_CLOSED, target, rest, path=path)
    return None


def _disk_of(facts: Facts, path: str) -> Disk | None:
    while path not in facts.disks and path != "/":
        path = dirname(path)
    return facts.disks.get(path)
