"""The receiver's half alone, fresh and again: ours, Ansible's own modules, pyinfra.

What each does is told in docs/benchmarks.md.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bed import HERE, Bed, Ended, make_bed, run_timed, walls
from table import Row, compare_times

VENVS = HERE.parent / ".venv-bench"
STEPS = ("fresh", "again")
_LIMITS = {"ansible": 5.0, "pyinfra": 3.0}
_DONE = (
    "id ipcamera && ssh-keygen -lf /etc/ssh/authorized_keys.d/ipcamera && "
    "[ \"$(stat -c %U:%a /home/ipcamera /home/ipcamera/recordings | xargs)\" = 'root:755 ipcamera:750' ] && "
    "sshd -T -C user=ipcamera,host=x,addr=192.0.2.1 | grep -qx 'chrootdirectory /home/ipcamera'"
)

Tool = Callable[[Bed, Path], Ended]


def measure(rounds: int) -> list[Row]:
    """Time all three in turn, each on a receiver of its own; what was to be done is looked up every time."""
    tools: dict[str, Tool] = {"ours": _ours, "ansible": _ansible, "pyinfra": _pyinfra}
    ends: dict[str, dict[str, list[Ended]]] = {name: {step: [] for step in STEPS} for name in tools}
    for _ in range(rounds):
        for name, tool in tools.items():
            with make_bed() as bed:
                key = _make_camera_key(bed.folder)
                for step in STEPS:
                    ends[name][step].append(tool(bed, key))
                    _check(name, step, bed, ends[name][step][-1])
    return [
        compare_times(
            f"receiver's half, {step}",
            _version(name),
            walls(ends["ours"][step]),
            walls(ends[name][step]),
            limit=limit,
            faster=True,
        )
        for name, limit in _LIMITS.items()
        for step in STEPS
    ]


def _ours(bed: Bed, key: Path) -> Ended:
    where = (f"admin@{bed.host}", bed.identity, bed.known_hosts, key)
    return run_timed([sys.executable, str(HERE / "receiver_alone.py"), *map(str, where)])


def _ansible(bed: Bed, key: Path) -> Ended:
    with ansible_environment(bed) as extra:
        command = [
            *(str(VENVS / "ansible/bin/ansible-playbook"), "-i", f"{bed.host},", "-u", "admin"),
            *("--private-key", str(bed.identity), "-e", f"key_file={key}"),
            *("-e", "ansible_python_interpreter=/usr/bin/python3", str(HERE / "others/play.yml")),
        ]
        return run_timed(command, extra=extra)


@contextmanager
def ansible_environment(bed: Bed) -> Iterator[dict[str, str]]:
    """Give Ansible's settings: pipelining, its default ssh options, connections that no other process has opened."""
    control = bed.folder / "cp"
    extra = {
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(control),
        "ANSIBLE_SSH_COMMON_ARGS": f"-F none -o IdentitiesOnly=yes -o UserKnownHostsFile={bed.known_hosts}",
        "ANSIBLE_COLLECTIONS_PATH": str(VENVS / "ansible/collections"),
        "ANSIBLE_HOME": str(bed.folder / "ansible"),
        "ANSIBLE_CONFIG": str(HERE / "others/ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
    }
    try:
        yield extra
    finally:
        # What ControlPersist keeps open goes with this process, so that the next one pays for its own login.
        for path in control.glob("*") if control.exists() else ():
            subprocess.run(["ssh", "-F", "none", "-S", str(path), "-O", "exit", "x"], capture_output=True, check=False)


def _pyinfra(bed: Bed, key: Path) -> Ended:
    command = [
        *(str(VENVS / "pyinfra/bin/pyinfra"), "-y", bed.host, "--ssh-user", "admin", "--ssh-key", str(bed.identity)),
        *("--data", f"ssh_known_hosts_file={bed.known_hosts}", "--data", f"key_file={key}"),
        *("--data", f"ssh_config_file={os.devnull}", "--chdir", str(HERE / "others"), "deploy.py"),
    ]
    return run_timed(command, extra={"LC_ALL": "C.UTF-8"})


def _make_camera_key(folder: Path) -> Path:
    """Make the public half of a key as cameras have it."""
    path = folder / "camera"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-C", "camera", "-f", path], check=True)
    return path.with_suffix(".pub")


def _check(name: str, step: str, bed: Bed, ended: Ended) -> None:
    """End it all where the receiver is not as it was to be, or a second run changed something."""
    seen = bed.receiver.run("sh", "-c", _DONE)
    same = {"ours": "changed=0", "ansible": "changed=0 ", "pyinfra": "Grand total 8 - - 8"}[name]
    if seen.returncode or (step == "again" and same not in " ".join(ended.out.split())):
        raise SystemExit(f"{name}, {step}, did not do its work: {seen.stderr.decode()}\n{ended.out}")


def _version(name: str) -> str:
    package = {"ansible": "ansible-core"}.get(name, name)
    code = f"import importlib.metadata as m; print('{package}', m.version('{package}'))"
    done = subprocess.run([str(VENVS / name / "bin/python"), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
