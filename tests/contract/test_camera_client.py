"""The camera's client against real HTTP servers on loopback that do, in fact, what cameras and networks do."""

import base64
import gzip
import hashlib
import logging
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import requests
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.hostile_camera import attacking

from receiver_setup.camera import Camera, Login, Patience, Tls
from receiver_setup.camera.client import forget_refused_logins
from receiver_setup.camera.messages import GetFtpAttr, GetPubKey, SetFtpAttr, TestFtp
from receiver_setup.camera.wire.codes import CameraWithoutKeyLoginError, UploadResult
from receiver_setup.camera.wire.failures import error_for_exception
from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.errors import (
    CameraCertificateError,
    CameraLoginError,
    CameraReplyError,
    CameraResponseError,
    CameraTimeoutError,
    CameraTlsError,
    CameraTooOldError,
    CameraUnreachableError,
    ConfigurationError,
    ReceiverSetupError,
)
from receiver_setup.formats.keys import PublicKey
from receiver_setup.secrets import Secret, spellings

PASSWORD = "p@ss word?&+=%#'\"ü"
OK = b'cmd="getftpattr";\r\nft_server="192.168.2.110";\r\nresponse="200";\r\n'


def zipped(body: bytes) -> bytes:
    """Compress without the time, which would give each worker another test."""
    return gzip.compress(body, mtime=0)


GZIP_OF_OK = {"Content-Encoding": "gzip", "Content-Length": str(len(zipped(OK)))}
DONE = b'cmd="setftpattr";\nresponse="200";'
HASTY = Patience(tries=4, first_wait_s=0.01, factor=1.0, reboot_s=3.0, reboot_step_s=0.02)
HOST_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"


@dataclass
class Seen:
    """One request as the server saw it."""

    query: dict[str, str]
    authorization: str | None


@dataclass
class Reaction:
    """What a server does with a request: an answer, or `act` with the bare connection."""

    body: bytes = OK
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class FakeCamera:
    """A server whose reactions are a list (the last one repeats) or a function of the request."""

    react: list[Reaction] | Callable[[Seen], Reaction]
    port: int = 0
    scheme: str = "http"
    seen: list[Seen] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What a person would give as --camera."""
        return f"{self.scheme}://admin@127.0.0.1:{self.port}"

    def next(self, seen: Seen) -> Reaction:
        """Note the request and choose the reaction."""
        self.seen.append(seen)
        if callable(self.react):
            return self.react(seen)
        return self.react[min(len(self.seen), len(self.react)) - 1]


@contextmanager
def serving(camera: FakeCamera, *, context: ssl.SSLContext | None = None) -> Iterator[FakeCamera]:
    """Run a server for `camera` on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            camera.paths.append(parts.path)
            query = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
            reaction = camera.next(Seen(query=query, authorization=self.headers["Authorization"]))
            if reaction.act is not None:
                self.close_connection = True
                reaction.act(self)
                return
            self.send_response(reaction.status)
            for name, value in reaction.headers.items():
                self.send_header(name, value)
            if "Content-Length" not in reaction.headers:
                self.send_header("Content-Length", str(len(reaction.body)))
            else:
                self.close_connection = True
            self.end_headers()
            self.wfile.write(reaction.body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

        def get_request(self) -> tuple[socket.socket, object]:
            connection, address = super().get_request()
            if context is None:
                return connection, address
            try:
                return context.wrap_socket(connection, server_side=True), address
            except OSError:
                connection.close()
                raise

    server = Server(("127.0.0.1", camera.port), Handler)
    camera.port = server.server_address[1]
    camera.scheme = "http" if context is None else "https"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield camera
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def no_refusals_of_other_tests() -> None:
    """Let a port that the system gives out again be another camera."""
    forget_refused_logins()


@pytest.fixture
def waits() -> list[float]:
    """Where a client notes how long it would have slept."""
    return []


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Reset the connection instead of answering."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection properly, without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def stall(handler: BaseHTTPRequestHandler) -> None:
    """Say nothing until the client gives up; where it never does, the connection ends instead."""
    handler.connection.settimeout(30)
    handler.connection.recv(1)


def stall_in_the_body(handler: BaseHTTPRequestHandler) -> None:
    """Send half the body, then nothing."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncmd=")
    handler.wfile.flush()
    handler.connection.settimeout(30)
    handler.connection.recv(1)


def drip(handler: BaseHTTPRequestHandler) -> None:
    """Send a little now and then, each time just in time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n")
    for _ in range(40):
        handler.wfile.write(b"x" * 40)
        handler.wfile.flush()
        time.sleep(0.1)


def check_basic(seen: Seen) -> Reaction:
    """Accept Basic with the right password."""
    expected = "Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode()
    if seen.authorization == expected:
        return Reaction()
    return Reaction(status=401, headers={"WWW-Authenticate": 'Basic realm="camera"'}, body=b"<html>401</html>")


def check_query(seen: Seen) -> Reaction:
    """Look at the query only; without a login something is missing."""
    if "pwd" not in seen.query:
        return Reaction(body=b'response="208";')
    right = (seen.query["user"], seen.query["pwd"]) == ("admin", PASSWORD)
    return Reaction() if right else Reaction(body=b'response="211";')


def check_token(seen: Seen) -> Reaction:
    """Look at a bearer token only."""
    if seen.query["cmd"] == "gettoken" and seen.query.get("pwd") == PASSWORD:
        return Reaction(body=b'cmd="gettoken";\ntoken="tok/en+1";\nvalidity="1893456000";\nresponse="200";')
    if seen.authorization == "Bearer tok/en+1":
        return Reaction()
    return Reaction(status=401, headers={"WWW-Authenticate": "Bearer"}, body=b"")


# --- signing in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("server", "requests_made"),
    [(check_basic, 1), (check_query, 2), (check_token, 3)],
    ids=["basic", "query", "token"],
)
def test_login_finds_the_way_that_the_camera_takes(server: Callable[[Seen], Reaction], requests_made: int) -> None:
    with serving(FakeCamera(server)) as fake, Camera(fake.address, PASSWORD) as camera:
        assert camera.send(GetFtpAttr()).server == "192.168.2.110"
        assert camera.trips == len(fake.seen) == requests_made
        camera.send(GetFtpAttr())
        assert camera.trips == len(fake.seen) == requests_made + 1, "the way is remembered"


