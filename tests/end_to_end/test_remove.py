"""A set-up taken back: both sides as they were, recordings kept, twice harmless, from whichever machine."""

import signal
from collections.abc import Callable

import pytest
from support.bench import FORMER, Bench, Result, finish

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]

HOME = "/home/ipcamera"
RECORDINGS = f"{HOME}/recordings"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
STATE = "/var/lib/receiver-setup"


def former(camera: EmulatedCamera) -> dict[str, str]:
    return {name: camera.state.fields[name] for name in FORMER}


def detail_of(result: Result, name: str) -> str:
    """Return what the run says of one of its steps on the receiver."""
    found: dict[str, str] = {step["name"]: step["detail"] for step in result.json["receivers"][0]["steps"]}
    return found[name]


def test_everything_is_as_it_was_on_both_sides(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    assert bench.setup(camera, options=("--upload", "rec,snap")).code == 0
    assert camera.state.actions["rec"]["enable"] == "1"
    result = bench.remove(camera)
    assert (result.code, result.json["changed"]) == (0, True), result.err
    assert bench.state() == before
    assert former(camera) == FORMER
    assert [camera.state.actions[kind]["enable"] for kind in ("rec", "snap")] == ["0", "0"]
    assert bench.inside("sshd -t && getent passwd ipcamera") == ""


def test_twice_is_harmless(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    assert bench.remove(camera).code == 0
    before, sent = bench.state(), len(camera.set_commands)
    again = bench.remove(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert (bench.state(), len(camera.set_commands)) == (before, sent)


@pytest.mark.parametrize("group", ["none before", "one before"])
def test_an_account_that_went_by_half_goes_wholly_with_the_next_run(
    bench: Bench, make_camera: MakeCamera, group: str
) -> None:
    """A userdel that is cut off has written /etc/passwd, and the account's group is still there."""
    if group == "one before":
        bench.inside("groupadd -g 4321 ipcamera")
    camera, before = make_camera(), bench.state()
    assert bench.setup(camera).code == 0
    half = "#!/bin/sh\nsed -i '/^ipcamera:/d' /etc/passwd /etc/shadow\nexit 1\n"
    shim = "cat >/usr/local/sbin/userdel; chmod 755 /usr/local/sbin/userdel"
    bench.receiver.run("sh", "-c", shim, input=half.encode())
    assert bench.remove(camera).code != 0
    assert bench.inside("getent group ipcamera || :") != ""
    bench.inside("rm /usr/local/sbin/userdel")
    again = bench.remove(camera)
    assert again.code == 0, again.err
    assert bench.inside("getent group ipcamera | cut -d: -f3") == ("4321" if group == "one before" else "")
    assert bench.state() == before


def test_a_receiver_that_was_never_set_up_is_left_alone(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    bench.receiver.run("useradd", "--create-home", "ipcamera")
    before = bench.state()
    result = bench.remove(camera)
    assert (result.code, result.json["changed"]) == (0, False), result.err
    assert bench.state() == before
    assert camera.set_commands == []


def test_a_check_shows_all_of_it_and_touches_nothing(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    before, sent = bench.state(), len(camera.set_commands)
    check = bench.remove(camera, options=("--check", "--diff"))
    assert check.code == 7, check.err
    diff = check.json["receivers"][0]["diff"]
    for phrase in (
        "- user ipcamera",
        "-Match User ipcamera",
        f"- {RECORDINGS}",
        "-ft_server=",
        "+ft_server=192.168.178.1",
    ):
        assert phrase in diff
    assert (bench.state(), len(camera.set_commands)) == (before, sent)
    assert bench.remove(camera).code == 0
    gone = bench.remove(camera, options=("--check", "--diff"))
    assert (gone.code, gone.json["changed"], gone.json["receivers"][0]["diff"]) == (0, False, "")


def test_recordings_are_kept_for_root_alone_and_it_is_told_where(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    bench.inside(f"cd {RECORDINGS} && mkdir alarms && echo film >alarms/a.mp4 && chown -R ipcamera: alarms")
    shown = bench.run(*[part for part in bench.arguments(camera, command="remove") if part != "--json"])
    assert shown.code == 0, shown.err
    assert f"recordings  stay in {RECORDINGS}" in shown.out
    assert f"1 files stay in {RECORDINGS}" in shown.err
    assert bench.inside(f"cat {RECORDINGS}/alarms/a.mp4") == "film"
    assert bench.inside(f"stat -c '%U:%G %a' {RECORDINGS}") == "root:root 750"
    assert bench.inside("getent passwd ipcamera; ls /etc/ssh/sshd_config.d; ls -d /etc/ssh/authorized_keys.d") == ""
    assert bench.inside(f"ls -A {STATE}") == ""
    # A later set-up takes the folder over again, with what is in it.
    again = bench.setup(camera)
    assert again.code == 0, again.err
    assert bench.inside(f"stat -c '%U:%G %a' {RECORDINGS}") == "ipcamera:ipcamera 750"
    assert bench.inside(f"cat {RECORDINGS}/alarms/a.mp4") == "film"


def test_recordings_go_where_that_is_asked_for(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    assert bench.setup(camera).code == 0
    bench.inside(f"cd {RECORDINGS} && mkdir alarms && echo film >alarms/a.mp4 && chown -R ipcamera: alarms")
    result = bench.remove(camera, options=("--delete-recordings",))
    assert result.code == 0, result.err
    assert bench.state() == before


def test_a_link_that_the_upload_user_planted_leads_no_deletion_astray(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    bench.inside("mkdir /srv/other && echo keep >/srv/other/a.mp4 && chmod 777 /srv/other")
    bench.inside(f"ln -s /srv/other {RECORDINGS}/link && chown -h ipcamera: {RECORDINGS}/link")
    assert bench.remove(camera, options=("--delete-recordings",)).code == 0
    assert bench.inside("cat /srv/other/a.mp4") == "keep"
    assert bench.inside(f"ls -d {HOME}") == ""


def test_one_camera_of_two_goes_and_the_other_goes_on(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    before = bench.state()
    assert bench.setup(first, second).code == 0
    result = bench.remove(first)
    assert (result.code, result.json["changed"]) == (0, True), result.err
    assert former(first) == FORMER
    assert bench.inside(f"wc -l <{KEY_FILE}") == "1"
    still = bench.setup(second, options=("--directory", "recordings"))
    assert (still.code, still.camera["test"]["result"]) == (0, 0), still.err
    assert bench.remove(second).code == 0
    assert former(second) == FORMER
    assert bench.state() == before


def test_without_a_camera_the_whole_receiver_is_taken_back_and_no_camera_is_spoken_to(
    bench: Bench, make_camera: MakeCamera
) -> None:
    first, second = make_camera(), make_camera()
    before = bench.state()
    assert bench.setup(first, second).code == 0
    sent = len(first.requests) + len(second.requests)
    result = bench.remove()
    assert result.code == 0, result.err
    assert bench.state() == before
    assert len(first.requests) + len(second.requests) == sent
    told = [
        step["detail"] for step in result.json["receivers"][0]["steps"] if step["name"] == "cameras that point here"
    ]
    assert all(camera.url.removeprefix("http://").replace(":", "-") in told[0] for camera in (first, second))


def test_a_camera_without_a_record_no_longer_points_here(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    assert bench.setup(camera).code == 0
    bench.inside(f"rm -rf {STATE}")
    result = bench.remove(camera)
    assert result.code == 0, result.err
    assert camera.state.fields["ft_server"] in {"", "none.invalid"}
    assert result.camera["warnings"] != []
    assert bench.state() == before


def test_a_camera_that_was_pointed_elsewhere_by_hand_is_left_as_it_is(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    camera.state.fields["ft_server"] = "192.168.178.99"
    sent = len(camera.set_commands)
    result = bench.remove(camera)
    assert result.code == 0, result.err
    assert (camera.state.fields["ft_server"], len(camera.set_commands)) == ("192.168.178.99", sent)


def test_uploads_under_way_are_named_and_may_end_first(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    held = f"{RECORDINGS}/alarm.mp4"
    upload = f"exec 3>{held}; for i in 1 2 3 4; do echo part >&3; sleep 1; done; echo end >&3"
    bench.inside(f"setsid setpriv --reuid ipcamera --clear-groups sh -c '{upload}' >/dev/null 2>&1 &")
    result = bench.remove(camera)
    assert result.code == 0, result.err
    assert held in detail_of(result, "uploads under way")
    assert bench.inside(f"tail -n 1 {held}") == "end"


def test_foreign_key_lines_that_were_added_later_stay(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINnK98cKs/L2kp2o5Jx9rKgjV9mskKqVWZZ/8Pa3gS1e somebody"
    bench.inside(f"echo '{line}' >>{KEY_FILE}")
    assert bench.remove(camera).code == 0
    assert bench.inside(f"cat {KEY_FILE}") == line
    assert bench.inside("ls /etc/ssh/sshd_config.d; getent passwd ipcamera") == ""


def test_the_key_folder_and_other_users_drop_ins_stay(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    assert bench.setup(first).code == 0
    middle = bench.state()
    assert bench.setup(second, options=("--user", "other")).code == 0
    assert bench.remove(second, options=("--user", "other")).code == 0
    assert bench.state() == middle
    assert bench.setup(first).json["changed"] is False


@pytest.mark.parametrize("command", ["getftpattr", "setftpattr"])
def test_an_interrupted_removal_leaves_both_sides_set_up(bench: Bench, make_camera: MakeCamera, command: str) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    before, fields = bench.state(), former(camera)

    def interrupt(name: str) -> None:
        if name == command and running.poll() is None:
            camera.on_command = None
            running.send_signal(signal.SIGINT)

    camera.on_command = interrupt
    running = bench.start(*bench.arguments(camera, command="remove"))
    result = finish(running)
    assert result.code == 130, result.err
    assert bench.state() == before
    assert former(camera) == fields
    assert bench.setup(camera).json["changed"] is False
    assert bench.remove(camera).code == 0


def test_a_removal_that_the_receiver_refuses_leaves_both_sides_set_up(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    before, fields = bench.state(), former(camera)
    bench.receiver.run("tee", "/usr/local/sbin/service", input=b"#!/bin/sh\npkill -KILL -o -x sshd\n")
    bench.receiver.run("chmod", "755", "/usr/local/sbin/service")
    result = bench.remove(camera)
    assert (result.code, result.json["error"]["rolled_back"]) == (4, True), result.err
    bench.receiver.run("rm", "/usr/local/sbin/service")
    assert bench.state() == before
    assert former(camera) == fields
    assert bench.remove(camera).code == 0


def test_a_removal_that_died_after_its_proof_is_finished_by_the_next_run(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    assert bench.setup(camera).code == 0
    real = bench.inside("command -v userdel")
    slow = f'#!/bin/sh\ntouch /run/reached\nsleep 3\nexec {real} "$@"\n'
    bench.receiver.run("tee", "/usr/local/sbin/userdel", input=slow.encode())
    bench.receiver.run("chmod", "755", "/usr/local/sbin/userdel")
    running = bench.start(*bench.arguments(camera, command="remove"))
    while bench.receiver.run("test", "-e", "/run/reached").returncode:
        assert running.poll() is None
    # A power cut: the run, its connection and the script at work, all at once.
    running.kill()
    bench.inside("pkill -KILL -f '^sh -s'; pkill -KILL -f 'sshd(-session)?: admin'; pkill -KILL userdel")
    finish(running)
    bench.receiver.run("rm", "/usr/local/sbin/userdel", "/run/reached")
    assert bench.inside("getent passwd ipcamera") != ""
    result = bench.remove(camera)
    assert result.code == 0, result.err
    assert "recover" in [step["name"] for step in result.json["receivers"][0]["steps"]]
    assert bench.state() == before


def test_a_removal_where_sshd_was_not_reached_by_the_same_machine(bench: Bench, make_camera: MakeCamera) -> None:
    """The other machine has another home and nothing of the first run; so all that it knows is the receiver's."""
    camera = make_camera()
    before = bench.state()
    assert bench.setup(camera).code == 0
    bench.environment["HOME"] = "/nonexistent"
    assert bench.remove(camera).code == 0
    assert bench.state() == before
    assert former(camera) == FORMER
