"""What holds for each receiver and camera, level by level; what collides; which take part."""

import json
from pathlib import Path
from typing import Any

import pytest

from receiver_setup.camera.settings.upload_options import read_upload_options
from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory import ResolvedReceiver, parse_inventory, parse_proven, read_example, resolve, select


def resolved(text: str, **given: Any) -> tuple[ResolvedReceiver, ...]:
    return resolve(parse_inventory(text, Path("/site/cameras.toml")), given)


def receiver(name: str = "attic", more: str = "", address: str = "192.0.2.1") -> str:
    return f'[[receiver]]\nname = "{name}"\naddress = "{address}"\n{more}\n'


def camera(name: str, address: str, more: str = "") -> str:
    return f'[[camera]]\nname = "{name}"\naddress = "{address}"\n{more}\n'


LEVELS = (
    '[defaults]\nuser = "films"\ntimeout = 1\nupload = ["rec"]\npassword_env = "ALL"\ncamera_ca_file = "ca"\n'
    'identity = "id"\ninterval = 5\n'
    + receiver("attic", 'timeout = 2\nupload = ["snap"]\ncamera_password_env = "ATTIC"')
    + '[[receiver]]\nname = "here"\nlocal = true\nuser = "other"\n'
    + camera("porch", "https://192.0.2.2", 'receiver = "attic"\nupload = ["timersnap"]\npassword_env = "PORCH"')
    + camera("gate", "https://192.0.2.3", 'receiver = "attic"\ncamera_insecure = true')
    + camera("barn", "192.0.2.4", 'receiver = "here"')
)


def test_a_table_wins_over_those_above_it() -> None:
    attic, here = resolved(LEVELS)
    porch, gate = attic.cameras
    (barn,) = here.cameras
    assert (attic.options["user"], attic.options["timeout"], here.options["user"]) == ("films", 2.0, "other")
    assert (attic.host, here.host) == ("192.0.2.1", "local")
    assert [each.options["upload"] for each in (porch, gate, barn)] == ["timersnap", "snap", "rec"]
    assert [each.has_upload_options for each in (porch, gate, barn)] == [True, False, False]
    assert [each.password and each.password.variable for each in (porch, gate, barn)] == ["PORCH", "ATTIC", "ALL"]
    assert (attic.alone, here.alone) == (False, True)


def test_a_camera_can_be_left_out_of_what_the_others_upload() -> None:
    text = LEVELS + camera("shed", "192.0.2.5", 'receiver = "here"\nupload = []')
    _, here = resolved(text)
    barn, shed = here.cameras
    assert (read_upload_options(barn.options).any, read_upload_options(shed.options).any) == (True, False)
    assert (barn.has_upload_options, shed.has_upload_options) == (False, True)
    assert read_upload_options(resolved(text, upload="snap")[1].cameras[1].options).any  # the command line is for all
    with pytest.raises(ConfigurationError, match=r"shed.*an interval was given"):
        resolved(text.replace("upload = []", "upload = []\ninterval = 7"))


def test_a_receiver_can_be_left_out_of_what_the_others_upload() -> None:
    text = LEVELS.replace('user = "other"', "upload = []\n")
    attic, here = resolved(text)
    assert [read_upload_options(each.options).any for each in (attic, here, here.cameras[0])] == [True, False, False]
    assert here.cameras[0].has_upload_options is False


def test_what_means_nothing_for_one_of_them_is_left_out_where_it_is_inherited() -> None:
    attic, here = resolved(LEVELS)
    assert ("identity" in attic.options, "identity" in here.options) == (True, False)
    porch, gate = attic.cameras
    assert porch.options["camera_ca_file"] == Path("/site/ca")
    assert ("camera_ca_file" in gate.options, gate.options["camera_insecure"]) == (False, True)
    assert "camera_ca_file" not in here.cameras[0].options


def test_the_command_line_wins_over_every_table() -> None:
    attic, here = resolved(LEVELS, upload="rec,snap", user="cams", timeout=9.0, interval=7)
    assert {each.options["user"] for each in (attic, here)} == {"cams"}
    assert {each.options["timeout"] for each in (attic, here)} == {9.0}
    for each in (*attic.cameras, *here.cameras):
        assert (each.options["upload"], each.options["interval"], each.has_upload_options) == ("rec,snap", 7, False)


def test_the_example_can_be_used() -> None:
    attic, barn = resolved(read_example())
    assert [each.name for each in attic.cameras] == ["porch", "gate"]
    assert (barn.name, barn.alone) == ("barn-nas", True)


