"""The rules of the house, read from the code itself, so that they cannot rot."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import receiver_setup

PACKAGE = Path(receiver_setup.__file__).parent
FORBIDDEN_IN_PURE = {
    "paramiko", "requests", "urllib3", "subprocess", "socket", "ssl", "click", "rich", "selectors", "asyncio", "http",
}  # fmt: skip
KNOW_BOTH_SIDES = "receiver_setup.workflow"
"""Beside the command line, which opens both sides."""
ENTRY_POINTS = {"receiver_setup.__main__"}
FOR_TESTS_AND_BENCHMARKS = {"receiver_setup.emulator.admin_key"}
"""The emulator is a library for them as well."""
SLOW_LIBRARIES = {"paramiko", "requests", "urllib3", "cryptography", "rich"}


def find_modules() -> dict[str, Path]:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = find_modules()


@cache
def tree_of(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def imported(nodes: list[ast.AST]) -> set[str]:
    """Return what these nodes import: modules, and names that may be modules."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are written out"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def runs_at_import(node: ast.AST) -> list[ast.AST]:
    """Return the nodes below `node` that an import runs: no bodies of functions, nothing for types alone."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        return []
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return [below for child in node.orelse for below in runs_at_import(child)]
    return [node, *(below for child in ast.iter_child_nodes(node) for below in runs_at_import(child))]


@cache
def loads(name: str) -> frozenset[str]:
    """Return what an import of `name` imports by itself; a package's modules load the package first.

    Not so for the emulator: its package is a server, made for a machine that has everything.
    """
    named = imported(runs_at_import(tree_of(name)))
    parents = set() if name.startswith("receiver_setup.emulator.") else {name.rpartition(".")[0]} - {""}
    return frozenset(named | parents)


@cache
def mentions(name: str) -> frozenset[str]:
    """Return what `name` imports anywhere, inside functions too, or names in a text such as a table of commands."""
    nodes = list(ast.walk(tree_of(name)))
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return frozenset(imported(nodes) | (texts & MODULES.keys()))


@cache
def reaches(name: str) -> frozenset[str]:
    """Return every module that an import of `name` loads, ours and others', by whatever way."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        for found in loads(waiting.pop()) - seen:
            seen.add(found)
            if found in MODULES:
                waiting.append(found)
    return frozenset(seen)


def is_pure(name: str) -> bool:
    """Tell whether the first paragraph of the module's docstring claims it."""
    first = (ast.get_docstring(tree_of(name)) or "").partition("\n\n")[0]
    return "(pure)" in first


PURE = [name for name in MODULES if is_pure(name)]


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_loads_no_library_that_does_things(name: str) -> None:
    roots = {found.partition(".")[0]: found for found in reaches(name)}
    assert FORBIDDEN_IN_PURE & roots.keys() == set()


def test_the_formats_and_decisions_are_pure() -> None:
    for name in (
        "keys", "authorized_keys", "sshd_config", "workflow.proof", "workflow.login_policy", "report", "receipt",
        "receipt.comparison", "receipt.json_format", "receipt.making", "receipt.markdown", "receipt.model",
        "receipt.strict",
        "receiver.records",
        "receiver.facts", "receiver.plan", "receiver.script", "receiver.wanted", "receiver.arrival", "receiver.address",
        "receiver.dialled", "receiver.suitability", "receiver.storage", "receiver.disks", "receiver.configuration",
        "receiver.admission", "receiver.account", "receiver.steps", "receiver.ledger", "receiver.removal",
        "receiver.sshd_log", "receiver.listening",
        "workflow.causes", "workflow.causes.catalogue", "workflow.causes.model", "workflow.causes.from_log",
        "workflow.causes.from_facts", "workflow.causes.diagnosing",
        "camera.reply", "camera.query", "camera.upload_plan",
        "camera.former", "camera.former_place", "camera.departure_plan",
        "plain_shell", "receiver.by_hand", "camera.by_hand",
        "inventory", "inventory.keys", "inventory.model", "inventory.passwords", "inventory.reader",
        "inventory.resolve", "inventory.selection", "inventory.csv_format", "inventory.writer",
    ):  # fmt: skip
        assert f"receiver_setup.{name}" in PURE


