"""The throw-away receiver is a real receiver, touches nothing outside itself, and leaves nothing behind."""

import os
import pwd
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import trees

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import PrivateNetwork
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverUnsuitableError

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OWNER = HERE / "owner.py"
RANGE = "visitor:300000:65536"
SYSTEMD_OWNER = f"""
import functools, runpy
from receiver_setup.emulator.receiver import throwaway
throwaway.ThrowawayReceiver = functools.partial(throwaway.ThrowawayReceiver, systemd=True)
runpy.run_path({str(OWNER)!r}, run_name="__main__")
"""
"""The owner, of a receiver whose PID 1 is systemd."""
KERNEL_SETTINGS = [Path("/proc/sys", name) for name in ("fs/file-max", "fs/nr_open", "kernel/core_pattern")]
"""What systemd as a machine's PID 1 changes."""
SHARED = [Path(name) for name in ("/", "/media", "/mnt", "/opt", "/run", "/srv", "/var")]

pytestmark = [pytest.mark.usefixtures("private_network"), pytest.mark.rest]


def ssh(
    receiver: ThrowawayReceiver, key: AdminKey, known_hosts: Path, *command: str, user: str = ""
) -> subprocess.CompletedProcess[str]:
    """Sign in with OpenSSH's own client, host key verified."""
    options = [
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        f"UserKnownHostsFile={known_hosts}",
        "ConnectTimeout=10",
    ]
    return subprocess.run(
        [
            *("ssh", "-F", "none", "-i", str(key.path), *(f"-o{option}" for option in options)),
            *(f"{user or receiver.admin}@{receiver.address}", *command),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def text(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return all that a program wrote."""
    return (done.stdout + done.stderr).decode().strip()


def test_the_admin_signs_in_by_key_and_becomes_root(
    receiver: ThrowawayReceiver, admin_key: AdminKey, known_hosts: Path
) -> None:
    look = "find /home /media /mnt /opt /srv -mindepth 1 -maxdepth 1"
    done = ssh(receiver, admin_key, known_hosts, f"id -un; sudo -n id -un; hostname; {look}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["admin", "root", receiver.name, "/home/admin"]
    assert "Accepted publickey for admin from 10.99.0.1" in receiver.log()


def test_the_host_keys_shown_are_the_ones_on_disk(receiver: ThrowawayReceiver) -> None:
    assert [line.split()[0] for line in receiver.host_key_lines] == ["ssh-ed25519", "ecdsa-sha2-nistp256"]
    on_disk = text(receiver.run("sh", "-c", "cat /etc/ssh/ssh_host_*_key.pub"))
    assert sorted(line.strip() for line in on_disk.splitlines()) == sorted(receiver.host_key_lines)


def test_what_is_changed_inside_is_not_changed_outside(receiver: ThrowawayReceiver) -> None:
    done = receiver.run("sh", "-c", "useradd -m ipcamera-canary && touch /etc/canary /var/canary && id ipcamera-canary")
    assert done.returncode == 0, text(done)
    with pytest.raises(KeyError):
        pwd.getpwnam("ipcamera-canary")
    assert not [path for path in ("/etc/canary", "/var/canary", "/home/ipcamera-canary") if Path(path).exists()]


def test_programs_inside_get_input_and_give_their_exit_code(receiver: ThrowawayReceiver) -> None:
    done = receiver.run("sh", "-c", "cat; exit 7", input=b"in\n")
    assert (done.returncode, done.stdout) == (7, b"in\n")


def test_programs_inside_do_not_read_our_stdin(receiver: ThrowawayReceiver, tmp_path: Path) -> None:
    typed = tmp_path / "typed"
    typed.write_text("typed by a person\n")
    saved = os.dup(0)
    try:
        with typed.open() as terminal:
            os.dup2(terminal.fileno(), 0)
        assert receiver.run("cat").stdout == b""
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def test_the_people_of_this_machine_are_unknown_inside(receiver: ThrowawayReceiver) -> None:
    accounts = [line.split(":") for line in text(receiver.run("cat", "/etc/passwd")).splitlines()]
    assert [user[0] for user in accounts if 1000 <= int(user[2]) < 65534] == ["admin"]
    hashes = {line.split(":")[1] for line in text(receiver.run("cat", "/etc/shadow")).splitlines()}
    assert hashes == {"*"}


def test_sudo_can_ask_for_a_password(admin_key: AdminKey) -> None:
    password = 'it\'s $HOME "and" `more` %s'
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, sudo="password", sudo_password=password) as receiver:
        refused = receiver.run("su", "admin", "-c", "sudo -n true")
        assert refused.returncode != 0
        granted = receiver.run("su", "admin", "-c", "sudo -S -p '' id -un", input=f"{password}\n".encode())
        assert granted.stdout == b"root\n", text(granted)


def test_an_admin_without_sudo_stays_what_he_is(admin_key: AdminKey) -> None:
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, sudo="none") as receiver:
        assert receiver.admin == "admin"
        assert receiver.run("su", "admin", "-c", "sudo -n true").returncode != 0


def test_sshd_is_as_the_caller_wants_it(admin_key: AdminKey) -> None:
    with ThrowawayReceiver(
        admin_public_key=admin_key.public_line,
        name="attic-pi",
        host_key_types=["rsa"],
        sshd_config="MaxAuthTries 3\nMatch User nobody\n  AllowTcpForwarding no",
        log=False,
    ) as receiver:
        assert receiver.host_key_lines[0].startswith("ssh-rsa ")
        assert "maxauthtries 3" in text(receiver.run("/usr/sbin/sshd", "-T"))
        assert text(receiver.run("hostname")) == "attic-pi"
        assert receiver.log() == ""


def test_a_wrong_sshd_config_is_an_error_that_says_so(admin_key: AdminKey, private_network: PrivateNetwork) -> None:
    broken = ThrowawayReceiver(admin_public_key=admin_key.public_line, sshd_config="NoSuchKeyword yes")
    with pytest.raises(ReceiverUnsuitableError) as caught:
        broken.__enter__()
    assert "NoSuchKeyword" in caught.value.message + caught.value.hint
    assert broken.pid == 0
    assert private_network.take_address() != broken.address, "its address is the last to be used again"


@pytest.mark.parametrize(
    "wrong",
    [
        {"sudo": "password"},
        {"sudo": "nopasswd", "sudo_password": "x"},
        {"sudo": "always"},
        {"host_key_types": []},
        {"host_key_types": ["dsa"]},
        {"name": "a b"},
        {"name": "$(touch canary)"},
        {"admin_public_key": "one\ntwo"},
        {"sudo": "password", "sudo_password": "one\ntwo"},
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"sudo|host_key_types|name|line"):
        ThrowawayReceiver(**{"admin_public_key": "ssh-ed25519 AAAA", **wrong})  # type: ignore[arg-type]


def test_two_at_once_are_two_machines(admin_key: AdminKey, tmp_path: Path) -> None:
    with (
        ThrowawayReceiver(admin_public_key=admin_key.public_line) as one,
        ThrowawayReceiver(admin_public_key=admin_key.public_line) as other,
    ):
        assert one.address != other.address
        assert not set(one.host_key_lines) & set(other.host_key_lines)
        assert one.run("touch", "/etc/only-here").returncode == 0
        assert other.run("test", "-e", "/etc/only-here").returncode == 1
        known = tmp_path / "known_hosts"
        known.write_text("".join(f"{r.address} {line}\n" for r in (one, other) for line in r.host_key_lines))
        names = [ssh(receiver, admin_key, known, "hostname").stdout.strip() for receiver in (one, other)]
        assert names == [one.name, other.name]


def test_close_ends_it_and_may_be_repeated(admin_key: AdminKey) -> None:
    with ThrowawayReceiver(admin_public_key=admin_key.public_line) as receiver:
        pid = receiver.pid
        receiver.close()
        assert not Path(f"/proc/{pid}").exists()
        receiver.close()
        with pytest.raises(ReceiverUnsuitableError, match="is not running"):
            receiver.run("true")


def processes_of(name: str) -> set[str]:
    """Return the pids of what the receiver `name` still has: PID 1, unshare, and all in their namespaces."""
    found = set()
    kinds = ("mnt", "net", "pid", "uts")
    ours = {f"{kind}{Path('/proc/self/ns', kind).readlink()}" for kind in kinds}
    namespaces: set[str] = set()
    for only_named in (True, False):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                used = {f"{kind}{(process / 'ns' / kind).readlink()}" for kind in kinds} - ours
                named = f"RX_NAME={name}\0".encode() in (process / "environ").read_bytes()
            except OSError:  # it has just ended
                continue
            if named:
                namespaces |= {entry for entry in used if entry.startswith("pid")}
            if named or (not only_named and used & namespaces):
                found.add(process.name)
    return found


@pytest.mark.parametrize("delay_s", [None, 0.0, 0.03, 0.06, 0.09, 0.12])
def test_nothing_is_left_when_the_owner_is_killed(
    delay_s: float | None, admin_key: AdminKey, tmp_path: Path, worker_id: str
) -> None:
    """None: killed when it was up; else that long after PID 1 was first seen."""
    kill_owner_and_look([OWNER], delay_s, admin_key, tmp_path, worker_id)


@pytest.mark.usefixtures("real_root")
@pytest.mark.parametrize("delay_s", [None, 0.0, 0.05, 0.1, 0.2, 0.4, 0.6])
def test_nothing_of_systemd_is_left_when_the_owner_is_killed(
    delay_s: float | None, admin_key: AdminKey, tmp_path: Path, worker_id: str
) -> None:
    """Its watcher ends it and removes the cgroup, whatever there was of them at that moment."""
    kill_owner_and_look(["-c", SYSTEMD_OWNER], delay_s, admin_key, tmp_path, worker_id)


def kill_owner_and_look(
    owner_script: list[str | Path], delay_s: float | None, admin_key: AdminKey, tmp_path: Path, worker_id: str
) -> None:
    """Kill the owner `delay_s` after its receiver's first process was seen, and look for what it left behind."""
    name = f"killed-{worker_id}-{time.monotonic_ns()}"
    home = tmp_path / "home"
    home.mkdir()

    def machine() -> dict[str, set[str]]:
        links = subprocess.run(["ip", "-o", "-br", "link"], capture_output=True, text=True, check=True).stdout
        return {
            "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
            "files": {str(path) for directory in SHARED for path in directory.iterdir()},
            "links": {line.split()[0] for line in links.splitlines()},
            "cgroups": cgroups_of(name),
            "settings": {f"{path}: {path.read_text()}" for path in KERNEL_SETTINGS},
        }

    before = machine()
    with subprocess.Popen(
        [sys.executable, *owner_script, name, admin_key.public_line, "sh", "-c", "sleep 1000 >/dev/null 2>&1 &"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(home), "TMPDIR": str(home)},
    ) as owner:
        assert owner.stdout is not None
        if delay_s is None:
            assert owner.stdout.readline()
            assert len(processes_of(name)) >= 4, "unshare, PID 1, sshd and sleep"
            assert bool(machine()["cgroups"]) == (owner_script != [OWNER])
        else:
            while not processes_of(name):
                time.sleep(0.001)
            time.sleep(delay_s)
        owner.kill()
    deadline = time.monotonic() + 5
    while processes_of(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_of(name) == set()
    assert {kind: new for kind, after in machine().items() if (new := after - before[kind])} == {}
    assert list(home.iterdir()) == []


def as_visitor(ids: str, *command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run our owner script as a user who is not root, with `ids` as his subordinate ids."""
    python = next((path for path in (sys.executable, "/usr/bin/python3") if visitor_can_run(path)), None)
    if python is None:
        pytest.skip("no Python 3.11 here that a user other than root can run")
    return subprocess.run(
        ["unshare", "--mount", HERE / "as_visitor.sh", ids, ROOT, python, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def visitor_can_run(python: str) -> bool:
    """Say whether an unprivileged user can start this Python, and whether it is new enough."""
    check = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    drop = ["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups", "--", "env", "-i"]
    return subprocess.run([*drop, *check], capture_output=True, check=False).returncode == 0


def cgroups_of(name: str) -> set[str]:
    """Return the cgroup directories of the receiver `name`, which no other test may use."""
    return {str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{name}-*")}


@pytest.mark.usefixtures("real_root")
def test_systemd_can_be_its_pid_1(admin_key: AdminKey, tmp_path: Path, worker_id: str) -> None:
    name = f"systemd-{worker_id}-{time.monotonic_ns()}"
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, systemd=True, name=name) as receiver:
        assert text(receiver.run("systemctl", "is-system-running")) == "running"
        assert text(receiver.run("cat", "/proc/1/comm")) == "systemd"
        assert text(receiver.run("systemctl", "is-active", "ssh.service", "ssh.socket")) == "active\ninactive"
        services = text(receiver.run("systemctl", "--plain", "--no-legend", "--state=running", "-t", "service"))
        started = {line.split()[0] for line in services.splitlines()}
        assert started <= {"dbus.service", "ssh.service", "systemd-journald.service"}, "nothing else is started"
        assert "Read-only" in text(receiver.run("sh", "-c", "echo 1 >/proc/sys/fs/nr_open"))
        assert text(receiver.run("cat", "/proc/self/cgroup")).splitlines()[-1] == "0::/..", "in the receiver's view"
        known = tmp_path / "known_hosts"
        known.write_text(receiver.known_hosts)
        assert ssh(receiver, admin_key, known, "sudo -n id -un").stdout == "root\n"
        assert "Accepted publickey for admin from 10.99.0.1" in receiver.log()
        assert len(cgroups_of(name)) == 1
    assert cgroups_of(name) == set()


@pytest.mark.parametrize("systemd", [False, True], ids=["plain", "systemd"])
def test_debian_unstable_can_be_one(
    admin_key: AdminKey, tmp_path: Path, systemd: bool, request: pytest.FixtureRequest
) -> None:
    """Its OpenSSH is newer than 10.4, where each part of sshd is a program of its own."""
    if systemd:
        request.getfixturevalue("real_root")
    tree = trees.unpack("sid")
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, tree=tree, systemd=systemd) as receiver:
        assert text(receiver.run("cat", "/proc/1/comm")) == ("systemd" if systemd else "bash")
        known = tmp_path / "known_hosts"
        known.write_text(receiver.known_hosts)
        assert ssh(receiver, admin_key, known, "sudo -n id -un").stdout == "root\n"
        assert "Accepted publickey for admin from 10.99.0.1" in receiver.log()
        effective = text(receiver.run("sh", "-c", "sshd -T"))
        assert "PermitRootLogin " in effective, "a keyword as the manual writes it"


@pytest.mark.usefixtures("real_root")
def test_systemd_without_a_log_has_no_journal(admin_key: AdminKey) -> None:
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, systemd=True, log=False) as receiver:
        assert receiver.log() == ""
        assert text(receiver.run("systemctl", "is-active", "ssh", "systemd-journald")) == "active\ninactive"


@pytest.mark.usefixtures("real_root")
def test_systemd_with_a_wrong_sshd_config_is_an_error_at_once(admin_key: AdminKey, worker_id: str) -> None:
    name = f"broken-{worker_id}-{time.monotonic_ns()}"
    broken = ThrowawayReceiver(
        admin_public_key=admin_key.public_line, systemd=True, name=name, sshd_config="NoSuchKeyword yes"
    )
    started = time.monotonic()
    with pytest.raises(ReceiverUnsuitableError) as caught:
        broken.__enter__()
    assert "NoSuchKeyword" in caught.value.message + caught.value.hint
    assert time.monotonic() - started < 15, "it did not wait for a listener"
    assert cgroups_of(name) == set()


@pytest.mark.usefixtures("real_root")
def test_a_tree_without_systemd_cannot_have_it(admin_key: AdminKey, tmp_path: Path) -> None:
    bare = ThrowawayReceiver(admin_public_key=admin_key.public_line, systemd=True, tree=tmp_path)
    with pytest.raises(ReceiverUnsuitableError) as caught:
        bare.__enter__()
    assert caught.value.message == f"there is no systemd in {tmp_path} to be the PID 1 of a throw-away receiver"


@pytest.fixture
def real_root() -> None:
    """Skip where this suite itself runs without root: the receivers above have then shown it all."""
    if Path("/proc/self/uid_map").read_text().split() != ["0", "0", str(2**32 - 1)]:
        pytest.skip("already root of a user namespace only")


@pytest.mark.usefixtures("real_root")
def test_without_root_it_is_the_same(admin_key: AdminKey) -> None:
    inside = "id -u; su admin -c 'sudo -n id -un'; touch /usr/canary; grep -c . /etc/shadow"
    done = as_visitor(RANGE, "/media/sources/tests/end_to_end/owner.py", "x", admin_key.public_line, "sh", "-c", inside)
    assert done.returncode == 0, done.stderr
    first, uid, sudo, *_ = done.stdout.splitlines()
    assert first.endswith(" 10.99.0.2")
    assert (uid, sudo) == ("0", "root")
    assert "Read-only file system" in done.stdout
    assert not Path("/usr/canary").exists()


@pytest.mark.usefixtures("real_root")
def test_without_root_systemd_is_refused_in_one_sentence(admin_key: AdminKey) -> None:
    script = SYSTEMD_OWNER.replace(str(ROOT), "/media/sources")
    done = as_visitor(RANGE, "-c", script, "x", admin_key.public_line)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "a throw-away receiver with systemd needs the machine's own root, not root of a user namespace | "
        "run it with sudo, or without systemd\n"
    )


@pytest.mark.usefixtures("real_root")
@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("umount --recursive --lazy /sys/fs/cgroup", "a throw-away receiver with systemd needs the cgroup2 hierarchy"),
        (
            "mount -o remount,bind,ro $(findmnt -n -o TARGET -t cgroup2 | head -n 1)",
            "this process may not make a cgroup for systemd",
        ),
    ],
    ids=["none", "read-only"],
)
def test_without_cgroup2_systemd_is_refused_in_one_sentence(admin_key: AdminKey, spoil: str, sentence: str) -> None:
    done = subprocess.run(
        [
            *("unshare", "--mount", "--", "sh", "-ec", f'{spoil}; exec "$@"', "sh"),
            *(sys.executable, "-c", SYSTEMD_OWNER, "x", admin_key.public_line),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(sentence)
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("real_root")
def test_without_root_and_without_subordinate_ids_one_sentence_says_so(admin_key: AdminKey) -> None:
    done = as_visitor("somebody:300000:65536", "/media/sources/tests/end_to_end/owner.py", "x", admin_key.public_line)
    assert (done.returncode, done.stdout) == (4, "")
    sentence, hint = done.stderr.strip().split(" | ")
    assert sentence == "the user visitor has no range of subordinate ids in /etc/subuid"
    assert "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 visitor" in hint


@pytest.mark.usefixtures("real_root")
def test_a_root_that_may_not_make_namespaces_is_told_so(admin_key: AdminKey) -> None:
    done = subprocess.run(
        [
            *("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", "--"),
            *(sys.executable, OWNER, "x", admin_key.public_line),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)},
    )
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "this process is root, but may not make a network namespace: Operation not permitted | "
        "in a container, start it with --privileged; else run it on the machine itself\n"
    )
