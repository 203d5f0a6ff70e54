"""The emulated camera really uploads to a real OpenSSH server, and each result of testftp truly happens."""

import base64
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
import requests

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = [pytest.mark.usefixtures("private_network"), pytest.mark.rest]

PASSWORD = "made up: p@ss&word'1"
BY_PASSWORD = Profile(auth_order="password")
CURL = Profile(uploader="curl", auth_order="password")
OPENSSH = Profile(uploader="openssh")
UPLOADERS = [Profile(), CURL, OPENSSH]
NAMES = ["paramiko", "curl", "openssh"]
SHA1_REFUSED = "signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms"
each_uploader = pytest.mark.parametrize("profile", UPLOADERS, ids=NAMES)


def ask(camera: EmulatedCamera, command: str, timeout_s: float = 60, **parameters: str) -> dict[str, str]:
    """Send one command and return the reply's values."""
    reply = requests.get(
        f"{camera.url}/param.cgi",
        params={"cmd": command, **parameters},
        auth=("admin", "instar"),
        timeout=timeout_s,
    )
    return dict(re.findall(r'^(\S+?)="(.*)";$', reply.text, re.MULTILINE))


def shell(receiver: ThrowawayReceiver, script: str, stdin: str = "") -> str:
    """Run a script as root inside the receiver and return what it prints."""
    done = receiver.run("sh", "-euc", script, input=stdin.encode())
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def host_keys(receiver: ThrowawayReceiver) -> dict[str, str]:
    """Return the receiver's bare base64 host keys by type."""
    return {line.split()[0]: line.split()[1] for line in receiver.host_key_lines}


@pytest.fixture
def account(receiver: ThrowawayReceiver) -> ThrowawayReceiver:
    """Make an upload user with a password and a recordings directory, as the maker's page says."""
    shell(
        receiver,
        "useradd -m -s /bin/sh ipcamera; mkdir /home/ipcamera/.ssh /home/ipcamera/recordings;"
        "chown -R ipcamera: /home/ipcamera; chpasswd",
        f"ipcamera:{PASSWORD}\n",
    )
    return receiver


@contextmanager
def camera_for(receiver: ThrowawayReceiver, profile: Profile, **fields: str) -> Iterator[EmulatedCamera]:
    """Start a camera that uploads to `receiver`; its key is let in."""
    settings = {
        "ft_server": receiver.address,
        "ft_port": "22",
        "ft_username": "ipcamera",
        "ft_password": PASSWORD if "password" in profile.auth_order else "",
        "ft_dirname": "recordings",
        "ft_ssl": "2",
    }
    with EmulatedCamera(profile, settings=settings | fields) as camera:
        line = camera.state.public_key_line
        if line is not None:
            shell(receiver, "cat >/home/ipcamera/.ssh/authorized_keys", line + "\n")
        yield camera


def arrived(receiver: ThrowawayReceiver, path: str = "recordings/Test-Snapshot.jpeg") -> bytes:
    """Return a file's bytes on the receiver."""
    return base64.b64decode(shell(receiver, f"base64 '/home/ipcamera/{path}'"))


@each_uploader
def test_the_picture_arrives_and_the_host_key_is_shown(account: ThrowawayReceiver, profile: Profile) -> None:
    with camera_for(account, profile) as camera:
        reply = ask(camera, "testftp")
        assert (reply["result"], reply["response"]) == ("0", "200"), camera.uploads
        assert reply["hostkey"] in host_keys(account).values()
        picture = arrived(account)
        assert picture.startswith(b"\xff\xd8\xff")
        assert picture.endswith(b"\xff\xd9")
        assert 20_000 <= len(picture) <= 40_000
        assert camera.uploads[-1].bytes == len(picture)
    method = "password" if profile is CURL else "publickey"
    assert f"Accepted {method} for ipcamera" in account.log()


