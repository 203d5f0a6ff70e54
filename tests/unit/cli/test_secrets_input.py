"""A secret comes from a file, else from the environment, and is known to the redactor at once."""

import base64
from pathlib import Path

import pytest

from receiver_setup.cli.inputs.secrets import read_secret, secret_source
from receiver_setup.cli.output.redaction import redact
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import MASK, Secret

VARIABLE = "RECEIVER_SETUP_A_TEST_PASSWORD"


@pytest.fixture(autouse=True)
def no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        ("hunter22", "hunter22"),
        ("hunter22\n", "hunter22"),
        ("hunter22\r\nsecond\n", "hunter22"),
        (" with blanks \n", " with blanks "),
        ("pä$$'wörd\n", "pä$$'wörd"),
        ("\ufeffhunter22\r\n", "hunter22"),
    ],
)
def test_the_first_line_of_a_file_is_the_secret(tmp_path: Path, content: str, secret: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content.encode())
    assert read_secret(path, VARIABLE, question=None) == Secret(secret)
    assert redact(f"<{secret}>") == f"<{MASK}>"


def test_a_file_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "password"
    path.write_text("of the file", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, "of the environment")
    assert read_secret(path, VARIABLE, question=None) == Secret("of the file")
    assert read_secret(None, VARIABLE, question=None) == Secret("of the environment")


def test_basic_credentials_are_masked_as_soon_as_the_user_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "of the header")
    read_secret(None, VARIABLE, question=None, user="admin")
    assert redact(base64.b64encode(b"admin:of the header").decode()) == MASK


@pytest.mark.parametrize("value", ["", None])
def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value is not None:
        monkeypatch.setenv(VARIABLE, value)
    assert read_secret(None, VARIABLE, question="Password") is None


def test_a_file_that_cannot_be_read_is_named_and_its_content_is_not(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(b"hunter\xff2")
    for bad in (path, tmp_path, tmp_path / "missing"):
        with pytest.raises(ConfigurationError) as caught:
            read_secret(bad, VARIABLE, question=None)
        assert str(bad) in caught.value.message
        assert "hunter" not in caught.value.message


def test_bytes_of_the_environment_that_are_no_text_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "hunter\udcff2")
    with pytest.raises(ConfigurationError) as caught:
        read_secret(None, VARIABLE, question=None)
    assert VARIABLE in caught.value.message
    assert "hunter" not in caught.value.message + caught.value.hint


def test_a_source_reads_when_it_is_first_asked_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "password"
    ask = secret_source(path, VARIABLE, question="Password")
    path.write_text("first", encoding="utf-8")
    assert ask() == Secret("first")
    path.write_text("second", encoding="utf-8")
    assert ask() == Secret("first")
