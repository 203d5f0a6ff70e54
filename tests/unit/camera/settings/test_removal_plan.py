"""What a removal changes on a camera, decided from what was read and what is recorded."""

from dataclasses import replace

import pytest

from receiver_setup.camera.settings.fields import Group, normal_server
from receiver_setup.camera.settings.former import FormerSettings, record_former, setting
from receiver_setup.camera.settings.place import NOWHERE, Here, in_words, is_same_place, is_somewhere
from receiver_setup.camera.settings.plan import Readings
from receiver_setup.camera.settings.removal_plan import (
    RemovalPlan,
    needed_readings,
    plan_departure,
    plan_fields_back,
)
from receiver_setup.camera.settings.target import UploadTarget

TARGET = UploadTarget(server="192.168.2.110", port=22, username="ipcamera", directory="recordings")
NOW = {**TARGET.fields(insecure=False), "ft_mode": "1"}
NAS = {**NOW, "ft_server": "nas.lan", "ft_port": "21", "ft_username": "former", "ft_ssl": "0", "ft_insecure": "1"}
HERE = Here(servers=("attic.lan", "192.168.2.110"), username="ipcamera", port=22)
REC_ON = {setting("ftpaction", "enable['rec']"): "0"}


def record(before: dict[str, str], *, password_replaced: bool = False) -> FormerSettings:
    return record_former(before, NOW, password_replaced=password_replaced)


def actions(**enabled: str) -> Readings:
    fields = {f"enable['{kind}']": value for kind, value in enabled.items()}
    return {Group.ACTION: fields}


def plan(
    former: FormerSettings | None, now: dict[str, str] = NOW, readings: Readings | None = None, here: Here = HERE
) -> RemovalPlan:
    return plan_departure(now, readings or {}, former, here, camera="porch")


@pytest.mark.parametrize(
    "change",
    [{"ft_server": "other"}, {"ft_username": "other"}, {"ft_port": "2222"}, {"ft_server": ""}, {"ft_server": NOWHERE}],
)
def test_a_camera_that_points_elsewhere_is_left_as_it_is(change: dict[str, str]) -> None:
    now = {**NOW, **change}
    for former in (None, replace(record(NAS), values={**record(NAS).values, **REC_ON})):
        found = plan(former, now)
        assert (found.points_here, found.fields, found.uploads, found.diff, found.warnings) == (False, {}, (), "", ())
        assert "left as it is" in found.detail
        assert needed_readings(now, former, HERE) == frozenset()


def test_an_account_somewhere_else_is_not_said_to_be_there_still() -> None:
    found = plan(record({**NAS, "ft_ssl": "2", "ft_username": "ipcamera"}))
    assert found.fields["ft_server"] == "nas.lan"
    assert any("ipcamera@nas.lan:21" in told and "is not known" in told for told in found.warnings), found.warnings


def test_only_what_differs_goes_back() -> None:
    found = plan(record(NAS))
    assert found.fields == {
        name: NAS[name] for name in ("ft_server", "ft_port", "ft_username", "ft_ssl", "ft_insecure")
    }
    assert found.warnings == ()
    assert found.detail == "ipcamera@192.168.2.110:22 → former@nas.lan:21"
    assert found.diff.splitlines()[:4] == [
        "--- porch getftpattr", "+++ porch setftpattr", "-ft_server=192.168.2.110", "+ft_server=nas.lan",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("former", "said"),
    [
        (None, "are not known"),
        (FormerSettings(values=REC_ON), "are not known"),
        (record(NOW), "point at this receiver"),
        (record({**NOW, "ft_port": "2222", "ft_insecure": "1"}), "point at this receiver"),
        (replace(record({**NOW, "ft_port": "2222"}), pointed_at={}), "point at this receiver"),
        (record({**NOW, "ft_server": "ATTIC.lan."}), "point at this receiver"),
        (record({name: value for name, value in NAS.items() if name not in {"ft_server", "ft_username"}}), "not known"),
    ],
)
def test_without_another_place_it_gets_no_server_and_is_verified_as_before(
    former: FormerSettings | None, said: str
) -> None:
    found = plan(former)
    assert found.fields == {"ft_server": ""}
    assert said in found.warnings[0]
    assert found.then == "nowhere"


def test_former_settings_at_this_host_with_a_user_that_stays_are_another_place() -> None:
    found = plan(record({**NOW, "ft_username": "another"}))
    assert found.fields == {"ft_username": "another"}


