"""Every setting on cameras that ignore it, are late, cut it or spell it otherwise: it holds, or is named."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from support.bench import CAMERA_PASSWORD, FORMER

from receiver_setup.camera import Camera, Patience
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
from receiver_setup.camera.settings.engine import CameraNotTakenError, CameraSettings, settle
from receiver_setup.camera.settings.fields import SETTINGS, Group
from receiver_setup.camera.settings.setting_up import CameraSetup
from receiver_setup.camera.settings.target import UploadTarget
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.errors import CameraError, CameraResponseError, UndoError
from receiver_setup.secrets import Secret

MakeCamera = Callable[..., EmulatedCamera]
HASTY = Patience(tries=2, first_wait_s=0.01, factor=1.0, reboot_s=0.3, reboot_step_s=0.02, hold_s=0.1)
PATIENT = Patience(tries=2, first_wait_s=0.01, factor=1.0, reboot_s=0.3, reboot_step_s=0.02, hold_s=60.0)
TARGET = UploadTarget(server="192.168.2.110", port=22, username="ipcamera", directory="recordings")
BEFORE = {**FORMER, "ft_autocreatedir": "0"}
LONG = "x" * 40


@dataclass(frozen=True, kw_only=True)
class Case:
    """A setting, a command that sets only it, and the field as the camera stores it."""

    field: str
    requested: Command[Done]
    code: str


CASES = (
    Case(field="ft_server", requested=SetFtpAttr(server="Attic.example"), code="Attic.example"),
    Case(field="ft_port", requested=SetFtpAttr(port=2222), code="2222"),
    Case(field="ft_username", requested=SetFtpAttr(username="porch&co"), code="porch&co"),
    Case(field="ft_mode", requested=SetFtpAttr(mode=0), code="0"),
    Case(field="ft_dirname", requested=SetFtpAttr(directory="a/b&c"), code="a/b&c"),
    Case(field="ft_autocreatedir", requested=SetFtpAttr(auto_create=True), code="1"),
    Case(field="ft_dirmode", requested=SetFtpAttr(day_folders=False), code="0"),
    Case(field="ft_ssl", requested=SetFtpAttr(security=Security.SFTP, port=21), code="2"),
    Case(field="ft_insecure", requested=SetFtpAttr(insecure=False), code="0"),
    *(Case(field="enable", requested=SetFtpAction(kind=kind, enable=True), code="1") for kind in ActionType),
    *(Case(field="interval", requested=SetFtpAction(kind=kind, interval_s=60), code="60") for kind in ActionType),
    Case(field="snapcount", requested=SetFtpActionAttr(count=9), code="9"),
    Case(field="enable", requested=SetSnapSchedFtpAttr(enable=True), code="1"),
    Case(field="times", requested=SetSnapSchedFtpAttr(schedule=parse_words("10:00 Mon-Fri")), code="36000-31"),
    Case(field="mode", requested=SetSnapSchedFtpAttr(fixed_name=True), code="1"),
    Case(field="prefix", requested=SetSnapSchedFtpAttr(prefix=True), code="1"),
    Case(field="name", requested=SetSnapSchedFtpAttr(name="porch&co"), code="porch&co"),
    Case(field="mode", requested=SetSnapTimerFtpAttr(fixed_name=False), code="0"),
    Case(field="prefix", requested=SetSnapTimerFtpAttr(prefix=False), code="0"),
    Case(field="name", requested=SetSnapTimerFtpAttr(name="porch&co"), code="porch&co"),
)


def name_of(case: Case) -> str:
    return f"{case.requested.cmd} {' '.join(name for name, _ in case.requested.parameters())}"


each_setting = pytest.mark.parametrize("case", CASES, ids=name_of)


@pytest.fixture
def make_camera() -> Iterator[MakeCamera]:
    """Return a function that starts emulated cameras on loopback."""
    started: list[EmulatedCamera] = []

    def make(**profile: Any) -> EmulatedCamera:
        kind = Profile(**{"autocreatedir_in_get": True, **profile})
        camera = EmulatedCamera(kind, password=CAMERA_PASSWORD, settings=BEFORE).__enter__()
        camera.state.actions["rec"]["interval"] = "30"
        started.append(camera)
        return camera

    yield make
    for camera in started:
        camera.close()


def client(camera: EmulatedCamera, patience: Patience = HASTY) -> Camera:
    return Camera(camera.url, CAMERA_PASSWORD, patience=patience, timeout_s=20)


def memory(camera: EmulatedCamera) -> dict[str, Any]:
    """Return everything that the menu can change on a camera, once it has caught up."""
    state = camera.state
    deadline = time.monotonic() + 60
    while state.pending and time.monotonic() < deadline:
        time.sleep(0.01)
        state.catch_up()
    assert not state.pending
    found: dict[str, Any] = json.loads(json.dumps([state.fields, state.actions, state.attributes]))
    return found


def point_and_verify(setup: CameraSetup) -> None:
    """Do the camera's half of a set-up but for the host key."""
    setup.point(TARGET)
    setup.verify(TARGET)


