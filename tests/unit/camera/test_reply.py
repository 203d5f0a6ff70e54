"""Replies of all shapes, and what is none."""

import contextlib
import logging

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.camera.wire.reply import Reply, parse_reply
from receiver_setup.errors import CameraReplyError, CameraTooOldError, ReceiverSetupError

READ = [
    (b'cmd="x";\r\na="1";\r\nresponse="200";\r\n', {"cmd": "x", "a": "1", "response": "200"}),
    (b'cmd="x";\na="1";\nresponse="200";', {"cmd": "x", "a": "1", "response": "200"}),
    (b'cmd="x";a="1";response="200";', {"cmd": "x", "a": "1", "response": "200"}),
    (b'response="200"; a="" ;cmd="x"', {"response": "200", "a": "", "cmd": "x"}),
    (b'result="0";', {"result": "0"}),
    (b'ui_quick="qbtnPlay;qbtnMute;";a="1";', {"ui_quick": "qbtnPlay;qbtnMute;", "a": "1"}),
    (b'enable[\'rec\']="0";at_username[1]="admin";', {"enable['rec']": "0", "at_username[1]": "admin"}),
    (b'a="1";\na="2";', {"a": "2"}),
    (b'a="say "hi"";b="x";', {"a": 'say "hi"', "b": "x"}),
    (rb'a="say \"hi\"";b="x";', {"a": 'say "hi"', "b": "x"}),
    (rb'a="C:\";b="x";', {"a": "C:\\", "b": "x"}),
    (b'a="x";y";b="1";', {"a": 'x";y', "b": "1"}),
    ('a="Gär\u20acten";'.encode(), {"a": "Gär€ten"}),
    ('a="Gärten";'.encode("latin-1"), {"a": "Gärten"}),
    (b'\xef\xbb\xbfa="1";', {"a": "1"}),
    (b'a="line\nline";', {"a": "line\nline"}),
    (b'a="1";\0\0', {"a": "1"}),
    (b'a="a=b&c";', {"a": "a=b&c"}),
    # Keys of a shape that nobody foresaw.
    (b'a="1";\r\nenable["rec"]="0";\r\nb="2";', {"a": "1", 'enable["rec"]': "0", "b": "2"}),
    (b'a="1";enable["rec"]="0";b="2";', {"a": "1", 'enable["rec"]': "0", "b": "2"}),
    (
        b'a="1";\n2k_mode="0";\na:b="x";\nx/y="z";\n-d="e";',
        {"a": "1", "2k_mode": "0", "a:b": "x", "x/y": "z", "-d": "e"},
    ),
    (b'a="1";2k_mode="0";a:b="x";', {"a": "1", "2k_mode": "0", "a:b": "x"}),
    (b'a[0][1]="1";\na[2].name="x";\na[]="";', {"a[0][1]": "1", "a[2].name": "x", "a[]": ""}),
    ('größe="1";\nb="2";'.encode(), {"größe": "1", "b": "2"}),
    # A line is a field, whatever its value looks like.
    (b'a="x";b="y";\nc="1";', {"a": 'x";b="y', "c": "1"}),
    (b'c="1";\na="say "x="y"";\nd="2"', {"c": "1", "a": 'say "x="y"', "d": "2"}),
    (b'a="1;\n2=";\nb="2";', {"a": "1;\n2=", "b": "2"}),
    (b'cmd="x";response="200";\na="1";\nb="2";', {"cmd": "x", "response": "200", "a": "1", "b": "2"}),
    (b'cmd="x";\na="1";response="200";\n', {"cmd": "x", "a": "1", "response": "200"}),
]


@pytest.mark.parametrize(("body", "fields"), READ)
def test_reply_is_read(body: bytes, fields: dict[str, str]) -> None:
    assert dict(parse_reply(body).fields) == fields


