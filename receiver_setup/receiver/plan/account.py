"""Plan the upload account of a set-up (pure): create, adopt or keep it, and refuse accounts that are not ours."""

import re
from dataclasses import replace

from receiver_setup.errors import ReceiverAccountError, ReceiverUnsuitableError
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.facts.model import ACCOUNT_MARK, ADOPTED_MARK, Account, Facts
from receiver_setup.receiver.plan.remedy import command, paste
from receiver_setup.receiver.plan.steps import Step, directory_step
from receiver_setup.receiver.plan.wanted import Wanted

PASSWORD_CALL = "password"  # noqa: S105 - a shell function's suffix
JOIN_GROUP = "join group"
_SET_PASSWORD = "set password"  # noqa: S105 - a step's name
_PERSONS_FROM = 1000
_ADMINISTRATORS = frozenset({"root", "sudo", "wheel", "admin", "doas"})
"""Groups whose members may become root on one system or another."""


def check_account(facts: Facts, wanted: Wanted) -> None:
    """Raise `ReceiverAccountError` for an account that must not be changed, or not in this way."""
    account = facts.account
    if account is None:
        return
    where = facts.hostname or "the receiver"
    if not account.ours or account.uid == 0:
        _check_adoption(facts, account, where, adopt=wanted.adopt)
    if account.home != wanted.home:
        raise ReceiverAccountError(
            f"the upload user {account.name} on {where} has the home {account.home}, not {wanted.home}",
            hint=f"give --home {account.home}, or another --user for the other place",
        )
    adopted = not account.ours or facts.ledger.former is not None
    if adopted and wanted.authentication is Authentication.PASSWORD:
        raise ReceiverAccountError(
            f"the user {account.name} on {where} was made by hand, and a random password would destroy its own",
            hint="leave --auth at key, or give the cameras without a key another --user",
        )


def _check_adoption(facts: Facts, account: Account, where: str, *, adopt: bool) -> None:
    """Refuse an account that is not ours, unless it may be adopted: a person's login must never be jailed."""
    whose = "a person's account" if account.uid >= _PERSONS_FROM else "a system account"
    if not adopt or account.uid == 0:
        raise ReceiverAccountError(
            f"the user {account.name} on {where} is {whose} (uid {account.uid}) that this tool did not make",
            hint="give the cameras an account of their own: --user with a name that is not in use there; "
            "or, for an account that was made for uploads by hand, --adopt",
        )
    rights = sorted(_ADMINISTRATORS & set(facts.groups))
    if rights or account.name == facts.administrator:
        why = f"is a member of {rights[0]}" if rights else "is the one that this run signed in with"
        raise ReceiverAccountError(
            f"the user {account.name} on {where} cannot be adopted: it {why}, and would lose its shell",
            hint="give the cameras an account of their own: --user with a name that is not in use there",
        )
    if facts.programs:
        raise ReceiverAccountError(
            f"the user {account.name} on {where} cannot be adopted while it runs {', '.join(facts.programs)}",
            hint="end these programs there, or give the cameras an account of their own with --user",
        )


def plan_account(facts: Facts, wanted: Wanted) -> list[Step]:
    """Plan user, password and groups."""
    return [_user_step(facts, wanted), _password_step(facts, wanted), *_join_steps(facts, wanted)]


def check_adopted_home(facts: Facts, wanted: Wanted) -> None:
    """Refuse to adopt an account if something in its home cannot be closed to cameras."""
    odd = (state.path for state in facts.open_entries if "\ufffd" in state.path)
    paths = (*facts.linked, *odd) if _closes_home(facts, wanted) else ()
    if paths:
        raise ReceiverAccountError(
            f"the home {wanted.home} on {facts.hostname or 'the receiver'} holds what could not be closed to cameras, "
            f"since it has another name elsewhere or an odd one: {', '.join(paths[:3])}",
            hint="move it out of that home, or put a copy in its place (cp -p), then run this again",
        )


