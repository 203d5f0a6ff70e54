"""An account that somebody made by hand, as the maker's page tells, is taken over and given back."""

import subprocess
from collections.abc import Callable

import pytest
from support import trees
from support.bench import FORMER, LOGIND, Bench, MakeBench

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]

HOME = "/home/ipcamera"
RECORDINGS = f"{HOME}/recordings"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
ADOPT = ("--adopt",)
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINnK98cKs/L2kp2o5Jx9rKgjV9mskKqVWZZ/8Pa3gS1e"
BY_HAND = """
useradd --create-home --shell /bin/bash --comment 'Camera,,,' ipcamera
echo 'ipcamera:Made-By-Hand-1' | chpasswd
mkdir -m 700 /home/ipcamera/.ssh
mkdir /home/ipcamera/recordings
echo film >/home/ipcamera/recordings/old.mp4
printf '%s\\r\\n# a note\\n\\n%s' "$other garage" "$admin hand-copied" >/home/ipcamera/.ssh/authorized_keys
chown -R ipcamera:ipcamera /home/ipcamera
chmod 755 /home/ipcamera
chmod 600 /home/ipcamera/.ssh/authorized_keys
"""


@pytest.fixture
def by_hand(bench: Bench) -> Bench:
    """Give a receiver with an account that a person has made."""
    make_by_hand(bench)
    return bench


def make_by_hand(bench: Bench) -> None:
    """Make the account that a person would have made; the administrator's key stands for a camera's."""
    script = f"other='{OTHER}'; admin='{bench.key.public_line}'; {BY_HAND}"
    done = bench.receiver.run("sh", "-ec", script)
    assert done.returncode == 0, done.stderr