@pytest.mark.parametrize(
    ("server", "login"), [(check_basic, Login.BASIC), (check_query, Login.QUERY), (check_token, Login.TOKEN)]
)
def test_chosen_login_is_used_at_once(server: Callable[[Seen], Reaction], login: Login) -> None:
    with serving(FakeCamera(server)) as fake, Camera(fake.address, PASSWORD, login=login) as camera:
        camera.ftp_attributes()
        assert len(fake.seen) == (2 if login is Login.TOKEN else 1)


@pytest.mark.parametrize(
    "server",
    [
        check_basic,
        [Reaction(body=b'response="211";')],
        [Reaction(status=401, body=b"")],
        [Reaction(status=403, body=b"<html>no</html>")],
        [Reaction(status=403, body=b'response="211";')],
    ],
    ids=["401 basic", "211", "401 bare", "403 bare", "403 and 211"],
)
def test_wrong_password_is_sent_exactly_once(server: list[Reaction] | Callable[[Seen], Reaction]) -> None:
    wrong = "wrong password"
    with serving(FakeCamera(server)) as fake:
        with Camera(fake.address, wrong) as camera:
            with pytest.raises((CameraLoginError, CameraResponseError)) as caught:
                camera.send(GetFtpAttr())
            with pytest.raises(CameraLoginError, match="before"):
                camera.send(GetFtpAttr())
        with Camera(fake.address, Secret(wrong)) as again, pytest.raises(CameraLoginError, match="before"):
            again.send(GetPubKey())
        assert len(fake.seen) == 1
    assert caught.value.exit_code == 3
    assert wrong not in str(caught.value) + caught.value.hint
    assert "--camera-login" in caught.value.hint
    assert "query" in caught.value.hint
    assert "token" in caught.value.hint


def test_explicit_choice_is_tried_where_basic_was_offered_to_a_user_without_the_right_to_it() -> None:
    def query_beside_basic(seen: Seen) -> Reaction:
        offer = {"WWW-Authenticate": "Basic realm=INSTAR 2K+"}
        return check_query(seen) if "pwd" in seen.query else Reaction(status=401, headers=offer, body=b"")

    with serving(FakeCamera(query_beside_basic)) as fake:
        with Camera(fake.address, PASSWORD) as camera, pytest.raises(CameraLoginError, match="user or password"):
            camera.send(GetFtpAttr())
        with Camera(fake.address, PASSWORD, login=Login.QUERY) as camera:
            camera.send(GetFtpAttr())


@pytest.mark.parametrize(("user", "password"), [("a" * 31, "x"), ("admin", "p" * 31), ("admin", "ü" * 16)])
def test_login_that_is_longer_than_a_camera_s_is_never_sent(user: str, password: str) -> None:
    """A long Authorization header makes firmware 3.11.1 overflow (CVE-2025-8760)."""
    with pytest.raises(ConfigurationError, match="30 characters") as caught:
        Camera(f"{quote(user)}@127.0.0.1:9", password)
    assert password not in (caught.value.message + caught.value.hint).split()
    with serving(FakeCamera([Reaction()])) as fake, Camera(f"{'a' * 30}@127.0.0.1:{fake.port}", "p" * 30) as camera:
        camera.send(GetFtpAttr())


def test_long_token_is_not_sent() -> None:
    def server(_: Seen) -> Reaction:
        return Reaction(body=b'token="%s";response="200";' % (b"t" * 257))

    with serving(FakeCamera(server)) as fake, Camera(fake.address, "x", login=Login.TOKEN) as camera:
        with pytest.raises(CameraReplyError, match="token"):
            camera.send(GetFtpAttr())
        assert [seen.query["cmd"] for seen in fake.seen] == ["gettoken"]


def test_refused_query_login_ends_the_search() -> None:
    with serving(FakeCamera(check_query)) as fake, Camera(fake.address, "wrong password") as camera:
        with pytest.raises(CameraResponseError) as caught:
            camera.send(GetFtpAttr())
        assert [("pwd" in seen.query) for seen in fake.seen] == [False, True]
    assert caught.value.kind == "camera-no-permission"


def test_refused_token_login_ends_the_search() -> None:
    with serving(FakeCamera(check_token)) as fake, Camera(fake.address, "wrong password") as camera:
        for _ in range(2):
            with pytest.raises(CameraLoginError):
                camera.send(GetFtpAttr())
        assert [seen.query["cmd"] for seen in fake.seen].count("gettoken") == 1


def test_unclear_refusal_names_the_explicit_choice() -> None:
    with (
        serving(FakeCamera([Reaction(status=401, body=b"")])) as fake,
        Camera(fake.address, "x") as camera,
        pytest.raises(CameraLoginError) as caught,
    ):
        camera.send(GetFtpAttr())
    assert "--camera-login" in caught.value.hint
    assert "query" in caught.value.hint


def test_explicit_choice_after_an_unclear_refusal_is_tried() -> None:
    def query_without_challenge(seen: Seen) -> Reaction:
        return check_query(seen) if "pwd" in seen.query else Reaction(status=401, body=b"")

    with serving(FakeCamera(query_without_challenge)) as fake:
        with Camera(fake.address, PASSWORD) as camera, pytest.raises(CameraLoginError):
            camera.send(GetFtpAttr())
        with Camera(fake.address, PASSWORD, login=Login.QUERY) as camera:
            camera.send(GetFtpAttr())


def test_blocked_computer_stops_at_once() -> None:
    with serving(FakeCamera([Reaction(body=b'response="218";')])) as fake, Camera(fake.address, "x") as camera:
        with pytest.raises(CameraResponseError) as caught:
            camera.send(GetFtpAttr())
        assert len(fake.seen) == 1
    assert caught.value.kind == "camera-ip-blocked"


