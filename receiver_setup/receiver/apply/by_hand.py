"""The receiver's half of a plan as plain commands (pure): what a person does instead of the scripts in shell/.

A reason stands above each command; what is so already is told in a remark alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from receiver_setup.formats.plain_shell import here_document, part_head, quote, remark, remark_command, write_file
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.facts.manager import SOCKET, reload_command
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.receiver.plan.setup import SetupPlan, drop_in
from receiver_setup.receiver.plan.steps import Step

_REASONS = {
    "create user": "An account for uploads alone: no shell, and no usable password.",
    "adopt user": "The account is for uploads from now on: no shell, and the comment says whose it is.",
    "join group": "A group that lets the account sign in, or shares its files.",
    "set password": "A random password for this account alone; chpasswd reads it from its standard input, since a "
    "process list shows arguments.",
    "close password": "No password opens the account: a * before the former one, which is kept behind it.",
    "make jail": "The jail: sshd refuses one that anybody but root can write to.",
    "give recordings back": "Recordings of an account that is gone, whose number is nobody's.",
    "close to cameras": "What was in the home is no camera's to write to.",
    "make home": "The home, which an upload begins in: root's own, so that no camera plants there what opens doors.",
    "make recordings directory": "Where the recordings arrive: the upload user's own.",
    "remove directory": "Nothing is in it that is needed.",
    "make key folder": "The folder of key files, outside the jail and root's own.",
    "write camera key": "The camera's key: the camera can neither read nor change this file, and “restrict” forbids "
    "all that a key line can forbid.",
    "write sshd drop-in": "What sshd does for the upload user; nobody else is affected.",
    "reload sshd": "sshd goes by it only once it reads it.",
}
_LOWER = "h; s/ .*//; y/ABCDEFGHIJKLMNOPQRSTUVWXYZ/abcdefghijklmnopqrstuvwxyz/; G; s/\\n[^ ]*//"
_RANDOM = "$(head -c 600 /dev/urandom | LC_ALL=C tr -dc A-Za-z0-9 | head -c 24)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the commands are written for: the receiver as it is, and `login`, by which a person signs in there.

    `login` is None where the person is there already. `manager` is what shell/manager.sh told; nothing where sshd
    need not be reloaded. `password` is the shell variable for the account's new one.
    """

    facts: Facts
    login: str | None = None
    manager: str = ""
    password: str = "UPLOAD_PASSWORD"  # noqa: S105 - a variable


def render_receiver(accounts: Sequence[tuple[SetupPlan, Place]]) -> str:
    """Render the part of the script that runs on the receiver, as root; one account after the other."""
    host = accounts[0][1].facts.hostname
    lines = [part_head(1, f"on the receiver {host}, as root")]
    if any(plan.changed for plan, _ in accounts):
        lines += ["", _render_start(host)]
    else:
        lines += ["", remark("Nothing is left to do on the receiver.")]
    for plan, place in accounts:
        lines += _render_account_steps(plan, place)
    made = [place.password for plan, place in accounts if plan.sets_password]
    if made:
        told = "\n".join(f"The {name}, which part 2 asks for: ${name}" for name in made)
        lines += ["", remark("The camera has to be told it."), f"cat <<END\n{told}\nEND"]
    return "\n".join(lines) + "\n"


def password_variables(users: Sequence[str]) -> dict[str, str]:
    """Return user → the shell variable for the password that is made for that account; none is for two of them.

    >>> password_variables(["ipcamera-porch", "ipcamera-the_gate"])["ipcamera-the_gate"]
    'UPLOAD_PASSWORD_ipcamera_the__gate'
    """
    if len(users) == 1:
        return {users[0]: "UPLOAD_PASSWORD"}
    return {user: f"UPLOAD_PASSWORD_{user.replace('_', '__').replace('-', '_')}" for user in users}


def _render_account_steps(plan: SetupPlan, place: Place) -> list[str]:
    lines: list[str] = []
    for step in plan.steps:
        if step.call is None:
            lines += ["", remark(f"Nothing to do for “{step.name}”: {step.detail}.")]
        else:
            reason = remark(_REASONS.get(step.name, f"{step.name}: {step.detail}."))
            lines += ["", reason, *_render_step(plan, place, step)]
    if any(step.call is not None and step.call[0] == "sshd" for step in plan.steps):
        lines += ["", *_render_new_login(plan, place)]
    return lines


