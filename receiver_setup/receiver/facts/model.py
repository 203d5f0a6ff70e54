"""The current state of the receiver (pure): typed facts, parsed from the output of shell/facts.sh."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.formats.numbers import read_number
from receiver_setup.formats.plain_shell import quote
from receiver_setup.formats.sshd_config import parse_effective
from receiver_setup.receiver.evidence.arrival import ArrivedFile
from receiver_setup.receiver.evidence.listening import Socket, parse_sockets, parse_unit_sockets
from receiver_setup.receiver.facts.camera_records import CameraRecord, parse_camera_records
from receiver_setup.receiver.facts.configuration import MAIN, ConfigurationLine, parse_lines
from receiver_setup.receiver.facts.contents import Contents, Orphans, parse_contents, parse_orphans
from receiver_setup.receiver.facts.disks import Disk, parse_disks
from receiver_setup.receiver.facts.ledger import Ledger
from receiver_setup.receiver.facts.records import RecordError, parse_records

ACCOUNT_MARK = "receiver-setup upload account"
"""The comment (GECOS) field that marks our accounts."""
ADOPTED_MARK = f"{ACCOUNT_MARK} (adopted)"
"""The same for an adopted account, which is never removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One line of /etc/passwd."""

    name: str
    uid: int
    gid: int
    comment: str
    home: str
    shell: str

    @property
    def ours(self) -> bool:
        """True if this tool made the account."""
        return self.comment.startswith(ACCOUNT_MARK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The group with the upload user's name; `members` are all its users, also by primary group."""

    gid: int
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """sshd's answer about a copy of its configuration with our drop-in; `problem` if it refused it."""

    effective: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """sshd's answers about one camera's connection (as for `sshd -C`, without the user), now and as staged."""

    connection: str
    effective: str
    staged: Staged | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathState:
    """One thing on the disk; `mode` holds the permission bits alone.

    Links are followed where sshd follows them: in the jail and above it, and in sshd's own folders.
    """

    path: str
    kind: str
    mode: int
    uid: int
    gid: int
    owner: str
    group: str

    @property
    def is_directory(self) -> bool:
        """True for a directory, not for a link to one."""
        return self.kind == "directory"

    @property
    def safe_for_jail(self) -> bool:
        """True if sshd accepts it in the path of ChrootDirectory: owned by root and writable only for root."""
        return self.is_directory and self.uid == 0 and not self.mode & 0o022


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledAccount:
    """The key file and the camera records of an account on this receiver, raw; b"" if missing."""

    keys: bytes = b""
    cameras: bytes = b""

    @property
    def records(self) -> dict[str, CameraRecord]:
        """The records of its cameras, by name."""
        return parse_camera_records(self.cameras.decode("utf-8", "replace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LogMark:
    """The size of a log file in bytes when the facts were read."""

    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJournal:
    """A transaction that is neither confirmed nor undone; `age_s` in seconds, `who` for display."""

    alive: bool
    proven: bool
    """True if only writing its record was interrupted: it is finished, never undone."""
    age_s: int
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file uploaded by a camera; `changed_s` by the receiver's clock, `size` in bytes."""

    path: str
    changed_s: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All facts for a plan; times are seconds of the receiver's clock."""

    now_s: float
    hostname: str
    system: str
    connection: tuple[str, int] | None
    tools: frozenset[str]
    """Optional programs that exist on the receiver."""
    nologin: str
    account: Account | None
    groups: tuple[str, ...]
    same_uid: tuple[str, ...]
    """Other accounts with the same uid."""
    group: Group | None
    password: str
    selinux: str
    """`enforcing`, `permissive` or `absent`."""
    paths: dict[str, PathState]
    files: dict[str, bytes]
    disks: dict[str, Disk]
    unwritable: frozenset[str]
    """Immutable files, which not even root can write to."""
    sshd_path: str
    other_server: str
    """An SSH server other than OpenSSH's, if no sshd listens: `dropbear runs`."""
    listener: str
    """`sshd`, `socket` (systemd's), or nothing."""
    openssh: tuple[int, int] | None
    sshd_problem: str
    sshd_effective: str
    """The output of `sshd -T -C` for the camera's own connection, of the sshd that serves the camera."""
    staged: Staged | None
    """None if the drop-in is up to date, or nothing could be staged."""
    configuration: tuple[ConfigurationLine, ...]
    host_keys: tuple[PublicKey, ...]
    routes: dict[str, str]
    names: dict[str, str]
    """The IP addresses of the cameras that were given by name, as the receiver resolves them."""
    cameras: tuple[str, ...]
    """The cameras' addresses, as far as they were given."""
    logs: tuple[LogMark, ...]
    before: frozenset[ArrivedFile]
    process: int = 0
    """A process that began when the facts were read: what sshd starts later has a higher number, or one from the
    beginning again."""
    keys_written_s: int = 0
    """The modification time of the key file by the receiver's clock; 0 without one."""
    journal: OpenJournal | None = None
    last: str = ""
    """The token of the last run that changed anything here."""
    ledger: Ledger = field(default_factory=Ledger)
    administrator: str = ""
    programs: tuple[str, ...] = ()
    """Processes of the account besides uploads; read only for an adoption."""
    foreign_keys: bytes = b""
    """The key lines in the account's own home; read only for an adoption."""
    home_entries: tuple[str, ...] = ()
    """The contents of an existing account's home besides the recordings."""
    open_entries: tuple[PathState, ...] = ()
    """Those that are writable for the account, or contain something that is; read only for a set-up."""
    linked: tuple[str, ...] = ()
    """Hard-linked files in them, and links to the recordings; a limited number."""
    orphans: Orphans | None = None
    """Files of unknown owners below the recordings; read only for a set-up."""
    uploads: tuple[str, ...] = ()
    """Files being uploaded; read only for a removal."""
    newest: dict[str, Upload] = field(default_factory=dict)
    """The last upload in each directory; read only for a status."""
    recordings: int = 0
    """The number of files in the recordings directory; read only for a removal."""
    contents: dict[str, Contents] = field(default_factory=dict)
    """The contents of each camera's folder; read only for a removal."""
    missing_tools: tuple[str, ...] = ()
    """Missing programs that every change needs."""
    sshd_global: str = ""
    """The output of `sshd -T` of the same sshd; empty if it could not be asked."""
    sshd_options: str = ""
    """Its relevant command-line options, quoted for a shell."""
    sshd_main: str = MAIN
    """Its configuration file."""
    sshd_unknown: str = ""
    """Why its options are unknown; it could not be asked anything then."""
    connection_asked: str = ""
    """The first camera's own connection as for `sshd -C`, without the user."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """The other cameras, by address or name, for which sshd's answers differ from the first one's."""
    served: tuple[str, int] | None = None
    """The receiver's address and port to which the camera connects."""
    sshd_sockets: tuple[Socket, ...] = ()
    """The addresses on which an sshd, or systemd's socket for it, listens."""
    socket_is_systemds: bool = False
    port_owner: str = ""
    """The program on the camera's port, if it is not sshd."""
    own_addresses: frozenset[str] = frozenset()
    """Read only if the address to dial is given."""
    disk_keys: tuple[PublicKey, ...] = ()
    """The host keys on disk, if sshd was asked for those that it uses."""
    newer_keys: tuple[str, ...] = ()
    """Host key files that are newer than the listener, which reads them only when it starts."""
    host_keys_unread: bool = False
    """True if neither the listener nor the disk has a host key."""
    groups_unknown: bool = False
    """True if sshd could not be asked about the account, which does not exist yet."""
    real_paths: dict[str, str] = field(default_factory=dict)
    """sshd's own folders that are links to another place."""
    first_account: bool = True
    """The account that represents all of them in common facts."""
    manager: str = ""
    """Who makes sshd read its configuration anew, and who starts it: words of `receiver.manager`."""
    starter: str = ""
    filed_accounts: dict[str, FiledAccount] = field(default_factory=dict)
    """Every account with a record on this receiver, by its name."""
    marks: frozenset[str] = frozenset()
    """Existing paths by which `receiver.platforms` recognises a system."""
    system_ids: tuple[str, ...] = ()
    """ID and VARIANT_ID of os-release(5)."""
    headers: dict[str, str] = field(default_factory=dict)
    """File of sshd's configuration → the comments at its top."""
    main_link: str = ""
    """The target of sshd's main configuration file, if it is a link."""
    kept_includes: frozenset[str] = frozenset()
    """Files from which such a system generates sshd's configuration, and which name the folder of drop-ins."""
    local_groups: dict[str, Group] = field(default_factory=dict)
    """The requested groups that are in /etc/group."""
    sudoers: str = ""
    """Lines of sudo's and doas' rules that name a group; read only if the account joins groups."""
    sudo_list: str = ""
    """The output of `sudo -l -U` for the account with these groups, if they give it more rights."""

    @classmethod
    def parse(cls, output: bytes) -> Self:
        """Parse the facts of one account from the script's records; `RecordError` if they are incomplete."""
        return cls.from_records(parse_records(output))

    @classmethod
    def from_records(cls, raw: list[tuple[str, bytes]]) -> Self:
        """Make the facts from records, each a name and its value."""
        records = [(name, value.decode("utf-8", "replace")) for name, value in raw]
        one = dict(records)
        every = _Lists(records)
        return cls(
            now_s=float(one["now"]),
            hostname=one.get("hostname", ""),
            system=_parse_system(one.get("os_release", "")),
            system_ids=_parse_system_ids(one.get("os_release", "")),
            marks=frozenset(every["mark"]),
            headers=dict(_parse_pair(text) for text in every["header"]),
            main_link=one.get("main_link", ""),
            kept_includes=frozenset(every["kept_include"]),
            local_groups=_parse_local_groups(every["local_group"]),
            sudoers=one.get("sudoers", ""),
            sudo_list=one.get("sudo_list", ""),
            connection=_parse_connection(one.get("connection", "")),
            tools=frozenset(one.get("tools", "").split()),
            nologin=one.get("nologin", "/usr/sbin/nologin"),
            account=_parse_account(one.get("passwd", "")),
            groups=tuple(one.get("groups", "").split()),
            same_uid=tuple(every["same_uid"]),
            group=_parse_group(one.get("group", ""), every["group_user"]),
            password=one.get("password", "unknown"),
            selinux=one.get("selinux", "absent"),
            paths={state.path: state for state in map(_parse_stat, every["stat"]) if state},
            files=_parse_files(raw),
            disks=parse_disks(
                one.get("mounts", ""),
                every["folder"],
                every["room"],
                uppers=frozenset(every["upper"]),
                kernel_options=one.get("kernel_options", ""),
            ),
            unwritable=frozenset(every["unwritable"]),
            sshd_path=one.get("sshd_path", ""),
            other_server=one.get("other_server", ""),
            listener=one.get("listener", ""),
            openssh=_parse_version(one.get("sshd_version", "")),
            sshd_problem=one.get("sshd_problem", "") if one.get("sshd_test", "0") != "0" else "",
            sshd_effective=one.get("sshd_effective", ""),
            staged=_parse_staged(one),
            configuration=parse_lines(every["line"]),
            host_keys=tuple(key for key in map(_parse_key, every["host_key"]) if key),
            routes={target: source for target, _, source in (r.partition(" ") for r in every["route"]) if source},
            names={name: address for name, _, address in (r.partition(" ") for r in every["address"])},
            cameras=tuple(r.partition(" ")[0] for r in every["route"]),
            logs=tuple(_parse_log(line) for line in every["log"]),
            before=_parse_before(raw),
            process=int(one.get("process", "0") or 0),
            journal=_parse_journal(one.get("journal")),
            keys_written_s=int(one.get("keys_written", "0") or 0),
            last=one.get("last", "").strip(),
            ledger=Ledger.parse(one.get("ledger"), one.get("ledger_cameras", "")),
            administrator=one.get("administrator", ""),
            programs=tuple(sorted(set(every["program"]))),
            foreign_keys=dict(raw).get("foreign_keys", b""),
            home_entries=tuple(every["home_entry"]),
            open_entries=tuple(filter(None, map(_parse_stat, every["open_entry"]))),
            linked=tuple(every["linked"]),
            orphans=parse_orphans(one.get("orphans", "")),
            uploads=tuple(every["upload"]),
            newest=dict(filter(None, map(_parse_upload, every["newest"]))),
            recordings=sum(read_number(count) or 0 for count in every["recordings"]),
            contents=parse_contents(every["deletion"], every["mounted"], every["mounted_at"]),
            manager=one.get("manager", ""),
            starter=one.get("starter", ""),
            filed_accounts=_parse_filed(raw),
            missing_tools=tuple(one.get("missing_tools", "").split()),
            sshd_global=one.get("sshd_global", ""),
            sshd_options=one.get("sshd_options", "").strip(),
            sshd_main=one.get("sshd_main", MAIN),
            sshd_unknown=one.get("sshd_unknown", ""),
            connection_asked=one.get("connection_asked", ""),
            answers=_parse_answers(one, every),
            served=_parse_served(one.get("served", "")),
            sshd_sockets=parse_sockets("\n".join(every["sshd_socket"]))
            + parse_unit_sockets(one.get("unit_socket", "")),
            socket_is_systemds="unit_socket" in one,
            port_owner=one.get("port_owner", "").strip(),
            own_addresses=frozenset(one.get("own_addresses", "").split()),
            disk_keys=tuple(key for key in map(_parse_key, every["disk_key"]) if key),
            newer_keys=tuple(every["newer_key"]),
            host_keys_unread="host_keys_unread" in one,
            groups_unknown="groups_unknown" in one,
            real_paths=dict(_parse_pair(text) for text in every["real_path"]),
            first_account="first_account" in one,
        )

    def question(self, user: str) -> str:
        """Return the argument of `sshd -C` for a connection of the camera."""
        return ",".join(filter(None, (f"user={user}", self.connection_asked)))

    def seen_from(self, camera: Sequence[str]) -> Self:
        """Return the facts for one camera by its address, since sshd may have rules for some addresses.

        `camera` has the address, or nothing where it is not known.
        """
        answer = next((self.answers[each] for each in camera if each in self.answers), None)
        addresses = tuple(self.names.get(each, each) for each in camera)
        seen = replace(self, cameras=addresses)
        if answer is None:
            return seen
        return replace(seen, connection_asked=answer.connection, sshd_effective=answer.effective, staged=answer.staged)

    def rights(self, state: PathState) -> int:
        """Return the upload user's permissions there (`rwx` as 4, 2, 1), as the kernel decides: the first match.

        An account that is yet to be made has a group of its own name.
        """
        account, groups = self.account, self.groups if self.account is not None else ()
        gid = account.gid if account is not None else self.group.gid if self.group is not None else None
        if account is not None and state.uid == account.uid:
            return state.mode >> 6 & 0o7
        if state.gid == gid or state.group in groups:
            return state.mode >> 3 & 0o7
        return state.mode & 0o7

    @property
    def sshd_command(self) -> str:
        """The sshd that serves the camera, with its options, quoted for a shell."""
        return " ".join(filter(None, (quote(self.sshd_path or "sshd"), self.sshd_options)))

    @property
    def sshd_shown(self) -> str:
        """The same, for messages."""
        usual = self.sshd_path in {"", "/usr/sbin/sshd"}
        return " ".join(filter(None, ("sshd" if usual else quote(self.sshd_path), self.sshd_options)))

    @property
    def has_sftp(self) -> bool | None:
        """Whether sshd has the sftp subsystem; None if unknown."""
        if not self.sshd_global:
            return None
        return any(value.split()[:1] == ["sftp"] for value in parse_effective(self.sshd_global).get("subsystem", []))


def parse_facts(output: bytes) -> tuple[Facts, ...]:
    """Parse the facts of each requested account, in order; `RecordError` if they are incomplete."""
    shared: list[tuple[str, bytes]] = []
    accounts: list[list[tuple[str, bytes]]] = []
    own = shared
    for name, value in parse_records(output):
        if name == "upload_user":
            own = []
            if value:
                accounts.append(own)
            else:
                own = shared
        else:
            own.append((name, value))
    try:
        return tuple(Facts.from_records(shared + each) for each in accounts)
    except RecordError:
        raise
    except (ValueError, KeyError) as error:
        raise RecordError(f"what the script printed cannot be read: {error}") from error


def _parse_pair(text: str) -> tuple[str, str]:
    first, _, second = text.partition("\n")
    return first, second


def _parse_served(text: str) -> tuple[str, int] | None:
    address, _, port = text.rpartition(" ")
    number = read_number(port)
    return None if number is None else (address, number)


class _Lists(dict[str, list[str]]):
    """All values of each name; an empty list for a name that did not occur."""

    def __init__(self, records: list[tuple[str, str]]) -> None:
        for name, value in records:
            self.setdefault(name, []).append(value)

    def __missing__(self, name: str) -> list[str]:
        return []


def _parse_os_release(text: str) -> dict[str, str]:
    """Return the settings of os-release(5), still quoted."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _parse_system(text: str) -> str:
    """Return `ID VERSION_ID` of os-release(5), such as `debian 12`."""
    found = _parse_os_release(text)
    return f"{found.get('ID', '')} {found.get('VERSION_ID', '')}".replace('"', "").strip()


def _parse_system_ids(text: str) -> tuple[str, ...]:
    """Return ID and VARIANT_ID of os-release(5), if present."""
    found = _parse_os_release(text)
    return tuple(found[key].strip("\"'") for key in ("ID", "VARIANT_ID") if key in found)


def _parse_connection(text: str) -> tuple[str, int] | None:
    """Return the receiver's own address and port from SSH_CONNECTION (ssh(1))."""
    words = text.split()
    return _parse_served(" ".join(words[2:])) if len(words) == 4 else None


def _parse_account(line: str) -> Account | None:
    parts = line.splitlines()[0].split(":") if line else []
    if len(parts) < 7:
        return None
    name, _, uid, gid, comment, home, shell = parts[:7]
    return Account(name=name, uid=int(uid), gid=int(gid), comment=comment, home=home, shell=shell)


def _parse_group(line: str, users: list[str]) -> Group | None:
    """Read one line of /etc/group; `users` have the group as the first of their own."""
    parts = line.splitlines()[0].split(":") if line else []
    if len(parts) < 4:
        return None
    return Group(gid=int(parts[2]), members=tuple(filter(None, (*parts[3].split(","), *users))))


def _parse_local_groups(lines: list[str]) -> dict[str, Group]:
    """Parse lines of /etc/group, any of which may be invalid."""
    found = {line.partition(":")[0]: _parse_group(line, []) for line in lines if line.split(":")[2:3] != [""]}
    return {name: group for name, group in found.items() if group is not None}


def _parse_staged(records: dict[str, str]) -> Staged | None:
    """Parse sshd's answer about the staged copy, and replace its temporary paths."""
    if "staged_problem" in records:
        folder = records.get("staged_folder", "")
        problem = records["staged_problem"].replace(f"{folder}/d/", "/etc/ssh/sshd_config.d/")
        return Staged(problem=problem.replace(f"{folder}/", "/etc/ssh/"))
    return Staged(effective=records["staged_effective"]) if "staged_effective" in records else None


def _parse_answers(one: dict[str, str], every: "_Lists") -> dict[str, Answer]:
    """Parse sshd's answers about the other cameras: one record of each kind per camera."""
    kinds = ("camera_asked", "camera_connection", "camera_effective", "camera_problem", "camera_staged")
    return {
        camera: Answer(
            connection=connection,
            effective=effective,
            staged=_parse_staged(
                {"staged_folder": one.get("staged_folder", "")}
                | ({"staged_problem": problem} if problem else {"staged_effective": staged} if staged else {})
            ),
        )
        for camera, connection, effective, problem, staged in zip(*(every[kind] for kind in kinds), strict=True)
    }


def _parse_stat(line: str) -> PathState | None:
    parts = line.split("|", 6)
    if len(parts) < 7:
        return None
    kind, mode, uid, gid, owner, group, path = parts
    return PathState(path=path, kind=kind, mode=int(mode, 8), uid=int(uid), gid=int(gid), owner=owner, group=group)


def _parse_files(records: list[tuple[str, bytes]]) -> dict[str, bytes]:
    found = _grouped(records, "file_path", "file_bytes")
    return {path: own["file_bytes"] for path, own in found if "file_bytes" in own}


def _grouped(records: list[tuple[str, bytes]], head: str, *parts: str) -> list[tuple[str, dict[str, bytes]]]:
    """Return the value of each record `head`, with those of the `parts` that follow it."""
    found: list[tuple[str, dict[str, bytes]]] = []
    for name, value in records:
        if name == head:
            found.append((value.decode("utf-8", "replace"), {}))
        elif name in parts and found:
            found[-1][1][name] = value
    return found


def _parse_version(text: str) -> tuple[int, int] | None:
    r"""Find the release in `sshd -V`, which older releases answer with a usage text.

    >>> _parse_version("unknown option -- V\nOpenSSH_8.4p1 Debian-5+deb11u3, OpenSSL 1.1.1w")
    (8, 4)
    """
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _parse_key(line: str) -> PublicKey | None:
    try:
        return PublicKey.from_line(line)
    except KeyFormatError:
        return None


def _parse_filed(records: list[tuple[str, bytes]]) -> dict[str, FiledAccount]:
    found = _grouped(records, "filed_account", "filed_cameras", "filed_keys")
    return {
        user: FiledAccount(keys=own.get("filed_keys", b""), cameras=own.get("filed_cameras", b""))
        for user, own in found
    }


def _parse_log(line: str) -> LogMark:
    path, _, size = line.rpartition(" ")
    return LogMark(path=path, size=read_number(size) or 0)


def _parse_before(records: list[tuple[str, bytes]]) -> frozenset[ArrivedFile]:
    files = [ArrivedFile.parse(value) for name, value in records if name == "before"]
    return frozenset(file for file in files if file is not None)


def _parse_journal(line: str | None) -> OpenJournal | None:
    if line is None:
        return None
    life, age, who = [*line.split("|", 2), "", ""][:3]
    return OpenJournal(
        alive=life.startswith("alive"),
        proven=life.endswith("done"),
        age_s=read_number(age) or 0,
        who=who or "an unknown run",
    )


def _parse_upload(line: str) -> tuple[str, Upload] | None:
    folder, changed, size, path = [*line.split("|", 3), "", "", ""][:4]
    changed_s, bytes_ = read_number(changed), read_number(size)
    if changed_s is None or bytes_ is None:
        return None
    return folder, Upload(path=path, changed_s=changed_s, size=bytes_)
