"""The whole command over every way that a person's ssh finds its host: configuration, jumps, agent, passwords."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.agent import ssh_agent
from support.bench import CAMERA_PASSWORD, Bench, Result
from support.terminal import Terminal

from receiver_setup.camera.client import Camera
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey, make_admin_key
from receiver_setup.emulator.receiver.network import PrivateNetwork
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverSudoError
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.receiver.script import Script
from receiver_setup.report import ReceiverReport
from receiver_setup.secrets import Secret
from receiver_setup.workflow.run.request import NamedCamera, SetupRequest
from receiver_setup.workflow.setup import set_up

MakeCamera = Callable[..., EmulatedCamera]
PASSWORD = 'log in\'s "$HOME" `word` %s'


@pytest.fixture(autouse=True)
def home(bench: Bench, tmp_path: Path) -> Path:
    """Give the command a home without keys, known hosts and agent."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    bench.environment |= {"HOME": str(folder), "SSH_AUTH_SOCK": ""}
    return folder


def setup(bench: Bench, camera: EmulatedCamera, receiver: str, *options: object) -> Result:
    """Run `setup` with nothing but what is given."""
    return bench.run("setup", "--json", "--receiver", receiver, "--camera", camera.url, *map(str, options))


def known(receiver: ThrowawayReceiver, name: str = "") -> str:
    """Return a receiver's lines of known_hosts."""
    return "".join(f"{name or receiver.address} {line}\n" for line in receiver.host_key_lines)


def encrypted(path: Path, key: AdminKey) -> Path:
    """Return a copy of `key`'s file that needs a passphrase."""
    path.write_bytes(key.path.read_bytes())
    path.chmod(0o600)
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "passphrase", "-f", path], check=True, stdout=subprocess.DEVNULL)
    return path


# ---- ssh_config


def test_an_alias_of_ssh_config_tells_all(bench: Bench, make_camera: MakeCamera, home: Path) -> None:
    """Options behind an Include are not swallowed by the last Host block of the included file (ssh_config(5))."""
    (home / ".ssh" / "config.d").mkdir()
    (home / ".ssh" / "config.d" / "work.conf").write_text(
        f"Host attic\n  HostName {bench.receiver.address}\n  Port 22\nHost elsewhere\n  User nobody\n"
    )
    (home / ".ssh" / "config").write_text(
        f"Include {home}/.ssh/config.d/*.conf\nIdentityFile {bench.key.path}\nUserKnownHostsFile ~/.ssh/our_hosts\n"
        "Host attic\n  User admin\nHost *\n  User nobody\n"
    )
    (home / ".ssh" / "our_hosts").write_text(known(bench.receiver))
    camera = make_camera()
    result = setup(bench, camera, "attic")
    assert result.code == 0, result.err
    assert result.json["receivers"][0]["address"] == "attic"
    assert camera.state.fields["ft_server"] == bench.receiver.address
    assert setup(bench, camera, "attic").json["changed"] is False


def test_an_alias_for_the_host_key_and_another_port(make_camera: MakeCamera, bench: Bench, tmp_path: Path) -> None:
    """An alias stands in known_hosts without a port, and the camera is told the port that sshd has."""
    config = tmp_path / "config"
    receiver = ThrowawayReceiver(admin_public_key=bench.key.public_line, sshd_config="Port 2222")
    receiver.port = 2222
    camera = make_camera()
    with receiver:
        config.write_text(f"Host attic\n  HostName {receiver.address}\n  Port 2222\n  HostKeyAlias the-attic\n")
        bench.known_hosts.write_text(known(receiver, "the-attic"))
        options = ("--ssh-config", config, "--identity", bench.key.path, "--known-hosts", bench.known_hosts)
        result = setup(bench, camera, "admin@attic", *options)
        assert result.code == 0, result.err
        assert camera.state.fields["ft_port"] == "2222"
        bench.known_hosts.write_text(known(receiver, f"[{receiver.address}]:2222"))
        again = setup(bench, camera, f"admin@{receiver.address}:2222", "--ssh-config", "/dev/null", *options[2:])
        assert (again.code, again.json["changed"]) == (0, False), again.err


