"""The whole set-up on receivers with other shells and other tools: dash, bash, busybox, and adduser alone."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from support import trees
from support.bench import FORMER, Bench, MakeBench, MakeCamera, fresh_and_again, inside

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

USERLAND = """
for applet in $(/usr/local/sbin/busybox --list); do
  case $applet in
    busybox | adduser | deluser | addgroup | delgroup | su | passwd) continue ;;
  esac
  ln -sf /usr/local/sbin/busybox "/usr/local/sbin/$applet"
  ln -sf /usr/local/sbin/busybox "/usr/local/bin/$applet"
done
ln -sf /usr/local/sbin/busybox /bin/sh
"""
"""Busybox for every program that it has an applet for, before all others for root and for everybody."""
NO_SHADOW = """
usermod --shell /bin/sh admin
for applet in adduser deluser addgroup delgroup; do
  ln -sf /usr/local/sbin/busybox "/usr/local/sbin/$applet"
done
sed -i 's/^UsePAM yes/UsePAM no/' /etc/ssh/sshd_config
rm -f /etc/init.d/ssh
for program in useradd userdel usermod groupadd groupdel groupmod chpasswd gpasswd chage getent service systemctl \\
  journalctl; do
  rm -f "/usr/sbin/$program" "/usr/bin/$program"