@each_uploader
def test_only_a_trusted_host_is_uploaded_to_with_verification(account: ThrowawayReceiver, profile: Profile) -> None:
    """No key is trusted, then a wrong one, then the right one."""
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
    with camera_for(account, profile, ft_insecure="0") as camera:
        seen = ask(camera, "testftp")
        assert seen["result"] == "-5", camera.uploads
        assert ask(camera, "testftp", sethost=other)["response"] == "200"
        assert ask(camera, "testftp")["result"] == "-5", camera.uploads
        assert "Accepted" not in account.log()
        assert ask(camera, "testftp", sethost=seen["hostkey"])["response"] == "200"
        trusting = ask(camera, "testftp")
        assert (trusting["result"], trusting["hostkey"]) == ("0", seen["hostkey"]), camera.uploads


@each_uploader
def test_wrong_credentials_are_minus_2(account: ThrowawayReceiver, profile: Profile) -> None:
    with camera_for(account, profile, ft_password="wrong") as camera:
        shell(account, "rm /home/ipcamera/.ssh/authorized_keys")
        assert ask(camera, "testftp")["result"] == "-2", camera.uploads


@each_uploader
@pytest.mark.parametrize("directory", ["missing", "/root", "locked"])
def test_a_bad_path_is_minus_3(account: ThrowawayReceiver, profile: Profile, directory: str) -> None:
    shell(account, "install -d -m 755 -o root /home/ipcamera/locked")
    with camera_for(account, profile, ft_dirname=directory) as camera:
        assert ask(camera, "testftp")["result"] == "-3", camera.uploads


@each_uploader
@pytest.mark.parametrize("directory", ["a/b c", "./x'\"y", "/home/ipcamera/recordings/z"])
def test_a_missing_directory_is_made_when_asked(account: ThrowawayReceiver, profile: Profile, directory: str) -> None:
    with camera_for(account, profile, ft_dirname=directory, ft_autocreatedir="1") as camera:
        assert ask(camera, "testftp")["result"] == "0", camera.uploads
    found = shell(account, "find /home/ipcamera -name Test-Snapshot.jpeg")
    assert found == str(Path("/home/ipcamera") / directory / "Test-Snapshot.jpeg")


@each_uploader
def test_a_day_folder_is_made_below_the_directory(account: ThrowawayReceiver, profile: Profile) -> None:
    with camera_for(account, profile, ft_dirmode="1") as camera:
        for _ in range(2):
            assert ask(camera, "testftp")["result"] == "0", camera.uploads
    day = datetime.now().astimezone().strftime("%Y%m%d")
    assert arrived(account, f"recordings/{day}/Test-Snapshot.jpeg")


@each_uploader
def test_nobody_listening_is_minus_1(account: ThrowawayReceiver, profile: Profile) -> None:
    with camera_for(account, profile, ft_port="1") as camera:
        assert ask(camera, "testftp")["result"] == "-1", camera.uploads
        ask(camera, "setftpattr", ft_server="no-such-host.invalid", ft_port="22")
        assert ask(camera, "testftp")["result"] == "-1", camera.uploads


@pytest.mark.parametrize("uploader", NAMES)
def test_a_server_that_says_nothing_is_minus_4(uploader: str) -> None:
    profile = Profile(uploader=uploader, test_timeout_s=1.2)  # type: ignore[arg-type]  # checked by Profile
    settings = {"ft_server": "127.0.0.1", "ft_ssl": "2", "ft_username": "u", "ft_password": "p"}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings["ft_port"] = str(silent.getsockname()[1])
        with EmulatedCamera(profile, settings=settings) as camera:
            started = time.monotonic()
            assert ask(camera, "testftp") == {"cmd": "testftp", "result": "-4", "response": "200"}
            assert 0.9 <= time.monotonic() - started < 8


