"""Measure the collection against a playbook of stock modules that does the receiver's half alone.

Both by the newest ansible-core in .venv-ansible, on 1 and on 10 receivers, fresh and again, in turn in one run. The
collection does more meanwhile: it speaks with the cameras, proves the uploads and a new login. What a playbook
without a task takes is shown and taken off both sides, since it is Ansible's own start.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey, make_admin_key
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from table import Row, compare_times

SIZES = (1, 10)
WANTED = 3.0
"""How many times faster than the stock modules it should be, for each receiver."""
PASSWORD = "made-up-1"
ROOT = Path(__file__).parents[1]
ANSIBLE = ROOT / ".venv-ansible" / "newest" / "bin" / "ansible-playbook"
STOCK = Path(__file__).with_name("stock_modules.yml").read_text(encoding="utf-8")
OURS = """
- hosts: receivers
  gather_facts: false
  tasks:
    - receiver_setup.instar.receiver:
        cameras: "{{ cameras }}"
"""
EMPTY = """
- hosts: receivers
  gather_facts: false
  tasks: []
"""


def host(receiver: ThrowawayReceiver, camera: EmulatedCamera, key: AdminKey, known_hosts: Path) -> dict[str, Any]:
    """Return a receiver's variables, for both playbooks."""
    return {
        "ansible_host": receiver.address,
        "ansible_user": receiver.admin,
        "ansible_become": True,
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": str(key.path),
        "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={known_hosts}",
        "ansible_pipelining": True,
        "camera_key": key.public_line,
        "cameras": [{"name": "porch", "address": camera.url, "password": PASSWORD}],
    }


def play(folder: Path, text: str) -> float:
    """Run a playbook and return its wall time in seconds; a failure ends it all."""
    (folder / "play.yml").write_text(text, encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(folder),
        "ANSIBLE_FORKS": "10",
        "LC_ALL": "C.UTF-8",
    }
    command = [str(ANSIBLE), "-i", "inventory.json", "play.yml"]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        sys.stderr.buffer.write(done.stdout + done.stderr)
        raise SystemExit(f"a playbook ended with {done.returncode}")
    return took


def time_playbooks(size: int, rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Time fresh and again, ours and stock in turn, each on `size` receivers of its own, without Ansible's start."""
    times: dict[str, tuple[list[float], list[float]]] = {"fresh": ([], []), "again": ([], [])}
    for _ in range(rounds):
        for column, text in enumerate((OURS, STOCK)):
            with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
                folder = Path(name)
                site = folder / "ansible_collections" / "receiver_setup"
                site.mkdir(parents=True)
                (site / "instar").symlink_to(ROOT / "ansible")
                key, known = make_admin_key(folder), folder / "known_hosts"
                hosts = {}
                for number in range(size):
                    receiver = stack.enter_context(ThrowawayReceiver(admin_public_key=key.public_line))
                    camera = stack.enter_context(EmulatedCamera(host=HOST_ADDRESS, password=PASSWORD))
                    with known.open("a") as file:
                        file.write(receiver.known_hosts)
                    hosts[f"r{number}"] = host(receiver, camera, key, known)
                (folder / "inventory.json").write_text(json.dumps({"receivers": {"hosts": hosts}}), encoding="utf-8")
                empty = play(folder, EMPTY)
                for step in times:
                    times[step][column].append(max(play(folder, text) - empty, 0.001))
    return times


def measure(rounds: int) -> list[Row]:
    """Return a row for each size, fresh and again: what one receiver takes."""
    return [
        compare_times(
            f"a receiver of {size}, {step}",
            "stock Ansible modules, by Ansible",
            [each / size for each in ours],
            [each / size for each in stock],
            limit=WANTED,
            faster=True,
        )
        for size in SIZES
        for step, (ours, stock) in time_playbooks(size, rounds).items()
    ]