def test_missing_right_after_a_good_login_is_no_wrong_password() -> None:
    reactions = [Reaction(), Reaction(body=b'response="211";'), Reaction()]
    with serving(FakeCamera(reactions)) as fake, Camera(fake.address, "good one") as camera:
        camera.send(GetFtpAttr())
        with pytest.raises(CameraResponseError):
            camera.send(SetFtpAttr(port=22))
        camera.send(GetFtpAttr())
        assert len(fake.seen) == 3


@pytest.mark.parametrize("code", [208, 215])
def test_answer_that_would_mean_another_login_is_the_command_s_own_after_a_good_one(code: int) -> None:
    reactions = [Reaction(), Reaction(body=f'response="{code}";'.encode())]
    with serving(FakeCamera(reactions)) as fake, Camera(fake.address, "x") as camera:
        camera.send(GetFtpAttr())
        with pytest.raises(CameraResponseError) as caught:
            camera.send(SetFtpAttr(port=22))
        assert len(fake.seen) == 2
    assert caught.value.code == code


def test_expired_token_is_renewed_once() -> None:
    tokens = iter(["one", "two", "three"])
    good = {"token": ""}

    def server(seen: Seen) -> Reaction:
        if seen.query["cmd"] == "gettoken":
            good["token"] = next(tokens)
            return Reaction(body=f'token="{good["token"]}";response="200";'.encode())
        if seen.authorization == f"Bearer {good['token']}":
            return Reaction()
        return Reaction(status=401, headers={"WWW-Authenticate": "Bearer"}, body=b"")

    with serving(FakeCamera(server)) as fake, Camera(fake.address, "x", login=Login.TOKEN) as camera:
        camera.send(GetFtpAttr())
        good["token"] = "expired"
        camera.send(GetFtpAttr())
        assert good["token"] == "two"
        assert len(fake.seen) == 5


def test_camera_without_a_known_password_is_asked_once_and_says_so() -> None:
    with serving(FakeCamera(check_basic)) as fake, Camera(fake.address) as camera:
        with pytest.raises(CameraLoginError, match="asks for a password") as caught:
            camera.send(GetFtpAttr())
        assert [seen.authorization for seen in fake.seen] == [None]
    assert "RECEIVER_SETUP_CAMERA_PASSWORD" in caught.value.hint


def test_password_in_the_address_is_used() -> None:
    with serving(FakeCamera(check_basic)) as fake:
        quoted = quote(PASSWORD, safe="")
        with Camera(f"http://admin:{quoted}@127.0.0.1:{fake.port}") as camera:
            camera.send(GetFtpAttr())
            assert camera.address.display == f"http://127.0.0.1:{fake.port}"


# --- what is sent ----------------------------------------------------------------------------------------------------

HOSTILE = [
    "a b",
    "a&b=c",
    "a+b",
    "100%",
    "%41",
    "#x",
    "/./..//",
    "?",
    "ä€😀",
    "'\"`$(touch canary);",
    "=",
    "\\",
    "~-._",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_every_value_arrives_as_it_was(value: str) -> None:
    with serving(FakeCamera([Reaction(body=DONE)])) as fake:
        with Camera(fake.address, PASSWORD, login=Login.QUERY) as camera:
            camera.send(SetFtpAttr(directory=value, password=Secret(value), username=value))
        expected = {"ft_username": value, "ft_password": value, "ft_dirname": value}
        login = {"user": "admin", "pwd": PASSWORD}
        assert fake.seen[0].query == {"cmd": "setftpattr", **expected, **login}
        assert fake.paths == ["/param.cgi"]


def test_host_key_arrives_as_it_was() -> None:
    with serving(FakeCamera([Reaction(body=b'cmd="testftp";response="200";')])) as fake:
        with Camera(fake.address, "x") as camera:
            outcome = camera.test_upload(set_host=PublicKey.from_base64(HOST_KEY))
        assert fake.seen[0].query == {"cmd": "testftp", "sethost": HOST_KEY}
    assert outcome.result is None


def test_environment_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with serving(FakeCamera([Reaction()])) as fake, Camera(fake.address, "x") as camera:
        camera.send(GetFtpAttr())
    assert [seen.query["cmd"] for seen in fake.seen] == ["getftpattr"]


def test_connection_is_kept() -> None:
    ports = set()

    def server(_: Seen) -> Reaction:
        return Reaction()

    with serving(FakeCamera(server)) as fake:
        original = socket.socket.connect

        def connect(self: socket.socket, address: tuple[str, int]) -> None:
            original(self, address)
            ports.add(self.getsockname()[1])

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket.socket, "connect", connect)
            with Camera(fake.address, "x") as camera:
                for _ in range(3):
                    camera.send(GetFtpAttr())
    assert len(ports) == 1


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("http://127.0.0.1:{port}/param.cgi?user=somebody", "http://127.0.0.1:{port}"),
        ("https://somebody@porch.lan:8443/x", "https://porch.lan:8443"),
        ("https://[fd00::168]/x", "https://[fd00::168]"),
        ("HTTPS://[fd00::168]:8443", "https://[fd00::168]:8443"),
        ("//porch.lan:81/x?somebody", "http://porch.lan:81"),
        ("/somebody", None),
        ("", None),
        ("http://[", None),
        ("rtsp://porch/somebody", None),
        ("http://x:99999/somebody", None),
    ],
)
def test_redirect_is_reported_and_not_followed(location: str, shown: str | None) -> None:
    with serving(FakeCamera([Reaction()])) as other:
        headers = {"Location": location.format(port=other.port)}
        with (
            serving(FakeCamera([Reaction(status=302, headers=headers)])) as fake,
            Camera(fake.address, "hunter2") as camera,
            pytest.raises(CameraReplyError) as caught,
        ):
            camera.send(GetFtpAttr())
        assert other.seen == []
    assert "somebody" not in caught.value.message + caught.value.hint
    expected = "another page" if shown is None else shown.format(port=other.port)
    assert f"to {expected}; the password is not sent there" in caught.value.message
    assert ("--camera" in caught.value.hint) is (shown is not None)


# --- busy ------------------------------------------------------------------------------------------------------------