def test_a_server_that_hangs_up_is_minus_1(caplog: pytest.LogCaptureFixture) -> None:
    """As a full or penalising sshd does, before its banner; no traceback of paramiko's is logged."""
    with socket.create_server(("127.0.0.1", 0)) as rude:

        def hang_up() -> None:
            rude.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        settings = {"ft_server": "127.0.0.1", "ft_port": str(rude.getsockname()[1]), "ft_ssl": "2"}
        with EmulatedCamera(settings=settings) as camera:
            assert ask(camera, "testftp")["result"] == "-1", camera.uploads
        thread.join()
    assert "Traceback" not in caplog.text


def test_a_second_test_meanwhile_is_minus_6() -> None:
    settings = {"ft_server": "127.0.0.1", "ft_ssl": "2"}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings["ft_port"] = str(silent.getsockname()[1])
        with EmulatedCamera(Profile(test_timeout_s=2.0), settings=settings) as camera:
            first: list[str] = []
            thread = threading.Thread(target=lambda: first.append(ask(camera, "testftp")["result"]))
            thread.start()
            silent.accept()[0].detach()
            assert ask(camera, "testftp")["result"] == "-6"
            thread.join()
            assert first == ["-4"]


@each_uploader
def test_a_full_disk_is_minus_9(account: ThrowawayReceiver, profile: Profile) -> None:
    shell(account, "mount -t tmpfs -o size=16k,uid=$(id -u ipcamera) full /home/ipcamera/recordings")
    with camera_for(account, profile) as camera:
        assert ask(camera, "testftp")["result"] == "-9", camera.uploads


def test_a_connection_cut_in_the_middle_is_minus_9(account: ThrowawayReceiver) -> None:
    """The server is killed while it takes the file: a pipe in the file's place makes it wait."""
    shell(account, "cd /home/ipcamera/recordings; mkfifo Test-Snapshot.jpeg; chown ipcamera *")
    keep_reading = "sh -c 'exec 3<>/home/ipcamera/recordings/Test-Snapshot.jpeg; sleep 2; pkill -9 -u ipcamera'"
    with camera_for(account, Profile(test_bytes=3_000_000, test_timeout_s=20)) as camera:
        killer = threading.Thread(target=lambda: account.run("sh", "-c", keep_reading))
        killer.start()
        time.sleep(0.3)
        assert ask(camera, "testftp")["result"] == "-9", camera.uploads
        killer.join()


def test_a_jail_with_wrong_owners_is_minus_8(admin_key: AdminKey) -> None:
    """The login is accepted, then the session dies: no result code is for that."""
    jail = "Match User ipcamera\n ChrootDirectory /home/ipcamera\n ForceCommand internal-sftp\n"
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, sshd_config=jail) as receiver:
        shell(receiver, "useradd -m ipcamera; install -d -o ipcamera /home/ipcamera/.ssh")
        with camera_for(receiver, Profile()) as camera:
            assert ask(camera, "testftp")["result"] == "-8", camera.uploads
        assert "bad ownership or modes for chroot" in receiver.log()


def test_without_sftp_only_the_port_is_tried(account: ThrowawayReceiver) -> None:
    with camera_for(account, Profile(), ft_ssl="0") as camera:
        assert ask(camera, "testftp") == {"cmd": "testftp", "result": "-8", "response": "200"}
        ask(camera, "setftpattr", ft_port="21")
        assert ask(camera, "testftp")["result"] == "-1"
    assert "Accepted" not in account.log()


def test_a_sha1_signature_is_refused_by_a_modern_server(account: ThrowawayReceiver) -> None:
    with camera_for(account, Profile(signature="sha1", auth_order="key")) as camera:
        assert ask(camera, "testftp")["result"] == "-2", camera.uploads
    assert SHA1_REFUSED in account.log()


@pytest.mark.parametrize("uploader", ["paramiko", "curl"])
def test_a_sha1_signature_is_accepted_where_it_is_allowed(admin_key: AdminKey, uploader: str) -> None:
    allowed = "Match User ipcamera\n PubkeyAcceptedAlgorithms +ssh-rsa\n"
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, sshd_config=allowed) as receiver:
        shell(receiver, "useradd -m ipcamera; install -d -o ipcamera /home/ipcamera/.ssh")
        profile = Profile(signature="sha1", uploader=uploader, auth_order="key")  # type: ignore[arg-type]
        with camera_for(receiver, profile, ft_dirname="./") as camera:
            assert ask(camera, "testftp")["result"] == "0", camera.uploads
            assert camera.uploads[-1].method == "publickey"
        assert re.search(r"Accepted publickey for ipcamera from .* ssh2: RSA SHA256:", receiver.log())