def held(camera: EmulatedCamera, case: Case) -> str:
    """Return what the camera's memory has of a case's setting."""
    part = case.requested.cmd.removeprefix("set")
    if isinstance(case.requested, SetFtpAction):
        return camera.state.actions[case.requested.kind.value][case.field]
    return (camera.state.fields if part == "ftpattr" else camera.state.attributes[part])[case.field]


def test_the_table_has_every_setting_but_the_password() -> None:
    requested = {(case.requested.cmd.removeprefix("set"), case.field) for case in CASES}
    assert requested == {(each.group.value, each.field) for each in SETTINGS} - {("ftpattr", "ft_password")}


@pytest.mark.parametrize("echo", ["capitals", "blanks", "zeros", "entities"])
def test_what_was_sent_stays_as_it_was_sent_where_a_firmware_wants_it_again(make_camera: MakeCamera, echo: str) -> None:
    camera = make_camera(requires_all_fields=True, echo=(echo,))
    target = UploadTarget(server="attic", port=2222, username="porch", directory="in & out")
    with client(camera) as connected:
        setup = CameraSetup(connected, lambda _: None)
        setup.read(Group.FTP)
        setup.point(target)
        setup.verify(target)
    kept = {"ft_server": "attic", "ft_port": "2222", "ft_username": "porch", "ft_dirname": "in & out"}
    assert {name: camera.state.fields[name] for name in kept} == kept
    camera.state.fields["ft_insecure"] = "1"
    with client(camera) as connected:
        another = CameraSetup(connected, lambda _: None)
        another.read(Group.FTP)
        another.verify(target)
    assert {name: camera.state.fields[name] for name in kept} == kept, "in another run as well"


@each_setting
def test_what_is_taken_with_200_and_ignored_is_named_and_all_is_as_before(make_camera: MakeCamera, case: Case) -> None:
    camera = make_camera(ignored_fields=(case.field,))
    before = memory(camera)
    for whole in (False, True):
        camera.profile = Profile(
            ignored_fields=(case.field,), requires_all_fields=whole, unchanged_is_219=whole, autocreatedir_in_get=True
        )
        with client(camera) as connection, pytest.raises(CameraNotTakenError) as caught:
            settle(connection, case.requested)
        message = caught.value.message
        assert f"`{case.field}" in message
        assert f"with {219 if whole else 200} but still has {held(camera, case)}" in message
        assert (caught.value.exit_code, caught.value.rolled_back, caught.value.lost) == (3, True, ())
        assert memory(camera) == before


