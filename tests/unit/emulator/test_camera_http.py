"""The emulated camera's web server: statuses, headers, delays, reboots, HTTPS, and what it leaves behind."""

import gc
import hashlib
import http.client
import socket
import ssl
import tempfile
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from cryptography import x509

from receiver_setup.emulator.camera import EmulatedCamera, Profile


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Compare threads and open files before and after each test, and look for temporary files."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    threads, open_before = set(threading.enumerate()), descriptors()
    yield
    assert set(threading.enumerate()) == threads
    if descriptors() != open_before:
        gc.collect()  # an error of the client's that a test has caught may still hold its connection
    assert descriptors() == open_before
    assert list(temporary.iterdir()) == []


def get(camera: EmulatedCamera, command: str = "getftpattr", *, password: str = "", **more: str) -> requests.Response:
    """Send one command with Basic credentials, by default the factory's."""
    password = password or "instar"
    parameters = {"cmd": command, **more}
    return requests.get(f"{camera.url}/param.cgi", params=parameters, auth=("admin", password), timeout=10)


def test_a_good_login_may_be_refused_for_a_moment_and_a_reply_name_another_command() -> None:
    with EmulatedCamera(Profile(stray_401_at=1, reply_cmd="setvideoattr")) as camera:
        assert [get(camera).status_code for _ in range(2)] == [401, 200]
        assert get(camera).text.startswith('cmd="setvideoattr";')


@pytest.mark.parametrize("status", ["401", "403"])
def test_a_refused_login_is_an_http_status(status: str) -> None:
    with EmulatedCamera(Profile(login_refused_as=status)) as camera:  # type: ignore[arg-type]
        reply = get(camera, password="wrong")
        assert reply.status_code == int(status)
        assert ("WWW-Authenticate" in reply.headers) == (status == "401")
        assert "response" not in reply.text
        assert (camera.failed_logins, camera.wrong_password_attempts) == (1, 1)


def test_a_refused_login_may_be_response_211() -> None:
    with EmulatedCamera(Profile(login_refused_as="211")) as camera:
        reply = get(camera, password="wrong")
        assert (reply.status_code, reply.text) == (200, 'cmd="getftpattr";\nresponse="211";\n')


def test_a_401_may_come_without_a_challenge() -> None:
    with EmulatedCamera(Profile(challenge=False)) as camera:
        reply = get(camera, password="wrong")
        assert (reply.status_code, "WWW-Authenticate" in reply.headers) == (401, False)


@pytest.mark.parametrize(
    ("methods", "offered"), [(("basic", "query"), "Basic"), (("token",), "Bearer"), (("query",), None)]
)
def test_a_401_offers_only_what_is_accepted(methods: tuple[str, ...], offered: str | None) -> None:
    with EmulatedCamera(Profile(login_methods=methods)) as camera:
        challenge = get(camera, password="wrong").headers.get("WWW-Authenticate")
        assert (challenge and challenge.split()[0]) == offered


def test_a_blocked_address_is_told_so() -> None:
    with EmulatedCamera(Profile(lockout_tries=1)) as camera:
        get(camera, password="wrong")
        reply = get(camera)
        assert (reply.status_code, reply.text) == (200, 'cmd="getftpattr";\nresponse="218";\n')


def test_another_path_is_404() -> None:
    with EmulatedCamera() as camera:
        assert requests.get(f"{camera.url}/index.html", timeout=10).status_code == 404
        assert camera.requests == []


def test_a_missing_key_may_be_404() -> None:
    with EmulatedCamera(Profile(key="none", no_key_answer="404")) as camera:
        assert get(camera, "getpubkey").status_code == 404


def test_values_arrive_and_come_back_unharmed() -> None:
    value = "a b&c=d+e%f#gäöß\"'/?"
    with EmulatedCamera() as camera:
        assert 'response="200"' in get(camera, "setftpattr", ft_dirname=value).text
        assert camera.state.fields["ft_dirname"] == value
        reply = get(camera)
        reply.encoding = "utf-8"
        assert f'ft_dirname="{value}";\n' in reply.text
        assert camera.set_commands == ["setftpattr"]


def test_a_form_is_taken_as_well() -> None:
    with EmulatedCamera() as camera:
        form = {"cmd": "setftpattr", "ft_port": "22", "user": "admin", "pwd": "instar"}
        assert 'response="200"' in requests.post(f"{camera.url}/param.cgi", data=form, timeout=10).text
        assert camera.state.fields["ft_port"] == "22"


