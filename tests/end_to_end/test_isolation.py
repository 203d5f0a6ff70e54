"""Each camera with an account of its own: made and taken back together, and jailed from the others."""

from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeCamera, Result
from support.thief import Thief, take_key

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.receipt import parse_receipt
from receiver_setup.receiver.plan.wanted import account_name, clean_name

pytestmark = pytest.mark.rest

ISOLATE = ("--isolate",)


def user_of(camera: EmulatedCamera) -> str:
    """Return the account of a camera that was given by its address."""
    return account_name("ipcamera", clean_name(camera.url.partition("://")[2]))


def step_names(result: Result) -> list[str]:
    """Return what was done on the receiver, without what was already so."""
    return [step["name"] for step in result.json["receivers"][0]["steps"] if step["changed"]]


def accounts(bench: Bench) -> list[str]:
    """Return the upload accounts that are there."""
    return sorted(bench.inside("cut -d: -f1 /etc/passwd | grep '^ipcamera' || :").split())


def test_each_camera_gets_an_account_by_one_change_and_gives_it_back(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    """Check, apply, check, apply, verify, remove: one reload of sshd for all of them, and nothing left at the end."""
    cameras = [make_camera(), make_camera(key="none"), make_camera(signature="sha1")]
    before = bench.state()
    preview = bench.setup(*cameras, options=(*ISOLATE, "--check", "--diff"))
    assert (preview.code, preview.json["changed"], bench.state()) == (7, True, before), preview.err
    assert preview.json["receivers"][0]["diff"].count("! reload sshd") == 1
    assert all(user_of(camera) in preview.json["receivers"][0]["diff"] for camera in cameras)

    receipt = tmp_path / "receipt.json"
    first = bench.setup(*cameras, options=(*ISOLATE, "--receipt", str(receipt)))
    assert first.code == 0, first.err
    told = first.json["receivers"][0]["cameras"]
    assert [each["user"] for each in told] == [user_of(camera) for camera in cameras]
    assert [each["auth"] for each in told] == ["publickey", "password", "publickey"]
    assert [each["signature"] for each in told] == [None, None, "ssh-rsa"]
    assert all(each["host_key"]["verified"] for each in told)
    assert [each["directory"] for each in told] == [f"/home/{user_of(camera)}/recordings" for camera in cameras]
    # Once for all accounts, once more when the log has shown which one needs SHA-1.
    assert step_names(first).count("reload sshd") == 2
    assert accounts(bench) == sorted(map(user_of, cameras))
    weak = bench.inside("grep -l ssh-rsa /etc/ssh/sshd_config.d/00-receiver-setup-*")
    assert weak == f"/etc/ssh/sshd_config.d/00-receiver-setup-{user_of(cameras[2])}.conf"

    assert bench.setup(*cameras, options=(*ISOLATE, "--check")).code == 0
    sent = [len(camera.set_commands) for camera in cameras]
    again = bench.setup(*cameras, options=ISOLATE)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert [len(camera.set_commands) for camera in cameras] == sent

    kept = parse_receipt(receipt.read_text())
    assert [each.user for each in kept.receivers[0].cameras] == [user_of(camera) for camera in cameras]
    looked = bench.verify(*cameras, options=(*ISOLATE, "--receipt", str(receipt)))
    assert looked.code == 0, looked.err
    assert all(claim["ok"] for each in looked.json["receivers"][0]["cameras"] for claim in each["claims"])

    # Without any camera all of the receiver's half would go.
    told = bench.remove(options=(*ISOLATE, "--yes", "--check"))
    assert (told.code, told.json["receivers"][0]["diff"].count("- user ipcamera-")) == (7, 3)

    # One of them goes, the others stay as they are.
    gone = bench.remove(cameras[0], options=(*ISOLATE, "--yes"))
    assert gone.code == 0, gone.err
    assert accounts(bench) == sorted(map(user_of, cameras[1:]))
    assert bench.verify(*cameras[1:], options=ISOLATE).code == 0
    rest = bench.remove(*cameras[1:], options=(*ISOLATE, "--yes", "--delete-recordings"))
    assert rest.code == 0, rest.err
    assert bench.state() == before
    assert all(camera.state.fields["ft_server"] == FORMER["ft_server"] for camera in cameras)


def test_a_camera_that_fails_takes_its_account_back_and_no_other(bench: Bench, make_camera: MakeCamera) -> None:
    good, liar, cut = make_camera(), make_camera(test_claims="0"), make_camera(reboot_at="testftp", reboot_s=600.0)
    bench.program = "impatient"
    result = bench.setup(good, liar, cut, options=(*ISOLATE, "--timeout", "2"))
    assert result.code == 6, result.err  # the one that is gone cannot be put back
    told = result.json["receivers"][0]["cameras"]
    assert [each["ok"] for each in told] == [True, False, False]
    assert [each["error"]["exit_code"] for each in told[1:]] == [5, 6]
    assert accounts(bench) == [user_of(good)]
    left = bench.inside("ls /home /etc/ssh/authorized_keys.d /etc/ssh/sshd_config.d /var/lib/receiver-setup/accounts")
    assert user_of(good) in left
    assert user_of(liar) not in left
    assert user_of(cut) not in left
    assert liar.state.fields["ft_server"] == FORMER["ft_server"]
    # sshd goes by what is there now: the account that failed is nobody to it.
    told_by_sshd = bench.inside(f"/usr/sbin/sshd -T -C user={user_of(liar)},host=x,addr=10.0.0.9 | grep ^chroot")
    assert told_by_sshd == "chrootdirectory none"
    assert bench.verify(good, options=ISOLATE).code == 0


def test_an_account_that_is_somebody_elses_fails_its_camera_alone(bench: Bench, make_camera: MakeCamera) -> None:
    good, blocked = make_camera(), make_camera()
    bench.inside(f"useradd --no-create-home --comment 'Mrs. Somebody' {user_of(blocked)}")
    result = bench.setup(good, blocked, options=ISOLATE)
    assert result.code == 4, result.err
    told = result.json["receivers"][0]["cameras"]
    assert (told[0]["ok"], told[1]["error"]["kind"]) == (True, "receiver-account")
    assert accounts(bench) == sorted(map(user_of, (good, blocked)))
    assert "Somebody" in bench.inside(f"getent passwd {user_of(blocked)}")
    assert blocked.set_commands == []


def test_a_run_that_dies_midway_is_healed_for_every_account(bench: Bench, make_camera: MakeCamera) -> None:
    cameras = [make_camera(), make_camera()]
    before = bench.state()
    process = bench.start(*bench.arguments(*cameras, options=(*ISOLATE, "--jobs", "1")))
    cameras[0].on_command = lambda name: process.kill() if name == "testftp" else None
    process.communicate(timeout=60)
    assert len(accounts(bench)) == 2
    cameras[0].on_command = None
    cameras[0].state.fields.update(FORMER)
    result = bench.setup(*cameras, options=(*ISOLATE, "--camera-login", "basic"))
    assert result.code == 0, result.err
    assert "recover" in [step["name"] for step in result.json["receivers"][0]["steps"]]
    assert bench.remove(*cameras, options=(*ISOLATE, "--yes", "--delete-recordings")).code == 0
    assert bench.state() == before


@pytest.fixture
def neighbours(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> tuple[Thief, EmulatedCamera]:
    """Set two cameras up, and give somebody the first one's key."""
    mine, other = make_camera(), make_camera()
    result = bench.setup(mine, other, options=ISOLATE)
    assert result.code == 0, result.err
    return Thief(bench, take_key(mine, tmp_path / "stolen"), user_of(mine)), other


def test_a_cameras_key_reaches_nothing_of_another_camera(
    neighbours: tuple[Thief, EmulatedCamera], tmp_path: Path
) -> None:
    """Neither read, list, overwrite nor delete another's recordings, nor its own key file."""
    thief, other = neighbours
    bench, theirs, own = thief.bench, user_of(other), thief.address.partition("@")[0]
    bench.inside(f"echo secret >/home/{theirs}/recordings/a.mp4; chown {theirs}: /home/{theirs}/recordings/a.mp4")
    (tmp_path / "mine").write_text("forged")
    assert thief.sftp("cd recordings", f"put {tmp_path}/mine b.mp4", "ls b.mp4").returncode == 0
    places = (f"/home/{theirs}/recordings", f"../{theirs}/recordings")
    attempts = [f"ls {place}" for place in places]
    attempts += [f"{verb} {places[0]}/a.mp4" for verb in ("rm", f"put {tmp_path}/mine", "rename recordings/b.mp4")]
    attempts += [f"get {place}/a.mp4 {tmp_path}/got" for place in places]
    for attempt in attempts:
        assert thief.sftp(attempt).returncode != 0, attempt
    key_file = f"/etc/ssh/authorized_keys.d/{own}"
    keys = bench.inside(f"cat {key_file}")
    for attempt in (f"get {key_file} {tmp_path}/got", f"put {tmp_path}/mine {key_file}", f"rm {key_file}",
                    f"symlink {key_file} recordings/k"):  # fmt: skip
        thief.sftp(attempt, f"put {tmp_path}/mine recordings/k")
    assert not (tmp_path / "got").exists()
    assert bench.inside(f"cat {key_file}") == keys
    assert bench.inside(f"cat /home/{theirs}/recordings/a.mp4") == "secret"
    # Nor does the key open the other account, on which it would be at home.
    stranger = Thief(bench, thief.key, theirs)
    assert "Permission denied (publickey)" in stranger.ssh("DEST").stderr
    assert CAMERA_PASSWORD not in bench.inside("cat /var/lib/receiver-setup/accounts/*/*")
