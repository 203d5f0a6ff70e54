"""What a person repairs by running the set-up again; only what is wrong is touched."""

import subprocess
from collections.abc import Callable

import pytest
from support.bench import FORMER, Bench, Result

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.camera.rsa_keys import render_private_pem

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]

DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
RECORDINGS = "/home/ipcamera/recordings"


def changed_on(result: Result, side: str) -> list[str]:
    """Return the names of the steps that changed the receiver or the camera."""
    found = result.json["receivers"][0] if side == "receiver" else result.camera
    return [step["name"] for step in found["steps"] if step["changed"]]


def repair(bench: Bench, camera: EmulatedCamera, *options: str) -> tuple[Result, list[str]]:
    """Run the set-up, then once more to see that nothing is left to do; return what the first one sent to change."""
    sent = len(camera.set_commands)
    result = bench.setup(camera, options=options)
    assert result.code == 0, result.err
    commands = camera.set_commands[sent:]
    again = bench.setup(camera, options=options)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    return result, commands


@pytest.fixture
def camera(bench: Bench, make_camera: MakeCamera) -> EmulatedCamera:
    """Give a camera that is set up."""
    fresh = make_camera()
    assert bench.setup(fresh).code == 0
    return fresh


def test_a_receiver_with_new_host_keys_is_trusted_anew(bench: Bench, camera: EmulatedCamera) -> None:
    before = bench.state()
    bench.inside("for k in ed25519 ecdsa; do yes | ssh-keygen -q -t $k -N '' -f /etc/ssh/ssh_host_${k}_key; done")
    bench.inside("kill -HUP $(cat /run/sshd.pid); sleep 0.5")
    lines = bench.inside("cat /etc/ssh/ssh_host_*_key.pub").splitlines()
    bench.known_hosts.write_text("".join(f"{bench.receiver.address} {line}\n" for line in lines))
    result, _ = repair(bench, camera)
    assert changed_on(result, "receiver") == []
    assert "trust host key" in changed_on(result, "camera")
    assert result.camera["host_key"]["verified"] is True
    kept = [line for line in before.splitlines() if "ssh_host" not in line and "Test-Snapshot" not in line]
    assert [line for line in bench.state().splitlines() if line in kept] == kept


def test_a_camera_after_a_factory_reset_gets_its_new_line_and_the_old_one_goes(
    bench: Bench, camera: EmulatedCamera
) -> None:
    old = bench.inside(f"cut -d' ' -f3 {KEY_FILE}")
    first = camera.state.public_key_line
    camera.state.fields.update(FORMER)
    camera.state.trusted_host_keys.clear()
    camera.state.make_key()
    assert camera.state.public_key_line != first
    bench.inside(f"touch -d '3 days ago' {KEY_FILE}")
    result, _ = repair(bench, camera)
    assert changed_on(result, "receiver") == ["write camera key"]
    told = {step["name"]: step["detail"] for step in result.json["receivers"][0]["steps"]}["write camera key"]
    assert " instead of SHA256:" in told
    assert told.endswith("which was written 3 days ago")
    assert bench.inside(f"wc -l <{KEY_FILE}") == "1"
    assert old not in bench.inside(f"cat {KEY_FILE}")


def test_a_receiver_that_moved_is_dialled_where_it_is_now(bench: Bench, camera: EmulatedCamera) -> None:
    bench.inside("ip addr add 10.99.0.201/24 dev eth0")
    result, _ = repair(bench, camera, "--receiver-address", "10.99.0.201")
    assert changed_on(result, "receiver") == []
    assert camera.state.fields["ft_server"] == "10.99.0.201"
    pointed = next(step for step in result.camera["steps"] if step["name"] == "point camera at receiver")
    assert "ft_server" in pointed["detail"]
    assert "ft_username" not in pointed["detail"]


def test_a_recordings_directory_that_was_deleted_is_made_again(bench: Bench, camera: EmulatedCamera) -> None:
    bench.inside(f"rm -r {RECORDINGS}")
    result, commands = repair(bench, camera)
    assert changed_on(result, "receiver") == ["make recordings directory"]
    assert (changed_on(result, "camera"), commands) == ([], [])


