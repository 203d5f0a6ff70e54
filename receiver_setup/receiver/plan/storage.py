"""Check that a receiver's folders and disks are suitable for a set-up (pure); a problem is an error with its remedy."""

from collections.abc import Iterable
from posixpath import dirname

from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.receiver.facts.disks import Disk, lies_in
from receiver_setup.receiver.facts.model import Facts, PathState
from receiver_setup.receiver.plan.remedy import close_to_others, command, paste
from receiver_setup.receiver.plan.suitability import where
from receiver_setup.receiver.plan.wanted import Wanted

FILES_KIB = 1024
"""Space for our own files: some of a few KiB, useradd's copies of its files, the journal's backups."""
PICTURES_KIB = 16 * 1024
"""Room for the uploads: a test picture has up to a few MB, and a camera cannot delete what is old."""
FEW_INODES = 32
"""A set-up makes some ten files and folders, each camera's test two more."""
_STATE_PARENT = "/var/lib"


def check_jail_part(facts: Facts, path: str) -> None:
    """Refuse a folder above the jail that sshd would refuse."""
    state = facts.paths.get(path)
    if state is None:
        raise ReceiverUnsuitableError(
            f"{path} is not there on {where(facts)}",
            hint=f"mount the disk that it stands for, or make it: {paste([command('mkdir', '-p', path)], path)}, "
            "then run this again",
        )
    if not state.safe_for_jail:
        raise ReceiverUnsuitableError(
            f"sshd would refuse the jail: {path} is {state.kind}, owner {state.owner}, mode {state.mode:04o}, "
            "and must be a directory that only root can write to",
            hint=f"{_repair(state)}or give another --home",
        )


def check_home_parents(facts: Facts, wanted: Wanted, *, there: bool = False) -> None:
    """Refuse a home below a folder that others than root can write to, since root must pass through it.

    With `there` it is about a home that is set up already. On a disk without owners the mount decides who may write,
    and no links are followed.
    """
    disk = facts.disks.get(wanted.home)
    for path in home_parents(facts, wanted.home):
        state = facts.paths.get(path)
        if wanted.jail and not there:
            check_jail_part(facts, path)
            continue
        # Of root's own group as well: an access list for somebody else shows as the group's right to write (acl(5)).
        if state is None or state.safe_for_jail:
            continue
        if not (disk is not None and disk.ownerless and lies_in(path, disk.mount)):
            raise ReceiverUnsuitableError(
                f"{path} on {where(facts)}, above the home {wanted.home}, is {state.kind}, owner {state.owner}, mode "
                f"{state.mode:04o}: whoever can write to it could lead astray what root does there",
                hint=f"{_repair(state)}{'then run this again' if there else 'or give another --home'}",
            )


def home_parents(facts: Facts, home: str) -> list[str]:
    """Return every parent of the home, innermost first, as given and with links followed."""
    disk = facts.disks.get(home)
    real = [] if disk is None or lies_in(home, disk.folder) else _parents(disk.folder)
    return list(dict.fromkeys((*_parents(home), *real)))


def _parents(path: str) -> list[str]:
    parents = []
    while path != "/":
        path = dirname(path)
        parents.append(path)
    return parents


def _repair(state: PathState) -> str:
    """Return the command that makes a folder suitable for a jail; empty if it is not a folder."""
    return f"{paste(close_to_others(state.path, state), 'make it so')}; " if state.is_directory else ""


def check_jail_disk(facts: Facts, wanted: Wanted) -> None:
    """Refuse a jail on a disk without owners: root must own the jail, and the upload user the recordings."""
    disk = facts.disks.get(wanted.home)
    if disk is not None and disk.ownerless:
        raise ReceiverUnsuitableError(
            f"{wanted.home} on {where(facts)} cannot be a jail: the {disk.kind} filesystem at {disk.mount} keeps no "
            "owners, and a jail must be root's while its recordings are not",
            hint="give --no-jail, or another --home; to have both, leave --home out and mount this disk, or bind a "
            f"folder of it (sudo mount --bind), at /home/{wanted.user}/{wanted.directory}",
        )


def mounted_as(facts: Facts, wanted: Wanted, path: str, *, uploads: bool) -> PathState | None:
    """Return the owner and mode of files at `path` if the mount determines them; else None.

    Refuses a place for `uploads` that the upload user could not write to.
    """
    disk = facts.disks.get(path)
    state = facts.paths.get(disk.folder) if disk is not None and disk.ownerless else None
    if disk is None or state is None:
        return None
    account = facts.account
    if uploads and not _may_write(facts, state):
        option = f"uid={account.uid}" if account is not None else "umask=000"
        raise ReceiverUnsuitableError(
            f"{wanted.user} could not write to {path} on {where(facts)}: the {disk.kind} filesystem at {disk.mount} "
            f"gives everything to {state.owner}, mode {state.mode:04o}",
            hint=f"mount it with the option {option} (in /etc/fstab), so that {wanted.user} may write there, "
            "or give another --home",
        )
    return state


def _may_write(facts: Facts, state: PathState) -> bool:
    """Return True if the upload user may create files in a folder, as the kernel decides: the first match."""
    if facts.account is not None and state.uid == facts.account.uid:
        bits = state.mode >> 6
    elif facts.account is not None and state.group in facts.groups:
        bits = state.mode >> 3
    else:
        bits = state.mode
    return bits & 0o3 == 0o3


