"""The local connection: Ansible on the receiver itself, which is a throw-away one."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.ansible_site import PLAY, ROOT, program
from support.bench import CAMERA_PASSWORD

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest

SUDO_PASSWORD = 'su do\'s "$HOME" %s'
LEFT_OUT = ("ansible_test", "pip", "setuptools", "__pycache__", "ansiblelint", "mypy", "black")


def test_a_receiver_sets_itself_up_as_root_and_by_sudo(
    collections: Path, make_receiver: Callable[..., ThrowawayReceiver], make_camera: Callable[..., EmulatedCamera]
) -> None:
    receiver = make_receiver(sudo="password", sudo_password=SUDO_PASSWORD)
    if receiver.run("python3.11", "-c", "1").returncode:
        pytest.skip("this machine's own Python is another than that of the tests, so Ansible does not run inside")
    packages = next((program("oldest", "x").parents[1] / "lib").glob("python3*/site-packages"))
    without = [f"--exclude={name}" for name in LEFT_OUT]
    for folder, what in ((packages, "."), (ROOT, "receiver_setup"), (collections, "ansible_collections")):
        archive = subprocess.run(["tar", *without, "-C", folder, "-cf", "-", what], capture_output=True, check=True)
        assert receiver.run("sh", "-c", "mkdir -p /opt/site; tar -xC /opt/site", input=archive.stdout).returncode == 0
    camera = make_camera()
    options = {"cameras": [{"name": "porch", "address": camera.url, "password": CAMERA_PASSWORD}]}
    play = PLAY.format(options=json.dumps(options)).replace("hosts: receivers", "hosts: localhost\n  connection: local")
    receiver.run("sh", "-c", "cat >/opt/play.yml", input=play.encode())
    site = "/opt/site"
    environment = f"LC_ALL=C.UTF-8 PYTHONPATH={site} ANSIBLE_COLLECTIONS_PATHS={site}"
    ansible = f"env {environment} python3.11 -m ansible playbook /opt/play.yml"
    first = receiver.run("sh", "-c", f"{ansible} -v")
    told = first.stdout.decode()
    assert "ok=1    changed=1" in told, told + first.stderr.decode()
    assert "log in anew" not in told, "there is no login that could be locked out"

    variables = json.dumps({"ansible_become": True, "ansible_become_password": SUDO_PASSWORD})
    receiver.run("sh", "-c", "cat >/home/admin/vars.json", input=variables.encode())
    again = receiver.run("su", "admin", "-c", f"cd; HOME=/home/admin {ansible} -e @vars.json -vvv")
    told = again.stdout.decode() + again.stderr.decode()
    assert "ok=1    changed=0" in told, told
    assert SUDO_PASSWORD not in told
