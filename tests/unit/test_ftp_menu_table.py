"""The tables of docs/ftp-menu.md are walked, line by line, against the emulated camera; docs/python.md is run."""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from receiver_setup import cli
from receiver_setup.camera import Camera, messages
from receiver_setup.camera.messages import FIELDS, ActionType, GetToken, Security
from receiver_setup.camera.wire.command import Command
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.formats.keys import PublicKey

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (
    "getftpattr", "setftpattr", "getpubkey", "testftp", "testftp&sethost", "getftpaction", "getftpaction&type",
    "setftpaction", "getftpactionattr", "setftpactionattr", "getsnapschedftpattr", "setsnapschedftpattr",
    "getsnaptimerftpattr", "setsnaptimerftpattr",
)  # fmt: skip
"""Every command of the maker's page, Features_Menu/FTP, and those that it prints with an argument of its own."""
PAGE_FIELDS = {*FIELDS, "enable", "interval", "snapcount", "mode", "prefix", "name", "times"}
DEPRECATED = {"getsnaptimerftpattr", "setsnaptimerftpattr"}
PASSWORD = "pass word+1"


def read_table(heading: str) -> list[list[str]]:
    """Return the rows of the first table whose header begins so, cells stripped."""
    lines = (DOCS / "ftp-menu.md").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def first_code(cell: str) -> str:
    match = re.match(r"`([^`]*)`", cell)
    assert match, cell
    return match[1]


TABLE = {first_code(row[0]): row for row in read_table("The maker's command")}


@pytest.fixture
def camera() -> Iterator[EmulatedCamera]:
    settings = {"ft_server": "192.0.2.1", "ft_dirname": "instar"}
    with EmulatedCamera(password=PASSWORD, settings=settings) as camera:
        yield camera


def test_none_of_the_page_s_commands_is_missing() -> None:
    assert tuple(TABLE) == PAGE
    assert {name for name, row in TABLE.items() if "(deprecated)" in row[0]} == DEPRECATED


def test_every_command_that_the_package_knows_is_on_the_page() -> None:
    known = {
        each.cmd
        for each in vars(messages).values()
        if isinstance(each, type) and issubclass(each, Command) and each is not Command
    }
    assert known - {GetToken.cmd} == {name.partition("&")[0] for name in PAGE}


def test_every_field_of_the_page_has_an_option_that_exists() -> None:
    rows = read_table("The maker's field")
    assert {first_code(row[0]) for row in rows} == PAGE_FIELDS
    for row in rows:
        words = [word for code in re.findall(r"`([^`]*)`", row[1]) for word in code.split()]
        names = [word for word in words if not word.startswith("--")]
        for name in names:
            spellings = {
                spelling
                for option in cli.main.get_command(None, "camera").commands[name].params  # type: ignore[arg-type,union-attr]
                for spelling in (*option.opts, *option.secondary_opts)
            }
            assert {word for word in words if word.startswith("--")} <= spellings, row


def reached(camera: EmulatedCamera, name: str) -> bool:
    """Tell whether the maker's command was sent, with the argument that it is printed with."""
    command, _, argument = name.partition("&")
    return any(each.command == command and argument in ("", *each.parameters) for each in camera.requests)


@pytest.mark.parametrize("name", PAGE)
def test_the_command_line_beside_it_sends_it(
    name: str, camera: EmulatedCamera, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program, *arguments = shlex.split(first_code(TABLE[name][1]))
    at = arguments.index("…")
    monkeypatch.setattr(sys, "argv", [program, *arguments[:at], "--camera", camera.url, *arguments[at + 1 :]])
    monkeypatch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", PASSWORD)
    camera.profile = type(camera.profile)(test_claims="0")
    with pytest.raises(SystemExit) as ending:
        cli.run()
    assert ending.value.code == 0, capsys.readouterr().err
    # `show` asks for all upload actions at once, which is more than the page's `type`.
    assert reached(camera, "getftpaction" if name == "getftpaction&type" else name)


@pytest.mark.parametrize("name", PAGE)
def test_the_python_call_beside_it_sends_it(name: str, camera: EmulatedCamera) -> None:
    camera.profile = type(camera.profile)(test_claims="0")
    with Camera(camera.url, PASSWORD) as client:
        scope = {"camera": client, "ActionType": ActionType, "Security": Security, "PublicKey": PublicKey}
        assert eval(first_code(TABLE[name][2]), scope) is not None  # noqa: S307 - our own documentation
    assert [reached(camera, name), len(camera.requests)] == [True, 1]


def test_the_python_page_does_what_it_prints(
    camera: EmulatedCamera, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera.state.fields.update(ft_server="192.168.2.110", ft_port="22", ft_ssl="2", ft_insecure="0")
    camera.profile = type(camera.profile)(test_claims="-1")
    monkeypatch.setitem(os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD", PASSWORD)
    text = (DOCS / "python.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == text.count("```python") == 3
    scope: dict[str, object] = {}
    for code, expected in blocks:
        exec(code.replace("192.168.2.168", f"127.0.0.1:{camera.port}"), scope)  # noqa: S102 - our own documentation
        assert capsys.readouterr().out == expected
