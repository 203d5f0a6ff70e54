"""Each command of the emulated camera, each limit, each code; the printed examples of the maker's page."""

import time
from dataclasses import dataclass, field

import pytest

from receiver_setup.emulator.camera.commands import HANDLERS, Context, Reply, execute, is_set, render_reply, respell
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.state import FACTORY_FIELDS, CameraState
from receiver_setup.emulator.camera.uploads import Result, UploadOutcome

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSlf"
ALL_FIELDS = {
    "ft_server": "192.168.178.1",
    "ft_port": "21",
    "ft_username": "ftpuser",
    "ft_password": "123456",
    "ft_mode": "1",
    "ft_dirname": "./",
    "ft_insecure": "1",
    "ft_dirmode": "1",
    "ft_ssl": "0",
}


@dataclass
class PromptQueue:
    """A camera without a web server, whose test upload has a fixed outcome."""

    profile: Profile = field(default_factory=Profile)
    outcome: UploadOutcome = field(default_factory=lambda: UploadOutcome(result=Result.SUCCESS, host_key=ED25519))
    tests: int = 0

    def __post_init__(self) -> None:
        self.state = CameraState(self.profile)

    def run_test(self) -> UploadOutcome:
        """Count the tests; each ends in the same way."""
        self.tests += 1
        return self.outcome

    def ask(self, command: str, **parameters: str) -> Reply:
        """Execute one command."""
        context = Context(state=self.state, profile=self.profile, parameters=parameters, run_test=self.run_test)
        return execute(command, context)

    def print(self, command: str, **parameters: str) -> str:
        """Execute one command and return its reply as text."""
        return render_reply(command, self.ask(command, **parameters))


def test_getftpattr_prints_the_pages_fields_in_the_pages_order() -> None:
    desk = PromptQueue()
    desk.ask("setftpattr", ft_server="192.168.2.110", ft_port="22", ft_username="ipcamera", ft_dirname="instar")
    desk.ask("setftpattr", ft_dirmode="0", ft_mode="1", ft_ssl="2", ft_insecure="0", ft_password="hidden")
    assert desk.print("getftpattr") == (
        'cmd="getftpattr";\nft_server="192.168.2.110";\nft_port="22";\nft_username="ipcamera";\n'
        'ft_dirname="instar";\nft_dirmode="0";\nft_mode="1";\nft_ssl="2";\nft_insecure="0";\nresponse="200";\n'
    )


def test_a_reply_may_end_its_lines_in_crlf() -> None:
    assert render_reply("x", Reply(code=204), crlf=True) == 'cmd="x";\r\nresponse="204";\r\n'


PRINTED = [
    (
        "getftpaction",
        {},
        (
            "enable['rec']=\"0\";\ninterval['rec']=\"0\";\nenable['snap']=\"0\";\ninterval['snap']=\"15\";\n"
            "enable['timersnap']=\"0\";\ninterval['timersnap']=\"820\";\n"
        ),
    ),
    ("getftpaction", {"type": "snap"}, 'enable="0";\ninterval="15";\n'),
    ("getftpactionattr", {}, 'snapcount="5";\n'),
    ("getsnapschedftpattr", {}, 'mode="0";\nprefix="0";\nname="snapshot";\nenable="0";\ntimes="0-1";\n'),
    ("getsnaptimerftpattr", {}, 'mode="1";\nprefix="1";\nname="test";\n'),
    ("testftp", {}, f'hostkey="{ED25519}";\nresult="0";\n'),
    ("setftpattr", ALL_FIELDS, ""),
    ("setftpaction", {"type": "rec", "enable": "1", "interval": "60"}, ""),
    ("setftpactionattr", {"snapcount": "10"}, ""),
    ("setsnapschedftpattr", {"mode": "1", "prefix": "1", "enable": "1"}, ""),
    ("setsnaptimerftpattr", {"name": "instar"}, ""),
]


@pytest.mark.parametrize(("command", "parameters", "body"), PRINTED)
def test_the_pages_examples_are_answered_as_printed(command: str, parameters: dict[str, str], body: str) -> None:
    assert PromptQueue().print(command, **parameters) == f'cmd="{command}";\n{body}response="200";\n'


