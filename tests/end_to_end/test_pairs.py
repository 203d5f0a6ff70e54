"""Cameras that nobody has seen: every pair of the emulated camera's unknowns is set up, verified and removed once.

A covering array instead of every combination: what two unknowns do together is seen, in two dozen cameras.
"""

from typing import Any

import pytest
from allpairspy import AllPairs  # type: ignore[import-untyped]
from support.bench import CAMERA_PASSWORD, FORMER, Bench

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.network import HOST_ADDRESS

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

UNKNOWNS: dict[str, tuple[Any, ...]] = {
    # A camera without a key is one more kind of key.
    "key": ("2048", "1024", "4096", "none"),
    "no_key_answer": ("204", "203", "404", "empty"),
    "uploader": ("paramiko", "curl", "openssh"),
    "signature": ("sha2", "sha1"),
    "auth_order": ("key-then-password", "password-then-key", "none-key-password"),
    "sethost_mode": ("replace", "append"),
    "sethost_answers": ("response", "result", "test"),
    "sethost_checks": (True, False),
    "hostkey_on_failure": (True, False),
    "test_response_field": (True, False),
    "test_overwrites": (True, False),
    "day_folder_format": ("%Y%m%d", "%Y-%m-%d"),
    "login_methods": (("basic", "query", "token"), ("query",), ("token",)),
    "login_refused_as": ("401", "403", "211"),
    "challenge": (True, False),
    "realm_quotes": (True, False),
    "password_returned": (False, True),
    "autocreatedir_in_get": (False, True),
    "unchanged_is_219": (False, True),
    "requires_all_fields": (False, True),
    "never_empty": ((), ("ft_server",), ("ft_username", "ft_dirname")),
    "empty_answer": ("202", "208", "ignore"),
    "echo": ((), ("capitals", "blanks"), ("zeros", "entities")),
    "late_s": (0.0, 0.7),
    "crlf": (False, True),
    "keep_alive": (True, False),
    "content_encoding": ("", "gzip", "raw-deflate"),
    "chunked": (False, True),
    "content_lengths": ("one", "none"),
    "odd_keys": (False, True),
    "reply_cmd": ("", "setvideoattr"),
    "busy_times": (0, 2),
    "https": (False, True),
}


def rows() -> list[dict[str, Any]]:
    """Return the cameras: each value stands beside each value of another setting at least once."""
    names = list(UNKNOWNS)
    return [dict(zip(names, row, strict=True)) for row in AllPairs([UNKNOWNS[name] for name in names])]


def profile(row: dict[str, Any]) -> Profile:
    key = {"key": "none"} if row["key"] == "none" else {"key": "rsa", "rsa_bits": row["key"]}
    return Profile(**{**row, **key})


@pytest.mark.parametrize("row", [pytest.param(row, id=str(number)) for number, row in enumerate(rows())])
def test_a_camera_of_any_two_unknowns_is_set_up_verified_and_removed(bench: Bench, row: dict[str, Any]) -> None:
    # Which login a firmware takes is said by its owner: no password is tried in a form that was not asked for.
    options = ("--camera-login", row["login_methods"][0], *(("--camera-insecure",) if row["https"] else ()))
    before = bench.state()
    with EmulatedCamera(profile(row), host=HOST_ADDRESS, password=CAMERA_PASSWORD, settings=FORMER) as camera:
        former = dict(camera.state.fields)
        first = bench.setup(camera, options=options)
        assert first.code == 0, first.err
        assert first.camera["auth"] == ("password" if row["key"] == "none" else "publickey")
        assert first.camera["host_key"]["verified"] is True
        looked = bench.verify(camera, options=options)
        assert looked.code == 0, looked.err
        removed = bench.remove(camera, options=options)
        assert removed.code == 0, removed.err
        camera.state.catch_up()
        # A camera that tells its settings in capitals alone has never told how they were written.
        same = str.upper if "capitals" in row["echo"] else str
        kept = {name: same(value) for name, value in former.items() if name != "ft_password" and value}
        assert {name: same(camera.state.fields[name]) for name in kept} == kept
    assert bench.state() == before
