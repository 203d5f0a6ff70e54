"""`receiver-setup setup` as a whole, against a real sshd and an emulated camera."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, finish, skip_where_it_signs_with_sha2

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.camera.state import FACTORY_FIELDS
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

MakeCamera = Callable[..., EmulatedCamera]

RECORDINGS = "/home/ipcamera/recordings"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"


def inside(receiver: ThrowawayReceiver, command: str) -> str:
    """Run a line of shell on the receiver, as root."""
    return receiver.run("sh", "-c", command).stdout.decode()


def former(camera: EmulatedCamera) -> dict[str, str]:
    """Return those settings of a camera that a test had given it."""
    return {name: camera.state.fields[name] for name in FORMER}


# ---- done, and done again


def test_a_bare_host_and_a_new_camera_end_with_a_proven_upload(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert result.json["changed"] is True
    told = result.camera
    assert (told["ok"], told["auth"], told["signature"], told["warnings"]) == (True, "publickey", None, [])
    assert told["public_key"]["bits"] == 2048
    assert told["host_key"]["verified"] is True
    assert told["host_key"]["fingerprint"] in {key["fingerprint"] for key in result.json["receivers"][0]["host_keys"]}
    assert told["directory"] == RECORDINGS
    size = int(inside(bench.receiver, f"find {RECORDINGS} -name Test-Snapshot.jpeg -exec stat -c %s {{}} +"))
    assert told["test"] == {"result": 0, "file": "Test-Snapshot.jpeg", "bytes": size}
    assert "Accepted publickey for ipcamera from 10.99.0.1" in bench.receiver.log()
    assert told["public_key"]["fingerprint"] in bench.receiver.log()


def test_a_second_run_changes_nothing_and_sends_no_set_command(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    first = bench.setup(camera)
    assert (first.code, first.json["changed"]) == (0, True), first.err
    assert len(camera.requests) <= 9
    asked = [request.command for request in camera.requests]
    assert asked == [
        *("getftpattr", "getpubkey"),
        *("setftpattr", "getftpattr", "testftp"),
        *("testftp", "setftpattr", "getftpattr", "testftp"),
    ]
    before, sent = bench.state(), len(camera.requests)
    second = bench.setup(camera)
    assert (second.code, second.json["changed"]) == (0, False), second.err
    assert [request.command for request in camera.requests[sent:] if request.is_set] == []
    assert len(camera.requests) - sent <= 3
    # The test picture came anew; all else is as it was.
    assert bench.state().replace("Test-Snapshot", "") != ""
    assert [line for line in bench.state().splitlines() if "Test-Snapshot" not in line] == [
        line for line in before.splitlines() if "Test-Snapshot" not in line
    ]


def test_what_it_makes_is_closed_to_everything_but_uploads(bench: Bench, make_camera: MakeCamera) -> None:
    assert bench.setup(make_camera()).code == 0
    assert inside(bench.receiver, "stat -c '%a %U:%G' /home/ipcamera").split() == ["755", "root:root"]
    assert inside(bench.receiver, f"stat -c '%a %U:%G' {RECORDINGS}").split() == ["750", "ipcamera:ipcamera"]
    assert inside(bench.receiver, f"stat -c '%a %U:%G' {KEY_FILE}").split() == ["644", "root:root"]
    assert inside(bench.receiver, f"cut -d' ' -f1 {KEY_FILE}").strip() == "restrict"
    assert inside(bench.receiver, "getent passwd ipcamera").strip().endswith(":/home/ipcamera:/usr/sbin/nologin")
    assert inside(bench.receiver, "getent shadow ipcamera").split(":")[1] == "*"
    assert inside(bench.receiver, "ls -A /var/lib/receiver-setup").split() == ["accounts", "last"]
    assert inside(bench.receiver, "find /var/lib/receiver-setup ! -user root -o -perm /077") == ""
    effective = inside(bench.receiver, "sshd -T -C user=ipcamera,host=x,addr=192.0.2.9").splitlines()
    for line in (
        "chrootdirectory /home/ipcamera",
        "forcecommand internal-sftp",
        "authenticationmethods publickey",
        "passwordauthentication no",
        "allowtcpforwarding no",
        "permittty no",
    ):
        assert line in effective
    others = inside(bench.receiver, "sshd -T -C user=admin,host=x,addr=192.0.2.9")
    assert "chrootdirectory none" in others
    assert "forcecommand none" in others


def test_check_shows_every_change_and_makes_none(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    check = bench.setup(camera, options=("--check", "--diff"))
    assert (check.code, check.json["changed"], check.json["check"]) == (7, True, True)
    diff = check.json["receivers"][0]["diff"]
    assert all(told in diff for told in (DROP_IN, KEY_FILE, "+ user ipcamera", "+ft_ssl=2", "-ft_server=192.168.178.1"))
    assert bench.state() == before
    assert camera.set_commands == []
    assert former(camera) == FORMER

    assert bench.setup(camera).code == 0
    sent = len(camera.requests)
    again = bench.setup(camera, options=("--check", "--diff"))
    assert (again.code, again.json["changed"], again.json["receivers"][0]["diff"]) == (0, False, "")
    assert [r.command for r in camera.requests[sent:]] == ["getftpattr"]


def test_mode_and_day_folders_are_never_touched(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(requires_all_fields=False)
    assert bench.setup(camera).code == 0
    assert all("ft_mode" not in request.parameters for request in camera.requests)
    assert camera.state.fields["ft_mode"] == FORMER["ft_mode"]
    assert camera.state.fields["ft_dirmode"] == FORMER["ft_dirmode"]


def test_a_finished_receiver_takes_a_second_camera_and_keeps_the_first(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    assert bench.setup(first).code == 0
    assert bench.setup(second).code == 0
    assert inside(bench.receiver, f"wc -l <{KEY_FILE}").strip() == "2"
    assert bench.setup(first).json["changed"] is False


def test_two_cameras_at_once_get_a_directory_each(bench: Bench, make_camera: MakeCamera) -> None:
    cameras = make_camera(), make_camera()
    result = bench.setup(*cameras)
    assert result.code == 0, result.err
    told = result.json["receivers"][0]["cameras"]
    assert {each["directory"] for each in told} == {f"{RECORDINGS}/10.99.0.1-{camera.port}" for camera in cameras}
    assert all(each["test"]["result"] == 0 for each in told)
    assert bench.setup(*cameras).json["changed"] is False


def test_without_a_jail_the_home_is_roots_all_the_same(bench: Bench, make_camera: MakeCamera) -> None:
    result = bench.setup(make_camera(), options=("--no-jail",))
    assert result.code == 0, result.err
    assert inside(bench.receiver, "stat -c '%a %U' /home/ipcamera").split() == ["755", "root"]
    assert "chrootdirectory none" in inside(bench.receiver, "sshd -T -C user=ipcamera,host=x,addr=192.0.2.9")


# ---- cameras that differ


@pytest.mark.parametrize(
    "profile",
    [
        {"crlf": True},
        {"requires_all_fields": True},
        {"test_response_field": False},
        {"sethost_mode": "append", "sethost_answers": "response"},
        {"sethost_answers": "test"},
        {"host_key_preference": ("ecdsa-sha2-nistp256",)},
        {"auth_order": "password-then-key"},
        {"getpubkey_new_key": True},
        {"test_overwrites": False},
        {"hostkey_on_failure": False, "password_returned": True, "autocreatedir_in_get": True},
        {"busy_times": 1, "test_busy_times": 1},
        {"login_methods": ("query",), "challenge": False, "login_refused_as": "401", "keep_alive": False},
        {"rsa_bits": "4096", "slow_s": 0.2},
        {"uploader": "curl", "signature": "sha1"},
        {"uploader": "openssh"},
    ],
    ids=lambda profile: "-".join(f"{name}={value}" for name, value in profile.items()),
)
def test_cameras_of_every_kind_end_verified(bench: Bench, make_camera: MakeCamera, profile: dict[str, object]) -> None:
    camera = make_camera(**profile)
    query_only = ("--camera-login", "query") if profile.get("login_methods") == ("query",) else ()
    result = bench.setup(camera, options=query_only)
    assert result.code == 0, result.err
    assert result.camera["host_key"]["verified"] is True
    assert result.camera["auth"] == "publickey"
    again = bench.setup(camera, options=query_only)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert camera.state.fields["ft_insecure"] == "0"


@pytest.mark.parametrize("uploader", ["paramiko", "curl"])
def test_a_camera_that_signs_with_sha1_is_allowed_for_itself_alone(
    bench: Bench, make_camera: MakeCamera, uploader: str
) -> None:
    skip_where_it_signs_with_sha2(uploader)
    camera = make_camera(signature="sha1", uploader=uploader)
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert (result.camera["auth"], result.camera["signature"]) == ("publickey", "ssh-rsa")
    assert "SHA-1" in result.camera["warnings"][0]
    accepted = "sshd -T -C user={},host=x,addr=192.0.2.9 | grep -i ^pubkeyacceptedalgorithms"
    assert "ssh-rsa" in inside(bench.receiver, accepted.format("ipcamera")).split()[1].split(",")
    assert "ssh-rsa" not in inside(bench.receiver, accepted.format("admin")).split()[1].split(",")
    again = bench.setup(camera)
    assert (again.code, again.json["changed"], again.camera["signature"]) == (0, False, "ssh-rsa")


def test_sha1_is_not_allowed_where_it_must_never_be(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(signature="sha1")
    before = bench.state()
    result = bench.setup(camera, options=("--sha1", "never"))
    assert (result.code, result.json["error"]["kind"]) == (5, "test-upload-credentials")
    assert "SHA-1" in result.json["error"]["message"]
    assert result.json["error"]["rolled_back"] is True
    assert bench.state() == before
    assert former(camera) == FORMER


@pytest.mark.parametrize(
    "profile",
    [
        {"key": "none", "auth_order": "password"},
        {"key": "none", "no_key_answer": "404", "auth_order": "password"},
        {"key": "none", "no_key_answer": "empty", "auth_order": "password"},
    ],
    ids=["no key", "no key, 404", "an empty key"],
)
def test_a_camera_without_key_login_gets_a_password_for_uploads_alone(
    bench: Bench, make_camera: MakeCamera, profile: dict[str, object]
) -> None:
    camera = make_camera(**profile)
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert result.camera["auth"] == "password"
    assert "password" in result.camera["warnings"][0]
    password = camera.state.fields["ft_password"]
    assert password != FORMER["ft_password"]
    assert password not in result.out + result.err
    assert "chrootdirectory /home/ipcamera" in inside(bench.receiver, "sshd -T -C user=ipcamera,host=x,addr=1.1.1.1")
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err


def test_a_password_is_refused_where_only_keys_may_be(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(key="none", auth_order="password")
    before = bench.state()
    result = bench.setup(camera, options=("--auth", "key"))
    assert result.code == 3
    assert result.json["error"]["kind"] == "camera-no-key-login"
    assert bench.state() == before


# ---- what fails puts things back


def test_an_impostors_host_key_stops_everything_with_both_fingerprints(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    with ThrowawayReceiver(admin_public_key=bench.key.public_line) as impostor:
        result = bench.setup(camera, options=("--receiver-address", impostor.address))
        seen = impostor.run("ssh-keygen", "-lf", "/etc/ssh/ssh_host_ed25519_key.pub").stdout.decode().split()[1]
    expected = inside(bench.receiver, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    error = result.json["error"]
    assert (result.code, error["kind"], error["rolled_back"]) == (5, "host-key-mismatch", True)
    assert seen in error["message"]
    assert expected in error["message"]
    assert result.json["changed"] is False
    assert bench.state() == before
    assert former(camera) == FORMER
    assert camera.state.trusted_host_keys == []


@pytest.mark.parametrize("refused_as", ["401", "403", "211"])
def test_a_wrong_camera_password_is_sent_once_and_changes_nothing(
    bench: Bench, make_camera: MakeCamera, refused_as: str
) -> None:
    camera = make_camera(login_refused_as=refused_as, lockout_tries=2)
    bench.environment["RECEIVER_SETUP_CAMERA_PASSWORD"] = "wrong one"
    before = bench.state()
    result = bench.setup(camera)
    assert result.code == 3, result.err
    assert camera.wrong_password_attempts == 1
    assert bench.state() == before
    assert "wrong one" not in result.out + result.err


def test_a_camera_that_cannot_be_reached_is_an_error_of_the_camera(bench: Bench) -> None:
    before = bench.state()
    result = bench.run(*bench.arguments(), "--camera", "http://10.99.0.1:9", "--timeout", "2")
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable")
    assert bench.state() == before


def test_a_receiver_that_cannot_be_reached_is_an_error_of_the_receiver(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    result = bench.run(
        "setup", "--receiver", "admin@10.99.0.1:9", "--camera", camera.url, "--json", "--known-hosts", "/dev/null",
        "--ssh-config", "/dev/null",
    )  # fmt: skip
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unreachable")
    assert camera.set_commands == []
    assert "Traceback" not in result.err


def test_an_unknown_receiver_is_refused_with_its_fingerprint_and_accepted_when_asked_to(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    camera = make_camera()
    bench.known_hosts = tmp_path / "new" / "known_hosts"
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-host-key")
    assert inside(bench.receiver, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1] in result.err
    assert "--accept-new-host-key" in result.json["error"]["hint"]
    assert bench.setup(camera, options=("--accept-new-host-key",)).code == 0
    assert bench.setup(camera).code == 0


def test_a_changed_host_key_of_the_receiver_is_refused(bench: Bench, make_camera: MakeCamera) -> None:
    other = bench.key.public_line.split()[1]
    bench.known_hosts.write_text(f"{bench.receiver.address} ssh-ed25519 {other}\n")
    result = bench.setup(make_camera(), options=("--accept-new-host-key",))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-host-key")


@pytest.mark.parametrize(
    ("command", "nth"),
    [
        ("getftpattr", 1),
        ("getpubkey", 1),
        ("setftpattr", 1),
        ("testftp", 1),
        ("testftp", 2),
        ("setftpattr", 2),
        ("testftp", 3),
    ],
)
def test_ctrl_c_at_any_request_puts_both_sides_back(
    bench: Bench, make_camera: MakeCamera, command: str, nth: int
) -> None:
    camera = make_camera()
    before = bench.state()
    running: list[subprocess.Popen[str]] = []
    seen: list[str] = []

    def interrupt(name: str) -> None:
        seen.append(name)
        if name == command and seen.count(command) == nth:
            running[0].send_signal(2)

    camera.on_command = interrupt
    running.append(bench.start(*bench.arguments(camera)))
    result = finish(running[0])
    assert result.code == 130, result.err
    assert result.json["error"]["kind"] == "interrupted"
    assert former(camera) == FORMER
    assert bench.state() == before
    assert "Traceback" not in result.err
    camera.on_command = None
    assert bench.setup(camera).code == 0


@pytest.mark.parametrize(("command", "nth"), [("setftpattr", 1), ("testftp", 2), ("setftpattr", 2)])
def test_after_a_kill_at_any_request_the_next_run_heals(
    bench: Bench, make_camera: MakeCamera, command: str, nth: int
) -> None:
    camera = make_camera()
    running: list[subprocess.Popen[str]] = []
    seen: list[str] = []

    def kill(name: str) -> None:
        seen.append(name)
        if name == command and seen.count(command) == nth:
            running[0].kill()

    camera.on_command = kill
    running.append(bench.start(*bench.arguments(camera)))
    assert finish(running[0]).code == -9
    camera.on_command = None
    assert inside(bench.receiver, "ls /var/lib/receiver-setup").strip() == "journal"
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert "recover" in [step["name"] for step in result.json["receivers"][0]["steps"]]
    assert inside(bench.receiver, "ls -A /var/lib/receiver-setup").split() == ["accounts", "last"]
    assert inside(bench.receiver, "find /var/lib/receiver-setup ! -user root -o -perm /077") == ""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("command", ["setftpattr", "testftp", "setftpattr:2"])
def test_a_camera_that_restarts_in_the_middle_is_waited_for(
    bench: Bench, make_camera: MakeCamera, command: str, moment: str
) -> None:
    camera = make_camera(reboot_at=command, reboot_moment=moment, reboot_s=1.5)
    result = bench.setup(camera)
    assert result.code == 0, result.err


@pytest.mark.parametrize("profile", [{"test_claims": "0"}, {"denied_commands": ("setftpattr",)}, {"field_limit": 5}])
def test_a_camera_that_fails_half_way_is_put_back(
    bench: Bench, make_camera: MakeCamera, profile: dict[str, object]
) -> None:
    camera = make_camera(**profile)
    before = bench.state()
    result = bench.setup(camera)
    assert result.code in {3, 5}, result.out
    assert former(camera) == FORMER
    assert bench.state() == before


@pytest.mark.parametrize("answer", ["202", "208", "ignore"])
def test_a_new_camera_that_takes_no_empty_server_does_not_point_here_after_a_failure(
    bench: Bench, make_camera: MakeCamera, answer: str
) -> None:
    camera = make_camera({}, test_claims="-3", never_empty=("ft_server",), empty_answer=answer)
    before = bench.state()
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["rolled_back"]) == (5, True), result.out
    assert camera.state.fields == {**FACTORY_FIELDS, "ft_server": "none.invalid"}
    assert "it does not accept an empty ft_server, so it has none.invalid now" in "".join(result.camera["warnings"])
    assert bench.state() == before


def test_one_failed_camera_stops_no_other_and_leaves_nothing(bench: Bench, make_camera: MakeCamera) -> None:
    good, bad = make_camera(), make_camera(denied_commands=("setftpattr",))
    result = bench.setup(good, bad)
    assert result.code == 3, result.out
    told = {camera["address"]: camera for camera in result.json["receivers"][0]["cameras"]}
    assert told[good.url]["ok"] is True
    assert told[bad.url]["error"]["kind"] == "camera-no-permission"
    assert former(bad) == FORMER
    assert inside(bench.receiver, f"wc -l <{KEY_FILE}").strip() == "1"
    assert str(bad.port) not in inside(bench.receiver, f"ls {RECORDINGS}; cat {KEY_FILE}")
    assert inside(bench.receiver, "ls -A /var/lib/receiver-setup").split() == ["accounts", "last"]
    assert inside(bench.receiver, "find /var/lib/receiver-setup ! -user root -o -perm /077") == ""


# ---- the receiver's own ways of saying no


def test_accounts_of_others_are_never_taken(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    for user in ("admin", "daemon", "sshd"):
        result = bench.setup(camera, options=("--user", user))
        assert (result.code, result.json["error"]["kind"]) == (4, "receiver-account")
    assert bench.setup(camera, options=("--user", "root")).code == 2
    assert bench.state() == before
    assert camera.set_commands == []


@pytest.mark.parametrize(
    "option",
    [
        ("--user", "a;touch canary"),
        ("--user", "$(touch canary)"),
        ("--user", "-o"),
        ("--user", "ip\ncamera"),
        ("--user", "Ünal"),
        ("--user", ""),
        ("--directory", "../../etc"),
        ("--directory", "/etc"),
        ("--directory", "rec;touch canary"),
        ("--directory", "$(touch canary)"),
        ("--directory", "rec\nordings"),
        ("--directory", "rec'ordings"),
        ("--directory", ""),
        ("--home", "/etc"),
        ("--home", "home/ipcamera"),
        ("--home", "/home/../etc/x"),
        ("--receiver-address", "a b"),
        ("--receiver-address", "host;reboot"),
        ("--user", "root"),
        ("--home", "relative"),
        ("--directory", "../x"),
        ("--upload", "movies"),
        ("--interval", "7"),
        ("--camera-password-file", "/no/such/file"),
    ],
)
def test_values_that_cannot_be_meant_are_refused_before_anything_is_contacted(
    bench: Bench, make_camera: MakeCamera, option: tuple[str, str]
) -> None:
    camera = make_camera()
    result = bench.setup(camera, options=option)
    assert result.code == 2, result.out
    assert result.json["error"]["kind"] == "configuration"
    assert camera.requests == []
    assert "ssh" not in bench.receiver.log().split("Server listening")[-1]
    assert "Connection" not in bench.receiver.log()
    assert bench.named("canary") == ""


@pytest.mark.parametrize("directory", ["my recordings", "Aufnahmen/Tür 1", "a.b-c_d"])
def test_directories_with_blanks_and_umlauts_work(bench: Bench, make_camera: MakeCamera, directory: str) -> None:
    camera = make_camera()
    result = bench.setup(camera, options=("--directory", directory))
    assert result.code == 0, result.err
    assert result.camera["directory"] == f"/home/ipcamera/{directory}"
    assert bench.setup(camera, options=("--directory", directory)).json["changed"] is False


@pytest.mark.parametrize(
    "line",
    ["ssh-rsa AAAA\nssh-rsa BBBB", 'command="touch canary" {key}', "{key}\n{key}", "no key", "ssh-ed25519 {blob}"],
)
def test_a_hostile_public_key_never_reaches_the_receiver(bench: Bench, make_camera: MakeCamera, line: str) -> None:
    camera = make_camera(publickey_template=line)
    before = bench.state()
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-reply"), result.out
    assert bench.state() == before


def test_a_configuration_that_was_broken_before_is_not_ours_to_break_further(
    bench: Bench, make_camera: MakeCamera
) -> None:
    inside(bench.receiver, "echo NoSuchKeyword yes >>/etc/ssh/sshd_config")
    before = bench.state()
    result = bench.setup(make_camera())
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unsuitable")
    assert "before this run" in result.json["error"]["message"]
    assert bench.state() == before


def test_a_drop_in_that_loses_only_when_it_is_there_is_taken_back(bench: Bench, make_camera: MakeCamera) -> None:
    """Without unshare the groups of an account are known to sshd only once it is there, before the reload."""
    inside(
        bench.receiver,
        "rm $(command -v unshare); "
        "printf 'Match Group ipcamera\\n  PermitTTY yes\\n' >/etc/ssh/sshd_config.d/00-a.conf",
    )
    camera = make_camera()
    before = bench.state()
    result = bench.setup(camera)
    error = result.json["error"]
    assert (result.code, error["kind"], error["rolled_back"]) == (4, "receiver-change", True)
    assert "ipcamera" in error["message"]
    assert bench.state() == before
    assert camera.set_commands == []
    assert inside(bench.receiver, "sshd -t; echo $?").strip() == "0"


def test_a_jail_that_sshd_would_refuse_is_named_before_anything_changes(bench: Bench, make_camera: MakeCamera) -> None:
    inside(bench.receiver, "mkdir -p /srv/cams && chmod 777 /srv/cams")
    before = bench.state()
    result = bench.setup(make_camera(), options=("--home", "/srv/cams/ipcamera"))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unsuitable")
    assert "/srv/cams" in result.json["error"]["message"]
    assert bench.state() == before
    inside(bench.receiver, "chmod 755 /srv/cams")
    assert bench.setup(make_camera(), options=("--home", "/srv/cams/ipcamera")).code == 0


def test_the_camera_password_may_stand_in_the_address_with_a_warning(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    bench.environment["RECEIVER_SETUP_CAMERA_PASSWORD"] = ""
    quoted = "cam%20era%2Bp%C3%A4%26ss%25word"
    result = bench.run(*bench.arguments(), "--camera", camera.url.replace("://", f"://admin:{quoted}@"))
    assert result.code == 0, result.err
    assert "warning: a password in --camera" in result.err
    assert CAMERA_PASSWORD not in result.out + result.err
    assert quoted not in result.out + result.err


def test_no_secret_shows_anywhere_at_the_highest_verbosity(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(key="none", auth_order="password", login_methods=("basic",))
    result = bench.setup(camera, options=("-vvv",))
    assert result.code == 0, result.err
    everything = result.out + result.err + bench.receiver.log()
    everything += inside(
        bench.receiver, "cat /etc/ssh/sshd_config.d/* /etc/ssh/authorized_keys.d/* /var/log/* 2>/dev/null"
    )
    for secret in (CAMERA_PASSWORD, "cam%20era", "cam+era", camera.state.fields["ft_password"]):
        assert secret not in everything
