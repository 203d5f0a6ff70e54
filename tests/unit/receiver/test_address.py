"""The receiver's address as people write it."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.address import ReceiverAddress, check_port, parse_dialled

ANY_TEXT = st.one_of(st.text(st.characters()), st.text("pi@:[]/.-0123456789abf%²٣\n\0 $();", max_size=30))


@pytest.mark.parametrize(
    ("text", "host", "user", "port"),
    [
        ("attic-pi", "attic-pi", None, None),
        ("pi@192.168.2.110", "192.168.2.110", "pi", None),
        ("pi@attic-pi.lan:2222", "attic-pi.lan", "pi", 2222),
        ("attic-pi:65535", "attic-pi", None, 65535),
        ("[fd00::5]", "fd00::5", None, None),
        ("pi@[fe80::1%eth0]:22", "fe80::1%eth0", "pi", 22),
        ("ssh://pi@attic-pi:22/", "attic-pi", "pi", 22),
        ("my_host", "my_host", None, None),
        ("attic.", "attic.", None, None),
    ],
)
def test_usual_addresses_are_read(text: str, host: str, user: str | None, port: int | None) -> None:
    assert ReceiverAddress.parse(text) == ReceiverAddress(host=host, user=user, port=port)


@pytest.mark.parametrize(
    "text",
    ["", " ", "@", "pi@", "@host", "-oProxyCommand=x", "pi@-x", "-l@host", "host:", "host:0", "host:65536", "host:x",
     "host:-1", "a b", "a\nb", "host\n", "fd00::5", "[fd00::5", "host/x", "ssh://", "$(touch canary)", "a;b",
     "a'b", "*",
     "a@b@c", "ü.lan", "host:²", "host:" + "1" * 5000, "a\0b"],
)  # fmt: skip
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ReceiverAddress.parse(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["pi:hunter2@host", "pi:hunter2@host:22", "ssh://pi:hunter2@host", "pi:hunter2@bad host"]
)
def test_a_password_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ReceiverAddress.parse(text)
    assert "hunter2" not in caught.value.message + caught.value.hint


@given(ANY_TEXT)
@example("h:" + "9" * 5000)
@example("h:٣")
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    for parse in (ReceiverAddress.parse, parse_dialled, check_port):
        with contextlib.suppress(ConfigurationError):
            parse(text)


@given(ANY_TEXT)
def test_what_is_read_can_be_dialled(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        address = ReceiverAddress.parse(text)
        assert address.host.isprintable()
        assert not set("@/[] ;'\"$") & set(address.host)
        assert not address.host.startswith("-")
        assert address.port is None or 1 <= address.port <= 65535
        assert address.user is None or not address.user.startswith("-")


@pytest.mark.parametrize("text", ["0", "65536", "", "-1", "+1", "1.0", "²", "x"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        check_port(text)


def test_what_the_camera_dials_has_no_user() -> None:
    assert parse_dialled("[fd00::5]:2222") == ("fd00::5", 2222)
    with pytest.raises(ConfigurationError, match="has no user"):
        parse_dialled("pi@nas.lan")
