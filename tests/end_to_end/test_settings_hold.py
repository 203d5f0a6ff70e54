"""Cameras that do not have what they took: set-up, verification and removal go by what they show when read again."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from support.bench import FORMER, Bench, Result
from support.terminal import Terminal

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.camera.state import FACTORY_ACTIONS

MakeCamera = Callable[..., EmulatedCamera]
VERIFYING = {**FORMER, "ft_insecure": "0"}


def caught_up(camera: EmulatedCamera) -> dict[str, str]:
    """Return the settings of a camera once all that it took has taken hold."""
    deadline = time.monotonic() + 60
    while camera.state.pending and time.monotonic() < deadline:
        time.sleep(0.05)
        camera.state.catch_up()
    assert not camera.state.pending
    return {name: value for name, value in camera.state.fields.items() if name != "ft_autocreatedir"}


def by_address(result: Result) -> dict[str, dict[str, Any]]:
    return {camera["address"]: camera for camera in result.json["receivers"][0]["cameras"]}


def test_what_a_camera_ignores_is_named_before_any_proof_and_both_sides_are_as_before(
    bench: Bench, make_camera: MakeCamera
) -> None:
    ignoring = {
        name: make_camera(ignored_fields=(name,))
        for name in ("ft_server", "ft_port", "ft_username", "ft_dirname", "ft_ssl", "ft_insecure")
    }
    verifying = make_camera(VERIFYING, ignored_fields=("ft_insecure",))
    before = bench.state()
    result = bench.setup(*ignoring.values(), verifying)
    assert result.code == 3, result.err
    told = by_address(result)
    for name, camera in ignoring.items():
        error = told[camera.url]["error"]
        assert (error["kind"], error["rolled_back"]) == ("camera-not-taken", True)
        assert f"accepted `{name}` with 200 but still has {FORMER[name]}" in error["message"]
        assert caught_up(camera) == FORMER
        # But for the one that is found out last, none was even tested.
        assert ("testftp" in [request.command for request in camera.requests]) is (name == "ft_insecure")
    assert "accepted `ft_insecure` with 200 but still has 0" in told[verifying.url]["error"]["message"]
    assert caught_up(verifying) == VERIFYING
    assert "verification on" not in result.out + result.err
    assert bench.state() == before


@pytest.mark.rest
def test_an_ignored_password_never_opens_an_account_for_good(bench: Bench, make_camera: MakeCamera) -> None:
    """It cannot be read back, so that the test tells; an ignored user is named before the password is sent."""
    before = bench.state()
    camera = make_camera(key="none", auth_order="password", ignored_fields=("ft_password",))
    result = bench.setup(camera)
    assert (result.code, caught_up(camera)) == (5, FORMER), result.err
    camera = make_camera(key="none", auth_order="password", ignored_fields=("ft_username",))
    result = bench.setup(camera)
    assert result.code == 3, result.err
    assert "accepted `ft_username` with 200 but still has former" in result.json["error"]["message"]
    assert caught_up(camera) == FORMER, "its own password is not even touched"
    assert "everything that had been changed was put back" in result.err
    assert bench.state() == before
    late = make_camera(key="none", auth_order="password", late_s=1.0)
    assert bench.setup(late).code == 0


@pytest.mark.rest
def test_late_cameras_are_waited_for_and_go_back_for_good(bench: Bench, make_camera: MakeCamera) -> None:
    cameras = [make_camera(late_s=seconds) for seconds in (1.0, 3.0, 8.0)]
    failing = make_camera(late_s=2.0, field_limit=9)
    result = bench.setup(*cameras, failing)
    told = by_address(result)
    assert [told[camera.url]["error"] for camera in cameras] == [None] * 3, result.err
    assert all(told[camera.url]["host_key"]["verified"] for camera in cameras)
    assert "reading again for up to 12 s" in result.err
    assert told[failing.url]["error"]["rolled_back"] is True
    assert caught_up(failing) == FORMER
    again = bench.setup(*cameras)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    gone = bench.remove(*cameras)
    assert gone.code == 0, gone.err
    assert [caught_up(camera) for camera in cameras] == [FORMER] * 3
    assert bench.inside("getent passwd ipcamera || true") == ""


@pytest.mark.rest
def test_a_late_camera_whose_set_up_fails_never_points_at_an_account_that_is_gone(
    bench: Bench, make_camera: MakeCamera
) -> None:
    """Its patience is shorter than the camera's way: what it took takes hold after all has been put back."""
    before = bench.state()
    slow, refused = make_camera(late_s=16.0), make_camera(late_s=1.0, test_claims="-3")
    result = bench.setup(slow, refused)
    assert result.code == 5, result.err
    told = by_address(result)
    assert "accepted `ft_server`" in told[slow.url]["error"]["message"]
    assert [caught_up(camera) for camera in (slow, refused)] == [FORMER] * 2
    assert bench.state() == before


