"""Public keys: what ssh-keygen says of them, and what is refused."""

import base64
import contextlib
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.formats.keys import KNOWN_TYPES, KeyFormatError, PublicKey

KINDS = [
    ("rsa", 1024, "ssh-rsa"),
    ("rsa", 2048, "ssh-rsa"),
    ("rsa", 4096, "ssh-rsa"),
    ("ecdsa", 256, "ecdsa-sha2-nistp256"),
    ("ecdsa", 384, "ecdsa-sha2-nistp384"),
    ("ecdsa", 521, "ecdsa-sha2-nistp521"),
    ("ed25519", 256, "ssh-ed25519"),
]


def field(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


ED25519 = field(b"ssh-ed25519") + field(bytes(range(32)))
RSA = field(b"ssh-rsa") + field(b"\1\0\1") + field(b"\0" + b"\xc3" * 256)
ED25519_TEXT = base64.b64encode(ED25519).decode()
RSA_TEXT = base64.b64encode(RSA).decode()


def line(kind: str, blob: bytes) -> str:
    return f"{kind} {base64.b64encode(blob).decode()}"


HOSTILE_LINES = {
    "empty": "",
    "blank": " \n",
    "type alone": "ssh-rsa",
    "second key line": f"ssh-rsa {RSA_TEXT}\nssh-ed25519 {ED25519_TEXT}",
    "newline in the comment": f"ssh-rsa {RSA_TEXT} porch\ncommand=x",
    "carriage return": f"ssh-rsa {RSA_TEXT} porch\rroot",
    "unicode line separator": f"ssh-rsa {RSA_TEXT} porch\u2028root",
    "next line": f"ssh-rsa {RSA_TEXT} porch\x85root",
    "escape character": f"ssh-rsa {RSA_TEXT} \x1b[2J",
    "NUL": f"ssh-rsa {RSA_TEXT} a\0b",
    "command before it": f'command="touch canary" ssh-rsa {RSA_TEXT}',
    "restrict before it": f"restrict ssh-rsa {RSA_TEXT}",
    "comment sign before it": f"# ssh-rsa {RSA_TEXT}",
    "says another type": f"ssh-rsa {ED25519_TEXT}",
    "unknown type": f"ssh-foo {RSA_TEXT}",
    "certificate": f"ssh-rsa-cert-v01@openssh.com {RSA_TEXT}",
    "not base64": "ssh-rsa AAAA$(touch canary)",
    "base64 cut off": f"ssh-rsa {RSA_TEXT[:-3]}",
    "bytes behind the key": line("ssh-rsa", RSA + b"x"),
    "a field behind the key": line("ssh-rsa", RSA + field(b"x")),
    "a field too few": line("ssh-rsa", field(b"ssh-rsa") + field(b"x")),
    "length beyond the end": line("ssh-rsa", field(b"ssh-rsa") + b"\xff\xff\xff\xffx"),
    "last field cut off": line("ssh-rsa", RSA[:-1]),
    "other curve inside": line(
        "ecdsa-sha2-nistp256", field(b"ecdsa-sha2-nistp256") + field(b"nistp384") + field(b"\4")
    ),
}


@pytest.mark.parametrize(("kind", "bits", "name"), KINDS)
def test_a_key_is_what_ssh_keygen_says_of_it(tmp_path: Path, kind: str, bits: int, name: str) -> None:
    path = tmp_path / "key"
    make = ["ssh-keygen", "-q", "-t", kind, "-b", str(bits), "-N", "", "-C", "porch camera", "-f"]
    subprocess.run([*make, path], check=True)
    public = path.with_suffix(".pub")
    told = subprocess.run(["ssh-keygen", "-lf", public], check=True, capture_output=True, text=True).stdout.split()
    made = public.read_text(encoding="ascii")
    key = PublicKey.from_line(made)
    assert (key.type, key.bits, key.fingerprint) == (name, bits, told[1])
    assert told[0] == str(bits)
    assert str(key) == f"{name} {told[1]}"
    assert made == f"{key.line} porch camera\n"
    assert key == PublicKey.from_base64(f" {key.base64}\n") == PublicKey.from_blob(key.blob)


@pytest.mark.parametrize("what", HOSTILE_LINES)
def test_a_hostile_line_is_refused(what: str) -> None:
    with pytest.raises(KeyFormatError):
        PublicKey.from_line(HOSTILE_LINES[what])


@pytest.mark.parametrize("text", ["", " ", "=", "AAAA=AAAA", "AA\nAA", "ÄÖ==", "AAAA", f"ssh-rsa {RSA_TEXT}", "A" * 5])
def test_text_that_is_no_blob_is_refused(text: str) -> None:
    with pytest.raises(KeyFormatError):
        PublicKey.from_base64(text)


def test_a_very_long_type_is_not_repeated_whole() -> None:
    with pytest.raises(KeyFormatError) as caught:
        PublicKey.from_blob(field(b"x" * 5000))
    assert len(str(caught.value)) < 100


keys = st.one_of(
    st.binary(max_size=64).map(lambda n: field(b"ssh-rsa") + field(b"\1\0\1") + field(n)),
    st.binary(min_size=32, max_size=32).map(lambda n: field(b"ssh-ed25519") + field(n)),
    st.binary(max_size=133).map(lambda n: field(b"ecdsa-sha2-nistp521") + field(b"nistp521") + field(n)),
).map(PublicKey.from_blob)


@given(keys)
def test_every_spelling_of_a_key_leads_back_to_it(key: PublicKey) -> None:
    assert PublicKey.from_line(key.line) == key
    assert PublicKey.from_line(f"{key.line} a comment of words\n") == key
    assert PublicKey.from_base64(key.base64) == key
    assert hash(PublicKey.from_blob(key.blob)) == hash(key)


words = st.one_of(st.sampled_from([*KNOWN_TYPES, RSA_TEXT, ED25519_TEXT, "\n", "\0", "="]), st.text(st.characters()))


@given(st.lists(words, max_size=5).map(" ".join))
@example(f"ssh-rsa {'A' * 10000}")
def test_no_text_raises_anything_but_a_format_error(text: str) -> None:
    for parse in (PublicKey.from_line, PublicKey.from_base64):
        with contextlib.suppress(KeyFormatError):
            _use(parse(text))


@given(st.one_of(st.binary(), st.lists(st.binary(max_size=20).map(field)).map(b"".join), st.binary().map(RSA.__add__)))
def test_no_bytes_raise_anything_but_a_format_error(blob: bytes) -> None:
    with contextlib.suppress(KeyFormatError):
        _use(PublicKey.from_blob(blob))


def _use(key: PublicKey) -> None:
    assert key.type in KNOWN_TYPES
    assert key.bits >= 0
    assert key.fingerprint.startswith("SHA256:")


def rsa(bits: int, *, exponent: int = 65537, even: bool = False) -> PublicKey:
    modulus = (1 << bits) - (2 if even else 1)
    numbers = [number.to_bytes(number.bit_length() // 8 + 1, "big") for number in (exponent, modulus)]
    return PublicKey.from_blob(b"".join(map(field, (b"ssh-rsa", *numbers))))


@pytest.mark.parametrize("bits", [1024, 1536, 2047])
def test_a_weak_rsa_key_is_taken_with_a_warning(bits: int) -> None:
    assert f"{bits} bits" in (rsa(bits).check_strength() or "")


@pytest.mark.parametrize("key", [rsa(2048), rsa(16384), rsa(2048, exponent=3), PublicKey.from_blob(ED25519)])
def test_a_strong_key_is_taken_without_one(key: PublicKey) -> None:
    assert key.check_strength() is None


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (rsa(512), "512 bits"),
        (rsa(1023), "1023 bits"),
        (rsa(16385), "16385 bits"),
        (rsa(2048, exponent=1), "protect nothing"),
        (rsa(2048, exponent=0), "protect nothing"),
        (rsa(2048, exponent=65536), "protect nothing"),
        (rsa(2048, exponent=(1 << 65) + 1), "protect nothing"),
        (rsa(2048, even=True), "protect nothing"),
        (PublicKey.from_blob(field(b"ssh-rsa") + field(b"\1\0\1") + field(b"\xc3" * 256)), "bits"),
        (PublicKey.from_blob(b"".join(map(field, (b"ssh-dss", b"\1", b"\1", b"\1", b"\1")))), "DSA"),
    ],
)
def test_a_key_that_protects_nothing_is_refused(key: PublicKey, why: str) -> None:
    with pytest.raises(KeyFormatError, match=why):
        key.check_strength()
