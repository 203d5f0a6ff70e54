"""The manual page is made of the same texts as `--help`, so it cannot tell another story."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from support.tools import load_tool

from receiver_setup import __version__
from receiver_setup.cli import main

ROOT = Path(__file__).parents[3]
TOOL = ROOT / "tools/render-man"


@pytest.fixture(scope="module")
def page() -> str:
    """Print the page, in any time zone and locale."""
    environment = {**os.environ, "TZ": "Pacific/Auckland", "LC_ALL": "C", "COLUMNS": "20"}
    done = subprocess.run([sys.executable, TOOL], capture_output=True, check=True, env=environment, cwd="/")
    return done.stdout.decode("ascii")


def plain(page: str) -> str:
    """Undo what the tool does to single characters and fonts."""
    escapes = {"rs": "\\", "aq": "'", "ga": "`", "ha": "^", "ti": "~", "dq": '"'}
    text = re.sub(r"\\f[BIR]", "", page).replace("\\-", "-").replace("\\&", "")
    text = re.sub(r"\\\[u([0-9A-F]{4,})]", lambda found: chr(int(found[1], 16)), text)
    return re.sub(r"\\\[(\w\w)]", lambda found: escapes[found[1]], text)


def test_every_command_and_option_is_in_it_with_its_help(page: str) -> None:
    text = plain(page)

    def check(command: click.Command, path: str, part: str) -> int:
        context = click.Context(command, info_name=path, **command.context_settings)
        options = [each for each in command.params if isinstance(each, click.Option)]
        seen = len(options)
        for option in options:
            assert option.help
            assert " ".join(option.help.split()) in part, (path, option.opts)
            assert all(name in part for name in option.opts + option.secondary_opts), (path, option.opts)
        if not isinstance(command, click.Group):
            return seen
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            own = re.search(rf"^\.SS {re.escape(f'{path} {name}')}\n(.*?)(?=^\.S[SH] )", text, re.MULTILINE | re.DOTALL)
            assert own, f"{path} {name}"
            seen += check(inner, f"{path} {name}", own[1])
        return seen

    assert check(main, "receiver-setup", text) > 100


@pytest.mark.parametrize(
    "checker",
    [
        ["mandoc", "-T", "lint", "-W", "warning", "PAGE"],
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "PAGE"],
    ],
    ids=["mandoc", "man"],
)
def test_the_checkers_of_manual_pages_have_nothing_to_say(page: str, tmp_path: Path, checker: list[str]) -> None:
    path = tmp_path / "receiver-setup.1"
    command = [str(path) if each == "PAGE" else each for each in checker]

    def complaints(text: str) -> str:
        path.write_text(text)
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**os.environ, "MANWIDTH": "80"}
        )
        return done.stderr + (done.stdout if checker[0] == "mandoc" else "")

    assert complaints(page) == ""
    assert complaints(page.replace(".SH FILES", ".SH FILES\n\\[nonsense]\n.TP\n.Nonsense")) != ""


def test_its_examples_hold() -> None:
    """Doctest looks for the names of a module in what is imported under its name."""
    import doctest  # noqa: PLC0415 - for this test alone

    assert doctest.testmod(load_tool("render-man")) == (0, 1)


def test_it_has_the_version_of_the_sources(page: str) -> None:
    assert f'"receiver-setup {__version__}"' in page.splitlines()[0]


def test_the_package_depends_on_no_other_libraries_than_the_project() -> None:
    """dh_python3 would find a new one, but not its floor."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    debian = {"PyYAML": "yaml"}
    pairs = [each.split(">=") for each in project["dependencies"]]
    floors = {f"python3-{debian.get(name, name)} (>= {floor})" for name, floor in pairs}
    build, _, runtime = (ROOT / "packaging/debian/control").read_text().partition("\n\n")
    for floor in floors:
        assert floor in build
        assert floor in runtime
    assert set(re.findall(r"python3-[\w.]+ \(.*?\)", runtime)) == floors
