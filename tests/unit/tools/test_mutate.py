"""The places that mistakes are made in are found by what the text says, and the edit changes nothing else."""

import ast
import difflib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.tools import load_tool

ROOT = Path(__file__).parents[3]
TOOL = ROOT / "tools/mutate"
PYTHON = '''\
"""Something (not (to be) touched)."""

class Door:
    """A door."""

    def opens(self, key: str, *, hand: int | None) -> bool:
        if (
            key in self.keys  # a reason
            and hand is not None
        ):
            self.turn(
                key,
            )
            logger.info("turned %s", key)
            return True
        if hand == 1 and "ä" < key: raise LookupError(f"{key or hand}")
        return bool(key) if hand else False
'''
SHELL = """\
wait_for() {
  if has "$1" && [ "$2" = yes ]; then
    nap "$1"
    return 0
  fi
  awk '
    nothing here
    { print }
    print nothing' "$1"
  try rm "$1" ||
    true
  [ -n "$1" ] || return 1
}
"""


@pytest.fixture(scope="module")
def mutate() -> ModuleType:
    """Load the tool as a module, though its name has no ending."""
    return load_tool("mutate")


def edits(mutate: ModuleType, path: str, source: str) -> list[tuple[str, str]]:
    """Return each place's kind and the lines that replace others."""
    found = []
    for place in mutate.places_in(path, source):
        changed = difflib.ndiff(source.splitlines(), mutate.mutated(source, place).splitlines())
        found.append((place.kind, "\n".join(line[2:].strip() for line in changed if line.startswith("+ "))))
    return found


def test_python_edits(mutate: ModuleType) -> None:
    """Each kind of mistake changes its own words and leaves all others, comments and strings as they are."""
    assert edits(mutate, "receiver_setup/camera/door.py", PYTHON) == [
        ("condition", "not (key in self.keys  # a reason\nand hand is not None)"),
        ("comparison", "key not in self.keys  # a reason"),
        ("and-or", "or hand is not None"),
        ("comparison", "and hand is None"),
        ("call", "pass"),
        ("return", "return False"),
        ("condition", 'if not (hand == 1 and "ä" < key): raise LookupError(f"{key or hand}")'),
        ("comparison", 'if hand != 1 and "ä" < key: raise LookupError(f"{key or hand}")'),
        ("and-or", 'if hand == 1 or "ä" < key: raise LookupError(f"{key or hand}")'),
        ("comparison", 'if hand == 1 and "ä" >= key: raise LookupError(f"{key or hand}")'),
        ("raise", 'if hand == 1 and "ä" < key: pass'),
        ("return", "return not (bool(key) if hand else False)"),
        ("condition", "return bool(key) if not (hand) else False"),
    ]


def test_shell_edits(mutate: ModuleType) -> None:
    """A line of shell is edited where it stands for itself, not inside another program's text or a longer command."""
    assert edits(mutate, "receiver_setup/receiver/shell/wait.sh", SHELL) == [
        ("condition", 'if ! { has "$1" && [ "$2" = yes ]; }; then'),
        ("and-or", 'if has "$1" || [ "$2" = yes ]; then'),
        ("comparison", 'if has "$1" && [ "$2" != yes ]; then'),
        ("call", ":"),
        ("return", "return 1"),
        ("and-or", '[ -n "$1" ] && return 1'),
    ]


def test_names_hold_when_lines_move(mutate: ModuleType) -> None:
    """What stands above a place or how it is wrapped is no part of its name; its file and function are."""
    path = "receiver_setup/camera/door.py"
    moved = "import os\n\n\n" + PYTHON.replace("            key in", "                key in")
    assert mutate.places_in(path, moved) == mutate.places_in(path, PYTHON)
    first = mutate.places_in(path, PYTHON)[1]
    statement = "if ( key in self.keys # a reason and hand is not None ):"
    assert first.name == f"{path} Door.opens: comparison: {statement}"