Case = tuple[str, dict[str, Any], str]
VIA = "camera_via_receiver = true"
REFUSED: dict[str, Case] = {
    "one folder": (receiver() + camera("a b", "h1") + camera("a-b", "h2"), {}, "its folder would be 'a-b'"),
    "one folder in capitals": (receiver() + camera("Gate", "h1") + camera("gate", "h2"), {}, "same as for 'Gate'"),
    "one account": (
        receiver(more="isolate = true") + camera("a.b", "h1") + camera("a-b", "h2"),
        {},
        "its account would be ipcamera-a-b",
    ),
    "one account by the command line": (
        receiver() + camera("a.b", "h1") + camera("a-b", "h2"),
        {"isolate": True},
        "its account would be ipcamera-a-b",
    ),
    "long account": (receiver(more="isolate = true") + camera("x" * 24, "h1"), {}, "not a name that useradd takes"),
    "camera twice": (receiver() + camera("a", "H1") + camera("b", "https://h1"), {}, "is the camera 'a' already"),
    "account twice": (
        receiver("a", address="pi@h") + receiver("b", address="H") + camera("c", "h1", 'receiver = "a"')
        + camera("d", "h2", 'receiver = "b"'),
        {},
        r"'b': it is the same account ipcamera as for 'a'",
    ),
    "interval for nothing": (receiver() + camera("a", "h1", "interval = 5"), {}, "'a': an interval was given"),
    "two certificates": (
        receiver() + camera("a", "https://h1", 'camera_insecure = true\ncamera_ca_file = "x"'),
        {},
        "camera_ca_file and camera_insecure cannot be combined",
    ),
    "SSH for nobody": (
        '[[receiver]]\nname = "here"\nlocal = true\n' + camera("a", "h"),
        {"identity": Path("x")},
        "--identity is for a receiver",
    ),
    "TLS for nobody": (receiver() + camera("a", "h"), {"camera_insecure": True}, "--camera-insecure is for a camera"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_collides_or_contradicts_is_refused(case: str) -> None:
    text, given, told = REFUSED[case]
    with pytest.raises(ConfigurationError, match=told):
        resolved(text, **given)


def test_what_only_looks_like_a_collision_is_taken() -> None:
    two = receiver("a", address="h") + receiver("b", more='user = "other"', address="h")
    same = camera("c", "192.168.0.9", 'receiver = "a"') + camera("d", "192.168.0.9", 'receiver = "b"')
    assert len(resolved(f"[defaults]\n{VIA}\n{two}{same}")) == 2
    with pytest.raises(ConfigurationError, match="is the camera 'c' already"):
        resolved(two + same)
    long = resolved(receiver() + camera("x" * 24, "h1") + camera("a.b", "h2") + camera("a-b", "h3"))
    assert len(long[0].cameras) == 3


# ---- which take part


def names(receivers: tuple[ResolvedReceiver, ...]) -> list[tuple[str, list[str], bool]]:
    return [(each.name, [camera.name for camera in each.cameras], each.whole) for each in receivers]


def test_cameras_and_receivers_are_chosen_by_name_and_keep_their_folders() -> None:
    receivers = resolved(LEVELS)
    assert names(select(receivers)) == [("attic", ["porch", "gate"], True), ("here", ["barn"], True)]
    assert names(select(receivers, only=["gate"])) == [("attic", ["gate"], False)]
    assert names(select(receivers, only=["attic"])) == [("attic", ["porch", "gate"], True)]
    assert names(select(receivers, only=["here", "porch"])) == [("attic", ["porch"], False), ("here", ["barn"], True)]
    assert select(receivers, only=["gate"])[0].alone is False
    with pytest.raises(ConfigurationError, match="neither a camera nor a receiver 'prch'") as caught:
        select(receivers, only=["prch"])
    assert caught.value.hint == "did you mean porch?"


def result(*cameras: dict[str, Any], check: bool = False, error: Any = None) -> str:
    receivers = [{"address": "192.0.2.1", "error": error, "cameras": list(cameras)}]
    return json.dumps({"ok": False, "check": check, "receivers": receivers})


def told(address: str, **other: Any) -> dict[str, Any]:
    return {"address": address, "ok": True, "test": {"result": 0}} | other


def test_what_an_earlier_run_has_proven_takes_no_part() -> None:
    receivers = resolved(LEVELS)
    proven = parse_proven(result(told("https://192.0.2.2"), told("https://192.0.2.3", ok=False)))
    assert names(select(receivers, proven=proven)) == [("attic", ["gate"], False), ("here", ["barn"], True)]
    assert select(receivers, only=["porch"], proven=proven) == ()


def test_receivers_that_differ_in_their_port_alone_are_told_apart_by_name() -> None:
    text = "".join(
        f'[[receiver]]\nname = "{name}"\naddress = "pi@192.0.2.1:{port}"\ncamera_via_receiver = true\n'
        f'[[camera]]\nname = "{camera}"\naddress = "https://192.0.2.22"\nreceiver = "{name}"\npassword_env = "X"\n'
        for name, port, camera in (("one", 22, "porch"), ("two", 23, "gate"))
    )
    receivers = resolved(text)
    cameras = [told("https://192.0.2.22")]
    unnamed = parse_proven(result(*cameras))
    assert [name for name, *_ in names(select(receivers, proven=unnamed))] == ["one", "two"]
    receiver = {"name": "one", "address": "192.0.2.1", "error": None, "cameras": cameras}
    named = parse_proven(json.dumps({"check": False, "receivers": [receiver]}))
    assert [name for name, *_ in names(select(receivers, proven=named))] == ["two"]


@pytest.mark.parametrize(
    "text",
    [
        result(told("https://192.0.2.2", test=None)),
        result(told("https://192.0.2.2", test={"result": -4})),
        result(told("https://192.0.2.2"), error={"kind": "receiver"}),
    ],
)
def test_what_was_not_tested_or_put_back_is_not_proven(text: str) -> None:
    assert parse_proven(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("[]", "not a JSON object"),
        ("{}", "it has no receivers"),
        (result(check=True), "from --check"),
        ('{"check": false, "receivers": 3}', "receivers are not a list"),
        ('{"check": false, "receivers": [{"cameras": [1]}]}', "cameras are not a list"),
        ('{"version": 2}', "version 2"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_tells_nothing_of_an_earlier_run_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_proven(text)
