"""From a set-up and its record to the steps that take it back."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from receiver_setup.errors import ReceiverAccountError
from receiver_setup.receiver.facts.ledger import Ledger
from receiver_setup.receiver.facts.model import ADOPTED_MARK, Facts
from receiver_setup.receiver.plan.removal import RemovalPlan, plan_removal

if TYPE_CHECKING:
    from unit.receiver.conftest import Case

MADE = """\
undo_user 'ipcamera'
undo_directory '/home/ipcamera'
undo_directory '/home/ipcamera/recordings'
undo_directory '/etc/ssh/authorized_keys.d'
undo_remove '/etc/ssh/authorized_keys.d/ipcamera'
undo_remove '/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf'
undo_reload
"""
ADOPTED = """\
undo_account 'ipcamera' '/bin/bash' 'Camera,,,'
undo_closed 'ipcamera'
undo_mode '/home/ipcamera' '1000:1000' '755'
undo_directory '/etc/ssh/authorized_keys.d'
undo_remove '/etc/ssh/authorized_keys.d/ipcamera'
"""


def names(plan: RemovalPlan, *, last: bool = False) -> list[str]:
    return [step.name for step in plan.steps if step.changed and step.last is last]


def with_ledger(case: "Case", undo: str, cameras: str = "", **facts: Any) -> Facts:
    return replace(case.facts, ledger=Ledger.parse(undo, cameras), **facts)


def adopted(case: "Case", **facts: Any) -> Facts:
    account = case.facts.account
    assert account is not None
    return with_ledger(case, ADOPTED, account=replace(account, comment=ADOPTED_MARK), **facts)


def test_everything_goes_in_reverse_order_and_what_cannot_come_back_goes_last(finished: "Case") -> None:
    plan = plan_removal(with_ledger(finished, MADE), finished.wanted)
    assert names(plan) == ["remove sshd drop-in", "reload sshd", "remove camera key"]
    assert names(plan, last=True) == ["remove user", *["remove directory"] * 3, "forget"]
    paths = [step.call[1] for step in plan.steps if step.call and step.call[0] == "directory"]
    assert paths == ["/home/ipcamera/recordings", "/home/ipcamera", "/etc/ssh/authorized_keys.d"]
    assert (plan.remaining, plan.kept) == ((), ())


def test_recordings_that_stay_are_shut_before_their_folders_are_looked_at(finished: "Case") -> None:
    plan = plan_removal(with_ledger(finished, MADE, recordings=3), finished.wanted)
    assert plan.kept == ("/home/ipcamera/recordings",)
    calls = [step.call for step in plan.steps if step.last]
    assert ("shut", "/home/ipcamera/recordings") in calls
    assert "- /home/ipcamera/recordings\n" not in plan.diff


def test_recordings_are_deleted_only_where_that_is_asked_for(finished: "Case") -> None:
    facts = with_ledger(finished, MADE, recordings=3)
    assert "delete recordings" not in names(plan_removal(facts, finished.wanted), last=True)
    plan = plan_removal(facts, finished.wanted, delete=True)
    assert ("delete", "/home/ipcamera/recordings") in [step.call for step in plan.steps if step.last]
    assert plan.kept == ()


def test_an_own_password_is_closed_before_the_drop_in_goes(finished: "Case") -> None:
    plan = plan_removal(with_ledger(finished, MADE, password="set"), finished.wanted)
    assert names(plan)[:2] == ["close password", "remove sshd drop-in"]


def test_an_adopted_account_stays_and_gets_its_own_back(finished: "Case") -> None:
    plan = plan_removal(adopted(finished), finished.wanted)
    assert names(plan) == [
        "remove sshd drop-in", "reload sshd", "remove camera key", "give directory back", "give account back",
        "open password",
    ]  # fmt: skip
    calls = {step.name: step.call for step in plan.steps}
    assert calls["give directory back"] == ("directory", "/home/ipcamera", "1000:1000", "755")
    assert calls["give account back"] == ("account", "ipcamera", "/bin/bash", "Camera,,,")
    assert names(plan, last=True) == ["remove directory", "forget"]


def test_an_adopted_account_without_its_record_is_not_removed_either(finished: "Case") -> None:
    account = finished.facts.account
    assert account is not None
    facts = replace(finished.facts, account=replace(account, comment=ADOPTED_MARK), ledger=Ledger())
    assert "remove user" not in names(plan_removal(facts, finished.wanted), last=True)


def test_without_a_record_the_mark_and_the_usual_places_tell(finished: "Case") -> None:
    plan = plan_removal(replace(finished.facts, ledger=Ledger()), finished.wanted)
    assert "remove user" in names(plan, last=True)
    assert "forget" not in names(plan, last=True)


def test_another_camera_keeps_the_account(finished: "Case") -> None:
    facts = with_ledger(finished, MADE, "porch {}\nyard {}\n")
    plan = plan_removal(facts, finished.wanted)
    assert (plan.remaining, names(plan), names(plan, last=True)) == (("yard",), ["remove camera key"], [])
    whole = plan_removal(facts, finished.wanted, everything=True)
    assert whole.remaining == ()
    assert "remove user" in names(whole, last=True)


def test_a_camera_that_failed_keeps_its_share(finished: "Case") -> None:
    plan = plan_removal(with_ledger(finished, MADE), finished.wanted, stay=frozenset({"porch"}))
    assert (plan.remaining, plan.changed) == (("porch",), False)


def test_where_nothing_is_left_nothing_is_done(finished: "Case") -> None:
    facts = replace(finished.facts, account=None, files={}, ledger=Ledger())
    plan = plan_removal(facts, finished.wanted)
    assert (plan.changed, plan.diff) == (False, "")
    person = finished.facts.account
    assert person is not None
    others = replace(facts, account=replace(person, comment="Anna", uid=1000))
    assert plan_removal(others, finished.wanted).changed is False


def test_an_account_that_lost_its_mark_is_not_ours_to_remove(finished: "Case") -> None:
    person = finished.facts.account
    assert person is not None
    facts = with_ledger(finished, MADE, account=replace(person, comment="Anna"))
    with pytest.raises(ReceiverAccountError, match="not marked as ours"):
        plan_removal(facts, finished.wanted)


def test_another_home_is_named(finished: "Case") -> None:
    person = finished.facts.account
    assert person is not None
    facts = with_ledger(finished, MADE, account=replace(person, home="/srv/cams"))
    with pytest.raises(ReceiverAccountError) as caught:
        plan_removal(facts, finished.wanted)
    assert caught.value.hint == "give --home /srv/cams"


@pytest.mark.parametrize("line", ["undo_user", "undo_mode '/x' '0:0'", "undo_mode 'unclosed", "", "echo 'hello'"])
def test_a_damaged_line_of_the_record_is_left_out(line: str) -> None:
    ledger = Ledger.parse(f"{line}\nundo_closed 'ipcamera'\n", "")
    assert (ledger.closed, ledger.made_user, ledger.modes) == (True, False, {})
