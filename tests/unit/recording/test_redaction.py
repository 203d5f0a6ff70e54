"""Redaction: fields by an allow-list, placeholders for the rest, and an independent search for leaks."""

import base64
import html
import json
from datetime import date
from hashlib import md5
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from receiver_setup.camera.messages import FtpAttributes
from receiver_setup.camera.wire.reply import parse_reply
from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.recording.answers import Exchange, split_exchanges
from receiver_setup.recording.fields import find_fields
from receiver_setup.recording.format import SCHEMA, read_recording, render_recording
from receiver_setup.recording.leaks import find_leaks
from receiver_setup.recording.making import LeakError, make_recording
from receiver_setup.recording.recorder import Seen
from receiver_setup.recording.redaction import redact_exchange, redact_fields, redact_header, redact_path
from receiver_setup.recording.stand_ins import StandIns
from receiver_setup.recording.tape import Tape

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cameras"
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
BODY = (
    'cmd="getftpattr";\r\nft_server="192.168.178.23";\r\nft_port="2222";\nft_username="grandma";ft_dirname="./porch/x";'
    'ft_password="o;p"en sesame";\nft_ssl="2";serial = "84:25:3F:01:02:03";\nuid[a b]="12345";\n'
    f'hostkey="{KEY}";again="grandma";\nresponse="200";\r\n'
)


def test_both_readers_agree_on_every_recorded_answer() -> None:
    bodies = [
        each["body"]
        for path in FIXTURES.glob("*.json")
        for each in read_recording(path.read_bytes()).http
        if each["body"]
    ]
    assert len(bodies) > 20
    for body in bodies:
        assert {each.name: each.value for each in find_fields(body)} == parse_reply(body).fields, body


@pytest.mark.parametrize("body", ['cmd="a";\r\nft_port="21";ft_password="x";\r\nresponse="200";', 'a="b";c="d"'])
def test_no_value_that_is_kept_holds_another_field(body: str) -> None:
    """The camera's reader takes a line for one field, whatever stands in it."""
    assert not [each for each in find_fields(body) if "=" in each.value]


def test_listed_fields_stay_and_all_others_keep_their_form_alone() -> None:
    done = redact_fields(BODY, stand := StandIns())
    before, after = (dict(each[:2] for each in find_fields(body)) for body in (BODY, done))
    assert len(after) == len(before)
    for name in ("cmd", "ft_port", "ft_ssl", "response"):
        assert after[name] == before[name]
    assert after["ft_server"] == "192.0.2.1"
    assert (after["serial"], after["again"]) == ("x" * 17, "xxxxxxx")
    assert after["uid[xxx]"] == "00000"
    assert PublicKey.from_base64(after["hostkey"]).type == "ssh-ed25519"
    assert after["ft_dirname"].startswith("./")
    assert after["ft_dirname"].count("/") == 2
    for name in ("ft_username", "ft_password", "ft_dirname"):
        assert (after[name] != before[name], len(after[name])) == (True, len(before[name])), name
    assert not find_leaks(done, stand.replaced | {"84:25:3F:01:02:03", "grandma"})
    assert [part for part in done if part in "\r\n"] == [part for part in BODY if part in "\r\n"]


def test_the_same_value_has_the_same_stand_in() -> None:
    stand = StandIns()
    first, second = (redact_fields(f'{name}="grandma";', stand) for name in ("ft_username", "name"))
    assert first.partition("=")[2] == second.partition("=")[2]
    assert stand.counts == {"name": 1}


@pytest.mark.parametrize("text", ["<html><b>Mr Smith's camera 42</b></html>", "no field at all: 4711", ""])
def test_what_is_no_field_keeps_its_marks(text: str) -> None:
    done = redact_fields(text, StandIns())
    assert len(done) == len(text)
    assert not any(char.isalnum() and char not in "x0" for char in done)


def test_headers_are_listed_as_well() -> None:
    stand = StandIns()
    assert redact_header("Server", "thttpd/2.25", stand) == ["Server", "thttpd/2.25"]
    assert redact_header("Date", "Sun, 29 Nov 2026 02:11:12 GMT", stand)[1].startswith("Thu, 01 Jan 1970")
    assert redact_header("X-Serial", "AB12", stand) == ["X-Serial", "xxxx"]
    realm = redact_header("WWW-Authenticate", 'Digest realm=Smiths, nonce="abcdef", qop="auth", algorithm=MD5', stand)[
        1
    ]
    assert realm.startswith("Digest realm=")
    assert realm.endswith('qop="auth", algorithm=MD5')
    assert "Smiths" not in realm
    assert "abcdef" not in realm


def test_the_length_of_an_answer_follows_what_was_replaced() -> None:
    body = 'ft_server="camera.example";response="200";\n'
    raw = {
        "at_ms": 0, "took_ms": 1, "command": "getftpattr", "fields": [], "login": "basic",
        "status_line": "HTTP/1.1 200 OK", "headers": [("Content-Length", str(len(body)))], "body": body,
        "cut": False, "kept_alive": True,
    }  # fmt: skip
    done = redact_exchange({**raw, "body": body.replace("camera.example", "10.0.0.1")}, StandIns())
    assert int(done["headers"][0][1]) - len(done["body"]) == len(body) - len(body.replace("camera.example", "10.0.0.1"))
    assert "10.0.0.1" not in json.dumps(done)