ACCEPTED = [
    ("setftpattr", "ft_port", ["1", "65535"]),
    ("setftpattr", "ft_ssl", ["0", "1", "2"]),
    ("setftpattr", "ft_server", ["", "host.example", "::1"]),
    ("setftpattr", "ft_dirname", ["", "a b", "ä\"&=+%#'", "../x"]),
    ("setftpattr", "ft_username", ["ipcamera", "é"]),
    ("setftpattr", "ft_password", ["", "ä\"'&=+%#"]),
    *(("setftpattr", f"ft_{name}", ["0", "1"]) for name in ("mode", "dirmode", "insecure", "autocreatedir")),
    ("setftpactionattr", "snapcount", ["1", "10"]),
    ("setsnapschedftpattr", "times", ["0-1", "86340-127", "36000-67", "60-1,120-2"]),
    *(("setsnapschedftpattr", name, ["0", "1"]) for name in ("mode", "prefix", "enable")),
    ("setsnapschedftpattr", "name", ["x", "ä b"]),
    *(("setsnaptimerftpattr", name, ["0", "1"]) for name in ("mode", "prefix")),
    ("setsnaptimerftpattr", "name", ["x"]),
]
REFUSED = [
    ("setftpattr", "ft_port", ["", "0", "65536", "70000", "22 ", "+22", "x", "²"]),
    ("setftpattr", "ft_ssl", ["3", "", "sftp"]),
    ("setftpattr", "ft_server", ["a b", "a\nb"]),
    ("setftpattr", "ft_dirname", ["a\nb", "a\x00b"]),
    ("setftpattr", "ft_username", ["a\r"]),
    ("setftpattr", "ft_password", ["a\nb"]),
    *(("setftpattr", f"ft_{name}", ["2", "", "on"]) for name in ("mode", "dirmode", "insecure", "autocreatedir")),
    ("setftpactionattr", "snapcount", ["0", "11", "", "-1"]),
    ("setsnapschedftpattr", "times", ["", "86400-1", "30-1", "0-0", "0-128", "36000", "10:00-1", "0-1,"]),
    *(("setsnapschedftpattr", name, ["2", ""]) for name in ("mode", "prefix", "enable")),
    ("setsnapschedftpattr", "name", ["", "a\nb"]),
    *(("setsnaptimerftpattr", name, ["2"]) for name in ("mode", "prefix")),
    ("setsnaptimerftpattr", "name", [""]),
]


@pytest.mark.parametrize(("command", "name", "values"), ACCEPTED)
def test_values_within_the_limits_are_stored(command: str, name: str, values: list[str]) -> None:
    desk = PromptQueue(Profile(password_returned=True, autocreatedir_in_get=True))
    for value in values:
        assert desk.ask(command, **{name: value}).code == 200, value
        assert dict(desk.ask(command.replace("set", "get", 1)).values)[name] == value


@pytest.mark.parametrize(("command", "name", "values"), REFUSED)
def test_values_beyond_the_limits_are_202_and_change_nothing(command: str, name: str, values: list[str]) -> None:
    desk = PromptQueue()
    before = desk.print(command.replace("set", "get", 1))
    for value in values:
        assert desk.ask(command, **{name: value}).code == 202, value
    assert desk.print(command.replace("set", "get", 1)) == before


def test_one_bad_field_keeps_the_good_ones_out() -> None:
    desk = PromptQueue()
    assert desk.ask("setftpattr", ft_port="22", ft_ssl="9").code == 202
    assert desk.state.fields == FACTORY_FIELDS


@pytest.mark.parametrize("value", ["1", "3600"])
@pytest.mark.parametrize("kind", ["rec", "snap", "timersnap"])
def test_an_action_is_set_alone_or_in_arrays(kind: str, value: str) -> None:
    desk = PromptQueue()
    assert desk.ask("setftpaction", type=kind, interval=value).code == 200
    assert desk.ask("setftpaction", **{f"enable['{kind}']": "1"}).code == 200
    assert desk.state.actions[kind] == {"enable": "1", "interval": value}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"type": "rec", "interval": "0"}, 202),
        ({"type": "rec", "interval": "3601"}, 202),
        ({"type": "rec", "enable": "2"}, 202),
        ({"type": "video", "enable": "1"}, 202),
        ({"interval['rec']": "0"}, 202),
        ({"enable": "1"}, 208),
        ({"type": "rec"}, 208),
        ({}, 208),
        ({"type": "rec", "enable['rec']": "1"}, 201),
        ({"enable['video']": "1"}, 201),
    ],
)
def test_a_wrong_action_is_refused(parameters: dict[str, str], code: int) -> None:
    desk = PromptQueue()
    before = desk.print("getftpaction")
    assert desk.ask("setftpaction", **parameters).code == code
    assert desk.print("getftpaction") == before


