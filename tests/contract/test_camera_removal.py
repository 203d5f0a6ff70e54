"""A removal against the emulated camera on loopback: former settings back, no server left, and back again."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.bench import CAMERA_PASSWORD, FORMER

from receiver_setup.camera import Camera, Patience
from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.camera_removal import CameraRemoval
from receiver_setup.camera.settings.engine import CameraNotTakenError
from receiver_setup.camera.settings.former import FormerSettings, merge_former, parse_former, render_former
from receiver_setup.camera.settings.place import NOWHERE, Here
from receiver_setup.camera.settings.setting_up import CameraSetup
from receiver_setup.camera.settings.target import UploadTarget
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.camera.state import FACTORY_FIELDS
from receiver_setup.errors import CameraError, CameraResponseError, CameraUnreachableError, UndoError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import StepReport
from receiver_setup.secrets import Secret

HOST_KEY = PublicKey.from_base64("AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle")
TARGET = UploadTarget(server="192.168.2.110", port=22, username="ipcamera", directory="recordings")
HERE = Here(servers=("192.168.2.110",), username="ipcamera", port=22)
WISHES = UploadOptions(
    upload=frozenset({ActionType.REC}), interval_s=60, snapshots=7, schedule=parse_words("10:00 Mon-Fri")
)
HASTY = Patience(tries=2, first_wait_s=0.01, factor=1.0, reboot_s=0.3, reboot_step_s=0.02, hold_s=0.05)
FORMER_NOWHERE = dict(FACTORY_FIELDS)

MakeCamera = Callable[..., EmulatedCamera]
Memory = list[dict[str, Any]]


@pytest.fixture
def make_camera() -> Iterator[MakeCamera]:
    """Return a function that starts emulated cameras on loopback, with a factory interval that can be set again."""
    started: list[EmulatedCamera] = []

    def make(settings: dict[str, str] = FORMER, **profile: Any) -> EmulatedCamera:
        camera = EmulatedCamera(Profile(**profile), password=CAMERA_PASSWORD, settings=settings).__enter__()
        camera.state.actions["rec"]["interval"] = "30"
        started.append(camera)
        return camera

    yield make
    for camera in started:
        camera.close()


def client(camera: EmulatedCamera) -> Camera:
    return Camera(camera.url, CAMERA_PASSWORD, patience=HASTY, timeout_s=5)


def memory(camera: EmulatedCamera) -> Memory:
    """Return everything that a set-up or a removal may change, but for what the camera trusts."""
    state = camera.state
    found: Memory = json.loads(json.dumps([state.fields, state.actions, state.attributes]))
    return found


def set_up(
    camera: EmulatedCamera, target: UploadTarget = TARGET, wishes: UploadOptions = WISHES, *, trust: bool = True
) -> FormerSettings:
    """Do the camera's half of a set-up and return its record, as it comes back from a receiver."""
    with client(camera) as connection:
        settings = CameraSetup(connection, print)
        settings.read_attributes()
        settings.point(target)
        if trust:
            settings.trust(HOST_KEY)
        settings.verify(target)
        settings.make_each(settings.plan_uploads(wishes), step="switch uploads on")
        text = render_former(settings.former())
    assert FORMER["ft_password"] not in text
    return parse_former(text)


def remove(
    camera: EmulatedCamera, former: FormerSettings | None, here: Here = HERE
) -> tuple[list[StepReport], list[str]]:
    """Do the camera's half of a removal; return its steps and warnings."""
    steps: list[StepReport] = []
    with client(camera) as connection:
        removal = CameraRemoval(connection, steps.append)
        removal.read_attributes()
        warnings = removal.leave(former, here)
    return steps, [warning.removeprefix(f"{camera.url}: ") for warning in warnings]


def sent(camera: EmulatedCamera, since: int) -> list[str]:
    return [request.command for request in camera.requests[since:] if request.is_set]


FIRMWARES: dict[str, dict[str, Any]] = {
    "default": {},
    "wants all fields": {"requires_all_fields": True},
    "219": {"unchanged_is_219": True},
    "strict": {"requires_all_fields": True, "unchanged_is_219": True, "field_limit": 64, "lockout_tries": 3},
    "token": {"login_methods": ("token",), "token_s": 1},
    "tells more": {"crlf": True, "busy_times": 1, "autocreatedir_in_get": True, "password_returned": True},
}
each_firmware = pytest.mark.parametrize("profile", FIRMWARES.values(), ids=FIRMWARES.keys())
NOT_EMPTY = {"never_empty": ("ft_server", "ft_username", "ft_dirname")}
AVERSIONS: dict[str, dict[str, Any]] = {
    "202": {**NOT_EMPTY, "empty_answer": "202"},
    "208": {**NOT_EMPTY, "empty_answer": "208"},
    "ignore": {**NOT_EMPTY, "empty_answer": "ignore"},
    "208 and all fields": {**NOT_EMPTY, "empty_answer": "208", "requires_all_fields": True},
    "ignore and 219": {**NOT_EMPTY, "empty_answer": "ignore", "unchanged_is_219": True},
}
each_aversion = pytest.mark.parametrize("profile", AVERSIONS.values(), ids=AVERSIONS.keys())


