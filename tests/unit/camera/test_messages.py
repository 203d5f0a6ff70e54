"""Each CGI command: the maker's printed examples, what is sent, what is refused."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.camera.messages import (
    ActionType,
    Command,
    FtpAttributes,
    GetFtpAction,
    GetFtpActionAttr,
    GetFtpAttr,
    GetPubKey,
    GetSnapSchedFtpAttr,
    GetSnapTimerFtpAttr,
    GetToken,
    Security,
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
    TestFtp,
    UploadAction,
    UploadActions,
)
from receiver_setup.camera.messages.schedule import Schedule
from receiver_setup.camera.wire.codes import CameraWithoutKeyLoginError, UploadResult
from receiver_setup.camera.wire.reply import Reply, parse_reply
from receiver_setup.errors import CameraReplyError, CameraResponseError, ConfigurationError, ReceiverSetupError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.secrets import Secret

HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"


def reply(**fields: str) -> Reply:
    """Build a reply through its text."""
    return parse_reply("".join(f'{name}="{value}";\n' for name, value in fields.items()), camera="http://camera")


def attributes(**values: Any) -> FtpAttributes:
    """Build upload settings of which all others are unknown."""
    names = ("server", "port", "username", "password", "mode", "directory", "auto_create", "day_folders", "security")
    return FtpAttributes(**{**dict.fromkeys((*names, "insecure")), "raw": {}, **values})


# Values printed on the maker's page, Features_Menu/FTP.
PAGE_FTPS = {
    "cmd": "getftpattr", "ft_server": "192.168.2.111", "ft_port": "21", "ft_username": "admin", "ft_dirname": "./hello",
    "ft_dirmode": "1", "ft_mode": "1", "ft_ssl": "1", "ft_insecure": "1", "response": "200",
}  # fmt: skip
PAGE_SFTP = {
    "cmd": "getftpattr", "ft_server": "192.168.2.110", "ft_port": "22", "ft_username": "ipcamera",
    "ft_dirname": "instar", "ft_dirmode": "0", "ft_mode": "1", "ft_ssl": "2", "ft_insecure": "0", "response": "200",
}  # fmt: skip
PAGE_ACTIONS = """cmd="getftpaction";
enable['rec']="0";
interval['rec']="0";
enable['snap']="0";
interval['snap']="15";
enable['timersnap']="0";
interval['timersnap']="820";
response="200";"""


def raw(page: dict[str, str]) -> dict[str, str]:
    """Return a page's settings alone."""
    return {name: value for name, value in page.items() if name.startswith("ft_")}


def test_ftps_example_of_the_page() -> None:
    assert GetFtpAttr().decode(reply(**PAGE_FTPS)) == attributes(
        server="192.168.2.111", port=21, username="admin", directory="./hello", day_folders=True, mode=1,
        security=Security.FTPS, insecure=True, raw=raw(PAGE_FTPS),
    )  # fmt: skip


def test_sftp_example_of_the_page() -> None:
    assert GetFtpAttr().decode(reply(**PAGE_SFTP)) == attributes(
        server="192.168.2.110", port=22, username="ipcamera", directory="instar", day_folders=False, mode=1,
        security=Security.SFTP, insecure=False, raw=raw(PAGE_SFTP),
    )  # fmt: skip


def test_returned_password_is_a_secret_and_unknown_fields_are_kept() -> None:
    read = GetFtpAttr().decode(reply(ft_password="hunter2", ft_autocreatedir="1", ft_new="x", ft_ssl="7", ft_port="?"))
    assert read.password == Secret("hunter2")
    assert "hunter2" not in repr(read) + repr(read.raw)
    assert (read.auto_create, read.security, read.port) == (True, Security.UNKNOWN, None)
    assert read.raw == {"ft_autocreatedir": "1", "ft_new": "x", "ft_ssl": "7", "ft_port": "?"}


def test_actions_example_of_the_page() -> None:
    off = {"rec": 0, "snap": 15, "timersnap": 820}
    expected = {kind: UploadAction(enabled=False, interval_s=seconds) for kind, seconds in off.items()}
    read = GetFtpAction().decode(parse_reply(PAGE_ACTIONS))
    assert read == UploadActions(rec=expected["rec"], snap=expected["snap"], timersnap=expected["timersnap"])
    assert read.raw["interval['timersnap']"] == "820"
    assert read.get(ActionType.TIMERSNAP) == expected["timersnap"]


def test_single_action_example_of_the_page() -> None:
    command = GetFtpAction(kind=ActionType.SNAP)
    assert command.parameters() == (("type", "snap"),)
    read = command.decode(reply(cmd="getftpaction", enable="0", interval="15", response="200"))
    assert read == UploadActions(snap=UploadAction(enabled=False, interval_s=15))
    assert command.decode(parse_reply(PAGE_ACTIONS)).snap == UploadAction(enabled=False, interval_s=15)