@pytest.mark.parametrize("command", HANDLERS)
def test_every_command_refuses_an_unknown_parameter(command: str) -> None:
    desk = PromptQueue()
    assert desk.ask(command, nonsense="1").code == 201
    assert desk.tests == 0


@pytest.mark.parametrize("command", [name for name in HANDLERS if name.startswith("set")])
def test_every_set_command_misses_its_parameters(command: str) -> None:
    assert PromptQueue().ask(command).code == 208


@pytest.mark.parametrize("command", ["", "getnonsense", "GETFTPATTR"])
def test_what_is_no_command_is_204_or_208(command: str) -> None:
    assert PromptQueue().ask(command).code == (204 if command else 208)


@pytest.mark.parametrize("command", HANDLERS)
def test_a_command_may_be_denied_or_missing(command: str) -> None:
    assert PromptQueue(Profile(denied_commands=(command,))).ask(command).code == 211
    assert PromptQueue(Profile(missing_commands=(command,))).ask(command).code == 204


UNCHANGED = [
    ("setftpattr", {"ft_port": "21"}),
    ("setftpaction", {"type": "snap", "interval": "15"}),
    ("setftpactionattr", {"snapcount": "5"}),
    ("setsnapschedftpattr", {"times": "0-1"}),
    ("setsnaptimerftpattr", {"mode": "1"}),
]


@pytest.mark.parametrize(("command", "parameters"), UNCHANGED)
def test_setting_what_is_set_is_219_where_the_profile_says_so(command: str, parameters: dict[str, str]) -> None:
    assert PromptQueue(Profile(unchanged_is_219=True)).ask(command, **parameters).code == 219
    assert PromptQueue().ask(command, **parameters).code == 200


def test_a_change_is_200_even_where_no_change_is_219() -> None:
    assert PromptQueue(Profile(unchanged_is_219=True)).ask("setftpattr", ft_port="22").code == 200


def test_a_host_that_is_trusted_already_may_be_219() -> None:
    desk = PromptQueue(Profile(unchanged_is_219=True))
    assert [desk.ask("testftp", sethost=key).code for key in (ED25519, ED25519, OTHER)] == [200, 219, 200]


def test_the_password_is_returned_where_the_profile_says_so() -> None:
    desk = PromptQueue(Profile(password_returned=True))
    desk.ask("setftpattr", ft_password="shown")
    assert 'ft_password="shown";' in desk.print("getftpattr")
    assert "ft_password" not in PromptQueue().print("getftpattr")


def test_autocreatedir_is_returned_where_the_profile_says_so() -> None:
    assert 'ft_autocreatedir="0";' in PromptQueue(Profile(autocreatedir_in_get=True)).print("getftpattr")
    assert "ft_autocreatedir" not in PromptQueue().print("getftpattr")


def test_a_subset_of_fields_may_be_too_little() -> None:
    desk = PromptQueue(Profile(requires_all_fields=True))
    assert desk.ask("setftpattr", ft_port="22").code == 208
    without_password = {name: value for name, value in ALL_FIELDS.items() if name != "ft_password"}
    assert desk.ask("setftpattr", **without_password).code == 200


def test_long_values_are_refused_or_cut() -> None:
    refusing = PromptQueue(Profile(field_limit=5))
    assert refusing.ask("setftpattr", ft_dirname="12345").code == 200
    assert refusing.ask("setftpattr", ft_dirname="123456").code == 202
    cutting = PromptQueue(Profile(field_limit=5, field_too_long="cut"))
    assert cutting.ask("setftpattr", ft_dirname="1234äb").code == 200
    assert cutting.state.fields["ft_dirname"] == "1234"


