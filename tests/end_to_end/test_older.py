"""Receivers that an older version has set up, on every release: verified, brought up to date, and taken back."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support import older, trees
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeBench, Result

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.network import HOST_ADDRESS

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
BY_KEY = [(release, kind) for release in ("bullseye", "bookworm", "trixie") for kind in ("key", "sha1")]


@contextmanager
def set_up_before(
    make_bench: MakeBench, release: str, kind: str, profile: Profile, *, upgraded_to: str = ""
) -> Iterator[tuple[Bench, EmulatedCamera, str]]:
    """Give a receiver and a camera as the older version left them, and the receiver's state before it.

    `upgraded_to`: the receiver has become that release since.
    """
    closed = "PubkeyAcceptedKeyTypes -ssh-rsa" if (release, kind) == ("bullseye", "sha1") else ""
    # Records go by the camera's name, which is its address where it has the port of all.
    camera = EmulatedCamera(profile, host=HOST_ADDRESS, port=80, password=CAMERA_PASSWORD, settings=FORMER)
    with camera, make_bench(tree=trees.unpack(upgraded_to or release), sshd_config=closed) as bench:
        before = bench.state()
        older.restore(f"{release}-{kind}", bench, camera)
        yield bench, camera, before


def claims(result: Result) -> dict[str, tuple[bool | None, str]]:
    """Return what is told of each claim: whether it holds, and its detail."""
    receiver = result.json["receivers"][0]
    return {
        each["name"]: (each["ok"], each["detail"]) for each in receiver["claims"] + receiver["cameras"][0]["claims"]
    }


@pytest.mark.parametrize(
    ("release", "kind", "upgraded_to"),
    [*((*each, "") for each in BY_KEY), ("bookworm", "no-jail", ""), *((*each, "sid") for each in BY_KEY[2:])],
)
def test_an_older_set_up_is_still_proven_then_converted_and_taken_back(
    make_bench: MakeBench, release: str, kind: str, upgraded_to: str
) -> None:
    profile = Profile(signature="sha1" if kind == "sha1" else "sha2")
    options = ("--no-jail",) if kind == "no-jail" else ()
    with set_up_before(make_bench, release, kind, profile, upgraded_to=upgraded_to) as (bench, camera, before):
        held, kept = older.capture(bench, camera), older.load(f"{release}-{kind}")
        assert (held["things"], held["camera"]) == (kept["things"], kept["camera"])
        seen = bench.verify(camera, options=options)
        assert (seen.code, seen.json["ok"]) == (0, True), seen.out
        ok, told = claims(seen)["sshd drop-in"]
        assert ok is True
        assert "made by an older version of this tool: `receiver-setup setup` brings it up to date" in told
        assert claims(seen)["sshd follows the drop-in"][0] is True
        assert "LogLevel" not in bench.inside(f"cat {DROP_IN}")

        converted = bench.setup(camera, options=options)
        assert (converted.code, converted.camera["auth"]) == (0, "publickey"), converted.err
        changed = [step["name"] for step in converted.json["receivers"][0]["steps"] if step["changed"]]
        # A home without a jail was the account's own.
        assert changed == [*(["make home"] if kind == "no-jail" else []), "write sshd drop-in", "reload sshd"]
        assert camera.set_commands == []
        assert "LogLevel VERBOSE" in bench.inside(f"cat {DROP_IN}")
        assert ("+ssh-rsa" in bench.inside(f"cat {DROP_IN}")) is (kind == "sha1")
        again = bench.setup(camera, options=options)
        assert (again.code, again.json["changed"]) == (0, False), again.err
        later = bench.verify(camera, options=options)
        assert (later.code, claims(later)["sshd drop-in"]) == (0, (True, DROP_IN)), later.out

        assert bench.remove(camera).code == 0
        assert bench.state() == before
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie"])
def test_an_older_set_up_is_taken_back_without_being_converted(make_bench: MakeBench, release: str) -> None:
    with set_up_before(make_bench, release, "key", Profile()) as (bench, camera, before):
        assert bench.remove(camera).code == 0
        assert bench.state() == before
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_a_password_that_an_older_version_made_in_place_of_a_key_goes_back_to_the_key(make_bench: MakeBench) -> None:
    """It made one wherever a log was silent; the camera had shown its key all along."""
    with set_up_before(make_bench, "bookworm", "password", Profile(auth_order="key-then-password")) as made:
        bench, camera, before = made
        result = bench.setup(camera)
        assert (result.code, result.camera["auth"]) == (0, "publickey"), result.err
        assert bench.inside("getent shadow ipcamera").split(":")[1].startswith("*")
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err
        assert bench.remove(camera).code == 0
        assert bench.state() == before


def test_what_was_edited_by_hand_is_no_older_text(make_bench: MakeBench) -> None:
    with set_up_before(make_bench, "bookworm", "key", Profile()) as (bench, camera, _):
        bench.inside(f"sed -i 's/PermitTTY no/PermitTTY yes/' {DROP_IN}; kill -HUP $(cat /run/sshd.pid); sleep 0.3")
        assert bench.verify(camera).code == 7
        refused = bench.setup(camera)
        assert (refused.code, refused.json["error"]["kind"]) == (4, "receiver-edited"), refused.err