# ---- check, apply, check, apply


@each_firmware
def test_known_former_settings_go_back_in_as_few_commands_as_there_are_parts(
    make_camera: MakeCamera, profile: dict[str, Any]
) -> None:
    camera = make_camera(**profile)
    before = memory(camera)
    former = set_up(camera)
    after_set_up, count = memory(camera), len(camera.requests)

    with client(camera) as connection:
        removal = CameraRemoval(connection, print)
        removal.read_attributes()
        assert HERE.is_at(removal.now())
        plan = removal.plan_leaving(former, HERE)
    assert (plan.points_here, plan.detail) == (True, "ipcamera@192.168.2.110:22 → former@192.168.178.1:21")
    assert "-ft_server=192.168.2.110\n+ft_server=192.168.178.1\n" in plan.diff
    assert "-upload rec, interval rec: on, 60 s between uploads\n" in plan.diff
    assert not removal.changed
    assert memory(camera) == after_set_up
    assert sent(camera, count) == []

    steps, warnings = remove(camera, former)
    assert memory(camera) == before
    assert warnings == list(plan.warnings) == []
    assert [step.changed for step in steps] == [True] * 4
    assert steps[-1].name == "point camera away"
    assert "former@192.168.178.1:21" in steps[-1].detail
    commands = ["setftpaction", "setsnapschedftpattr", "setftpactionattr", "setftpattr"]
    tries = 2 if profile.get("requires_all_fields") else 1
    assert sent(camera, count) == [*commands[:3], *commands[3:] * tries]

    count = len(camera.requests)
    for _ in range(2):
        steps, warnings = remove(camera, former)
        assert [step.changed for step in steps] == [False]
        assert steps[0].detail == "points at former@192.168.178.1:21, left as it is"
        assert warnings == []
    assert memory(camera) == before
    assert sent(camera, count) == []
    assert len(camera.requests) <= count + 6


def test_only_what_differs_is_sent(make_camera: MakeCamera) -> None:
    camera = make_camera({**FORMER, "ft_port": "22", "ft_dirname": "./recordings"})
    former, count = set_up(camera), len(camera.requests)
    remove(camera, former)
    parameters = [request.parameters for request in camera.requests[count:] if request.command == "setftpattr"]
    assert parameters == [("ft_insecure", "ft_server", "ft_ssl", "ft_username")]


# ---- away, with nothing to go back to


@each_firmware
def test_without_a_record_the_camera_gets_no_server_and_nothing_else_is_touched(
    make_camera: MakeCamera, profile: dict[str, Any]
) -> None:
    camera = make_camera(**profile)
    set_up(camera)
    before, count = memory(camera), len(camera.requests)
    steps, warnings = remove(camera, None)
    fields = camera.state.fields
    assert fields == {**before[0], "ft_server": ""}
    assert memory(camera)[1:] == before[1:]
    assert (fields["ft_insecure"], fields["ft_ssl"]) == ("0", "2")
    assert set(sent(camera, count)) == {"setftpattr"}
    assert steps[-1].detail == "ipcamera@192.168.2.110:22 → nowhere (ft_server)"
    assert "not known" in warnings[0]
    assert warnings[1].startswith("rec is still switched on")
    count = len(camera.requests)
    assert remove(camera, None)[0][0].detail == "points nowhere, left as it is"
    assert sent(camera, count) == []


@each_aversion
def test_a_camera_that_takes_no_empty_server_gets_one_that_never_resolves(
    make_camera: MakeCamera, profile: dict[str, Any]
) -> None:
    camera = make_camera(**profile)
    set_up(camera)
    before = memory(camera)
    steps, warnings = remove(camera, None)
    assert memory(camera) == [{**before[0], "ft_server": NOWHERE}, *before[1:]]
    assert steps[-1].detail == "ipcamera@192.168.2.110:22 → nowhere (ft_server)"
    assert warnings[-1] == f"it does not accept an empty ft_server, so it has {NOWHERE} now, a name that never resolves"
    count = len(camera.requests)
    assert remove(camera, None)[0][0].changed is False
    assert sent(camera, count) == []


