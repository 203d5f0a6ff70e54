"""The rules of the house, read from the code itself, so that they cannot rot."""

import ast
import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import click
import pytest
from support.rules import listed

import receiver_setup
from receiver_setup.cli import main

PACKAGE = Path(receiver_setup.__file__).parent
FORBIDDEN_IN_PURE = {
    "paramiko", "requests", "urllib3", "subprocess", "socket", "ssl", "click", "rich", "selectors", "asyncio", "http",
}  # fmt: skip
PURE_ROOMS = {
    "formats", "inventory", "receipt", "receiver.facts", "receiver.plan", "receiver.evidence", "camera.messages",
    "workflow.causes",
}  # fmt: skip
"""Rooms of formats and decisions; modules of other rooms may be pure as well, and say so."""
WITH_SOCKETS = {"camera.wire", "camera.discovery", "receiver.hosts", "recording", "emulator", "cli.guided"}
KNOW_BOTH_SIDES = "receiver_setup.workflow"
"""Beside the command line, which opens both sides."""
ENTRY_POINTS = {"receiver_setup.__main__"}
FOR_TESTS_AND_BENCHMARKS = {"receiver_setup.emulator.receiver.admin_key"}
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

    Not so for the emulator and the command line: their packages are programs, whose parts can be pure all the same.
    """
    named = imported(runs_at_import(tree_of(name)))
    programs = in_room(name, {"emulator", "cli"})
    parents = set() if programs else {name.rpartition(".")[0]} - {""}
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


@cache
def pure() -> frozenset[str]:
    """Return the modules that claim it; not at import, since each worker imports this file."""
    return frozenset(name for name in MODULES if is_pure(name))


def side(name: str, half: str) -> bool:
    return name == f"receiver_setup.{half}" or name.startswith(f"receiver_setup.{half}.")


def in_room(name: str, rooms: set[str]) -> bool:
    return any(side(name, room) for room in rooms)


def offenders(found: dict[str, set[str]]) -> dict[str, list[str]]:
    """Return who breaks a rule, and by what."""
    return {name: sorted(wrong) for name, wrong in found.items() if wrong}


def test_a_pure_module_loads_no_library_that_does_things() -> None:
    roots = {name: {found.partition(".")[0] for found in reaches(name)} for name in pure()}
    wrong = offenders({name: FORBIDDEN_IN_PURE & roots[name] for name in pure()})
    assert not wrong, listed(wrong)


def test_the_pure_rooms_say_that_they_are() -> None:
    wrong = [name for name in MODULES if in_room(name, PURE_ROOMS) and not is_pure(name)]
    assert not wrong, listed(wrong)


def calls_of(name: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree_of(name)) if isinstance(node, ast.Call)}


def test_what_every_system_loads_imports_no_posix_module() -> None:
    """The throw-away receiver is Linux's own; see support/elsewhere.py for what runs elsewhere."""
    posix = {"fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
    linux_alone = "receiver_setup.emulator.receiver.network"
    wrong = offenders({name: posix & loads(name) for name in MODULES if name != linux_alone})
    assert not wrong, listed(wrong)
    assert "pwd" in loads(linux_alone), "the rule found nothing, so it looks for the wrong thing"


def test_only_the_command_line_prints() -> None:
    printing = {"print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"}
    silent = [name for name in MODULES if not name.startswith("receiver_setup.cli")]
    wrong = offenders({name: printing & calls_of(name) for name in silent})
    assert not wrong, listed(wrong)


@pytest.mark.parametrize(("half", "other"), [("camera", "receiver"), ("receiver", "camera")])
def test_neither_side_knows_the_other(half: str, other: str) -> None:
    knows = {name: reaches(name) | mentions(name) for name in MODULES if side(name, half)}
    assert knows
    wrong = offenders({name: {each for each in found if side(each, other)} for name, found in knows.items()})
    assert not wrong, listed(wrong)


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
    assert not outside, listed(outside)
    impure = {name for name in both if side(name, "inventory")} - pure()
    assert not impure, listed(impure)
    assert f"{KNOW_BOTH_SIDES}.setup" in both, "the rule found nothing, so it looks for the wrong thing"


def test_the_emulator_serves_tests_and_the_command_line_alone() -> None:
    others = [name for name in MODULES if not side(name, "emulator") and not side(name, "cli")]
    wrong = offenders({name: {each for each in mentions(name) if side(each, "emulator")} for name in others})
    assert not wrong, listed(wrong)


def test_nothing_below_the_command_line_knows_it() -> None:
    others = [name for name in MODULES if not side(name, "cli") and name not in ENTRY_POINTS]
    wrong = offenders({name: {each for each in mentions(name) if side(each, "cli")} for name in others})
    assert not wrong, listed(wrong)


def test_every_module_has_an_importer() -> None:
    """What is imported by nothing here, and what is a library for others only, are the same modules."""
    with_importer = set()
    for other in MODULES:
        for found in mentions(other):
            parts = found.split(".")
            with_importer |= {".".join(parts[: n + 1]) for n in range(len(parts))} - {other}
    without = MODULES.keys() - with_importer - ENTRY_POINTS - {"receiver_setup"}
    assert without == FOR_TESTS_AND_BENCHMARKS, listed(without ^ FOR_TESTS_AND_BENCHMARKS)


def test_every_module_says_what_it_is() -> None:
    wrong = [name for name in MODULES if not ast.get_docstring(tree_of(name))]
    assert not wrong, listed(wrong)


def test_no_leftovers_of_the_making() -> None:
    left = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|/(?:work|Users)/|/home/(?!admin\b|ipcamera|USER)\w+")
    paths = [path for path in sorted(PACKAGE.rglob("*")) if path.suffix in {".py", ".sh", ".toml"}]
    assert {path.suffix for path in paths} == {".py", ".sh", ".toml"}
    wrong = offenders({str(path): set(left.findall(path.read_text(encoding="utf-8"))) for path in paths})
    assert not wrong, listed(wrong)


def help_lines(command: click.Command, path: tuple[str, ...] = ()) -> list[list[str]]:
    """Return the command lines that ask for help, of every command and of every group of commands."""
    lines = [[*path, "--help"]]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            lines += help_lines(below, (*path, name))
    return lines


USAGE_ERRORS = [["setup", "--local", "--camera", "ftp://porch"], ["setup", "--receiver", "a b", "--camera", "porch"],
                ["setup", "--local"]]  # fmt: skip
RUN_EACH = """
import contextlib, io, json, sys
forbidden, lines = json.loads(sys.stdin.read())

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name in forbidden:
            wanted.append(name)
            raise ImportError(f"{name} is not for this")

sys.meta_path.insert(0, Watch())
for arguments in lines:
    wanted, code, out, sys.argv = [], None, io.StringIO(), ["receiver-setup", *arguments]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            from receiver_setup.cli import run
            run()
    except SystemExit as ending:
        code = ending.code
    except ImportError as error:
        code = str(error)
    print(json.dumps([" ".join(arguments), code, wanted, out.getvalue()]))
"""


def run_each(lines: list[list[str]], forbidden: set[str]) -> dict[str, tuple[object, list[str], str]]:
    """Run command lines in one process that refuses to import `forbidden`; return exit code, refused, and output.

    An import that fails leaves nothing behind, so that each command line is refused for itself.
    """
    given = json.dumps([sorted(forbidden), lines])
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN_EACH], input=given, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    assert [name for name, *_ in ends] == [" ".join(line) for line in lines]
    return {name: (code, refused, shown) for name, code, refused, shown in ends}


def test_help_loads_no_ssh_or_http_library() -> None:
    ends = run_each([["-h"], ["--version"], *help_lines(main)], SLOW_LIBRARIES)
    assert ends.keys() >= {"--help", "setup --help", "camera timer --help", "inventory from-csv --help"}
    wrong = {name: end for name, end in ends.items() if end[:2] != (0, []) or "receiver-setup" not in end[2]}
    assert not wrong, listed(wrong)


def test_an_immediate_usage_error_loads_no_ssh_or_http_library() -> None:
    """An address that cannot be read is told at once, though all else of the command line is right."""
    ends = run_each(USAGE_ERRORS, SLOW_LIBRARIES | {"receiver_setup.workflow"})
    wrong = {name: end for name, end in ends.items() if end[:2] != (2, []) or "error: " not in end[2]}
    assert not wrong, listed(wrong)


def test_a_command_that_loads_them_is_seen() -> None:
    ends = run_each([["--help"], ["-h"]], {"click"})
    assert [end[1] for end in ends.values()] == [["click"], ["click"]]