done
kill -HUP "$(cat /run/sshd.pid)"
"""
"""As on Alpine: only busybox makes users, and sshd has no PAM, so that a locked account gets nowhere by key either."""
KINDS = ("dash", "bash", "busybox of Debian", "busybox of Alpine")
StartBench = Callable[[], AbstractContextManager[Bench]]


def busybox(kind: str) -> bytes:
    """Return the program, as Debian ships it or with every applet."""
    if kind == "busybox of Alpine":
        return (trees.unpack("busybox") / "busybox").read_bytes()
    found = shutil.which("busybox")
    if found is None:
        pytest.skip("there is no busybox on this machine")
    return Path(found).read_bytes()


@pytest.fixture(params=KINDS)
def start_bench(request: pytest.FixtureRequest, make_bench: MakeBench) -> StartBench:
    """Return what starts a receiver of each kind."""
    kind: str = request.param
    program = busybox(kind) if kind.startswith("busybox") else b""

    @contextmanager
    def start() -> Iterator[Bench]:
        with make_bench(tree=trees.unpack("trixie")) as bench:
            script = f"ln -sf {kind} /bin/sh"
            if program:
                put = bench.receiver.run(
                    "sh", "-ec", "cat >/usr/local/sbin/busybox; chmod 755 /usr/local/sbin/busybox", input=program
                )
                assert put.returncode == 0, put.stderr
                script = USERLAND + (NO_SHADOW if kind == "busybox of Alpine" else "")
            done = bench.receiver.run("bash", "-ec", script)
            assert done.returncode == 0, done.stderr
            bench.receiver.wait_until_listening()
            assert inside(bench, "readlink /proc/$$/exe; true").endswith(kind.partition(" ")[0])
            yield bench

    return start


def test_a_set_up_is_proven_by_key_and_changes_nothing_the_second_time(
    start_bench: StartBench, make_camera: MakeCamera
) -> None:
    with start_bench() as bench:
        fresh_and_again(bench, make_camera())
        account = inside(bench, "grep ^ipcamera: /etc/passwd").split(":")
        assert account[5:] == ["/home/ipcamera", "/usr/sbin/nologin"]
        assert int(account[2]) < 1000
        group = inside(bench, "grep ^ipcamera: /etc/group").split(":")
        assert group[2] == account[3]
        assert group[3] in {"", "ipcamera"}, "nobody else is in its group"
        assert inside(bench, "grep ^ipcamera: /etc/shadow").split(":")[1] in {"*", "*!"}
        assert inside(bench, "stat -c %U:%G /home/ipcamera/recordings") == "ipcamera:ipcamera"


def test_a_camera_without_key_login_uploads_by_password(start_bench: StartBench, make_camera: MakeCamera) -> None:
    camera = make_camera(key="none", auth_order="password")
    with start_bench() as bench:
        result = bench.setup(camera)
        assert (result.code, result.camera["auth"]) == (0, "password"), result.err
        # DES, which has no $, would let anybody in who knows the first eight characters.
        assert inside(bench, "grep ^ipcamera: /etc/shadow").split(":")[1].startswith("$")
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err


def test_a_failed_set_up_leaves_no_trace(start_bench: StartBench, make_camera: MakeCamera, admin_key: AdminKey) -> None:
    camera = make_camera()
    with start_bench() as bench, ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        before = bench.state()
        assert "  etc/passwd" in before
        result = bench.setup(camera, options=("--receiver-address", impostor.address))
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, "host-key-mismatch", True), result.err
        assert bench.state() == before
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER
        assert bench.setup(camera).code == 0


@pytest.mark.parametrize("start_bench", ["busybox of Alpine"], indirect=True)
def test_a_group_made_for_a_user_that_could_not_be_made_goes_again(
    start_bench: StartBench, make_camera: MakeCamera
) -> None:
    with start_bench() as bench:
        before = bench.state()
        inside(bench, "printf '#!/bin/sh\necho full\nexit 1\n' >/run/adduser; chmod 755 /run/adduser")
        inside(bench, "ln -sf /run/adduser /usr/local/sbin/adduser")
        result = bench.setup(make_camera())
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (4, "receiver-change", True), result.err
        assert "adduser: full" in error["message"]
        assert bench.state() == before


def test_a_failed_set_up_keeps_a_group_that_was_there(
    start_bench: StartBench, make_camera: MakeCamera, admin_key: AdminKey
) -> None:
    """Whatever removes a user may take a group of the same name with it."""
    with start_bench() as bench, ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        inside(bench, "echo ipcamera:x:777: >>/etc/group; [ ! -f /etc/gshadow ] || echo 'ipcamera:!::' >>/etc/gshadow")
        before = inside(bench, "sort /etc/group")
        result = bench.setup(make_camera(), options=("--receiver-address", impostor.address))
        assert (result.code, result.json["error"]["rolled_back"]) == (5, True), result.err
        assert inside(bench, "sort /etc/group") == before
        fresh_and_again(bench, make_camera())


def test_a_removal_brings_everything_back(start_bench: StartBench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with start_bench() as bench:
        before = bench.state()
        assert bench.setup(camera).code == 0
        result = bench.remove(camera)
        assert result.code == 0, result.err
        assert bench.state() == before
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER
        again = bench.remove(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err


def test_an_account_that_was_made_by_hand_is_adopted_and_given_back(
    start_bench: StartBench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    by_hand = """
    echo 'ipcamera:x:1234:1234:Camera:/home/ipcamera:/bin/sh' >>/etc/passwd
    echo 'ipcamera:x:1234:' >>/etc/group
    echo 'ipcamera:$6$salt$hash:19000:0:99999:7:::' >>/etc/shadow
    mkdir -p /home/ipcamera/recordings && echo film >/home/ipcamera/recordings/old.mp4
    chown -R 1234:1234 /home/ipcamera
    """
    with start_bench() as bench:
        inside(bench, by_hand)
        # Busybox has nothing that keeps the day of a password's last change.
        told = r"sed 's/^\(ipcamera:[^:]*\):[0-9]*:0:/\1:a day:0:/' /etc/passwd /etc/shadow /etc/group"
        before, accounts = bench.state(), inside(bench, told)
        first = bench.setup(camera, options=("--adopt",))
        assert first.code == 0, first.err
        assert inside(bench, "grep ^ipcamera: /etc/shadow").split(":")[1] == "*$6$salt$hash"
        assert bench.setup(camera).json["changed"] is False
        inside(bench, "cd /home/ipcamera/recordings && rm -rf [!o]*")
        result = bench.remove(camera)
        assert result.code == 0, result.err
        kept = inside(bench, "command -v chage") != ""
        assert [line for line in bench.state().splitlines() if kept or "shadow" not in line] == [
            line for line in before.splitlines() if kept or "shadow" not in line
        ]
        assert inside(bench, told) == accounts


def test_an_unconfirmed_change_is_taken_back_from_within(start_bench: StartBench, make_camera: MakeCamera) -> None:
    """The administrator's own shell keeps the new login from coming in time."""
    camera = make_camera()
    slow = "[ ! -e /etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf ] || sleep 9"
    with start_bench() as bench:
        inside(bench, f"chsh -s /bin/bash admin 2>/dev/null; echo '{slow}' >/home/admin/.bashrc")
        if not inside(bench, "grep ^admin: /etc/passwd").endswith("/bin/bash"):
            inside(bench, "sed -i '/^admin:/s|:[^:]*$|:/bin/bash|' /etc/passwd")
        before = bench.state()
        result = bench.setup(camera, options=("--confirm-within", "5"))
        assert (result.code, result.json["error"]["rolled_back"]) == (4, True), result.err
        assert "took everything back by itself" in result.json["error"]["message"]
        assert bench.state() == before
        assert camera.set_commands == []