def test_count_schedule_and_timer_examples_of_the_page() -> None:
    assert GetFtpActionAttr().decode(reply(cmd="getftpactionattr", snapcount="5", response="200")).count == 5
    read = GetSnapSchedFtpAttr().decode(reply(mode="0", prefix="0", name="snapshot", enable="0", times="0-1"))
    assert (read.fixed_name, read.prefix, read.name, read.enabled) == (False, False, "snapshot", False)
    assert (read.times, read.schedule) == ("0-1", Schedule(minute=0, days=1))
    timer = GetSnapTimerFtpAttr().decode(reply(mode="1", prefix="1", name="test"))
    assert (timer.fixed_name, timer.prefix, timer.name) == (True, True, "test")


def test_schedule_in_another_form_is_kept_raw() -> None:
    read = GetSnapSchedFtpAttr().decode(reply(times="36000-1,72000-2"))
    assert (read.times, read.schedule) == ("36000-1,72000-2", None)


def test_empty_reading_guesses_nothing() -> None:
    assert GetFtpAttr().decode(reply(response="200")) == attributes()
    assert GetFtpAction().decode(reply(response="200")) == UploadActions()
    assert GetFtpActionAttr().decode(reply(response="200")).count is None
    assert GetSnapSchedFtpAttr().decode(reply(response="200")).times is None


# --- testftp and getpubkey -------------------------------------------------------------------------------------------


def test_test_upload_example_with_host_key() -> None:
    outcome = TestFtp().decode(reply(cmd="testftp", hostkey=HOST_KEY, result="0", response="200"))
    assert outcome.ok
    assert outcome.host_key is not None
    assert (outcome.host_key.type, outcome.host_key.base64) == ("ssh-ed25519", HOST_KEY)


def test_test_upload_example_without_anything_else() -> None:
    bare = reply(result="0")
    assert TestFtp().error(bare) is None
    assert TestFtp().decode(bare) == TestFtp().decode(reply(result="0", hostkey="", response="200"))


@pytest.mark.parametrize("result", range(-9, 1))
@pytest.mark.parametrize("response", ["200", "302", "207", None])
def test_every_result_is_an_outcome(result: int, response: str | None) -> None:
    fields = {"result": str(result)} | ({} if response is None else {"response": response})
    assert TestFtp().error(reply(**fields)) is None
    outcome = TestFtp().decode(reply(**fields))
    assert (outcome.result, outcome.raw_result) == (UploadResult(result), result)
    assert TestFtp().tries_for(outcome) == {-6: None, -4: 2}.get(result, 1)


def test_result_that_is_not_listed_keeps_its_number() -> None:
    outcome = TestFtp().decode(reply(result="-42"))
    assert (outcome.result, outcome.raw_result, outcome.ok) == (None, -42, False)


def test_a_host_key_may_have_its_type_before_it() -> None:
    outcome = TestFtp().decode(reply(hostkey=f"ssh-ed25519 {HOST_KEY} nas", result="0"))
    assert outcome.host_key == TestFtp().decode(reply(hostkey=HOST_KEY, result="0")).host_key
    assert outcome.host_key is not None


@pytest.mark.parametrize("fields", [{"response": "200"}, {"result": "x"}, {"result": "0", "hostkey": "AAAA"}])
def test_test_upload_without_a_readable_result_is_an_error(fields: dict[str, str]) -> None:
    with pytest.raises(CameraReplyError, match="http://camera"):
        TestFtp().decode(reply(**fields))


def test_trusting_sends_the_bare_blob_and_needs_an_answer() -> None:
    command = TestFtp(set_host=PublicKey.from_base64(HOST_KEY))
    assert command.parameters() == (("sethost", HOST_KEY),)
    assert command.decode(reply(response="200")).result is None
    assert isinstance(command.error(reply(cmd="testftp")), CameraReplyError)
    assert isinstance(command.error(reply(response="202")), CameraResponseError)


@pytest.mark.parametrize("code", ["211", "218", "213"])
def test_refusal_is_not_hidden_by_a_result(code: str) -> None:
    assert isinstance(TestFtp().error(reply(result="0", response=code)), CameraResponseError)


def test_public_key_is_read(rsa_line: str) -> None:
    assert GetPubKey().decode(reply(publickey=rsa_line, response="200")).line == rsa_line
    assert GetPubKey().decode(reply(publickey=f"{rsa_line} root@ipcamera", response="200")).line == rsa_line


@pytest.fixture
def rsa_line() -> str:
    """Make the line of an RSA key with a made-up modulus."""
    modulus = b"\0\xd0" + bytes(range(1, 256))
    fields = (b"ssh-rsa", b"\x01\0\x01", modulus)
    return PublicKey.from_blob(b"".join(len(part).to_bytes(4, "big") + part for part in fields)).line