def test_busy_camera_is_asked_again_with_patience(waits: list[float]) -> None:
    busy = Reaction(body=b'response="213";')
    patience = Patience(tries=5, first_wait_s=1.0, factor=2.0)
    with serving(FakeCamera([busy, busy, Reaction()])) as fake:
        with Camera(fake.address, "x", patience=patience, sleep=waits.append) as camera:
            assert camera.send(GetFtpAttr()).server == "192.168.2.110"
        assert len(fake.seen) == 3
    assert waits == [1.0, 2.0]


def test_a_camera_too_busy_for_a_token_is_asked_again(waits: list[float]) -> None:
    def react(seen: Seen) -> Reaction:
        if seen.query["cmd"] == "gettoken" and len(waits) < 2:
            return Reaction(body=b'response="213";')
        return check_token(seen)

    with serving(FakeCamera(react)) as fake:
        with Camera(fake.address, PASSWORD, login=Login.TOKEN, patience=HASTY, sleep=waits.append) as camera:
            assert camera.send(GetFtpAttr()).server == "192.168.2.110"
        assert [seen.query["cmd"] for seen in fake.seen] == ["gettoken"] * 3 + ["getftpattr"]


def test_busy_for_ever_is_an_error(waits: list[float]) -> None:
    with serving(FakeCamera([Reaction(body=b'response="213";')])) as fake:
        with (
            Camera(fake.address, "x", patience=HASTY, sleep=waits.append) as camera,
            pytest.raises(CameraResponseError) as caught,
        ):
            camera.send(GetFtpAttr())
        assert len(fake.seen) == 4
    assert caught.value.kind == "camera-busy"
    assert len(waits) == 3


@pytest.mark.parametrize("first", [-6, -4])
def test_busy_test_upload_is_tried_again(first: int, waits: list[float]) -> None:
    reactions = [Reaction(body=f'result="{first}";'.encode()), Reaction(body=b'result="0";')]
    with (
        serving(FakeCamera(reactions)) as fake,
        Camera(fake.address, "x", patience=HASTY, sleep=waits.append) as camera,
    ):
        assert camera.test_upload().ok
    assert len(waits) == 1


def test_test_upload_that_stays_busy_is_an_outcome(waits: list[float]) -> None:
    with serving(FakeCamera([Reaction(body=b'result="-6";')])) as fake:
        with Camera(fake.address, "x", patience=HASTY, sleep=waits.append) as camera:
            assert camera.test_upload().result is UploadResult.BUSY
        assert len(fake.seen) == 4


def test_test_upload_that_stays_timed_out_is_tried_once_more_and_no_longer(waits: list[float]) -> None:
    with serving(FakeCamera([Reaction(body=b'result="-4";')])) as fake:
        with Camera(fake.address, "x", patience=HASTY, sleep=waits.append) as camera:
            assert camera.test_upload().result is UploadResult.TIMEOUT
        assert len(fake.seen) == 2


@pytest.mark.parametrize("result", [-1, -2, -3, -5, -7, -8, -9, -42])
def test_failed_test_upload_is_an_outcome_at_once(result: int, waits: list[float]) -> None:
    with serving(FakeCamera([Reaction(body=f'result="{result}";response="302";'.encode())])) as fake:
        with Camera(fake.address, "x", sleep=waits.append) as camera:
            assert camera.test_upload().raw_result == result
        assert len(fake.seen) == 1
    assert waits == []


# --- faults ----------------------------------------------------------------------------------------------------------


