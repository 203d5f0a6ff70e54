"""`setup` finishes the job: what the camera uploads from now on, and the way back where the set-up fails."""

import copy
from collections.abc import Callable

import pytest
from support.bench import FORMER, Bench

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]
WISHES = ("--upload", "rec,timersnap", "--interval", "60", "--snapshots", "7", "--schedule", "10:00 Mon-Fri")


def settings(camera: EmulatedCamera) -> tuple[object, ...]:
    """Return everything on the camera that a set-up could change."""
    fields = {name: value for name, value in camera.state.fields.items() if name in FORMER}
    return fields, copy.deepcopy(camera.state.actions), copy.deepcopy(camera.state.attributes)


def test_wished_uploads_are_switched_on_after_the_proof_and_not_again(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = settings(camera)
    check = bench.setup(camera, options=(*WISHES, "--check", "--diff"))
    assert check.code == 7
    assert "+schedule, schedule time: on, 10:00 Mon-Fri" in check.json["receivers"][0]["diff"]
    assert settings(camera) == before
    assert camera.set_commands == []

    first = bench.setup(camera, options=WISHES)
    assert (first.code, first.json["changed"]) == (0, True), first.err
    assert {"name": "read uploads", "changed": False, "detail": "rec, timersnap"} in first.camera["steps"]
    commands = [request.command for request in camera.requests]
    assert commands.index("setftpaction") > len(commands) - 1 - commands[::-1].index("testftp")

    sent = len(camera.requests)
    again = bench.setup(camera, options=(*WISHES, "--check"))
    assert (again.code, again.json["changed"]) == (0, False)
    second = bench.setup(camera, options=WISHES)
    assert (second.code, second.json["changed"]) == (0, False), second.err
    assert [request.command for request in camera.requests[sent:] if request.is_set] == []


def test_without_a_wish_the_receipt_says_that_nothing_is_uploaded_yet(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    arguments = [argument for argument in bench.arguments(camera) if argument != "--json"]
    result = bench.run(*arguments)
    assert result.code == 0, result.err
    assert f"nothing yet; for videos at an alarm: receiver-setup camera action rec --enable --camera {camera.url}" in (
        result.out
    )
    assert "setftpaction" not in [request.command for request in camera.requests]
    # One more than a run that prints JSON, where nobody reads of it.
    assert len(camera.requests) <= 10


def test_a_firmware_that_does_not_tell_its_uploads_is_no_error_without_a_wish(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera(missing_commands=("getftpaction",))
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert result.camera["steps"][-1] == {"name": "read uploads", "changed": False, "detail": "unknown"}


@pytest.mark.parametrize("denied", ["setftpaction", "setsnapschedftpattr", "setftpactionattr", "getftpaction"])
def test_a_camera_that_refuses_a_wish_is_put_back_wholly(bench: Bench, make_camera: MakeCamera, denied: str) -> None:
    camera = make_camera(denied_commands=(denied,))
    camera.state.actions["rec"]["interval"] = "30"  # the factory's 0 is a value that no set command takes
    state, before = bench.state(), settings(camera)
    result = bench.setup(camera, options=WISHES)
    assert (result.code, result.json["error"]["rolled_back"]) == (3, True), result.out
    assert bench.state() == state
    assert settings(camera) == before


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (("--upload", "rec", "--interval", "0"), "3600"),
        (("--upload", "rec", "--interval", "3601"), "3600"),
        (("--snapshots", "0"), "10"),
        (("--snapshots", "11"), "10"),
        (("--schedule", "24:00 Mon"), "23:59"),
        (("--schedule", "10:00 Foo"), "Mon"),
        (("--upload", "video"), "rec"),
        (("--interval", "60"), "rec"),
    ],
)
def test_values_that_no_camera_takes_are_refused_before_anything_is_sent(
    bench: Bench, make_camera: MakeCamera, options: tuple[str, ...], allowed: str
) -> None:
    camera = make_camera()
    result = bench.setup(camera, options=options)
    error = result.json["error"]
    assert (result.code, error["kind"]) == (2, "configuration")
    assert allowed in error["message"] + error["hint"]
    assert camera.requests == []
