"""From what the script printed to one typed picture."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.receiver.facts.disks import Disk
from receiver_setup.receiver.facts.model import ACCOUNT_MARK, Facts, Group, LogMark, OpenJournal, Staged, parse_facts
from receiver_setup.receiver.facts.records import RecordError

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINnK98cKs/L2kp2o5Jx9rKgjV9mskKqVWZZ/8Pa3gS1e"


def output(**records: str | bytes) -> bytes:
    """Render records; `now` comes first unless given, `end` last. A name's trailing digits are not part of it."""
    whole = {"now": "1700000000.25", **records, "end": "ok"}
    parts = []
    for name, value in whole.items():
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(f"@{name.rstrip('0123456789')} {len(data)}\n".encode() + data + b"\n")
    return b"".join(parts)


def test_a_whole_receiver_is_read() -> None:
    facts = Facts.parse(
        output(
            hostname="attic-pi",
            os_release='PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n',
            connection="192.168.2.5 50022 192.168.2.110 2222",
            tools=" useradd userdel ip",
            nologin="/sbin/nologin",
            passwd=f"ipcamera:x:999:998:{ACCOUNT_MARK}:/home/ipcamera:/sbin/nologin",
            group="ipcamera:x:998:",
            password="none",
            stat1="directory|755|0|0|root|root|/home",
            stat2="symbolic link|777|0|0|root|root|/odd|name",
            stat3="directory|2750|999|998|ipcamera|ipcamera|/home/ipcamera/recordings",
            sshd_path="/usr/sbin/sshd",
            sshd_version="OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15",
            sshd_test="0",
            sshd_problem="a warning only",
            sshd_effective="port 22\n",
            host_key1=f"{KEY} root@attic-pi",
            host_key2="",
            route1="192.168.2.168 192.168.2.110",
            route2="10.9.9.9 ",
            address="porch.vlan 192.168.2.168",
            log1="/var/log/auth.log 1234",
            log2="/var/log/odd name ",
            before="1700000000|7|31337|2023-11-14 22:13:20.5 +0000|ffd8ff|/home/ipcamera/recordings/a|b.jpeg",
            journal="dead|61|pi from 10.0.0.5",
        )
    )
    assert (facts.now_s, facts.hostname, facts.system) == (1700000000.25, "attic-pi", "debian 12")
    assert facts.connection == ("192.168.2.110", 2222)
    assert facts.tools == {"useradd", "userdel", "ip"}
    assert facts.account is not None
    assert facts.account.ours
    assert (facts.account.uid, facts.account.gid, facts.account.home) == (999, 998, "/home/ipcamera")
    assert facts.group == Group(gid=998)
    assert facts.paths["/odd|name"].kind == "symbolic link"
    assert not facts.paths["/odd|name"].is_directory
    assert facts.paths["/home"].safe_for_jail
    assert facts.paths["/home/ipcamera/recordings"].mode == 0o2750
    assert facts.openssh == (9, 2)
    assert facts.sshd_problem == ""
    assert [key.line for key in facts.host_keys] == [KEY]
    assert facts.routes == {"192.168.2.168": "192.168.2.110"}
    assert facts.names == {"porch.vlan": "192.168.2.168"}
    assert facts.logs == (LogMark(path="/var/log/auth.log", size=1234), LogMark(path="/var/log/odd name", size=0))
    assert [file.path for file in facts.before] == ["/home/ipcamera/recordings/a|b.jpeg"]
    assert facts.journal == OpenJournal(alive=False, proven=False, age_s=61, who="pi from 10.0.0.5")