def closed_port() -> int:
    """Return a port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_refused_first_contact_fails_at_once(waits: list[float]) -> None:
    with Camera(f"127.0.0.1:{closed_port()}", "x", sleep=waits.append) as camera:
        with pytest.raises(CameraUnreachableError, match="refused"):
            camera.send(GetFtpAttr())
        assert camera.trips == 1
    assert waits == []


def test_unknown_name_is_said() -> None:
    with Camera("no-such-camera.invalid", "x") as camera, pytest.raises(CameraUnreachableError, match="name"):
        camera.send(GetFtpAttr())


@pytest.mark.parametrize(("act", "reason"), [(reset, "reset"), (hang_up, "closed")])
def test_lost_first_contact_fails_at_once(act: Callable[[BaseHTTPRequestHandler], None], reason: str) -> None:
    with serving(FakeCamera([Reaction(act=act)])) as fake, Camera(fake.address, "x") as camera:
        with pytest.raises(CameraUnreachableError, match=reason):
            camera.send(GetFtpAttr())
        assert len(fake.seen) == 1, "a password that may have been looked at is not sent again"


@pytest.mark.parametrize("act", [stall, stall_in_the_body, drip])
def test_stalling_camera_is_a_timeout(act: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with (
        serving(FakeCamera([Reaction(act=act)])) as fake,
        Camera(fake.address, "x", timeout_s=0.3) as camera,
        pytest.raises(CameraTimeoutError),
    ):
        camera.send(GetFtpAttr())


def test_a_test_upload_has_a_time_of_its_own() -> None:
    def slow(seen: Seen) -> Reaction:
        time.sleep(0.5)
        return Reaction(body=b'result="0";' if seen.query["cmd"] == "testftp" else OK)

    with serving(FakeCamera(slow)) as fake, Camera(fake.address, "x", timeout_s=0.3) as camera:
        assert camera.send(TestFtp()).ok
        with pytest.raises(CameraTimeoutError):
            camera.send(GetFtpAttr())


@pytest.mark.parametrize(
    ("reaction", "error"),
    [
        (Reaction(body=OK[:19], headers={"Content-Length": str(len(OK))}), CameraReplyError),
        (Reaction(body=OK[:30]), CameraReplyError),
        (Reaction(body=b""), CameraReplyError),
        (Reaction(body=b"<!DOCTYPE html><title>router</title>"), CameraReplyError),
        (Reaction(body=b'a="' + b"x" * 100_000 + b'";'), CameraReplyError),
        (Reaction(body=b"<html>500</html>", status=500), CameraReplyError),
        (Reaction(body=OK, status=500), CameraReplyError),
        (Reaction(body=b"not found", status=404), CameraReplyError),
        (Reaction(body=b"x", headers={"Transfer-Encoding": "chunked", "Content-Length": "1"}), CameraReplyError),
        (Reaction(body=zipped(OK)[:-9], headers={"Content-Encoding": "gzip"}), CameraReplyError),
        (Reaction(body=zipped(OK)[:-9], headers=GZIP_OF_OK), CameraReplyError),
        (Reaction(body=zipped(bytes(10_000_000)), headers={"Content-Encoding": "gzip"}), CameraReplyError),
        (Reaction(body=zlib.compress(bytes(10_000_000)), headers={"Content-Encoding": "deflate"}), CameraReplyError),
        (Reaction(body=zipped(zipped(OK)), headers={"Content-Encoding": "gzip"}), CameraReplyError),
        (Reaction(body=b"\x0b\x02\x80" + OK, headers={"Content-Encoding": "br"}), CameraReplyError),
        (Reaction(body=OK, headers={"Content-Length": "20\r\nContent-Length: 21"}), CameraReplyError),
        (Reaction(body=OK, headers={"Content-Length": "20, 21"}), CameraReplyError),
        (Reaction(body=b'var ft_server="x";'), CameraTooOldError),
        (Reaction(body=b"[Succeed]set ok"), CameraTooOldError),
        (Reaction(body=b"[Error]unknown cmd"), CameraTooOldError),
        (Reaction(body=b'response="209";'), CameraResponseError),
        (Reaction(body=b'response="no";'), CameraReplyError),
    ],
    ids=lambda value: repr(value.body[:20]) if isinstance(value, Reaction) else "",
)
def test_answer_that_is_no_reply_is_our_error(reaction: Reaction, error: type[ReceiverSetupError]) -> None:
    with serving(FakeCamera([reaction])) as fake, Camera(fake.address, "x" * 8) as camera:
        with pytest.raises(error) as caught:
            camera.send(GetFtpAttr())
        assert len(fake.seen) == 1
    assert f"127.0.0.1:{fake.port}" in caught.value.message


PACKED = {
    "gzip": zipped(OK),
    "x-gzip": zipped(OK),
    "deflate": zlib.compress(OK),
    "Deflate": zlib.compress(OK, wbits=-15),
    "GZip, identity": zipped(OK),
    "": zipped(OK),
    "identity": zipped(OK[:40]) + zipped(OK[40:]),
    "gzip ": OK,
    "deflate ": OK,
    "br": OK,
}
"""By Content-Encoding; some servers name one that they did not apply, or apply one that they do not name."""


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("encoding", PACKED)
def test_body_that_came_compressed_is_read(encoding: str, chunked: bool) -> None:
    body = PACKED[encoding]
    headers = {"Content-Encoding": encoding, "Content-Length": str(len(body))}
    if chunked:
        halves = (body[:25], body[25:], b"")
        body = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in halves)
        headers |= {"Transfer-Encoding": "chunked", "Content-Length": "1"}
    with serving(FakeCamera([Reaction(body=body, headers=headers)])) as fake, Camera(fake.address, "x") as camera:
        assert camera.ftp_attributes().server == "192.168.2.110"


def test_length_is_compared_before_the_body_is_unpacked() -> None:
    reaction = Reaction(body=zipped(OK)[:-9], headers=GZIP_OF_OK)
    with (
        serving(FakeCamera([reaction])) as fake,
        Camera(fake.address, "x") as camera,
        pytest.raises(CameraReplyError, match=f"cut off: {len(reaction.body)} of {len(reaction.body) + 9} bytes"),
    ):
        camera.send(GetFtpAttr())


@pytest.mark.parametrize(
    "reaction",
    [Reaction(body=f'response="{code}";'.encode()) for code in (203, 204, 301)] + [Reaction(status=404, body=b"")],
)
def test_firmware_without_a_key_is_told_apart(reaction: Reaction) -> None:
    with (
        serving(FakeCamera([reaction])) as fake,
        Camera(fake.address, "x") as camera,
        pytest.raises(CameraWithoutKeyLoginError),
    ):
        camera.public_key()


def test_change_that_was_not_confirmed_is_an_error() -> None:
    with (
        serving(FakeCamera([Reaction(body=b'cmd="setftpattr";')])) as fake,
        Camera(fake.address, "x") as camera,
        pytest.raises(CameraReplyError, match="whether"),
    ):
        camera.send(SetFtpAttr(port=22))


def test_reboot_in_the_middle_is_waited_for() -> None:
    first = FakeCamera([Reaction(body=OK, headers={"Content-Length": str(len(OK))})])
    second = FakeCamera([Reaction(act=reset), Reaction(act=hang_up), Reaction(body=DONE)])
    with Camera("127.0.0.1", "x") as unused:
        assert unused.trips == 0
    with serving(first):
        camera = Camera(first.address, "x", patience=HASTY)
        camera.send(GetFtpAttr())
    second.port = first.port

    def come_back() -> None:
        time.sleep(0.3)
        with serving(second):
            finished.wait(5)

    finished = threading.Event()
    rebooting = threading.Thread(target=come_back)
    rebooting.start()
    try:
        with camera:
            assert camera.send(SetFtpAttr(port=22)).unchanged is False
    finally:
        finished.set()
        rebooting.join()
    assert [seen.query["ft_port"] for seen in second.seen] == ["22"] * 3
    assert camera.trips > 4


def test_camera_that_does_not_come_back_is_given_up() -> None:
    with serving(FakeCamera([Reaction(body=OK, headers={"Content-Length": str(len(OK))})])) as fake:
        camera = Camera(fake.address, "x", patience=Patience(reboot_s=0.2, reboot_step_s=0.02))
        camera.send(GetFtpAttr())
    with camera:
        started = time.monotonic()
        with pytest.raises(CameraUnreachableError):
            camera.send(GetFtpAttr())
        assert time.monotonic() - started >= 0.2


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reaction",
    [
        Reaction(act=stall),
        Reaction(act=reset),
        Reaction(body=b"<html>you asked for ?pwd=p%40ss%20word%3F%26%2B%3D%25%23%27%22%C3%BC</html>"),
        Reaction(body=PASSWORD.encode()),
        Reaction(status=401, body=b""),
        Reaction(body=b'response="209";'),
    ],
)
def test_no_error_and_no_log_line_holds_the_password(reaction: Reaction, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        serving(FakeCamera([reaction])) as fake,
        Camera(fake.address, PASSWORD, timeout_s=0.3, login=Login.QUERY) as camera,
        pytest.raises(ReceiverSetupError) as caught,
    ):
        camera.send(SetFtpAttr(password=Secret("upl0ad-secret")))
    chain: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(f"{error} {error.args} {getattr(error, 'hint', '')}")
        error = error.__cause__ or error.__context__
    shown = "\n".join([*chain, caplog.text])
    assert caplog.text
    for form in spellings(PASSWORD) | {"upl0ad-secret", "pwd=p"}:
        assert form not in shown


def test_debug_line_tells_command_status_and_time(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="receiver_setup.camera")
    with serving(FakeCamera([Reaction()])) as fake, Camera(fake.address, "x") as camera:
        camera.send(GetFtpAttr())
    assert any("getftpattr: HTTP 200 in" in record.getMessage() for record in caplog.records)


# --- HTTPS -----------------------------------------------------------------------------------------------------------


@dataclass
class Certificate:
    """A self-signed certificate on disk, and the server side of it."""

    path: Path
    fingerprint: str
    context: ssl.SSLContext


def make_certificate(directory: Path, name: str, *, address: str | None) -> Certificate:
    """Make a self-signed certificate for `name`, and for an IP address if there is one."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names: list[x509.GeneralName] = [x509.DNSName(name)]
    if address is not None:
        names.append(x509.IPAddress(ip_address(address)))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = directory / f"{name}.pem"
    private = directory / f"{name}.key"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, private)
    der = certificate.public_bytes(serialization.Encoding.DER)
    return Certificate(path=path, fingerprint=hashlib.sha256(der).hexdigest(), context=context)


