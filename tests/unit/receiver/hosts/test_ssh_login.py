"""A login over a real transport: which methods are used in which order, what is asked, and what is told.

The far side is paramiko's server, since it can ask anything; OpenSSH's is in tests/end_to_end/test_ssh_like_ssh.py.
"""
# ruff: noqa: D102, ARG002 - a server's methods are paramiko's: names, signatures and what they are for

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest
from paramiko.common import AUTH_FAILED, AUTH_PARTIALLY_SUCCESSFUL, AUTH_SUCCESSFUL
from paramiko.server import InteractiveQuery
from support.agent import ssh_agent

from receiver_setup.errors import ReceiverLoginError, ReceiverUnreachableError
from receiver_setup.receiver.hosts.ssh_login import Credentials, HungUpError, SshLogin
from receiver_setup.receiver.hosts.tunnel import Transport
from receiver_setup.secrets import Secret

PASSWORD, CODE = "pass word", "123456"
HOST_KEY = paramiko.ECDSAKey.generate()


@dataclass
class Server(paramiko.ServerInterface):
    """Wants each of `stages` in turn, each a set of methods; asks `questions` by keyboard-interactive."""

    stages: list[set[str]]
    keys: list[bytes] = field(default_factory=list)
    questions: list[list[tuple[str, bool]]] = field(default_factory=lambda: [[("Password: ", False)]])
    answers: list[list[str]] = field(default_factory=lambda: [[PASSWORD]])
    instructions: str = ""
    seen: list[str] = field(default_factory=list)
    answer: Callable[[], object] = lambda: None
    """Called before an answer is judged."""
    farewell: str = ""
    """Said instead of judging a key."""

    def get_allowed_auths(self, username: str) -> str:
        return ",".join(sorted(self.stages[0])) if self.stages else ""

    def _result(self, good: bool) -> int:
        if not good:
            return AUTH_FAILED
        self.stages.pop(0)
        return AUTH_PARTIALLY_SUCCESSFUL if self.stages else AUTH_SUCCESSFUL

    def check_auth_none(self, username: str) -> int:
        self.seen.append("none")
        return self._result("none" in self.stages[0])

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        self.seen.append("publickey")
        self._hang_up()
        return self._result("publickey" in self.stages[0] and key.asbytes() in self.keys)

    def _hang_up(self) -> None:
        if self.farewell:
            message = paramiko.Message()
            message.add_byte(bytes([1]))  # SSH_MSG_DISCONNECT
            message.add_int(2)
            message.add_string(self.farewell)
            message.add_string("")
            threading.current_thread()._send_message(message)  # type: ignore[attr-defined]  # noqa: SLF001 - no other way

    def check_auth_password(self, username: str, password: str) -> int:
        self.seen.append(f"password {password}")
        self._hang_up()
        return self._result("password" in self.stages[0] and password == PASSWORD)

    def check_auth_interactive(self, username: str, submethods: str) -> Any:
        self.seen.append("interactive")
        if "keyboard-interactive" not in self.stages[0]:
            return AUTH_FAILED
        return self._ask()

    def _ask(self) -> InteractiveQuery:
        return InteractiveQuery("", self.instructions, *self.questions.pop(0))

    def check_auth_interactive_response(self, responses: list[str]) -> Any:
        self.answer()
        self.seen.append(f"answered {responses}")
        good = list(responses) == self.answers.pop(0)
        return self._ask() if good and self.questions else self._result(good)


@dataclass
class Person:
    """Answers from a list, and remembers what was asked."""

    answers: list[str] = field(default_factory=list)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    delay_s: float = 0.0

    def __call__(self, question: str, echo: bool) -> Secret | None:
        self.asked.append((question, echo))
        time.sleep(self.delay_s)
        assert threading.current_thread() is threading.main_thread(), "whoever waits is asked"
        return Secret(self.answers.pop(0)) if self.answers else None


@contextmanager
def connected(server: Server) -> Iterator[Transport]:
    """Give a transport with its keys agreed on, to that server."""
    near, far = socket.socketpair()
    listening = paramiko.Transport(far)
    listening.add_server_key(HOST_KEY)
    listening.start_server(event=threading.Event(), server=server)
    transport = Transport(near)
    try:
        transport.start_client(timeout=10)
        transport.auth_timeout = 10
        yield transport
    finally:
        transport.close()
        listening.close()
        near.close()
        far.close()


def sign_in(transport: Transport, *, person: Person | None = None, **given: Any) -> None:
    """Sign in with what is given, and nothing else."""
    values: dict[str, Any] = {
        "identities": (), "asked_for": False, "agent": None, "agent_only_for_identities": False,
        "password": lambda: None, "answer": person or Person(),
    }  # fmt: skip
    SshLogin(transport, Credentials(**values | given), user="pi", name="pi@attic").sign_in()


def secret() -> Secret:
    return Secret(PASSWORD)


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """Write a private key."""
    path = tmp_path / "id"
    made = paramiko.ECDSAKey.generate()
    made.write_private_key_file(str(path))
    Path(f"{path}.pub").write_text(f"{made.get_name()} {made.get_base64()} me\n")
    return path