def test_what_may_stand_in_the_way_is_read() -> None:
    facts = Facts.parse(
        output(
            passwd=f"ipcamera:x:999:998:{ACCOUNT_MARK}:/home/ipcamera:/sbin/nologin",
            group="ipcamera:x:998:anna,bob",
            group_user="carl",
            groups="ipcamera plugdev",
            same_uid1="other",
            same_uid2="another",
            selinux="enforcing",
            stat="directory|755|0|7|root|lp|/srv",
            unwritable="/etc/shadow",
            other_server="dropbear runs",
            listener="socket",
            staged_effective="port 22",
            line1="/etc/ssh/sshd_config:12:Include /etc/ssh/sshd_config.d/*.conf",
            line2="Binary file matches",
            route1="192.168.2.168 192.168.2.110",
            route2="10.9.9.9 ",
            mounts="/dev/sda1 / ext4 rw,relatime 0 0\nx /srv vfat rw 0 0\n/dev/sdb /srv vfat ro,uid=5 0 0\nbroken",
            folder1="yes\n/etc\n/etc",
            folder2="no\n/srv/cams/x\n/srv",
            folder3="yes\n/srvx\n/srvx",
            room1="100|50|4096|1000|-3|/etc",
            room2="not numbers|50|4096|1000|10|/srv",
        )
    )
    assert facts.group == Group(gid=998, members=("anna", "bob", "carl"))
    assert facts.groups == ("ipcamera", "plugdev")
    assert facts.same_uid == ("other", "another")
    assert (facts.selinux, facts.other_server, facts.listener) == ("enforcing", "dropbear runs", "socket")
    assert (facts.paths["/srv"].uid, facts.paths["/srv"].gid) == (0, 7)
    assert facts.unwritable == {"/etc/shadow"}
    assert facts.staged == Staged(effective="port 22")
    assert [line.place for line in facts.configuration] == ["/etc/ssh/sshd_config:12"]
    assert facts.cameras == ("192.168.2.168", "10.9.9.9")
    assert facts.disks == {
        "/etc": Disk(folder="/etc", kind="ext4", free_kib=200, root_kib=400, inodes=1000, free_inodes=-3),
        "/srv/cams/x": Disk(folder="/srv", writable=False, mount="/srv", kind="vfat", read_only=True),
        "/srvx": Disk(folder="/srvx", kind="ext4"),
    }
    assert [disk.ownerless for disk in facts.disks.values()] == [False, True, False]


def test_the_staged_folder_is_nobodys_business() -> None:
    told = "/run/receiver-setup.a1/d/00-x.conf line 3: Bad\n/run/receiver-setup.a1/sshd_config: terminating"
    facts = Facts.parse(output(staged_folder="/run/receiver-setup.a1", staged_problem=told))
    assert facts.staged == Staged(
        problem="/etc/ssh/sshd_config.d/00-x.conf line 3: Bad\n/etc/ssh/sshd_config: terminating"
    )
    assert Facts.parse(output()).staged is None


def test_sshd_may_say_of_one_camera_what_it_says_of_no_other() -> None:
    told = {"camera_asked": "10.0.0.8", "camera_connection": "addr=10.0.0.8", "camera_effective": "banner none"}
    seen = Facts.parse(
        output(
            sshd_effective="banner /x",
            connection_asked="addr=10.0.0.7",
            **told,
            camera_problem="",
            camera_staged="port 1",
        )
    )
    first, second = seen.seen_from(["10.0.0.7"]), seen.seen_from(["10.0.0.8"])
    assert (first.sshd_effective, first.staged, first.question("u")) == ("banner /x", None, "user=u,addr=10.0.0.7")
    assert (second.sshd_effective, second.staged) == ("banner none", Staged(effective="port 1"))
    assert (second.question("u"), second.cameras) == ("user=u,addr=10.0.0.8", ("10.0.0.8",))
    refused = Facts.parse(output(**told, camera_problem="bad", camera_staged="bad")).seen_from(["10.0.0.8"])
    assert refused.staged == Staged(problem="bad")


def test_a_bare_receiver_has_nothing_and_nothing_is_guessed() -> None:
    facts = Facts.parse(output(passwd="", group="", sshd_version="", connection="", journal="alive-done|x"))
    assert (facts.account, facts.group, facts.openssh, facts.connection) == (None, None, None, None)
    assert (facts.paths, facts.files, facts.host_keys, facts.routes, facts.before) == ({}, {}, (), {}, frozenset())
    assert facts.password == "unknown"
    assert facts.journal == OpenJournal(alive=True, proven=True, age_s=0, who="an unknown run")
    assert Facts.parse(output()).journal is None


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("OpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1", (10, 0)),
        ("OpenSSH_9.2p1 Debian-2+deb12u3, OpenSSL 3.0.15", (9, 2)),
        ("unknown option -- V\nOpenSSH_8.4p1 Debian-5+deb11u3, OpenSSL 1.1.1w\nusage: sshd", (8, 4)),
        ("Dropbear v2022.83", None),
    ],
)
def test_the_release_is_found_in_what_sshd_says(text: str, release: tuple[int, int] | None) -> None:
    assert Facts.parse(output(sshd_version=text)).openssh == release