@pytest.mark.parametrize(
    "hostile",
    [
        lambda line: f"{line}\n{line}",
        lambda line: f"{line}\r\nssh-ed25519 {HOST_KEY}",
        lambda line: f'command="touch canary" {line}',
        lambda line: f"no-pty,permitopen=x {line}",
        lambda line: line.replace("ssh-rsa", "ssh-ed25519"),
        lambda _: f"ssh-rsa {HOST_KEY}",
        lambda line: line[:-20],
        lambda line: line.removeprefix("ssh-rsa "),
        lambda _: "ssh-rsa AAAAB3Nz ... DGhllCPSbDXV55ZWtxNNcw==",
    ],
)
def test_hostile_public_key_is_refused(hostile: Callable[[str], str], rsa_line: str) -> None:
    with pytest.raises(CameraReplyError, match="http://camera"):
        GetPubKey().decode(reply(publickey=hostile(rsa_line), response="200"))


def test_a_key_that_anybody_can_break_is_refused(rsa_line: str) -> None:
    key = PublicKey.from_line(rsa_line)
    short = key.blob[: -256 - 5] + (64).to_bytes(4, "big") + b"\x71" * 64
    with pytest.raises(CameraReplyError, match="has a key that must not open an account: an RSA key of 511 bits"):
        GetPubKey().decode(reply(publickey=PublicKey.from_blob(short).line, response="200"))


def test_missing_public_key_is_an_error() -> None:
    with pytest.raises(CameraReplyError):
        GetPubKey().decode(reply(response="200"))


def test_firmware_without_a_key_is_told_apart() -> None:
    for code in ("203", "204", "301"):
        assert isinstance(GetPubKey().error(reply(response=code)), CameraWithoutKeyLoginError)
    for empty in ("", " "):
        with pytest.raises(CameraWithoutKeyLoginError, match="an empty value"):
            GetPubKey().decode(reply(publickey=empty, response="200"))
        assert isinstance(GetFtpAttr().error(reply(response=code)), CameraResponseError)
    assert isinstance(GetPubKey().refusal(404, "http://camera"), CameraWithoutKeyLoginError)
    assert type(GetPubKey().error(reply(response="211"))) is CameraResponseError


def test_token_is_a_secret() -> None:
    token = GetToken().decode(reply(token="t0k", validity="1893456000", response="200"))
    assert (token.token, token.validity) == (Secret("t0k"), 1893456000)
    for bad in ({}, {"token": ""}, {"token": "a\nb"}, {"token": "ä"}):
        with pytest.raises(CameraReplyError):
            GetToken().decode(reply(response="200", **bad))


# --- changes ---------------------------------------------------------------------------------------------------------


def test_only_given_fields_are_sent_in_the_page_s_order() -> None:
    everything = SetFtpAttr(
        insecure=True, security=Security.NONE, day_folders=True, auto_create=False, directory="./", mode=1,
        password=Secret("123456"), username="ftpuser", port=21, server="192.168.178.1",
    )  # fmt: skip
    assert everything.parameters() == (
        ("ft_server", "192.168.178.1"), ("ft_port", "21"), ("ft_username", "ftpuser"), ("ft_password", "123456"),
        ("ft_mode", "1"), ("ft_dirname", "./"), ("ft_autocreatedir", "0"), ("ft_dirmode", "1"), ("ft_ssl", "0"),
        ("ft_insecure", "1"),
    )  # fmt: skip
    assert SetFtpAttr(insecure=False).parameters() == (("ft_insecure", "0"),)
    assert "123456" not in repr(everything)


def test_named_field_overrides_the_raw_one() -> None:
    assert SetFtpAttr(raw={"ft_port": "21"}, port=22).parameters() == (("ft_port", "22"),)


def test_default_ports() -> None:
    assert [security.default_port for security in Security] == [21, 21, 22, None]


def test_other_changes_are_sent_as_on_the_page() -> None:
    assert SetFtpActionAttr(count=10).parameters() == (("snapcount", "10"),)
    change = SetSnapSchedFtpAttr(fixed_name=True, prefix=True, enable=True)
    assert change.parameters() == (("mode", "1"), ("prefix", "1"), ("enable", "1"))
    timed = SetSnapSchedFtpAttr(schedule=Schedule(minute=600, days=67), name="x y")
    assert timed.parameters() == (("name", "x y"), ("times", "36000-67"))
    assert SetSnapSchedFtpAttr(raw_times="1-1,2-2").parameters() == (("times", "1-1,2-2"),)
    assert SetSnapTimerFtpAttr(name="instar").parameters() == (("name", "instar"),)
    assert SetFtpAction(kind=ActionType.SNAP, enable=False).parameters() == (("type", "snap"), ("enable", "0"))


