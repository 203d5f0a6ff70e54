"""Check that a receiver is suitable before it is changed (pure); a problem is one sentence with its remedy."""

from collections.abc import Sequence
from dataclasses import replace

from receiver_setup.errors import ReceiverAccountError, ReceiverUnsuitableError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.formats.sshd_config import (
    Authentication,
    UploadMatch,
    missing_effective,
    parse_effective,
)
from receiver_setup.formats.upload_rules import KEY_FILE_PATTERN
from receiver_setup.receiver.facts.configuration import find_include, find_winner
from receiver_setup.receiver.facts.manager import start_command
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.admission import Refusal, find_refusal
from receiver_setup.receiver.plan.admitting import admit, word_lines
from receiver_setup.receiver.plan.platforms import find_refusing, find_server_way, find_writer, is_include_lost
from receiver_setup.receiver.plan.remedy import (
    DROP_IN_FOLDER,
    close_to_others,
    command,
    leave_out,
    paste,
    prepend_line,
    then_reload,
)
from receiver_setup.receiver.plan.wanted import Wanted

_INCLUDE = f"Include {DROP_IN_FOLDER}/00-receiver-setup-*.conf"
"""Ours alone: whatever else lies in that folder may have been left out on purpose."""
_OLDEST = (7, 4)
"""DisableForwarding came with it."""
_INCLUDE_FROM = (8, 2)
_INSTALL = "Debian, Raspberry Pi OS: the package openssh-server"
_PACKAGES = {"awk": "mawk", "chpasswd": "passwd", "find": "findutils", "grep": "grep", "sed": "sed"}
"""What is not in coreutils."""
_LISTS = {
    "allowusers": "AllowUsers", "denyusers": "DenyUsers", "allowgroups": "AllowGroups", "denygroups": "DenyGroups",
}  # fmt: skip


def where(facts: Facts) -> str:
    """Return the receiver's name for messages."""
    return facts.hostname or "the receiver"


def check_tools(facts: Facts) -> None:
    """Refuse if a program is missing that a change, or its undo, needs."""
    if facts.missing_tools:
        packages = sorted({_PACKAGES.get(tool, "coreutils") for tool in facts.missing_tools})
        raise ReceiverUnsuitableError(
            f"{where(facts)} lacks {', '.join(facts.missing_tools)}, which a change there is made with",
            hint=f"install what is missing (Debian, Raspberry Pi OS: {', '.join(packages)}; elsewhere busybox "
            "has all of it), then run this again; nothing was changed",
        )


def check_platform(facts: Facts) -> None:
    """Refuse a system that regenerates accounts and configuration, so that a set-up would not last."""
    platform = find_refusing(facts)
    if platform is not None:
        raise ReceiverUnsuitableError(
            f"{where(facts)} is {platform.name}, where a set-up would not last: {platform.lasts}",
            hint=platform.instead,
        )


def check_include_lasts(facts: Facts, drop_in: str) -> None:
    """Refuse if sshd reads drop-ins by a line that the system drops when it regenerates the file."""
    writer = is_include_lost(facts, drop_in)
    if writer is not None:
        raise ReceiverUnsuitableError(
            f"sshd on {where(facts)} would soon read {drop_in} no more: {writer.name} writes {facts.sshd_main} anew, "
            "and the Include that stands in it is not among its settings",
            hint=f"{writer.include.format(lines=f'`{_INCLUDE}`')}, then run this again",
        )


def check_server(facts: Facts) -> tuple[int, int]:
    """Return the release of a supported OpenSSH server with a valid configuration."""
    server_way = find_server_way(facts)
    if not facts.sshd_path:
        if facts.other_server:
            raise ReceiverUnsuitableError(
                f"{where(facts)} has no OpenSSH server: {facts.other_server} there, which has no jail for uploads",
                hint=f"{server_way}, then run this again"
                if server_way
                else f"install OpenSSH's beside or instead of it ({_INSTALL}), and let it have the port",
            )
        raise ReceiverUnsuitableError(
            f"{where(facts)} has no OpenSSH server",
            hint=f"{server_way or f'install it there ({_INSTALL})'}, then run this again",
        )
    if facts.openssh is None:
        raise ReceiverUnsuitableError(
            f"{where(facts)} has no OpenSSH server: {facts.sshd_path} is another program",
            hint=f"install OpenSSH's there ({_INSTALL}) and run this again",
        )
    if facts.openssh < _OLDEST:
        raise ReceiverUnsuitableError(
            f"{where(facts)} runs OpenSSH {_release(facts.openssh)}, older than {_release(_OLDEST)}",
            hint="upgrade the receiver's system",
        )
    if facts.sshd_problem:
        raise ReceiverUnsuitableError(
            f"the sshd configuration of {where(facts)} was broken before this run: {facts.sshd_problem}",
            hint=f"repair it until {facts.sshd_shown} -t prints nothing there, then run this again; nothing was "
            "changed",
        )
    folder = facts.paths.get(DROP_IN_FOLDER)
    if folder is None or not folder.is_directory:
        raise ReceiverUnsuitableError(
            f"{where(facts)} has no folder {DROP_IN_FOLDER}", hint=f"{_make_folder(facts)}, then run this again"
        )
    if not {"useradd", "adduser"} & facts.tools:
        raise ReceiverUnsuitableError(
            f"{where(facts)} has neither useradd nor adduser",
            hint="install the package that has useradd (passwd, shadow)",
        )
    return facts.openssh