def test_a_broken_configuration_is_told_only_where_the_test_failed() -> None:
    assert Facts.parse(output(sshd_test="255", sshd_problem="line 3: Bad")).sshd_problem == "line 3: Bad"
    assert Facts.parse(output(sshd_test="0", sshd_problem="line 3: Deprecated")).sshd_problem == ""


@pytest.mark.parametrize(
    ("comment", "ours"),
    [(ACCOUNT_MARK, True), (f"{ACCOUNT_MARK},,,", True), ("Anna", False), ("", False), (f"no {ACCOUNT_MARK}", False)],
)
def test_an_account_is_ours_by_its_comment(comment: str, *, ours: bool) -> None:
    account = Facts.parse(output(passwd=f"ipcamera:x:999:999:{comment}:/home/ipcamera:/bin/false")).account
    assert account is not None
    assert account.ours is ours


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("directory|755|0|0|root|root|/a", True),
        ("directory|700|0|5|root|tty|/a", True),
        ("directory|1777|0|0|root|root|/a", False),
        ("directory|775|0|0|root|root|/a", False),
        ("directory|757|0|0|root|root|/a", False),
        ("directory|755|1000|0|pi|root|/a", False),
        ("symbolic link|755|0|0|root|root|/a", False),
        ("regular file|755|0|0|root|root|/a", False),
    ],
)
def test_only_roots_own_closed_directory_is_safe_for_a_jail(line: str, *, safe: bool) -> None:
    assert Facts.parse(output(stat=line)).paths["/a"].safe_for_jail is safe


@given(st.binary(), st.binary())
def test_any_bytes_of_a_file_are_kept(first: bytes, second: bytes) -> None:
    facts = Facts.parse(output(file_path1="/a", file_bytes1=first, file_path2="/b", file_bytes2=second))
    assert facts.files == {"/a": first, "/b": second}


def test_a_files_bytes_cannot_pass_for_records() -> None:
    forged = b"x\n" + output(passwd="root2:x:0:0::/:/bin/sh")
    facts = Facts.parse(output(file_path="/a", file_bytes=forged))
    assert facts.files == {"/a": forged}
    assert facts.account is None


@pytest.mark.parametrize("text", [output()[:-1], output()[:-8], b"Welcome!\n" + output(), b""])
def test_output_that_is_not_whole_is_refused(text: bytes) -> None:
    with pytest.raises(RecordError):
        Facts.parse(text)


LINES = st.one_of(
    st.binary(),
    st.text("0123456789|: /abrx.\n", max_size=40).map(str.encode),
    st.sampled_from(
        [
            b"a:x:y:z:c:/h:/s",
            b"directory|abc|0|0|r|r|/a",
            "²|²|²|w|f|/p".encode(),
            b"alive \xc2\xb2",
            b"yes\n/a\n/b",
            b"1|2|3|4|5|/a",
            "²|2|3|4|5|/a".encode(),
            b"a b c d\n",
            b'/etc/ssh/sshd_config:1:"Include',
        ]
    ),
)
NAMES = st.sampled_from(
    ["now", "os_release", "connection", "passwd", "stat", "sshd_version", "host_key", "route", "address", "log",
     "before", "journal", "file_path", "file_bytes", "group", "groups", "mounts", "folder", "room", "line",
     "staged_problem"]
)  # fmt: skip


@given(st.dictionaries(NAMES, LINES))
def test_no_record_raises_anything_but_a_value_error(records: dict[str, bytes]) -> None:
    try:
        Facts.parse(output(**records))
    except ValueError as error:
        assert not isinstance(error, UnicodeError)  # noqa: PT017 - which error it is, is the point


def test_what_was_read_of_several_accounts_is_a_picture_each() -> None:
    """What stands between an account's name and the next is its own, all else is everybody's."""

    def record(name: str, value: str) -> bytes:
        return f"@{name} {len(value.encode())}\n{value}\n".encode()

    told = [("now", "1"), ("upload_user", "a"), ("passwd", "a:x:9:9::/home/a:/bin/false"), ("password", "none")]
    told += [("upload_user", "b"), ("password", "set"), ("upload_user", ""), ("listener", "sshd"), ("end", "ok")]
    first, second = parse_facts(b"".join(record(*each) for each in told))
    assert (first.account is not None, second.account) == (True, None)
    assert (first.password, second.password) == ("none", "set")
    assert (first.listener, second.listener) == ("sshd", "sshd")