def test_text_is_read_as_bytes_are() -> None:
    assert dict(parse_reply('a="1";').fields) == {"a": "1"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"  <?xml version='1.0'?>", "web page"),
        (b'cmd="x";\nft_server="192.168', "cut off inside ft_server"),
        (b'cmd="x";\nft_serv', "cut off"),
        (b'cmd="x";\nft_server=', "cut off"),
        (b'cmd="x', "cut off inside cmd"),
        (b"cmd", "not a camera's"),
        (b'{"cmd": "x"}', "not a camera's"),
        (b"\xff\xfe\x00\x80", "not a camera's"),
    ],
)
def test_what_is_no_reply_is_an_error_with_the_camera_in_it(body: bytes, reason: str) -> None:
    with pytest.raises(CameraReplyError, match=reason) as caught:
        parse_reply(body, camera="http://192.168.2.168")
    assert "http://192.168.2.168" in caught.value.message
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "body",
    [b'var ft_server="x";\r\n', b"[Succeed]set ok", b"[Error]unknown cmd", b"\r\nvar  a='1';", b"[succeed]set ok."],
)
def test_older_series_is_recognised_and_named(body: bytes) -> None:
    with pytest.raises(CameraTooOldError, match="older series") as caught:
        parse_reply(body)
    assert "no sFTP" in caught.value.hint


def test_excerpt_holds_no_secret() -> None:
    with pytest.raises(CameraReplyError) as caught:
        parse_reply(
            "<p>/param.cgi?user=admin&pwd=hunter2&at_password=hunter3 hunter4",
            redact=lambda t: t.replace("hunter4", "*"),
        )
    assert "hunter" not in caught.value.message
    with pytest.raises(CameraReplyError) as caught:
        parse_reply('{"ft_password": "hunter2", "token":"hunter3"}')
    assert "hunter" not in caught.value.message


def test_reply_hides_its_values_in_the_repr() -> None:
    assert "hunter2" not in repr(parse_reply('ft_password="hunter2";'))


def test_duplicate_field_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        parse_reply('secret="1";secret="2";')
    assert "secret twice" in caplog.text


def test_numbers_and_flags_that_cannot_be_read_are_none_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    reply = parse_reply('a="x";b="2";c="1";d="0";response="abc";')
    assert (reply.integer("a"), reply.integer("b"), reply.integer("missing")) == (None, 2, None)
    assert (reply.flag("b"), reply.flag("c"), reply.flag("d"), reply.flag("missing")) == (None, True, False, None)
    assert reply.response is None
    assert len(caplog.records) == 2


@pytest.mark.parametrize("key", ["enable['rec']", 'enable["rec"]', "enable[rec]"])
def test_array_keys_are_found_in_any_quotes(key: str) -> None:
    assert Reply(fields={key: "1"}).indexed("enable", "rec") == "1"


def parses_or_says_so(body: bytes | str) -> None:
    """Only our own error may come out."""
    with contextlib.suppress(ReceiverSetupError):
        parse_reply(body)


@given(st.text())
@example("\ud800")
def test_any_text_is_a_reply_or_our_error(text: str) -> None:
    parses_or_says_so(text)


@given(st.binary())
def test_any_bytes_are_a_reply_or_our_error(body: bytes) -> None:
    parses_or_says_so(body)


@given(st.sampled_from([body for body, _ in READ]), st.integers(min_value=0, max_value=80), st.binary(max_size=6))
def test_reply_cut_anywhere_is_a_reply_or_our_error(body: bytes, length: int, rest: bytes) -> None:
    parses_or_says_so(body[:length] + rest)


_NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}(\['[a-z]{1,5}'\]|\[[0-9]\])?", fullmatch=True)
_VALUES = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters='"\\'), max_size=20)


@given(st.dictionaries(_NAMES, _VALUES, min_size=1), st.sampled_from(["", "\n", "\r\n", " "]))
def test_every_field_that_was_written_is_read(fields: dict[str, str], between: str) -> None:
    body = between.join(f'{name}="{value}";' for name, value in fields.items())
    if not body.lower().startswith(("var ",)):
        assert dict(parse_reply(body.encode()).fields) == fields


@pytest.mark.parametrize("text", ["0\x1f", " 5", "7\x85", "\u20038"])
def test_a_number_among_blanks_of_any_kind_is_read(text: str) -> None:
    assert Reply(fields={"ft_port": text}).integer("ft_port") == int(text.strip())