@pytest.mark.rest
@each_setting
def test_what_is_late_is_waited_for_and_goes_back_for_good(
    make_camera: MakeCamera, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    camera = make_camera(late_s=0.3)
    before = memory(camera)
    with client(camera, PATIENT) as connection:
        settings = CameraSettings(connection)
        change = settings.plan(case.requested)
        assert change is not None
        assert settings.make(change)
        assert held(camera, case) == case.code
        assert "reading again for up to 60 s" in caplog.text
        # Put back at once, and again where patience ends before the camera has caught up.
        assert settings.put_back() == []
        assert memory(camera) == before
    # Ten times as late as patience lasts, so that a busy machine does not see it in time either.
    camera.profile = replace(camera.profile, late_s=1)
    with client(camera) as connection, pytest.raises((CameraNotTakenError, UndoError)):
        settle(connection, case.requested)
    assert memory(camera) == before


@pytest.mark.parametrize(
    "echo", [("capitals",), ("zeros",), ("blanks",), ("entities",), ("zeros", "blanks", "entities")]
)
def test_what_is_spelled_otherwise_is_the_same_and_goes_back(make_camera: MakeCamera, echo: tuple[str, ...]) -> None:
    def known(found: dict[str, Any]) -> str:
        """Return a memory as far as it can be known: what is shown in capitals alone may be anything of that."""
        return json.dumps(found).lower() if "capitals" in echo else json.dumps(found)

    camera = make_camera(echo=echo)
    before = memory(camera)
    for case in CASES:
        with client(camera) as connection:
            settings = CameraSettings(connection)
            change = settings.plan(case.requested)
            assert change is not None
            assert settings.make(change)
            assert known({"code": held(camera, case)}) == known({"code": case.code})
            if "capitals" not in echo or case.code.lower() == case.code.upper():
                assert settings.plan(case.requested) is None
            assert settings.put_back() == []
        assert known(memory(camera)) == known(before)


@pytest.mark.parametrize(
    "requested",
    [SetFtpAttr(directory=LONG), SetFtpAttr(username=LONG), SetFtpAttr(server=LONG), SetSnapSchedFtpAttr(name=LONG),
     SetSnapTimerFtpAttr(name=LONG)],
)  # fmt: skip
@pytest.mark.parametrize("way", ["cut", "refuse"])
def test_what_is_too_long_is_refused_by_name_and_all_is_as_before(
    make_camera: MakeCamera, requested: Command[Done], way: str
) -> None:
    camera = make_camera(field_limit=20, field_too_long=way)
    before = memory(camera)
    with client(camera, PATIENT) as connection, pytest.raises(CameraError) as caught:
        settle(connection, requested)
    if way == "cut":
        # It is not waited for: it is neither the former nor the new value.
        assert f"has {LONG[:20]!r} instead of {LONG!r}" in caught.value.message
    assert isinstance(caught.value, CameraNotTakenError if way == "cut" else CameraResponseError)
    assert memory(camera) == before


def test_a_prompt_camera_costs_one_look_and_no_waiting(make_camera: MakeCamera) -> None:
    waited: list[float] = []
    camera = make_camera()
    with Camera(camera.url, CAMERA_PASSWORD, sleep=waited.append) as connection:
        for case in CASES:
            settle(connection, case.requested)
    assert waited == []
    assert len(camera.requests) == 3 * len(CASES)


# ---- the way back


def test_another_password_is_named_as_lost_unless_the_camera_tells_its_own(make_camera: MakeCamera) -> None:
    for told in (False, True):
        camera = make_camera(password_returned=told, ignored_fields=("ft_port",))
        before = memory(camera)
        with client(camera) as connection, pytest.raises(CameraNotTakenError) as caught:
            settle(connection, SetFtpAttr(port=2222, password=Secret("made-up-here")))
        assert (caught.value.rolled_back, len(caught.value.lost)) == (told, not told)
        assert all("ft_password could not be read and is not restored" in lost for lost in caught.value.lost)
        assert (memory(camera) == before) is told
        assert "made-up-here" not in caught.value.message


def test_a_setting_that_cannot_be_put_back_ends_with_6_and_says_what_was_sent(make_camera: MakeCamera) -> None:
    camera = make_camera()

    def deny(command: str) -> None:
        if command == "setftpattr":
            camera.profile = Profile(denied_commands=("getftpattr",))

    camera.on_command = deny
    with client(camera) as connection, pytest.raises(UndoError) as caught:
        settle(connection, SetFtpAttr(port=2222))
    assert (caught.value.exit_code, caught.value.rolled_back) == (6, False)
    assert "the new port had been sent to it before" in caught.value.message
    assert "ft_port=21" in caught.value.hint


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.rest)])
@pytest.mark.parametrize("at", [3, 6, *(pytest.param(at, marks=pytest.mark.rest) for at in (2, 4, 5, 7, 8))])
def test_a_stray_401_keeps_nothing_from_going_back(make_camera: MakeCamera, at: int, times: int) -> None:
    camera = make_camera(ignored_fields=("ft_insecure",), stray_401_at=at, stray_401_times=times)
    before = memory(camera)
    with client(camera) as connection:
        setup = CameraSetup(connection, lambda _: None)
        setup.read_attributes()
        with pytest.raises(CameraError):
            point_and_verify(setup)
        setup.put_back()
    assert memory(camera) == before
    assert camera.wrong_password_attempts == 0


@pytest.mark.rest
@pytest.mark.parametrize("busy_from", range(2, 8))
def test_a_camera_that_is_busy_is_put_back_all_the_same(make_camera: MakeCamera, busy_from: int) -> None:
    camera = make_camera(ignored_fields=("ft_insecure",), busy_from=busy_from, busy_times=3)
    before = memory(camera)
    with client(camera) as connection:
        setup = CameraSetup(connection, lambda _: None)
        setup.read_attributes()
        with pytest.raises(CameraError):
            point_and_verify(setup)
        setup.put_back()
    assert memory(camera) == before


@pytest.mark.rest
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", ["setftpattr:2", "setftpattr:3", "getftpattr:3", "getftpattr:4"])
def test_a_restart_on_the_way_back_is_waited_for(make_camera: MakeCamera, command: str, moment: str) -> None:
    camera = make_camera(ignored_fields=("ft_insecure",), reboot_at=command, reboot_moment=moment, reboot_s=0.1)
    before = memory(camera)
    with client(camera, Patience(hold_s=0.1)) as connection:
        setup = CameraSetup(connection, lambda _: None)
        setup.read_attributes()
        with pytest.raises(CameraError):
            point_and_verify(setup)
        setup.put_back()
    assert memory(camera) == before


def test_a_reply_that_names_another_command_is_not_checked(make_camera: MakeCamera) -> None:
    camera = make_camera(reply_cmd="setvideoattr")
    with client(camera) as connection:
        for case in CASES:
            assert settle(connection, case.requested) is not None
            assert held(camera, case) == case.code
