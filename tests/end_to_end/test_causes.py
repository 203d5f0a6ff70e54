"""Every cause of a failed upload, produced on a real receiver and named from what both sides show."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support import remedies, trees
from support.bench import CAMERA_PASSWORD, Bench, MakeBench, MakeCamera
from support.inside_host import InsideHost

from receiver_setup.camera import Camera
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver import cgroup
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.errors import ReceiverSetupError, ReceiverUnsuitableError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.apply.session import ReceiverSession
from receiver_setup.receiver.hosts.root import RootShell
from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted
from receiver_setup.secrets import Secret
from receiver_setup.workflow.causes import CATALOGUE, Diagnosis, FailedUpload, Symptom, diagnose

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

USER, HOME, RECORDINGS = "ipcamera", "/home/ipcamera", "/home/ipcamera/recordings"
KEYS = "/etc/ssh/authorized_keys.d/ipcamera"
NO_LOG = "rm -f /var/log/auth.log /var/log/secure /var/log/messages /var/log/syslog"
RELOAD = "kill -HUP $(cat /run/sshd.pid); sleep 0.3"
UPLOADERS = ("paramiko", "curl", "openssh")


def global_line(line: str) -> str:
    """Return the script that puts a line before all others of sshd's configuration."""
    return f"printf '{line}\\n' >/etc/ssh/sshd_config.d/00-a.conf; {RELOAD}"


