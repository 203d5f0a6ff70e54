"""What the README says is held against the code, so that it cannot drift."""

import re
from pathlib import Path

import click
from support.rules import listed
from support.tools import load_tool

from receiver_setup import errors
from receiver_setup.cli import main
from receiver_setup.report import DIFFERENCE

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = README + "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))


def commands(group: click.Group, path: str = "receiver-setup") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        found[f"{path} {name}"] = command
        if isinstance(command, click.Group):
            found |= commands(command, f"{path} {name}")
    return found


COMMANDS = commands(main)


def test_every_command_is_told_of() -> None:
    wrong = [name for name in COMMANDS if name not in DOCS and f"`{name.rpartition(' ')[2]}`" not in DOCS]
    assert not wrong, listed(wrong)


def test_every_option_of_setup_is_in_the_readme() -> None:
    options = [each.opts[0] for each in COMMANDS["receiver-setup setup"].params if isinstance(each, click.Option)]
    wrong = [name for name in options if name not in README and name not in {"--verbose", "--quiet"}]
    assert options
    assert not wrong, listed(wrong)


def test_the_exit_codes_are_those_of_the_errors() -> None:
    table = README.partition("## Exit codes")[2].partition("## ")[0]
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert told == {0, DIFFERENCE, *(each.exit_code for each in kinds if hasattr(each, "exit_code"))}


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
PLACES = ("receiver_setup/", "tests/", "tools/", "docs/", "packaging/", "ansible/", "benchmarks/")


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) <= 250


def test_links_and_paths_lead_somewhere() -> None:
    """A path is one from the project's own folder, between backticks."""
    assert len(PAGES) > 20
    wrong = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!http)([^)#]+)", text)
        paths = [each for each in re.findall(r"`([\w./*-]+)`", text) if each.startswith(PLACES)]
        wrong += [f"{page.name}: {each}" for each in links if not (page.parent / each).exists()]
        wrong += [f"{page.name}: {each}" for each in paths if not any(ROOT.glob(each))]
    assert not wrong, listed(wrong)


def test_the_quick_start_names_targets_that_the_makefile_has() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^    make (\w+)", README, re.MULTILINE))
    wrong = {each for each in targets if not re.search(rf"^{each}:", makefile, re.MULTILINE)}
    assert targets
    assert not wrong, listed(wrong)


def test_the_tables_are_those_of_the_data() -> None:
    tables = load_tool("render-tables").TABLES
    assert len(tables) == 4
    for name, mark, render in tables:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        told = text.partition(f"<!-- {mark} -->\n")[2].partition(f"<!-- end of {mark} -->")[0]
        assert told == render(), f"docs/{name}: `tools/render-tables` writes it anew"


def test_the_remedies_quote_errors_that_the_code_has() -> None:
    table = (ROOT / "docs" / "refusals.md").read_text(encoding="utf-8")
    source = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "receiver_setup").rglob("*.[ps][yh]"))
    rows = re.findall(r"^\| `([^`]+)`", table, re.MULTILINE)
    pieces = [piece.strip(" ,").removesuffix("-2").strip() for told in rows for piece in told.split("…")]
    wrong = [piece for piece in pieces if piece not in source]
    assert pieces
    assert not wrong, listed(wrong)
