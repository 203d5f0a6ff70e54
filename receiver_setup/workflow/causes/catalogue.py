"""Every cause of a failed upload that can be told apart (pure): what it is called, what it means, what mends it.

The order is that of an upload's way: network, handshake, login, folder, and then the camera's own answers.
docs/causes.md is this table; see `render_causes`.
"""

from dataclasses import dataclass
from typing import Final

from receiver_setup.formats.markdown import render_table

_SETUP = "or run `receiver-setup setup` again, which mends it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause; `title` begins every sentence that names it, `seen_as` are the camera's answers that go with it.

    `remedy` has words in braces to be filled in, those of `FailedUpload.words`; a command to paste on the receiver
    stands between backticks. `fix` is what `{fix}` in it is where the receiver's own state does not tell it better.
    `mended_by_setup`: another set-up mends it by itself.
    """

    kind: str
    seen_as: str
    title: str
    explanation: str
    remedy: str
    fix: str = ""
    mended_by_setup: bool = False


NOTHING_LISTENS: Final = Cause(
    kind="nothing-listens",
    seen_as="-1",
    title="nothing listens where the camera dials",
    explanation="sshd does not run, or has another port or address",
    remedy="{fix}",
    fix="{start}; or give the camera the port that sshd has: --receiver-address {server}:{sshd_port}",
)
WRONG_ADDRESS: Final = Cause(
    kind="wrong-address",
    seen_as="-1, -4, -5",
    title="the camera dials another machine",
    explanation="its server address is not one of the receiver's, or a port forwarding leads elsewhere",
    remedy="check --receiver-address and port forwardings, then look for a machine that stands in between; "
    "`ip -br addr` on the receiver shows its own addresses",
)
NAME_UNKNOWN: Final = Cause(
    kind="name-unknown",
    seen_as="-1, -4",
    title="the camera dials a name, and no connection came",
    explanation="the camera may have another name server than this machine, or none",
    remedy="give the camera an address instead of the name: --receiver-address ADDRESS",
)
FIREWALL: Final = Cause(
    kind="firewall",
    seen_as="-4, -1",
    title="no connection of the camera reached sshd",
    explanation="sshd listens and its log is silent, so a firewall or the network between the two drops the packets",
    remedy="let the camera in{fix}, and check that camera and receiver are not in networks that are kept "
    "apart (guest network, "
    "VLAN)",
    fix=" ({camera} to port {port}, TCP)",
)
PENALTY: Final = Cause(
    kind="penalty",
    seen_as="-1",
    title="sshd turns the camera's address away for a while",
    explanation="OpenSSH 9.8 and later penalises an address whose logins failed, whatever it does next",
    remedy="wait before the next try, {wait}; to leave the camera out for good, {fix}",
    fix="put the line `PerSourcePenaltyExemptList {camera}` at the top of /etc/ssh/sshd_config",
)
TOO_MANY: Final = Cause(
    kind="too-many-connections",
    seen_as="-1",
    title="sshd had too many unfinished logins at that moment",
    explanation="above MaxStartups it drops connections at random, for one when many cameras see the same alarm",
    remedy="{fix}; it holds for everybody",
    fix="put the line `MaxStartups 50:30:100` at the top of /etc/ssh/sshd_config",
)
NO_ALGORITHM: Final = Cause(
    kind="no-common-algorithm",
    seen_as="-8, -1",
    title="camera and receiver have no algorithm in common",
    explanation="the camera's SSH is too old for this sshd, or sshd was narrowed",
    remedy="update the camera; only if that is not to be had, for everybody and not for the camera alone, which "
    "weakens every login there: {fix}",
    fix="an algorithm of the camera's more, in "
    "a line such as `HostKeyAlgorithms +ssh-rsa` at the top of /etc/ssh/sshd_config",
)
HOST_KEY_CHANGED: Final = Cause(
    kind="host-key-changed",
    seen_as="-5",
    title="the camera trusts another host key than the receiver's",
    explanation="the receiver was installed anew, or got other host keys, after the camera was set up",
    remedy="run `receiver-setup setup` again: it shows the camera the receiver's present key",
    mended_by_setup=True,
)
HOST_KEY_NOT_LOADED: Final = Cause(
    kind="host-key-not-loaded",
    seen_as="-5",
    title="sshd still shows a host key that was replaced on its disk",
    explanation="host keys were made anew while sshd ran; OpenSSH 9.8 and later reads them at its start alone",
    remedy="{restart}; then run `receiver-setup setup` again",
)
HOST_KEY_FOREIGN: Final = Cause(
    kind="host-key-foreign",
    seen_as="-5",
    title="something stands between camera and receiver",
    explanation="the camera's connection arrives, but the host key that it saw is not the receiver's",
    remedy="do not trust that key: check --receiver-address and port forwardings, then look for the machine that has "
    "it (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)",
)
SHA1: Final = Cause(
    kind="sha1",
    seen_as="-2",
    title="the camera signs with SHA-1",
    explanation="sshd refuses such signatures since OpenSSH 8.8; the key itself is good",
    remedy="leave --sha1 at auto to allow SHA-1 for the upload user alone, or update the camera",
    mended_by_setup=True,
)
NO_ACCOUNT: Final = Cause(
    kind="account-missing",
    seen_as="-2",
    title="the upload user is not there",
    explanation="somebody has removed it, or the camera gives another name",
    remedy="run `receiver-setup setup` again, which makes it",
    mended_by_setup=True,
)
NOT_ADMITTED: Final = Cause(
    kind="not-admitted",
    seen_as="-2",
    title="sshd's lists shut the upload user out",
    explanation="an AllowUsers, DenyUsers, AllowGroups or DenyGroups line does not let it in",
    remedy="{fix}",
    fix="take {user} into the list that the message names, or out of it",
)
LOCKED: Final = Cause(
    kind="account-locked",
    seen_as="-2",
    title="the upload account is locked",
    explanation="its password field begins with `!`, and without PAM sshd lets no locked account in, not even by key",
    remedy=f"`sudo usermod -p '*' {{user}}` (closed, but not locked), {_SETUP}",
    mended_by_setup=True,
)
ACCOUNT_CLOSED: Final = Cause(
    kind="account-closed",
    seen_as="-2",
    title="the upload account is closed",
    explanation="it has expired, its shell is gone, or PAM refuses it for another reason",
    remedy="`sudo chage -l {user}` shows an end; `sudo chage -E -1 {user}` takes it away",
)
PAM_REFUSED: Final = Cause(
    kind="pam-module",
    seen_as="-2",
    title="a PAM module does not let the upload user in",
    explanation="pam_access, pam_shells, pam_time, pam_listfile, pam_succeed_if or pam_faillock is asked about each "
    "login by key as well",
    remedy="{file} decides; {fix}",
    fix="take {user} out of that rule in /etc/pam.d/sshd",
)
CLOSED_TO_ALL: Final = Cause(
    kind="nologin",
    seen_as="-2, -8",
    title="the receiver lets nobody in but root",
    explanation="there is a file /etc/nologin or /run/nologin: somebody works on it, or it shuts down",
    remedy="when that is over, {fix}",
    fix="`sudo rm -f /etc/nologin /run/nologin`",
)
METHOD_CLOSED: Final = Cause(
    kind="method-closed",
    seen_as="-2",
    title="sshd does not take this way to sign in from the upload user",
    explanation="the upload user's Match block is gone or another line wins over it",
    remedy="run `receiver-setup setup` again, with --yes where its drop-in was edited by hand: it writes that anew, or "
    "names the line that wins",
    mended_by_setup=True,
)
KEY_FILE_MISSING: Final = Cause(
    kind="key-file-missing",
    seen_as="-2",
    title="the upload user's key file is not there",
    explanation="without it sshd knows no key of the camera's",
    remedy="run `receiver-setup setup` again, which writes it",
    mended_by_setup=True,
)
KEY_FILE_CLOSED: Final = Cause(
    kind="key-file-closed",
    seen_as="-2",
    title="sshd passes over the upload user's key file",
    explanation="it must be root's own, readable for all and writable for nobody else, as must be the folders above",
    remedy=f"{{fix}}, {_SETUP}",
    fix="`sudo chown root {key_file} && sudo chmod 0644 {key_file} && sudo chmod go-w /etc/ssh "
    "/etc/ssh/authorized_keys.d`",
    mended_by_setup=True,
)
WRONG_KEY: Final = Cause(
    kind="wrong-key",
    seen_as="-2",
    title="the camera's key is not in the upload user's key file",
    explanation="the camera was reset or replaced, or somebody has changed the file",
    remedy="run `receiver-setup setup` again, which puts the camera's present key there",
    mended_by_setup=True,
)
KEY_REFUSED: Final = Cause(
    kind="key-refused",
    seen_as="-2",
    title="sshd's policy refuses the camera's key",
    explanation="its size or its signatures are left out by RequiredRSASize or PubkeyAcceptedAlgorithms",
    remedy="change the rule, RequiredRSASize or PubkeyAcceptedAlgorithms, so that it takes the key; the next "
    "`receiver-setup setup` names its line",
)
WRONG_SOURCE: Final = Cause(
    kind="wrong-source",
    seen_as="-2",
    title="the camera's key is not taken from the address that its uploads come from",
    explanation="the key is pinned to another one (--pin-source): the camera got a new address, or has two",
    remedy="run `receiver-setup setup` again with --no-pin-source; or give the camera by the address that its uploads "
    "come from, and pin its key to that",
)
SIGNATURE_REFUSED: Final = Cause(
    kind="signature-refused",
    seen_as="-2",
    title="sshd knows the camera's key and refuses what it signs",
    explanation="the camera signs with SHA-1, and the receiver's crypto library refuses that, whatever sshd allows",
    remedy="update the camera; only if that is not to be had, for every program on the receiver, which weakens all of "
    "them: let its crypto policy take SHA-1 (Fedora and its kin: update-crypto-policies --set DEFAULT:SHA1) and "
    "restart sshd",
)
KEY_NOT_USED: Final = Cause(
    kind="key-not-used",
    seen_as="-2",
    title="the camera did not sign in with its key",
    explanation="its key would have been taken, so it offers another one or none",
    remedy="restart the camera and test again",
)
PASSWORD_REFUSED: Final = Cause(
    kind="password-refused",
    seen_as="-2",
    title="the receiver refused the camera's password",
    explanation="the camera has another password than the upload account, or the account has none",
    remedy="`sudo usermod -p '*' {user}` takes the old one away; then run `receiver-setup setup --auth password` "
    "again, which gives both the same new one",
    mended_by_setup=True,
)
LOGIN_REFUSED: Final = Cause(
    kind="login-refused",
    seen_as="-2",
    title="the receiver refused the camera's login",
    explanation="why cannot be seen, since no log of sshd's can be read there",
    remedy="make sshd's log readable on the receiver, or try --sha1 always",
)
JAIL_CLOSED: Final = Cause(
    kind="jail-modes",
    seen_as="-8, -7, -2",
    title="sshd ended the session because of its jail",
    explanation="every folder of the jail must be root's own and writable for nobody else; the login was accepted",
    remedy=f"{{fix}}, {_SETUP}",
    fix="`sudo chown root {path} && sudo chmod go-w {path}`",
    mended_by_setup=True,
)
JAIL_MISSING: Final = Cause(
    kind="jail-missing",
    seen_as="-8, -7, -2",
    title="the folder of the jail is not there",
    explanation="it was deleted, or the disk that it lies on is not mounted",
    remedy="`sudo mount -a` where it is a disk's; else run `receiver-setup setup` again, which makes it",
    mended_by_setup=True,
)
DIRECTORY_MISSING: Final = Cause(
    kind="directory-missing",
    seen_as="-3",
    title="the recordings directory is not there",
    explanation="it was deleted or renamed, or the disk that it lies on is not mounted",
    remedy=f"`sudo mount -a` where it is a disk's; else `sudo install -d -o {{user}} -g {{group}} -m 0750 "
    f"{{directory}}`, "
    f"{_SETUP}",
    mended_by_setup=True,
)
DIRECTORY_CLOSED: Final = Cause(
    kind="directory-closed",
    seen_as="-3",
    title="the upload user may not write where the camera uploads to",
    explanation="the recordings directory, or a day's folder in it, belongs to somebody else or is closed",
    remedy="`sudo chown -R {user}: {path} && sudo chmod u+rwx {path}`",
)
READ_ONLY: Final = Cause(
    kind="disk-read-only",
    seen_as="-3, -9",
    title="the disk of the recordings is read-only",
    explanation="it was mounted so, or the kernel has closed it after an error",
    remedy="`sudo mount -o remount,rw {mount}`, unless dmesg shows errors of the disk",
)
DISK_FULL: Final = Cause(
    kind="disk-full",
    seen_as="-9, -3",
    title="the disk of the recordings is full",
    explanation="a camera cannot delete what is old",
    remedy="make room: what takes it is shown by `sudo du -xhd1 {mount}`",
)
INODES: Final = Cause(
    kind="inodes-full",
    seen_as="-3, -9",
    title="the disk of the recordings takes no more files",
    explanation="its inodes are used up, though there may be room",
    remedy="delete files that are not needed; the inodes are shown by `sudo df -i {mount}`",
)
QUOTA: Final = Cause(
    kind="quota",
    seen_as="-9, -3",
    title="the upload broke off though the disk has room",
    explanation="a quota or another limit of the upload user, or the network between the two",
    remedy="look for a quota (quota -u {user}) and for a limit in /etc/security/limits.conf; without "
    "either, look at the network",
)
SLOW: Final = Cause(
    kind="too-slow",
    seen_as="-4",
    title="the camera reached sshd but was not done in time",
    explanation="the receiver is overloaded, looks names up for long, or the network loses packets",
    remedy="look at the load (uptime), and {fix}",
    fix="set `UseDNS no` in /etc/ssh/sshd_config",
)
BUSY: Final = Cause(
    kind="camera-busy",
    seen_as="213, -6",
    title="the camera is busy with something else",
    explanation="it does one upload or command at a time",
    remedy="wait until it has finished, then try again",
)
BLOCKED: Final = Cause(
    kind="camera-blocked",
    seen_as="218",
    title="the camera has blocked this computer",
    explanation="after too many wrong logins; for how long is not known, and each try may make it longer",
    remedy="do not try again now: check the password from another device, or restart the camera first",
)
NO_RIGHT: Final = Cause(
    kind="camera-rights",
    seen_as="211",
    title="the camera refuses user or password, or the user lacks the right",
    explanation="the camera answers both in the same way",
    remedy="check user and password in the camera's own menu before the next try, and use an administrator",
)
CAMERA_UNREACHABLE: Final = Cause(
    kind="camera-unreachable",
    seen_as="no answer",
    title="the camera cannot be reached from this machine",
    explanation="it is off, has another address, or is in another network",
    remedy="check that the camera is on, and its address and port",
)
CAMERA_FAULT: Final = Cause(
    kind="camera-fault",
    seen_as="-7, other codes",
    title="the camera itself failed",
    explanation="something inside it, of which no page tells more",
    remedy="try again; if it stays so, restart the camera",
)
CLOCK: Final = Cause(
    kind="clock",
    seen_as="wrong dates",
    title="the receiver's clock is far off",
    explanation="recordings and log lines bear wrong times; uploads themselves do not need a right clock",
    remedy="{fix}",
    fix="set the clock, or let it be set: timedatectl set-ntp true",
)
UNKNOWN: Final = Cause(
    kind="unknown",
    seen_as="-8",
    title="the upload failed for a reason that neither side names",
    explanation="what both sides show fits no cause of this table",
    remedy="see what sshd says: journalctl -t sshd -t sshd-session --since -5min, or /var/log/auth.log",
)

CATALOGUE: Final[tuple[Cause, ...]] = (
    NOTHING_LISTENS, WRONG_ADDRESS, NAME_UNKNOWN, FIREWALL, PENALTY, TOO_MANY, SLOW,
    NO_ALGORITHM, HOST_KEY_CHANGED, HOST_KEY_NOT_LOADED, HOST_KEY_FOREIGN,
    SHA1, WRONG_KEY, KEY_FILE_MISSING, KEY_FILE_CLOSED, KEY_REFUSED, WRONG_SOURCE, SIGNATURE_REFUSED, KEY_NOT_USED,
    PASSWORD_REFUSED, METHOD_CLOSED,
    NO_ACCOUNT, NOT_ADMITTED, LOCKED, ACCOUNT_CLOSED, PAM_REFUSED, CLOSED_TO_ALL, LOGIN_REFUSED,
    JAIL_CLOSED, JAIL_MISSING, DIRECTORY_MISSING, DIRECTORY_CLOSED, READ_ONLY, DISK_FULL, INODES, QUOTA,
    BUSY, BLOCKED, NO_RIGHT, CAMERA_UNREACHABLE, CAMERA_FAULT, CLOCK, UNKNOWN,
)  # fmt: skip

KEY_UNUSED: Final = (KEY_NOT_USED, LOGIN_REFUSED)
"""Causes that go with a camera which shows a key and cannot sign in with it, among others."""

_EXAMPLES: Final = {
    "user": "ipcamera",
    "group": "ipcamera",
    "directory": "/home/ipcamera/recordings",
    "key_file": "/etc/ssh/authorized_keys.d/ipcamera",
    "path": "FOLDER",
    "mount": "MOUNT",
    "server": "RECEIVER",
    "port": "22",
    "sshd_port": "PORT",
    "camera": "CAMERA",
    "wait": "600 s at the most",
    "start": "start sshd: `sudo systemctl enable --now ssh`",
    "restart": "restart sshd: `sudo systemctl restart ssh`",
    "file": "the module's file, such as /etc/security/access.conf or /etc/security/time.conf,",
}


def render_causes() -> str:
    """Render the catalogue as docs/causes.md shows it: one row a cause."""
    rows = [
        (
            cause.seen_as,
            f"`{cause.title}`",
            cause.explanation,
            cause.remedy.format_map({"fix": cause.fix.format_map(_EXAMPLES)} | _EXAMPLES),
        )
        for cause in CATALOGUE
    ]
    return render_table(("the camera says", "you see", "it means", "do"), rows)