def test_places_of_this_package(mutate: ModuleType) -> None:
    """Thirty are taken, of all rooms and kinds, two a file, and every edit can be read."""
    sources = mutate.read_sources(ROOT)
    taken = mutate.pick(sources, count=30, seed=mutate.SEED)
    assert len(set(taken)) == 30
    assert {place.kind for place in taken} == set(mutate.KINDS)
    assert {place.room for place in taken} >= {"camera", "receiver", "shell", "workflow", "inventory", "cli", "formats"}
    assert max(mutate.Counter(place.path for place in taken).values()) <= 2
    assert not [place for place in taken if "/emulator/" in place.path]
    for place in taken:
        source = sources[place.path]
        assert mutate.is_valid(source, place), place.name
        if place.path.endswith(".py"):
            assert ast.dump(ast.parse(mutate.mutated(source, place))) != ast.dump(ast.parse(source))


def test_picking_goes_by_the_seed(mutate: ModuleType) -> None:
    """The order of the files, and what else stands in one of them, is nothing to the places that are taken."""
    sources = {f"receiver_setup/{room}/door.py": PYTHON for room in ("camera", "cli")}
    sources["receiver_setup/camera/other.py"] = PYTHON.replace("opens", "closes")
    taken = mutate.pick(sources, count=4, seed="one")
    assert taken == mutate.pick(dict(reversed(sources.items())), count=4, seed="one")
    assert taken == mutate.pick({path: f"{text}\nMORE = 1\n" for path, text in sources.items()}, count=4, seed="one")
    assert taken != mutate.pick(sources, count=4, seed="another")
    assert len(mutate.pick(sources, count=100, seed="one")) == 6  # two a file


def test_invalid_edits_are_refused(mutate: ModuleType) -> None:
    """An edit that leaves no program, or the same one, is no place."""
    path = "receiver_setup/receiver/shell/one.sh"
    words = {"path": path, "function": "", "kind": "call", "statement": "", "start": 0, "end": 4}
    assert not mutate.is_valid("true\n", mutate.Place(**words, replacement="if"))
    words["path"] = "receiver_setup/one.py"
    assert not mutate.is_valid("f(1)\n", mutate.Place(**words, replacement="f( 1)"))
    assert not mutate.is_valid("f(1)\n", mutate.Place(**words, replacement="f(("))
    assert mutate.is_valid("f(1)\n", mutate.Place(**words, replacement="pass"))


def test_places_are_found_again(mutate: ModuleType) -> None:
    """A place of an earlier run is found where it was, in a file that was moved, and is gone when its text is."""
    former = mutate.places_in("receiver_setup/camera/door.py", PYTHON)
    names = [mutate.asdict(place) for place in former]
    moved = mutate.places_in("receiver_setup/camera/doors/front.py", PYTHON)
    renamed = mutate.places_in("receiver_setup/camera/gate.py", PYTHON.replace("Door", "Gate"))
    assert mutate.find_again(names, [*renamed, *moved, *former]) == former
    assert mutate.find_again(names, [*renamed, *moved]) == moved
    assert mutate.find_again(names, renamed) == renamed
    assert mutate.find_again(names[4:5], mutate.places_in("receiver_setup/a.py", "self.turn()\n")) == [None]


def test_command_runs_in_a_copy(tmp_path: Path) -> None:
    """A mistake in the copy is what a subprocess imports, even without an environment; what was started is ended."""
    code = (
        "import subprocess, sys; subprocess.Popen(['sleep', '987.125'], start_new_session=True);"
        "subprocess.run([sys.executable, '-c', 'import receiver_setup; print(receiver_setup.__file__)'],"
        "env={}, cwd='/', check=True); sys.exit(3)"
    )
    options = ["--only=1", "--no-control", f"--json={tmp_path / 'found.json'}"]
    done = subprocess.run(
        [sys.executable, TOOL, *options, "--", "python", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "1 of 1 noticed" in done.stdout
    copy = re.search(r"noticed by (/\S+)/receiver_setup/__init__\.py", done.stdout)
    assert copy, done.stdout
    assert Path(copy[1]) != ROOT
    assert not Path(copy[1]).exists()
    assert subprocess.run(["pgrep", "-f", "sleep 987[.]125"], check=False, capture_output=True).stdout == b""
    assert '"verdict": "noticed"' in (tmp_path / "found.json").read_text()
