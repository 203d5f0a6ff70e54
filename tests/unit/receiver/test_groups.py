"""Groups that the upload account joins: which ones it may, and what becomes of them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from receiver_setup.errors import ConfigurationError, ReceiverAccountError
from receiver_setup.receiver.facts.ledger import Ledger
from receiver_setup.receiver.facts.model import Group
from receiver_setup.receiver.plan.removal import plan_removal
from receiver_setup.receiver.plan.setup import plan_receiver
from receiver_setup.receiver.plan.wanted import POWERFUL_GROUPS, parse_groups

if TYPE_CHECKING:
    from unit.receiver.conftest import Case


def test_names_are_taken_once_each_and_blanks_around_them_are_nothing() -> None:
    assert parse_groups(" _ssh,sftp.app,_ssh") == ("_ssh", "sftp.app")


@pytest.mark.parametrize(
    "text", ["", ",", "a,,b", "domain users", "a:b", "-x", "1a", "x'y", "%ops", *sorted(POWERFUL_GROUPS)]
)
def test_what_no_upload_user_may_join_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_groups(text)
    assert raised.value.hint


def test_a_group_is_joined_only_by_who_is_not_in_it(finished: "Case") -> None:
    wanted = replace(finished.wanted, groups=("media", "film"))
    facts = replace(
        finished.facts, groups=("ipcamera", "media"), local_groups={"media": Group(gid=44), "film": Group(gid=45)}
    )
    plan = plan_receiver(facts, wanted)
    assert [(step.detail, step.call) for step in plan.steps if step.name == "join group"] == [
        ("ipcamera is in media", None),
        ("ipcamera is in film", ("join", "film", "ipcamera")),
    ]
    assert plan.diff == "+ user ipcamera: in the group film\n"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"local_groups": {}}, "has no group media in /etc/group"),
        ({"local_groups": {"media": Group(gid=0)}}, "has the gid 0"),
        ({"sudoers": "%media ALL=(root) /bin/true"}, "is named by a rule of sudo or doas"),
        ({"sudoers": "User_Alias UP = anna, %media"}, "is named by a rule of sudo or doas"),
        ({"sudoers": "%#44 ALL = ALL"}, "is named by a rule of sudo or doas"),
        ({"sudoers": "permit nopass :media as root"}, "is named by a rule of sudo or doas"),
        ({"sudo_list": "User ipcamera may run the following commands on pi:"}, "would let ipcamera run commands"),
    ],
)
def test_a_group_that_leads_to_root_is_refused(finished: "Case", facts: dict[str, Any], says: str) -> None:
    seen = replace(finished.facts, **({"local_groups": {"media": Group(gid=44)}} | facts))
    with pytest.raises(ReceiverAccountError, match=says) as raised:
        plan_receiver(seen, replace(finished.wanted, groups=("media",)))
    assert "--groups" in raised.value.hint


@pytest.mark.parametrize(
    "sudoers",
    ["# %media ALL=ALL", "%mediator ALL=ALL", "Defaults:media !lecture", "%ops ALL=ALL # and %media", "%#440 ALL=ALL"],
)
def test_a_rule_about_another_group_is_none_about_this_one(finished: "Case", sudoers: str) -> None:
    facts = replace(finished.facts, local_groups={"media": Group(gid=44)}, sudoers=sudoers)
    plan_receiver(facts, replace(finished.wanted, groups=("media",)))


def test_a_directory_services_group_needs_no_line_of_its_own_where_the_account_is_in_it(finished: "Case") -> None:
    facts = replace(finished.facts, groups=("ipcamera", "media"))
    assert not plan_receiver(facts, replace(finished.wanted, groups=("media",))).changed
    with pytest.raises(ReceiverAccountError, match="is named by a rule"):
        plan_receiver(replace(facts, sudoers="%media ALL=ALL"), replace(finished.wanted, groups=("media",)))


def test_a_removal_leaves_the_groups_that_a_set_up_had_joined(finished: "Case") -> None:
    ledger = Ledger.parse("undo_account 'ipcamera' '/bin/sh' 'Camera'\nundo_join 'film' 'ipcamera'\n", "")
    facts = replace(finished.facts, groups=("ipcamera", "media", "film"), ledger=ledger)
    calls = [step.call for step in plan_removal(facts, finished.wanted, everything=True).steps]
    assert ("leave", "film", "ipcamera") in calls
    assert not [call for call in calls if call is not None and call[0] == "leave" and call[1] != "film"]
    left = replace(facts, groups=("ipcamera", "media"))
    assert not [s for s in plan_removal(left, finished.wanted, everything=True).steps if s.name == "leave group"]