@pytest.fixture(scope="module")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate that fits the address on loopback."""
    return make_certificate(tmp_path_factory.mktemp("lan"), "camera.lan", address="127.0.0.1")


@pytest.fixture(scope="module")
def ddns(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate for the camera's DDNS name, which never fits a LAN address."""
    return make_certificate(tmp_path_factory.mktemp("ddns"), "camera.example", address=None)


def test_ca_file_that_signed_the_certificate_is_enough(lan: Certificate) -> None:
    with (
        serving(FakeCamera(check_basic), context=lan.context) as fake,
        Camera(fake.address, PASSWORD, tls=Tls(ca_file=lan.path)) as camera,
    ):
        assert camera.ftp_attributes().server == "192.168.2.110"


@pytest.mark.parametrize("colons", [False, True])
def test_pinned_certificate_is_taken_whatever_its_name(ddns: Certificate, colons: bool) -> None:
    pin = ddns.fingerprint
    shown = ":".join(pin[i : i + 2] for i in range(0, 64, 2)).upper() if colons else pin
    with (
        serving(FakeCamera(check_basic), context=ddns.context) as fake,
        Camera(fake.address, PASSWORD, tls=Tls(fingerprint=shown)) as camera,
    ):
        assert camera.ftp_attributes().server == "192.168.2.110"


def refused_certificate(certificate: Certificate, tls: Tls) -> CameraCertificateError:
    """Return the error, after having checked that no request was made."""
    with serving(FakeCamera(check_basic), context=certificate.context) as fake:
        with Camera(fake.address, PASSWORD, tls=tls) as camera, pytest.raises(CameraCertificateError) as caught:
            camera.ftp_attributes()
        assert fake.seen == []
    return caught.value


@pytest.mark.parametrize("choice", ["nothing", "another pin", "another authority", "right authority, other name"])
def test_other_certificates_are_refused_with_what_was_seen(choice: str, lan: Certificate, ddns: Certificate) -> None:
    tls = {
        "nothing": Tls(),
        "another pin": Tls(fingerprint=lan.fingerprint),
        "another authority": Tls(ca_file=lan.path),
        "right authority, other name": Tls(ca_file=ddns.path),
    }[choice]
    error = refused_certificate(ddns, tls)
    assert ddns.fingerprint in error.message.replace(":", "").lower()
    if choice == "another pin":
        assert "has changed" in error.message
        assert lan.fingerprint in error.message.replace(":", "").lower()
        assert "--camera-insecure" not in error.hint
        return
    for option in ("--camera-fingerprint", "--camera-ca-file", "--camera-insecure"):
        assert option in error.hint
    reasons = {
        "nothing": "self-signed and not one of this machine's authorities",
        "another authority": f"self-signed and not one of those in {lan.path}",
        "right authority, other name": "is for camera.example, not for 127.0.0.1",
    }
    assert reasons[choice] in error.message