REFUSED: list[tuple[Callable[[], object], str]] = [
    (SetFtpAttr, "least one"),
    (lambda: SetFtpAttr(port=0), "1 to 65535"),
    (lambda: SetFtpAttr(port=70000), "1 to 65535"),
    (lambda: SetFtpAttr(port=True), "1 to 65535"),
    (lambda: SetFtpAttr(mode=2), "0 to 1"),
    (lambda: SetFtpAttr(server=""), "server"),
    (lambda: SetFtpAttr(server="a\nb"), "control"),
    (lambda: SetFtpAttr(username="a\0b"), "control"),
    (lambda: SetFtpAttr(directory="a\rb"), "control"),
    (lambda: SetFtpAttr(directory="\udc80"), "control"),
    (lambda: SetFtpAttr(password=Secret("hunter2\n")), "control"),
    (lambda: SetFtpAttr(security=Security.UNKNOWN), "none, ftps or sftp"),
    (lambda: SetFtpAttr(raw={"ft_new": "1"}), "least one"),
    (lambda: SetFtpAction(kind=ActionType.REC), "least one"),
    (lambda: SetFtpAction(kind=ActionType.REC, interval_s=0), "1 to 3600 seconds"),
    (lambda: SetFtpAction(kind=ActionType.REC, interval_s=3601), "1 to 3600 seconds"),
    (lambda: SetFtpActionAttr(count=0), "1 to 10"),
    (lambda: SetFtpActionAttr(count=11), "1 to 10"),
    (SetSnapSchedFtpAttr, "least one"),
    (lambda: SetSnapSchedFtpAttr(name="a\nb"), "control"),
    (lambda: SetSnapSchedFtpAttr(raw_times="0-1", schedule=Schedule(minute=0, days=1)), "one form"),
    (SetSnapTimerFtpAttr, "least one"),
    (lambda: SetSnapTimerFtpAttr(name="\x7f"), "control"),
]


@pytest.mark.parametrize(("make", "allowed"), REFUSED)
def test_value_outside_the_camera_s_limits_is_refused_before_it_is_sent(
    make: Callable[[], object], allowed: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert allowed in caught.value.hint
    assert "hunter2" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("value", [1, 3600])
def test_limits_themselves_are_allowed(value: int) -> None:
    assert SetFtpAction(kind=ActionType.REC, interval_s=value).interval_s == value
    assert SetFtpAttr(port={1: 1, 3600: 65535}[value]).parameters()
    assert SetFtpActionAttr(count={1: 1, 3600: 10}[value]).parameters()


CHANGES: list[Command[Any]] = [
    SetFtpAttr(port=22),
    SetFtpAction(kind=ActionType.REC, enable=True),
    SetFtpActionAttr(count=1),
    SetSnapSchedFtpAttr(enable=True),
    SetSnapTimerFtpAttr(prefix=True),
]
READINGS: list[Command[Any]] = [
    GetFtpAttr(), GetPubKey(), TestFtp(), GetFtpAction(), GetFtpActionAttr(), GetSnapSchedFtpAttr(),
    GetSnapTimerFtpAttr(),
]  # fmt: skip


@pytest.mark.parametrize("command", CHANGES)
def test_change_tells_new_from_unchanged_and_needs_a_code(command: Command[Any]) -> None:
    assert command.changes
    assert command.error(reply(response="200")) is None
    assert command.decode(reply(response="200")).unchanged is False
    assert command.error(reply(response="219")) is None
    assert command.decode(reply(response="219")).unchanged is True
    assert isinstance(command.error(reply(cmd=command.cmd)), CameraReplyError)
    assert isinstance(command.error(reply(response="?")), CameraReplyError)


def test_every_command_of_the_page_is_there() -> None:
    assert {command.cmd for command in CHANGES + READINGS} == {
        "getftpattr", "setftpattr", "getpubkey", "testftp", "getftpaction", "setftpaction", "getftpactionattr",
        "setftpactionattr", "getsnapschedftpattr", "setsnapschedftpattr", "getsnaptimerftpattr", "setsnaptimerftpattr",
    }  # fmt: skip
    assert not any(command.changes for command in READINGS)


FIELD_NAMES = (
    "response", "result", "hostkey", "publickey", "enable", "enable['rec']", "interval", "ft_port", "ft_ssl",
    "ft_insecure", "snapcount", "times", "mode", "token",
)  # fmt: skip


@given(st.sampled_from([*CHANGES, *READINGS, GetToken()]), st.dictionaries(st.sampled_from(FIELD_NAMES), st.text()))
def test_any_fields_are_decoded_or_our_error(command: Command[Any], fields: dict[str, str]) -> None:
    some = Reply(fields=fields, camera="http://camera")
    assert command.error(some) is None or isinstance(command.error(some), ReceiverSetupError)
    with contextlib.suppress(ReceiverSetupError):
        command.decode(some)