def test_a_drop_in_that_was_edited_by_hand_is_shown_and_replaced_only_when_told_to(
    bench: Bench, camera: EmulatedCamera
) -> None:
    bench.inside(f"sed -i 's/PermitTTY no/PermitTTY yes/' {DROP_IN}")
    before = bench.state()
    check = bench.setup(camera, options=("--check", "--diff"))
    diff = check.json["receivers"][0]["diff"]
    assert check.code == 7, check.err
    assert "-    PermitTTY yes" in diff
    assert "+    PermitTTY no" in diff
    refused = bench.setup(camera)
    error = refused.json["error"]
    assert (refused.code, error["kind"]) == (4, "receiver-edited"), refused.err
    assert "PermitTTY yes" in error["message"]
    assert "--yes" in error["hint"]
    assert bench.state() == before
    result, commands = repair(bench, camera, "--yes")
    assert changed_on(result, "receiver") == ["write sshd drop-in", "reload sshd"]
    assert commands == []


@pytest.mark.parametrize("options", [("--sha1", "always"), ("--auth", "password"), ("--no-jail",)])
def test_a_drop_in_that_another_wish_made_needs_no_permission(
    bench: Bench, camera: EmulatedCamera, options: tuple[str, ...]
) -> None:
    assert bench.setup(camera, options=options).code == 0
    assert bench.setup(camera, options=("--auth", "key", "--sha1", "never")).code == 0


def test_a_verification_that_was_switched_off_by_hand_is_all_that_is_switched_on_again(
    bench: Bench, camera: EmulatedCamera
) -> None:
    camera.state.fields["ft_insecure"] = "1"
    sent = len(camera.requests)
    result = bench.setup(camera)
    assert (result.code, result.json["changed"]) == (0, True), result.err
    assert (changed_on(result, "receiver"), changed_on(result, "camera")) == ([], ["verify host key"])
    names = [request.command for request in camera.requests[sent:]]
    assert (names.count("setftpattr"), names.count("testftp")) == (1, 1)
    assert camera.state.fields["ft_insecure"] == "0"


def test_a_key_that_is_pinned_opens_the_account_from_the_cameras_address_alone(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    first = bench.setup(camera, options=("--pin-source",))
    assert first.code == 0, first.err
    assert any("DHCP" in warning for warning in first.camera["warnings"])
    assert bench.inside(f"cat {KEY_FILE}").startswith('from="10.99.0.1",restrict ssh-rsa ')
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert not signs_in_from_the_receiver_itself(bench, camera)
    unpinned = bench.setup(camera, options=("--no-pin-source",))
    assert (unpinned.code, changed_on(unpinned, "receiver")) == (0, ["write camera key"]), unpinned.err
    assert bench.inside(f"cat {KEY_FILE}").startswith("restrict ssh-rsa ")
    assert signs_in_from_the_receiver_itself(bench, camera)


def signs_in_from_the_receiver_itself(bench: Bench, camera: EmulatedCamera) -> bool:
    """Try the camera's own key from another address than the camera's."""
    key = camera.state.key
    assert key is not None
    bench.receiver.run("sh", "-c", "umask 077; cat >/root/stolen", input=render_private_pem(key))
    options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o BatchMode=yes -o LogLevel=ERROR"
    done: subprocess.CompletedProcess[bytes] = bench.receiver.run(
        "sh", "-c", f"echo pwd | sftp {options} -i /root/stolen -b - ipcamera@127.0.0.1"
    )
    return done.returncode == 0


def test_a_set_group_id_on_a_folder_is_left_alone_and_given_back(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    bench.inside("install -d -m 2755 /srv/cams /srv/cams/ipcamera")
    options = ("--home", "/srv/cams/ipcamera", "--no-jail")
    before = bench.state()
    assert bench.setup(camera, options=options).code == 0
    assert bench.inside("stat -c %a /srv/cams/ipcamera/recordings") == "2750"
    again = bench.setup(camera, options=options)
    assert (again.code, again.json["changed"]) == (0, False), again.json["receivers"][0]["diff"]
    assert bench.verify(camera, options=options).code == 0
    assert bench.remove(camera, options=("--home", "/srv/cams/ipcamera")).code == 0
    assert bench.state() == before