def blob(key: Path) -> bytes:
    return paramiko.ECDSAKey.from_private_key_file(str(key)).asbytes()


INTERACTIVE, BOTH = {"keyboard-interactive"}, {"publickey", "password"}


def test_a_key_is_enough_and_nothing_is_asked_first(key: Path) -> None:
    server = Server([{"publickey"}], keys=[blob(key)])
    with connected(server) as transport:
        sign_in(transport, identities=[key])
    assert set(server.seen) == {"publickey"}


def test_a_second_factor_goes_on_over_the_same_connection(key: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server([{"publickey"}, INTERACTIVE], keys=[blob(key)])
    with connected(server) as transport:
        sign_in(transport, identities=[key], password=secret)
        assert transport.is_authenticated()
    assert server.seen[-2:] == ["interactive", f"answered {[PASSWORD]}"]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "stages",
    [
        [{"publickey"}, {"password"}],
        [{"password"}, {"publickey"}],
        [{"password"}, {"publickey", "keyboard-interactive"}],
        [BOTH, BOTH],
    ],
    ids=["key, password", "password, key", "password, key or answer", "any two"],
)
def test_any_mix_of_key_and_password_does_it(key: Path, stages: list[set[str]]) -> None:
    server = Server(stages, keys=[blob(key)])
    with connected(server) as transport:
        sign_in(transport, identities=[key], password=secret)
        assert transport.is_authenticated()
    assert sum(each.startswith("password") for each in server.seen) <= 1


def test_a_server_that_wants_nothing_gets_nothing() -> None:
    server = Server([{"none"}])
    with connected(server) as transport:
        sign_in(transport, password=lambda: pytest.fail("asked"))
        assert transport.is_authenticated()


def test_the_password_answers_one_question_and_a_person_the_others() -> None:
    server = Server(
        [INTERACTIVE],
        questions=[[("Password: ", False)], [("Verification code: ", False)], [("Name of your cat: ", True)]],
        answers=[[PASSWORD], [CODE], ["Mia"]],
        instructions="Two more\x1b[2J\nquestions",
    )
    person = Person([CODE, "Mia"])
    with connected(server) as transport:
        sign_in(transport, password=secret, person=person)
    assert person.asked == [
        ("pi@attic: Two more [2J questions Verification code", False),
        ("pi@attic: Two more [2J questions Name of your cat", True),
    ]


@pytest.mark.parametrize(
    ("prompt", "echo"),
    [
        ("Verification code: ", False),
        ("One-time password (OATH) for `pi': ", False),
        ("Password: ", True),
        ("New password: ", False),
        ("Token\x1b]0;x\x07: ", False),
    ],
)
def test_a_question_that_nobody_answers_is_named(prompt: str, echo: bool, capsys: pytest.CaptureFixture[str]) -> None:
    server = Server([INTERACTIVE], questions=[[(prompt, echo)]])
    with connected(server) as transport, pytest.raises(ReceiverLoginError) as caught:
        sign_in(transport, password=secret)
    assert f"“{prompt.partition(chr(27))[0].rstrip(' :')}" in caught.value.message
    assert "\x1b" not in caught.value.message
    assert "terminal" in caught.value.hint
    assert PASSWORD not in str(server.seen)
    assert capsys.readouterr() == ("", "")


def test_a_second_question_for_a_password_is_no_longer_answered_by_it() -> None:
    server = Server(
        [INTERACTIVE], questions=[[("Password: ", False)], [("LDAP Password: ", False)]], answers=[[PASSWORD]]
    )
    with connected(server) as transport, pytest.raises(ReceiverLoginError, match="LDAP Password"):
        sign_in(transport, password=secret)
    assert server.seen[-1] == f"answered {[PASSWORD]}"


def test_questions_without_prompts_are_answered_with_nothing() -> None:
    """As PAM ends each of its conversations."""
    server = Server([INTERACTIVE], questions=[[("Password: ", False)], []], answers=[[PASSWORD], []])
    with connected(server) as transport:
        sign_in(transport, password=secret)


def test_a_person_may_take_longer_than_a_server() -> None:
    person = Person([CODE], delay_s=0.6)
    with connected(Server([INTERACTIVE], questions=[[("Code: ", True)]], answers=[[CODE]])) as transport:
        transport.auth_timeout = 0.3
        sign_in(transport, person=person)
        assert transport.auth_timeout == 0.3


def test_a_server_that_stalls_after_an_answer_is_given_up() -> None:
    ended = threading.Event()
    server = Server([INTERACTIVE], answer=lambda: ended.wait(10))
    with connected(server) as transport:
        transport.auth_timeout = 0.3
        try:
            with pytest.raises(ReceiverUnreachableError, match="did not go on"):
                sign_in(transport, password=secret)
        finally:
            ended.set()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("login to")]


