"""The record of a camera's former settings: it comes back as it went, and nothing else is taken for one."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.camera.messages import (
    ActionType,
    SetFtpAction,
    SetFtpActionAttr,
    SetSnapSchedFtpAttr,
)
from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.fields import Group, Setting
from receiver_setup.camera.settings.former import (
    LONGEST_TEXT,
    LONGEST_VALUE,
    RECORDED,
    FormerSettings,
    FormerSettingsError,
    is_settable,
    merge_former,
    parse_former,
    record_former,
    render_former,
    setting,
)
from receiver_setup.camera.settings.place import NOWHERE, Here
from receiver_setup.camera.settings.plan import Readings, plan_uploads
from receiver_setup.camera.settings.target import UploadTarget
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.camera.wire.command import Command, Done

HERE = Here(servers=("192.168.2.110",), username="ipcamera")
TARGET = UploadTarget(server="192.168.2.110", port=22, username="ipcamera", directory="recordings")
NOW = TARGET.fields(insecure=False)
NAS = {
    "ft_server": "192.168.178.1",
    "ft_port": "21",
    "ft_username": "former",
    "ft_dirname": "./old",
    "ft_ssl": "0",
    "ft_insecure": "1",
}
REST = {"ft_mode": "1", "ft_dirmode": "1", "ft_new": "x"}
OPTIONS = UploadOptions(
    upload=frozenset({ActionType.REC, ActionType.SNAP}), interval_s=60, snapshots=7, schedule=parse_words("10:00 Mon")
)


def of(values: dict[str, str]) -> FormerSettings:
    """Return a record of upload settings that a set-up pointed at HERE."""
    return record_former(values, NOW, password_replaced=False)


def ftp(name: str) -> Setting:
    return setting("ftpattr", name)


def readings(actions: dict[str, str], snapcount: str = "5", enable: str = "0", times: str = "0-1") -> Readings:
    return {
        Group.ACTION: actions,
        Group.COUNT: {"snapcount": snapcount},
        Group.SCHEDULE: {"enable": enable, "times": times},
    }


FACTORY_ACTIONS = {"enable['rec']": "0", "interval['rec']": "0", "enable['snap']": "1", "interval['snap']": "15"}


def joined(one: FormerSettings, other: FormerSettings) -> FormerSettings:
    """Put the records of two parts of the menu together."""
    return replace(one, values={**one.values, **other.values}, unsettable={**one.unsettable, **other.unsettable})


def uploads(now: Readings | None = None, options: UploadOptions = OPTIONS) -> FormerSettings:
    return record_former({}, {}, plan_uploads(now or readings(FACTORY_ACTIONS), options))


# ---- what is recorded


def test_the_recorded_upload_settings_are_those_that_a_set_up_sends_and_never_the_password() -> None:
    recorded = {each.field for each in RECORDED if each.group is Group.FTP}
    assert recorded == set(NOW)
    assert "ft_password" not in {each.field for each in RECORDED}
    assert {each.group for each in RECORDED} == set(Group) - {Group.TIMER}


def test_a_record_holds_former_values_and_where_the_camera_points_now() -> None:
    former = record_former({**NAS, **REST, "ft_password": "hidden"}, NOW, password_replaced=True)
    assert former.attributes == NAS
    assert former.pointed_at == {"ft_server": "192.168.2.110", "ft_port": "22", "ft_username": "ipcamera"}
    assert former.password_replaced
    assert "hidden" not in render_former(former)
    assert "hidden" not in repr(former)


def test_only_what_a_set_up_changed_of_the_uploads_is_recorded() -> None:
    found = uploads()
    assert found.upload_commands() == (
        SetFtpActionAttr(count=5),
        SetSnapSchedFtpAttr(enable=False, raw_times="0-1"),
        SetFtpAction(kind=ActionType.REC, enable=False),
        SetFtpAction(kind=ActionType.SNAP, interval_s=15),
    )
    assert found.unsettable == {setting("ftpaction", "interval['rec']"): "0"}
    assert uploads(options=UploadOptions()) == FormerSettings()


def test_what_the_camera_did_not_tell_or_no_camera_takes_is_told_to_people_only() -> None:
    odd = {**NAS, "ft_ssl": "7", "ft_port": "0", "ft_dirname": "a\x1b[2J" + "x" * 2000}
    former = parse_former(render_former(of(odd)))
    assert former.attributes == {name: NAS[name] for name in ("ft_server", "ft_username", "ft_insecure")}
    assert former.unsettable[ftp("ft_ssl")] == "7"
    assert former.unsettable[ftp("ft_port")] == "0"
    assert str(former.unsettable[ftp("ft_dirname")]).startswith("a?[2Jxxx")
    untold = uploads(readings({}))
    assert untold.unsettable[setting("ftpaction", "enable['rec']")] is None
    assert parse_former(render_former(untold)) == untold


def test_a_schedule_in_a_form_of_the_camera_s_own_goes_back_as_it_was_read_and_alone() -> None:
    commands = uploads(readings(FACTORY_ACTIONS, times="0-1,36000-67")).upload_commands()
    assert commands[1:3] == (SetSnapSchedFtpAttr(enable=False), SetSnapSchedFtpAttr(raw_times="0-1,36000-67"))


def test_a_new_camera_s_empty_fields_are_former_values_as_well() -> None:
    former = of({**NAS, "ft_server": "", "ft_username": "", "ft_dirname": ""})
    assert former.attributes == {**NAS, "ft_server": "", "ft_username": "", "ft_dirname": ""}
    assert parse_former(render_former(former)) == former


# ---- as text


CODES = st.one_of(
    st.sampled_from(["0", "1", "2", "", "15", "21", "3600", "3601", "0-1", "36000-67", "x", "65536", NOWHERE]),
    st.text(max_size=30),
)


@st.composite
def records(draw: st.DrawFn) -> FormerSettings:
    """Any record that a set-up may make of whatever a camera returns."""
    before = draw(st.dictionaries(st.sampled_from(sorted({*NAS, *REST})), CODES))
    now = draw(st.dictionaries(st.sampled_from(sorted(NAS)), CODES))
    actions = draw(st.dictionaries(st.sampled_from(sorted(FACTORY_ACTIONS)), CODES))
    told = readings(actions, draw(CODES), draw(CODES), draw(CODES))
    return joined(record_former(before, now, password_replaced=draw(st.booleans())), uploads(told))


@given(records())
def test_any_record_comes_back_as_it_went(former: FormerSettings) -> None:
    text = render_former(former)
    assert parse_former(text) == former
    assert render_former(parse_former(text)) == text
    assert text.isascii()
    assert len(text) < LONGEST_TEXT


@given(records())
def test_whatever_comes_back_can_be_built_as_commands_with_recorded_fields_alone(former: FormerSettings) -> None:
    for command in former.upload_commands():
        assert {name for name, _ in command.parameters()} <= {"type", "enable", "interval", "snapcount", "times"}
    assert former.attributes.keys() <= NAS.keys()


@given(records(), records())
def test_merged_records_can_be_written_too(older: FormerSettings, newer: FormerSettings) -> None:
    merged = merge_former(older, newer, here=HERE)
    assert parse_former(render_former(merged)) == merged
    assert not merged.values.keys() & merged.unsettable.keys()


def test_the_text_is_one_and_the_same_whatever_the_order() -> None:
    backwards = dict(reversed(NAS.items()))
    assert render_former(of(backwards)) == render_former(of(NAS))
    former = joined(of(NAS), uploads())
    shuffled = replace(former, values=dict(reversed([*former.values.items()])))
    assert list(shuffled.values) != list(former.values)
    assert render_former(shuffled) == render_former(former)
    assert json.loads(render_former(of(NAS)))["former"] == {"ftpattr": NAS}


GOOD: dict[str, Any] = json.loads(render_former(joined(of(NAS), uploads())))


def edited(**parts: Any) -> str:
    return json.dumps({**GOOD, **parts})


def with_former(group: str, name: str, value: Any) -> str:
    former = {**GOOD["former"], group: {**GOOD["former"].get(group, {}), name: value}}
    return edited(former=former)


def without(part: str) -> str:
    return json.dumps({name: value for name, value in GOOD.items() if name != part})


SERVERS: tuple[Any, ...] = (
    "a b", "a\nb", "a\0", "\ud800", 'a"; ft_port="1', "x" * (LONGEST_VALUE + 1), 1, None, True, ["a"], {},
)  # fmt: skip
HOSTILE: list[str] = [
    "", "null", "[]", "1", '"x"', "{}", "{", "\x00", "NaN", "[" * (LONGEST_TEXT - 1), "9" * 10_000, '{"version": 1}',
    *(edited(version=version) for version in (0, 2, "1", 1.0, True, None, [1])),
    *(without(part) for part in GOOD),
    edited(more=1), edited(former=[]), edited(former={"ftpattr": []}), edited(former=None),
    edited(former={"reboot": {}, "param": {"x": "y"}}), edited(password_replaced=1), edited(password_replaced=None),
    edited(pointed_at=[]), edited(pointed_at={"ft_server": 1}), edited(pointed_at={"ft_password": "x"}),
    edited(pointed_at={"ft_server": "a\nb"}), edited(pointed_at={"ft_server": "x" * (LONGEST_VALUE + 1)}),
    edited(not_settable={"ftpattr": {"ft_server": "x"}}), edited(not_settable={"ftpaction": {"x": "y"}}),
    edited(not_settable={"ftpaction": {"interval['rec']": "\x1b[2J"}}),
    edited(not_settable={"ftpaction": {"interval['rec']": 0}}),
    render_former(of(NAS)).replace('"ft_port"', '"ft_server"'), "x" * (LONGEST_TEXT + 1), edited() + "x",
    edited() + " " * LONGEST_TEXT,
    *(with_former("ftpattr", name, "1") for name in ("ft_password", "ft_mode", "ft_new", "", "cmd", "user", "pwd")),
    *(with_former("ftpattr", "ft_server", value) for value in SERVERS),
    *(with_former("ftpattr", "ft_port", value) for value in
      ("0", "65536", "-1", "+5", "21 ", "²", "٢١", "", "1e3", "0x15", 21, 21.0, None)),
    *(with_former("ftpattr", "ft_ssl", value) for value in ("3", "", "00", "sftp", 2)),
    *(with_former("ftpattr", "ft_insecure", value) for value in ("2", "", "true", False)),
    *(with_former("ftpaction", "enable['rec']", value) for value in ("2", "", 1, None)),
    *(with_former("ftpaction", "interval['snap']", value) for value in ("0", "3601", "-5", "", "99999", 15)),
    *(with_former("ftpaction", name, "1") for name in ("enable", "enable['dream']", "type", "enable['rec'][0]")),
    *(with_former("ftpactionattr", "snapcount", value) for value in ("0", "11", "", 5)),
    *(with_former("snapschedftpattr", "times", value) for value in
      ("", "x", "0-1&cmd=reboot", "0-1\n", "-", "\u0660-1", "0" * (LONGEST_VALUE + 1), 1)),
    *(with_former("snapschedftpattr", name, "1") for name in ("mode", "prefix", "name")),
    *(with_former(group, "enable", "1") for group in ("snaptimerftpattr", "setftpattr", "getftpattr", "", "reboot")),
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=[repr(text[:70]) for text in HOSTILE])
def test_what_is_not_understood_is_refused_wholly(text: str) -> None:
    with pytest.raises(FormerSettingsError) as caught:
        parse_former(text)
    message = str(caught.value)
    assert message[0].islower()
    assert message[-1] != "."
    assert message.isprintable()
    assert len(message) < 200


def test_the_record_that_the_hostile_ones_are_made_of_is_good() -> None:
    assert parse_former(edited()) == joined(of(NAS), uploads())
    assert parse_former(with_former("ftpattr", "ft_server", "nas.lan")).attributes["ft_server"] == "nas.lan"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_no_json_at_all_ends_in_another_error(value: Any) -> None:
    for text in (json.dumps(value), edited(former=value), edited(pointed_at=value), edited(not_settable=value)):
        try:
            parse_former(text)
        except FormerSettingsError:
            continue


@given(st.sampled_from(RECORDED), st.text(max_size=40))
def test_only_values_that_the_typed_commands_take_are_settable(each: Setting, code: str) -> None:
    if is_settable(each, code):
        former = FormerSettings(values={each: code})
        commands: list[Command[Done]] = list(former.upload_commands())
        sent = dict(former.attributes) | {name: value for command in commands for name, value in command.parameters()}
        assert sent[each.field] in {code, code.lstrip("0") or "0"}


def test_a_record_that_nobody_may_send_cannot_be_made() -> None:
    with pytest.raises(FormerSettingsError, match="password"):
        FormerSettings(values={Setting(group=Group.FTP, field="ft_password", name="password"): ""})
    assert {each.name for each in fields(FormerSettings)} == {
        "values", "unsettable", "pointed_at", "password_replaced",
    }  # fmt: skip


# ---- a second set-up


def test_what_the_older_record_knows_stays_and_what_is_new_is_added() -> None:
    older = joined(of(NAS), uploads(options=UploadOptions(snapshots=7)))
    newer = joined(of({**NOW, "ft_dirname": "other"}), uploads(readings(FACTORY_ACTIONS, snapcount="7")))
    merged = merge_former(older, newer, here=HERE)
    assert merged.attributes == NAS
    assert SetFtpActionAttr(count=5) in merged.upload_commands()
    assert SetFtpAction(kind=ActionType.REC, enable=False) in merged.upload_commands()
    assert merge_former(None, newer, here=HERE) == newer


def test_a_value_that_the_older_record_could_not_set_is_not_replaced_by_one_of_our_own() -> None:
    interval = setting("ftpaction", "interval['rec']")
    newer = uploads(readings({**FACTORY_ACTIONS, "interval['rec']": "60"}), UploadOptions(
        upload=frozenset({ActionType.REC}), interval_s=90
    ))  # fmt: skip
    assert newer.values[interval] == "60"
    merged = merge_former(uploads(), newer, here=HERE)
    assert merged.unsettable[interval] == "0"
    assert interval not in merged.values
    back = merge_former(newer, uploads(), here=HERE)
    assert back.values[interval] == "60"
    assert interval not in back.unsettable


@pytest.mark.parametrize("before", [{**NAS, "ft_server": "10.0.0.9"}, {**NAS, "ft_server": ""},
                                    {**NOW, "ft_username": "another"}])  # fmt: skip
def test_a_camera_that_pointed_elsewhere_by_then_goes_back_there(before: dict[str, str]) -> None:
    older = record_former({**NAS, "ft_ssl": "7"}, NOW, password_replaced=True)
    merged = merge_former(joined(older, uploads()), of(before), here=HERE)
    assert merged.attributes == before
    assert merged.upload_commands() == uploads().upload_commands()
    assert not merged.password_replaced
    assert ftp("ft_ssl") not in merged.unsettable


def test_a_receiver_whose_address_or_port_changed_is_still_this_one() -> None:
    older = of(NAS)
    moved = Here(servers=("192.168.2.111",), username="ipcamera", port=2222)
    newer = record_former(NOW, {**NOW, "ft_server": "192.168.2.111", "ft_port": "2222"}, password_replaced=False)
    merged = merge_former(older, newer, here=moved)
    assert merged.attributes == NAS
    assert merged.pointed_at == {"ft_server": "192.168.2.111", "ft_port": "2222", "ft_username": "ipcamera"}
    here = Here(servers=("192.168.2.110",), username="ipcamera", port=2222)
    assert merge_former(FormerSettings(values=older.values), newer, here=here).attributes == NAS


def test_a_set_up_that_changed_nothing_changes_no_record() -> None:
    older = record_former(NAS, NOW, password_replaced=True)
    nothing = record_former({}, NOW, password_replaced=False)
    assert merge_former(older, nothing, here=HERE) == older