@each_aversion
def test_a_new_camera_s_other_settings_go_back_where_the_empty_ones_do_not(
    make_camera: MakeCamera, profile: dict[str, Any]
) -> None:
    camera = make_camera(FORMER_NOWHERE, **profile)
    before = memory(camera)
    steps, warnings = remove(camera, set_up(camera))
    assert memory(camera) == [{**before[0], "ft_server": NOWHERE, "ft_username": "ipcamera"}, *before[1:]]
    assert warnings == [
        f"it does not accept an empty ft_server, so it has {NOWHERE} now, a name that never resolves",
        "it does not accept an empty ft_username, so it has ipcamera now",
    ]
    assert "ft_username" not in steps[-1].detail
    assert remove(camera, None)[0][0].changed is False


@pytest.mark.parametrize("answer", ["202", "208", "ignore"])
def test_an_empty_field_that_is_taken_goes_back_beside_one_that_is_not(make_camera: MakeCamera, answer: str) -> None:
    camera = make_camera(FORMER_NOWHERE, never_empty=("ft_server",), empty_answer=answer)
    remove(camera, set_up(camera))
    assert (camera.state.fields["ft_server"], camera.state.fields["ft_username"]) == (NOWHERE, "")


def test_a_new_camera_is_new_again(make_camera: MakeCamera) -> None:
    camera = make_camera(FORMER_NOWHERE)
    before = memory(camera)
    _, warnings = remove(camera, set_up(camera))
    assert (memory(camera), warnings) == (before, [])


def test_former_settings_that_point_here_do_not_go_back(make_camera: MakeCamera) -> None:
    camera = make_camera({**FORMER, "ft_server": "192.168.2.110", "ft_username": "ipcamera"})
    former = set_up(camera)
    _, warnings = remove(camera, former)
    assert camera.state.fields["ft_server"] == ""
    assert "point at this receiver as well" in warnings[0]
    assert camera.state.actions["rec"]["enable"] == "0"


def test_a_camera_that_somebody_pointed_elsewhere_is_not_touched(make_camera: MakeCamera) -> None:
    camera = make_camera()
    former = set_up(camera)
    camera.state.fields |= {"ft_server": "10.9.8.7"}
    before, count = memory(camera), len(camera.requests)
    for known in (former, None):
        steps, warnings = remove(camera, known)
        assert [(step.changed, step.detail) for step in steps] == [
            (False, "points at ipcamera@10.9.8.7:22, left as it is")
        ]
        assert warnings == []
    assert memory(camera) == before
    assert sent(camera, count) == []


