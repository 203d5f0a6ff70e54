"""From facts and wishes to steps, as data: see plans/*.toml."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.rules import listed

from receiver_setup.errors import ReceiverError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.facts.configuration import parse_lines
from receiver_setup.receiver.plan.setup import plan_receiver

if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.receiver.conftest import Case

FOLDER = Path(__file__).parent / "plans"


def test_plan(case: "Case") -> None:
    if case.error is not None:
        with pytest.raises(ReceiverError) as caught:
            plan_receiver(case.facts, case.wanted)
        assert caught.value.kind == case.error.kind
        assert case.error.phrase in caught.value.message
        assert caught.value.hint
        return
    plan = plan_receiver(case.facts, case.wanted)
    assert [step.name for step in plan.steps if step.changed] == case.changed
    assert plan.changed is bool(case.changed)
    steps = {step.name: step for step in plan.steps}
    assert {name: steps[name].detail for name in case.details} == case.details
    assert {name: list(steps[name].call or ()) for name in case.calls} == case.calls
    assert [text for text in case.diff_has if text not in plan.diff] == []
    assert case.sets_password in {None, plan.sets_password}


def test_every_changing_step_shows_a_diff_and_no_other_does(planned: "dict[str, Case]") -> None:
    wrong = {
        f"{name}, {step.name}": step
        for name, case in planned.items()
        for step in plan_receiver(case.facts, case.wanted).steps
        # A key file with the right bytes and the wrong mode has no line to show.
        if bool(step.diff) is not step.changed and not (step.name == "write camera key" and step.changed)
    }
    assert not wrong, listed(wrong)


def test_a_plan_says_why_it_does_nothing(planned: "dict[str, Case]") -> None:
    steps = {name: plan_receiver(case.facts, case.wanted).steps for name, case in planned.items()}
    wrong = [f"{name}, {step.name}" for name in steps for step in steps[name] if not step.detail]
    assert all(steps.values())
    assert not wrong, listed(wrong)


def test_one_case_in_six_at_least_expects_no_step() -> None:
    paths = [path for path in FOLDER.glob("*.toml") if not path.name.startswith("_")]
    idle = [path for path in paths if "\nchanged = []\n" in path.read_text(encoding="utf-8")]
    assert 6 * len(idle) >= len(paths)


def test_a_closed_password_is_never_a_step_that_sets_one(finished: "Case") -> None:
    plan = plan_receiver(replace(finished.facts, password="set"), finished.wanted)
    assert plan.changed
    assert not plan.sets_password


def test_a_line_of_somebody_is_named_and_never_written_anew(finished: "Case") -> None:
    line = "/etc/ssh/sshd_config:7:AllowUsers anna 'bob' # who may"
    include = "/etc/ssh/sshd_config:1:Include /etc/ssh/sshd_config.d/*.conf"
    listed = f"{finished.facts.sshd_effective}allowusers anna\nallowusers bob\n"
    facts = replace(finished.facts, sshd_effective=listed, configuration=parse_lines([include, line]))
    with pytest.raises(ReceiverError) as caught:
        plan_receiver(facts, finished.wanted)
    assert "`AllowUsers anna 'bob' # who may` at /etc/ssh/sshd_config:7 does not name it" in caught.value.message
    assert "'    AllowUsers ipcamera' 'Match all' | sudo tee /etc/ssh/sshd_config.d/" in caught.value.hint
    assert "anna" not in caught.value.hint


def test_known_keys_of_a_plan_reach_the_file_in_the_order_of_the_cameras(finished: "Case") -> None:
    yard = PublicKey.from_line(_key("yard"))
    slots = (replace(finished.wanted.slots[0], name="yard", key=yard), *finished.wanted.slots)
    plan = plan_receiver(finished.facts, replace(finished.wanted, slots=slots))
    call = next(step.call for step in plan.steps if step.name == "write camera key")
    assert call is not None
    lines = call[3].splitlines()
    assert [line.rpartition(":")[2] for line in lines] == ["porch", "yard"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('says = "x"\nbase = "bare"\ncolour = 1\n[expected]\nchanged = []\n', "colour"),
        ('says = "x"\nbase = "bare"\n', "expected"),
        ('says = "x"\nbase = "bare"\n[facts]\nhostnam = "x"\n[expected]\nchanged = []\n', "hostnam"),
        ('says = "x"\nbase = "bare"\n[wanted]\nusr = "x"\n[expected]\nchanged = []\n', "usr"),
        ('says = "x"\nbase = "bare"\n[expected]\n', "changed"),
        ('says = "x"\nbase = "bare"\n[expected]\nchanged = []\nerror = { kind = "x", phrase = "y" }\n', "changed"),
        ('says = "x"\nbase = "bare"\n[expected.error]\nkind = "x"\n', "phrase"),
        ('says = "x"\nbase = "bare"\n[facts.paths]\n"/home" = "directory"\n[expected]\nchanged = []\n', "/home"),
        ('says = "x"\nbase = "bare"\nbase = "bare"\n[expected]\nchanged = []\n', "overwrite"),
    ],
)
def test_the_loader_refuses_unknown_missing_and_doubled_keys(
    read_case: "Callable[[Path], Case]", tmp_path: Path, text: str, named: str
) -> None:
    path = tmp_path / "case.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=named):
        read_case(path)


def _key(name: str) -> str:
    text = (FOLDER / "_keys.toml").read_text(encoding="utf-8")
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith(f"{name} ="))
