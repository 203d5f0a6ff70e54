"""How a camera's address is read, shown and refused."""

import pytest

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Secret

READ = [
    ("192.168.2.168", "http://192.168.2.168", "admin", 80),
    ("  192.168.2.168 ", "http://192.168.2.168", "admin", 80),
    ("http://192.168.2.168/", "http://192.168.2.168", "admin", 80),
    ("HTTPS://viewer@porch.lan", "https://porch.lan", "viewer", 443),
    ("https://porch:8443", "https://porch:8443", "admin", 8443),
    ("https://porch:443", "https://porch", "admin", 443),
    ("http://porch:443", "http://porch:443", "admin", 443),
    ("us%40er@porch", "http://porch", "us@er", 80),
    ("[fd00::168]:8080", "http://[fd00::168]:8080", "admin", 8080),
    ("admin@[::1]", "http://[::1]", "admin", 80),
    ("[fe80::1%eth0]", "http://[fe80::1%25eth0]", "admin", 80),
    ("https://viewer@[fe80::1%25eth0.7]:8443", "https://[fe80::1%25eth0.7]:8443", "viewer", 8443),
    ("[fe80::1%25]", "http://[fe80::1%2525]", "admin", 80),
]


@pytest.mark.parametrize(("text", "url", "user", "port"), READ)
def test_address_is_read(text: str, url: str, user: str, port: int) -> None:
    address = CameraAddress.parse(text)
    assert (address.url, address.display, str(address)) == (url, url, url)
    assert (address.user, address.port, address.password) == (user, port, None)
    assert address.name == address.host
    assert CameraAddress.parse(address.url).host == address.host
    assert "%" not in address.request_url + address.bare_host


@pytest.mark.parametrize(
    ("text", "password"),
    [
        ("admin:hunter2@porch", "hunter2"),
        ("http://admin:p%40ss%3Aword@porch:81", "p@ss:word"),
        ("admin:p@ss:w/o?rd#@porch", "p@ss:w/o?rd#"),
        ("admin:@porch", ""),
    ],
)
def test_password_is_taken_apart_and_never_shown(text: str, password: str) -> None:
    address = CameraAddress.parse(text)
    assert address.password == Secret(password)
    assert not password or password not in f"{address} {address!r} {address.url}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "admin@",
        "ftp://porch",
        "porch/param.cgi",
        "porch?cmd=x",
        "porch#x",
        "porch:0",
        "porch:70000",
        "porch:x",
        "porch:",
        "porch:-1",
        "po rch",
        "porch\nx",
        "-porch",
        "fd00::168",
        "[fd00::168",
        "[fd00::168]x",
        "[porch]",
        "[fe80::1%]",
        "[fe80::1%eth 0]",
        "[fe80::1%eth0%1]",
        "[fe80::1%eth0]x",
        "a%0Ab@porch",
        "a%3Ab@porch",
        "$(touch canary)",
        "a" * 300,
    ],
)
def test_what_is_no_address_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CameraAddress.parse(text)
    assert "[USER@]HOST[:PORT]" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "text", ["admin:hunter2@porch:0", "ftp://admin:hunter2@porch", "admin:hunter2@", "hunter2:x:@po rch"]
)
def test_refusal_never_repeats_a_password(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        CameraAddress.parse(text)
    assert "hunter2" not in caught.value.message + caught.value.hint