def _render_start(host: str) -> str:
    here = ""
    if host:
        check = f'[ "$(cat /proc/sys/kernel/hostname)" = {quote(host)} ]'
        here = f"\n{check} || {{ echo {quote(f'this part is for {host}')} >&2; exit 1; }}"
    return (
        f"{remark('Stop at the first command that fails, and on any other machine.')}\n"
        "set -eu\numask 022\nPATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\n"
        f"[ \"$(id -u)\" = 0 ] || {{ echo 'this part needs root' >&2; exit 1; }}{here}"
    )


def _render_step(plan: SetupPlan, place: Place, step: Step) -> list[str]:
    """Return the commands of one step; ValueError for one that no set-up has."""
    function, *arguments = step.call or ("",)
    if function == "sshd":
        return _render_sshd(plan, place, arguments)
    if function == "file":
        path, mode, content = arguments
        return _render_file(plan, place, path, mode, content)
    if function == "password":
        return _render_password(place.password, *arguments)
    renderers: dict[str, Callable[..., list[str]]] = {
        "user": _render_user,
        "account": _render_account,
        "closed": _render_closed,
        "join": _render_join,
        "directory": _render_directory,
        "owned": _render_owned,
        "given": _render_given,
        "retract": _render_retract,
    }
    if function not in renderers:
        raise ValueError(f"there are no plain commands for {function!r}")
    return renderers[function](place.facts, *arguments)


def _render_user(facts: Facts, name: str, home: str, shell: str, comment: str, *uid: str) -> list[str]:
    if "useradd" in facts.tools:
        group = "--user-group" if facts.group is None else f"--gid {quote(name)}"
        number = "".join(f"--uid {each} " for each in uid)
        return [
            f"useradd --system {number}{group} --no-create-home --home-dir {quote(home)} --shell {quote(shell)} \\",
            f"  --comment {quote(comment)} --password '*' {quote(name)}",
        ]
    made = [] if facts.group is not None else [f"addgroup -S {quote(name)}"]
    number = "".join(f"-u {each} " for each in uid)
    options = f"-S -D -H {number}-h {quote(home)} -s {quote(shell)} -g {quote(comment)} -G {quote(name)}"
    return [*made, f"adduser {options} {quote(name)}"]


def _render_account(facts: Facts, name: str, shell: str, comment: str) -> list[str]:
    if "usermod" in facts.tools:
        return [f"usermod --shell {quote(shell)} --comment {quote(comment)} {quote(name)}"]
    program = '$1 == ENVIRON["account"] { $5 = ENVIRON["comment"]; $7 = ENVIRON["shell"] } { print }'
    return [
        "cp -p /etc/passwd /etc/passwd.new",
        f"account={quote(name)} shell={quote(shell)} comment={quote(comment)} \\",
        f"  awk -F: -v OFS=: '{program}' /etc/passwd >/etc/passwd.new",
        "mv -f /etc/passwd.new /etc/passwd",
    ]


def _render_password(variable: str, name: str) -> list[str]:
    return [f"{variable}=${{{variable}:-{_RANDOM}}}", f"chpasswd <<END\n{name}:${variable}\nEND"]


def _render_closed(_: Facts, name: str) -> list[str]:
    field = quote(f"s/^{name}:\\([^:]*\\):.*/{name}:*\\1/p")
    # Newer ones of chpasswd take no such field; vipw makes the edit in their place.
    edit = quote(f"sed -i s/^{name}:/{name}:*/")
    return [f"sed -n {field} /etc/shadow | chpasswd -e || VISUAL={edit} vipw -s -q"]


def _render_join(facts: Facts, group: str, user: str) -> list[str]:
    if "usermod" in facts.tools:
        return [f"usermod -a -G {quote(group)} {quote(user)}"]
    return [f"addgroup {quote(user)} {quote(group)}"]


def _render_directory(facts: Facts, path: str, owner: str, mode: str) -> list[str]:
    user, _, group = owner.partition(":")
    made = f"install -d -o {quote(user)} -g {quote(group)} -m {mode.zfill(4)} {quote(path)}"
    return [made, *_relabel(facts, path)]


def _render_owned(_: Facts, path: str, owner: str, mode: str) -> list[str]:
    return [f"chown -h {quote(owner)} {quote(path)}", f"chmod {mode.zfill(4)} {quote(path)}"]