@pytest.mark.parametrize("answer", ["202", "208"])
def test_an_empty_field_may_be_refused_and_nothing_is_changed(answer: str) -> None:
    assert PromptQueue().ask("setftpattr", ft_server="", ft_username="").code == 200
    desk = PromptQueue(Profile(never_empty=("ft_server",), empty_answer=answer))  # type: ignore[arg-type]  # checked by Profile
    desk.ask("setftpattr", ft_server="nas", ft_port="22", ft_username="u")
    assert desk.ask("setftpattr", ft_server="", ft_port="21").code == int(answer)
    assert (desk.state.fields["ft_server"], desk.state.fields["ft_port"]) == ("nas", "22")
    assert desk.ask("setftpattr", ft_username="").code == 200
    assert desk.state.fields["ft_username"] == ""


def test_fields_may_be_taken_with_200_and_ignored() -> None:
    desk = PromptQueue(Profile(never_empty=("ft_server",), empty_answer="ignore", ignored_fields=("ft_ssl",)))
    assert desk.ask("setftpattr", ft_server="nas", ft_ssl="2", ft_port="22").code == 200
    assert desk.ask("setftpattr", ft_server="", ft_port="21").code == 200
    fields = desk.state.fields
    assert (fields["ft_server"], fields["ft_ssl"], fields["ft_port"]) == ("nas", "0", "21")
    assert desk.ask("setftpattr", ft_ssl="9").code == 202


def test_getpubkey_prints_one_and_the_same_rsa_key() -> None:
    desk = PromptQueue()
    first = desk.print("getpubkey")
    assert first.startswith('cmd="getpubkey";\npublickey="ssh-rsa AAAAB3Nza')
    assert desk.print("getpubkey") == first


def test_getpubkey_may_make_a_new_key_each_time() -> None:
    desk = PromptQueue(Profile(getpubkey_new_key=True, rsa_bits="1024"))
    assert len({desk.print("getpubkey") for _ in range(3)}) == 3


def test_the_printed_key_may_be_hostile() -> None:
    desk = PromptQueue(Profile(publickey_template='command="touch canary" {key} x\nssh-rsa AAAA'))
    assert 'publickey="command="touch canary" ssh-rsa AAAA' in desk.print("getpubkey")


@pytest.mark.parametrize("answer", ["203", "204", "301"])
def test_without_a_key_getpubkey_is_refused(answer: str) -> None:
    profile = Profile(key="none", no_key_answer=answer)  # type: ignore[arg-type]  # checked by Profile
    assert PromptQueue(profile).ask("getpubkey") == Reply(code=int(answer))


def test_without_a_key_getpubkey_may_be_http_404() -> None:
    assert PromptQueue(Profile(key="none", no_key_answer="404")).ask("getpubkey").http_status == 404


def test_sethost_replaces_or_appends() -> None:
    for mode, trusted in (("replace", [OTHER]), ("append", [ED25519, OTHER])):
        desk = PromptQueue(Profile(sethost_mode=mode))  # type: ignore[arg-type]  # checked by Profile
        for key in (ED25519, OTHER, OTHER):
            assert desk.ask("testftp", sethost=key).code == 200
        assert desk.state.trusted_host_keys == trusted


def test_sethost_answers_in_one_of_three_ways() -> None:
    expected = {
        "response": ("", 0),
        "result": ('result="0";\n', 0),
        "test": (f'hostkey="{ED25519}";\nresult="0";\n', 1),
    }
    for answers, (body, tests) in expected.items():
        desk = PromptQueue(Profile(sethost_answers=answers))  # type: ignore[arg-type]  # checked by Profile
        assert desk.print("testftp", sethost=ED25519) == f'cmd="testftp";\n{body}response="200";\n'
        assert desk.tests == tests


@pytest.mark.parametrize("text", ["", "no key", ED25519.replace("+", " "), ED25519[:-4], "c3NoLXJzYQ=="])
def test_what_is_no_host_key_is_202_or_trusted_in_vain(text: str) -> None:
    """A plus that was not encoded arrives as a blank."""
    desk = PromptQueue()
    assert desk.ask("testftp", sethost=text).code == 202
    assert desk.state.trusted_host_keys == []
    lax = PromptQueue(Profile(sethost_checks=False))
    assert lax.ask("testftp", sethost=text).code == 200
    assert lax.state.trusted_host_keys == [text]


