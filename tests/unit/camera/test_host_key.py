"""A host key in every form in which people have one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.camera.messages.host_key import parse_host_key
from receiver_setup.errors import ConfigurationError
from receiver_setup.formats.keys import PublicKey

BLOB = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
KEY = PublicKey.from_base64(BLOB)
OTHER = PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(range(32)))


@pytest.mark.parametrize(
    "text",
    [
        BLOB,
        f"  {BLOB}\n",
        f"ssh-ed25519 {BLOB}",
        f"ssh-ed25519 {BLOB} root@attic with blanks",
        f"192.168.2.110 ssh-ed25519 {BLOB}",
        f"[attic]:2222,192.168.2.110 ssh-ed25519 {BLOB} a comment",
        f"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ssh-ed25519 {BLOB}",
        f"# attic:22 SSH-2.0-OpenSSH_9.2\r\n\r\nattic ssh-ed25519 {BLOB}\r\n",
        f"attic ssh-ed25519 {BLOB}\n192.168.2.110 ssh-ed25519 {BLOB}\n",
    ],
)
def test_one_key_in_any_form_is_read(text: str) -> None:
    assert parse_host_key(text) == KEY


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "no host key"),
        ("# nothing\n", "no host key"),
        ("hello", "not base64"),
        (BLOB[:-8], "cut off"),
        (BLOB.replace("C3NzaC1lZDI1NTE5", "C3NzaC1lZDI1NTE4"), "unknown key type"),
        (f"ssh-rsa {BLOB}", "says ssh-rsa but contains a ssh-ed25519 key"),
        (f"attic ssh-nonsense {BLOB}", "key type"),
        (f"@revoked attic ssh-ed25519 {BLOB}", "@revoked"),
        (f"@cert-authority *.lan ssh-ed25519 {BLOB}", "@cert-authority"),
        (f"ssh-ed25519 {BLOB}\n{OTHER.line}\n", "2 host keys"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "private key"),
        ("root:x:0:0:root:/root:/bin/bash\n", "not base64"),
    ],
)
def test_what_is_no_single_host_key_is_refused(text: str, seen: str) -> None:
    with pytest.raises(ConfigurationError, match=seen) as caught:
        parse_host_key(text, source="that")
    assert caught.value.hint
    assert caught.value.message.startswith("that ")


def test_of_several_keys_all_are_named() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_host_key(f"{KEY.line}\n{OTHER.line}")
    assert KEY.fingerprint in caught.value.hint
    assert OTHER.fingerprint in caught.value.hint


@given(st.text())
def test_any_text_is_a_key_or_our_error(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_host_key(text)
