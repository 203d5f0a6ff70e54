"""What is in a home or below recordings that the upload user must not have, or does not have."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from receiver_setup.errors import ReceiverAccountError, ReceiverUnsuitableError
from receiver_setup.receiver.facts.contents import Contents, Orphans
from receiver_setup.receiver.facts.ledger import Ledger
from receiver_setup.receiver.facts.model import ADOPTED_MARK, Facts, PathState
from receiver_setup.receiver.plan.removal import new_entries, plan_removal
from receiver_setup.receiver.plan.setup import plan_receiver
from receiver_setup.receiver.plan.steps import Plan

if TYPE_CHECKING:
    from unit.receiver.conftest import Case

HOME = "/home/ipcamera"
RECORDINGS = f"{HOME}/recordings"
SSH = PathState(path=f"{HOME}/.ssh", kind="directory", mode=0o700, uid=999, gid=999, owner="ipcamera", group="ipcamera")
PROFILE = replace(SSH, path=f"{HOME}/.profile", kind="regular file", mode=0o664)
LEDGER = (
    "undo_account 'ipcamera' '/bin/bash' 'Camera,,,'\n"
    f"undo_entries '{HOME}' 'recordings' '.ssh' 'it'\\''s'\n"
    f"undo_mode '{HOME}' '999:999' '755'\nundo_mode '{HOME}/.ssh' '999:999' '700'\n"
    f"undo_owner '{HOME}/.profile' '999:999' '664'\n"
)
ORPHANS = Orphans(count=5, owners=("4242:4242", "4242:0"), paths=(f"{RECORDINGS}/a", f"{RECORDINGS}/b"))


def adopted(case: "Case", **facts: Any) -> Facts:
    account = case.facts.account
    assert account is not None
    facts = {"ledger": Ledger.parse(LEDGER, ""), **facts}
    return replace(case.facts, account=replace(account, comment=ADOPTED_MARK), **facts)


def calls(plan: Plan, name: str) -> list[tuple[str, ...]]:
    return [step.call for step in plan.steps if step.name == name and step.call is not None]


def test_what_an_adopted_account_could_write_to_is_closed_once_its_home_is_roots(finished: "Case") -> None:
    plan = plan_receiver(adopted(finished, open_entries=(SSH, PROFILE)), finished.wanted)
    assert calls(plan, "close to cameras") == [
        ("directory", f"{HOME}/.ssh", "root:root", "700"),
        ("owned", f"{HOME}/.profile", "root:root", "644"),
    ]
    names = [step.name for step in plan.steps]
    assert names.index("make jail") < names.index("close to cameras") < names.index("make recordings directory")


def test_it_is_closed_without_a_jail_as_well_but_not_in_an_account_of_our_own(finished: "Case") -> None:
    unjailed = replace(finished.wanted, jail=False)
    closed = calls(plan_receiver(adopted(finished, open_entries=(SSH,)), unjailed), "close to cameras")
    assert closed == [("directory", f"{HOME}/.ssh", "root:root", "700")]
    ours = replace(finished.facts, open_entries=(SSH,))
    assert calls(plan_receiver(ours, finished.wanted), "close to cameras") == []


@pytest.mark.parametrize("odd", [{"linked": (f"{HOME}/.ssh",)}, {"open_entries": (replace(SSH, path="/home/\ufffd"),)}])
def test_what_cannot_be_closed_is_refused_by_name(finished: "Case", odd: dict[str, Any]) -> None:
    with pytest.raises(ReceiverAccountError, match="could not be closed to cameras"):
        plan_receiver(adopted(finished, **odd), finished.wanted)


def test_a_removal_gives_files_back_before_their_folders_and_names_what_is_new(finished: "Case") -> None:
    now = {
        state.path: replace(state, uid=0, gid=0, owner="root", group="root")
        for state in (SSH, replace(PROFILE, mode=0o644))
    }
    facts = adopted(finished, paths=finished.facts.paths | now, home_entries=(".ssh", "it's", "new"))
    plan = plan_removal(facts, finished.wanted)
    given = [step.call for step in plan.steps if step.name in {"give file back", "give directory back"}]
    assert given == [
        ("owned", f"{HOME}/.profile", "999:999", "664"),
        ("directory", f"{HOME}/.ssh", "999:999", "700"),
        ("directory", HOME, "999:999", "755"),
    ]
    assert new_entries(facts, finished.wanted) == (f"{HOME}/new",)
    keys = replace(facts, foreign_keys=b"ssh-ed25519 AAAA planted\n")
    assert new_entries(keys, finished.wanted)[1:] == (f"lines of {HOME}/.ssh/authorized_keys",)


def test_recordings_of_nobody_are_given_only_if_that_is_agreed(finished: "Case") -> None:
    facts = replace(finished.facts, orphans=ORPHANS)
    with pytest.raises(ReceiverUnsuitableError, match=r"5 files and folders .* of uid 4242") as refused:
        plan_receiver(facts, replace(finished.wanted, overwrite=False))
    assert f"{RECORDINGS}/a" in refused.value.message
    assert "--yes" in refused.value.hint
    plan = plan_receiver(facts, finished.wanted)
    assert calls(plan, "give recordings back") == [("given", RECORDINGS, "ipcamera", "4242:4242", "4242:0")]
    assert "! and 3 more" in plan.diff


@pytest.mark.parametrize(
    ("owners", "number"),
    [(("998:998",), ("998",)), (("998:998", "998:0"), ("998",)), (("998:998", "997:997"), ()), (("1001:1001",), ())],
)
def test_a_new_account_gets_the_one_number_that_its_recordings_have(
    finished: "Case", owners: tuple[str, ...], number: tuple[str, ...]
) -> None:
    facts = replace(finished.facts, account=None, groups=(), orphans=replace(ORPHANS, owners=owners))
    plan = plan_receiver(facts, finished.wanted)
    assert calls(plan, "create user")[0][5:] == number
    assert bool(calls(plan, "give recordings back")) is not bool(number)


def test_a_deletion_shows_how_much_goes_and_what_is_mounted_and_stays(finished: "Case") -> None:
    disk = Contents(files=2, size=9, mounts=(f"{RECORDINGS}/disk",), is_mount=True)
    facts = replace(finished.facts, contents={RECORDINGS: disk})
    plan = plan_removal(facts, finished.wanted, delete=True)
    assert f"- {RECORDINGS} and all that is in it: 2 files, 9 bytes\n" in plan.diff
    assert f"  a disk is mounted at {RECORDINGS}" in plan.diff
    assert f"  {RECORDINGS}/disk is mounted there" in plan.diff
    assert f"- {RECORDINGS}\n" not in plan.diff
