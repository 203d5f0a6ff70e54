"""What somebody can do who has stolen the camera and with it the key of the upload account: upload, and no more."""

import contextlib
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest
from support.agent import ssh_agent
from support.bench import CAMERA_PASSWORD, FORMER, Bench
from support.thief import Thief, take_key

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

MakeCamera = Callable[..., EmulatedCamera]
HOME = "/home/ipcamera"
RECORDINGS = f"{HOME}/recordings"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"


def steal(bench: Bench, camera: EmulatedCamera, folder: Path, *options: str) -> Thief:
    """Set the camera up, then take its key."""
    result = bench.setup(camera, options=options)
    assert result.code == 0, result.err
    return Thief(bench, take_key(camera, folder / "stolen"))


@pytest.fixture(scope="module")
def thief(
    private_network: object,  # noqa: ARG001 - it must exist first
    admin_key: AdminKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Thief]:
    """Give a thief whom all tests share that change nothing on the receiver but recordings."""
    folder = tmp_path_factory.mktemp("thief")
    with (
        ThrowawayReceiver(admin_public_key=admin_key.public_line) as receiver,
        EmulatedCamera(Profile(), host=HOST_ADDRESS, password=CAMERA_PASSWORD, settings=FORMER) as camera,
    ):
        known = folder / "known_hosts"
        known.write_text(receiver.known_hosts)
        yield steal(Bench(receiver=receiver, key=admin_key, known_hosts=known), camera, folder)


# ---- what it may


def test_it_may_upload_list_and_overwrite_recordings(thief: Thief, tmp_path: Path) -> None:
    (tmp_path / "first").write_text("one")
    (tmp_path / "second").write_text("three")
    done = thief.sftp(
        "cd recordings", "mkdir 2026-11-22", f"put {tmp_path}/first 2026-11-22/a.mp4",
        f"put {tmp_path}/second 2026-11-22/a.mp4", "ls -l 2026-11-22",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "a.mp4" in done.stdout
    assert thief.inside(f"cat {RECORDINGS}/2026-11-22/a.mp4") == "three"
    assert thief.inside(f"stat -c %U {RECORDINGS}/2026-11-22/a.mp4") == "ipcamera\n"


# ---- what it may not


@pytest.mark.parametrize(
    "command",
    [("DEST",), ("DEST", "id"), ("DEST", "touch /recordings/canary"), ("-tt", "DEST", "/bin/sh"), ("-tt", "DEST")],
)
def test_it_gets_neither_shell_nor_command_nor_terminal(thief: Thief, command: tuple[str, ...]) -> None:
    """Whatever is asked for, internal-sftp answers, and ends at the end of its input."""
    done = thief.ssh(*command)
    assert "uid=" not in done.stdout + done.stderr
    assert "$ " not in done.stdout
    if "-tt" in command:
        assert "PTY allocation request failed" in done.stderr
    assert thief.inside(f"ls {RECORDINGS}/canary 2>&1; pgrep -u ipcamera -x sh") == (
        f"ls: cannot access '{RECORDINGS}/canary': No such file or directory\n"
    )


def test_it_gets_no_other_subsystem(thief: Thief) -> None:
    """ForceCommand answers every subsystem that sshd knows; others are refused."""
    assert "subsystem request failed" in thief.ssh("-s", "DEST", "netconf").stderr


def test_it_forwards_no_port_from_here(thief: Thief) -> None:
    done = thief.ssh("-W", f"{thief.bench.receiver.address}:22", "DEST")
    assert "administratively prohibited" in done.stderr
    assert "SSH-2.0" not in done.stdout


@pytest.mark.parametrize("kind", ["-L", "-D"])
def test_a_local_forwarding_reaches_nothing(thief: Thief, kind: str) -> None:
    with socket.create_server((HOST_ADDRESS, 0)) as free:
        port = free.getsockname()[1]
    where = f"{HOST_ADDRESS}:{port}" + ("" if kind == "-D" else ":127.0.0.1:22")
    command = ["ssh", *thief.options, "-v", "-N", kind, where, thief.address]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as client:
        try:
            assert client.stderr is not None
            for line in client.stderr:
                if "Entering interactive session" in line:
                    break
            with socket.create_connection((HOST_ADDRESS, port), timeout=5) as through:
                through.settimeout(5)
                if kind == "-D":
                    through.sendall(b"\x05\x01\x00")
                    assert through.recv(2) == b"\x05\x00"
                    through.sendall(b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x16")
                with contextlib.suppress(ConnectionResetError):
                    assert b"SSH-" not in through.recv(100)
            refused = next(line for line in client.stderr if "open failed" in line)
            assert "administratively prohibited" in refused
        finally:
            client.kill()


@pytest.mark.parametrize("where", ["9922:127.0.0.1:22", "0.0.0.0:9922:127.0.0.1:22", "/recordings/socket:127.0.0.1:22"])
def test_it_opens_no_port_on_the_receiver(thief: Thief, where: str) -> None:
    done = thief.ssh("-N", "-oExitOnForwardFailure=yes", "-R", where, "DEST")
    assert done.returncode == 255
    assert "remote port forwarding failed" in done.stderr
    assert "26C2" not in thief.inside("cat /proc/net/tcp /proc/net/tcp6"), "port 9922"


def test_it_gets_no_agent(thief: Thief, tmp_path: Path) -> None:
    """For a forwarded agent there is a socket: the administrator has one, so the looking works."""
    look = "find /tmp -name 'agent.*'"
    with_agent = [option for option in thief.options if option != "-oIdentityAgent=none"]
    with ssh_agent(tmp_path, thief.bench.key.path) as agent:
        sessions = {
            f"admin@{thief.bench.receiver.address}": ["-i", str(thief.bench.key.path)],
            thief.address: ["-s"],
        }
        for (account, options), sockets in zip(sessions.items(), (1, 0), strict=True):
            command = ["ssh", *options, *with_agent, "-A", account, *(["sftp"] if "-s" in options else ["cat"])]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "SSH_AUTH_SOCK": agent}
            ) as client:
                assert client.stdin is not None
                assert client.stdout is not None
                client.stdin.write(b"\0\0\0\5\1\0\0\0\3")  # SSH_FXP_INIT, version 3
                client.stdin.flush()
                assert client.stdout.read(5), "the session is open"
                assert len(thief.inside(look).splitlines()) == sockets
                client.stdin.close()