def test_ctrl_c_at_a_question_ends_the_connection() -> None:
    def interrupt(*_: object) -> Secret | None:
        raise KeyboardInterrupt

    with connected(Server([INTERACTIVE])) as transport:
        with pytest.raises(KeyboardInterrupt):
            sign_in(transport, answer=interrupt)
        assert not transport.is_active()


def test_a_refused_password_is_not_sent_again() -> None:
    server = Server([{"password", "keyboard-interactive"}])
    with connected(server) as transport, pytest.raises(ReceiverLoginError, match="the password was refused"):
        sign_in(transport, password=lambda: Secret("wrong"))
    assert [each for each in server.seen if each != "none"] == ["password wrong"]


def test_no_password_is_asked_for_where_none_is_taken(key: Path) -> None:
    server = Server([{"publickey"}])
    with connected(server) as transport, pytest.raises(ReceiverLoginError) as caught:
        sign_in(transport, identities=[key], password=lambda: pytest.fail("asked"))
    assert caught.value.message == "pi@attic refused the login: a key was refused, and it takes publickey"


def test_without_any_means_what_the_server_takes_is_told() -> None:
    with connected(Server([BOTH])) as transport, pytest.raises(ReceiverLoginError) as caught:
        sign_in(transport)
    assert "there was no key to offer, and it takes password or publickey" in caught.value.message
    assert "--identity" in caught.value.hint


# ---- keys


def locked(folder: Path) -> Path:
    path = folder / "locked"
    paramiko.ECDSAKey.generate().write_private_key_file(str(path), password="passphrase")
    return path


def test_a_locked_key_that_was_asked_for_is_named(tmp_path: Path) -> None:
    path = locked(tmp_path)
    with connected(Server([BOTH])) as transport, pytest.raises(ReceiverLoginError) as caught:
        sign_in(transport, identities=[path], asked_for=True, password=secret)
    assert f"{path} is protected by a passphrase" in caught.value.message
    assert f"ssh-add {path}" in caught.value.hint


def test_a_locked_key_that_merely_lies_there_gives_way_to_a_password(tmp_path: Path, key: Path) -> None:
    for identities in ([locked(tmp_path)], [locked(tmp_path), key]):
        with connected(Server([BOTH], keys=[blob(key)])) as transport:
            sign_in(transport, identities=identities, password=secret)


@pytest.mark.parametrize("content", [b"\xff\xd8\xff\xe0" * 10, b"", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_file_that_is_no_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "photo.jpeg").write_bytes(content)
    with connected(Server([BOTH])) as transport, pytest.raises(ReceiverLoginError, match=r"photo\.jpeg is no private"):
        sign_in(transport, identities=[tmp_path / "photo.jpeg"], asked_for=True, password=secret)


@pytest.mark.parametrize("only", [True, False])
def test_an_agent_s_keys_are_used_as_ssh_uses_them(tmp_path: Path, key: Path, only: bool) -> None:
    """IdentitiesOnly allows those of the agent's that an IdentityFile names: here by the public half beside it."""
    other = tmp_path / "other"
    paramiko.ECDSAKey.generate().write_private_key_file(str(other))
    with ssh_agent(tmp_path, key) as agent:
        wanted = blob(key)
        key.write_bytes(locked(tmp_path).read_bytes())
        for identities, signs_in in (([key], True), ([other], not only)):
            with connected(Server([{"publickey"}], keys=[wanted])) as transport:
                given: dict[str, Any] = {"identities": identities, "agent": agent, "agent_only_for_identities": only}
                if signs_in:
                    sign_in(transport, **given)
                else:
                    with pytest.raises(ReceiverLoginError, match="a key was refused"):
                        sign_in(transport, **given)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_the_environment_s_agent_and_one_that_is_gone(
    tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with ssh_agent(tmp_path, key) as agent, connected(Server([{"publickey"}], keys=[blob(key)])) as transport:
        monkeypatch.setenv("SSH_AUTH_SOCK", agent)
        sign_in(transport, agent="SSH_AUTH_SOCK")
    before = open_files()
    for gone in ("SSH_AUTH_SOCK", str(tmp_path / "agent"), "/not/there"):
        with connected(Server([BOTH])) as transport:
            sign_in(transport, agent=gone, password=secret)
    assert open_files() <= before


def test_a_server_that_hangs_up_is_told_with_its_farewell(key: Path) -> None:
    server = Server([{"publickey"}], farewell="Too many authentication failures")
    with (
        connected(server) as transport,
        pytest.raises(HungUpError, match="during the login: Too many authentication failures"),
    ):
        sign_in(transport, identities=[key])


def test_a_password_is_no_reason_to_begin_again_where_the_server_hung_up_after_it() -> None:
    server = Server([{"password"}], farewell="Too many authentication failures")
    with connected(server) as transport, pytest.raises(ReceiverLoginError) as caught:
        sign_in(transport, password=secret)
    assert not isinstance(caught.value, HungUpError)
    assert "Too many authentication failures" in caught.value.message
