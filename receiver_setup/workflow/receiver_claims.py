"""What a set-up promises of its receiver, held against the receiver as it is (pure): the plan's steps as claims."""

from dataclasses import replace

from receiver_setup.errors import ReceiverError
from receiver_setup.formats.sshd_config import UploadMatch, lower_keywords, missing_effective
from receiver_setup.formats.upload_rules import EDITION
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.setup import drop_in, find_older_drop_in, plan_receiver
from receiver_setup.receiver.plan.steps import Step
from receiver_setup.receiver.plan.wanted import Wanted
from receiver_setup.report import Claim

_DROP_IN = "sshd drop-in"
_DROP_IN_STEP = "write sshd drop-in"
_CLAIMS = {
    "account is ours": ("create user", "adopt user"),
    "password": ("close password", "set password"),
    "home": ("make jail", "make home"),
    "recordings directory": ("make recordings directory",),
    "key file": ("make key folder", "write camera key"),
    _DROP_IN: (_DROP_IN_STEP,),
}
"""Claim → the steps of a set-up that make it so."""
_OTHER_BEFORE = {_DROP_IN_STEP, "make home"}
"""What older versions made in another way: a home without a jail was the account's own."""


def receiver_claims(facts: Facts, wanted: Wanted) -> list[Claim]:
    """Return every claim about the receiver; a receiver that no set-up could be made on any more is one as well."""
    try:
        plan = plan_receiver(facts, wanted)
    except ReceiverError as error:
        return [Claim(name="fit for uploads", ok=False, cause=error.message, remedy=error.hint)]
    steps = plan.steps
    older = find_older_drop_in(facts, plan.match)
    if older is not None:
        steps = tuple(step for step in steps if step.name not in _OTHER_BEFORE)
    claims = [_from_steps(name, [step for step in steps if step.name in names]) for name, names in _CLAIMS.items()]
    if older is not None:
        claims = [_older(facts, claim, older) if claim.name == _DROP_IN else claim for claim in claims]
    if not any(step.name == _DROP_IN_STEP and step.changed for step in steps):
        told = f"sshd -T -C user={wanted.user} has every line of it"
        claims.append(Claim(name="sshd follows the drop-in", ok=True, detail=told))
    return [*claims, *_left_groups(facts, wanted), _room(facts, wanted)]


def _left_groups(facts: Facts, wanted: Wanted) -> list[Claim]:
    """Tell of groups that the account joined for its set-up, as soon as it is not in one of them any more."""
    left = [name for name in facts.ledger.joined if name not in facts.groups]
    if not left:
        return []
    names = ",".join(left)
    return [
        Claim(
            name="groups",
            ok=False,
            cause=f"{wanted.user} is not in {names} any more, which it joined for the set-up",
            remedy=f"`receiver-setup setup` again, with --groups {names}",
        )
    ]


def _older(facts: Facts, claim: Claim, older: UploadMatch) -> Claim:
    """Tell of a drop-in of an older version: all that it promised then still holds, unless sshd does not follow it."""
    path = drop_in(older.user)
    missing = missing_effective(facts.sshd_effective, older)
    if missing:
        cause = f"{path} was made by an older version of this tool, and sshd does not follow it: no “{missing[0]}”"
        return replace(claim, ok=False, cause=cause, repaired=True)
    open_to = missing_effective(facts.sshd_effective, replace(older, edition=EDITION))
    if open_to:
        seen = lower_keywords(facts.sshd_effective)
        keyword = open_to[0].partition(" ")[0]
        value = next((line for line in seen if line.startswith(f"{keyword} ")), f"no {keyword}")
        cause = f"{path} was made by an older version of this tool; more than the camera's key opens the account: "
        return replace(claim, ok=False, cause=f"{cause}sshd has “{value}” for {older.user}", repaired=True)
    told = f"{path}, made by an older version of this tool: `receiver-setup setup` brings it up to date"
    return replace(claim, ok=True, detail=told)


def _from_steps(name: str, steps: list[Step]) -> Claim:
    wrong = [step for step in steps if step.changed]
    if not wrong:
        return Claim(name=name, ok=True, detail=steps[-1].detail if steps else "")
    lines = [line for step in wrong for line in step.diff if not line.startswith(("---", "+++", "@@"))]
    marked = [line for line in lines if line[:1] in "+-!"]
    return Claim(name=name, ok=False, cause="; ".join(marked) or wrong[0].detail, repaired=True)


def _room(facts: Facts, wanted: Wanted) -> Claim:
    """Tell how much room recordings have; what is too little has failed as unfit already."""
    disk = facts.disks.get(wanted.recordings) or facts.disks.get(wanted.home)
    if disk is None or disk.free_kib is None:
        return Claim(name="room for recordings", ok=None, detail="df tells nothing")
    return Claim(name="room for recordings", ok=True, detail=f"{disk.free_kib / 1024 / 1024:.1f} GiB free")