def test_insecure_is_taken_with_a_warning_of_ours_alone(
    ddns: Certificate, caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    with (
        serving(FakeCamera(check_basic), context=ddns.context) as fake,
        Camera(fake.address, PASSWORD, tls=Tls(insecure=True)) as camera,
    ):
        camera.ftp_attributes()
    assert "not checked" in caplog.text
    assert not [warning for warning in recwarn if "Insecure" in warning.category.__name__]


def asked(camera: EmulatedCamera, tls: Tls, *, scheme: str | None = None) -> ReceiverSetupError | None:
    """Return the error of a request, None where it was answered; a camera that was not trusted was told nothing."""
    address = camera.url if scheme is None else f"{scheme}://127.0.0.1:{camera.port}"
    failed: ReceiverSetupError | None = None
    with Camera(address, "instar", tls=tls) as client:
        try:
            client.ftp_attributes()
        except ReceiverSetupError as error:
            failed = error
    if failed is not None:
        assert camera.requests == []
        assert failed.exit_code == 3
        assert f"127.0.0.1:{camera.port}" in failed.message
        assert "http://" not in failed.hint, "which would send the password to everybody"
    return failed


TLS_SHAPES: list[tuple[Profile, type[ReceiverSetupError], str]] = [
    (Profile(tls_version="1.0", https_name="address"), CameraTlsError, "no TLS newer than TLS 1.0"),
    (Profile(tls_version="1.1", https_name="address"), CameraTlsError, "no TLS newer than TLS 1.1"),
    (
        Profile(tls_version="1.0", tls_ciphers="static-rsa", https_name="address"),
        CameraTlsError,
        "no TLS newer than TLS 1.0",
    ),
    (Profile(tls_ciphers="static-rsa", https_name="address"), CameraTlsError, "no cipher with forward secrecy"),
    (Profile(https_key="rsa1024", https_name="address"), CameraCertificateError, "its key has only 1024 bits"),
    (Profile(https_validity="expired", https_name="address"), CameraCertificateError, "it expired on 20"),
    (Profile(https_validity="future", https_name="address"), CameraCertificateError, "it is valid from 20"),
    (Profile(https_name="ddns"), CameraCertificateError, "is for emulated.ddns3-instar.invalid, not for 127.0.0.1"),
]


@pytest.mark.parametrize(("profile", "kind", "reason"), TLS_SHAPES, ids=[reason for *_, reason in TLS_SHAPES])
def test_tls_of_every_shape_is_named_or_pinned(
    profile: Profile, kind: type[ReceiverSetupError], reason: str, tmp_path: Path
) -> None:
    with EmulatedCamera(replace(profile, https=True)) as camera:
        shown = str(camera.certificate_fingerprint)
        authority = tmp_path / "ca.pem"
        authority.write_bytes(camera.certificate_pem or b"")
        error = asked(camera, Tls(ca_file=authority))
        assert type(error) is kind
        assert reason in error.message
        assert "--camera-fingerprint" in error.hint
        assert shown in (error.message + error.hint).replace(":", "").lower()
        untrusted = asked(camera, Tls())
        assert isinstance(untrusted, (CameraTlsError, CameraCertificateError))
        changed = asked(camera, Tls(fingerprint="ab" * 32))
        assert isinstance(changed, CameraCertificateError)
        assert "has changed" in changed.message
        assert asked(camera, Tls(fingerprint=shown)) is None
        assert asked(camera, Tls(insecure=True)) is None


def test_camera_that_shares_no_cipher_is_named() -> None:
    """Not even where everything is allowed."""
    alert = b"\x15\x03\x01\x00\x02\x02\x28"
    with attacking(lambda _: [alert], raw=True) as camera:
        for tls in (Tls(), Tls(insecure=True), Tls(fingerprint="ab" * 32)):
            with Camera(camera.url, "x", tls=tls) as client, pytest.raises(CameraTlsError) as caught:
                client.ftp_attributes()
            assert "no cipher in common" in caught.value.message


def test_connection_that_ends_in_the_handshake_may_be_that_of_a_camera_that_restarts() -> None:
    def end_each(server: socket.socket) -> None:
        for _ in ("the request", "a look", "a plain look"):
            with server.accept()[0] as connection:
                connection.recv(65536)

    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Camera(f"https://127.0.0.1:{server.getsockname()[1]}", "x") as camera,
        ThreadPoolExecutor(1) as pool,
    ):
        served = pool.submit(end_each, server)
        with pytest.raises(CameraUnreachableError, match="closed without an answer"):
            camera.send(GetFtpAttr())
        served.result(60)