def test_it_gets_no_x11(thief: Thief) -> None:
    client = paramiko.SSHClient()
    client.load_host_keys(str(thief.bench.known_hosts))
    user, _, address = thief.address.partition("@")
    client.connect(address, username=user, key_filename=str(thief.key), allow_agent=False, look_for_keys=False)
    with contextlib.closing(client):
        transport = client.get_transport()
        assert transport is not None
        with pytest.raises(paramiko.SSHException):
            transport.open_session().request_x11()


def test_it_may_not_sign_in_by_password(thief: Thief) -> None:
    methods = "-oPreferredAuthentications=password,keyboard-interactive"
    done = thief.ssh("-v", "-oPubkeyAuthentication=no", methods, "DEST")
    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr
    offered = [line for line in done.stderr.splitlines() if "Authentications that can continue" in line]
    assert {line.rpartition(": ")[2] for line in offered} == {"publickey"}


@pytest.mark.parametrize(
    "attempt",
    [
        "get /etc/passwd {here}",
        "get ../../../../etc/passwd {here}",
        "get recordings/../../../etc/passwd {here}",
        "ls /etc",
        "get /etc/ssh/authorized_keys.d/ipcamera {here}",
        "ls /home",
        "put {mine} /planted",
        "put {mine} .ssh",
        "mkdir /.ssh",
        "put {mine} /etc/planted",
        "rename recordings away",
        "rmdir recordings",
        "chmod 777 /",
        "chmod 777 recordings/..",
        "symlink /etc /planted",
        "chown 0 recordings",
    ],
)
def test_it_does_not_leave_the_recordings(thief: Thief, tmp_path: Path, attempt: str) -> None:
    before = thief.inside(f"stat -c '%n %i %a %U:%G' / {HOME} {HOME}/* {HOME}/.??* {RECORDINGS} {KEY_FILE} 2>/dev/null")
    (tmp_path / "mine").write_text("mine")
    done = thief.sftp(attempt.format(here=tmp_path / "stolen", mine=tmp_path / "mine"))
    assert done.returncode != 0, done.stdout
    assert not (tmp_path / "stolen").exists()
    after = thief.inside(f"stat -c '%n %i %a %U:%G' / {HOME} {HOME}/* {HOME}/.??* {RECORDINGS} {KEY_FILE} 2>/dev/null")
    assert after == before