def test_a_second_set_up_leads_back_to_what_was_before_the_first(make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = memory(camera)
    first = set_up(camera, wishes=UploadOptions(snapshots=7))
    moved = UploadTarget(server="192.168.2.111", port=2222, username="ipcamera", directory="other")
    here = Here(servers=("192.168.2.111",), username="ipcamera", port=2222)
    merged = merge_former(first, set_up(camera, moved), here=here)
    remove(camera, parse_former(render_former(merged)), here)
    assert memory(camera) == before


def test_what_was_replaced_or_trusted_is_told(make_camera: MakeCamera) -> None:
    camera = make_camera({**FORMER, "ft_ssl": "2", "ft_insecure": "0"})
    camera.state.actions["rec"]["interval"] = "0"
    former = set_up(camera, UploadTarget(**{name: getattr(TARGET, name) for name in ("server", "port", "username",
                    "directory")}, password=Secret("made-up-for-here")))  # fmt: skip
    assert "made-up-for-here" not in render_former(former)
    _, warnings = remove(camera, former)
    told = ("ft_password", "host key", "whether that account still exists", "interval rec")
    assert [word in warning for word, warning in zip(told, warnings, strict=True)] == [True] * 4, warnings
    assert (camera.state.fields["ft_ssl"], camera.state.fields["ft_insecure"]) == ("2", "0")


def test_a_set_up_that_was_put_back_has_nothing_to_record(make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = memory(camera)
    with client(camera) as connection:
        settings = CameraSetup(connection, print)
        settings.read_attributes()
        settings.point(TARGET)
        settings.make_each(settings.plan_uploads(WISHES), step="switch uploads on")
        assert settings.former().values
        assert settings.put_back() == []
        assert settings.former().values == {}
    assert memory(camera) == before


@pytest.mark.parametrize("missing", [("getftpaction", "setftpaction"), ("getsnapschedftpattr", "setsnapschedftpattr")])
def test_a_firmware_that_lost_a_part_of_the_menu_still_leaves(make_camera: MakeCamera, missing: tuple[str]) -> None:
    camera = make_camera()
    former = set_up(camera)
    camera.profile = Profile(missing_commands=missing)
    _, warnings = remove(camera, former)
    assert camera.state.fields["ft_server"] == FORMER["ft_server"]
    assert camera.state.attributes["ftpactionattr"]["snapcount"] == "5"
    assert all("left unchanged; the former value was" in warning for warning in warnings)
    assert len(warnings) == 2


# ---- what the camera does not do


def expect_failure(camera: EmulatedCamera, former: FormerSettings | None, error: type[CameraError]) -> CameraError:
    """Leave, see it fail, and see everything put back to what it was before."""
    before = memory(camera)
    with client(camera) as connection:
        removal = CameraRemoval(connection, print)
        removal.read_attributes()
        with pytest.raises(error) as caught:
            removal.leave(former, HERE)
        assert removal.put_back() == []
        assert not removal.changed
        assert removal.put_back() == []
    assert memory(camera) == before
    return caught.value


@pytest.mark.parametrize("field", ["ft_server", "ft_port", "ft_username", "ft_ssl", "ft_insecure"])
@pytest.mark.parametrize("says_219", [False, True])
def test_a_camera_that_says_200_and_does_nothing_is_noticed(
    make_camera: MakeCamera, field: str, says_219: bool
) -> None:
    camera = make_camera()
    former = set_up(camera)
    camera.profile = Profile(ignored_fields=(field,), unchanged_is_219=says_219)
    error = expect_failure(camera, former, CameraNotTakenError)
    assert f"accepted `{field}` with 200 but still has {camera.state.fields[field]}" in error.message
    assert camera.state.fields["ft_server"] == "192.168.2.110"


def test_a_camera_that_takes_neither_an_empty_server_nor_another_is_noticed(make_camera: MakeCamera) -> None:
    camera = make_camera()
    former = set_up(camera)
    camera.profile = Profile(ignored_fields=("ft_server",))
    expect_failure(camera, None, CameraNotTakenError)
    camera.profile = Profile(never_empty=("ft_server",), field_limit=11)
    expect_failure(camera, None, CameraResponseError)
    assert former.attributes["ft_server"] == FORMER["ft_server"]


@pytest.mark.parametrize("answer", ["202", "ignore"])
def test_a_camera_that_points_here_still_is_never_said_to_be_away(make_camera: MakeCamera, answer: str) -> None:
    """It was here without a user before, and takes no empty user again."""
    camera = make_camera({**FORMER, "ft_server": TARGET.server, "ft_username": ""})
    former = set_up(camera)
    camera.profile = Profile(never_empty=("ft_username",), empty_answer=answer)  # type: ignore[arg-type]
    message = expect_failure(camera, former, CameraNotTakenError).message
    assert "accepted `ft_username` with 200 but still has ipcamera" in message


def test_a_value_that_is_cut_is_noticed(make_camera: MakeCamera) -> None:
    camera = make_camera()
    former = set_up(camera)
    camera.profile = Profile(field_limit=11, field_too_long="cut")
    before = memory(camera)
    with client(camera) as connection:
        removal = CameraRemoval(connection, print)
        removal.read_attributes()
        with pytest.raises(CameraNotTakenError):
            removal.leave(former, HERE)
        # Nor does it take the present server's name again, and that is not kept quiet.
        with pytest.raises(UndoError, match="ft_server"):
            removal.put_back()
        assert removal.changed
        camera.profile = Profile()
        assert removal.put_back() == []
    assert memory(camera) == before


def test_a_refusal_that_is_not_about_an_empty_field_is_not_tried_again(make_camera: MakeCamera) -> None:
    camera = make_camera()
    former = set_up(camera)
    for profile, known in ((Profile(denied_commands=("setftpattr",)), None), (Profile(field_limit=11), former)):
        camera.profile = profile
        count = len(camera.requests)
        with client(camera) as connection:
            removal = CameraRemoval(connection, print)
            removal.read_attributes()
            with pytest.raises(CameraResponseError):
                removal.leave(known, HERE)
        assert sent(camera, count).count("setftpattr") == 1
        assert camera.state.fields["ft_server"] == TARGET.server


@pytest.mark.parametrize("command", ["setftpattr", "setftpaction", "setsnapschedftpattr", "setftpactionattr"])
def test_a_command_that_is_forbidden_by_now_stops_it_and_all_is_put_back(make_camera: MakeCamera, command: str) -> None:
    camera = make_camera()
    former, count = set_up(camera), len(camera.requests)
    camera.profile = Profile(denied_commands=(command,))
    assert expect_failure(camera, former, CameraResponseError).kind == "camera-no-permission"
    assert sent(camera, count).count(command) == 1


def test_uploads_that_do_not_switch_off_are_noticed(make_camera: MakeCamera) -> None:
    camera = make_camera()
    former = set_up(camera)
    camera.on_command = lambda _: camera.state.actions["rec"].update(enable="1")
    expect_failure(camera, former, CameraNotTakenError)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", ["setftpattr", "setftpaction", "getftpattr:2"])
def test_a_restart_midway_is_waited_for(make_camera: MakeCamera, command: str, moment: str, known: bool) -> None:
    camera = make_camera()
    before = memory(camera)
    former = set_up(camera)
    camera.state.commands_seen.clear()
    camera.profile = Profile(reboot_at=command, reboot_moment=moment, reboot_s=0.1)  # type: ignore[arg-type]
    remove(camera, former if known else None)
    assert camera.state.fields["ft_server"] == ("" if not known else FORMER["ft_server"])
    assert (memory(camera) == before) is known


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", ["setftpattr", "setftpaction", "setftpactionattr"])
def test_a_camera_that_goes_away_midway_is_put_back_when_it_answers(
    make_camera: MakeCamera, command: str, moment: str
) -> None:
    camera = make_camera()
    former = set_up(camera)
    before = memory(camera)
    camera.state.commands_seen.clear()
    camera.profile = Profile(reboot_at=command, reboot_moment=moment, reboot_s=2)  # type: ignore[arg-type]
    with client(camera) as connection:
        removal = CameraRemoval(connection, print)
        removal.read_attributes()
        with pytest.raises(CameraUnreachableError):
            removal.leave(former, HERE)
        assert removal.changed
        with pytest.raises(UndoError):
            removal.put_back()
        assert removal.changed
        camera.profile = Profile()
        for _ in range(100):
            try:
                connection.ftp_attributes()
                break
            except CameraUnreachableError:
                time.sleep(0.1)
        assert removal.put_back() == []
        assert not removal.changed
    assert memory(camera) == before


def test_a_removal_that_is_done_can_be_taken_back(make_camera: MakeCamera) -> None:
    """As when a later step of the removal fails, on the receiver."""
    for profile in ({}, *AVERSIONS.values()):
        camera = make_camera(FORMER_NOWHERE, **profile)
        former = set_up(camera)
        before = memory(camera)
        with client(camera) as connection:
            removal = CameraRemoval(connection, print)
            removal.read_attributes()
            removal.leave(former, HERE)
            assert removal.changed
            assert memory(camera) != before
            assert removal.put_back() == []
            assert not removal.changed
        assert memory(camera) == before


@pytest.mark.parametrize("denied", ["setftpattr", "setftpactionattr"])
def test_both_parts_are_put_back_though_one_fails(make_camera: MakeCamera, denied: str) -> None:
    camera = make_camera()
    former = set_up(camera)
    fields, actions, attributes = memory(camera)
    with client(camera) as connection:
        removal = CameraRemoval(connection, print)
        removal.read_attributes()
        removal.leave(former, HERE)
        camera.profile = Profile(denied_commands=(denied,))
        with pytest.raises(UndoError) as caught:
            removal.put_back()
        assert caught.value.hint
        assert (memory(camera)[0] == fields) is (denied != "setftpattr")
        assert memory(camera)[1] == actions
        assert (memory(camera)[2] == attributes) is (denied != "setftpactionattr")
        assert removal.changed
        camera.profile = Profile()
        assert removal.put_back() == []
    assert memory(camera) == [fields, actions, attributes]


def test_a_failed_set_up_leaves_a_new_camera_without_a_server(make_camera: MakeCamera) -> None:
    for profile in AVERSIONS.values():
        camera = make_camera(FORMER_NOWHERE, **profile)
        before = memory(camera)
        with client(camera) as connection:
            settings = CameraSetup(connection, print)
            settings.read_attributes()
            settings.point(TARGET)
            lost = settings.put_back()
        assert memory(camera)[0] == {**before[0], "ft_server": NOWHERE, "ft_username": "ipcamera"}
        assert sorted(word for text in lost for word in ("ft_server", "ft_username") if word in text) == [
            "ft_server",
            "ft_username",
        ]


def test_the_password_never_leaves_the_process(make_camera: MakeCamera, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    camera = make_camera(password_returned=True)
    steps, warnings = remove(camera, set_up(camera))
    told = caplog.text + repr(steps) + repr(warnings)
    assert [secret for secret in (FORMER["ft_password"], CAMERA_PASSWORD) if secret in told] == []