def _render_given(_: Facts, path: str, user: str, *owners: str) -> list[str]:
    uids = sorted({owner.partition(":")[0] for owner in owners})
    return [f"find {quote(path)} -xdev -user {uid} -exec chown -h {quote(f'{user}:')} {{}} +" for uid in uids]


def _render_retract(_: Facts, path: str) -> list[str]:
    return [f"rmdir {quote(path)}"]


def _relabel(facts: Facts, path: str) -> list[str]:
    return [f"restorecon {quote(path)}"] if "restorecon" in facts.tools and facts.selinux != "absent" else []


def _render_file(plan: SetupPlan, place: Place, path: str, mode: str, content: str) -> list[str]:
    """Write beside the file, then rename: nobody ever reads half of it."""
    backup = [f"cp -p {quote(path)} {quote(f'{path}.before')}"] if _replaces_drop_in(plan, place, path) else []
    new = f"{path}.new"
    return [
        *backup,
        write_file(new, content.encode("utf-8", "surrogateescape")),
        f"chmod {mode.zfill(4)} {quote(new)}",
        f"mv -f {quote(new)} {quote(path)}",
        *_relabel(place.facts, path),
    ]


def _replaces_drop_in(plan: SetupPlan, place: Place, path: str) -> bool:
    return path == drop_in(plan.match.user) and path in place.facts.files


def _render_sshd(plan: SetupPlan, place: Place, expected: list[str]) -> list[str]:
    facts, user, path = place.facts, plan.match.user, drop_in(plan.match.user)
    sshd = facts.sshd_command
    replaced = _replaces_drop_in(plan, place, path)
    before = quote(f"{path}.before")
    back = f"mv -f {before} {quote(path)}" if replaced else f"rm -f {quote(path)}"
    asked = quote(facts.question(user))
    lines = [
        remark("First a test: where sshd does not take the drop-in, it goes again and nothing is reloaded."),
        "refuse() {",
        f"  {back}",
        "  printf '%s\\n' \"$1\" >&2",
        "  exit 1",
        "}",
    ]
    if facts.listener == "socket":
        lines.append("[ -d /run/sshd ] || mkdir -m 0755 /run/sshd # sshd tests nothing without it")
    listed = "".join(f"{line}\n" for line in expected if not line.startswith(("user=", "serves=")))
    return [
        *lines,
        f"{sshd} -t </dev/null || refuse 'sshd refuses the configuration'",
        remark(f"Every line that sshd must go by for {user}."),
        f"effective=$({sshd} -T -C {asked} </dev/null) ||",
        "  refuse 'sshd refuses the configuration'",
        remark("Newer releases print keywords in mixed case; values count as they are."),
        f"effective=$(printf '%s\\n' \"$effective\" | sed '{_LOWER}')",
        "while IFS= read -r line; do",
        '  printf \'%s\\n\' "$effective" | grep -qxF -e "$line" || refuse "sshd would not use: $line"',
        f"done {here_document(listed)}",
        *_render_reload(place.manager),
        *([f"rm -f {before}"] if replaced else []),
    ]


def _render_reload(manager: str) -> list[str]:
    """Return the command that makes sshd read its configuration anew; open sessions live on."""
    if manager == SOCKET:
        return [remark("No reload: systemd's socket starts an sshd with the new configuration.")]
    if manager.startswith("restart "):
        why = remark("A restart, since sshd was started by systemd's socket and would end at a reload; sessions stay.")
        return [why, f"systemctl {manager}"]
    command = reload_command(manager)
    if command is None:
        raise ValueError(f"sshd's manager cannot be {manager!r}")
    return [remark("The reload ends no session; the port is closed for a moment only."), command, "sleep 1"]


def _render_new_login(plan: SetupPlan, place: Place) -> list[str]:
    path = quote(drop_in(plan.match.user))
    by_key = plan.match.authentication is Authentication.PUBLIC_KEY
    new = f"ssh {quote(place.login)} true" if place.login else "ssh THIS-MACHINE true"
    return [
        remark("Keep the session that you have, and see from another terminal that a new login still works:"),
        remark_command(new),
        remark("If it does not, take this back, and let sshd read its configuration anew as above:"),
        remark_command(f"mv {path} /root/"),
        remark(f"{plan.match.user} gets in with its {'key' if by_key else 'password'} alone, and for uploads alone."),
    ]