def test_a_link_in_the_recordings_leads_nowhere(thief: Thief, tmp_path: Path) -> None:
    """Links are resolved inside the jail, where there is no /etc."""
    assert thief.sftp("symlink /etc recordings/etc", "symlink ../../../etc/passwd recordings/p").returncode == 0
    assert thief.sftp("ls recordings/etc/").returncode != 0
    assert thief.sftp(f"get recordings/p {tmp_path}/p").returncode != 0
    assert thief.sftp("rm recordings/etc", "rm recordings/p").returncode == 0


# ---- what it plants


VICTIM = "/srv/victim"


def plant(thief: Thief) -> str:
    """Make what a link could lead to; return how it is."""
    return thief.inside(
        f"mkdir -p {VICTIM}; echo precious >{VICTIM}/Test-Snapshot.jpeg; chmod 711 {VICTIM}; {look_at_victim()}"
    )


def look_at_victim() -> str:
    """Return the line of shell that tells the state of the victim."""
    return f"find {VICTIM} -exec stat -c '%n %i %a %u:%g %Y %s' {{}} +; cat {VICTIM}/*"


def test_a_link_in_place_of_a_second_cameras_directory_is_not_followed_by_root(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    first, second = make_camera(), make_camera()
    thief = steal(bench, first, tmp_path)
    before = plant(thief)
    folders = [f"recordings/10.99.0.1-{camera.port}" for camera in (first, second)]
    planted = thief.sftp(*(f"symlink {VICTIM} {folder}" for folder in folders))
    assert planted.returncode == 0, planted.stderr
    result = bench.setup(first, second)
    assert result.code == 4, result.out
    assert "link" in result.json["error"]["message"] + result.err
    assert thief.inside(look_at_victim()) == before
    assert bench.setup(first).code == 0, "the first camera still works as it was"


def test_without_a_jail_a_link_in_place_of_the_recordings_is_not_followed_by_root(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    first, second = make_camera(), make_camera()
    thief = steal(bench, first, tmp_path, "--no-jail")
    before = plant(thief)
    attack = ("rename recordings away", f"symlink {VICTIM} recordings")
    assert thief.sftp(*attack).returncode != 0, "the home is root's"
    # As older versions left it.
    thief.inside("chown ipcamera: /home/ipcamera")
    planted = thief.sftp(*attack)
    assert planted.returncode == 0, planted.stderr
    for cameras in ((first,), (first, second)):
        result = bench.setup(*cameras, options=("--no-jail",))
        assert result.code in {4, 5}, result.out
        assert thief.inside(look_at_victim()) == before


def test_a_link_in_a_directory_that_root_takes_back_is_not_followed(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    """The second camera fails; its directory, and the test pictures in it, are removed again."""
    first, second = make_camera(), make_camera(test_claims="0")
    thief = steal(bench, first, tmp_path)
    before = plant(thief)
    folder = f"recordings/10.99.0.1-{second.port}"
    planted: list[int] = []

    def plant_link(name: str) -> None:
        if name == "testftp" and not planted:
            planted.append(thief.sftp(f"symlink {VICTIM} {folder}/Test-Snapshots").returncode)

    second.on_command = plant_link
    assert bench.setup(first, second).code == 5
    assert planted == [0]
    assert thief.inside(look_at_victim()) == before
