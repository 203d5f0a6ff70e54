"""Three receivers and six cameras at once, by `ansible-playbook` itself."""

from collections.abc import Callable
from typing import Any

import pytest
from support.ansible_site import Site
from support.bench import CAMERA_PASSWORD, FORMER, Bench

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]
MakeReceiver = Callable[..., ThrowawayReceiver]
WITHOUT_PYTHON = "for each in /usr/bin/python3*; do [ -L $each ] || mount --bind /dev/null $each; done"


def named(name: str, camera: EmulatedCamera, **options: Any) -> dict[str, Any]:
    return {"name": name, "address": camera.url, "password": CAMERA_PASSWORD, **options}


@pytest.mark.parametrize("version", ["newest"])
def test_check_apply_check_apply_verify_and_remove(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    """No receiver has a Python, and the four recaps say exactly what a reader expects."""
    cameras = [make_camera() for _ in range(4)]
    benches: list[Bench] = []
    for number in range(2):
        receiver = make_receiver()
        assert receiver.run("sh", "-c", f"{WITHOUT_PYTHON}; python3 -c 1").returncode != 0
        first, second = cameras[2 * number : 2 * number + 2]
        own = [named("porch", first, upload=["rec"]), named("yard", second, upload=["snap"], snapshots=3)]
        site.add(f"r{number}", receiver, admin_key, cameras=own)
        benches.append(Bench(receiver=receiver, key=admin_key, known_hosts=site.folder / ".ssh" / "known_hosts"))
    before = [bench.state() for bench in benches]

    recaps = {}
    for step, arguments in (("check", ["--check"]), ("apply", []), ("check again", ["--check"]), ("apply again", [])):
        sent = [len(camera.set_commands) for camera in cameras]
        run = site.receiver({}, *arguments)
        assert run.code == 0, run.out + run.err
        recaps[step] = [run.recap(f"r{number}") for number in range(2)]
        if step == "check":
            assert [bench.state() for bench in benches] == before
        if step != "apply":
            assert [len(camera.set_commands) for camera in cameras] == sent
    changed, unchanged = [(1, 1, 0, 0)] * 2, [(1, 0, 0, 0)] * 2
    assert recaps == {"check": changed, "apply": changed, "check again": unchanged, "apply again": unchanged}
    found = run.results["r0"]["receiver"]
    assert [camera["auth"] for camera in found["cameras"]] == ["publickey", "publickey"]
    assert found["cameras"][1]["directory"] == "/home/ipcamera/recordings/yard"
    assert cameras[0].state.fields["ft_insecure"] == cameras[3].state.fields["ft_insecure"] == "0"

    verified = site.receiver({"state": "verified"})
    assert [verified.recap(f"r{number}") for number in range(2)] == unchanged, verified.out
    assert {claim["ok"] for claim in verified.results["r1"]["receiver"]["claims"]} <= {True, None}

    removed = site.receiver({"state": "absent", "delete_recordings": True})
    assert [removed.recap(f"r{number}") for number in range(2)] == changed, removed.out
    assert [bench.state() for bench in benches] == before
    assert all(camera.state.fields["ft_server"] == FORMER["ft_server"] for camera in cameras)
    again = site.receiver({"state": "absent"})
    assert [again.recap(f"r{number}") for number in range(2)] == unchanged, again.out


@pytest.mark.parametrize("version", ["newest"])
def test_a_failure_is_its_hosts_alone_and_names_kind_and_hint(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    for name, camera in (
        ("good", named("porch", make_camera())),
        ("wrong-password", named("yard", make_camera()) | {"password": "pass-not-right"}),
        ("impostor", named("gate", make_camera())),
    ):
        site.add(name, make_receiver(), admin_key, cameras=[camera])
    # A port that nobody listens on is another machine to the camera, or none.
    site.hosts["impostor"]["address"] = "10.99.0.1:9"
    site.add("gone", make_receiver(), admin_key, cameras=[named("attic", make_camera())], ansible_port=9)
    run = site.receiver({"receiver_address": "{{ address | default(omit) }}"})
    assert run.code != 0
    assert run.recap("good") == (1, 1, 0, 0)
    assert run.recap("wrong-password") == (0, 0, 0, 1)
    assert run.recap("impostor") == (0, 0, 0, 1)
    assert run.recap("gone") == (0, 0, 1, 0)
    refused = run.results["wrong-password"]
    assert refused["error"]["kind"] == "camera-login"
    assert refused["msg"].startswith(refused["error"]["message"])
    assert refused["error"]["hint"] in refused["msg"]
    assert refused["receiver"]["cameras"][0]["error"] == refused["error"]
    put_back = run.results["impostor"]
    assert (put_back["error"]["rolled_back"], put_back["error"]["exit_code"]) == (True, 5)
    assert "everything that had been changed was put back" in put_back["msg"]
    assert put_back["error"]["hint"].startswith("check receiver_address"), "an option of the action, not of the command"
    assert run.results["gone"]["error"]["kind"] == "receiver-unreachable"
