"""The modules for the FTP menu of one camera, run on the controller by `ansible-playbook`."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from support.ansible_site import Run, Site
from support.bench import CAMERA_PASSWORD, FORMER

from receiver_setup.emulator.camera import EmulatedCamera

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]
HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
WISHES = {
    "set": {"directory": 'gar"den & path', "day_folders": True},
    "action": [{"kind": "rec", "enable": True, "interval": 60}],
    "snapshots": 3,
    "schedule": {"at": "10:00 Mon-Fri", "enable": True},
}


def play(site: Site, camera: EmulatedCamera, module: str, options: dict[str, Any], *arguments: str) -> Run:
    """Run one of the modules by a local connection."""
    given = {"camera": camera.url, "camera_password": CAMERA_PASSWORD, **options}
    return site.play(
        f"""
- hosts: localhost
  gather_facts: false
  connection: local
  tasks:
    - receiver_setup.instar.{module}: {json.dumps(given)}
""",
        *arguments,
    )


def test_the_menu_is_checked_set_left_alone_and_read(site: Site, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = dict(camera.state.fields)
    recaps, changes = [], []
    for arguments in (["--check", "--diff"], ["--diff"], ["--check"], []):
        run = play(site, camera, "camera", WISHES, *arguments)
        recaps.append(run.recap("localhost"))
        changes.append([change["name"] for change in run.results["localhost"]["changes"]])
        if arguments == ["--check", "--diff"]:
            assert camera.state.fields == before
            assert "-directory: ./old\n" in run.out
    assert recaps == [(1, 1, 0, 0), (1, 1, 0, 0), (1, 0, 0, 0), (1, 0, 0, 0)], run.out
    assert changes[0] == changes[1] != changes[2] == []
    assert camera.state.fields["ft_dirname"].endswith('gar"den & path')

    told = play(site, camera, "camera_info", {}).results["localhost"]
    words = {setting["field"]: setting["words"] for setting in told["settings"]}
    assert words["snapcount"] == "3"
    assert told["public_key"]["bits"] == 2048
    assert told["changed"] is False


@pytest.mark.parametrize("version", ["newest"])
def test_where_one_setting_is_refused_all_are_put_back(site: Site, make_camera: MakeCamera) -> None:
    camera = make_camera(denied_commands=("setftpactionattr",))
    run = play(site, camera, "camera", {"set": {"server": "192.0.2.1"}, "snapshots": 3})
    result = run.results["localhost"]
    assert run.recap("localhost") == (0, 0, 0, 1)
    assert (result["error"]["exit_code"], result["error"]["rolled_back"]) == (3, True)
    assert "everything that had been changed was put back" in result["msg"]
    assert len(camera.set_commands) > 1
    assert camera.state.fields["ft_server"] == FORMER["ft_server"]


@pytest.mark.parametrize("version", ["newest"])
def test_a_key_is_sent_and_a_failed_test_upload_fails(site: Site, make_camera: MakeCamera) -> None:
    camera = make_camera()
    run = play(site, camera, "camera", {"trust": HOST_KEY})
    assert run.recap("localhost") == (1, 1, 0, 0), run.out
    assert run.results["localhost"]["host_key"]["type"] == "ssh-ed25519"
    failed = play(site, camera, "camera", {"test": True}).results["localhost"]
    assert failed["error"]["kind"].startswith("test-upload-")
    sent = len(camera.requests)
    wrong = play(site, camera, "camera", {"snapshots": 11}).results["localhost"]
    assert wrong["error"]["kind"] == "configuration"
    assert len(camera.requests) == sent
