"""What ssh_config says of a host, with its Include files."""

import getpass
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts.ssh_config import Target, read_target


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the real user's configuration out of the tests."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def look_up(home: Path, text: str, address: str = "attic") -> Target:
    path = home / "config"
    path.write_text(text, encoding="utf-8")
    return read_target(ReceiverAddress.parse(address), config_file=path)


def test_without_any_file_the_address_is_all(home: Path) -> None:
    assert not (home / ".ssh" / "config").exists()
    target = read_target(ReceiverAddress.parse("attic"), config_file=None)
    assert (target.host, target.port, target.user) == ("attic", 22, getpass.getuser())
    assert (target.known_as, target.known_name) == ("attic", "attic")
    assert (target.identities, target.known_hosts, target.jumps, target.proxy_command) == ((), (), (), None)
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
    target = look_up(home, "include more/*\nHost attic\n User last\n Port 23\n")
    assert (target.user, target.port) == ("first", 2222)
    absolute = look_up(home, f'Include "{home}/.ssh/more/2" missing\n')
    assert absolute.user == "second"


def test_files_that_include_each_other_come_to_an_end(home: Path) -> None:
    (home / ".ssh" / "loop").write_text("Include loop\nHost attic\n User pi\n", encoding="utf-8")
    assert look_up(home, "Include loop\n").user == "pi"


@pytest.mark.parametrize(
    "text",
    [
        "Host attic\n ProxyJump -oX\n",
        "no_value\n",
        "Host attic\n Port many\n",
        "Host attic\n Port 70000\n",
        "Host attic\n Port -1\n",
    ],
)
def test_a_file_that_cannot_be_meant_is_an_error_of_configuration(home: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        look_up(home, text)


def test_a_file_that_cannot_be_read_is_an_error_of_configuration(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_target(ReceiverAddress.parse("attic"), config_file=home / "missing")
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_target(ReceiverAddress.parse("attic"), config_file=home)
    (home / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="cannot be parsed"):
        read_target(ReceiverAddress.parse("attic"), config_file=home / "binary")


def test_match_exec_is_run_where_it_stands_and_costs_nothing_elsewhere(home: Path) -> None:
    """What runs it takes as long to load as all the rest; in a process of its own, since it stays loaded."""
    (home / "config").write_text('Match exec "test %h = attic"\n  Port 2222\n', encoding="utf-8")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from receiver_setup.receiver.address import ReceiverAddress\n"
        "from receiver_setup.receiver.hosts.ssh_config import read_target\n"
        "assert read_target(ReceiverAddress.parse('attic'), config_file=Path('/dev/null')).port == 22\n"
        "assert 'invoke' not in sys.modules\n"
        "for name in ('attic', 'cellar'):\n"
        "    print(read_target(ReceiverAddress.parse(name), config_file=Path(sys.argv[1])).port)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home / "config")], capture_output=True, text=True, check=False
    )
    if importlib.util.find_spec("invoke") is None:
        # Debian's paramiko comes without what runs it: then that is said, and nothing else in the file is taken.
        assert "which this program cannot run" in done.stderr
        assert done.stdout == ""
    else:
        assert done.stdout.split() == ["2222", "22"], done.stderr
