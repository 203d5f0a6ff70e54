"""The plan for a set command: rows, the command to send, the command to undo it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from receiver_setup.camera.messages import (
    ActionType,
    Security,
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
)
from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.fields import SETTINGS, Group
from receiver_setup.camera.settings.plan import Change, Readings, plan_change, plan_uploads
from receiver_setup.camera.settings.upload_options import UploadOptions, check_values, parse_kinds
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import MASK, Secret

FTP = {
    "ft_server": "192.168.178.1", "ft_port": "21", "ft_username": "former", "ft_mode": "1", "ft_dirname": "./old",
    "ft_dirmode": "1", "ft_ssl": "0", "ft_insecure": "1",
}  # fmt: skip
ACTIONS = {
    "enable['rec']": "0", "interval['rec']": "0", "enable['snap']": "1", "interval['snap']": "15",
    "enable['timersnap']": "0", "interval['timersnap']": "820",
}  # fmt: skip
SCHEDULE = {"mode": "0", "prefix": "0", "name": "snapshot", "enable": "0", "times": "0-1"}
TIMER = {"mode": "1", "prefix": "1", "name": "test"}


def plan(requested: Command[Done], fields: dict[str, str]) -> Change | None:
    """Plan a request for a camera that returns these fields."""
    return plan_change(fields, requested)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A camera's fields, a request, and what is to be sent; `sent` of None is no step at all."""

    name: str
    now: dict[str, str]
    requested: Command[Done]
    sent: dict[str, str] | None
    rows: tuple[str, ...] = ()
    back: dict[str, str] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