def test_hashed_known_hosts_are_read(bench: Bench, make_camera: MakeCamera) -> None:
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", bench.known_hosts], check=True, capture_output=True)
    assert bench.receiver.address not in bench.known_hosts.read_text()
    assert bench.setup(make_camera()).code == 0


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Port many", "line 1: Bad port"),
        ("Frobnicate yes", "config: line 1: Bad configuration option: frobnicate"),
        ("KnownHostsCommand /usr/bin/keys %H", "a KnownHostsCommand for 10.99.0."),
    ],
)
def test_a_configuration_that_cannot_be_used_is_no_bug(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, line: str, told: str
) -> None:
    (tmp_path / "config").write_text(f"{line}\n  User admin\n")
    result = setup(bench, make_camera(), bench.receiver.address, "--ssh-config", tmp_path / "config")
    assert (result.code, result.json["error"]["kind"]) == (2, "configuration")
    assert told in result.json["error"]["message"]


# ---- jump hosts


@pytest.fixture
def jump(bench: Bench) -> Iterator[ThrowawayReceiver]:
    """Start a second receiver, to jump over."""
    with ThrowawayReceiver(admin_public_key=bench.key.public_line, name="jump") as started:
        yield started


def over(bench: Bench, jumps: str, tmp_path: Path) -> tuple[str, ...]:
    """Return the options for the way over `jumps`."""
    config = tmp_path / "config"
    config.write_text(f"Host attic\n  HostName {bench.receiver.address}\n  ProxyJump {jumps}\n")
    return ("--ssh-config", str(config), "--identity", str(bench.key.path), "--known-hosts", str(bench.known_hosts))


def test_a_jump_host_is_gone_through(
    bench: Bench, jump: ThrowawayReceiver, make_camera: MakeCamera, tmp_path: Path
) -> None:
    bench.known_hosts.write_text(known(bench.receiver) + known(jump))
    options = over(bench, f"admin@{jump.address}", tmp_path)
    camera = make_camera()
    result = setup(bench, camera, "admin@attic", *options)
    assert result.code == 0, result.err
    assert "Accepted publickey for admin from 10.99.0.1 " in jump.log()
    assert f"Accepted publickey for admin from {jump.address} " in bench.receiver.log()
    assert "Accepted publickey for admin from 10.99.0.1 " not in bench.receiver.log()
    assert setup(bench, camera, "admin@attic", *options).json["changed"] is False


@pytest.mark.rest
def test_two_jump_hosts_are_gone_through_in_their_order(
    bench: Bench, jump: ThrowawayReceiver, make_camera: MakeCamera, tmp_path: Path
) -> None:
    with ThrowawayReceiver(admin_public_key=bench.key.public_line) as second:
        bench.known_hosts.write_text(known(bench.receiver) + known(jump) + known(second))
        options = over(bench, f"admin@{jump.address},admin@{second.address}", tmp_path)
        result = setup(bench, make_camera(), "admin@attic", *options)
        assert result.code == 0, result.err
        assert f"Accepted publickey for admin from {jump.address} " in second.log()
        assert f"Accepted publickey for admin from {second.address} " in bench.receiver.log()


@pytest.mark.parametrize("unknown", ["jump", "receiver"])
def test_an_unknown_host_on_the_way_is_refused(
    bench: Bench, jump: ThrowawayReceiver, make_camera: MakeCamera, tmp_path: Path, unknown: str
) -> None:
    bench.known_hosts.write_text(known(bench.receiver if unknown == "jump" else jump))
    result = setup(bench, make_camera(), "admin@attic", *over(bench, f"admin@{jump.address}", tmp_path))
    address = jump.address if unknown == "jump" else bench.receiver.address
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-host-key")
    assert f"the host key of {address} is not known yet" in result.json["error"]["message"]
    assert "Accepted" not in bench.receiver.log()


def test_the_receivers_password_is_never_shown_to_a_jump_host(
    bench: Bench, jump: ThrowawayReceiver, make_camera: MakeCamera, tmp_path: Path
) -> None:
    jump.run("rm", "/home/admin/.ssh/authorized_keys")
    bench.known_hosts.write_text(known(bench.receiver) + known(jump))
    bench.environment["RECEIVER_SETUP_SSH_PASSWORD"] = PASSWORD
    result = setup(bench, make_camera(), "admin@attic", *over(bench, f"admin@{jump.address}", tmp_path))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-login")
    assert jump.address in result.json["error"]["message"]
    assert "password for admin" not in jump.log()