ORDERS = [
    ("key", "publickey"),
    ("password", "password"),
    ("key-then-password", "publickey"),
    ("password-then-key", "password"),
    ("none-key", "publickey"),
    ("none-key-password", "publickey"),
]


@pytest.mark.parametrize(("order", "method"), ORDERS)
def test_the_order_of_methods_decides_how_it_signs_in(account: ThrowawayReceiver, order: str, method: str) -> None:
    with camera_for(account, Profile(auth_order=order)) as camera:  # type: ignore[arg-type]
        assert ask(camera, "testftp")["result"] == "0", camera.uploads
        assert camera.uploads[-1].method == method
    assert f"Accepted {method} for ipcamera" in account.log()


@pytest.mark.parametrize(("order", "fails"), [("key-then-password", "key"), ("password-then-key", "password")])
def test_the_second_method_is_tried_after_the_first_failed(account: ThrowawayReceiver, order: str, fails: str) -> None:
    wrong = {"ft_password": "wrong"} if fails == "password" else {}
    with camera_for(account, Profile(auth_order=order), **wrong) as camera:  # type: ignore[arg-type]
        if fails == "key":
            shell(account, "rm /home/ipcamera/.ssh/authorized_keys")
        assert ask(camera, "testftp")["result"] == "0", camera.uploads
    assert ("Failed password" in account.log()) == (fails == "password")


@pytest.mark.parametrize("bits", ["1024", "4096"])
def test_keys_of_every_size_sign_in(account: ThrowawayReceiver, bits: str) -> None:
    with camera_for(account, Profile(rsa_bits=bits)) as camera:  # type: ignore[arg-type]
        assert ask(camera, "testftp")["result"] == "0", camera.uploads


@pytest.mark.parametrize("uploader", ["paramiko", "openssh"])
@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_the_preferred_type_of_host_key_is_the_one_shown(admin_key: AdminKey, uploader: str, kind: str) -> None:
    kinds = ("ed25519", "ecdsa", "rsa")
    with ThrowawayReceiver(admin_public_key=admin_key.public_line, host_key_types=kinds) as receiver:
        profile = Profile(host_key_preference=(kind,), uploader=uploader)  # type: ignore[arg-type]
        settings = {"ft_server": receiver.address, "ft_port": "22", "ft_ssl": "2", "ft_username": "nobody"}
        with EmulatedCamera(profile, settings=settings) as camera:
            assert ask(camera, "testftp")["hostkey"] == host_keys(receiver)[kind], camera.uploads


def test_several_trusted_hosts_are_kept_or_replaced(account: ThrowawayReceiver) -> None:
    """With append the first host still counts after a second one was set; with replace it does not."""
    keys = host_keys(account)
    for mode, result in (("append", "0"), ("replace", "-5")):
        profile = Profile(sethost_mode=mode, host_key_preference=("ssh-ed25519",))  # type: ignore[arg-type]
        with camera_for(account, profile, ft_insecure="0") as camera:
            for kind in ("ssh-ed25519", "ecdsa-sha2-nistp256"):
                ask(camera, "testftp", sethost=keys[kind])
            assert ask(camera, "testftp")["result"] == result, camera.uploads


def test_sethost_may_run_the_test_itself(account: ThrowawayReceiver) -> None:
    profile = Profile(sethost_answers="test", host_key_preference=("ssh-ed25519",))
    with camera_for(account, profile, ft_insecure="0") as camera:
        key = host_keys(account)["ssh-ed25519"]
        assert ask(camera, "testftp", sethost=key) == {
            "cmd": "testftp",
            "hostkey": key,
            "result": "0",
            "response": "200",
        }