REC = ActionType.REC
CASES = (
    Case(
        name="only what differs is sent",
        now=FTP,
        requested=SetFtpAttr(server="192.168.178.1", directory="a b&=+%#'ü", day_folders=False),
        sent={"ft_dirname": "a b&=+%#'ü", "ft_dirmode": "0"},
        rows=("directory: ./old → a b&=+%#'ü", "folders: every day a new folder → all files in one directory"),
        back={"ft_dirname": "./old", "ft_dirmode": "1"},
    ),
    Case(name="settings that are so", now=FTP, requested=SetFtpAttr(port=21, security=Security.NONE), sent=None),
    Case(name="an action as it is", now=ACTIONS, requested=SetFtpAction(kind=ActionType.SNAP, enable=True), sent=None),
    Case(
        name="a count that is so", now={"snapcount": "5"}, requested=SetFtpActionAttr(count=5), sent=None
    ),
    Case(
        name="a schedule that is so",
        now=SCHEDULE,
        requested=SetSnapSchedFtpAttr(schedule=parse_words("00:00 Mon"), enable=False, name="snapshot"),
        sent=None,
    ),
    Case(
        name="security takes its default port along",
        now=FTP,
        requested=SetFtpAttr(security=Security.SFTP, insecure=False),
        sent={"ft_port": "22", "ft_ssl": "2", "ft_insecure": "0"},
        rows=(
            "port: 21 → 22 (the default that goes with sftp)",
            "security: none: neither encrypted nor verified → sFTP",
            "verification: host not verified → verified host",
        ),
        back={"ft_port": "21", "ft_ssl": "0", "ft_insecure": "1"},
    ),
    Case(
        name="a given port wins over the default",
        now=FTP,
        requested=SetFtpAttr(security=Security.SFTP, port=21),
        sent={"ft_ssl": "2"},
        back={"ft_ssl": "0"},
    ),
    Case(
        name="a port of one's own stays",
        now=FTP | {"ft_port": "2222"},
        requested=SetFtpAttr(security=Security.SFTP),
        sent={"ft_ssl": "2"},
        back={"ft_ssl": "0"},
    ),
    Case(
        name="the same security moves no port",
        now=FTP | {"ft_ssl": "2"},
        requested=SetFtpAttr(security=Security.SFTP),
        sent=None,
    ),
    Case(
        name="ftps has the port of none",
        now=FTP,
        requested=SetFtpAttr(security=Security.FTPS),
        sent={"ft_ssl": "1"},
        back={"ft_ssl": "0"},
    ),
    Case(
        name="a password cannot be compared, nor put back",
        now=FTP,
        requested=SetFtpAttr(password=Secret("hunter2"), port=21),
        sent={"ft_password": "hunter2"},
        rows=(f"password: not reported → {MASK}",),
        lost=("password",),
    ),
    Case(
        name="the same password, where the camera returns it",
        now=FTP | {"ft_password": "hunter2"},
        requested=SetFtpAttr(password=Secret("hunter2")),
        sent=None,
    ),
    Case(
        name="another password, where the camera returns it",
        now=FTP | {"ft_password": "former"},
        requested=SetFtpAttr(password=Secret("hunter2")),
        sent={"ft_password": "hunter2"},
        rows=(f"password: {MASK} → {MASK}",),
        back={"ft_password": "former"},
    ),
    Case(
        name="what is not reported is sent and cannot be undone",
        now=FTP,
        requested=SetFtpAttr(auto_create=True),
        sent={"ft_autocreatedir": "1"},
        rows=("create the directory: not reported → yes",),
        lost=("create the directory",),
    ),
    Case(
        name="a code that is not known is shown as it is",
        now=FTP | {"ft_ssl": "7"},
        requested=SetFtpAttr(security=Security.SFTP, port=21),
        sent={"ft_ssl": "2"},
        rows=("security: 7 → sFTP",),
        back={"ft_ssl": "7"},
    ),
    Case(
        name="an empty former value",
        now=FTP | {"ft_server": ""},
        requested=SetFtpAttr(server="nas"),
        sent={"ft_server": "nas"},
        rows=("server: (empty) → nas",),
        back={"ft_server": ""},
    ),
    Case(
        name="an interval of 0 has no way back",
        now=ACTIONS,
        requested=SetFtpAction(kind=REC, enable=True, interval_s=60),
        sent={"type": "rec", "enable": "1", "interval": "60"},
        rows=("upload rec: off → on", "interval rec: 0 s between uploads → 60 s between uploads"),
        back={"type": "rec", "enable": "0"},
        lost=("interval rec",),
    ),
    Case(
        name="half of an action",
        now=ACTIONS,
        requested=SetFtpAction(kind=ActionType.SNAP, enable=True, interval_s=16),
        sent={"type": "snap", "interval": "16"},
        back={"type": "snap", "interval": "15"},
    ),
    Case(
        name="another spelling of array keys",
        now={'enable["rec"]': "1", "interval[rec]": "60"},
        requested=SetFtpAction(kind=REC, enable=True, interval_s=60),
        sent=None,
    ),
    Case(
        name="a count",
        now={"snapcount": "5"},
        requested=SetFtpActionAttr(count=10),
        sent={"snapcount": "10"},
        rows=("snapshots at an alarm: 5 → 10",),
        back={"snapcount": "5"},
    ),
    Case(
        name="a count that no camera takes",
        now={"snapcount": "99"},
        requested=SetFtpActionAttr(count=10),
        sent={"snapcount": "10"},
        lost=("snapshots at an alarm",),
    ),
    Case(
        name="a former schedule in another form goes back as it was",
        now=SCHEDULE | {"times": "36000-1,72000-2"},
        requested=SetSnapSchedFtpAttr(schedule=parse_words("10:00 Mon-Fri"), enable=True, fixed_name=False),
        sent={"enable": "1", "times": "36000-31"},
        rows=("schedule: off → on", "schedule time: 36000-1,72000-2 → 10:00 Mon-Fri"),
        back={"enable": "0", "times": "36000-1,72000-2"},
    ),
    Case(
        name="names of a schedule",
        now=SCHEDULE,
        requested=SetSnapSchedFtpAttr(name="front", prefix=True, fixed_name=True),
        sent={"mode": "1", "prefix": "1", "name": "front"},
        back={"mode": "0", "prefix": "0", "name": "snapshot"},
    ),
    Case(
        name="a flag that cannot be read has no way back",
        now=TIMER | {"mode": "?"},
        requested=SetSnapTimerFtpAttr(fixed_name=True, name="instar", prefix=True),
        sent={"mode": "1", "name": "instar"},
        rows=("timer files: ? → fixed file name", "timer file name: test → instar"),
        back={"name": "test"},
        lost=("timer files",),
    ),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_plan_of_a_command(case: Case) -> None:
    change = plan(case.requested, case.now)
    assert (None if change is None else dict(change.command.parameters())) == case.sent
    if change is None:
        return
    if case.rows:
        assert tuple(f"{row.setting.name}: {row.before} → {row.after}" for row in change.rows) == case.rows
    assert (dict(change.back.parameters()) if change.back else {}) == case.back
    assert change.lost == case.lost
    assert "hunter2" not in repr(change)


def test_one_case_in_six_expects_no_step() -> None:
    assert sum(case.sent is None for case in CASES) * 6 >= len(CASES)


def test_all_other_settings_are_at_hand_for_a_firmware_that_wants_them() -> None:
    change = plan(SetFtpAttr(directory="new"), FTP | {"ft_new": "x"})
    assert change is not None
    assert change.rest == {name: value for name, value in FTP.items() if name != "ft_dirname"}


FLAG = st.none() | st.booleans()
NAME = st.none() | st.text(st.characters(blacklist_categories=["C"]), min_size=1)
SCHEDULES = st.builds(
    lambda m, d: parse_words(f"{m // 60:02}:{m % 60:02} {d}"), st.integers(0, 1439), st.just("Sat-Mon")
)
OPTIONS: list[tuple[dict[str, str], Callable[..., Command[Done]], dict[str, Any]]] = [
    (FTP, SetFtpAttr, {
        "server": NAME, "port": st.none() | st.integers(1, 65535), "username": NAME, "directory": NAME,
        "mode": st.none() | st.integers(0, 1), "day_folders": FLAG, "insecure": FLAG,
        "security": st.none() | st.sampled_from([Security.NONE, Security.FTPS, Security.SFTP]),
    }),
    (ACTIONS, SetFtpAction, {
        "kind": st.sampled_from([ActionType.SNAP, ActionType.TIMERSNAP]), "enable": FLAG,
        "interval_s": st.none() | st.integers(1, 3600),
    }),
    ({"snapcount": "5"}, SetFtpActionAttr, {"count": st.integers(1, 10)}),
    (SCHEDULE, SetSnapSchedFtpAttr, {
        "schedule": st.none() | SCHEDULES, "enable": FLAG, "name": NAME, "prefix": FLAG, "fixed_name": FLAG,
    }),
    (TIMER, SetSnapTimerFtpAttr, {"name": NAME, "prefix": FLAG, "fixed_name": FLAG}),
]  # fmt: skip


def after(now: dict[str, str], command: Command[Done]) -> dict[str, str]:
    """Return the fields that a camera has after a command."""
    sent = dict(command.parameters())
    kind = sent.pop("type", None)
    return now | {f"{name}['{kind}']" if kind else name: value for name, value in sent.items()}


@given(st.data())
def test_after_a_change_nothing_is_left_and_its_way_back_restores_every_field(data: st.DataObject) -> None:
    now, make, arguments = data.draw(st.sampled_from(OPTIONS))
    given_ = {name: data.draw(values, label=name) for name, values in arguments.items()}
    try:
        requested = make(**given_)
    except ConfigurationError:
        reject()
    change = plan(requested, now)
    if change is None:
        return
    then = after(now, change.command)
    assert then != now
    assert plan(requested, then) is None
    assert change.back is not None
    assert change.lost == ()
    assert after(then, change.back) == now


EVERYTHING: list[Command[Done]] = [
    SetFtpAttr(
        server="nas", port=2222, username="ipcamera", password=Secret("p"), mode=0, directory="new", auto_create=True,
        day_folders=False, security=Security.SFTP, insecure=False,
    ),
    *(SetFtpAction(kind=kind, enable=True, interval_s=60) for kind in ActionType),
    SetFtpActionAttr(count=10),
    SetSnapSchedFtpAttr(fixed_name=True, prefix=True, name="x", enable=True, schedule=parse_words("10:00 Mon-Fri")),
    SetSnapTimerFtpAttr(fixed_name=False, prefix=False, name="x"),
]  # fmt: skip


@given(st.sampled_from(EVERYTHING), st.dictionaries(st.sampled_from([e.read_field for e in SETTINGS]), st.text()))
def test_whatever_a_camera_says_can_be_compared_with(requested: Command[Done], now: dict[str, str]) -> None:
    change = plan(requested, now)
    if change is not None:
        assert plan(requested, after(now, change.command)) is None
        sent_back = len(change.back.parameters()) if change.back else 0
        assert sent_back - isinstance(change.back, SetFtpAction) + len(change.lost) == len(change.rows)


# ---- several options at once


def readings(**changes: dict[str, str]) -> Readings:
    """Return what a camera says of all its uploads."""
    return {
        Group.ACTION: ACTIONS | changes.get("actions", {}),
        Group.COUNT: {"snapcount": "5"},
        Group.SCHEDULE: SCHEDULE | changes.get("schedule", {}),
    }


def sent(changes: tuple[Change, ...]) -> list[tuple[str, dict[str, str]]]:
    return [(change.command.cmd, dict(change.command.parameters())) for change in changes]


def test_only_listed_kinds_are_switched_on_and_the_others_left() -> None:
    options = UploadOptions(upload=parse_kinds("snap,rec"), interval_s=30)
    assert sent(plan_uploads(readings(), options)) == [
        ("setftpaction", {"type": "rec", "enable": "1", "interval": "30"}),
        ("setftpaction", {"type": "snap", "interval": "30"}),
    ]


def test_a_schedule_is_switched_on_as_well() -> None:
    options = UploadOptions(schedule=parse_words("10:00 Mon-Fri"), snapshots=3)
    assert sent(plan_uploads(readings(), options)) == [
        ("setftpactionattr", {"snapcount": "3"}),
        ("setsnapschedftpattr", {"enable": "1", "times": "36000-31"}),
    ]


def test_options_that_are_so_leave_nothing_to_do() -> None:
    options = UploadOptions(
        upload=frozenset({ActionType.SNAP}), interval_s=15, snapshots=5, schedule=parse_words("00:00 Mon")
    )
    assert plan_uploads(readings(schedule={"enable": "1"}), options) == ()
    assert plan_uploads({}, UploadOptions()) == ()
    assert (UploadOptions().any, options.any) == (False, True)


def test_what_was_not_read_is_not_guessed() -> None:
    with pytest.raises(KeyError, match="ftpactionattr"):
        plan_uploads({}, UploadOptions(snapshots=3))


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({"upload": frozenset({REC}), "interval_s": 0}, "1 to 3600 seconds"),
        ({"upload": frozenset({REC}), "interval_s": 3601}, "1 to 3600 seconds"),
        ({"interval_s": 60}, "rec, snap, timersnap"),
        ({"upload": frozenset(), "interval_s": 60}, "rec, snap, timersnap"),
        ({"snapshots": 0}, "1 to 10"),
        ({"snapshots": 11}, "1 to 10"),
    ],
)
def test_impossible_options_cannot_be_made(arguments: dict[str, Any], allowed: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        UploadOptions(**arguments)
    assert allowed in caught.value.hint


@pytest.mark.parametrize("text", ["", "rec,", "rec,foo", "all", "rec snap"])
def test_kinds_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_kinds(text)
    assert "timersnap" in caught.value.hint


# ---- values that could not be told from others when they come back


@pytest.mark.parametrize(
    "requested",
    [
        SetFtpAttr(directory='x"; ft_port="22'),
        SetFtpAttr(directory='x"ft_port="22'),
        SetFtpAttr(username='back\\"slash'),
        SetFtpAttr(password=Secret('hunter2"; ft_ssl="0')),
        SetSnapTimerFtpAttr(name='a";\u00a0"b"=" c="'),
        SetFtpAttr(server="two words"),
        SetSnapSchedFtpAttr(name=""),
        SetSnapTimerFtpAttr(name="  "),
    ],
)
def test_value_that_cannot_be_told_apart_is_refused(requested: Command[Done]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_values(requested)
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert caught.value.message[0].islower()


def test_other_quotes_are_welcome() -> None:
    refused = []
    for value in ('"', 'say "hi"', '""', '"quoted"', "'", "a;b", "a=b", 'a" b', "\\", 'ends in "'):
        try:
            check_values(SetFtpAttr(directory=value, username=value))
        except ConfigurationError:
            refused.append(value)
    assert refused == []
