"""Attacks on root's hands: links, mounts, hard links and odd names, planted by whoever may write on the way."""

import json
import shlex
import time
from pathlib import Path
from typing import Any

import pytest
from support import odd_files
from support.bench import Bench, MakeCamera, Result

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.receiver.apply import scripts as script

pytestmark = pytest.mark.rest

HOME = "/home/ipcamera"
RECORDINGS = f"{HOME}/recordings"
SHELLS = ["dash", "bash", "busybox sh"]
SHELL_FILES = Path(script.__file__).parents[1] / "shell"
ODD_FILES = Path(odd_files.__file__)
DEADLINE_S = 50.0
"""Five times what it may take on a machine with nothing else to do; a process a file would take minutes."""
VICTIM = (
    "mkdir -p /srv/victim && echo keep >/srv/victim/a.mp4 && chown -R root:root /srv/victim && chmod 755 /srv/victim"
)

RACER = """
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
one, other = (path.encode() for path in sys.argv[1:])
open(sys.argv[1] + ".racing", "w").close()
while True:
    libc.renameat2(-100, one, -100, other, 2)
"""
"""Put one in the place of the other and back, each at once and for ever (RENAME_EXCHANGE, rename(2))."""


def root(bench: Bench, text: str) -> str:
    """Run lines of shell as root on the receiver; a failure is one of the test."""
    done = bench.receiver.run("sh", "-ec", text)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "backslashreplace").strip()


def call(bench: Bench, shell: str, line: str, *, home: str = HOME) -> tuple[int, str]:
    """Call a function of root's hands on the receiver, in one of its shells; return its code and what it prints."""
    library = "\n".join((SHELL_FILES / f"{part}.sh").read_text() for part in ("common", "hands"))
    text = f"home={shlex.quote(home)} journal=/run/journal user=ipcamera\n{library}\n{line}\n"
    done = bench.receiver.run(*shell.split(), "-s", input=text.encode())
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "backslashreplace")


def owners(bench: Bench, path: str) -> str:
    return root(bench, f"find {path} -exec stat -c '%n %U %a' {{}} + | sort")


def steps_of(result: Result) -> dict[str, str]:
    """Return what the run says of each step on the receiver."""
    return {step["name"]: step["detail"] for step in result.json["receivers"][0]["steps"]}


# ---- a home below somebody else's folder


@pytest.mark.parametrize("options", [("--no-jail",), ()], ids=["unjailed", "jailed"])
@pytest.mark.parametrize(
    "mode",
    ["chown mal /srv/mal", "chmod 1777 /srv/mal", "chgrp mal /srv/mal; chmod 775 /srv/mal", "chmod 775 /srv/mal"],
)
def test_a_home_below_a_folder_of_somebody_else_is_refused_before_anything_changes(
    bench: Bench, make_camera: MakeCamera, options: tuple[str, ...], mode: str
) -> None:
    camera = make_camera()
    root(bench, f"{VICTIM}; useradd mal; mkdir /srv/mal; {mode}; ln -s /srv/victim /srv/mal/cam")
    before, victim = bench.state(), owners(bench, "/srv/victim")
    result = bench.setup(camera, options=("--home", "/srv/mal/cam", *options))
    error = result.json["error"]
    assert (result.code, error["kind"]) == (4, "receiver-unsuitable"), result.err
    assert "/srv/mal" in error["message"]
    assert "sudo chown root /srv/mal" in error["hint"] or "sudo chmod go-w /srv/mal" in error["hint"]
    assert (bench.state(), owners(bench, "/srv/victim"), camera.set_commands) == (before, victim, [])


def test_a_link_of_roots_that_leads_below_somebody_elses_folder_is_refused_as_well(
    bench: Bench, make_camera: MakeCamera
) -> None:
    root(bench, "useradd mal; mkdir -p /srv/mal/cams/cam; chown mal /srv/mal; ln -s /srv/mal/cams /srv/cams")
    before = bench.state()
    result = bench.setup(make_camera(), options=("--home", "/srv/cams/cam", "--no-jail"))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unsuitable"), result.err
    assert "/srv/mal" in result.json["error"]["message"]
    assert bench.state() == before