def _closes_home(facts: Facts, wanted: Wanted) -> bool:
    account = facts.account
    by_hand = account is not None and (not account.ours or facts.ledger.former is not None)
    return by_hand and not _is_ownerless(facts, wanted.home)


def close_home_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    """Make everything in an adopted account's home except the recordings inaccessible to the account.

    What was its owner's, such as .ssh and .profile, is no camera's; once the home is root's nothing new comes.
    """
    steps = []
    for state in facts.open_entries if _closes_home(facts, wanted) else ():
        name, was = "close to cameras", (f"{state.owner}:{state.group}", f"{state.mode:04o}")
        if state.is_directory:
            steps.append(directory_step(name, state.path, was=was, owner="root:root", mode=0o700))
        else:
            step = directory_step(name, state.path, was=was, owner="root:root", mode=state.mode & 0o755)
            steps.append(replace(step, call=("owned", *(step.call or ())[1:])))
    return steps


def check_groups(facts: Facts, wanted: Wanted) -> None:
    """Refuse a group that does not exist, or that would make the cameras' account an administrator."""
    host = facts.hostname or "the receiver"
    named = _named_by_rules(facts.sudoers)
    for name in wanted.groups:
        group = facts.local_groups.get(name)
        there = facts.account is not None and name in facts.groups
        if group is None and not there:
            raise ReceiverAccountError(
                f"{host} has no group {name} in /etc/group, which {wanted.user} should join",
                hint=f"see which groups there are (cut -d: -f1 /etc/group), or leave {name} out of --groups",
            )
        why = ""
        if group is not None and group.gid == 0:
            why = "has the gid 0"
        elif name in named or (group is not None and f"#{group.gid}" in named):
            why = "is named by a rule of sudo or doas"
        if why:
            raise ReceiverAccountError(
                f"the group {name} on {host} {why}: {wanted.user}, which cameras sign in as, must not be in it",
                hint=f"leave {name} out of --groups",
            )
    if "may run the following commands" in facts.sudo_list:
        raise ReceiverAccountError(
            f"sudo on {host} would let {wanted.user} run commands once it is in {', '.join(wanted.groups)}",
            hint="leave that group out of --groups; what sudo lets it do is shown by `sudo -l -U`",
        )


def _named_by_rules(text: str) -> set[str]:
    r"""Return the groups in rules of sudo (`%name`, `%#gid`) or doas (`:name`).

    >>> sorted(_named_by_rules("%media ALL=(root) /bin/true # %not\n%#44 ALL = ALL\npermit nopass :ops as root"))
    ['#44', 'media', 'ops']
    """
    lines = [re.sub(r"(?<!%)#.*", "", line) for line in text.splitlines()]
    found = {name for line in lines for name in re.findall(r"%(#?[\w.\\-]+)", line)}
    return found | {name for line in lines if line.startswith("permit") for name in re.findall(r"\s:([\w.-]+)", line)}


def _join_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    user = wanted.user
    return [
        Step(name=JOIN_GROUP, detail=f"{user} is in {name}")
        if facts.account is not None and name in facts.groups
        else Step(
            name=JOIN_GROUP,
            detail=f"{user} is in {name}",
            call=("join", name, user),
            diff=(f"+ user {user}: in the group {name}",),
        )
        for name in wanted.groups
    ]


def former_number(facts: Facts, wanted: Wanted) -> tuple[str, ...]:
    """Return the uid of a deleted account of ours, by its recordings, so that the new account can reuse it."""
    numbers = {owner.partition(":")[0] for owner in facts.orphans.owners} if facts.orphans is not None else set()
    free = facts.account is None and not _is_ownerless(facts, wanted.recordings)
    return tuple(numbers) if free and len(numbers) == 1 and 0 < int(min(numbers)) < _PERSONS_FROM else ()


