"""What differs between systems, each system's way as far as it can be seen here."""

import io
import json
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver_setup.cli.output.output import print_json
from receiver_setup.compat import create_private, decode_text, is_root, join_command, linux_only, prepare_output


@pytest.mark.parametrize(
    ("platform", "words", "line"),
    [
        ("linux", ["setup", "a b", "it's"], "setup 'a b' 'it'\"'\"'s'"),
        ("darwin", ["setup", r"a\b"], r"setup 'a\b'"),
        ("win32", ["setup", "--upload", "rec,snap"], 'setup --upload "rec,snap"'),
        ("win32", ["--receiver", "pi@192.168.2.110:22"], "--receiver pi@192.168.2.110:22"),
        ("win32", ["--identity", r"C:\Users\anna\.ssh\id"], r"--identity C:\Users\anna\.ssh\id"),
        ("win32", ["--identity", r"C:\Users\anna b\id"], r'--identity "C:\Users\anna b\id"'),
        ("win32", ["--only", "a&b", "it's", ""], '--only "a&b" "it\'s" ""'),
        ("win32", ["--only", 'the "porch"'], r'--only "the \"porch\""'),
    ],
)
def test_a_command_is_quoted_for_the_shell_that_it_is_pasted_into(
    monkeypatch: pytest.MonkeyPatch, platform: str, words: list[str], line: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert join_command(words) == line


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_as_editors_and_shells_save_it(encoding: str) -> None:
    assert decode_text('name = "Tür"\r\n'.encode(encoding)) == 'name = "Tür"\r\n'


@pytest.mark.parametrize("content", [b"T\xfcr", b"\xff\xfea"])
def test_text_of_another_encoding_is_refused(content: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        decode_text(content)


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with create_private(path) as file:
        file.write(b"a\r\nb\n")
    assert (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) == (0o600, b"a\r\nb\n")


@pytest.mark.parametrize("there", ["file", "link", "dangling"])
def test_a_private_file_replaces_and_follows_nothing(tmp_path: Path, there: str) -> None:
    path, other = tmp_path / "secret", tmp_path / "other"
    if there != "dangling":
        other.write_text("theirs")
    if there == "file":
        path.write_text("theirs")
    else:
        path.symlink_to(other)
    with pytest.raises(FileExistsError):
        create_private(path)
    assert other.exists() == (there != "dangling")


@pytest.mark.parametrize(("platform", "name"), [("win32", "Windows"), ("darwin", "macOS"), ("freebsd14", "freebsd14")])
def test_what_needs_linux_says_so(monkeypatch: pytest.MonkeyPatch, platform: str, name: str) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    error = linux_only("the demo", hint="run it there")
    assert (error.exit_code, error.hint) == (2, "run it there")
    assert error.message == f"the demo works only on Linux, and this is {name}"


def test_windows_has_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "geteuid")
    assert not is_root()


def redirected(monkeypatch: pytest.MonkeyPatch, platform: str, encoding: str) -> io.BytesIO:
    """Let standard output be a file in an encoding, on a system that ends lines as Windows does."""
    raw = io.BytesIO()
    newline = "\r\n" if platform == "win32" else "\n"
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, newline=newline, write_through=True))
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    prepare_output()
    return raw


@pytest.mark.parametrize(
    ("platform", "encoding", "written"),
    [
        ("win32", "cp1252", "ä → \n".encode()),
        ("linux", "latin-1", b"\xe4 \\u2192 \n"),
        ("linux", "utf-8", "ä → \n".encode()),
    ],
)
def test_standard_output_takes_every_character(
    monkeypatch: pytest.MonkeyPatch, platform: str, encoding: str, written: bytes
) -> None:
    raw = redirected(monkeypatch, platform, encoding)
    sys.stdout.write("ä → \n")
    assert raw.getvalue() == written


@pytest.mark.parametrize(("platform", "encoding"), [("win32", "cp1252"), ("linux", "latin-1"), ("linux", "utf-8")])
def test_json_is_utf_8_whatever_the_encoding(monkeypatch: pytest.MonkeyPatch, platform: str, encoding: str) -> None:
    raw = redirected(monkeypatch, platform, encoding)
    print_json({"détail": "ä → 🎥"})
    assert json.loads(raw.getvalue().decode("utf-8")) == {"détail": "ä → 🎥"}


def test_a_stream_that_is_closed_or_missing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.TextIOWrapper(io.BytesIO())
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    monkeypatch.setattr(sys, "stderr", None)
    prepare_output()