def uploads(bench: Bench, folder: str = "recordings") -> bool:
    """Tell whether the hand-copied key still uploads, into a folder relative to where a session starts."""
    options = ("IdentitiesOnly=yes", "BatchMode=yes", "IdentityAgent=none", f"UserKnownHostsFile={bench.known_hosts}")
    done = subprocess.run(
        [
            *("sftp", "-F", "none", "-i", str(bench.key.path), *(f"-o{option}" for option in options)),
            *("-q", "-b", "-", f"ipcamera@{bench.receiver.address}"),
        ],
        input=f"put /etc/hostname {folder}/by-hand\n",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.parametrize("release", ["bullseye", "sid"])
def test_right_after_an_upload_its_own_systemd_manager_is_in_nobodys_way(
    make_bench: MakeBench, make_camera: MakeCamera, release: str
) -> None:
    camera = make_camera()
    with make_bench(LOGIND, systemd=True, tree=trees.unpack(release)) as bench:
        make_by_hand(bench)
        accounts = "getent passwd ipcamera; getent shadow ipcamera; systemctl list-units --failed --no-legend"
        before = bench.inside(accounts)
        assert uploads(bench)
        assert bench.inside("pgrep -u ipcamera systemd")
        done = bench.setup(camera, options=ADOPT)
        assert done.code == 0, done.err
        assert bench.inside("getent shadow ipcamera").split(":")[1].startswith("*$")
        removed = bench.remove(camera)
        assert (removed.code, bench.inside(accounts)) == (0, before), removed.err


def test_without_the_option_it_is_refused_and_the_option_is_named(by_hand: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = by_hand.state()
    result = by_hand.setup(camera)
    error = result.json["error"]
    assert (result.code, error["kind"]) == (4, "receiver-account"), result.err
    assert "--adopt" in error["hint"]
    assert by_hand.state() == before
    assert camera.set_commands == []


def test_it_is_adopted_with_its_files_and_keys_and_given_back_wholly(by_hand: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before, shadow = by_hand.state(), by_hand.inside("grep ipcamera /etc/shadow")
    foreign = by_hand.receiver.run("cat", f"{HOME}/.ssh/authorized_keys").stdout
    assert uploads(by_hand)

    check = by_hand.setup(camera, options=(*ADOPT, "--check", "--diff"))
    diff = check.json["receivers"][0]["diff"]
    assert check.code == 7, check.err
    for phrase in ("- user ipcamera: shell /bin/bash, comment “Camera,,,”", "+ password of ipcamera: none opens it"):
        assert phrase in diff
    assert f"- {HOME}: owner ipcamera:ipcamera, mode 0755\n+ {HOME}: owner root:root, mode 0755" in diff

    first = by_hand.setup(camera, options=ADOPT)
    assert (first.code, first.camera["auth"]) == (0, "publickey"), first.err
    assert by_hand.inside("getent passwd ipcamera").split(":")[4:] == [
        "receiver-setup upload account (adopted)", HOME, "/usr/sbin/nologin",
    ]  # fmt: skip
    assert by_hand.inside("getent shadow ipcamera").split(":")[1] == "*" + shadow.split(":")[1]
    assert by_hand.inside(f"stat -c '%U %a' {HOME} {RECORDINGS}").split() == ["root", "755", "ipcamera", "750"]
    assert by_hand.inside(f"cat {RECORDINGS}/old.mp4; stat -c %U {RECORDINGS}/old.mp4") == "film\nipcamera"
    assert by_hand.receiver.run("cat", f"{HOME}/.ssh/authorized_keys").stdout == foreign
    assert by_hand.receiver.run("cat", KEY_FILE).stdout.startswith(foreign + b"\nrestrict ssh-rsa ")
    assert uploads(by_hand)

    again = by_hand.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    check = by_hand.setup(camera, options=(*ADOPT, "--check"))
    assert (check.code, check.json["changed"]) == (0, False), check.err

    by_hand.inside(f"rm {RECORDINGS}/by-hand; rm -r $(dirname $(find {RECORDINGS} -name 'Test-Snapshot*'))")
    removed = by_hand.remove(camera)
    assert removed.code == 0, removed.err
    by_hand.inside(f"rm -f {RECORDINGS}/by-hand")
    assert by_hand.inside("grep ipcamera /etc/shadow") == shadow
    assert differences(before, by_hand.state()) == []
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
    assert uploads(by_hand)
    twice = by_hand.remove(camera)
    assert (twice.code, twice.json["changed"]) == (0, False), twice.err


def differences(before: str, after: str) -> list[str]:
    """Return the lines that are not in both; files' own uploads of this test are left out."""
    return [line for line in {*before.splitlines()} ^ {*after.splitlines()} if "by-hand" not in line]


def test_a_set_up_that_fails_gives_it_back_at_once(
    by_hand: Bench, make_camera: MakeCamera, admin_key: AdminKey
) -> None:
    camera = make_camera()
    before = by_hand.state()
    with ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        result = by_hand.setup(camera, options=(*ADOPT, "--receiver-address", impostor.address))
    assert (result.code, result.json["error"]["rolled_back"]) == (5, True), result.err
    assert by_hand.state() == before


def test_without_a_jail_the_home_is_closed_and_given_back(by_hand: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = by_hand.state()
    options = (*ADOPT, "--no-jail")
    first = by_hand.setup(camera, options=options)
    assert first.code == 0, first.err
    assert by_hand.inside(f"stat -c %U {HOME}") == "root"
    assert uploads(by_hand, RECORDINGS)
    again = by_hand.setup(camera, options=("--no-jail",))
    assert (again.code, again.json["changed"]) == (0, False), again.err
    by_hand.inside(f"rm {RECORDINGS}/by-hand; rm -r $(dirname $(find {RECORDINGS} -name 'Test-Snapshot*'))")
    assert by_hand.remove(camera).code == 0
    assert differences(before, by_hand.state()) == []


@pytest.mark.parametrize(
    ("script", "phrase"),
    [
        ("usermod -aG sudo ipcamera", "is a member of sudo"),
        ("setpriv --reuid ipcamera --clear-groups sleep 60 >/dev/null 2>&1 &", "while it runs sleep"),
    ],
)
def test_an_account_that_is_more_than_a_cameras_is_refused(
    by_hand: Bench, make_camera: MakeCamera, script: str, phrase: str
) -> None:
    camera = make_camera()
    by_hand.inside(script)
    before = by_hand.state()
    result = by_hand.setup(camera, options=ADOPT)
    error = result.json["error"]
    assert (result.code, error["kind"]) == (4, "receiver-account"), result.err
    assert phrase in error["message"]
    assert by_hand.state() == before
    by_hand.inside("pkill -KILL -u ipcamera")


def test_nobody_can_jail_the_account_that_signs_in(bench: Bench, make_camera: MakeCamera) -> None:
    before = bench.state()
    bench.inside("gpasswd -d admin sudo")
    result = bench.setup(make_camera(), options=(*ADOPT, "--user", "admin"))
    error = result.json["error"]
    assert (result.code, error["kind"]) == (4, "receiver-account"), result.err
    assert "cannot be adopted" in error["message"]
    assert bench.state() == before


@pytest.mark.parametrize(
    "plant",
    [
        f"rm {HOME}/.ssh/authorized_keys; ln -s /root/.ssh/authorized_keys {HOME}/.ssh/authorized_keys",
        f"rm -r {HOME}/.ssh; ln -s /root/.ssh {HOME}/.ssh",
        f"rm {HOME}/.ssh/authorized_keys; ln /etc/shadow {HOME}/.ssh/authorized_keys || cp /etc/shadow /home/x",
        f"rm {HOME}/.ssh/authorized_keys; mkfifo {HOME}/.ssh/authorized_keys",
    ],
    ids=["a link", "a link on the way", "a hard link", "a pipe"],
)
def test_what_it_planted_in_its_home_is_not_taken_for_its_keys(
    by_hand: Bench, make_camera: MakeCamera, plant: str
) -> None:
    by_hand.inside(plant)
    result = by_hand.setup(make_camera(), options=ADOPT)
    assert result.code == 0, result.err
    keys = by_hand.inside(f"cat {KEY_FILE}").splitlines()
    assert len(keys) == 1
    assert keys[0].startswith("restrict ssh-rsa ")


def test_its_own_password_is_never_overwritten(by_hand: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = by_hand.state()
    for options in ((*ADOPT, "--auth", "password"), ("--auth", "password")):
        result = by_hand.setup(camera, options=options)
        assert (result.code, result.json["error"]["kind"]) == (4, "receiver-account"), result.err
        assert by_hand.state() == before
    assert by_hand.setup(camera, options=ADOPT).code == 0
    shadow = by_hand.inside("getent shadow ipcamera")
    result = by_hand.setup(camera, options=("--auth", "password"))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-account"), result.err
    assert "was made by hand" in result.json["error"]["message"]
    assert by_hand.inside("getent shadow ipcamera") == shadow