def test_a_camera_is_known_by_where_the_last_set_up_pointed_it() -> None:
    """The receiver's own addresses need not be what the camera dials."""
    elsewhere = Here(servers=("172.17.0.2",), username="ipcamera")
    assert plan(record(NAS), here=elsewhere).fields["ft_server"] == "nas.lan"
    assert plan(record(NOW), here=elsewhere).fields == {"ft_server": ""}
    assert not plan(None, here=elsewhere).points_here


def test_what_cannot_be_known_to_be_back_is_said() -> None:
    before = {**NAS, "ft_insecure": "0", "ft_ssl": "7"}
    said = plan(record(before, password_replaced=True)).warnings
    assert len(said) == 3
    assert "security cannot be set again: it was 7" in said[0]
    assert "ft_password" in said[1]
    assert "another host key" in said[2]
    empty = {**before, "ft_server": "", "ft_ssl": "0"}
    assert plan(record(empty, password_replaced=True)).warnings == ()


def test_a_field_that_the_camera_no_longer_tells_is_not_sent_and_said() -> None:
    now = {name: value for name, value in NOW.items() if name != "ft_ssl"}
    found = plan(record(NAS), now)
    assert "ft_ssl" not in found.fields
    assert "does not report its security" in found.warnings[0]


def test_only_uploads_that_the_record_tells_of_are_switched_off() -> None:
    former = FormerSettings(values={**record(NAS).values, **REC_ON}, pointed_at=record(NAS).pointed_at)
    found = plan(former, readings=actions(rec="1", snap="1"))
    assert [(change.before, change.after) for change in found.uploads] == [("on", "off")]
    assert found.uploads[0].command.parameters() == (("type", "rec"), ("enable", "0"))
    assert found.diff.endswith("-upload rec: on\n+upload rec: off\n")
    assert found.warnings == ()
    assert plan(former, readings=actions(rec="0", snap="1")).uploads == ()


def test_what_is_still_switched_on_in_a_camera_without_a_server_is_said() -> None:
    found = plan(None, readings=actions(rec="1", snap="0", timersnap="1"))
    assert found.warnings[-1].startswith("porch: rec, timersnap is still switched on")
    assert found.uploads == ()
    off = plan(FormerSettings(values=REC_ON), readings=actions(rec="1", snap="1"))
    assert off.warnings[-1].startswith("porch: snap is still")
    assert len(plan(None, readings=actions(rec="0")).warnings) == 1


def test_uploads_that_the_camera_no_longer_tells_are_left_and_said() -> None:
    found = plan(FormerSettings(values={**record(NAS).values, **REC_ON}))
    assert found.uploads == ()
    assert "does not report its upload rec" in found.warnings[0]


def test_a_former_interval_that_no_camera_takes_is_said_unless_it_is_so() -> None:
    interval = setting("ftpaction", "interval['rec']")
    former = FormerSettings(values=record(NAS).values, unsettable={interval: "0"})
    assert "interval rec cannot be set again: it was 0 s" in plan(former, readings=actions(rec="0")).warnings[0]
    told = {"enable['rec']": "0", "interval['rec']": "0"}
    now = {Group.ACTION: told}
    assert plan(former, readings=now).warnings == ()


def test_only_what_is_needed_is_read() -> None:
    assert needed_readings(NOW, None, HERE) == {Group.ACTION}
    assert needed_readings(NOW, record(NAS), HERE) == frozenset()
    full = {
        **record(NAS).values, setting("ftpactionattr", "snapcount"): "5", setting("snapschedftpattr", "enable"): "0",
    }  # fmt: skip
    assert needed_readings(NOW, FormerSettings(values=full), HERE) == {Group.COUNT, Group.SCHEDULE}


@pytest.mark.parametrize(
    ("one", "other"),
    [("Attic.lan", "attic.LAN."), ("fd00::1", "[FD00:0:0::1]"), ("10.0.0.1", " 10.0.0.1")],
)
def test_a_server_is_the_same_in_every_spelling(one: str, other: str) -> None:
    assert normal_server(one) == normal_server(other)
    assert is_same_place({"ft_server": one, "ft_username": "u"}, {"ft_server": other, "ft_username": "u"})


def test_nowhere_is_no_place() -> None:
    for server in ("", NOWHERE, "None.Invalid."):
        fields = {"ft_server": server, "ft_username": "u"}
        assert not is_somewhere(fields)
        assert not is_same_place(fields, fields)
        assert in_words(fields) == "nowhere"
    assert not is_same_place({}, {})


def test_no_plan_leads_back_here() -> None:
    for before in (NAS, NOW, {}, {"ft_port": "2222"}, {"ft_username": "x"}, {"ft_server": "192.168.2.110"}):
        after = {**NOW, **plan_fields_back(NOW, record(before), HERE)}
        assert not HERE.is_at(after)
