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


OLD_TLS: dict[str, object] = {"https": True, "tls_version": "1.0", "tls_ciphers": "static-rsa", "https_key": "rsa1024"}
DIALECTS = [
    OLD_TLS | {"content_encoding": "gzip", "chunked": True, "odd_keys": True, "crlf": True},
    {"content_encoding": "raw-deflate", "content_lengths": "none", "realm_quotes": False, "login_methods": ("token",)},
]


@pytest.mark.parametrize("dialect", DIALECTS, ids=["old TLS and gzip", "deflate and token"])
def test_a_camera_of_any_dialect_is_set_up_and_let_go(
    bench: Bench, make_camera: MakeCamera, dialect: dict[str, object]
) -> None:
    camera = make_camera(**dialect)
    former = dict(camera.state.fields)
    pinned = ("--camera-fingerprint", str(camera.certificate_fingerprint)) if "https" in dialect else ()
    first = bench.setup(camera, options=pinned)
    assert first.code == 0, first.err
    assert bench.setup(camera, options=pinned).json["changed"] is False
    assert bench.verify(camera, options=pinned).code == 0
    removed = bench.remove(camera, options=pinned)
    assert removed.code == 0, removed.err
    assert camera.state.fields["ft_server"] == former["ft_server"]


IN_ITS_PLACE: list[tuple[dict[str, object], str, str, str]] = [
    ({"serves": "ssh"}, "http", "camera-reply", "an SSH server answers there"),
    ({"serves": "rtsp"}, "https", "camera-reply", "an RTSP server (for video streams) answers there"),
    ({"https": True}, "http", "camera-reply", "speaks TLS"),
    ({}, "https", "camera-reply", "by plain HTTP"),
    (OLD_TLS, "https", "camera-tls", "no TLS newer than TLS 1.0"),
]


def test_what_answers_in_a_camera_s_place_is_named_and_no_other_way_to_it_proposed(
    bench: Bench, make_camera: MakeCamera
) -> None:
    before = bench.state()
    for dialect, scheme, kind, told in IN_ITS_PLACE:
        camera = make_camera(**dialect)
        result = bench.run(*bench.arguments(options=("--camera", f"{scheme}://{camera.host}:{camera.port}")))
        error = result.json["error"]
        assert (result.code, error["kind"]) == (3, kind), result.err
        assert told in error["message"]
        assert "--camera-via-receiver" not in result.err
        assert "http://" not in error["hint"]
        assert camera.requests == []
    assert bench.state() == before
