"""Lists of users and groups, read as sshd reads them."""

import pytest

from receiver_setup.receiver.plan.admission import Refusal, find_refusal

HERE = "192.168.2.168"


def refusal(
    *, groups: tuple[str, ...] = ("ipcamera",), addresses: tuple[str, ...] = (HERE,), **lists: list[str]
) -> Refusal | None:
    return find_refusal(lists, user="ipcamera", groups=groups, addresses=addresses)


def test_without_lists_everybody_may_come() -> None:
    assert refusal() is None
    assert refusal(allowusers=[], allowgroups=[]) is None


@pytest.mark.parametrize(
    ("patterns", "let_in"),
    [
        (["ipcamera"], True),
        (["anna", "ipcamera"], True),
        (["ip*"], True),
        (["?pcamera"], True),
        (["*"], True),
        (["anna"], False),
        (["ipcamer"], False),
        (["ipcamera?"], False),
        (["IPCAMERA"], False),
        (["[i]pcamera"], False),
        # Before a user's name a `!` is a letter like any other.
        (["!anna"], False),
        (["!ipcamera", "*"], True),
        (["ipcamera@192.168.2.168"], True),
        (["ip*@192.168.2.*"], True),
        (["ipcamera@192.168.2.16?"], True),
        (["ipcamera@192.168.0.0/16"], True),
        (["ipcamera@10.0.0.0/8,192.168.2.0/24"], True),
        (["ipcamera@*,!192.168.2.168"], False),
        (["ipcamera@!192.168.2.0/24,*"], False),
        (["ipcamera@!10.0.0.0/8"], False),
        (["ipcamera@10.0.0.0/8"], False),
        (["anna@192.168.2.168"], False),
        (["ipcamera@porch.lan"], False),
        (["ipcamera@fe80::/10"], False),
        (["ipcamera@192.168.2.168/24"], True),
    ],
)
def test_a_list_of_users(patterns: list[str], *, let_in: bool) -> None:
    assert (refusal(allowusers=patterns) is None) is let_in
    assert (refusal(denyusers=patterns) is None) is not let_in


@pytest.mark.parametrize("address", ["fe80::1%eth0", "FE80::1"])
def test_ipv6_addresses_lie_in_networks_whatever_their_zone(address: str) -> None:
    assert refusal(allowusers=["ipcamera@fe80::/10"], addresses=(address,)) is None


def test_the_refused_address_is_told_where_it_matters() -> None:
    both = ("10.0.0.9", HERE)
    assert refusal(allowusers=["ipcamera@10.0.0.0/8"], addresses=both) == Refusal(keyword="allowusers", address=HERE)
    assert refusal(allowusers=["anna"], addresses=both) == Refusal(keyword="allowusers")
    denied = Refusal(keyword="denyusers", pattern="ipcamera@192.168.*", address=HERE)
    assert refusal(denyusers=["anna", "ipcamera@192.168.*"], addresses=both) == denied
    assert refusal(denyusers=["ip*"]) == Refusal(keyword="denyusers", pattern="ip*")


def test_where_no_address_is_known_only_a_name_can_refuse() -> None:
    assert refusal(allowusers=["ipcamera@10.0.0.0/8"], addresses=()) is None
    assert refusal(denyusers=["ipcamera@10.0.0.0/8"], addresses=()) is None
    assert refusal(allowusers=["anna@10.0.0.0/8"], addresses=()) is not None
    assert refusal(denyusers=["ipcamera"], addresses=()) is not None


def test_denial_is_stronger_than_permission() -> None:
    told = refusal(allowusers=["ipcamera"], denyusers=["ipcamera"])
    assert told is not None
    assert (told.keyword, told.denies) == ("denyusers", True)
    told = refusal(allowgroups=["ipcamera"], denygroups=["*"])
    assert told is not None
    assert told.keyword == "denygroups"


def test_every_group_of_the_account_counts() -> None:
    assert refusal(allowgroups=["ssh-users"]) == Refusal(keyword="allowgroups")
    assert refusal(allowgroups=["ssh-*"], groups=("ipcamera", "ssh-users")) is None
    assert refusal(denygroups=["ssh-*"], groups=("ipcamera", "ssh-users")) == Refusal(
        keyword="denygroups", pattern="ssh-*"
    )