def orphan_steps(facts: Facts, wanted: Wanted) -> list[Step]:
    """Give files of unknown owners below the recordings to the upload user; only if agreed.

    Raises `ReceiverUnsuitableError` where that was not.
    """
    orphans, path = facts.orphans, wanted.recordings
    if orphans is None or former_number(facts, wanted) or _is_ownerless(facts, wanted.recordings):
        return []
    numbers = sorted({owner.partition(":")[0] for owner in orphans.owners})
    told = f"{orphans.count} files and folders below {path} of uid {', '.join(numbers)}, which is nobody's"
    if not wanted.overwrite:
        raise ReceiverUnsuitableError(
            f"{facts.hostname or 'the receiver'} has {told}, such as {', '.join(orphans.paths)}: {wanted.user} could "
            "not write to them, and uploads would fail",
            hint=f"--yes gives them to {wanted.user}{_chown_hint(facts, wanted, numbers)}",
        )
    call = ("given", path, wanted.user, *orphans.owners)
    return [
        Step(
            name="give recordings back",
            detail=f"{told}: to {wanted.user}",
            call=call,
            diff=tuple(f"! {each}: owner {wanted.user}" for each in orphans.paths)
            + ((f"! and {orphans.count - len(orphans.paths)} more",) if orphans.count > len(orphans.paths) else ()),
        )
    ]


def _chown_hint(facts: Facts, wanted: Wanted, numbers: list[str]) -> str:
    """Return the command that does the same, once the account exists."""
    whole = ("-exec", "chown", "-h", f"{wanted.user}:", "{}", "+")
    each = [command("find", wanted.recordings, "-xdev", "-uid", number, *whole) for number in numbers]
    return f"; by hand: {paste(each, 'chown')}" if facts.account is not None else ""


def _is_ownerless(facts: Facts, path: str) -> bool:
    disk = facts.disks.get(path)
    return disk is not None and disk.ownerless


def _user_step(facts: Facts, wanted: Wanted) -> Step:
    account = facts.account
    if account is None:
        return Step(
            name="create user",
            detail=f"{wanted.user}, home {wanted.home}, shell {facts.nologin}",
            call=("user", wanted.user, wanted.home, facts.nologin, ACCOUNT_MARK, *former_number(facts, wanted)),
            diff=(f"+ user {wanted.user}: home {wanted.home}, shell {facts.nologin}, no password opens it",),
        )
    if account.ours:
        return Step(name="create user", detail=f"{wanted.user} is there")
    return Step(
        name="adopt user",
        detail=f"{wanted.user}, shell {facts.nologin} instead of {account.shell}",
        call=("account", wanted.user, facts.nologin, ADOPTED_MARK),
        diff=(
            f"- user {wanted.user}: shell {account.shell}, comment “{account.comment}”",
            f"+ user {wanted.user}: shell {facts.nologin}, comment “{ADOPTED_MARK}”",
        ),
    )


def _password_step(facts: Facts, wanted: Wanted) -> Step:
    fresh = facts.account is None
    if wanted.authentication is Authentication.PASSWORD:
        if facts.password == "set" and not wanted.new_password and not fresh:  # noqa: S105 - a state
            return Step(name=_SET_PASSWORD, detail="one is set")
        return Step(
            name=_SET_PASSWORD,
            detail=f"a random one, for {wanted.user} alone",
            call=(PASSWORD_CALL, wanted.user),
            diff=(f"+ password of {wanted.user}: a random one",),
        )
    # useradd is given the closed password at once: an account never exists with a usable one.
    if (fresh and "useradd" in facts.tools) or (not fresh and facts.password == "none"):  # noqa: S105 - a state
        return Step(name="close password", detail=f"no password opens {wanted.user}")
    return Step(
        name="close password",
        detail=f"no password opens {wanted.user}",
        call=("closed", wanted.user),
        diff=(f"- password of {wanted.user}: {facts.password}", f"+ password of {wanted.user}: none opens it"),
    )