def _make_folder(facts: Facts) -> str:
    """Return the remedy that creates the folder of drop-ins permanently."""
    made = f"make it: {paste([command('install', '-d', '-m', '0755', DROP_IN_FOLDER)], DROP_IN_FOLDER)}"
    disk = facts.disks.get(DROP_IN_FOLDER)
    if disk is not None and disk.read_only:
        return (
            f"let {disk.mount} be written to, by whatever this system has for its configuration; it is read-only, and "
            "so is what sshd would read"
        )
    writer = find_writer(facts, facts.sshd_main)
    if writer is None or find_include(facts.configuration, f"{DROP_IN_FOLDER}/x.conf", main=facts.sshd_main):
        return made
    return f"{made}, and {writer.include.format(lines=f'`{_INCLUDE}`')}"


def check_listener(facts: Facts) -> None:
    """Refuse if no sshd could be reloaded."""
    if facts.listener:
        return
    if facts.other_server.endswith(" runs"):
        other = facts.other_server.removesuffix(" runs")
        raise ReceiverUnsuitableError(
            f"{where(facts)} has OpenSSH's server, but {other} runs instead of it",
            hint=f"{find_server_way(facts) or f'end {other}, let sshd have its port'}, and run this again",
        )
    raise ReceiverUnsuitableError(f"no sshd is running on {where(facts)}", hint=f"{start(facts)}, then run this again")


def start(facts: Facts) -> str:
    """Return the remedy that starts sshd."""
    known = start_command(facts.starter, facts.sshd_path)
    return f"start it: {paste([f'sudo {known}'], 'sshd')}" if known else "start it"


def check_names(facts: Facts, wanted: Wanted) -> None:
    """Refuse an account or group of the upload user's name that others share."""
    user, group = wanted.user, facts.group
    if facts.account is not None and facts.same_uid:
        raise ReceiverAccountError(
            f"the upload user {user} on {where(facts)} has the uid {facts.account.uid}, as has {facts.same_uid[0]}: "
            "their sessions and files could not be told apart",
            hint=f"give one of them a uid of its own, or give another --user than {user}",
        )
    if facts.account is None and group is not None and (group.members or group.gid == 0):
        whose = f"has members ({', '.join(group.members)})" if group.members else "has the gid 0"
        raise ReceiverAccountError(
            f"the group {user} on {where(facts)} {whose}, and the upload user {user} would be in it",
            hint="give another --user, whose name is no group's there",
        )


def check_admission(facts: Facts, wanted: Wanted) -> None:
    """Refuse if sshd's lists of users and groups exclude the upload user."""
    effective = parse_effective(facts.sshd_effective)
    # Before there is an account: its own group will be all it has.
    groups = (*(facts.groups if facts.account is not None else (wanted.user,)), *wanted.groups)
    # With reverse look-ups a pattern may mean a name, which only the receiver learns.
    addresses = () if effective.get("usedns") == ["yes"] else facts.cameras
    refusal = find_refusal(effective, user=wanted.user, groups=groups, addresses=addresses)
    if refusal is None:
        return
    told = _explain(facts, refusal, effective.get(refusal.keyword, []))
    hint = admit(facts, user=wanted.user, groups=groups, addresses=addresses, reload=_reload(facts))
    source = "" if refusal.address is None else f" from {refusal.address}"
    raise ReceiverUnsuitableError(
        f"sshd on {where(facts)} would not let {wanted.user} in{source}: {told}", hint=f"{hint}, then run this again"
    )


def _reload(facts: Facts) -> bool:
    """Return True if a remedy must reload sshd, because the next run would not: its drop-in exists already."""
    return facts.staged is None


def _explain(facts: Facts, refusal: Refusal, values: list[str]) -> str:
    """Return the line that excludes the user."""
    who = "it" if refusal.keyword.endswith("users") else "a group of it"
    lines = word_lines(facts, refusal, values)
    line = lines[0] if lines else None
    text = f"`{line.text}`" if line else f"{_LISTS[refusal.keyword]} ({' '.join(values)})"
    place = f" at {line.place}" if line else ""
    return f"{text}{place} {'names' if refusal.denies else 'does not name'} {who}"


