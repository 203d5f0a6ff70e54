"""How many cameras sshd lets in at the same moment."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.startups import explain_startups, parse_startups, penalises, uploads_at_once

if TYPE_CHECKING:
    from collections.abc import Mapping

BARE = Facts.parse(b"@now 1\n1\n@end 2\nok\n")


def facts(**told: str) -> Facts:
    """Return a receiver whose sshd tells this of itself."""
    effective: Mapping[str, str] = {"port": "22", **told}
    return replace(BARE, sshd_effective="".join(f"{name} {value}\n" for name, value in effective.items()))


@pytest.mark.parametrize(
    ("told", "at_once"),
    [
        ({}, 8),
        ({"maxstartups": "10:30:100"}, 8),
        ({"maxstartups": "2:100:2"}, 1),
        ({"maxstartups": "100:30:200"}, 32),
        ({"maxstartups": "100:30:200", "persourcemaxstartups": "3"}, 3),
        ({"maxstartups": "10:30:100", "persourcemaxstartups": "none"}, 8),
    ],
)
def test_test_uploads_leave_room_for_other_logins(told: dict[str, str], at_once: int) -> None:
    assert uploads_at_once(facts(**told)) == at_once


@pytest.mark.parametrize("text", ["10:30:100", "50", "", "x:y"])
def test_a_limit_is_read_in_each_of_its_forms(text: str) -> None:
    begin, rate, full = parse_startups(text)
    assert 0 < begin <= full
    assert 0 < rate <= 100


def test_only_a_limit_that_is_too_low_is_explained_with_the_number_that_is_needed() -> None:
    assert explain_startups(facts(maxstartups="10:30:100"), 10) is None
    assert "`MaxStartups 50:30:100`" in (explain_startups(facts(maxstartups="10:30:100"), 40) or "")
    assert "`MaxStartups 210:30:420`" in (explain_startups(facts(maxstartups="10:30:100"), 200) or "")
    assert explain_startups(facts(), 40) is None


@pytest.mark.parametrize(("told", "expected"), [("authfail:5 noauth:1", True), ("no", False), ("", False)])
def test_penalties_are_known_by_what_sshd_tells(told: str, expected: bool) -> None:
    assert penalises(facts(**({"persourcepenalties": told} if told else {}))) is expected