def test_lines_may_end_in_crlf() -> None:
    with EmulatedCamera(Profile(crlf=True)) as camera:
        text = get(camera).text
        assert text.count("\r\n") == text.count("\n") > 3


def test_every_reply_may_be_slow() -> None:
    with EmulatedCamera(Profile(slow_s=0.3)) as camera:
        started = time.monotonic()
        get(camera)
        assert time.monotonic() - started > 0.3


def test_a_slow_reply_does_not_hold_up_the_end() -> None:
    with EmulatedCamera(Profile(slow_s=30)) as camera:

        def wait() -> None:
            with pytest.raises(requests.ConnectionError):
                get(camera)

        thread = threading.Thread(target=wait)
        thread.start()
        while not camera.requests:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 5
    thread.join()


def test_a_test_may_be_slow() -> None:
    with EmulatedCamera(Profile(test_slow_s=0.3), settings={"ft_server": "127.0.0.1", "ft_port": "1"}) as camera:
        started = time.monotonic()
        assert 'result="-1"' in get(camera, "testftp").text
        assert time.monotonic() - started > 0.3


@pytest.mark.parametrize("keep_alive", [True, False])
def test_a_connection_is_kept_where_the_profile_says_so(*, keep_alive: bool) -> None:
    with (
        EmulatedCamera(Profile(keep_alive=keep_alive)) as camera,
        closing(http.client.HTTPConnection(camera.host, camera.port, timeout=10)) as connection,
    ):
        for _ in range(2):
            connection.request("GET", "/param.cgi?cmd=getftpattr&user=admin&pwd=instar")
            reply = connection.getresponse()
            assert reply.status == 200
            reply.read()
            assert (connection.sock is not None) == keep_alive


@pytest.mark.parametrize(("moment", "port"), [("before", "21"), ("after", "22")])
def test_a_reboot_drops_the_connection_and_keeps_the_state(moment: str, port: str) -> None:
    profile = Profile(reboot_at="setftpattr:2", reboot_moment=moment, reboot_s=0.4)  # type: ignore[arg-type]
    with EmulatedCamera(profile) as camera:
        url = camera.url
        assert get(camera, "setftpattr", ft_ssl="2").status_code == 200
        with pytest.raises(requests.ConnectionError):
            get(camera, "setftpattr", ft_port="22")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((camera.host, camera.port))
        time.sleep(0.6)
        assert camera.url == url
        assert f'ft_port="{port}";' in get(camera).text
        assert camera.state.fields["ft_ssl"] == "2"
        assert get(camera, "setftpattr", ft_port="23").status_code == 200, "it reboots once"


def test_a_reboot_forgets_tokens() -> None:
    with EmulatedCamera(Profile(reboot_at="getftpaction", reboot_s=0.2)) as camera:
        token = get(camera, "gettoken").text.split('token="')[1].split('"')[0]
        url, header = f"{camera.url}/param.cgi?cmd=getftpattr", {"Authorization": f"Bearer {token}"}
        assert requests.get(url, headers=header, timeout=10).status_code == 200
        with pytest.raises(requests.ConnectionError):
            get(camera, "getftpaction")
        time.sleep(0.4)
        assert requests.get(url, headers=header, timeout=10).status_code == 401


def test_a_reset_without_a_reboot_leaves_the_port_open() -> None:
    with EmulatedCamera(Profile(reboot_at="*:2", reboot_s=0)) as camera:
        get(camera)
        with pytest.raises(requests.ConnectionError):
            get(camera)
        assert get(camera).status_code == 200


def test_closing_in_the_middle_of_a_reboot_is_quick() -> None:
    with EmulatedCamera(Profile(reboot_at="getftpattr", reboot_s=60)) as camera:
        with pytest.raises(requests.ConnectionError):
            get(camera)
        started = time.monotonic()
    assert time.monotonic() - started < 5


def test_closing_twice_does_no_harm() -> None:
    with EmulatedCamera() as camera:
        camera.close()


def test_https_with_a_certificate_for_the_address(tmp_path: Path) -> None:
    with EmulatedCamera(Profile(https=True, https_name="address")) as camera:
        assert camera.url.startswith("https://127.0.0.1:")
        pem = camera.certificate_pem or b""
        (tmp_path / "ca.pem").write_bytes(pem)
        url = f"{camera.url}/param.cgi?cmd=getftpattr&user=admin&pwd=instar"
        assert requests.get(url, verify=str(tmp_path / "ca.pem"), timeout=10).status_code == 200
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(url, timeout=10)
        der = ssl.PEM_cert_to_DER_cert(pem.decode())
        assert camera.certificate_fingerprint == hashlib.sha256(der).hexdigest()


