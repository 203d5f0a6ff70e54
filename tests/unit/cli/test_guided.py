"""What the guided dialogue leaves behind: a command and a file that lead to the same set-up, without a password."""

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.cli.commands.setup import command as setup
from receiver_setup.cli.guided.closing import render_inventory
from receiver_setup.cli.guided.probe import probe, unknown_certificate
from receiver_setup.cli.output.next_commands import whole_command
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.errors import CameraError
from receiver_setup.secrets import Secret

PLAIN = ["--local", "--camera", "http://porch"]
ALL = [
    "--local", "--camera", "https://view%20er@porch:8443", "--user", "films", "--home", "/srv/my films",
    "--directory", "here", "--no-jail", "--receiver-address", "nas.lan:2222", "--adopt", "--auth", "key", "--sha1",
    "never", "--no-pin-source", "--upload", "rec,timersnap", "--interval", "60", "--snapshots", "3",
    "--schedule", "10:00 Mon-Fri", "--camera-login", "query", "--camera-fingerprint", "AB:CD",
    "--camera-password-file", "/keys/camera", "--confirm-within", "90", "--timeout", "20.0",
]  # fmt: skip


def options(words: list[str]) -> dict[str, Any]:
    return setup.make_context("x", list(words)).params


@pytest.mark.parametrize("words", [PLAIN, ALL], ids=["plain", "all"])
def test_the_command_leads_to_the_same_options(words: list[str]) -> None:
    given = options(words) | {"camera_password": Secret("not to be seen")}
    line = whole_command(given)
    assert options(shlex.split(line)[2:]) == options(words)
    assert "not to be seen" not in line


def test_the_file_holds_what_was_chosen_and_nothing_else() -> None:
    (receiver,) = tomllib.loads(render_inventory(options(PLAIN)))["receiver"]
    (camera,) = tomllib.loads(render_inventory(options(PLAIN)))["camera"]
    assert receiver == {"name": camera["receiver"], "local": True}
    assert camera == {
        "name": "porch",
        "address": "http://porch",
        "receiver": receiver["name"],
        "password_env": "RECEIVER_SETUP_CAMERA_PASSWORD",
    }


def test_the_file_holds_every_choice() -> None:
    loaded = tomllib.loads(render_inventory(options(ALL) | {"camera_password": Secret("not to be seen")}))
    (receiver,), (camera,) = loaded["receiver"], loaded["camera"]
    name = receiver.pop("name")
    assert receiver == {
        "local": True,
        "user": "films",
        "home": "/srv/my films",
        "directory": "here",
        "jail": False,
        "receiver_address": "nas.lan:2222",
        "adopt": True,
        "auth": "key",
        "sha1": "never",
        "pin_source": False,
        "confirm_within": 90,
        "timeout": 20.0,
    }
    assert camera == {
        "name": "porch-8443",
        "address": "https://view%20er@porch:8443",
        "receiver": name,
        "upload": ["rec", "timersnap"],
        "interval": 60,
        "snapshots": 3,
        "schedule": "10:00 Mon-Fri",
        "camera_login": "query",
        "camera_fingerprint": "AB:CD",
        "password_file": str(Path("/keys/camera")),
    }


OLD = Profile(https=True, tls_version="1.0", tls_ciphers="static-rsa", https_key="rsa1024")


@pytest.mark.parametrize(
    ("profile", "scheme", "told"),
    [
        (Profile(), "http", r"answers as a web server does \(HTTP 404, emulated-camera\)"),
        (Profile(https=True), "https", r"answers by HTTPS \(TLSv1\.[23]\)"),
        (OLD, "https", r"answers by HTTPS \(TLSv1\)"),
    ],
)
def test_a_first_look_sees_a_web_server_of_any_age(profile: Profile, scheme: str, told: str) -> None:
    with EmulatedCamera(profile) as camera:
        address = CameraAddress.parse(f"{scheme}://127.0.0.1:{camera.port}")
        assert re.search(told, probe(address, timeout_s=30))
        if profile.https:
            assert unknown_certificate(address, timeout_s=30) == camera.certificate_fingerprint
        assert camera.requests == []


@pytest.mark.parametrize(
    ("profile", "scheme", "told"),
    [
        (Profile(), "https", "by https: a web server answers there by plain HTTP"),
        (Profile(https=True), "http", "as a web server does: a server that speaks TLS answers there|does not answer"),
        (Profile(serves="rtsp"), "https", "by https: an RTSP server"),
        (Profile(serves="ftp"), "http", "as a web server does: an FTP or mail server answers there: '220 "),
        (Profile(serves="http/0.9"), "http", "without HTTP's status line"),
    ],
)
def test_a_first_look_names_what_else_answers(profile: Profile, scheme: str, told: str) -> None:
    with EmulatedCamera(profile) as camera, pytest.raises(CameraError, match=told):
        probe(CameraAddress.parse(f"{scheme}://127.0.0.1:{camera.port}"), timeout_s=30)
