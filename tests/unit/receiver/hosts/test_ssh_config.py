"""What ssh makes of its configuration for a host, and what of that is taken, refused, or filled in."""

import getpass
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts import ssh_config
from receiver_setup.receiver.hosts.host_keys import HostKeys
from receiver_setup.receiver.hosts.ssh_config import (
    SshDestination,
    _warn_without_client,
    make_target,
    parse_settings,
    read_target,
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the real user's configuration out of the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def look_up(home: Path, text: str, address: str = "attic") -> SshDestination:
    path = home / "config"
    path.write_text(text, encoding="utf-8")
    return read_target(ReceiverAddress.parse(address), config_file=path)


def test_without_any_file_the_address_is_all(home: Path) -> None:
    assert not (home / ".ssh" / "config").exists()
    target = read_target(ReceiverAddress.parse("attic"), config_file=None)
    assert (target.host, target.port, target.user) == ("attic", 22, getpass.getuser())
    assert (target.known_as, target.known_name) == ("attic", "attic")
    assert (target.jumps, target.proxy_command, target.strictness) == ((), None, "ask")
    assert target.identities[0] == home / ".ssh/id_rsa"
    assert target.known_hosts == (home / ".ssh/known_hosts", home / ".ssh/known_hosts2")
    assert not target.identities_only


def test_the_users_own_file_is_read(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Host attic\n  HostName 192.168.2.110\n", encoding="utf-8")
    assert read_target(ReceiverAddress.parse("attic"), config_file=None).host == "192.168.2.110"


def test_everything_that_matters_is_taken(home: Path) -> None:
    target = look_up(
        home,
        "Host attic\n HostName 192.168.2.110\n Port 2222\n User pi\n IdentityFile ~/.ssh/attic\n IdentitiesOnly yes\n"
        " UserKnownHostsFile ~/.ssh/a ~/.ssh/b\n HostKeyAlias attic-pi\n ProxyJump jump@[fd00::1]:2022,second\n"
        "Host *\n User nobody\n",
    )
    assert (target.host, target.port, target.user) == ("192.168.2.110", 2222, "pi")
    assert target.identities == (home / ".ssh/attic",)
    assert target.identities_only
    assert target.known_hosts == (home / ".ssh/a", home / ".ssh/b")
    assert (target.known_as, target.known_name) == ("attic-pi", "attic-pi")  # an alias has no port
    assert target.jumps == (
        ReceiverAddress(host="fd00::1", user="jump", port=2022),
        ReceiverAddress(host="second"),
    )


def test_another_port_is_part_of_the_name_in_known_hosts(home: Path) -> None:
    assert look_up(home, "Host attic\n Port 2222\n").known_name == "[attic]:2222"
    assert look_up(home, "", "[fd00::5]:2222").known_name == "[fd00::5]:2222"


def test_what_the_address_says_wins(home: Path) -> None:
    target = look_up(home, "Host attic\n Port 2222\n User pi\n", "anna@attic:22")
    assert (target.user, target.port, target.known_name) == ("anna", 22, "attic")


@pytest.mark.parametrize("keyword", ["ProxyJump", "ProxyCommand"])
def test_none_means_no_proxy(home: Path, keyword: str) -> None:
    target = look_up(home, f"Host attic\n {keyword} none\n")
    assert (target.jumps, target.proxy_command) == ((), None)


def test_a_proxy_command_is_taken(home: Path) -> None:
    assert look_up(home, "Host attic\n ProxyCommand nc %h %p\n").proxy_command == "nc attic 22"


def test_included_files_stand_where_their_line_stands(home: Path) -> None:
    (home / ".ssh" / "more").mkdir()
    (home / ".ssh" / "more" / "1").write_text("Host attic\n User first\n", encoding="utf-8")
    (home / ".ssh" / "more" / "2").write_text("Host attic\n User second\n Port 2222\n", encoding="utf-8")
    target = look_up(home, f"include {home}/.ssh/more/*\nHost attic\n User last\n Port 23\n")
    assert (target.user, target.port) == ("first", 2222)
    absolute = look_up(home, f'Include "{home}/.ssh/more/2" /missing\n')
    assert absolute.user == "second"


@pytest.mark.parametrize(
    "text",
    [
        "no_value\n",
        "Host attic\n Port many\n",
        "Host attic\n Port 70000\n",
        "Frobnicate yes\n",
        "Include loop\n",
    ],
)
def test_a_file_that_ssh_refuses_stops_the_run_in_ssh_s_own_words(home: Path, text: str) -> None:
    (home / "loop").write_text(f"Include {home}/loop\n", encoding="utf-8")
    path = home / "config"
    path.write_text(text.replace("loop", f"{home}/loop"), encoding="utf-8")
    done = subprocess.run(["ssh", "-T", "-G", "-F", path, "attic"], capture_output=True, text=True, check=False)
    assert done.returncode == 255
    with pytest.raises(ConfigurationError) as caught:
        read_target(ReceiverAddress.parse("attic"), config_file=path)
    assert " ".join(done.stderr.split()) in caught.value.message
    assert caught.value.hint


def test_a_file_that_cannot_be_read_is_an_error_of_configuration(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_target(ReceiverAddress.parse("attic"), config_file=home / "missing")
    with pytest.raises(ConfigurationError, match="directory"):
        read_target(ReceiverAddress.parse("attic"), config_file=home)


SPELLINGS = [
    ("Include=more\n", {"port": 2222}),
    ("Host=attic\n Port=2222\n", {"port": 2222}),
    ("IdentitiesOnly Yes\n", {"identities_only": True}),
    ("ProxyJump None\n", {"jumps": ()}),
    ("ProxyCommand None\n", {"proxy_command": None}),
    ('Match host attic exec "test %h = attic"\n Port 2222\n', {"port": 2222}),
    ("Match exec false\n Port 2222\n", {"port": 22}),
    ("Host * !attic\n Port 2222\n", {"port": 22}),
    ("HostName %h.lan\n", {"host": "attic.lan"}),
    ("HostKeyAlias The-Attic\nPort 2222\n", {"known_name": "the-attic"}),
    ("UserKnownHostsFile none\nGlobalKnownHostsFile none\n", {"known_hosts": (), "system_known_hosts": ()}),
    ('UserKnownHostsFile "/a b/c" /d/%k\n', {"known_hosts": (Path("/a b/c"), Path("/d/attic"))}),
    ("StrictHostKeyChecking accept-new\n", {"strictness": "accept-new"}),
    ("StrictHostKeyChecking off\n", {"strictness": "false"}),
    ("CheckHostIP yes\n", {"check_ip": True}),
    ("CheckHostIP yes\nProxyCommand x\n", {"check_ip": False}),
    ("HashKnownHosts yes\n", {"hash_names": True}),
    ("HostKeyAlgorithms rsa-sha2-512,ssh-ed25519\n", {"algorithms": ("rsa-sha2-512", "ssh-ed25519")}),
    ("RevokedHostKeys /etc/ssh/revoked\n", {"revoked": Path("/etc/ssh/revoked")}),
    ("RevokedHostKeys none\nKnownHostsCommand none\n", {"revoked": None}),
    ("AddressFamily inet6\nBindAddress fd00::1\n", {"family": socket.AF_INET6, "source": "fd00::1"}),
    ("IdentityAgent none\n", {"agent": None}),
    ("IdentityAgent /run/agent\n", {"agent": "/run/agent"}),
    ("IdentityAgent $MY_AGENT\n", {"agent": "/run/mine"}),
    ("IdentityFile none\n", {"identities": ()}),
    ("IdentityFile /k/%h_%p_%r_%%\n", {"identities": (Path("/k/attic_22_pi_%"),)}),
    ("IdentityFile ${MY_AGENT}/x y\n".replace(" y", ""), {"identities": (Path("/run/mine/x"),)}),
    ("ProxyCommand nc %h %p %r %n %% $HOME\nPort 23\n", {"proxy_command": "nc attic 23 pi attic % $HOME"}),
]


@pytest.mark.parametrize(("text", "expected"), SPELLINGS, ids=[text.strip() for text, _ in SPELLINGS])
def test_what_ssh_makes_of_it_is_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: dict[str, object]
) -> None:
    monkeypatch.setenv("MY_AGENT", "/run/mine")
    (home / "more").write_text("Port 2222\n", encoding="utf-8")
    target = look_up(home, text.replace("=more", f"={home}/more"), "pi@attic")
    assert {name: getattr(target, name) for name in expected} == expected


def test_bytes_that_are_no_utf8_harm_nothing(home: Path) -> None:
    (home / "config").write_bytes(b"# caf\xe9\nIdentityFile /k/\xe9\nPort 2222\n")
    target = read_target(ReceiverAddress.parse("attic"), config_file=home / "config")
    assert target.port == 2222
    assert [os.fsencode(path) for path in target.identities] == [b"/k/\xe9"]


def test_home_is_where_tildes_point(home: Path) -> None:
    """OpenSSH itself asks the account alone; HOME is what everybody else goes by."""
    (home / ".ssh" / "config").write_text("Host attic\n IdentityFile ~/.ssh/k\n", encoding="utf-8")
    target = read_target(ReceiverAddress.parse("attic"), config_file=None)
    assert target.identities == (home / ".ssh/k",)
    assert target.known_hosts[0] == home / ".ssh/known_hosts"


REFUSED = [
    ("KnownHostsCommand /usr/bin/keys %H\n", "KnownHostsCommand"),
    ("ProxyCommand nc -F %h %p\nProxyUseFdpass yes\n", "ProxyUseFdpass"),
    ("ProxyJump -oX\n", "ProxyJump"),
    ("IdentityFile /k/%q\n", "%q"),
    ("IdentityFile ${NOT_THERE_AT_ALL}\n", "NOT_THERE_AT_ALL"),
]


@pytest.mark.parametrize(("text", "named"), REFUSED)
def test_what_cannot_be_honoured_is_refused_by_its_name(home: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        look_up(home, text)
    assert named in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("user", ["$(touch canary)", "`touch canary`", "a;touch canary", "a'b", "x -oProxyCommand=y"])
def test_a_user_who_is_a_command_reaches_no_shell(home: Path, monkeypatch: pytest.MonkeyPatch, user: str) -> None:
    monkeypatch.chdir(home)
    (home / "config").write_text('Match exec "echo %r"\n Port 2222\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        read_target(ReceiverAddress(host="attic", user=user), config_file=home / "config")
    (home / "config").write_text(f'User "{user}"\nProxyCommand echo %r\n', encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_target(ReceiverAddress(host="attic"), config_file=home / "config")
    assert not (home / "canary").exists()


# ---- without a client


@pytest.fixture
def no_client(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no ssh on the way."""
    monkeypatch.setenv("PATH", str(home))
    _warn_without_client.cache_clear()


@pytest.mark.usefixtures("no_client")
def test_without_a_client_the_address_is_all_and_a_file_is_warned_of_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ssh_config, "_system", lambda name: str(home / "none" / name))
    (home / ".ssh" / "config").write_text("Host *\n Port 2222\n", encoding="utf-8")
    for name in ("attic", "cellar"):
        target = read_target(ReceiverAddress.parse(f"pi@{name}"), config_file=None)
        assert (target.host, target.port, target.user) == (name, 22, "pi")
        assert home / ".ssh/id_ed25519" in target.identities
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(home / ".ssh" / "config") in caplog.text


@pytest.mark.usefixtures("no_client")
def test_without_a_client_and_a_file_there_is_nothing_to_warn_of(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ssh_config, "_system", lambda name: str(home / "none" / name))
    read_target(ReceiverAddress.parse("attic"), config_file=None)
    assert caplog.records == []


@pytest.mark.usefixtures("no_client")
def test_without_a_client_a_file_that_was_asked_for_is_an_error(home: Path) -> None:
    (home / "config").touch()
    with pytest.raises(ConfigurationError, match="without OpenSSH's client"):
        read_target(ReceiverAddress.parse("attic"), config_file=home / "config")


def test_another_ssh_than_openssh_s_counts_as_none(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (home / "ssh").write_text("#!/bin/sh\necho 'WARNING: Ignoring unknown option -G'\n", encoding="utf-8")
    (home / "ssh").chmod(0o755)
    (home / ".ssh" / "config").touch()
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    _warn_without_client.cache_clear()
    assert read_target(ReceiverAddress.parse("attic"), config_file=None).port == 22
    assert len(caplog.records) == 1


def test_no_file_means_no_process(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "ssh").write_text(f"#!/bin/sh\ntouch {home}/called\n", encoding="utf-8")
    (home / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{home}:{os.environ['PATH']}")
    assert read_target(ReceiverAddress.parse("attic"), config_file=Path(os.devnull)).port == 22
    assert not (home / "called").exists()


# ---- on Windows

WINDOWS = (
    r"globalknownhostsfile __PROGRAMDATA__\ssh/ssh_known_hosts __PROGRAMDATA__\ssh/ssh_known_hosts2"
    "\n"
    r"userknownhostsfile C:\Users\Anna Maria/.ssh/known_hosts C:\Users\Anna Maria/.ssh/known_hosts2"
)
"""What OpenSSH for Windows prints: its own folder unexpanded, and blanks in names as they are."""


@pytest.mark.parametrize(
    "told",
    [
        f"hostname attic\r\n{WINDOWS}",
        "hostname attic\nglobalknownhostsfile __PROGRAMDATA__/ssh/ssh_known_hosts __PROGRAMDATA__/ssh/ssh_known_hosts2",
        "",
    ],
    ids=["as it is", "as older releases have it", "without a client"],
)
def test_the_systems_known_hosts_of_windows_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setattr(ssh_config, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setenv("ProgramData", f"{tmp_path}/Program Data")
    target = make_target(ReceiverAddress.parse("attic"), parse_settings(told))
    names = [str(path).replace("\\", "/") for path in target.system_known_hosts]
    assert names == [f"{tmp_path}/Program Data/ssh/ssh_known_hosts{end}" for end in ("", "2")]
    key = PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32)
    target.system_known_hosts[0].parent.mkdir(parents=True, exist_ok=True)
    target.system_known_hosts[0].write_text(f"attic {key.line}\n", encoding="utf-8")
    HostKeys(target).check(key)


def test_what_windows_prints_of_the_user_is_two_files() -> None:
    target = make_target(ReceiverAddress.parse("attic"), parse_settings(WINDOWS))
    home = r"C:\Users\Anna Maria/.ssh/known_hosts"
    assert list(map(str, target.known_hosts)) == [home, f"{home}2"]


@pytest.mark.usefixtures("no_client")
def test_without_a_client_the_systems_configuration_of_windows_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(ssh_config, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setenv("ProgramData", str(tmp_path))
    Path(f"{tmp_path}\\ssh\\ssh_config").touch()
    read_target(ReceiverAddress.parse("attic"), config_file=None)
    assert f"{tmp_path}\\ssh\\ssh_config is not read" in caplog.text


def test_paramiko_comes_without_what_its_own_reader_needs() -> None:
    """It takes as long to load as all the rest."""
    code = "import sys; import receiver_setup.receiver.hosts.ssh; print('invoke' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
