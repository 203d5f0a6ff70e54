"""The whole chain proven again: a line a claim, the cause and the remedy of each that does not hold, no change."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.bench import Bench, Result

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

MakeCamera = Callable[..., EmulatedCamera]
DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
RECORDINGS = "/home/ipcamera/recordings"


@pytest.fixture
def camera(bench: Bench, make_camera: MakeCamera) -> EmulatedCamera:
    """Give a camera that is set up."""
    fresh = make_camera()
    assert bench.setup(fresh).code == 0
    return fresh


def claims(result: Result) -> dict[str, dict[str, Any]]:
    """Return all claims, the receiver's and the first camera's."""
    receiver = result.json["receivers"][0]
    found = receiver.get("claims", []) + receiver["cameras"][0].get("claims", [])
    return {claim["name"]: claim for claim in found}


def failed(result: Result) -> list[str]:
    """Return the claims that do not hold."""
    return [name for name, claim in claims(result).items() if claim["ok"] is False]


def without_pictures(state: str) -> list[str]:
    return [line for line in state.splitlines() if "Test-Snapshot" not in line]


def test_a_healthy_pair_holds_every_claim_in_few_trips(bench: Bench, camera: EmulatedCamera) -> None:
    before, sent = bench.state(), len(camera.requests)
    result = bench.verify(camera)
    assert (result.code, result.json["ok"], result.json["changed"]) == (0, True, False), result.err
    assert {claim["ok"] for claim in claims(result).values()} == {True}, claims(result)
    assert list(claims(result)) == [
        "account is ours", "password", "home", "recordings directory", "key file", "sshd drop-in",
        "sshd follows the drop-in", "room for recordings", "points here", "uploads by sFTP", "verifies host keys",
        "key is known", "host key is the receiver's", "test upload", "picture arrived", "login by publickey",
    ]  # fmt: skip
    assert result.camera["test"]["result"] == 0
    assert result.camera["host_key"]["verified"] is True
    assert len(camera.requests) - sent <= 3
    assert [request.command for request in camera.requests[sent:] if request.is_set] == []
    assert without_pictures(bench.state()) == without_pictures(before)
    assert bench.receiver.log().count("Accepted publickey for admin") == 3  # two of the set-up, one of this


def test_people_get_a_line_a_claim_and_then_causes_and_remedies(bench: Bench, camera: EmulatedCamera) -> None:
    bench.inside(f"chmod 777 {RECORDINGS}")
    arguments = [part for part in bench.arguments(camera, command="verify") if part != "--json"]
    result = bench.run(*arguments)
    assert result.code == 7, result.err
    lines = result.out.splitlines()
    assert f"ok      {bench.receiver.address}: sshd drop-in: {DROP_IN}" in lines
    assert f"FAILED  {bench.receiver.address}: recordings directory" in lines
    assert any(re.match(r"  cause   .*mode 0777", line) for line in lines), result.out
    assert any(re.match(r"  remedy  receiver-setup setup --receiver admin@", line) for line in lines), result.out
    assert result.err == ""


DRIFT = [
    (f"chmod 777 {RECORDINGS}", "recordings directory", 7),
    (f"sed -i 's/PermitTTY no/PermitTTY yes/' {DROP_IN}", "sshd drop-in", 7),
    ("usermod -p '!' ipcamera", "password", 7),
    (f"sed -i s/restrict/cert-authority/ {KEY_FILE}", "key file", 5),
    (f"rm -r {RECORDINGS}", "recordings directory", 5),
    ("chmod g+w /home/ipcamera", "home", 5),
    (f"rm {KEY_FILE}", "key is known", 5),
]


@pytest.mark.parametrize(("script", "claim", "code"), DRIFT)
def test_what_is_not_as_it_was_set_up_is_named_and_mended_by_a_set_up(
    bench: Bench, camera: EmulatedCamera, script: str, claim: str, code: int
) -> None:
    bench.inside(script)
    before, sent = bench.state(), len(camera.set_commands)
    result = bench.verify(camera)
    assert (result.code, result.json["ok"]) == (code, False), result.err
    assert claim in failed(result)
    assert claims(result)[claim]["cause"]
    assert without_pictures(bench.state()) == without_pictures(before)
    assert len(camera.set_commands) == sent
    assert bench.setup(camera, options=("--yes",)).code == 0
    assert failed(bench.verify(camera)) == []


@pytest.mark.parametrize(
    ("field", "value", "claim"),
    [
        ("ft_insecure", "1", "verifies host keys"),
        ("ft_ssl", "0", "uploads by sFTP"),
        ("ft_server", "192.168.178.9", "points here"),
        ("ft_dirname", "elsewhere", "points here"),
        ("ft_username", "somebody", "points here"),
    ],
)
def test_a_camera_that_is_set_otherwise_is_named_and_not_tested_against_another_place(
    bench: Bench, camera: EmulatedCamera, field: str, value: str, claim: str
) -> None:
    camera.state.fields[field] = value
    sent = len(camera.requests)
    result = bench.verify(camera)
    assert (result.code, failed(result)) == (7, [claim]), result.out
    tested = "testftp" in [request.command for request in camera.requests[sent:]]
    assert tested is (field == "ft_insecure")
    assert claims(result)["test upload"]["ok"] is (True if tested else None)


def test_another_machine_at_the_cameras_address_of_the_receiver_is_a_failed_proof(
    bench: Bench, camera: EmulatedCamera, admin_key: AdminKey
) -> None:
    with ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        camera.state.fields["ft_server"] = impostor.address
        camera.state.fields["ft_insecure"] = "1"
        result = bench.verify(camera, options=("--receiver-address", impostor.address))
    assert (result.code, result.json["error"]["kind"]) == (5, "host-key-mismatch"), result.out
    assert "host key is the receiver's" in failed(result)


def test_new_host_keys_are_a_failed_proof_and_a_set_up_mends_it(bench: Bench, camera: EmulatedCamera) -> None:
    bench.inside("for k in ed25519 ecdsa; do yes | ssh-keygen -q -t $k -N '' -f /etc/ssh/ssh_host_${k}_key; done")
    bench.inside("kill -HUP $(cat /run/sshd.pid); sleep 0.5")
    lines = bench.inside("cat /etc/ssh/ssh_host_*_key.pub").splitlines()
    bench.known_hosts.write_text("".join(f"{bench.receiver.address} {line}\n" for line in lines))
    result = bench.verify(camera)
    assert (result.code, result.camera["test"]["result"]) == (5, -5), result.err
    assert "test upload" in failed(result)
    assert bench.setup(camera).code == 0
    assert bench.verify(camera).code == 0


def test_a_camera_of_several_is_verified_in_its_own_folder(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    assert bench.setup(first, second).code == 0
    for cameras in ((first, second), (first,), (second,)):
        result = bench.verify(*cameras)
        assert (result.code, failed(result)) == (0, []), result.out


@pytest.mark.parametrize("options", [("--auth", "password"), ("--no-jail",), ("--pin-source",), ("--sha1", "always")])
def test_every_kind_of_set_up_verifies(bench: Bench, make_camera: MakeCamera, options: tuple[str, ...]) -> None:
    camera = make_camera()
    assert bench.setup(camera, options=options).code == 0
    result = bench.verify(camera, options=options if options == ("--no-jail",) else ())
    assert (result.code, failed(result)) == (0, []), result.out


def test_a_receiver_that_was_never_set_up_is_a_difference(bench: Bench, make_camera: MakeCamera) -> None:
    before = bench.state()
    result = bench.verify(make_camera())
    assert result.code == 7, result.err
    assert {"account is ours", "home", "sshd drop-in", "points here"} <= set(failed(result))
    assert bench.state() == before


def test_a_camera_that_cannot_be_reached_is_the_cameras_error(bench: Bench, camera: EmulatedCamera) -> None:
    url = camera.url
    camera.close()
    result = bench.run(*bench.arguments(command="verify"), "--camera", url)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable"), result.err
    assert failed(result) == []


def test_a_status_only_reads_and_tells_the_last_upload(bench: Bench, camera: EmulatedCamera) -> None:
    bench.inside(f"echo film >{RECORDINGS}/alarm.mp4; touch -d '-3 hours' {RECORDINGS}/alarm.mp4")
    before, sent = bench.state(), len(camera.requests)
    status = bench.arguments(camera, command="status")
    result = bench.run(*status)
    assert (result.code, failed(result), result.json["changed"]) == (0, [], False), result.err
    assert claims(result)["last upload"]["detail"].endswith(f"UTC, 3 h ago: {RECORDINGS}/alarm.mp4, 5 bytes")
    assert "GiB free" in claims(result)["room for recordings"]["detail"]
    assert [request.command for request in camera.requests[sent:]] == ["getftpattr", "getpubkey"]
    assert bench.state() == before
    bench.inside(f"chmod 777 {RECORDINGS}")
    drifted = bench.run(*status)
    assert (drifted.code, failed(drifted)) == (7, ["recordings directory"]), drifted.err


def test_a_status_says_that_nothing_came_yet(bench: Bench, camera: EmulatedCamera) -> None:
    result = bench.run(*bench.arguments(camera, command="status"))
    assert result.code == 0, result.err
    assert claims(result)["last upload"]["detail"] == "nothing but test pictures yet"


def test_a_receipt_is_compared_with_what_is_there_today(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera, receipt = make_camera(), tmp_path / "porch.json"
    assert bench.setup(camera, options=("--upload", "rec", "--receipt", str(receipt))).code == 0
    options = ("--receipt", str(receipt))
    sent = len(camera.requests)
    same = bench.verify(camera, options=options)
    assert (same.code, failed(same)) == (0, []), same.out
    assert claims(same)["as in the receipt"]["detail"].startswith("of 20")
    assert len(camera.requests) - sent <= 3
    camera.state.actions["rec"]["enable"] = "0"
    assert bench.setup(camera, options=("--sha1", "always")).code == 0
    other = bench.verify(camera, options=options)
    told = [claim["cause"] for claim in other.json["receivers"][0]["claims"] if claim["name"] == "as in the receipt"]
    assert other.code == 7, other.err
    assert any("signs with" in text for text in told), told
    assert any("no longer uploads videos" in text for text in told), told


@pytest.mark.parametrize("content", ["", "{}", "# a receipt", "[1]"])
def test_what_is_no_receipt_is_refused_before_anything_is_contacted(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, content: str
) -> None:
    camera, receipt = make_camera(), tmp_path / "porch.json"
    receipt.write_text(content)
    result = bench.verify(camera, options=("--receipt", str(receipt)))
    assert (result.code, result.json["error"]["kind"]) == (2, "configuration"), result.err
    assert camera.requests == []