def small_disk(options: str) -> str:
    """Return the script that mounts another disk over the recordings."""
    return f"mount -t tmpfs -o {options},mode=755 disk {RECORDINGS}; chown {USER} {RECORDINGS}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One cause: what breaks a finished set-up, what must be told, and by which camera it is produced."""

    breaks: str
    kind: str
    says: str
    remedy: str
    results: tuple[int | None, ...]
    uploaders: tuple[str, ...] = UPLOADERS
    tree: str = "/"
    sshd_config: str = ""
    profile: dict[str, Any] = field(default_factory=dict)
    then: dict[str, Any] = field(default_factory=dict)
    """What the camera is like from then on."""
    settings: dict[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    tests: int = 1
    log: bool = True
    certain: bool = True
    has_line: str = ""
    after: tuple[str, ...] = ("paste",)
    """What is done then, until the camera uploads again: the remedy pasted as it is printed, another set-up."""


CASES = {
    "sha1": Case(
        breaks=f"sed -i /ssh-rsa/d /etc/ssh/sshd_config.d/00-r*; {RELOAD}",
        kind="sha1",
        says=f"the camera signs with SHA-1, which sshd on HOST refuses for {USER}",
        remedy="leave --sha1 at auto",
        results=(-2,),
        uploaders=("paramiko", "curl"),
        profile={"signature": "sha1"},
        has_line="signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms",
        after=("setup",),
    ),
    "key exchange": Case(
        breaks=global_line("KexAlgorithms sntrup761x25519-sha512@openssh.com"),
        kind="no-common-algorithm",
        says="for the key exchange method the camera offers",
        remedy="00-a.conf:1 `KexAlgorithms sntrup761x25519-sha512@openssh.com,",
        results=(-8,),
        uploaders=("paramiko", "curl"),
        has_line="no matching key exchange method found",
    ),
    "host-key algorithm": Case(
        breaks=global_line("HostKeyAlgorithms sk-ssh-ed25519@openssh.com,ssh-ed25519-cert-v01@openssh.com"),
        kind="no-common-algorithm",
        says="sshd on HOST finds none for its own host keys",
        remedy="weakens every login there",
        results=(-8,),
        has_line="No supported key exchange algorithms",
        uploaders=("paramiko",),
    ),
    "host key type": Case(
        breaks="ssh-keygen -qt rsa -N '' -f /etc/ssh/ssh_host_rsa_key; " + global_line("HostKeyAlgorithms ssh-rsa"),
        kind="no-common-algorithm",
        says="for the host key type the camera offers",
        remedy="00-a.conf:1 `HostKeyAlgorithms ssh-rsa,",
        results=(-8,),
        uploaders=("paramiko", "openssh"),
        has_line="no matching host key type found",
    ),
    "wrong key": Case(
        breaks=f"sed -i 's/ssh-rsa .*/ssh-ed25519 {{ed25519}} x/' {KEYS}",
        kind="wrong-key",
        says=f"and {KEYS} on HOST has ssh-ed25519 SHA256:",
        remedy="run `receiver-setup setup` again",
        results=(-2,),
        after=("setup",),
    ),
    "key file gone": Case(
        breaks=f"rm {KEYS}",
        kind="key-file-missing",
        says=f"the upload user's key file is not there: {KEYS} on HOST",
        remedy="run `receiver-setup setup` again",
        results=(-2,),
        uploaders=("curl",),
        after=("setup",),
    ),
    "key file unreadable": Case(
        breaks=f"chmod 600 {KEYS}",
        kind="key-file-closed",
        says=f"HOST says “authorized keys '{KEYS}': Permission denied”",
        remedy=f"`sudo chmod 0644 {KEYS}`",
        results=(-2,),
        has_line="Could not open user 'ipcamera' authorized keys",
        uploaders=("paramiko", "openssh"),
    ),
    "key file open to all": Case(
        breaks=f"chmod 666 {KEYS}",
        kind="key-file-closed",
        says=f"bad ownership or modes for file {KEYS}",
        remedy=f"`sudo chmod go-w {KEYS}`",
        results=(-2,),
        has_line="Authentication refused: bad ownership or modes",
        uploaders=("openssh",),
    ),
    "account locked": Case(
        breaks=f"sed -i 's/^{USER}:[^:]*/{USER}:!/' /etc/shadow; {global_line('UsePAM no')}",
        kind="account-locked",
        says=f"sshd on HOST runs without PAM and finds {USER} locked",
        remedy="`sudo usermod -p '*' ipcamera`",
        results=(-2,),
        has_line="not allowed because account is locked",
        uploaders=("curl",),
    ),
    "account expired": Case(
        breaks=f"chage -E 2020-01-01 {USER}",
        kind="account-closed",
        says=f"HOST says “Access denied” of {USER}",
        remedy="`sudo chage -E -1 ipcamera`",
        results=(-2, -8),
        uploaders=("paramiko", "openssh"),
        has_line="Access denied for user ipcamera by PAM",
    ),
    "account gone": Case(
        breaks=f"sed -i /^{USER}:/d /etc/passwd",
        kind="account-missing",
        says=f"HOST knows no {USER}",
        remedy="run `receiver-setup setup` again",
        results=(-2,),
        has_line="Invalid user ipcamera from",
        uploaders=("paramiko",),
        after=("setup",),
    ),
    "AllowUsers": Case(
        breaks=global_line("AllowUsers admin"),
        kind="not-admitted",
        says=f"on HOST {USER} from {HOST_ADDRESS} is not listed in AllowUsers",
        remedy="'    AllowUsers ipcamera' 'Match all' | sudo tee /etc/ssh/sshd_config.d/00-allow-ipcamera.conf",
        results=(-2,),
        has_line="not allowed because not listed in AllowUsers",
    ),
    "DenyGroups": Case(
        breaks=global_line(f"DenyGroups {USER}"),
        kind="not-admitted",
        says="a group is listed in DenyGroups",
        remedy="delete the line /etc/ssh/sshd_config.d/00-a.conf:1, then `sudo /usr/sbin/sshd -t && sudo service",
        results=(-2,),
        uploaders=("openssh",),
    ),
    "drop-in gone": Case(
        breaks=f"sed -i '/^ *\\(AuthorizedKeysFile\\|AuthenticationMethods\\)/d;s/PubkeyAuthentication yes/"
        f"PubkeyAuthentication no/' /etc/ssh/sshd_config.d/00-r*; {RELOAD}",
        kind="method-closed",
        says=f"for {USER} on HOST it has `pubkeyauthentication no`",
        remedy="run `receiver-setup setup` again",
        results=(-2,),
        uploaders=("paramiko",),
        after=("setup",),
    ),
    "key not used": Case(
        breaks="true",
        kind="key-not-used",
        says="the camera did not sign in with its key: HOST would take ssh-rsa SHA256:",
        remedy="restart the camera and test again",
        results=(-2,),
        uploaders=("paramiko", "openssh"),
        then={"auth_order": "password"},
        has_line="[preauth]",
        after=(),
    ),
    "password": Case(
        breaks=f"echo {USER}:other | chpasswd",
        kind="password-refused",
        says=f"the receiver refused the camera's password for {USER} on HOST",
        remedy="`sudo usermod -p '*' ipcamera` takes the old one away; then run `receiver-setup setup --auth password`",
        results=(-2,),
        profile={"auth_order": "password"},
        options=("--auth", "password"),
        has_line="Failed password for ipcamera from",
        after=("paste", "setup"),
    ),
    "jail modes": Case(
        breaks=f"chmod g+w {HOME}",
        kind="jail-modes",
        says=f'HOST says “bad ownership or modes for chroot directory "{HOME}"”',
        remedy=f"`sudo chmod go-w {HOME}`",
        results=(-8, -2),
        has_line="bad ownership or modes for chroot directory",
    ),
    "jail component": Case(
        breaks="chown admin /home",
        kind="jail-modes",
        says='chroot directory component "/home/"',
        remedy="`sudo chown root /home`",
        results=(-8, -2),
        uploaders=("paramiko",),
    ),
    "jail gone": Case(
        breaks=f"rm -r {HOME}",
        kind="jail-missing",
        says=f"the folder of the jail is not there: {HOME} on HOST",
        remedy="`sudo mount -a`",
        results=(-8, -2),
        has_line="No such file or directory",
        uploaders=("openssh",),
        after=("paste", "setup"),
    ),
    "directory gone": Case(
        breaks=f"rm -r {RECORDINGS}",
        kind="directory-missing",
        says=f"the recordings directory is not there: {RECORDINGS} on HOST",
        remedy=f"`sudo install -d -o ipcamera -g ipcamera -m 0750 {RECORDINGS}`",
        results=(-3,),
    ),
    "directory closed": Case(
        breaks=f"rm -r {RECORDINGS}/*; chown root {RECORDINGS}",
        kind="directory-closed",
        says=f"{RECORDINGS} on HOST has owner root, mode 0750",
        remedy=f"`sudo chown -R ipcamera: {RECORDINGS} && ",
        results=(-3,),
        uploaders=("paramiko", "curl"),
    ),
    "day folder closed": Case(
        breaks=f"rm {RECORDINGS}/*/*; chown root {RECORDINGS}/*; chmod 755 {RECORDINGS}/*",
        kind="directory-closed",
        says=f"{RECORDINGS}/20",
        remedy="`sudo chown -R ipcamera: /home/ipcamera/recordings/20",
        results=(-3,),
        uploaders=("paramiko", "openssh"),
    ),
    "read-only": Case(
        breaks=f"mount -t tmpfs -o ro,mode=750,uid=$(id -u {USER}) disk {RECORDINGS}",
        kind="disk-read-only",
        says=f"{RECORDINGS} on HOST lies on {RECORDINGS} (tmpfs)",
        remedy=f"`sudo mount -o remount,rw {RECORDINGS}`",
        results=(-3,),
        uploaders=("curl",),
    ),
    "disk full": Case(
        breaks=small_disk("size=8k"),
        kind="disk-full",
        says=f"KiB are free for {RECORDINGS} on HOST",
        remedy=f"`sudo du -xhd1 {RECORDINGS}`",
        results=(-9, -3),
        after=(),
    ),
    "inodes": Case(
        breaks=small_disk("nr_inodes=1"),
        kind="inodes-full",
        says=f"0 of 1 inodes are free for {RECORDINGS} on HOST",
        remedy=f"`sudo df -i {RECORDINGS}`",
        results=(-3,),
        uploaders=("openssh",),
        after=(),
    ),
    "quota": Case(
        breaks="printf 'ipcamera hard fsize 4\\n' >/etc/security/limits.d/00-small.conf",
        kind="quota",
        says=f"the upload broke off though the disk has room: {RECORDINGS} on HOST",
        remedy="quota -u ipcamera",
        results=(-9, -3, -8),
        certain=False,
        after=(),
    ),
    "host key changed": Case(
        breaks=f"rm /etc/ssh/ssh_host_*; ssh-keygen -qA; {RELOAD}",
        kind="host-key-changed",
        says="which is HOST's own, and trusts another",
        remedy="run `receiver-setup setup` again",
        results=(-5,),
        after=("setup",),
    ),
    "host key not loaded": Case(
        breaks=f"rm /etc/ssh/ssh_host_*; ssh-keygen -qA; {RELOAD}; sleep 1; rm /etc/ssh/ssh_host_*; ssh-keygen -qA",
        kind="host-key-not-loaded",
        says="/etc/ssh/ssh_host_ed25519_key on ",
        remedy="restart sshd: `sudo service ssh restart </dev/null`",
        results=(-5,),
        tree="trixie",
        after=("paste", "setup"),
    ),
    "penalty": Case(
        breaks=f"rm {KEYS}",
        tree="trixie",
        kind="penalty",
        says=f"HOST drops {HOST_ADDRESS} for 600 s at the most, for failed authentication",
        remedy="wait before the next try, 600 s at the most; to leave the camera out for good, `printf",
        results=(-1,),
        tests=6,
        has_line="penalty: failed authentication",
        after=("paste", "setup"),
    ),
    "penalty, told how long": Case(
        breaks=f"rm {KEYS}",
        tree="trixie",
        sshd_config="PerSourcePenalties authfail:60s\nLogLevel VERBOSE",
        kind="penalty",
        says=f"HOST drops {HOST_ADDRESS} for 60 s, for failed authentication",
        remedy=f"PerSourcePenaltyExemptList {HOST_ADDRESS}",
        results=(-1,),
        tests=4,
        uploaders=("paramiko",),
        after=("paste", "setup"),
    ),
    "MaxStartups": Case(
        breaks=f"{global_line('MaxStartups 1:100:1')}; "
        "(setsid bash -c 'exec 5<>/dev/tcp/127.0.0.1/22; sleep 8' >/dev/null 2>&1 &); sleep 0.5",
        kind="too-many-connections",
        says=f"HOST dropped {HOST_ADDRESS} (",
        remedy="make the line /etc/ssh/sshd_config.d/00-a.conf:1 `MaxStartups 50:30:100`",
        results=(-1,),
        has_line="drop connection",
        uploaders=("paramiko",),
    ),
    "sshd down": Case(
        breaks="kill $(cat /run/sshd.pid); sleep 0.2",
        kind="nothing-listens",
        says="on HOST no port is open; sshd is set to port 22",
        remedy="start sshd: `sudo service ssh start </dev/null`",
        results=(-1,),
    ),
    "other port": Case(
        breaks="true",
        settings={"ft_port": "2222"},
        kind="nothing-listens",
        says=":2222 on HOST no port is open; sshd is set to port 22",
        remedy="give the camera the port that sshd has: --receiver-address",
        results=(-1,),
        uploaders=("curl",),
        after=(),
    ),
    "firewall": Case(
        breaks=f"ip route add blackhole {HOST_ADDRESS}",
        kind="firewall",
        says=f"its log shows nothing from {HOST_ADDRESS}",
        remedy=f"let the camera in ({HOST_ADDRESS} to port 22, TCP)",
        results=(-4, -1),
        uploaders=("paramiko", "openssh"),
        profile={"test_timeout_s": 2.0},
        after=(),
    ),
    "other address": Case(
        breaks="true",
        settings={"ft_server": "10.99.0.254"},
        kind="wrong-address",
        says="10.99.0.254:22 is none of the addresses of HOST",
        remedy="check --receiver-address",
        results=(-1, -4),
        uploaders=("paramiko",),
        profile={"test_timeout_s": 5.0},
        after=(),
    ),
    "name": Case(
        breaks="true",
        settings={"ft_server": "receiver.invalid"},
        kind="name-unknown",
        says="receiver.invalid, though HOST listens on port 22",
        remedy="--receiver-address ADDRESS",
        results=(-1,),
        certain=False,
        uploaders=("openssh",),
        after=(),
    ),
    "busy": Case(
        breaks="true",
        then={"test_busy_times": 99},
        kind="camera-busy",
        says="answered the test with -6",
        remedy="wait until it has finished",
        results=(-6,),
        uploaders=("paramiko",),
        after=(),
    ),
    "no right": Case(
        breaks="true",
        then={"denied_commands": ("testftp",)},
        kind="camera-rights",
        says="porch answered 211 (NO_PERMISSION)",
        remedy="use an administrator",
        results=(None,),
        uploaders=("paramiko",),
        after=(),
    ),
    "no log: key file gone": Case(
        breaks=f"rm {KEYS}",
        kind="key-file-missing",
        says=f"{KEYS} on HOST",
        remedy="run `receiver-setup setup` again",
        results=(-2,),
        log=False,
        uploaders=("paramiko",),
        after=("setup",),
    ),
    "no log: locked": Case(
        breaks=f"sed -i 's/^{USER}:[^:]*/{USER}:!/' /etc/shadow; {global_line('UsePAM no')}",
        kind="account-locked",
        says=f"the password field of {USER} begins with “!”",
        remedy="`sudo usermod -p '*' ipcamera`",
        results=(-2,),
        log=False,
        uploaders=("paramiko",),
    ),
    "no log: AllowUsers": Case(
        breaks=global_line("AllowUsers admin"),
        kind="not-admitted",
        says=f"`allowusers admin` on HOST does not let {USER} in",
        remedy="'    AllowUsers ipcamera'",
        results=(-2,),
        log=False,
        uploaders=("paramiko",),
    ),
    "no log: key file modes": Case(
        breaks=f"chmod 600 {KEYS}",
        kind="key-file-closed",
        says=f"{KEYS} on HOST has owner root, mode 0600",
        remedy=f"`sudo chmod 0644 {KEYS}`",
        results=(-2,),
        log=False,
        uploaders=("paramiko",),
    ),
    "no log: jail": Case(
        breaks=f"chmod g+w {HOME}",
        kind="jail-modes",
        says=f"{HOME} on HOST is directory, owner root, mode 0775",
        remedy=f"`sudo chmod go-w {HOME}`",
        results=(-8,),
        log=False,
        uploaders=("paramiko",),
    ),
    "no log: sha1": Case(
        breaks=f"sed -i /ssh-rsa/d /etc/ssh/sshd_config.d/00-r*; {RELOAD}",
        kind="login-refused",
        says="(no log of sshd's can be read there); most likely, in this order: the camera signs with SHA-1; "
        "the camera did not sign in with its key",
        remedy="try --sha1 always",
        results=(-2,),
        log=False,
        certain=False,
        uploaders=("paramiko",),
        profile={"signature": "sha1"},
        options=("--sha1", "always"),
        after=(),
    ),
    "no log: firewall": Case(
        breaks=f"ip route add blackhole {HOST_ADDRESS}",
        kind="firewall",
        says="as far as is seen: it listens at",
        remedy="let the camera in (",
        results=(-4,),
        log=False,
        certain=False,
        uploaders=("paramiko",),
        profile={"test_timeout_s": 2.0},
        after=(),
    ),
}
ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"


def wanted_of(case: Case) -> Wanted:
    """Return the account as the set-up makes it."""
    authentication = Authentication.PASSWORD if "password" in case.options else Authentication.PUBLIC_KEY
    slot = CameraSlot(name="camera", directory=RECORDINGS)
    return Wanted(user=USER, home=HOME, directory="recordings", slots=(slot,), authentication=authentication)


@contextmanager
def session_of(bench: Bench, *, systemd: bool = False) -> Iterator[ReceiverSession]:
    """Give a session that needs no network."""
    session = ReceiverSession(RootShell(InsideHost(bench.receiver, systemd=systemd), sudo_password=lambda: None))
    try:
        yield session
    finally:
        session.close()


def upload(camera: EmulatedCamera, *, tests: int = 1) -> Symptom:
    """Let the camera upload, as often as it takes; return what it said last."""
    with Camera(camera.url, Secret(CAMERA_PASSWORD), timeout_s=30) as client:
        for _ in range(tests - 1):
            client.test_upload()
        try:
            return Symptom.from_outcome(client.test_upload())
        except ReceiverSetupError as error:
            return Symptom.from_error(error)


def break_and_diagnose(
    bench: Bench, camera: EmulatedCamera, case: Case, *, key: str | None = None, systemd: bool = False
) -> tuple[Symptom, Diagnosis]:
    """Break a finished set-up, let the camera upload, and ask for the cause; `key` is what it shows as its own."""
    wanted = wanted_of(case)
    with session_of(bench, systemd=systemd) as session:
        (earlier,) = session.read_facts([wanted], routes=[HOST_ADDRESS])
        done = bench.receiver.run("sh", "-ec", case.breaks.replace("{ed25519}", ED25519))
        assert done.returncode == 0, done.stderr
        camera.state.fields.update(case.settings)
        symptom = upload(camera, tests=case.tests)
        evidence = session.read_evidence([wanted], earlier, wait_for=[HOST_ADDRESS], wait_count=1, causes=True)
        (facts,) = session.read_facts([wanted], routes=[HOST_ADDRESS], aside=True)
    key = key or camera.state.public_key_line
    assert key is not None
    target = FailedUpload(
        camera="porch",
        receiver="HOST",
        server=camera.state.fields["ft_server"],
        port=int(camera.state.fields["ft_port"]),
        user=USER,
        directory=RECORDINGS,
        sources=(HOST_ADDRESS,),
        key=PublicKey.from_line(key),
        authentication=wanted.authentication,
    )
    diagnosis = diagnose(symptom, target=target, facts=facts, evidence=evidence)
    if "SHOW_CAUSES" in os.environ:
        row = [case.kind, symptom.result, diagnosis.sentence, diagnosis.remedy, diagnosis.seen]
        with Path(os.environ["SHOW_CAUSES"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return symptom, diagnosis


EVERY = "RECEIVER_SETUP_EVERY_FAULT" in os.environ
"""Else each cause is produced with one uploader, in turn: another one is seldom told apart by what sshd logs."""


@pytest.mark.parametrize(
    ("says", "uploader"),
    [
        pytest.param(says, name, marks=[pytest.mark.rest] if case.tree != "/" else [])
        for turn, (says, case) in enumerate(CASES.items())
        for number, name in enumerate(case.uploaders)
        if EVERY or number == turn % len(case.uploaders)
    ],
)
def test_a_cause_is_named_with_its_remedy(
    make_bench: MakeBench, make_camera: MakeCamera, says: str, uploader: str
) -> None:
    case = CASES[says]
    kind: dict[str, Any] = {} if case.tree == "/" else {"tree": trees.unpack(case.tree)}
    script = "" if case.log else NO_LOG
    with make_bench(script, sshd_config=case.sshd_config, log=case.log, **kind) as bench:
        camera = make_camera(uploader=uploader, **case.profile)
        result = bench.setup(camera, options=case.options)
        assert result.code == 0, result.err
        key = camera.state.public_key_line
        if case.then:
            trusted = camera.state.trusted_host_keys
            camera = make_camera(dict(camera.state.fields), uploader=uploader, **case.then)
            camera.state.trusted_host_keys = trusted
        symptom, found = break_and_diagnose(bench, camera, case, key=key)
        assert symptom.result in case.results, found.sentence
        assert found.cause.kind == case.kind, found.sentence
        assert case.says in found.sentence
        assert case.remedy in found.remedy
        for step in case.after:
            if case.kind.startswith("host-key"):
                # They are new to the administrator as well.
                lines = bench.inside("cat /etc/ssh/ssh_host_*_key.pub").splitlines()
                bench.known_hosts.write_text("".join(f"{bench.receiver.address} {line}\n" for line in lines))
            if step == "paste":
                assert remedies.follow(bench, found.remedy) > 0
            else:
                yes = ("--yes",) if "--yes" in found.remedy else ()
                mended = bench.setup(camera, options=(*case.options, *yes))
                assert mended.code == 0, mended.err
        if case.after:
            assert upload(camera).result == 0
    assert found.certain == case.certain
    assert any(case.has_line in line for line in found.seen or [""])
    assert found.sentence.startswith(found.cause.title)
    assert not (found.sentence + found.remedy).endswith(".")
    assert CAMERA_PASSWORD not in found.sentence + found.remedy


BY_HAND = {
    "wrong-address": "which address is right, and what stands at the other, only a person can tell",
    "name-unknown": "the address to give is an option of the next run",
    "firewall": "neither ufw nor firewalld runs in a receiver of these tests",
    "too-slow": "a network or a machine that is slow is no matter of one command",
    "host-key-foreign": "the remedy is to look for another machine",
    "key-refused": "which rule is to give way only a person can tell; test_key_policy.py applies what a set-up says",
    "wrong-source": "the remedy is an option of the next run, which test_key_policy.py gives",
    "signature-refused": "the crypto policies of Fedora are not Debian's",
    "key-not-used": "the remedy is the camera's own restart, or an option of the next run",
    "login-refused": "what is to be done is not known without a log",
    "disk-full": "what may be deleted only a person can tell; what shows it is pasted",
    "inodes-full": "as for disk-full",
    "quota": "whose limit it is only a person can tell",
    "camera-busy": "the remedy is to wait",
    "camera-blocked": "the remedy is to wait",
    "camera-rights": "the remedy is another user of the camera's",
    "camera-unreachable": "the remedy is at the camera",
    "camera-fault": "the remedy is at the camera",
    "clock": "a receiver of these tests has this machine's clock, which no test may set",
    "unknown": "what is to be done is not known",
}
"""Causes whose remedy no test applies, and why; all others are mended as it is printed."""


def test_every_remedy_of_the_catalogue_is_applied_or_has_a_reason_why_not() -> None:
    applied = {case.kind for case in (*CASES.values(), *PAM.values()) if case.after}
    assert applied.isdisjoint(BY_HAND)
    assert applied | set(BY_HAND) == {cause.kind for cause in CATALOGUE}
    pasted = {case.kind for case in (*CASES.values(), *PAM.values()) if "paste" in case.after}
    looks = {"disk-full", "inodes-full"}
    assert pasted | looks == {each.kind for each in CATALOGUE if "sudo" in each.remedy + each.fix} | {
        # Theirs are in the diagnosis alone.
        *("nothing-listens", "host-key-not-loaded", "penalty", "too-many-connections", "no-common-algorithm"),
        *("not-admitted", "pam-module"),
    }


def pam_rule(line: str, number: int = 1) -> str:
    """Return the script that switches a module on, first of all."""
    return f"sed -i '{number}i account required {line}' /etc/pam.d/sshd; "


TIME = (
    "sed -i '1i account required pam_time.so' /etc/pam.d/common-account; "
    f"echo 'sshd;*;{USER};!Al0000-2400' >>/etc/security/time.conf"
)
PAM = {
    name: Case(
        breaks=script,
        kind=kind,
        says=says,
        remedy=remedy,
        results=(-2, -8),
        has_line="Access denied for user ipcamera by PAM",
    )
    for name, script, kind, says, remedy in (
        (
            "pam_access",
            f"{pam_rule('pam_access.so')}echo '-:{USER}:ALL' >>/etc/security/access.conf",
            "pam-module",
            f"pam_access on HOST (/etc/pam.d/sshd:1) refuses {USER}",
            "/etc/security/access.conf decides; to leave ipcamera out of that rule, put `account [success=1",
        ),
        (
            "pam_access of another file",
            pam_rule("pam_access.so accessfile=/etc/who.conf") + f"echo '-:{USER}:ALL' >/etc/who.conf",
            "pam-module",
            "pam_access on HOST",
            "/etc/who.conf decides;",
        ),
        (
            "pam_shells",
            pam_rule("pam_shells.so") + "sed -i /nologin/d /etc/shells",
            "pam-module",
            f"pam_shells on HOST (/etc/pam.d/sshd:1) refuses {USER}",
            "/etc/shells decides;",
        ),
        (
            "pam_time, included",
            TIME,
            "pam-module",
            f"pam_time on HOST (/etc/pam.d/common-account:1) refuses {USER}",
            "/etc/security/time.conf decides;",
        ),
        (
            "pam_listfile",
            pam_rule("pam_listfile.so item=user sense=allow file=/etc/may onerr=fail") + "echo admin >/etc/may",
            "pam-module",
            "pam_listfile on HOST",
            "/etc/may decides;",
        ),
        (
            "pam_succeed_if",
            pam_rule("pam_succeed_if.so uid >= 1000"),
            "pam-module",
            "pam_succeed_if on HOST",
            "/etc/pam.d/sshd decides;",
        ),
        (
            "pam_nologin",
            "echo closed >/etc/nologin",
            "nologin",
            "the receiver lets nobody in but root: /etc/nologin on HOST",
            "when that is over, `sudo rm /etc/nologin`",
        ),
        (
            "pam_unix",
            f"chage -E 2020-01-01 {USER}",
            "account-closed",
            "HOST says “Access denied” of ipcamera",
            "`sudo chage -E -1 ipcamera`",
        ),
    )
}


@pytest.mark.parametrize(
    "tree", ["/", pytest.param("bullseye", marks=pytest.mark.rest), pytest.param("trixie", marks=pytest.mark.rest)]
)
def test_the_pam_module_that_refuses_is_named_with_its_file(
    make_bench: MakeBench, make_camera: MakeCamera, tree: str
) -> None:
    systemd = tree != "/"
    kind: dict[str, Any] = {"systemd": True, "tree": trees.unpack(tree)} if systemd else {"log": False}
    if tree == "trixie":  # so many refusals would be penalised, and the administrator comes from the same address
        kind["sshd_config"] = "PerSourcePenalties no"
    if systemd:
        try:
            cgroup.require_systemd(kind["tree"])
        except ReceiverUnsuitableError as error:
            pytest.skip(error.message)
    with make_bench(NO_LOG if systemd else f"{NO_LOG}; busybox syslogd -O /var/log/auth.log", **kind) as bench:
        camera = make_camera()
        result = bench.setup(camera)
        assert result.code == 0, result.err
        bench.inside("mkdir /opt/before; cp -a /etc/pam.d /etc/security /etc/shells /opt/before")
        for name, case in PAM.items():
            symptom, found = break_and_diagnose(bench, camera, case, systemd=systemd)
            assert symptom.result in case.results, (name, found.sentence)
            assert found.cause.kind == case.kind, (name, found.sentence)
            assert case.says in found.sentence, name
            assert case.remedy in found.remedy, name
            assert any(case.has_line in line for line in found.seen), (name, found.seen)
            assert remedies.follow(bench, found.remedy) > 0
            assert upload(camera).result == 0, name
            bench.inside("cp -a /opt/before/. /etc")


@pytest.mark.rest
@pytest.mark.parametrize("path", ["/var/log/auth.log", "/var/log/secure"])
def test_a_log_that_a_syslog_daemon_writes_is_read(make_bench: MakeBench, make_camera: MakeCamera, path: str) -> None:
    case = CASES["AllowUsers"]
    script = f"{NO_LOG}; busybox syslogd -O {path}"
    with make_bench(script, log=False) as bench:
        camera = make_camera()
        result = bench.setup(camera)
        assert result.code == 0, result.err
        symptom, found = break_and_diagnose(bench, camera, case)
    assert (symptom.result, found.cause.kind, found.certain) == (-2, "not-admitted", True), found.sentence
    # OpenSSH 9.8 and later log as sshd-session.
    assert [bool(re.search(r" sshd(-session)?\[", line)) and case.has_line in line for line in found.seen] == [True]


@pytest.mark.rest
@pytest.mark.parametrize("tree", ["/", "trixie"])
@pytest.mark.parametrize("says", ["AllowUsers", "firewall"])
def test_the_journal_is_evidence_and_so_is_its_silence(
    make_bench: MakeBench, make_camera: MakeCamera, tree: str, says: str
) -> None:
    case = CASES[says]
    kind: dict[str, Any] = {} if tree == "/" else {"tree": trees.unpack(tree)}
    try:
        cgroup.require_systemd(kind.get("tree", Path("/")))
    except ReceiverUnsuitableError as error:
        pytest.skip(error.message)
    with make_bench(systemd=True, **kind) as bench:
        camera = make_camera(**case.profile)
        result = bench.setup(camera)
        assert result.code == 0, result.err
        broken = replace(case, breaks=case.breaks.replace(RELOAD, "systemctl reload ssh; sleep 0.5"))
        _, found = break_and_diagnose(bench, camera, broken, systemd=True)
    assert (found.cause.kind, found.certain) == (case.kind, True), found.sentence
    assert case.says in found.sentence
    assert all("sshd[" in line or "sshd-session[" in line for line in found.seen)


def test_what_keeps_us_from_the_camera_is_named(make_camera: MakeCamera) -> None:
    target = FailedUpload(camera="porch", receiver="HOST", server="10.99.0.9", port=22, user=USER, directory=RECORDINGS)
    camera = make_camera(lockout_tries=1)
    with (
        Camera(camera.url, Secret("another pass word"), timeout_s=10) as client,
        pytest.raises(ReceiverSetupError) as login,
    ):
        client.ftp_attributes()
    refused = diagnose(Symptom.from_error(login.value), target=target)
    blocked = diagnose(upload(camera), target=target)
    camera.close()
    gone = diagnose(upload(camera), target=target)
    assert [each.cause.kind for each in (refused, blocked, gone)] == [
        "camera-rights",
        "camera-blocked",
        "camera-unreachable",
    ]
    assert "218 (IP_BLOCKED)" in blocked.sentence
    assert "do not try again now" in blocked.remedy


def test_a_busy_camera_is_waited_for_and_then_named(make_camera: MakeCamera) -> None:
    target = FailedUpload(camera="porch", receiver="HOST", server="10.99.0.9", port=22, user=USER, directory=RECORDINGS)
    found = diagnose(upload(make_camera(busy_times=99)), target=target)
    assert found.cause.kind == "camera-busy"
    assert "213 (BUSY)" in found.sentence


# ---- in a set-up


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A set-up that fails: how, with which kind of error, and the cause in its message and hint."""

    kind: str
    says: str
    hint: str
    script: str = ""
    options: tuple[str, ...] = ()
    profile: dict[str, Any] = field(default_factory=dict)


FAILURES = {
    "sha1": Failure(
        options=("--sha1", "never"),
        profile={"signature": "sha1"},
        kind="test-upload-credentials",
        says="ended with -2 (CREDENTIALS): the camera signs with SHA-1, which sshd on HOST refuses for ipcamera",
        hint="leave --sha1 at auto",
    ),
    "no key login": Failure(
        options=("--auth", "key"),
        profile={"auth_order": "password"},
        kind="test-upload-credentials",
        says="ended with -2 (CREDENTIALS): the camera did not sign in with its key: HOST would take ssh-rsa SHA256:",
        hint="--auth password",
    ),
    "other address": Failure(
        options=("--receiver-address", "10.99.0.254"),
        profile={"test_timeout_s": 5.0},
        kind="test-upload-cannot-connect",
        says="the camera dials another machine: 10.99.0.254:22 is none of the addresses of",
        hint="check --receiver-address",
    ),
    "name": Failure(
        options=("--receiver-address", "receiver.invalid"),
        kind="test-upload-cannot-connect",
        says="the camera dials a name, and no connection came: receiver.invalid",
        hint="--receiver-address ADDRESS",
    ),
    "file size": Failure(
        script="printf '* hard fsize 4\\nadmin hard fsize unlimited\\n' >/etc/security/limits.d/00-small.conf",
        kind="test-upload-incomplete",
        says="the upload broke off though the disk has room: /home/ipcamera/recordings on HOST",
        hint="quota -u ipcamera",
    ),
}


@pytest.mark.parametrize("says", FAILURES)
def test_a_failed_set_up_names_the_cause_and_puts_everything_back(
    make_bench: MakeBench, make_camera: MakeCamera, says: str
) -> None:
    failure = FAILURES[says]
    with make_bench(failure.script) as bench:
        before = bench.state()
        address = bench.receiver.address
        options = tuple(option.replace("ADDRESS", address) for option in failure.options)
        result = bench.setup(make_camera(**failure.profile), options=options)
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, failure.kind, True), result.err
        assert failure.says in error["message"].replace(address, "ADDRESS").replace(bench.receiver.name, "HOST")
        assert failure.hint in error["hint"]
        assert bench.state() == before


def test_an_impostor_is_told_from_the_receiver(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench() as bench, make_bench() as impostor:
        bench.known_hosts.write_text(bench.receiver.known_hosts)
        result = bench.setup(make_camera(), options=("--receiver-address", impostor.receiver.address))
    error = result.json["error"]
    assert (result.code, error["kind"]) == (5, "host-key-mismatch"), result.err
    assert error["message"].endswith(": the camera dials another machine")
    assert "check --receiver-address" in error["hint"]
