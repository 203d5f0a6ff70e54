"""Cameras behind HTTPS, and those that want another login than Basic."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.bench import Bench

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]


def test_a_pinned_certificate_is_accepted_whatever_name_it_bears(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(https=True)
    pinned = ("--camera-fingerprint", str(camera.certificate_fingerprint))
    assert bench.setup(camera, options=pinned).code == 0
    assert bench.setup(camera, options=pinned).json["changed"] is False


def test_an_unknown_certificate_is_refused_with_its_fingerprint(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(https=True)
    before = bench.state()
    for options in ((), ("--camera-fingerprint", "ab" * 32)):
        result = bench.setup(camera, options=options)
        assert (result.code, result.json["error"]["kind"]) == (3, "camera-certificate"), result.err
        seen = str(camera.certificate_fingerprint)
        assert seen in result.json["error"]["message"].replace(":", "").lower()
    assert camera.requests == []
    assert bench.state() == before


def test_an_authority_of_ones_own_and_an_explicit_insecure_work(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    camera = make_camera(https=True, https_name="address")
    authority = tmp_path / "ca.pem"
    authority.write_bytes(camera.certificate_pem or b"")
    assert bench.setup(camera, options=("--camera-ca-file", str(authority))).code == 0
    insecure = bench.setup(camera, options=("--camera-insecure",))
    assert (insecure.code, insecure.json["changed"]) == (0, False)
    assert "certificate is not checked" in insecure.err


@pytest.mark.parametrize("methods", [("token",), ("query", "token")])
def test_a_token_is_asked_for_where_the_camera_offers_nothing_else(
    bench: Bench, make_camera: MakeCamera, methods: tuple[str, ...]
) -> None:
    camera = make_camera(login_methods=methods)
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert camera.wrong_password_attempts == 0
    assert bench.setup(camera).json["changed"] is False


def test_a_refusal_that_tells_nothing_names_the_choice_and_risks_no_second_try(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera(login_methods=("query",))
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-login")
    assert "--camera-login" in result.json["error"]["hint"]
    assert len(camera.requests) == 1
    assert bench.setup(camera, options=("--camera-login", "query")).code == 0


@pytest.mark.parametrize("login", ["basic", "query", "token"])
def test_a_login_may_be_chosen(bench: Bench, make_camera: MakeCamera, login: str) -> None:
    camera = make_camera(login_methods=(login,) if login != "token" else ("query", "token"), challenge=False)
    assert bench.setup(camera, options=("--camera-login", login)).code == 0