@pytest.mark.rest
def test_a_stray_401_stops_nothing_and_keeps_nothing_from_going_back(bench: Bench, make_camera: MakeCamera) -> None:
    cameras = [make_camera(stray_401_at=at) for at in range(2, 10)]
    failing = [make_camera(stray_401_at=at, stray_401_times=2, test_claims="-3") for at in range(3, 9)]
    result = bench.setup(*cameras, *failing)
    told = by_address(result)
    assert [told[camera.url]["error"] for camera in cameras] == [None] * len(cameras), result.err
    assert result.code == 5, result.err
    assert {told[camera.url]["error"]["rolled_back"] for camera in failing} == {True}
    assert [caught_up(camera) for camera in failing] == [FORMER] * len(failing)
    assert sum(camera.wrong_password_attempts for camera in (*cameras, *failing)) == 0
    assert bench.remove(*cameras).code == 0
    assert [caught_up(camera) for camera in cameras] == [FORMER] * len(cameras)
    assert bench.inside("getent passwd ipcamera || true") == ""


ECHOES = (("capitals",), ("zeros",), ("blanks",), ("entities",), ("zeros", "blanks", "entities"))


def test_what_is_spelled_otherwise_is_set_up_verified_and_removed(bench: Bench, make_camera: MakeCamera) -> None:
    former = {**FORMER, "ft_username": "former&co"}
    cameras = {echo: make_camera(former, echo=echo) for echo in ECHOES}
    options = ("--upload", "rec", "--interval", "60", "--snapshots", "7", "--schedule", "10:00 Mon-Fri")
    result = bench.setup(*cameras.values(), options=options)
    assert result.code == 0, result.err
    sent = {echo: len(camera.set_commands) for echo, camera in cameras.items()}
    verified = bench.verify(*cameras.values())
    assert verified.code == 0, verified.out
    again = bench.setup(*cameras.values(), options=options)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert {echo: len(camera.set_commands) for echo, camera in cameras.items()} == sent
    gone = bench.remove(*cameras.values())
    assert gone.code == 0, gone.err
    for echo, camera in cameras.items():
        fields = caught_up(camera)
        if "capitals" in echo:
            # It was read in capitals alone.
            fields = {name: value.lower() for name, value in fields.items()}
        assert fields == former
        assert camera.state.attributes["snapschedftpattr"]["times"] == "0-1"
        assert camera.state.attributes["ftpactionattr"]["snapcount"] == "5"
        assert camera.state.actions["rec"]["enable"] == FACTORY_ACTIONS["rec"]["enable"]


def test_a_password_that_cannot_be_put_back_is_said_before_and_after(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(key="none", auth_order="password", test_claims="-3")
    check = bench.setup(camera, options=("--check", "--diff"))
    assert check.code == 7
    assert [warning for warning in check.camera["warnings"] if "own ft_password, which cannot be read" in warning]
    assert "+ft_password=" in check.json["receivers"][0]["diff"]
    for options in ((), ("--auth", "password")):
        result = bench.setup(camera, options=options)
        assert result.code == 5, result.err
        assert "everything that had been changed was put back" not in result.err
        assert re.search(
            r"put back, but not all of it: .*ft_password could not be read and is not restored", result.err
        )
        assert "own ft_password, which cannot be read" in result.err
        assert [warning for warning in result.camera["warnings"] if "ft_password" in warning]
    done = bench.setup(make_camera(key="none", auth_order="password"))
    assert done.code == 0, done.err
    assert [warning for warning in done.camera["warnings"] if "remove cannot restore it" in warning]
    told = make_camera(key="none", auth_order="password", test_claims="-3", password_returned=True)
    result = bench.setup(told, options=("--directory", "other", "--user", "other", "--home", "/home/other"))
    assert "everything that had been changed was put back" in result.err
    assert caught_up(told) == FORMER


def test_a_person_is_asked_before_a_password_that_cannot_be_read_is_lost(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(key="none", auth_order="password")
    before = bench.state()
    options = [option for option in bench.arguments(camera)[1:] if option != "--json"]
    terminal = Terminal(bench, *options)
    assert "own ft_password, which cannot be read" in terminal.answer("Go on? [y/N]: ", "n")
    assert terminal.end() == 3, terminal.screen
    assert "--auth password agrees to replace it" in terminal.screen
    assert camera.state.fields == {**camera.state.fields, **FORMER}
    assert (camera.set_commands, bench.state()) == ([], before)
    for more, answers in (((), ("y",)), (("--auth", "password"), ()), (("--yes",), ())):
        terminal = Terminal(bench, *options, *more)
        for answer in answers:
            terminal.answer("Go on? [y/N]: ", answer)
        assert terminal.end() == 0, terminal.screen
        assert bool(answers) or "Go on?" not in terminal.screen