# ---- agent, passphrases, passwords


def test_the_agents_key_signs_in(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    receiver = f"admin@{bench.receiver.address}"
    locked = encrypted(tmp_path / "locked", bench.key)
    options = ("--known-hosts", bench.known_hosts, "--ssh-config", "/dev/null")
    camera = make_camera()
    with ssh_agent(tmp_path, bench.key.path) as socket:
        bench.environment["SSH_AUTH_SOCK"] = socket
        result = setup(bench, camera, receiver, *options)
        assert result.code == 0, result.err
        assert setup(bench, camera, receiver, *options, "--identity", locked).code == 0


def test_a_key_behind_a_passphrase_is_named_as_such(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    locked = encrypted(tmp_path / "locked", bench.key)
    bench.environment["RECEIVER_SETUP_SSH_PASSWORD"] = PASSWORD
    result = setup(
        bench, make_camera(), f"admin@{bench.receiver.address}",
        *("--identity", locked, "--known-hosts", bench.known_hosts, "--ssh-config", "/dev/null"),
    )  # fmt: skip
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-login")
    assert "passphrase" in result.json["error"]["message"]
    assert "ssh-add" in result.json["error"]["hint"]
    assert "Failed password" not in bench.receiver.log()


@pytest.fixture
def by_password(bench: Bench, home: Path) -> Iterator[ThrowawayReceiver]:
    """Start a receiver whose login and sudo take PASSWORD; the person at home has a key that it does not know."""
    make_admin_key(home / ".ssh")
    with ThrowawayReceiver(admin_public_key=bench.key.public_line, sudo="password", sudo_password=PASSWORD) as started:
        (home / ".ssh" / "known_hosts").write_text(known(started))
        yield started


@pytest.mark.parametrize("given", ["environment", "file"])
def test_a_password_signs_in_where_no_key_does(
    bench: Bench, by_password: ThrowawayReceiver, make_camera: MakeCamera, tmp_path: Path, given: str
) -> None:
    options: tuple[object, ...] = ()
    if given == "file":
        (tmp_path / "password").write_text(f"{PASSWORD}\nnot this line\n")
        options = ("--ssh-password-file", tmp_path / "password", "--sudo-password-file", tmp_path / "password")
    else:
        bench.environment |= {"RECEIVER_SETUP_SSH_PASSWORD": PASSWORD, "RECEIVER_SETUP_SUDO_PASSWORD": PASSWORD}
    camera = make_camera()
    result = setup(bench, camera, f"admin@{by_password.address}", *options, "-vvv")
    assert result.code == 0, result.err
    assert PASSWORD not in result.out + result.err
    log = by_password.log()
    assert log.count("Accepted password for admin") == 2, "the first login and the proof"
    # A connection given up after a refused key would count as a failed login (PerSourcePenalties).
    assert "authenticating user admin" not in log
    assert "Failed password" not in log
    assert setup(bench, camera, f"admin@{by_password.address}", *options).json["changed"] is False


def test_a_password_helps_where_the_own_key_has_a_passphrase(
    bench: Bench, by_password: ThrowawayReceiver, make_camera: MakeCamera, home: Path
) -> None:
    encrypted(home / ".ssh" / "id_ed25519", bench.key)
    bench.environment |= {"RECEIVER_SETUP_SSH_PASSWORD": PASSWORD, "RECEIVER_SETUP_SUDO_PASSWORD": PASSWORD}
    result = setup(bench, make_camera(), f"admin@{by_password.address}")
    assert result.code == 0, result.err


@pytest.mark.rest
def test_a_password_still_helps_when_sshd_hung_up_after_too_many_keys(
    bench: Bench, by_password: ThrowawayReceiver, make_camera: MakeCamera
) -> None:
    by_password.run("sh", "-c", "echo MaxAuthTries 1 >>/etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid)")
    by_password.wait_until_listening()
    bench.environment |= {"RECEIVER_SETUP_SSH_PASSWORD": PASSWORD, "RECEIVER_SETUP_SUDO_PASSWORD": PASSWORD}
    result = setup(bench, make_camera(), f"admin@{by_password.address}")
    assert result.code == 0, result.err


def test_a_wrong_password_is_sent_once(bench: Bench, by_password: ThrowawayReceiver, make_camera: MakeCamera) -> None:
    bench.environment["RECEIVER_SETUP_SSH_PASSWORD"] = "wrong one"
    camera = make_camera()
    result = setup(bench, camera, f"admin@{by_password.address}")
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-login")
    closed = "authenticating user admin"
    deadline = time.monotonic() + 10
    while closed not in by_password.log() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert by_password.log().count(closed) == 1, "one connection"
    assert by_password.log().count("Failed password for admin") == 1
    assert camera.set_commands == []
    assert "wrong one" not in result.out + result.err


# ---- a second factor


@pytest.fixture
def second_factor(bench: Bench, home: Path) -> Iterator[ThrowawayReceiver]:
    """Start a receiver that wants the administrator's key and then PAM's questions."""
    with ThrowawayReceiver(admin_public_key=bench.key.public_line, sudo="password", sudo_password=PASSWORD) as started:
        (home / ".ssh" / "known_hosts").write_text(known(started))
        (home / ".ssh" / "config").write_text(f"IdentityFile {bench.key.path}\nIdentitiesOnly Yes\n")
        want(started, "publickey,keyboard-interactive")
        bench.environment["RECEIVER_SETUP_SUDO_PASSWORD"] = PASSWORD
        yield started


def reload(receiver: ThrowawayReceiver) -> None:
    """Have sshd read its configuration; it says that it listens when it has."""
    said = "Server listening on"
    before = receiver.log().count(said)
    receiver.run("sh", "-c", "kill -HUP $(cat /run/sshd.pid)")
    deadline = time.monotonic() + 20
    while receiver.log().count(said) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    receiver.wait_until_listening()


def want(receiver: ThrowawayReceiver, methods: str) -> None:
    """Have sshd want these methods of the administrator."""
    lines = f"KbdInteractiveAuthentication yes\nMatch User admin\n  AuthenticationMethods {methods}\nMatch all\n"
    receiver.run("sh", "-c", "cat >/etc/ssh/sshd_config.d/00-methods.conf", input=lines.encode())
    reload(receiver)


@pytest.mark.rest
@pytest.mark.parametrize("methods", ["publickey,keyboard-interactive", "publickey,password", "password,publickey"])
def test_a_second_factor_is_given_over_the_same_connection(
    bench: Bench, second_factor: ThrowawayReceiver, make_camera: MakeCamera, methods: str
) -> None:
    want(second_factor, methods)
    bench.environment["RECEIVER_SETUP_SSH_PASSWORD"] = PASSWORD
    camera = make_camera()
    result = setup(bench, camera, f"admin@{second_factor.address}")
    assert result.code == 0, result.err
    assert result.out.startswith("{"), "the object alone, and no question"
    log = second_factor.log()
    assert "authenticating user admin" not in log, "nothing was begun twice"
    assert PASSWORD not in result.out + result.err
    assert setup(bench, camera, f"admin@{second_factor.address}").json["changed"] is False


def test_a_second_factor_that_nobody_can_give_is_named(
    bench: Bench, second_factor: ThrowawayReceiver, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    result = setup(bench, camera, f"admin@{second_factor.address}")
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-login")
    assert "asks “" in result.json["error"]["message"]
    assert "Password" in result.json["error"]["message"]
    assert camera.set_commands == []


@pytest.mark.rest
def test_a_second_question_for_a_password_is_named_and_not_answered_by_the_same(
    bench: Bench, second_factor: ThrowawayReceiver, make_camera: MakeCamera
) -> None:
    want(second_factor, "publickey,password,keyboard-interactive")
    bench.environment["RECEIVER_SETUP_SSH_PASSWORD"] = PASSWORD
    result = setup(bench, make_camera(), f"admin@{second_factor.address}")
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-login")
    assert "asks “" in result.json["error"]["message"]


@pytest.mark.rest
def test_a_person_gives_a_second_factor_on_the_terminal(
    bench: Bench, second_factor: ThrowawayReceiver, make_camera: MakeCamera
) -> None:
    """The password from the environment for the one question, a person's for the other; again for the proof."""
    want(second_factor, "publickey,password,keyboard-interactive")
    bench.environment["RECEIVER_SETUP_SSH_PASSWORD"] = PASSWORD
    camera = make_camera()
    terminal = Terminal(bench, "--receiver", f"admin@{second_factor.address}", "--camera", camera.url)
    for _ in range(2):
        shown = terminal.answer("Password: ", PASSWORD)
        assert f"admin@{second_factor.address}: " in shown
    assert terminal.end() == 0, terminal.screen
    assert PASSWORD not in terminal.screen, "it is not shown as it is typed"
    assert "proven on both sides" in terminal.screen


# ---- known hosts


@pytest.mark.parametrize(
    ("before", "told"),
    [
        ("@cert-authority *.example {other}\n@revoked * {other}\nnonsense\n", ""),
        ("@revoked {address} {key}\n", "is revoked ({path}:1)"),
    ],
)
def test_marked_lines_say_what_they_say_and_no_more(
    bench: Bench, make_camera: MakeCamera, before: str, told: str
) -> None:
    first, other = bench.receiver.host_key_lines[0], "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    values = {"other": other, "address": bench.receiver.address, "key": first, "path": bench.known_hosts}
    bench.known_hosts.write_text(before.format(**values) + f"{bench.receiver.address} {first}\n")
    result = bench.setup(make_camera(), options=("--check",))
    if not told:
        assert result.code == 7, result.err
        return
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-host-key")
    assert told.format(**values) in result.json["error"]["message"]
    assert "remove" not in result.json["error"]["hint"]


def test_a_host_known_by_another_type_than_the_server_prefers_is_not_a_changed_one(
    bench: Bench, make_camera: MakeCamera
) -> None:
    ecdsa = next(line for line in bench.receiver.host_key_lines if line.startswith("ecdsa"))
    bench.known_hosts.write_text(f"{bench.receiver.address} {ecdsa}\n")
    assert bench.setup(make_camera(), options=("--check",)).code == 7


@pytest.mark.rest
def test_a_host_that_shows_certificates_alone_is_known_by_the_key_inside(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "ca"], check=True)
    (tmp_path / "host.pub").write_text(bench.receiver.host_key_lines[0] + "\n")
    words = ("-q", "-s", str(tmp_path / "ca"), "-I", "attic", "-h", "-n", bench.receiver.address)
    subprocess.run(["ssh-keygen", *words, tmp_path / "host.pub"], check=True)
    certificate = (tmp_path / "host-cert.pub").read_bytes()
    bench.receiver.run("sh", "-c", "cat >/etc/ssh/host-cert.pub", input=certificate)
    only = "HostCertificate /etc/ssh/host-cert.pub\nHostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com\n"
    bench.receiver.run("sh", "-c", "cat >/etc/ssh/sshd_config.d/00-ca.conf", input=only.encode())
    reload(bench.receiver)
    authority = (tmp_path / "ca.pub").read_text()
    bench.known_hosts.write_text(f"@cert-authority {bench.receiver.address} {authority}")
    result = bench.setup(make_camera(), options=("--check",))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-host-key")
    assert f"{bench.known_hosts}:1 knows a certificate authority" in result.json["error"]["message"]
    assert "certificates of hosts are not supported" in result.json["error"]["message"]
    assert bench.setup(make_camera(), options=("--check", "--accept-new-host-key")).code == 7
    assert bench.setup(make_camera(), options=("--check",)).code == 7


# ---- a command that makes the connection


RELAY = """
import socket, sys, threading
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
def back():
    while data := there.recv(65536):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
threading.Thread(target=back, daemon=True).start()
while data := sys.stdin.buffer.raw.read(65536):
    there.sendall(data)
"""


def by_command(bench: Bench, command: str, tmp_path: Path) -> tuple[str, ...]:
    """Return the options for a way by ProxyCommand."""
    (tmp_path / "relay").write_text(RELAY)
    config = tmp_path / "config"
    config.write_text(f"Host attic\n  HostName {bench.receiver.address}\n  ProxyCommand {command}\n")
    return ("--ssh-config", str(config), "--identity", str(bench.key.path), "--known-hosts", str(bench.known_hosts))


@pytest.mark.rest
def test_a_command_makes_the_connection(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    seen = f"sh -c 'echo %n %h %p %r >>{tmp_path}/seen; exec {sys.executable} {tmp_path}/relay %h %p'"
    options = by_command(bench, seen, tmp_path)
    result = setup(bench, camera, "admin@attic", *options)
    assert result.code == 0, result.err
    assert set((tmp_path / "seen").read_text().splitlines()) == {f"attic {bench.receiver.address} 22 admin"}
    assert setup(bench, camera, "admin@attic", *options).json["changed"] is False


@pytest.mark.parametrize(
    ("command", "told"),
    [("sh -c 'echo no route to the attic >&2; exit 1'", "no route to the attic"), ("false", "exit code 1")],
)
def test_a_command_that_fails_is_told_with_what_it_said(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, command: str, told: str
) -> None:
    result = setup(bench, make_camera(), "admin@attic", *by_command(bench, command, tmp_path))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unreachable")
    assert "ProxyCommand" in result.json["error"]["message"]
    assert told in result.json["error"]["message"]


# ---- whose login it is


def test_root_may_sign_in_himself(bench: Bench, make_camera: MakeCamera) -> None:
    bench.receiver.admin = "root"
    camera = make_camera()
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert "Accepted publickey for root" in bench.receiver.log()
    assert bench.setup(camera).json["changed"] is False


@pytest.mark.rest
@pytest.mark.parametrize(
    "change",
    [
        "usermod --shell /bin/dash admin",
        "echo 'echo Welcome to the attic!; echo warm today >&2' >/home/admin/.bashrc",
        "echo 'printf \"no end of line\"' >/home/admin/.bashrc",
    ],
    ids=["dash", "greeting", "half a line"],
)
def test_a_login_shell_of_any_kind_and_its_greetings_do_no_harm(
    bench: Bench, make_camera: MakeCamera, change: str
) -> None:
    bench.receiver.run("sh", "-c", change)
    result = bench.setup(make_camera())
    assert result.code == 0, result.err


@pytest.mark.rest
@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('printf "Continue? "; read answer', "waits for input before it runs anything: it printed “Continue?”"),
        ("sleep 1000", "ran nothing within 1 s"),
    ],
)
def test_a_login_shell_that_does_not_come_to_our_command_is_named(bench: Bench, line: str, told: str) -> None:
    bench.receiver.run("sh", "-c", "cat >/home/admin/.bashrc", input=f"{line}\n".encode())
    options = SshOptions(identity=bench.key.path, known_hosts=bench.known_hosts, config_file=Path("/dev/null"))
    host = SshHost(ReceiverAddress(host=bench.receiver.address, user="admin"), options)
    with contextlib.closing(host), pytest.raises(ReceiverSudoError) as caught:
        RootShell(host, sudo_password=lambda: None, timeout_s=2).run(Script(text="id -u\n"), step="look")
    assert told in caught.value.message
    assert ".bashrc" in caught.value.hint
    assert "--timeout" not in caught.value.hint


def test_a_login_shell_that_runs_nothing_is_named(bench: Bench, make_camera: MakeCamera) -> None:
    bench.receiver.run("usermod", "--shell", "/usr/sbin/nologin", "admin")
    result = bench.setup(make_camera())
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-sudo")
    assert "This account is currently not available" in result.json["error"]["message"]
    assert "login shell" in result.json["error"]["hint"]


# ---- trips


def test_trips_are_few(bench: Bench, make_camera: MakeCamera, private_network: PrivateNetwork) -> None:  # noqa: ARG001 - it must exist first
    emulated = make_camera()

    def run() -> tuple[ReceiverReport, tuple[int, int, int]]:
        options = SshOptions(
            identity=bench.key.path, known_hosts=bench.known_hosts, config_file=Path("/dev/null"), timeout_s=10
        )
        host = SshHost(ReceiverAddress(host=bench.receiver.address, user="admin"), options)
        session = ReceiverSession(RootShell(host, sudo_password=lambda: None))
        request = SetupRequest(receiver_address=bench.receiver.address)
        with contextlib.closing(session), Camera(emulated.url, Secret(CAMERA_PASSWORD)) as camera:
            named = NamedCamera(name="porch", camera=camera)
            report = set_up(request, session, [named], lambda event: None)  # noqa: ARG005 - nobody listens
            return report, (host.trips.connections, host.trips.commands, camera.trips)

    report, (connections, commands, requests) = run()
    assert (report.ok, report.changed) == (True, True), report.error
    assert (connections <= 2, commands <= 5, requests <= 9) == (True, True, True), (connections, commands, requests)
    report, (connections, commands, requests) = run()
    assert (report.ok, report.changed) == (True, False), report.error
    assert (connections, commands <= 2, requests <= 3) == (1, True, True), (connections, commands, requests)