def check_key_folder(facts: Facts, wanted: Wanted) -> None:
    """Refuse if StrictModes would make sshd silently ignore the key file."""
    strict = parse_effective(facts.sshd_effective).get("strictmodes") != ["no"]
    if not strict or wanted.authentication is not Authentication.PUBLIC_KEY:
        return
    folder = KEY_FILE_PATTERN.rpartition("/")[0]
    # sshd goes by the real path.
    folder = facts.real_paths.get(folder, folder)
    while folder:
        folder = folder.rpartition("/")[0]
        state = facts.paths.get(folder or "/")
        if state is not None and state.is_directory and not state.safe_for_jail:
            raise ReceiverUnsuitableError(
                f"sshd on {where(facts)} would ignore the camera's key: {state.path} has owner {state.owner}, mode "
                f"{state.mode:04o}, and StrictModes wants it to be root's and writable for nobody else",
                hint=paste(close_to_others(state.path, state), "make it so"),
            )


def check_in_force(facts: Facts, match: UploadMatch, drop_in: str, *, written: bool) -> None:
    """Refuse if sshd does not follow the drop-in: the present one, or the staged one if it is to be `written`."""
    if not written:
        effective, missing = facts.sshd_effective, missing_effective(facts.sshd_effective, match)
    elif facts.staged is None:
        return
    elif facts.staged.problem:
        raise ReceiverUnsuitableError(
            f"sshd on {where(facts)} would refuse our drop-in {drop_in}: {facts.staged.problem}",
            hint="another file in that folder may not go with it; see what sshd -T says of them there",
        )
    else:
        effective = facts.staged.effective
        missing = _missing_staged(effective, match)
    if missing:
        raise _find_cause(facts, match, drop_in, effective=effective, missing=missing)


def _missing_staged(effective: str, match: UploadMatch) -> tuple[str, ...]:
    # By key or by password is known only after the cameras were asked, hence later than the staging.
    ways = [replace(match, authentication=way, allow_sha1=False, subsystem=False) for way in Authentication]
    return min((missing_effective(effective, way) for way in ways), key=len)


def _find_cause(
    facts: Facts, match: UploadMatch, drop_in: str, *, effective: str, missing: Sequence[str]
) -> ReceiverUnsuitableError:
    """Name the line that overrides the drop-in."""
    host, user = where(facts), match.user
    include = find_include(facts.configuration, drop_in, main=facts.sshd_main)
    # No other configuration names this file: without it nothing of ours was read.
    if f"authorizedkeysfile {KEY_FILE_PATTERN}" in missing:
        if include is None and facts.openssh is not None and facts.openssh < _INCLUDE_FROM:
            return ReceiverUnsuitableError(
                f"OpenSSH {_release(facts.openssh)} on {host} knows no Include, which came with "
                f"{_release(_INCLUDE_FROM)}",
                hint="upgrade the receiver's system",
            )
        if include is None:
            return ReceiverUnsuitableError(
                f"sshd on {host} would not read {drop_in}: no Include of {DROP_IN_FOLDER} stands in {facts.sshd_main}",
                hint=f"{prepend_line(facts, _INCLUDE, reload=_reload(facts))}, then run this again",
            )
        if include.match is not None:
            return ReceiverUnsuitableError(
                f"sshd on {host} would not read {drop_in} for {user}: `{include.line.text}` at {include.line.place} "
                f"stands below `{include.match.text}` at {include.match.place}",
                hint=f"{prepend_line(facts, _INCLUDE, reload=_reload(facts))}, then run this again",
            )
    line = missing[0]
    keyword = line.partition(" ")[0]
    seen = parse_effective(effective).get(keyword)
    winner = find_winner(
        facts.configuration, drop_in, keyword=keyword, value=seen[0] if seen else None, main=facts.sshd_main
    )
    if winner is not None and winner.match is not None:
        return ReceiverUnsuitableError(
            f"`{winner.line.text}` at {winner.line.place} on {host} wins over our drop-in, which says “{line}” "
            f"for {user}",
            hint=f"{leave_out(facts, winner.match, user)}{then_reload(facts, reload=_reload(facts))}, "
            "then run this again",
        )
    asked = f"sudo {facts.sshd_command} -T -C {quote(facts.question(user))}"
    return ReceiverUnsuitableError(
        f"{drop_in} on {host} is not what sshd follows: it lacks “{line}” for {user}",
        hint=f"see which other file in {DROP_IN_FOLDER} or which line of {facts.sshd_main} sets it for {user}; all "
        f"that sshd says of it: {paste([asked], 'sshd -T -C')}",
    )


def _release(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