def test_https_by_default_has_a_name_that_the_address_does_not_match(tmp_path: Path) -> None:
    with EmulatedCamera(Profile(https=True)) as camera:
        (tmp_path / "ca.pem").write_bytes(camera.certificate_pem or b"")
        with pytest.raises(requests.exceptions.SSLError, match=r"mismatch|doesn't match|not valid for"):
            requests.get(camera.url, verify=str(tmp_path / "ca.pem"), timeout=10)


def ask_raw(camera: EmulatedCamera, request: bytes = b"") -> bytes:
    """Return all that comes, to the end of the connection, after a request without TLS."""
    plain = b"GET /param.cgi?cmd=getftpattr&user=admin&pwd=instar HTTP/1.1\r\nConnection: close\r\n\r\n"
    with closing(socket.create_connection((camera.host, camera.port), timeout=10)) as connection:
        connection.sendall(request or plain)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("profile", "headers", "begins"),
    [
        (Profile(content_encoding="gzip"), (b"Content-Encoding: gzip", b"Content-Length"), b"\x1f\x8b"),
        (Profile(content_encoding="deflate"), (b"Content-Encoding: deflate", b"Content-Length"), b"\x78"),
        (Profile(content_encoding="raw-deflate"), (b"Content-Encoding: deflate", b"Content-Length"), b""),
        (Profile(content_encoding="label-only"), (b"Content-Encoding: gzip", b"Content-Length"), b"cmd="),
        (Profile(chunked=True), (b"Transfer-Encoding: chunked",), b"14\r\ncmd="),
        (Profile(content_lengths="two"), (b"Content-Length", b"Content-Length"), b"cmd="),
        (Profile(content_lengths="none"), (), b"cmd="),
        (Profile(redirect_to="https://x:1/"), (b"Content-Length: 0", b"Location: https://x:1/"), b""),
    ],
)
def test_bodies_come_in_any_form(profile: Profile, headers: tuple[bytes, ...], begins: bytes) -> None:
    with EmulatedCamera(profile) as camera:
        head, _, body = ask_raw(camera).partition(b"\r\n\r\n")
    of_the_body = [line for line in head.split(b"\r\n") if line.startswith((b"Content-E", b"Content-L", b"Tr", b"Lo"))]
    assert len(of_the_body) == len(headers)
    assert all(line.startswith(wanted) for line, wanted in zip(of_the_body, headers, strict=True))
    assert body.startswith(begins)
    if profile.content_encoding == "raw-deflate":
        assert zlib.decompress(body, wbits=-15).startswith(b"cmd=")


@pytest.mark.parametrize("crlf", [False, True])
def test_keys_may_have_odd_shapes(crlf: bool) -> None:
    with EmulatedCamera(Profile(odd_keys=True, crlf=crlf)) as camera:
        lines = get(camera).text.split("\r\n" if crlf else "\n")
    assert lines[0] == 'cmd="getftpattr";'
    assert {'enable["odd"]="1";', '2k_mode="0";', 'a:b="c";'} < set(lines)


def test_a_401_may_offer_basic_to_a_user_without_the_right_to_it_and_leave_quotes_out() -> None:
    with EmulatedCamera(Profile(basic_right=False, realm_quotes=False)) as camera:
        reply = get(camera)
        assert (reply.status_code, reply.headers["WWW-Authenticate"]) == (
            401,
            "Basic realm=camera, Bearer realm=camera",
        )
        assert camera.wrong_password_attempts == 0
        assert get(camera, "gettoken", user="admin", pwd="instar").status_code == 200


def test_a_long_authorization_header_may_crash_it() -> None:
    with EmulatedCamera(Profile(authorization_limit=100)) as camera:
        assert get(camera).status_code == 200
        with pytest.raises(requests.exceptions.ConnectionError):
            get(camera, password="p" * 100)


@pytest.mark.parametrize(
    ("service", "begins"),
    [("ssh", b"SSH-2.0-"), ("ftp", b"220 "), ("rtsp", b"RTSP/1.0 400"), ("http/0.9", b"<html>")],
)
def test_something_else_may_serve_its_port(service: str, begins: bytes) -> None:
    with EmulatedCamera(Profile(serves=service)) as camera:  # type: ignore[arg-type]
        assert ask_raw(camera).startswith(begins)
        assert camera.requests == []