def test_the_host_key_may_be_shown_in_one_case_only(account: ThrowawayReceiver) -> None:
    for profile, on_success, on_failure in (
        (Profile(hostkey_on_failure=False, auth_order="key"), True, False),
        (Profile(hostkey_on_success=False, auth_order="key"), False, True),
    ):
        with camera_for(account, profile) as camera:
            assert ("hostkey" in ask(camera, "testftp")) == on_success
            ask(camera, "setftpattr", ft_username="nobody")
            failed = ask(camera, "testftp")
            assert ("hostkey" in failed, failed["result"]) == (on_failure, "-2")


def test_a_bare_reply_has_neither_command_nor_response(account: ThrowawayReceiver) -> None:
    with camera_for(account, Profile(test_response_field=False, hostkey_on_success=False)) as camera:
        assert ask(camera, "testftp") == {"result": "0"}


def test_further_tests_may_get_numbers(account: ThrowawayReceiver) -> None:
    with camera_for(account, Profile(test_overwrites=False)) as camera:
        for _ in range(3):
            ask(camera, "testftp")
    names = shell(account, "ls /home/ipcamera/recordings").split()
    assert names == ["Test-Snapshot.jpeg", "Test-Snapshot_1.jpeg", "Test-Snapshot_2.jpeg"]


def test_size_and_day_folder_are_the_profiles(account: ThrowawayReceiver) -> None:
    profile = Profile(test_bytes=70_000, day_folder_format="day-%Y")
    with camera_for(account, profile, ft_dirmode="1") as camera:
        ask(camera, "testftp")
    folder = datetime.now().astimezone().strftime("day-%Y")
    assert len(arrived(account, f"recordings/{folder}/Test-Snapshot.jpeg")) == 70_000


def test_a_camera_with_a_new_key_is_no_longer_let_in(account: ThrowawayReceiver) -> None:
    with camera_for(account, Profile(getpubkey_new_key=True, auth_order="key")) as camera:
        assert ask(camera, "testftp")["result"] == "0"
        ask(camera, "getpubkey")
        assert ask(camera, "testftp")["result"] == "-2"


@pytest.mark.parametrize("uploader", ["curl", "openssh"])
def test_no_secret_is_in_an_argument_list(
    account: ThrowawayReceiver, uploader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the password nor the private key, of all programs that an upload starts."""
    seen: list[str] = []
    original = subprocess.Popen.__init__

    def record(process: subprocess.Popen[bytes], *args: object, **kwargs: object) -> None:
        seen.append(repr((args, kwargs)))
        original(process, *args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess.Popen, "__init__", record)
    profile = Profile(uploader=uploader, auth_order="key-then-password")  # type: ignore[arg-type]
    with camera_for(account, profile) as camera:
        shell(account, "rm /home/ipcamera/.ssh/authorized_keys")
        seen.clear()
        assert ask(camera, "testftp")["result"] == "0", camera.uploads
    assert seen
    assert not [call for call in seen if "made up" in call or "PRIVATE" in call]


@pytest.mark.parametrize("uploader", NAMES)
def test_closing_ends_a_test_that_hangs(uploader: str) -> None:
    """Neither a thread nor a connection survives."""
    profile = Profile(uploader=uploader, test_timeout_s=30)  # type: ignore[arg-type]  # checked by Profile
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {"ft_server": "127.0.0.1", "ft_port": str(silent.getsockname()[1]), "ft_ssl": "2"}
        with EmulatedCamera(profile, settings=settings) as camera:

            def hang() -> None:
                with pytest.raises(requests.ConnectionError):
                    ask(camera, "testftp")

            thread = threading.Thread(target=hang)
            thread.start()
            connection = silent.accept()[0]
            started = time.monotonic()
        with connection:
            assert time.monotonic() - started < 5
        thread.join()
    assert set(threading.enumerate()) <= before