def check_room(facts: Facts, wanted: Wanted, calls: Iterable[tuple[str, ...]]) -> None:
    """Refuse if a disk is immutable, full or read-only for the files of a plan's `calls`, or for uploads."""
    for slot in (wanted.recordings, *(slot.directory for slot in wanted.slots)):
        _check_disk(facts, slot, PICTURES_KIB, root=False)
    folders: set[str] = set()
    files: set[str] = set()
    for function, *arguments in calls:
        folders.add(_STATE_PARENT)
        if function in {"user", "password"}:
            folders.add("/etc")
            files |= {"/etc/passwd", "/etc/group", "/etc/gshadow"} if function == "user" else set()
            files.add("/etc/shadow")
        elif function == "file":
            folders.add(dirname(arguments[0]))
            files.add(arguments[0])
        elif function == "directory":
            folders.add(arguments[0])
    for folder in sorted(folders):
        _check_disk(facts, folder, FILES_KIB, root=True)
        _check_open(facts, folder)
    for file in sorted(files & facts.unwritable):
        raise _closed(facts, file, "cannot be changed")


def check_lasting(facts: Facts, wanted: Wanted) -> None:
    """Refuse a set-up that the receiver's next start would lose, unless agreed."""
    lost = explain_memory(facts, wanted)
    if lost is not None and not wanted.volatile:
        raise ReceiverUnsuitableError(lost[0], hint=f"{lost[1]}; --yes sets it up in memory all the same")


def explain_memory(facts: Facts, wanted: Wanted) -> tuple[str, str] | None:
    """Return a sentence about the parts of a set-up that are in memory, and what to do; None if none are known."""
    places = {
        "the account and sshd's configuration": "/etc",
        "the record for a removal": _STATE_PARENT,
        "the home": wanted.home,
        "the recordings": wanted.recordings,
    } | {f"the recordings of {slot.name}": slot.directory for slot in wanted.slots if len(wanted.slots) > 1}
    found = {what: disk for what, path in places.items() if (disk := _disk_of(facts, path)) is not None and disk.memory}
    if not found:
        return None
    what = " and ".join(filter(None, (", ".join(list(found)[:-1]), list(found)[-1])))
    mounts = dict.fromkeys((disk.mount, disk.kind, disk.memory) for disk in found.values())
    told = " and ".join(
        f"{mount} is {kind}" if kind == memory else f"{mount} is {kind or 'a disk'} in memory ({memory})"
        for mount, kind, memory in mounts
    )
    sentence = f"{what} on {where(facts)} would be lost at its next start: {told}"
    return sentence, _leave_memory(facts, overlay=any(kind == "overlay" for _, kind, _ in mounts))


def memory_warnings(accounts: Iterable[tuple[Facts, Wanted]]) -> list[str]:
    """Return a warning for each part that is in memory."""
    found = (explain_memory(facts, wanted) for facts, wanted in accounts)
    return list(dict.fromkeys(f"{lost[0]}: {lost[1]}" for lost in found if lost is not None))


def _leave_memory(facts: Facts, *, overlay: bool) -> str:
    if not overlay:
        return "mount a disk there, or give --home on one"
    if "raspi-config" in facts.tools:
        off = paste([command("raspi-config", "nonint", "do_overlayfs", "1")], "raspi-config")
        way = f"turn the overlay off ({off}, or raspi-config → Performance Options → Overlay File System), restart"
    else:
        way = "start it without that overlay"
    return f"{way}, then run this again; where the overlay comes back, give --home on a disk outside of it"


def _check_disk(facts: Facts, path: str, needed_kib: int, *, root: bool) -> None:
    disk = _disk_of(facts, path)
    if disk is None:
        return
    if disk.read_only:
        raise ReceiverUnsuitableError(
            f"{path} on {where(facts)} is read-only, as is all of the filesystem at {disk.mount}",
            hint=f"make it writable: {paste([command('mount', '-o', 'remount,rw', disk.mount)], disk.mount)}, "
            "then run this again; a disk that has become read-only by itself may be failing, which dmesg tells",
        )
    free = disk.root_kib if root else disk.free_kib
    if free is not None and free < needed_kib:
        raise ReceiverUnsuitableError(
            f"the filesystem of {path} on {where(facts)} is full: {free} KiB are free, {needed_kib} are needed",
            hint=f"make room at {disk.mount}, then run this again; what takes it is shown by "
            f"{paste([command('du', '-xhd1', disk.mount)], 'du')}",
        )
    if disk.inodes > 0 and disk.free_inodes < FEW_INODES:
        raise ReceiverUnsuitableError(
            f"the filesystem of {path} on {where(facts)} takes no more files: {disk.free_inodes} of its "
            f"{disk.inodes} inodes are free",
            hint=f"delete files that are not needed at {disk.mount}, then run this again; the inodes are shown by "
            f"{paste([command('df', '-i', disk.mount)], 'df -i')}",
        )


def _check_open(facts: Facts, path: str) -> None:
    disk = _disk_of(facts, path)
    if disk is not None and not disk.writable:
        raise _closed(facts, disk.folder, "takes no new file")


def _closed(facts: Facts, path: str, what: str) -> ReceiverUnsuitableError:
    return ReceiverUnsuitableError(
        f"{path} on {where(facts)} {what}, not even from root",
        hint=f"it may have been made immutable: {paste([command('chattr', '-i', path)], 'chattr -i')}, "
        "then run this again",
    )


def _disk_of(facts: Facts, path: str) -> Disk | None:
    """Return the disk of a path, or of its closest parent with a known disk."""
    while path not in facts.disks and path != "/":
        path = dirname(path)
    return facts.disks.get(path)