def test_a_folder_that_was_handed_to_somebody_after_the_set_up_leads_no_removal_astray(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    root(bench, f"{VICTIM}; useradd mal; mkdir /srv/cams")
    before = bench.state()
    home = ("--home", "/srv/cams/cam")
    assert bench.setup(camera, options=(*home, "--no-jail")).code == 0
    root(bench, "chown mal /srv/cams; mv /srv/cams/cam /srv/cams/away; mkdir /srv/victim/recordings")
    root(bench, "ln -s /srv/victim /srv/cams/cam; echo keep >/srv/victim/recordings/b.mp4")
    victim = owners(bench, "/srv/victim")
    result = bench.remove(camera, options=(*home, "--delete-recordings"))
    error = result.json["error"]
    assert (result.code, error["kind"]) == (4, "receiver-unsuitable"), result.err
    assert "sudo chown root /srv/cams" in error["hint"]
    assert owners(bench, "/srv/victim") == victim
    root(bench, "chown root /srv/cams; rm /srv/cams/cam; mv /srv/cams/away /srv/cams/cam; rm -r /srv/victim/recordings")
    again = bench.remove(camera, options=(*home, "--delete-recordings"))
    assert again.code == 0, again.err
    assert bench.state() == before


def test_a_file_is_not_given_away_by_a_hard_link_that_takes_its_place(bench: Bench) -> None:
    """Between the look at whose a file is and its new owner, another one may stand in its place."""
    root(bench, f"{TREE}\necho keep >/srv/other.mp4; chown 4242:4242 {RECORDINGS}/a/b/c/d.mp4")
    swap = (
        f'#!/bin/sh\nrm -f {RECORDINGS}/a/b/c/d.mp4; ln /srv/other.mp4 {RECORDINGS}/a/b/c/d.mp4\nexec /bin/chown "$@"\n'
    )
    bench.receiver.run("tee", "/usr/local/sbin/chown", input=swap.encode())
    root(bench, "chmod 755 /usr/local/sbin/chown")
    call(bench, "dash", f"PATH=/usr/local/sbin:$PATH; {ACTS['give']}")
    assert owners(bench, "/srv/other.mp4") == "/srv/other.mp4 root 644"


# ---- links at every component and moment


ACTS = {
    "own": f"own_folder {RECORDINGS}/a/b ipcamera:ipcamera 700",
    "make": f"make_folder {RECORDINGS}/a/b/new",
    "make many": f"new_folders ipcamera:ipcamera 700 {RECORDINGS}/a/b/one {RECORDINGS}/a/b/two",
    "shut": f"rest_shut {RECORDINGS}/a/b",
    "delete": f"rest_delete {RECORDINGS}/a/b",
    "delete all": f"rest_delete {RECORDINGS}/a",
    "take back": f"undo_directory {RECORDINGS}/a/b",
    "give back": f"undo_mode {RECORDINGS}/a/b 0:0 700",
    "give": f"(enter {RECORDINGS} && in_each_folder give_to ipcamera 4242:4242)",
}
PLANTS = {
    "in its place": f"mv {RECORDINGS}/a/b {RECORDINGS}/away; ln -s /srv/victim {RECORDINGS}/a/b",
    "on the way": f"mv {RECORDINGS}/a {RECORDINGS}/away; ln -s /srv/victim {RECORDINGS}/a",
    "of the recordings": f"mv {RECORDINGS} {HOME}/away; ln -s /srv/victim {RECORDINGS}",
    "in what is deleted": f"ln -s /srv/victim {RECORDINGS}/a/b/victim",
}
TREE = f"""{VICTIM}; id ipcamera >/dev/null 2>&1 || useradd -M -d {HOME} ipcamera
mkdir -p /srv/victim/b /srv/victim/a/b; echo keep >/srv/victim/b/c.mp4; echo keep >/srv/victim/Test-Snapshot.jpeg
echo keep >/srv/victim/b/Test-Snapshot.jpeg; chown 4242:4242 /srv/victim/b/c.mp4
rm -rf {HOME}; mkdir -p {RECORDINGS}/a/b/c; echo film >{RECORDINGS}/a/b/c/d.mp4; chown -R ipcamera: {HOME}"""


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("plant", PLANTS)
def test_a_link_that_is_there_leads_nothing_astray(bench: Bench, shell: str, plant: str) -> None:
    for act, line in ACTS.items():
        root(bench, f"{TREE}\n{PLANTS[plant]}")
        victim = owners(bench, "/srv/victim")
        _, told = call(bench, shell, line)
        assert owners(bench, "/srv/victim") == victim, f"{act}: {told}"
        root(bench, f"rm -rf {HOME}")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_link_that_comes_and_goes_all_the_time_leads_nothing_astray(bench: Bench, shell: str) -> None:
    root(bench, TREE)
    bench.receiver.run("tee", "/run/racer.py", input=RACER.encode())
    acts = "\n".join(
        f"{ACTS[name]} >/dev/null 2>&1" for name in ("own", "make", "make many", "delete", "take back", "give")
    )
    remade = f"mkdir -p {RECORDINGS}/a/b/c 2>/dev/null; echo film 2>/dev/null >{RECORDINGS}/a/b/c/d.mp4"
    victim = owners(bench, "/srv/victim")
    root(bench, f"mkdir -p {RECORDINGS}/x; ln -s /srv/victim {RECORDINGS}/x/link; chown -hR ipcamera: {RECORDINGS}/x")
    race = (
        f"setpriv --reuid ipcamera --regid ipcamera --clear-groups python3 /run/racer.py {RECORDINGS}/a "
        f"{RECORDINGS}/x/link >/dev/null 2>&1 & echo $!"
    )
    pid = root(bench, race)
    try:
        root(bench, f"until [ -e {RECORDINGS}/a.racing ]; do kill -0 {pid}; done")
        # What remakes the tree is the attacker's own, and goes astray at will.
        again = f"setpriv --reuid ipcamera --regid ipcamera --clear-groups sh -c {shlex.quote(remade)} 2>/dev/null"
        call(bench, shell, f"for n in 1 2 3 4 5 6 7 8 9 10; do\n{acts}\n{again}\ndone")
    finally:
        root(bench, f"kill -KILL {pid}")
    assert owners(bench, "/srv/victim") == victim


def test_a_folder_is_not_given_away_by_a_hard_link_that_takes_its_place(bench: Bench) -> None:
    """What is made is nobody else's before it has its owner: a chown by name would be one of whatever is there then."""
    root(bench, f"{TREE}\nmkdir /home/other; echo keep >/home/other/a.mp4")
    place = f"{RECORDINGS}/a/b/one"
    swap = f'#!/bin/sh\nrmdir {place} 2>/dev/null && ln /home/other/a.mp4 {place}\nexec /bin/chown "$@"\n'
    bench.receiver.run("tee", "/usr/local/sbin/chown", input=swap.encode())
    root(bench, "chmod 755 /usr/local/sbin/chown")
    call(bench, "dash", f"PATH=/usr/local/sbin:$PATH; {ACTS['make many']}")
    assert owners(bench, "/home/other/a.mp4") == "/home/other/a.mp4 root 644"
    assert owners(bench, place) == f"{place} ipcamera 700"


@pytest.mark.parametrize("shell", SHELLS)
def test_what_a_making_that_was_cut_off_has_left_goes_with_its_undo(bench: Bench, shell: str) -> None:
    root(bench, TREE)
    root(bench, f"mkdir -p {RECORDINGS}/.receiver-setup.abc/one; chmod 700 {RECORDINGS}/.receiver-setup.abc")
    assert call(bench, shell, f"undo_directory {RECORDINGS}/one") == (0, "")
    assert root(bench, f"ls -A {RECORDINGS}") == "a"


# ---- deletion and mounts


BELOW = (
    f"mkdir {RECORDINGS}/disk {RECORDINGS}/bound '{RECORDINGS}/a disk' /srv/other; echo keep >/srv/other/a.mp4; "
    f"mount -t tmpfs none {RECORDINGS}/disk; echo keep >{RECORDINGS}/disk/b.mp4; "
    f"mount -t tmpfs none '{RECORDINGS}/a disk'; echo keep >'{RECORDINGS}/a disk/c.mp4'; "
    f"mount --bind /srv/other {RECORDINGS}/bound; mkdir -p {RECORDINGS}/old; echo film >{RECORDINGS}/old/d.mp4"
)


def test_what_is_mounted_below_the_recordings_stays_and_is_shown_before(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    root(bench, f"find {RECORDINGS} -type f -delete; {BELOW}")
    check = bench.remove(camera, options=("--delete-recordings", "--check", "--diff"))
    diff = check.json["receivers"][0]["diff"]
    assert check.code == 7, check.err
    assert f"- {RECORDINGS} and all that is in it: 1 files, 5 bytes" in diff
    for name in ("disk", "bound", "a disk"):
        assert f"{RECORDINGS}/{name} is mounted there" in diff
    result = bench.remove(camera, options=("--delete-recordings",))
    assert result.code == 0, result.err
    assert f"{RECORDINGS}/disk" in steps_of(result)["keep"]
    kept = root(bench, f"cat {RECORDINGS}/disk/b.mp4 {RECORDINGS}/bound/a.mp4 '{RECORDINGS}/a disk/c.mp4'")
    assert kept.split() == ["keep"] * 3
    assert root(bench, f"ls {RECORDINGS}; stat -c '%U %a' {RECORDINGS}").split("\n") == [
        "a disk", "bound", "disk", "root 750",
    ]  # fmt: skip
    assert bench.inside("getent passwd ipcamera; ls -A /var/lib/receiver-setup") == ""
    again = bench.remove(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err


def test_a_disk_that_is_mounted_at_the_recordings_is_emptied_and_stays(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    root(bench, f"mkdir -p {RECORDINGS}; mount -t tmpfs none {RECORDINGS}")
    assert bench.setup(camera, options=("--yes",)).code == 0
    root(bench, f"mkdir {RECORDINGS}/day; echo film >{RECORDINGS}/day/a.mp4")
    check = bench.remove(camera, options=("--delete-recordings", "--check", "--diff"))
    assert f"a disk is mounted at {RECORDINGS}" in check.json["receivers"][0]["diff"]
    result = bench.remove(camera, options=("--delete-recordings",))
    assert result.code == 0, result.err
    assert root(bench, f"ls -A {RECORDINGS}; mountpoint -q {RECORDINGS} && echo mounted") == "mounted"
    again = bench.remove(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err


def test_what_cannot_be_deleted_is_told_truthfully_and_holds_up_nothing(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    before = bench.state()
    assert bench.setup(camera).code == 0
    root(bench, f"echo film >{RECORDINGS}/busy.mp4; echo film >{RECORDINGS}/free.mp4")
    root(bench, f"mount --bind /etc/hostname {RECORDINGS}/busy.mp4")
    shown = bench.run(
        *[
            part
            for part in bench.arguments(camera, command="remove", options=("--delete-recordings",))
            if part != "--json"
        ]
    )
    assert shown.code == 4, shown.err
    assert "put back" not in shown.err
    assert "busy.mp4" in shown.err
    # Both sides are taken back but for that file.
    assert camera.state.fields["ft_username"] == "former"
    assert root(bench, f"ls {RECORDINGS}; stat -c %U {RECORDINGS}").split() == ["busy.mp4", "root"]
    assert bench.inside("getent passwd ipcamera; ls -d /var/lib/receiver-setup/journal") == ""
    root(bench, f"umount {RECORDINGS}/busy.mp4")
    again = bench.remove(camera, options=("--delete-recordings",))
    assert again.code == 0, again.err
    assert bench.state() == before


# ---- very many files, and odd names


def plant(bench: Bench, folder: str, *, many: int, deep: int) -> None:
    """Make files with odd names, `many` plain ones, and folders `deep` below each other, all the upload user's."""
    bench.receiver.run("tee", "/run/odd.py", input=ODD_FILES.read_bytes())
    user = "setpriv --reuid ipcamera --regid ipcamera --clear-groups"
    root(bench, f"{user} python3 /run/odd.py {folder} {many} {deep}")


def raw(text: str) -> list[str]:
    """Return the characters that a terminal would obey, and those that turn a text round."""
    return sorted({c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in "\u202e\u2066"})


def test_files_without_number_and_with_any_name_are_looked_at_in_time_and_nothing_of_them_is_believed(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    plant(bench, RECORDINGS, many=200_000, deep=200)
    root(bench, f"touch -d '+1 minute' {RECORDINGS}/$(printf '\\033')*")
    took = {}

    def timed(name: str, *arguments: str) -> Result:
        began = time.monotonic()
        result = bench.run(*arguments)
        took[name] = time.monotonic() - began
        return result

    status = timed("status", *bench.arguments(camera, command="status"))
    assert status.code in {0, 7}, status.err
    assert raw(status.out + status.err) == []
    assert "1999999999" not in json.dumps([c["last_upload"] for c in last_uploads(status)])
    plain = bench.run(*[part for part in bench.arguments(camera, command="status") if part != "--json"])
    assert raw(plain.out + plain.err) == []
    verified = timed("verify", *bench.arguments(camera, command="verify"))
    assert verified.code == 0, verified.err
    assert verified.camera["test"]["bytes"] > 1000
    check = bench.remove(camera, options=("--delete-recordings", "--check", "--diff"))
    count = root(bench, f"find {RECORDINGS} ! -type d -print0 | tr -cd '\\000' | wc -c")
    assert f"{count} files" in check.json["receivers"][0]["diff"]
    removed = timed("remove", *bench.arguments(camera, command="remove", options=("--delete-recordings",)))
    assert removed.code == 0, removed.err
    assert bench.inside(f"ls -d {HOME}") == ""
    assert all(seconds < DEADLINE_S for seconds in took.values()), took


def last_uploads(result: Result) -> list[dict[str, Any]]:
    """Return the cameras of a status, as far as they tell of an upload."""
    cameras = [camera for receiver in result.json["receivers"] for camera in receiver["cameras"]]
    return [camera for camera in cameras if "last_upload" in camera]


@pytest.mark.parametrize("shell", SHELLS)
def test_names_of_any_kind_go_with_a_deletion_by_hand_as_well(bench: Bench, shell: str) -> None:
    """Where find cannot do it, each folder is entered and emptied by itself."""
    root(bench, TREE)
    plant(bench, f"{RECORDINGS}/a", many=50, deep=40)
    code, told = call(bench, shell, f"(enter {RECORDINGS} && empty_by_steps all)")
    assert (code, told) == (0, "")
    assert root(bench, f"ls -A {RECORDINGS}") == ""


# ---- an adopted account


BY_HAND = f"""
useradd --create-home --shell /bin/bash --comment 'Camera,,,' ipcamera
mkdir -m 700 {HOME}/.ssh; mkdir {RECORDINGS} {HOME}/notes {HOME}/shared; echo note >{HOME}/notes/a
echo '# mine' >{HOME}/.ssh/authorized_keys; echo '# mine' >{HOME}/.profile; touch "{HOME}/it's" {HOME}/roots
chown -R ipcamera:ipcamera {HOME}; chmod 755 {HOME}; chown root:root {HOME}/roots {HOME}/shared; chmod 777 {HOME}/shared
"""
WRITES = f"""
mkdir -p {HOME}/.ssh {HOME}/.config/systemd/user 2>/dev/null
for path in {HOME}/x {HOME}/.ssh/rc {HOME}/.ssh/environment {HOME}/.forward {HOME}/.config/systemd/user/x.service \\
  {HOME}/.ssh/authorized_keys {HOME}/.ssh/x {HOME}/.profile {HOME}/.bashrc {HOME}/.bash_profile \\
  {HOME}/notes/x {HOME}/notes/a {HOME}/shared/x "{HOME}/it's" {HOME}/recordings/x; do
  (echo planted >>"$path") 2>/dev/null && echo "$path"
done; true
"""


@pytest.mark.parametrize("options", [(), ("--no-jail",)], ids=["jailed", "unjailed"])
def test_an_adopted_account_can_write_nothing_but_recordings(
    bench: Bench, make_camera: MakeCamera, options: tuple[str, ...]
) -> None:
    camera = make_camera()
    root(bench, BY_HAND)
    before = bench.state()
    check = bench.setup(camera, options=("--adopt", *options, "--check", "--diff"))
    assert f"+ {HOME}/.ssh: owner root:root, mode 0700" in check.json["receivers"][0]["diff"]
    assert bench.state() == before
    first = bench.setup(camera, options=("--adopt", *options))
    assert first.code == 0, first.err
    assert planted(bench) == [f"{HOME}/recordings/x"]
    again = bench.setup(camera, options=options)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    root(bench, f"rm -r {RECORDINGS}/*; echo new >{HOME}/new")
    removed = bench.remove(camera)
    assert removed.code == 0, removed.err
    assert f"{HOME}/new" in steps_of(removed)["new in the home"]
    root(bench, f"rm {HOME}/new")
    assert bench.state() == before


def planted(bench: Bench) -> list[str]:
    """Return where the upload user can write, of what is read by whatever acts for it: sshd, shells, a mail server."""
    done = root(bench, f"setpriv --reuid ipcamera --regid ipcamera --init-groups bash -c {shlex.quote(WRITES)}")
    return done.split("\n")


def test_an_account_without_a_jail_can_write_nothing_but_recordings_either(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera, before = make_camera(), bench.state()
    assert bench.setup(camera, options=("--no-jail",)).code == 0
    assert planted(bench) == [f"{HOME}/recordings/x"]
    assert bench.verify(camera, options=("--no-jail",)).code == 0
    root(bench, f"rm -r {RECORDINGS}/*")
    assert bench.remove(camera).code == 0
    assert bench.state() == before


@pytest.mark.parametrize(
    "plant_it",
    [
        f"ln {HOME}/.ssh/authorized_keys {RECORDINGS}/a.jpeg",
        f"rm -r {HOME}/.ssh; ln -s recordings/ssh {HOME}/.ssh",
        f"ln -s ../recordings/keys {HOME}/.ssh/authorized_keys2",
        f"ln {HOME}/.profile {RECORDINGS}/profile",
    ],
    ids=["a hard link below", "a link", "a link below", "a hard link"],
)
def test_a_home_with_a_way_back_from_the_recordings_is_not_adopted(
    bench: Bench, make_camera: MakeCamera, plant_it: str
) -> None:
    root(bench, BY_HAND + plant_it)
    before = bench.state()
    result = bench.setup(make_camera(), options=("--adopt",))
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-account"), result.err
    assert HOME in result.json["error"]["message"]
    assert bench.state() == before


# ---- recordings of nobody


STRANGE = (
    f"chown -R 4242:4242 {RECORDINGS}/*; mkdir -p {RECORDINGS}/day; echo film >{RECORDINGS}/day/a; "
    f"chown -R 4242:4243 {RECORDINGS}/day"
)


def test_recordings_of_a_number_that_is_nobodys_are_given_back_only_if_that_is_agreed(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    root(bench, f"{STRANGE}; mkdir /home/other; echo keep >/home/other/a.mp4; chown 4242:4242 /home/other/a.mp4")
    root(bench, f"ln -s /home/other {RECORDINGS}/day/link; chown -h 4242:4242 {RECORDINGS}/day/link")
    root(bench, f"ln /home/other/a.mp4 {RECORDINGS}/day/other.mp4")
    before, fields = bench.state(), dict(camera.state.fields)
    refused = bench.setup(camera)
    error = refused.json["error"]
    assert (refused.code, error["kind"]) == (4, "receiver-unsuitable"), refused.err
    assert "4242" in error["message"]
    assert RECORDINGS in error["message"]
    assert "--yes" in error["hint"]
    assert (bench.state(), camera.state.fields) == (before, fields)
    given = bench.setup(camera, options=("--yes",))
    assert given.code == 0, given.err
    assert root(bench, f"find {RECORDINGS} -type f -links 1 ! -user ipcamera") == ""
    assert root(bench, "stat -c %u /home/other/a.mp4") == "4242"
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err


def test_a_set_up_that_fails_gives_them_their_number_again(
    bench: Bench, make_camera: MakeCamera, admin_key: AdminKey
) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    root(bench, STRANGE)
    before = owners(bench, RECORDINGS)
    with ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        failed = bench.setup(make_camera(), options=("--yes", "--receiver-address", impostor.address))
    assert (failed.code, failed.json["error"]["rolled_back"]) == (5, True), failed.err
    assert owners(bench, RECORDINGS) == before


def test_a_new_account_gets_the_number_of_the_recordings_that_an_old_one_left(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera = make_camera()
    root(bench, f"mkdir -p {RECORDINGS}/day; echo film >{RECORDINGS}/day/a; chown -R 321:321 {RECORDINGS}/day")
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert root(bench, f"id -u ipcamera; stat -c %U {RECORDINGS}/day/a").split() == ["321", "ipcamera"]
