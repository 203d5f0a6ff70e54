"""The modules for the FTP menu of one camera, run on the controller by `ansible-playbook`."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.ansible_site import Run, Site
from support.bench import CAMERA_PASSWORD, FORMER

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.recording.journal import Journal

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]
MakeReceiver = Callable[..., ThrowawayReceiver]
HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
WISHES = {
    "set": {"directory": 'gar"den & path', "day_folders": True},
    "action": [{"kind": "rec", "enable": True, "interval": 60}],
    "snapshots": 3,
    "schedule": {"at": "10:00 Mon-Fri", "enable": True},
}


def task(camera: EmulatedCamera, module: str, options: dict[str, Any], **keywords: bool) -> dict[str, Any]:
    """Return a task with one of the modules; `keywords` are Ansible's own."""
    given = {"camera": camera.url, "camera_password": CAMERA_PASSWORD, **options}
    return {f"receiver_setup.instar.{module}": given, **keywords}


def play(site: Site, *tasks: dict[str, Any]) -> Run:
    """Run tasks on the controller, by a local connection."""
    return site.play(json.dumps([{"hosts": "localhost", "gather_facts": False, "connection": "local", "tasks": tasks}]))


def test_the_menu_is_checked_set_left_alone_and_read(site: Site, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = dict(camera.state.fields)
    checked = play(site, task(camera, "camera", WISHES, check_mode=True, diff=True))
    assert checked.recap("localhost") == (1, 1, 0, 0), checked.out
    assert camera.state.fields == before
    assert "-directory: ./old\n" in checked.out
    run = play(
        site,
        task(camera, "camera", WISHES, diff=True),
        task(camera, "camera", WISHES, check_mode=True),
        task(camera, "camera", WISHES),
        task(camera, "camera_info", {}),
    )
    results = [*checked.told, *run.told]
    assert [result["changed"] for result in results] == [True, True, False, False, False], run.out
    changes = [[change["name"] for change in result["changes"]] for result in results[:4]]
    assert changes[0] == changes[1] != changes[2] == changes[3] == []
    assert camera.state.fields["ft_dirname"].endswith('gar"den & path')
    words = {setting["field"]: setting["words"] for setting in results[4]["settings"]}
    assert words["snapcount"] == "3"
    assert results[4]["public_key"]["bits"] == 2048


@pytest.mark.parametrize("version", ["newest"])
def test_a_camera_that_a_recording_left_elsewhere_is_put_back_before_it_is_changed(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    """As the command does: what only reads says so and fails, and in a fleet it costs this camera alone."""
    camera, other = make_camera(), make_camera()
    journal = Journal.of(camera.url, {"HOME": str(site.folder)})
    journal.write({"ft_server": "former.lan"})
    site.add("attic", make_receiver(), admin_key)
    cameras = [{"address": each.url, "password": CAMERA_PASSWORD} for each in (camera, other)]
    fleet = site.receiver({"cameras": cameras}, "--check")
    told = [each["error"] and each["error"]["kind"] for each in fleet.results["attic"]["receiver"]["cameras"]]
    assert (fleet.recap("attic"), told) == ((0, 0, 0, 1), ["camera-unfinished", None])
    run = play(
        site,
        task(camera, "camera_info", {}, ignore_errors=True),
        task(camera, "camera", {"set": {"mode": 0}}, check_mode=True, ignore_errors=True),
        task(camera, "camera", {"set": {"mode": int(FORMER["ft_mode"])}}),
    )
    *refused, done = run.told
    assert [result["error"]["kind"] for result in refused] == ["camera-unfinished"] * 2, run.out
    assert (done["changed"], done["changes"], journal.read()) == (True, [], None)
    assert camera.state.fields["ft_server"] == "former.lan"


@pytest.mark.parametrize("version", ["newest"])
def test_where_one_setting_is_refused_all_are_put_back(site: Site, make_camera: MakeCamera) -> None:
    camera = make_camera(denied_commands=("setftpactionattr",))
    run = play(site, task(camera, "camera", {"set": {"server": "192.0.2.1"}, "snapshots": 3}))
    result = run.results["localhost"]
    assert run.recap("localhost") == (0, 0, 0, 1)
    assert (result["error"]["exit_code"], result["error"]["rolled_back"]) == (3, True)
    assert "everything that had been changed was put back" in result["msg"]
    assert len(camera.set_commands) > 1
    assert camera.state.fields["ft_server"] == FORMER["ft_server"]


@pytest.mark.parametrize("version", ["newest"])
def test_a_key_is_sent_and_a_failed_test_upload_fails(site: Site, make_camera: MakeCamera) -> None:
    camera = make_camera()
    run = play(
        site,
        task(camera, "camera", {"trust": HOST_KEY}),
        task(camera, "camera", {"test": True}, ignore_errors=True),
    )
    assert run.recap("localhost") == (2, 1, 0, 0), run.out
    trusted, failed = run.told
    assert (trusted["changed"], trusted["host_key"]["type"]) == (True, "ssh-ed25519")
    assert failed["error"]["kind"].startswith("test-upload-")
    sent = len(camera.requests)
    wrong = play(site, task(camera, "camera", {"snapshots": 11})).results["localhost"]
    assert wrong["error"]["kind"] == "configuration"
    assert len(camera.requests) == sent