def test_a_group_is_joined_and_left_by_whatever_there_is(start_bench: StartBench, make_camera: MakeCamera) -> None:
    with start_bench() as bench:
        inside(bench, "groupadd media || addgroup media")
        camera, before = make_camera(), bench.state()
        fresh_and_again(bench, camera, options=("--groups", "media"))
        assert inside(bench, "grep ^media: /etc/group").endswith(":ipcamera")
        removed = bench.remove(camera)
        assert removed.code == 0, removed.err
        assert bench.state() == before


def test_a_program_that_a_change_needs_is_named_before_any_change(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    for program, package in (("od", "coreutils"), ("find", "findutils"), ("chpasswd", "passwd")):
        path = bench.inside(f"command -v {program}")
        bench.inside(f"mv {path} {path}.away")
        refused = bench.setup(camera)
        bench.inside(f"mv {path}.away {path}")
        error = refused.json["error"]
        assert (refused.code, error["kind"]) == (4, "receiver-unsuitable"), refused.err
        assert f"lacks {program}, which a change there is made with" in error["message"]
        assert f"Raspberry Pi OS: {package};" in error["hint"]
        assert bench.state() == before
    assert camera.set_commands == []
    assert bench.setup(camera).code == 0
    settled = bench.state()
    bench.inside("mv /usr/bin/tr /usr/bin/tr.away")
    assert "lacks tr, which" in bench.remove(camera).json["error"]["message"]
    bench.inside("mv /usr/bin/tr.away /usr/bin/tr")
    assert bench.state() == settled
    assert bench.remove(camera).code == 0


WAYS_TO_ROOT = {
    "doas": "echo 'permit nopass admin as root' >/etc/doas.conf; mv /usr/bin/sudo /usr/bin/sudo.away",
    "sudo-rs": "mv /usr/bin/sudo /usr/bin/sudo.away; cp -p /usr/bin/sudo-rs /usr/bin/sudo",
    "uutils": 'for tool in $(coreutils --list); do ln -sf "$(command -v coreutils)" "/usr/local/bin/$tool"; done',
}
"""Other programs than most receivers have, each put in the place of the usual one."""


@pytest.mark.parametrize("name", WAYS_TO_ROOT)
def test_other_ways_to_root_and_other_tools_do_as_well(
    make_bench: MakeBench, make_camera: MakeCamera, name: str
) -> None:
    camera = make_camera()
    with make_bench(WAYS_TO_ROOT[name], tree=trees.unpack("sid")) as bench:
        before = bench.state()
        fresh_and_again(bench, camera)
        assert bench.verify(camera).code == 0
        assert bench.remove(camera).code == 0
        assert bench.state() == before


def test_what_another_sudo_or_doas_refuses_is_told_in_its_own_words(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    with make_bench(WAYS_TO_ROOT["sudo-rs"], tree=trees.unpack("sid")) as bench:
        bench.inside("sed -i 's/NOPASSWD: //' /etc/sudoers; echo admin:right | chpasswd")
        bench.environment["RECEIVER_SETUP_SUDO_PASSWORD"] = "wrong"
        error = bench.setup(camera).json["error"]
        assert error["kind"] == "receiver-sudo", error
        assert "receiver-setup" not in error["message"]
        assert "[sudo" not in error["message"]
        bench.environment["RECEIVER_SETUP_SUDO_PASSWORD"] = "right"
        assert bench.setup(camera).code == 0
        bench.inside("rm /usr/bin/sudo; echo 'permit admin as root' >/etc/doas.conf")
        error = bench.setup(camera).json["error"]
        assert (error["kind"], error["exit_code"]) == ("receiver-sudo", 4)
        assert "permit nopass USER as root" in error["hint"]
