"""What stands in the way of a set-up is found before anything changes, and is told with what mends it."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import pytest
from support import remedies
from support.bench import CAMERA_PASSWORD, FORMER, SOCKET, Bench, MakeBench, Result, finish
from support.command import start_inside

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.formats.sshd_config import missing_effective
from receiver_setup.receiver.apply.scripts import render_facts
from receiver_setup.receiver.facts.model import parse_facts
from receiver_setup.receiver.plan.setup import wanted_match
from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]

MAIN = "/etc/ssh/sshd_config"
FOLDER = f"{MAIN}.d"
DROP_IN = f"{FOLDER}/00-receiver-setup-ipcamera.conf"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
RELOAD = "kill -HUP $(cat /run/sshd.pid); sleep 0.3"


def inside(bench: Bench, script: str) -> str:
    """Run a script on the receiver, as root; it must succeed."""
    done = bench.receiver.run("sh", "-ec", script)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@dataclass(frozen=True, kw_only=True)
class Cause:
    """Something that stands in the way: how it is made, and what is said of it."""

    make: str
    says: str
    hint: str = ""
    by_hand: str = ""
    """What a person does whom the hint tells in words; all else is done as the hint prints it."""
    kind: str = "receiver-unsuitable"
    options: tuple[str, ...] = ()


def refused(bench: Bench, camera: EmulatedCamera, cause: Cause, *options: str) -> str:
    """Run the command, which must name the cause and leave both sides alone; return its hint."""
    before = bench.state()
    result = bench.setup(camera, options=(*cause.options, *options))
    assert result.code == 4, (result.out, result.err)
    error = result.json["error"]
    assert (error["kind"], error["rolled_back"]) == (cause.kind, None)
    assert cause.says in told(bench, error["message"])
    assert cause.hint in error["hint"]
    assert error["hint"]
    assert bench.state() == before
    assert camera.set_commands == []
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER
    # Nor is anything left where a reload of sshd or a restart would come across it.
    assert inside(bench, "ls -d /run/receiver-setup.* /tmp/tmp.* 2>/dev/null || :") == ""
    return str(error["hint"])


def told(bench: Bench, message: str) -> str:
    """Return a sentence with HOST for the receiver's name, and END for the number of the main file's last line."""
    end = int(inside(bench, f"wc -l <{MAIN}"))
    for number, name in ((end, "END"), (end - 1, "END-1")):
        message = message.replace(f"{MAIN}:{number}", f"{MAIN}:{name}")
    return message.replace(bench.receiver.name, "HOST")


def below_match(include: str) -> str:
    """Return the script that moves the Include below a Match."""
    return f"sed -i '/^Include/d' {MAIN}; printf 'Match User nobody\\n{include}\\n' >>{MAIN}"


SMALL = "mount -t tmpfs -o mode=755,{options} small {place}"
OWN_ETC = "mkdir /opt/etc; mount -t tmpfs -o size=64m own /opt/etc; cp -a /etc/. /opt/etc; mount --bind /opt/etc /etc; "
SRV = ("--home", "/srv/cameras/ipcamera")

ALLOW = f"{FOLDER}/00-allow-ipcamera.conf"
OURS = f"Include {FOLDER}/00-receiver-setup-*.conf"

CAUSES = {
    "the folder is missing": Cause(
        make=f"rmdir {FOLDER}",
        says=f"HOST has no folder {FOLDER}",
        hint=f"`sudo install -d -m 0755 {FOLDER}`",
    ),
    "the Include is missing": Cause(
        make=f"sed -i '/^Include/d' {MAIN}; echo 'AllowUsers nobody' >{FOLDER}/10-left-out.conf",
        says=f"sshd on HOST would not read {DROP_IN}: no Include of {FOLDER} stands in {MAIN}",
        hint=f"put `{OURS}` at the top of {MAIN}",
    ),
    "the main file is a link, and closed to others": Cause(
        make=f"sed -i '/^Include/d' {MAIN}; chmod 600 {MAIN}; mv {MAIN} /etc/own-sshd; ln -s ../own-sshd {MAIN}",
        says=f"sshd on HOST would not read {DROP_IN}: no Include of {FOLDER} stands in {MAIN}",
        hint="| sudo tee /etc/ssh/sshd_config >/dev/null`",
    ),
    "the Include stands below a Match": Cause(
        make=below_match(f"Include {FOLDER}/*.conf"),
        says=f"`Include {FOLDER}/*.conf` at {MAIN}:END stands below `Match User nobody` at {MAIN}:END-1",
        hint=f"put `{OURS}` at the top of {MAIN}",
    ),
    "a Match in an earlier drop-in": Cause(
        make=f"printf '# ours\\nMatch User ip*\\n  PermitTTY yes\\n' >{FOLDER}/00-a.conf",
        says=f"`PermitTTY yes` at {FOLDER}/00-a.conf:3 on HOST wins over our drop-in, which says “permittty no”",
        hint=f"make the line {FOLDER}/00-a.conf:2 `Match User !ipcamera,ip*`, then run this again",
    ),
    "a Match above the Include": Cause(
        make=f"sed -i -e '1i Match Address 10.0.0.0/8' -e '1i X11Forwarding yes' -e '1i Match all' {MAIN}",
        says=f"`X11Forwarding yes` at {MAIN}:2 on HOST wins over our drop-in",
        hint=f"make the line {MAIN}:1 `Match Address 10.0.0.0/8 User *,!ipcamera`",
    ),
    "AllowUsers": Cause(
        make=f"echo 'AllowUsers admin' >{FOLDER}/10-people.conf; {RELOAD}",
        says=f"would not let ipcamera in: `AllowUsers admin` at {FOLDER}/10-people.conf:1 does not name it",
        hint="let it in: `printf '%s\\n' 'Match User ipcamera' '    AllowUsers ipcamera' 'Match all' | sudo tee "
        f"{ALLOW}`, then run this again",
    ),
    "AllowUsers from another network": Cause(
        make=f"echo 'AllowUsers admin ipcamera@192.168.0.0/16' >>{MAIN}",
        says="sshd on HOST would not let ipcamera in from 10.99.0.1: `AllowUsers admin ipcamera@192.168.0.0/16`",
        hint="'Match User ipcamera Address 10.99.0.1' '    AllowUsers ipcamera'",
    ),
    "AllowUsers in a Match": Cause(
        make=f"printf 'Match Address 10.0.0.0/8\\nAllowUsers admin\\nMatch all\\n' >>{MAIN}",
        says=f"`AllowUsers admin` at {MAIN}:END-1 does not name it",
        hint="'Match User ipcamera' '    AllowUsers ipcamera'",
    ),
    "AllowGroups": Cause(
        make=f"echo 'AllowGroups admin sudo' >>{MAIN}; {RELOAD}",
        says="`AllowGroups admin sudo` at /etc/ssh/sshd_config:END does not name a group of it",
        hint="'Match User ipcamera' '    AllowGroups ipcamera'",
    ),
    "AllowGroups with a blank": Cause(
        make="echo 'domain users:x:4000:admin' >>/etc/group; "
        f"echo 'AllowGroups \"domain users\" # of the domain' >>{MAIN}; {RELOAD}",
        says='`AllowGroups "domain users" # of the domain` at /etc/ssh/sshd_config:END does not name a group of it',
        hint="'Match User ipcamera' '    AllowGroups ipcamera'",
    ),
    "both lists": Cause(
        make=f"printf 'AllowUsers admin \"a#b\"\\nAllowGroups admin\\n' >{FOLDER}/99-z.conf; {RELOAD}",
        says=f'`AllowUsers admin "a#b"` at {FOLDER}/99-z.conf:1 does not name it',
        hint="'    AllowUsers ipcamera' 'Match User ipcamera' '    AllowGroups ipcamera' 'Match all'",
    ),
    "DenyUsers": Cause(
        make=f'echo \'DenyUsers "ip*" "a#b" guest\' >>{MAIN}; {RELOAD}',
        says='`DenyUsers "ip*" "a#b" guest` at /etc/ssh/sshd_config:END names it',
        hint="take ip* out (it shuts out others, too, whose names are like ip*): make the line /etc/ssh/sshd_config:",
    ),
    "DenyGroups": Cause(
        make=f"echo 'DenyGroups *camera' >>{MAIN}",
        says="`DenyGroups *camera` at /etc/ssh/sshd_config:END names a group of it",
        hint="delete the line /etc/ssh/sshd_config:",
    ),
    "a folder that StrictModes refuses": Cause(
        make="chmod 775 /etc/ssh",
        says="sshd on HOST would ignore the camera's key: /etc/ssh has owner root, mode 0775",
        hint="`sudo chmod go-w /etc/ssh`",
    ),
    "a folder above the jail is missing": Cause(
        make="",
        says="/srv/usb disk is not there on HOST",
        options=("--home", "/srv/usb disk/ipcamera"),
        hint="`sudo mkdir -p '/srv/usb disk'`",
    ),
    "a folder above the jail is somebody's": Cause(
        make="mkdir -m 775 '/srv/usb disk'; chown admin '/srv/usb disk'",
        says="sshd would refuse the jail: /srv/usb disk is directory, owner admin, mode 0775",
        options=("--home", "/srv/usb disk/ipcamera"),
        hint="`sudo chown root '/srv/usb disk' && sudo chmod go-w '/srv/usb disk'`",
    ),
    "a read-only /etc": Cause(
        make="mount --bind /etc /etc; mount -o remount,bind,ro /etc",
        says="/etc on HOST is read-only, as is all of the filesystem at /etc",
        hint="`sudo mount -o remount,rw /etc`",
    ),
    "a read-only disk for recordings": Cause(
        make="mkdir /srv/cameras; mount -o remount,ro /srv",
        says="/srv/cameras/ipcamera/recordings on HOST is read-only, as is all of the filesystem at /srv",
        options=SRV,
        hint="`sudo mount -o remount,rw /srv`",
    ),
    "a full /etc": Cause(
        make=f"{OWN_ETC} dd if=/dev/zero of=/etc/filler bs=1k 2>/dev/null || :",
        says="the filesystem of /etc on HOST is full: 0 KiB are free, 1024 are needed",
        hint="shown by `sudo du -xhd1 /etc`",
        options=("--yes",),
        by_hand="rm /etc/filler",
    ),
    "a full /var/lib": Cause(
        make=SMALL.format(options="size=900k", place="/var/lib"),
        says="the filesystem of /var/lib on HOST is full: 900 KiB are free, 1024 are needed",
        options=("--yes",),
        by_hand="mount -o remount,size=2m /var/lib",
    ),
    "a full disk for recordings": Cause(
        make=f"{SMALL.format(options='size=12m', place='/srv')}; mkdir /srv/cameras",
        says="the filesystem of /srv/cameras/ipcamera/recordings on HOST is full: 12288 KiB are free, 16384 are needed",
        options=(*SRV, "--yes"),
        by_hand="mount -o remount,size=20m /srv",
    ),
    "a disk without inodes": Cause(
        make=f"{SMALL.format(options='size=64m,nr_inodes=10', place='/srv')}; mkdir /srv/cameras",
        says="on HOST takes no more files: 8 of its 10 inodes are free",
        options=(*SRV, "--yes"),
        hint="`sudo df -i /srv`",
        by_hand="mount -o remount,nr_inodes=100 /srv",
    ),
    "an immutable folder": Cause(
        make=f"chattr +i {FOLDER}",
        says=f"{FOLDER} on HOST takes no new file, not even from root",
        hint=f"`sudo chattr -i {FOLDER}`",
    ),
    "an immutable file": Cause(
        make="chattr +i /etc/shadow",
        says="/etc/shadow on HOST cannot be changed, not even from root",
        hint="`sudo chattr -i /etc/shadow`",
    ),
    "a group with members": Cause(
        make="groupadd ipcamera; gpasswd -a admin ipcamera",
        says="the group ipcamera on HOST has members (admin), and the upload user ipcamera would be in it",
        hint="give another --user",
        kind="receiver-account",
        by_hand="gpasswd -d admin ipcamera",
    ),
    "a group that is somebody's first": Cause(
        make="groupadd ipcamera; useradd -M -g ipcamera anna",
        says="the group ipcamera on HOST has members (anna)",
        kind="receiver-account",
        by_hand="userdel anna",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_is_named_before_anything_changes_and_mended_as_its_hint_is_printed(
    bench: Bench, make_camera: MakeCamera, name: str
) -> None:
    cause, camera = CAUSES[name], make_camera()
    if name.startswith("an immutable") and bench.receiver.run("chattr", "+i", "/etc/hostname").returncode:
        pytest.skip("nothing can be made immutable here")
    inside(bench, cause.make)
    bench.receiver.wait_until_listening()
    refused(bench, camera, cause, "--check")
    hint = refused(bench, camera, cause)
    assert (remedies.follow(bench, hint) > 0) or cause.by_hand
    inside(bench, cause.by_hand)
    done = bench.setup(camera, options=cause.options)
    assert (done.code, done.json["changed"]) == (0, True), done.err
    again = bench.setup(camera, options=cause.options)
    assert (again.code, again.json["changed"]) == (0, False), again.err


@pytest.mark.parametrize("finished", [False, True])
def test_the_facts_are_the_same_in_every_shell(bench: Bench, make_camera: MakeCamera, finished: bool) -> None:
    if finished:
        assert bench.setup(make_camera()).code == 0
    inside(bench, f"printf 'AllowGroups *\\nMatch User x\\n' >{FOLDER}/20-x.conf; {OWN_ETC}mkdir '/srv/a b'")
    recordings = "/srv/a b/recordings"
    slots = tuple(CameraSlot(name=name, directory=f"{recordings}/{name}") for name in ("porch", "yard"))
    wanted = Wanted(user="ipcamera", home="/srv/a b", directory="recordings", slots=slots, jail=finished)
    text = render_facts([wanted], routes=["fe80::1%eth0", "10.99.0.1"]).whole().encode()
    shells = (["dash", "-s"], ["bash", "-s"], ["bash", "--posix", "-s"], ["busybox", "sh", "-s"])
    done = [bench.receiver.run(*shell, input=text) for shell in shells]
    assert [each.stderr for each in done] == [b""] * len(shells)
    first, *others = (replace(parse_facts(each.stdout)[0], now_s=0.0, process=0, disks={}) for each in done)
    for other in others:
        wrong = [field.name for field in fields(first) if getattr(other, field.name) != getattr(first, field.name)]
        assert {name: (getattr(first, name), getattr(other, name)) for name in wrong} == {}
    assert first.staged is not None
    assert missing_effective(first.staged.effective, wanted_match(wanted)) == ()
    disks = parse_facts(done[0].stdout)[0].disks
    assert (disks["/etc"].mount, disks[f"{recordings}/porch"].folder) == ("/etc", "/srv/a b")
    assert 0 < (disks["/etc"].root_kib or 0) < 64 * 1024


LATER = {
    "a list": (
        "echo 'AllowUsers admin' >>{main}",
        "'    AllowUsers ipcamera' 'Match all' | sudo tee {allow} && sudo /usr/sbin/sshd -t && sudo {reload}`",
    ),
    "a Match": (
        "printf 'Match User ip*\\nPermitTTY yes\\n' >{main}.d/00-a.conf",
        "`Match User !ipcamera,ip*`, then `sudo /usr/sbin/sshd -t && sudo {reload}`",
    ),
    "no Include": ("sed -i /^Include/d {main}", ">/dev/null && sudo /usr/sbin/sshd -t && sudo {reload}`"),
}
RELOADS = {
    "": "service ssh reload </dev/null",
    "rm /etc/init.d/ssh": 'kill -HUP "$(cat /run/sshd.pid)"',
    "rm /etc/init.d/ssh; echo PidFile /run/own.pid >>/etc/ssh/sshd_config; kill -HUP $(cat /run/sshd.pid); sleep 0.3": (
        "kill -HUP PID"
    ),
    "systemd": "systemctl reload ssh",
    SOCKET: "systemctl restart ssh",
}


@pytest.mark.parametrize(
    ("kind", "change"),
    [*((kind, "a list") for kind in RELOADS), *(("systemd", change) for change in LATER if change != "a list")],
    ids=lambda value: str(value).strip()[:30] or "service",
)
def test_what_came_after_a_set_up_is_mended_by_the_command_that_this_receiver_has(
    make_bench: MakeBench, make_camera: MakeCamera, kind: str, change: str
) -> None:
    """The list is in use by then: without the right reload the next run would fail at the camera."""
    systemd = "system" in kind
    with make_bench(kind if kind != "systemd" else "", systemd=systemd) as bench:
        camera = make_camera()
        first = bench.setup(camera)
        assert first.code == 0, first.err
        script, hint = LATER[change]
        pid = inside(bench, "pgrep -o -x sshd").strip()
        inside(bench, script.format(main=MAIN))
        inside(bench, f"kill -HUP {pid}" if kind != SOCKET else "systemctl restart ssh")
        bench.receiver.wait_until_listening()
        result = bench.setup(camera)
        assert result.code == 4, (result.out, result.err)
        told = result.json["error"]["hint"]
        assert hint.format(allow=ALLOW, reload=RELOADS[kind].replace("PID", pid)) in told
        assert remedies.follow(bench, told) > 0
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err


# ---- what looks as if it stood in the way


@pytest.mark.parametrize(
    "line",
    [
        "Include sshd_config.d/*.conf",
        'include "/etc/ssh/sshd_config.d/*.conf"',
        "INCLUDE=/etc/ssh/sshd_config.d/*.conf",
        '  Include /etc/ssh/other.d/* "sshd_config.d/*.conf" # and a remark',
        "Match User nobody\nMatch all\nInclude /etc/ssh/sshd_config.d/*",
        "PermitTTY yes\nPasswordAuthentication yes\nInclude /etc/ssh/sshd_config.d/*.conf",
        "Match User ipc*\nInclude /etc/ssh/sshd_config.d/*.conf\nMatch all",
    ],
)
def test_an_include_may_be_written_in_any_way(bench: Bench, make_camera: MakeCamera, line: str) -> None:
    camera = make_camera()
    bench.receiver.run("sh", "-c", f"sed '/^Include/d' {MAIN} >/tmp/rest; {{ cat; cat /tmp/rest; }} >{MAIN}",
                       input=f"{line}\n".encode())  # fmt: skip
    inside(bench, f"printf 'Match User ipcamera\\n  PermitTTY yes\\n' >{FOLDER}/99-later.conf")
    result = bench.setup(camera)
    assert result.code == 0, result.err
    assert "permittty no" in inside(bench, "sshd -T -C user=ipcamera,host=x,addr=10.99.0.1")


def test_lists_that_name_the_upload_user_let_it_in(bench: Bench, make_camera: MakeCamera) -> None:
    """`!` means nothing before a user's name, and a network's exception is for others here."""
    inside(
        bench,
        f"printf '%s\\n' 'AllowUsers admin !ipcamera ipcam?ra@10.98.0.0/15,!10.98.*' 'AllowGroups ip* admin' "
        f"'DenyUsers ipcamera@192.168.*' 'DenyGroups ipcam' >>{MAIN}",
    )
    result = bench.setup(make_camera())
    assert result.code == 0, result.err


def test_an_empty_group_of_the_upload_users_name_is_used(bench: Bench, make_camera: MakeCamera) -> None:
    inside(bench, "groupadd -g 4321 ipcamera")
    assert bench.setup(make_camera()).code == 0
    assert inside(bench, "id -G ipcamera").split() == ["4321"]


def test_a_finished_receiver_may_be_read_only_but_for_recordings(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    inside(bench, "mount --bind /etc /etc; mount -o remount,bind,ro /etc")
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err


def test_a_look_at_a_drop_in_of_other_wording_leaves_it_as_it_is(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    inside(bench, f"sed -i 's/PermitTTY no/PermitTTY yes/' {DROP_IN}")
    before = bench.state()
    check = bench.setup(camera, options=("--check",))
    assert (check.code, check.json["changed"]) == (7, True), check.err
    assert bench.state() == before
    assert bench.setup(camera, options=("--yes",)).code == 0
    assert "PermitTTY no" in inside(bench, f"cat {DROP_IN}")


# ---- accounts


def test_an_account_that_shares_its_number_is_refused(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    inside(bench, "grep ^ipcamera: /etc/passwd | sed s/^ipcamera/other/ >>/etc/passwd")
    sent, before = len(camera.set_commands), bench.state()
    result = bench.setup(camera)
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-account"), result.err
    assert "as has other: their sessions and files could not be told apart" in result.json["error"]["message"]
    assert (bench.state(), len(camera.set_commands)) == (before, sent)
    inside(bench, "sed -i /^other:/d /etc/passwd")
    assert bench.setup(camera).code == 0


@pytest.mark.parametrize(("field", "changed"), [("!", True), ("!$6$x$y", True), ("*", False), ("*$6$x$y", False)])
def test_without_pam_a_locked_account_is_closed_in_a_way_that_sshd_takes(
    bench: Bench, make_camera: MakeCamera, field: str, changed: bool
) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    inside(bench, f"sed -i 's/^UsePAM.*/UsePAM no/' {MAIN}; kill -HUP $(cat /run/sshd.pid); sleep 0.3")
    inside(bench, f"usermod -p '{field}' ipcamera")
    assert bench.setup(camera, options=("--check",)).json["changed"] is changed
    result = bench.setup(camera)
    assert (result.code, result.json["changed"]) == (0, changed), result.err
    assert inside(bench, "getent shadow ipcamera").split(":")[1] == (f"*{field}" if changed else field)


def test_files_and_folders_get_their_selinux_label_where_there_is_one_to_get(
    bench: Bench, make_camera: MakeCamera
) -> None:
    """This kernel has no SELinux: a program of that name writes down what it is asked for."""
    inside(
        bench,
        "mount -t tmpfs -o mode=755 own /usr/local/sbin; "
        "printf '#!/bin/sh\\nreadlink -f \"$@\" >>/run/relabelled\\n' >/usr/local/sbin/restorecon; "
        "chmod 755 /usr/local/sbin/restorecon",
    )
    result = bench.setup(make_camera())
    assert result.code == 0, result.err
    made = ["/home/ipcamera", "/home/ipcamera/recordings", "/etc/ssh/authorized_keys.d", KEY_FILE, DROP_IN]
    assert sorted(inside(bench, "cat /run/relabelled").split()) == sorted(made)


# ---- other servers


def local(bench: Bench, camera: EmulatedCamera) -> Result:
    """Run the command on the receiver itself, which no sshd has to let in."""
    return finish(
        start_inside(
            *(str(bench.receiver.pid), "root", "cli", "setup", "--local", "--camera", camera.url, "--json"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD},
        )
    )  # fmt: skip


STOP = "kill $(cat /run/sshd.pid); while [ -e /run/sshd.pid ]; do sleep 0.05; done; "
DROPBEAR = "dropbear -R -r /run/dropbear.key -p 22 -P /run/dropbear.pid; "
STOP_DROPBEAR = "kill $(cat /run/dropbear.pid); "
AWAY = "mount --bind /dev/null /usr/sbin/sshd; "
BACK = "umount /usr/sbin/sshd; "


@pytest.mark.parametrize(
    ("make", "says", "mend"),
    [
        (STOP, "no sshd is running on HOST", ""),
        (STOP + AWAY, "HOST has no OpenSSH server: dropbear is installed there", BACK),
        (STOP + DROPBEAR, "HOST has OpenSSH's server, but dropbear runs instead of it", STOP_DROPBEAR),
        (STOP + AWAY + DROPBEAR, "HOST has no OpenSSH server: dropbear runs there", BACK + STOP_DROPBEAR),
        (
            STOP + AWAY + "mount --bind /dev/null $(command -v dropbear)",
            "HOST has no OpenSSH server",
            BACK,
        ),
    ],
    ids=["none runs", "gone, dropbear there", "dropbear instead", "dropbear alone", "none at all"],
)  # fmt: skip
def test_a_server_that_is_not_opensshs_is_named(
    bench: Bench, make_camera: MakeCamera, make: str, says: str, mend: str
) -> None:
    camera = make_camera()
    if bench.receiver.run("sh", "-c", "command -v dropbear").returncode:
        pytest.skip("there is no dropbear here")
    inside(bench, make)
    before = bench.state()
    result = local(bench, camera)
    assert (result.code, result.json["error"]["kind"]) == (4, "receiver-unsuitable"), result.err
    assert says in result.json["error"]["message"].replace(bench.receiver.name, "HOST")
    assert (bench.state(), camera.set_commands) == (before, [])
    inside(bench, f"{mend}while [ -e /run/dropbear.pid ]; do sleep 0.05; done; /usr/sbin/sshd -E /var/log/sshd.log")
    bench.receiver.wait_until_listening()
    result = local(bench, camera)
    assert result.code == 0, result.err


def test_a_dropbear_that_we_came_in_by_is_named(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    if bench.receiver.run("sh", "-c", "command -v dropbear").returncode:
        pytest.skip("there is no dropbear here")
    key = "/etc/ssh/ssh_host_ed25519_key"
    inside(bench, f"{STOP}dropbearconvert openssh dropbear {key} /run/dropbear.key 2>/dev/null; {DROPBEAR}")
    bench.receiver.wait_until_listening()
    before = bench.state()
    result = bench.setup(camera)
    assert result.code == 4, result.err
    assert "has OpenSSH's server, but dropbear runs instead of it" in result.json["error"]["message"]
    assert (bench.state(), camera.set_commands) == (before, [])


# ---- disks without owners


def test_a_disk_without_owners_takes_no_jail_but_uploads_where_its_mount_allows_them(
    bench: Bench, make_camera: MakeCamera, mount_exfat: Callable[[str], None]
) -> None:
    camera, there = make_camera(), ("--home", "/srv/usb/ipcamera")
    mount_exfat("uid=0,umask=022")
    try:
        jailed = Cause(
            make="",
            says="/srv/usb/ipcamera on HOST cannot be a jail: the fuseblk filesystem at /srv/usb keeps no owners",
            hint="give --no-jail, or another --home",
            options=there,
        )
        refused(bench, camera, jailed)
        closed = Cause(
            make="",
            says="ipcamera could not write to /srv/usb/ipcamera/recordings on HOST: the fuseblk filesystem at /srv/usb "
            "gives everything to root, mode 0755",
            hint="mount it with the option umask=000",
            options=(*there, "--no-jail"),
        )
        refused(bench, camera, closed)
        inside(bench, "umount /srv/usb")
        mount_exfat("umask=000")
        first = bench.setup(camera, options=(*there, "--no-jail"))
        assert first.code == 0, first.err
        again = bench.setup(camera, options=(*there, "--no-jail"))
        assert (again.code, again.json["changed"]) == (0, False), again.err
        # As its own from now on, as the hint has it for an account that is there.
        inside(bench, "umount /srv/usb")
        mount_exfat("uid=0,umask=022")
        refused_again = bench.setup(camera, options=(*there, "--no-jail"))
        number = inside(bench, "id -u ipcamera").strip()
        assert refused_again.code == 4
        assert f"mount it with the option uid={number}" in refused_again.json["error"]["hint"]
        inside(bench, "umount /srv/usb")
        mount_exfat(f"uid={number},umask=022")
        own = bench.setup(camera, options=(*there, "--no-jail"))
        assert (own.code, own.json["changed"]) == (0, False), own.err
    finally:
        inside(bench, "umount /srv/usb")


def test_a_disk_without_owners_may_be_mounted_inside_a_jail(
    bench: Bench, make_camera: MakeCamera, mount_exfat: Callable[[str], None]
) -> None:
    camera = make_camera()
    mount_exfat("umask=000")
    try:
        inside(bench, "mkdir -p /srv/usb/cameras /home/ipcamera/recordings; chmod 755 /home/ipcamera")
        inside(bench, "mount --bind /srv/usb/cameras /home/ipcamera/recordings")
        first = bench.setup(camera)
        assert first.code == 0, first.err
        assert inside(bench, "find /srv/usb/cameras -name 'Test-Snapshot*' -type f")
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err
    finally:
        inside(bench, "umount /home/ipcamera/recordings")
        inside(bench, "umount /srv/usb")