@pytest.mark.parametrize(("how", "begins"), [("close", b""), ("400", b"HTTP/1.1 400")])
def test_plain_http_at_the_https_port_is_refused(how: str, begins: bytes) -> None:
    with EmulatedCamera(Profile(https=True, https_plain=how)) as camera:  # type: ignore[arg-type]
        assert ask_raw(camera).startswith(begins)
        assert b"200" not in ask_raw(camera)
        assert shake_hands(camera)[0] == "TLSv1.3"


def test_a_host_with_a_zone_is_refused() -> None:
    with EmulatedCamera() as camera:
        request = b"GET /param.cgi?cmd=getftpattr HTTP/1.1\r\nHost: [fe80::1%eth0]\r\nConnection: close\r\n\r\n"
        assert ask_raw(camera, request).startswith(b"HTTP/1.1 400")


EDGES = ("not_valid_before", "not_valid_after")


def shake_hands(camera: EmulatedCamera) -> tuple[str | None, str, x509.Certificate]:
    """Return the version of TLS, the cipher and the certificate, where everything is allowed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    with (
        closing(socket.create_connection((camera.host, camera.port), timeout=10)) as plain,
        context.wrap_socket(plain) as secure,
    ):
        cipher = secure.cipher()
        assert cipher is not None
        return secure.version(), cipher[0], x509.load_der_x509_certificate(secure.getpeercert(binary_form=True) or b"")


@pytest.mark.parametrize(
    ("profile", "version", "cipher"),
    [
        (Profile(https=True, tls_version="1.0"), "TLSv1", "ECDHE-ECDSA-"),
        (Profile(https=True, tls_version="1.1", tls_ciphers="static-rsa"), "TLSv1.1", "AES"),
        (Profile(https=True, tls_version="1.2", https_key="rsa1024"), "TLSv1.2", "ECDHE-RSA-"),
        (Profile(https=True, tls_version="1.3", https_validity="expired"), "TLSv1.3", "TLS_"),
        (Profile(https=True, tls_ciphers="static-rsa", https_validity="future"), "TLSv1.2", "AES"),
    ],
)
def test_https_may_have_any_shape(profile: Profile, version: str, cipher: str) -> None:
    with EmulatedCamera(profile) as camera:
        found = shake_hands(camera)
    assert found[0] == version
    assert found[1].startswith(cipher)
    wanted = {"rsa1024": 1024, "p256": 2048 if profile.tls_ciphers == "static-rsa" else 256}
    assert found[2].public_key().key_size == wanted[profile.https_key]  # type: ignore[union-attr]
    dates = [getattr(found[2], f"{name}_utc", None) or getattr(found[2], name).replace(tzinfo=UTC) for name in EDGES]
    expected = {"now": [True, False], "expired": [True, True], "future": [False, False]}
    assert [date < datetime.now(UTC) for date in dates] == expected[profile.https_validity]


def test_a_client_that_never_speaks_tls_holds_nobody_up(tmp_path: Path) -> None:
    with EmulatedCamera(Profile(https=True, https_name="address")) as camera:
        (tmp_path / "ca.pem").write_bytes(camera.certificate_pem or b"")
        with socket.create_connection((camera.host, camera.port)):
            url = f"{camera.url}/param.cgi?cmd=getftpattr&user=admin&pwd=instar"
            assert requests.get(url, verify=str(tmp_path / "ca.pem"), timeout=5).status_code == 200


def test_the_profile_may_change_while_the_camera_runs() -> None:
    with EmulatedCamera() as camera:
        assert "\r\n" not in get(camera).text
        camera.profile = Profile(crlf=True)
        assert "\r\n" in get(camera).text


def test_cameras_at_the_same_time_have_keys_of_their_own() -> None:
    with EmulatedCamera() as one, EmulatedCamera() as other:
        assert one.state.public_key_line != other.state.public_key_line


def test_many_requests_at_once_are_all_answered() -> None:
    codes: list[int] = []
    with EmulatedCamera() as camera:
        threads = [threading.Thread(target=lambda: codes.append(get(camera).status_code)) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(camera.requests) == 30
    assert codes == [200] * 30


def test_an_address_that_is_taken_is_an_error_that_leaves_nothing() -> None:
    with EmulatedCamera() as camera, pytest.raises(OSError, match="in use"), EmulatedCamera(port=camera.port):
        pass
