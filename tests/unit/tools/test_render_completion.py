"""Each shell takes its completion script, and a TAB typed there completes our commands and options."""

import contextlib
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
FILES = {"bash": "receiver-setup", "zsh": "_receiver-setup", "fish": "receiver-setup.fish"}
TYPED = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ". {scripts}/receiver-setup\n"),
    "zsh": (["zsh", "-f", "-i"], "fpath=({scripts} $fpath); autoload -Uz compinit; compinit -u -D\n"),
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a directory with the three scripts and the program itself."""
    directory = tmp_path_factory.mktemp("completion")
    for shell, name in FILES.items():
        with (directory / name).open("wb") as file:
            subprocess.run([sys.executable, ROOT / "tools/render-completion", shell], stdout=file, check=True)
    program = directory / "bin/receiver-setup"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n")
    with program.open("a") as file:
        file.write("from receiver_setup.cli import run\nrun()\n")
    program.chmod(0o755)
    return directory


def environment(scripts: Path) -> dict[str, str]:
    """Return what the shells get: the program on PATH, nothing of the caller's own settings."""
    return {"PATH": f"{scripts}/bin:{os.environ['PATH']}", "HOME": str(scripts), "TERM": "dumb", "PS1": "> "}


@contextlib.contextmanager
def terminal(command: list[str], scripts: Path) -> Iterator[int]:
    """Start a shell at a terminal of its own; give that."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(scripts)
        os.execvpe(command[0], command, environment(scripts))  # noqa: S606 - it is the shell that is tested
    try:
        yield master
    finally:
        os.close(master)  # hangs up
        os.waitpid(pid, 0)


def read_until(master: int, wanted: str, *, timeout_s: float = 60) -> str:
    """Return what the shell has shown as soon as `wanted` is in it."""
    seen = ""
    deadline = time.monotonic() + timeout_s
    while wanted not in seen:
        ready, _, _ = select.select([master], [], [], max(0, deadline - time.monotonic()))
        assert ready, seen
        seen += os.read(master, 4096).decode(errors="replace")
    return seen


@pytest.mark.parametrize("shell", TYPED)
@pytest.mark.parametrize(
    ("typed", "completed"),
    [("se", "setup"), ("setup --camera-via", "setup --camera-via-receiver"), ("camera sc", "camera schedule")],
)
def test_a_tab_completes_commands_and_options(scripts: Path, shell: str, typed: str, completed: str) -> None:
    command, prepared = TYPED[shell]
    assert shutil.which(command[0])
    with terminal(command, scripts) as master:
        os.write(master, prepared.format(scripts=scripts).encode() + b"echo rea''dy\n")
        read_until(master, "ready")
        os.write(master, f"receiver-setup {typed}\t".encode())
        shown = read_until(master, f"receiver-setup {completed}")
    assert "error" not in shown


def test_fish_completes_commands_and_options(scripts: Path) -> None:
    asked = f"source {scripts}/{FILES['fish']}"
    for typed in ("se", "setup --adop"):
        asked += f"; complete -C 'receiver-setup {typed}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", asked], capture_output=True, text=True, check=True, env=environment(scripts)
    )
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["setup", "--adopt"]
    assert done.stderr == ""


@pytest.mark.parametrize(("shell", "file"), FILES.items())
def test_each_shell_accepts_its_script(scripts: Path, shell: str, file: str) -> None:
    done = subprocess.run([shell, "-n", scripts / file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_another_shell_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "tools/render-completion", "csh"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "usage: tools/render-completion bash|zsh|fish\n"
