"""An Ansible site for tests: the collection installed from its archive, an inventory, and `ansible-playbook`."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "ansible"
VENVS = ROOT / ".venv-ansible"
VERSIONS = ("oldest", "newest")
VAULT_PASSWORD = "vault-pass-made-up"
PLAY = """
- hosts: receivers
  gather_facts: false
  tasks:
    - receiver_setup.instar.receiver: {options}
"""


def program(version: str, name: str) -> Path:
    """Return one of Ansible's programs in the virtual environment of a version."""
    return VENVS / version / "bin" / name


@dataclass(kw_only=True)
class Run:
    """One finished `ansible-playbook`: its exit code, all that it printed, and the results by task and host."""

    code: int
    out: str
    err: str
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Host → the result of the last task that ran on it."""
    told: list[dict[str, Any]] = field(default_factory=list)
    """The result of every task on every host, in the order in which they came."""
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    def recap(self, host: str) -> tuple[int, int, int, int]:
        """Return what the recap says of a host: ok, changed, unreachable, failed."""
        line = self.stats[host]
        return line["ok"], line["changed"], line["unreachable"], line["failures"]


@dataclass(kw_only=True)
class Site:
    """A folder with an inventory, and the environment in which Ansible runs there."""

    folder: Path
    version: str
    collections: Path
    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    plugins = Path(__file__).with_name("ansible_plugins")

    def add(self, name: str, receiver: ThrowawayReceiver, key: AdminKey, **variables: Any) -> None:
        """Add a receiver to the inventory, reached by ssh as its administrator."""
        known = self.folder / ".ssh" / "known_hosts"
        known.parent.mkdir(mode=0o700, exist_ok=True)
        with known.open("a") as file:
            file.write(receiver.known_hosts)
        self.hosts[name] = {
            "ansible_host": receiver.address,
            "ansible_user": receiver.admin,
            "ansible_ssh_private_key_file": str(key.path),
            "ansible_ssh_common_args": f"-F none -o UserKnownHostsFile={known}",
            "ansible_become": True,
            # A receiver needs no Python: whoever looks for one finds this.
            "ansible_python_interpreter": "/nowhere/python",
            **variables,
        }

    def play(self, text: str, *arguments: str) -> Run:
        """Run a playbook."""
        return self.finish(self.start_play(text, *arguments))

    def start_play(self, text: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a playbook."""
        (self.folder / "play.yml").write_text(text)
        inventory = {"receivers": {"hosts": self.hosts}}
        (self.folder / "inventory.yml").write_text(json.dumps({"all": {"children": inventory}}))
        return self.start("ansible-playbook", "-i", "inventory.yml", "play.yml", *arguments)

    def receiver(self, options: dict[str, Any], *arguments: str) -> Run:
        """Run a playbook with the one task `receiver`; hosts may have a variable `cameras`."""
        return self.play(self.receiver_play(options), *arguments)

    @staticmethod
    def receiver_play(options: dict[str, Any]) -> str:
        """Return the playbook with the one task `receiver`."""
        return PLAY.format(options=json.dumps({"cameras": "{{ cameras }}", **options}))

    def run(self, name: str, *arguments: str) -> Run:
        """Run one of Ansible's programs in this folder."""
        return self.finish(self.start(name, *arguments))

    def start(self, name: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one of Ansible's programs in this folder, in a process group of its own as a terminal's job is."""
        self._told.unlink(missing_ok=True)
        return subprocess.Popen(
            [program(self.version, name), *arguments],
            cwd=self.folder,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
                "HOME": str(self.folder),
                "ANSIBLE_COLLECTIONS_PATH": str(self.collections),
                "ANSIBLE_COLLECTIONS_PATHS": str(self.collections),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_FORKS": "10",
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_CALLBACK_PLUGINS": str(self.plugins),
                "RESULTS_FILE": str(self._told),
                **self.environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def finish(self, process: subprocess.Popen[str]) -> Run:
        """Wait for the end of what `start` returned."""
        try:
            out, err = process.communicate(timeout=240)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        run = Run(code=process.returncode, out=out, err=err)
        for line in map(json.loads, self._told.read_text().splitlines() if self._told.exists() else ()):
            if "stats" in line:
                run.stats = line["stats"]
            else:
                run.results[line["host"]] = line["result"]
                run.told.append(line["result"])
        return run

    @property
    def _told(self) -> Path:
        return self.folder / "results"