def test_of_a_path_the_form_stays() -> None:
    known = frozenset({"", "recordings", "Test-Snapshot.jpeg"})
    assert redact_path("/recordings/Test-Snapshot.jpeg", known) == "/recordings/Test-Snapshot.jpeg"
    assert redact_path("recordings/20261129/Porch_01.mp4.tmp", known) == "recordings/00000000/xxxxx_00.xx0.tmp"


SECRET = "p@ss wörd+1"
ADDRESS, MAC = "192.168.178.23", "84:25:3F:01:02:a3"
SPELLINGS = {
    "plain": SECRET,
    "capitals": SECRET.upper(),
    "percent": quote(SECRET, safe=""),
    "plus": quote_plus(SECRET),
    "html": html.escape("p@ss<wörd"),
    "json": json.dumps(SECRET),
    "hex": SECRET.encode().hex(),
    "latin-1": SECRET.encode("latin-1").hex(),
    "utf-16": SECRET.encode("utf-16-le").hex(),
    **{f"base64 at {at}": base64.b64encode(b"x" * at + SECRET.encode() + b"yz").decode() for at in range(3)},
    "an authorization": base64.b64encode(f"admin:{SECRET}".encode()).decode(),
    "digest": md5(f"admin:realm:{SECRET}".encode(), usedforsecurity=False).hexdigest() + ' realm="realm"',
}
PLACES = {
    "number": str(0xC0A8B217), "hex": "c0a8b217", "reversed": "23.178.168.192", "mapped": "::ffff:192.168.178.23",
}  # fmt: skip
CARDS = {
    "dashes": "84-25-3f-01-02-a3", "bare": "84253F0102A3", "half": "xx:01:02:a3", "eui-64": "fe80::8625:3fff:fe01:2a3",
}  # fmt: skip


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_the_second_look_knows_every_spelling(spelling: str) -> None:
    found = find_leaks(f'{{"x": "..{spelling}.."}}', {SECRET, "p@ss<wörd"}, logins=[("admin", SECRET)])
    assert found


@pytest.mark.parametrize("spelling", PLACES.values(), ids=PLACES.keys())
def test_the_second_look_knows_addresses_however_written(spelling: str) -> None:
    assert find_leaks(f"..{spelling}..", {ADDRESS}) == [ADDRESS]


@pytest.mark.parametrize("name", CARDS)
def test_the_second_look_knows_hardware_addresses_however_written(name: str) -> None:
    assert find_leaks(f"..{CARDS[name]}..", {MAC}) == [MAC]


def test_the_second_look_leaves_words_of_everybodys_alone() -> None:
    assert not find_leaks('{"camera": "admin", "name": "Test-Snapshot.jpeg"}', {"admin", "test", "snapshot", "abc", ""})


def seen(body: bytes, **values: set[str]) -> Seen:
    answer = b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    exchange = Exchange(at_ms=0, command="getftpattr", fields=(), login="basic", answer=answer, connection=1)
    attributes = FtpAttributes.from_reply(parse_reply(body))
    return Seen(tape=Tape([exchange]), attributes=attributes, **values)  # type: ignore[arg-type]  # a set of texts


def test_a_recording_with_a_secret_left_in_it_is_not_made() -> None:
    body = BODY.encode()
    text, data = make_recording(seen(body, secrets={"grandma"}), source="emulated", note="", today=date(2026, 11, 29))
    assert read_recording(text).data["made"]["month"] == "2026-11"
    assert data["http"][0]["body"].startswith('cmd="getftpattr";')
    with pytest.raises(LeakError, match="not written"):
        make_recording(seen(body), source="emulated", note="of grandma's", today=date(2026, 11, 29))


SHAPES = {
    "chunked": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc="\r\n3;x\r\n1";\r\n0\r\n\r\n',
    "until the end": b'HTTP/1.0 200 OK\n\nabc="1";',
    "cut": b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nabc="1";',
    "nothing": b"",
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_answer_is_taken_apart_whatever_its_form(name: str) -> None:
    (split,) = split_exchanges(
        [Exchange(at_ms=0, command="x", fields=(), login="none", answer=SHAPES[name], connection=1)]
    )
    assert split["body"] == ("" if name == "nothing" else 'abc="1";')
    assert split["cut"] is (name == "cut")


REFUSED = {
    "another file": "{}", "no json": "nonsense", "newer": json.dumps({"schema": "receiver-setup/recording/2"}),
    "deep": json.dumps({"schema": SCHEMA, "x": json.loads("[" * 40 + "]" * 40)}),
    "a long text": json.dumps({"schema": SCHEMA, "x": "y" * 400_000}),
    "many": json.dumps({"schema": SCHEMA, "x": [0] * 30_000}), "a list": "[]", "huge": " " * 5_000_000,
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_a_reader_refuses_what_is_no_recording(text: str) -> None:
    with pytest.raises(ConfigurationError):
        read_recording(text)


def test_a_reader_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "recording.json"
    path.write_text(render_recording({"camera": {"model": None}, "later": [1, {"a": "ä" * 200}]}))
    assert read_recording(path.read_bytes()).data["later"] == [1, {"a": "ä" * 200}]