def test_a_bare_reply_to_testftp_has_its_result_alone() -> None:
    desk = PromptQueue(Profile(test_response_field=False, hostkey_on_success=False))
    assert desk.print("testftp") == 'result="0";\n'


@pytest.mark.parametrize("on_failure", [True, False])
def test_the_host_key_is_shown_on_failure_where_the_profile_says_so(*, on_failure: bool) -> None:
    failed = UploadOutcome(result=Result.NOT_VERIFIED, host_key=ED25519)
    desk = PromptQueue(Profile(hostkey_on_failure=on_failure), outcome=failed)
    assert ("hostkey" in desk.print("testftp")) == on_failure
    assert 'result="-5";' in desk.print("testftp")


def test_no_host_key_is_shown_when_none_was_seen() -> None:
    desk = PromptQueue(outcome=UploadOutcome(result=Result.CANNOT_CONNECT))
    assert desk.print("testftp") == 'cmd="testftp";\nresult="-1";\nresponse="200";\n'


def test_gettoken_prints_token_and_validity() -> None:
    values = dict(PromptQueue().ask("gettoken").values)
    assert set(values) == {"token", "validity"}
    assert len(values["token"]) == 32


@pytest.mark.parametrize(
    ("command", "parameters", "changes"),
    [
        ("getftpattr", {}, False),
        ("setftpattr", {}, True),
        ("testftp", {}, False),
        ("testftp", {"sethost": ""}, True),
        ("getpubkey", {}, False),
    ],
)
def test_what_counts_as_a_set_command(command: str, parameters: dict[str, str], *, changes: bool) -> None:
    assert is_set(command, parameters) == changes


# ---- what it takes and does not have, has late, or spells otherwise


def test_ignored_fields_are_taken_with_200_and_stay_in_every_command() -> None:
    desk = PromptQueue(Profile(ignored_fields=("ft_port", "interval", "name", "snapcount", "sethost")))
    before = PromptQueue().state
    assert [
        desk.ask("setftpattr", ft_port="22").code,
        desk.ask("setftpaction", type="rec", interval="60").code,
        desk.ask("setsnapschedftpattr", name="x").code,
        desk.ask("setftpactionattr", snapcount="9").code,
        desk.ask("testftp", sethost=ED25519).code,
    ] == [200] * 5
    state = desk.state
    assert (state.fields, state.actions, state.attributes) == (before.fields, before.actions, before.attributes)
    assert state.trusted_host_keys == []


def test_a_late_camera_catches_up_in_the_order_in_which_it_was_set() -> None:
    desk = PromptQueue(Profile(late_s=0.05))
    for port in ("22", "2222"):
        assert desk.ask("setftpattr", ft_port=port).code == 200
    desk.ask("testftp", sethost=ED25519)
    assert (desk.state.fields["ft_port"], desk.state.trusted_host_keys) == ("21", [])
    deadline = time.monotonic() + 10
    while desk.state.pending and time.monotonic() < deadline:
        desk.state.catch_up()
    assert (desk.state.fields["ft_port"], desk.state.trusted_host_keys) == ("2222", [ED25519])


@pytest.mark.parametrize(
    ("profile", "value", "spelled"),
    [
        (Profile(echo=("capitals",)), "Recordings/1", "RECORDINGS/1"),
        (Profile(echo=("zeros",)), "22", "0022"),
        (Profile(echo=("zeros",)), "36000-67", "0036000-0067"),
        (Profile(echo=("zeros",)), "192.168.2.110", "192.168.2.110"),
        (Profile(echo=("blanks",)), "x", "x  "),
        (Profile(echo=("entities",)), "a&b'c", "a&amp;b&#x27;c"),
        (Profile(echo=("zeros", "blanks")), "5", "005  "),
    ],
)
def test_a_value_is_spelled_as_the_profile_says(profile: Profile, value: str, spelled: str) -> None:
    reply = Reply(values=(("field", value),))
    assert respell("getftpattr", reply, profile.echo).values == (("field", spelled),)
    assert respell("setftpattr", reply, profile.echo) == respell("getpubkey", reply, profile.echo) == reply