SERVICES = {
    "ssh": "an SSH server answers there: 'SSH-2.0-dropbear_2020.81'",
    "ftp": "an FTP or mail server answers there: '220 (vsFTPd 3.0.3)'",
    "rtsp": "an RTSP server (for video streams) answers there: 'RTSP/1.0 400 Bad Request'",
    "http/0.9": "something answers there without HTTP's status line: '<html><body>It works",
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("service", SERVICES)
def test_service_in_a_camera_s_place_is_named_by_what_it_says(service: str, https: bool, scheme: str) -> None:
    """At the port of an address with either scheme, inside TLS or not."""
    with EmulatedCamera(Profile(serves=service, https=https)) as camera:  # type: ignore[arg-type]
        error = asked(camera, Tls(insecure=True), scheme=scheme)
    assert type(error) is CameraReplyError, "with which no other way to the camera is proposed"
    if https and scheme == "http":
        assert "speaks TLS" in error.message
        assert "begin the camera's address with https://" in error.hint
    else:
        assert SERVICES[service] in error.message
        assert "port" in error.hint


def test_service_that_repeats_the_request_does_not_show_the_password() -> None:
    with (
        attacking(lambda head: [head.encode("latin-1")]) as echo,
        Camera(echo.url, PASSWORD, login=Login.QUERY) as camera,
        pytest.raises(CameraReplyError, match="without HTTP's status line: 'GET /param") as caught,
    ):
        camera.send(GetFtpAttr())
    for form in spellings(PASSWORD):
        assert form not in caught.value.message
    assert "pwd=p" not in caught.value.message


@pytest.mark.parametrize("tls", [Tls(), Tls(insecure=True), Tls(fingerprint="ab" * 32)], ids=["checked", "any", "pin"])
def test_https_to_a_plain_port_is_explained(tls: Tls) -> None:
    with EmulatedCamera() as camera:
        error = asked(camera, tls, scheme="https")
    assert type(error) is CameraReplyError
    assert "answers there by plain HTTP" in error.message
    assert "switch it on" in error.hint


@pytest.mark.parametrize("refusal", ["close", "400"])
def test_plain_http_to_an_https_port_is_explained(refusal: str) -> None:
    with EmulatedCamera(Profile(https=True, https_plain=refusal)) as camera:  # type: ignore[arg-type]
        error = asked(camera, Tls(), scheme="http")
    assert type(error) is CameraReplyError
    assert "speaks TLS" in error.message
    assert "https://" in error.hint


DIALECTS = [
    Profile(content_encoding="gzip"),
    Profile(content_encoding="gzip", chunked=True),
    Profile(content_encoding="deflate", content_lengths="none"),
    Profile(content_encoding="raw-deflate"),
    Profile(content_encoding="label-only", crlf=True),
    Profile(content_lengths="none"),
    Profile(chunked=True, odd_keys=True),
    Profile(odd_keys=True, crlf=True, content_encoding="gzip"),
    Profile(realm_quotes=False, login_methods=("token",)),
]


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize("profile", DIALECTS, ids=range(len(DIALECTS)))
def test_camera_of_any_dialect_is_understood(profile: Profile, https: bool) -> None:
    with (
        EmulatedCamera(replace(profile, https=https), settings={"ft_server": "porch;a=b"}) as emulated,
        Camera(emulated.url, "instar", tls=Tls(insecure=https)) as camera,
    ):
        assert camera.ftp_attributes().server == "porch;a=b"
        camera.send(SetFtpAttr(port=2222))
        attributes = camera.ftp_attributes()
        assert (attributes.port, attributes.server) == (2222, "porch;a=b")


@pytest.mark.parametrize("https", [False, True])
def test_headers_that_contradict_each_other_are_an_error_of_the_camera(https: bool) -> None:
    with (
        EmulatedCamera(Profile(content_lengths="two", https=https)) as emulated,
        Camera(emulated.url, "instar", tls=Tls(insecure=https)) as camera,
        pytest.raises(CameraReplyError, match="headers that contradict"),
    ):
        camera.send(GetFtpAttr())


def test_user_without_the_right_to_basic_signs_in_by_another_way() -> None:
    with EmulatedCamera(Profile(basic_right=False, realm_quotes=False)) as emulated:
        with (
            Camera(emulated.url, "instar") as camera,
            pytest.raises(CameraLoginError, match="user or password") as caught,
        ):
            camera.send(GetFtpAttr())
        assert "--camera-login query or token" in caught.value.hint
        for login in (Login.QUERY, Login.TOKEN):
            with Camera(emulated.url, "instar", login=login) as camera:
                camera.send(GetFtpAttr())


def test_no_login_is_long_enough_to_crash_a_camera() -> None:
    """The longest one allowed, by every way: 30 characters each in base64."""
    user, password = "u" * 30, "p" * 30
    with EmulatedCamera(Profile(authorization_limit=100), user=user, password=password) as emulated:
        for login in Login:
            with Camera(f"{user}@127.0.0.1:{emulated.port}", password, login=login) as camera:
                camera.send(GetFtpAttr())
        long = {"Authorization": "Basic " + "A" * 95}
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(f"{emulated.url}/param.cgi", headers=long, timeout=30)


LINK_LOCAL = """
import subprocess, sys
from receiver_setup.camera import Camera, Tls
from receiver_setup.emulator.camera import EmulatedCamera, Profile
for words in ("link set lo up", "link add porch0 type veth peer name porch1", "link set porch1 up",
              "link set porch0 up", "addr add fe80::1/64 dev porch0 nodad"):
    subprocess.run(["ip", *words.split()], check=True)
for https in (False, True):
    with EmulatedCamera(Profile(https=https), host="::") as emulated:
        for zone in ("porch0", "25porch0"):
            address = f"{'https' if https else 'http'}://[fe80::1%{zone}]:{emulated.port}"
            with Camera(address, "instar", tls=Tls(insecure=https)) as camera:
                camera.ftp_attributes()
                print(camera.address)
"""


def test_link_local_address_with_its_zone_is_reached() -> None:
    """Over an interface of a network of its own; the zone is no part of what the camera is told."""
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", sys.executable, "-c", LINK_LOCAL],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 4


def test_ca_file_that_is_none_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.pem", tmp_path):
        with pytest.raises(ConfigurationError, match="CA file"):
            Camera("https://127.0.0.1", "x", tls=Tls(ca_file=path))


# --- every exception of the library ----------------------------------------------------------------------------------


def subclasses(kind: type[BaseException]) -> set[type[BaseException]]:
    """Return a class and everything below it."""
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


REQUESTS_ERRORS: set[type[Exception]] = {
    kind
    for kind in vars(requests.exceptions).values()
    if isinstance(kind, type) and issubclass(kind, requests.exceptions.RequestException)
}
EXPECTED = {
    "SSLError": CameraTlsError,
    "ConnectTimeout": CameraUnreachableError,
    "ProxyError": CameraUnreachableError,
    "ConnectionError": CameraUnreachableError,
    "RetryError": CameraUnreachableError,
    "RequestException": CameraUnreachableError,
    "ReadTimeout": CameraTimeoutError,
    "Timeout": CameraTimeoutError,
    "ChunkedEncodingError": CameraReplyError,
    "ContentDecodingError": CameraReplyError,
    "StreamConsumedError": CameraReplyError,
    "HTTPError": CameraReplyError,
    "TooManyRedirects": CameraReplyError,
    "InvalidJSONError": CameraReplyError,
    "JSONDecodeError": CameraReplyError,
    "InvalidURL": ConfigurationError,
    "InvalidProxyURL": ConfigurationError,
    "InvalidHeader": CameraReplyError,
    "InvalidSchema": ConfigurationError,
    "MissingSchema": ConfigurationError,
    "URLRequired": ConfigurationError,
    "UnrewindableBodyError": ConfigurationError,
}


@pytest.mark.parametrize("kind", sorted(REQUESTS_ERRORS, key=repr))
def test_every_exception_of_requests_is_mapped(kind: type[Exception]) -> None:
    arguments = ("secret", "", 0) if kind.__name__ == "JSONDecodeError" else ("http://x/?pwd=secret",)
    error = error_for_exception(kind(*arguments), camera="http://x", step="getftpattr")
    assert type(error) is EXPECTED[kind.__name__]
    assert "secret" not in error.message + error.hint


def test_every_exception_of_urllib3_is_mapped() -> None:
    for kind in subclasses(urllib3.exceptions.HTTPError):
        error = error_for_exception(kind.__new__(kind), camera="http://x", step="getftpattr")  # type: ignore[arg-type]
        assert isinstance(error, ReceiverSetupError)


# --- loading ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("statement", "loaded"), [("", False), ("; receiver_setup.camera.Camera", True)])
def test_http_library_is_loaded_with_the_client_only(statement: str, loaded: bool) -> None:
    code = (
        "import sys, receiver_setup.camera; from receiver_setup.camera.messages import GetFtpAttr"
        f"{statement}; sys.exit('requests' in sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2])
    assert finished.returncode == loaded