def calls_of(name: str) -> list[str]:
    return [ast.unparse(node.func) for node in ast.walk(tree_of(name)) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("name", [name for name in MODULES if not name.startswith("receiver_setup.cli")])
def test_only_the_command_line_prints(name: str) -> None:
    printing = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}
    assert printing & set(calls_of(name)) == set()


def side(name: str, half: str) -> bool:
    return name == f"receiver_setup.{half}" or name.startswith(f"receiver_setup.{half}.")


@pytest.mark.parametrize(("half", "other"), [("camera", "receiver"), ("receiver", "camera")])
def test_neither_side_knows_the_other(half: str, other: str) -> None:
    for name in MODULES:
        if side(name, half):
            known = {found for found in reaches(name) | mentions(name) if side(found, other)}
            assert known == set(), name


def test_only_the_named_modules_know_both_sides() -> None:
    both = {
        name
        for name in MODULES
        if not side(name, "cli")
        and name not in ENTRY_POINTS
        and any(side(found, "camera") for found in reaches(name) | mentions(name))
        and any(side(found, "receiver") for found in reaches(name) | mentions(name))
    }
    # An inventory names both sides and does nothing to either.
    outside = {name for name in both if not side(name, "workflow") and not side(name, "inventory")}
    assert outside == set()
    assert all(name in PURE for name in both if side(name, "inventory"))
    assert f"{KNOW_BOTH_SIDES}.setup" in both, "the rule found nothing, so it looks for the wrong thing"


def test_the_emulator_serves_tests_and_the_command_line_alone() -> None:
    for name in MODULES:
        if not side(name, "emulator") and not side(name, "cli"):
            assert {found for found in mentions(name) if side(found, "emulator")} == set(), name


def test_nothing_below_the_command_line_knows_it() -> None:
    for name in MODULES:
        if not side(name, "cli") and name not in ENTRY_POINTS:
            assert {found for found in mentions(name) if side(found, "cli")} == set(), name


@pytest.mark.parametrize("name", [name for name in MODULES if name not in ENTRY_POINTS and name != "receiver_setup"])
def test_every_module_has_an_importer(name: str) -> None:
    importers = [
        other
        for other in MODULES
        if other != name and any(found == name or found.startswith(f"{name}.") for found in mentions(other))
    ]
    assert bool(importers) is (name not in FOR_TESTS_AND_BENCHMARKS)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_stays_short(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) < 400


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_what_it_is(name: str) -> None:
    assert ast.get_docstring(tree_of(name))


@pytest.mark.parametrize(
    "path", [p for p in sorted(PACKAGE.rglob("*")) if p.suffix in {".py", ".sh", ".toml"}], ids=str
)
def test_no_leftovers_of_the_making(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    left = re.findall(r"\b(?:TODO|FIXME|XXX|HACK)\b|/(?:work|Users)/|/home/(?!admin\b|ipcamera|USER)\w+", text)
    assert left == []


HELPS = [["--help"], ["setup", "--help"], ["-h"], ["--version"], ["demo", "--help"], ["explain", "--help"],
         ["inventory", "check", "--help"], ["inventory", "from-csv", "--help"]]  # fmt: skip


@pytest.mark.parametrize("arguments", HELPS, ids=" ".join)
def test_help_loads_no_ssh_or_http_library(arguments: list[str]) -> None:
    code = (
        "import json, sys\n"
        "from receiver_setup.cli import run\n"
        "try:\n    run()\n"
        "except SystemExit as ending:\n    code = ending.code\n"
        "print(json.dumps([code, sorted(sys.modules)]), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
    status, modules = json.loads(done.stderr)
    assert status == 0
    assert "receiver-setup" in done.stdout
    assert {name.partition(".")[0] for name in modules} & SLOW_LIBRARIES == set()
