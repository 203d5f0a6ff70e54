"""Who gets in to the emulated camera, by which way, and who is locked out."""

import base64
import time

import pytest

from receiver_setup.emulator.camera.commands import Code
from receiver_setup.emulator.camera.engine import Answer, Engine
from receiver_setup.emulator.camera.login import Account, Login
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.secrets import Secret

PASSWORD = "pa:ss?wörd"
GOOD = {"user": "admin", "pwd": PASSWORD}
WRONG = {"user": "admin", "pwd": "other"}


def engine(profile: Profile | None = None) -> Engine:
    """Make a camera without a web server."""
    profile = profile or Profile()
    return Engine(profile, CameraState(profile), Account(user="admin", password=Secret(PASSWORD)))


def basic(password: str, coding: str = "utf-8", user: str = "admin") -> str:
    """Return an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode(coding)).decode()


def ask(
    camera: Engine, authorization: str = "", address: str = "10.0.0.1", command: str = "getftpattr", **query: str
) -> Answer:
    """Send one command."""
    return camera.answer({"cmd": command, **query}, authorization=authorization, address=address)


BASIC, QUERY, BOTH = ("basic",), ("query",), ("basic", "query", "token")
MATRIX = [
    # accepted, header, query, what becomes of it, wrong passwords sent
    (BOTH, basic(PASSWORD), {}, Login.GOOD, 0),
    (BOTH, basic(PASSWORD, "latin-1"), {}, Login.GOOD, 0),
    (BOTH, "", GOOD, Login.GOOD, 0),
    (BOTH, basic("other"), GOOD, Login.GOOD, 0),
    (BOTH, "", {}, Login.MISSING, 0),
    (BOTH, basic("other"), {}, Login.WRONG, 1),
    (BOTH, basic(PASSWORD, user="root"), {}, Login.WRONG, 1),
    (BOTH, "Basic not base64!", {}, Login.WRONG, 1),
    (BOTH, "", WRONG, Login.WRONG, 1),
    (BOTH, "", {"user": "admin"}, Login.WRONG, 1),
    (BOTH, "Digest x", {}, Login.MISSING, 0),
    (BOTH, "Bearer 00", {}, Login.WRONG, 0),
    (BASIC, "", GOOD, Login.NOT_THIS_WAY, 0),
    (BASIC, basic(PASSWORD), {}, Login.GOOD, 0),
    (QUERY, basic(PASSWORD), {}, Login.NOT_THIS_WAY, 0),
    (QUERY, "", GOOD, Login.GOOD, 0),
    (("token",), basic(PASSWORD), GOOD, Login.NOT_THIS_WAY, 0),
]


@pytest.mark.parametrize(("accepted", "header", "query", "login", "wrong"), MATRIX)
def test_the_login_matrix(
    accepted: tuple[str, ...], header: str, query: dict[str, str], login: Login, wrong: int
) -> None:
    camera = engine(Profile(login_methods=accepted))
    answer = ask(camera, header, **query)
    assert (answer.login, camera.wrong_password_attempts) == (login, wrong)
    assert camera.failed_logins == (login is not Login.GOOD)
    assert answer.reply.code == (Code.SUCCESS if login is Login.GOOD else Code.NO_PERMISSION)


def token(camera: Engine) -> str:
    """Ask for a token by the query."""
    return dict(ask(camera, command="gettoken", **GOOD).reply.values)["token"]


def test_a_token_signs_in_even_where_nothing_else_does() -> None:
    camera = engine(Profile(login_methods=("token",)))
    assert ask(camera, f"Bearer {token(camera)}").login is Login.GOOD
    assert ask(camera, basic(PASSWORD)).login is Login.NOT_THIS_WAY


def test_a_token_ends_with_time_and_with_a_reboot() -> None:
    camera = engine(Profile(token_s=0.05))
    short = token(camera)
    time.sleep(0.06)
    assert ask(camera, f"Bearer {short}").login is Login.WRONG
    lasting = engine()
    long = token(lasting)
    assert ask(lasting, f"Bearer {long}").login is Login.GOOD
    lasting.state.forget_tokens()
    assert ask(lasting, f"Bearer {long}").login is Login.WRONG


def test_a_token_is_of_no_use_where_tokens_are_switched_off() -> None:
    camera = engine(Profile(login_methods=("basic",)))
    assert ask(camera, f"Bearer {token(camera)}").login is Login.NOT_THIS_WAY


def test_wrong_passwords_block_the_address_for_a_while() -> None:
    camera = engine(Profile(lockout_tries=2, lockout_s=0.1))
    assert [ask(camera, **WRONG).login for _ in range(3)] == [Login.WRONG, Login.WRONG, Login.BLOCKED]
    blocked = ask(camera, **GOOD)
    assert (blocked.login, blocked.reply.code) == (Login.BLOCKED, 218)
    assert ask(camera, address="10.0.0.2", **GOOD).login is Login.GOOD
    time.sleep(0.11)
    assert ask(camera, **GOOD).login is Login.GOOD
    assert camera.wrong_password_attempts == 2, "what a blocked address sends is not looked at"


def test_a_good_login_forgives_the_wrong_ones_before() -> None:
    camera = engine(Profile(lockout_tries=2))
    logins = [ask(camera, **query).login for query in (WRONG, GOOD, WRONG, GOOD)]
    assert logins == [Login.WRONG, Login.GOOD, Login.WRONG, Login.GOOD]


@pytest.mark.parametrize(("counts", "login"), [("refused", Login.BLOCKED), ("wrong-password", Login.MISSING)])
def test_requests_without_credentials_may_count_too(counts: str, login: Login) -> None:
    camera = engine(Profile(lockout_tries=1, lockout_counts=counts))  # type: ignore[arg-type]  # checked by Profile
    ask(camera)
    assert ask(camera).login is login


def test_nobody_is_blocked_by_default() -> None:
    camera = engine()
    assert {ask(camera, **WRONG).login for _ in range(50)} == {Login.WRONG}


def test_a_refused_command_is_recorded_but_not_executed() -> None:
    camera = engine()
    called: list[str] = []
    camera.on_command = called.append
    ask(camera, command="setftpattr", ft_port="22", **WRONG)
    assert camera.requests == [("setftpattr", ("ft_port",), True)]
    assert camera.state.fields["ft_port"] == "21"
    assert called == []


def test_the_hook_is_called_before_the_command_is_executed() -> None:
    camera = engine()
    seen: list[tuple[str, str]] = []
    camera.on_command = lambda command: seen.append((command, camera.state.fields["ft_port"]))
    ask(camera, command="setftpattr", ft_port="22", **GOOD)
    assert seen == [("setftpattr", "21")]
    assert camera.state.fields["ft_port"] == "22"


def test_neither_credentials_nor_values_are_recorded() -> None:
    camera = engine()
    ask(camera, command="setftpattr", ft_password="secret", **GOOD)
    assert camera.requests == [("setftpattr", ("ft_password",), True)]


def test_the_first_commands_may_be_busy() -> None:
    camera = engine(Profile(busy_times=2))
    assert [ask(camera, **GOOD).reply.code for _ in range(3)] == [213, 213, 200]


def test_the_first_tests_may_be_busy() -> None:
    camera = engine(Profile(test_busy_times=2, test_claims="0"))
    results = [dict(ask(camera, command="testftp", **GOOD).reply.values)["result"] for _ in range(3)]
    assert results == ["-6", "-6", "0"]


@pytest.mark.parametrize("claim", ["0", "-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8", "-9"])
def test_a_test_may_claim_any_result(claim: str) -> None:
    camera = engine(Profile(test_claims=claim))  # type: ignore[arg-type]  # checked by Profile
    assert ask(camera, command="testftp", **GOOD).reply.values == (("result", claim),)
    assert camera.uploads[0].path is None


def test_good_logins_are_refused_for_a_moment() -> None:
    camera = engine(Profile(stray_401_at=2, stray_401_times=2))
    assert [ask(camera, **GOOD).login for _ in range(4)] == [Login.GOOD, Login.OVERRUN, Login.OVERRUN, Login.GOOD]
    assert (camera.failed_logins, camera.wrong_password_attempts) == (0, 0)


def test_commands_are_busy_from_where_the_profile_says() -> None:
    camera = engine(Profile(busy_from=2, busy_times=2))
    assert [ask(camera, **GOOD).reply.code for _ in range(4)] == [200, Code.BUSY, Code.BUSY, 200]
