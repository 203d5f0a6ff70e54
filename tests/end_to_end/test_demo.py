"""`receiver-setup demo`: the whole story, on a machine that is afterwards as it was before."""

# ruff: noqa: D102 - what a property gives is in its name

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WATCHED = [
    Path(name) for name in ("/", "/etc", "/home", "/media", "/mnt", "/opt", "/run", "/srv", "/var/lib", "/var/log")
]
ACTS = ("1. One command", "2. Another machine", "3. The same command")

pytestmark = pytest.mark.usefixtures("private_network")


class Demo:
    """One running demo, and all that came of it."""

    def __init__(self, folder: Path, *options: str) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        self.family: set[tuple[str, str]] = set()
        self.networks: set[str] = set()
        with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "receiver_setup", "demo", *options],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={**kept, "HOME": str(folder / "home"), "TMPDIR": str(folder / "home")},
            )
        self._folder = folder

    @property
    def out(self) -> str:
        return (self._folder / "out").read_text()

    @property
    def err(self) -> str:
        return (self._folder / "err").read_text()

    def wait_for(self, text: str) -> None:
        """Wait until standard error has `text`, and look who is there then."""
        self._watch(lambda: text in self.err)
        assert text in self.err
        self._look()

    def end(self) -> int:
        """Wait for the end; return the exit code."""
        self._watch(lambda: False)
        return self.process.wait(timeout=1)

    def stop_and_look(self) -> None:
        """Halt it where it is, so that nothing comes between looking and what follows."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(0.02)
        self._look()

    def left(self) -> list[str]:
        """Return what lives yet of its family, and whatever else is in the networks that it made."""
        return [
            pid
            for pid, (_, began, network) in processes().items()
            if (pid, began) in self.family or network in self.networks
        ]

    def _watch(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + 60
        while self.process.poll() is None and not until():
            assert time.monotonic() < end, self.err
            self._look()
            time.sleep(0.01)

    def _look(self) -> None:
        now = processes()
        found = {str(self.process.pid)} & now.keys()
        while True:
            more = {pid for pid, (parent, _, _) in now.items() if parent in found} - found
            if not more:
                break
            found |= more
        ours = str(Path("/proc/self/ns/net").readlink())
        self.family |= {(pid, now[pid][1]) for pid in found}
        self.networks |= {now[pid][2] for pid in found} - {ours, ""}


def processes() -> dict[str, tuple[str, str, str]]:
    """Return pid → (parent, when it began, network) of everything that runs."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z":
                found[process.name] = (fields[1], fields[19], _network(process))
    return found


def _network(process: Path) -> str:
    with contextlib.suppress(OSError):
        return str((process / "ns" / "net").readlink())
    return ""


def state(home: Path) -> dict[str, set[str]]:
    """Return mounts, links, accounts and the names in the folders that a demo could write to."""
    links = subprocess.run(["ip", "-o", "-br", "link"], capture_output=True, text=True, check=True).stdout
    return {
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "links": {line.split()[0] for line in links.splitlines()},
        "accounts": set(Path("/etc/passwd").read_text().splitlines()),
        "files": {str(path) for folder in WATCHED for path in folder.iterdir()},
        "temporary": {path.name for path in Path("/tmp").iterdir() if "receiver" in path.name},  # noqa: S108 - only looked at
        "home": {str(path) for path in home.rglob("*")},
    }


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Return a function that starts the demo; look afterwards that nothing of it is left."""
    started: list[Demo] = []
    (tmp_path / "home").mkdir()
    before = state(tmp_path / "home")

    def begin(*options: str) -> Demo:
        started.append(Demo(tmp_path, *options))
        return started[-1]

    yield begin
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.wait()
        end = time.monotonic() + 5
        while demo.left() and time.monotonic() < end:
            time.sleep(0.02)
        assert demo.left() == []
    assert {kind: new for kind, after in state(tmp_path / "home").items() if (new := after - before[kind])} == {}


def test_the_story_ends_with_the_receipt_and_leaves_nothing(start: Callable[..., Demo]) -> None:
    demo = start()
    assert demo.end() == 0, demo.err
    lines = demo.out.splitlines()
    assert "proven on both sides" in lines[0]
    assert any(line.startswith("  proof ") and "arrived with verification on" in line for line in lines)
    assert lines[-1] == "Nothing was changed: everything was set up already."
    assert masked(demo.out) == masked(shown_in_the_readme())
    assert all(act in demo.err for act in ACTS)
    assert "refused, as it must be" in demo.err
    assert len(demo.family) > 4, "the demo, and in each receiver unshare, PID 1 and sshd"
    assert demo.networks
    assert subprocess.run(["id", "ipcamera"], capture_output=True, check=False).returncode != 0


def shown_in_the_readme() -> str:
    """Return what the quick start shows as the demo's end."""
    shown = (ROOT / "README.md").read_text(encoding="utf-8").partition("ends like this:\n\n")[2].partition("\n\n")[0]
    return textwrap.dedent(shown) + "\n"


def masked(text: str) -> str:
    """Return a receipt without what is another one each time: ports, fingerprints, the picture's size."""
    for varying in (r"(?<=:)\d+\b", r"SHA256:[A-Za-z0-9+/]{43}", r"\b\d+(?= bytes)"):
        text = re.sub(varying, "…", text)
    return text


def test_json_is_one_object_and_quiet_is_quiet(start: Callable[..., Demo]) -> None:
    demo = start("--json", "-q")
    assert demo.end() == 0, demo.err
    told = json.loads(demo.out)
    assert (told["ok"], told["changed"], told["error"]) == (True, False, None)
    assert told["receivers"][0]["cameras"][0]["test"]["result"] == 0
    assert demo.err == ""


@pytest.mark.rest
@pytest.mark.parametrize("moment", [0.4, *ACTS[:2]], ids=str)
def test_a_kill_at_any_moment_leaves_nothing(start: Callable[..., Demo], moment: float | str) -> None:
    demo = start()
    if isinstance(moment, float):
        time.sleep(moment)
    else:
        demo.wait_for(moment)
        assert len(demo.family) > 3
    demo.stop_and_look()
    demo.process.kill()
    assert demo.end() == -signal.SIGKILL


@pytest.mark.parametrize(("moment", "number"), [(ACTS[0], signal.SIGINT), (ACTS[1], signal.SIGTERM)], ids=str)
def test_an_interruption_ends_it_with_130(start: Callable[..., Demo], moment: str, number: signal.Signals) -> None:
    demo = start("--json")
    demo.wait_for(moment)
    time.sleep(0.1)
    demo.process.send_signal(number)
    assert demo.end() == 130, demo.err
    assert "Traceback" not in demo.err
    assert json.loads(demo.out)["error"]["exit_code"] == 130


def test_a_failure_is_one_json_object_too(start: Callable[..., Demo]) -> None:
    """The receiver dies under the demo's hands."""
    demo = start("--json")
    demo.wait_for(ACTS[0])
    inits = [pid for pid, _ in demo.family if _number_inside(pid) == "1"]
    assert len(inits) == 1
    os.kill(int(inits[0]), signal.SIGKILL)
    assert demo.end() in {4, 6}, demo.err
    told = json.loads(demo.out)
    assert told["ok"] is False
    assert told["error"]["exit_code"] == demo.process.returncode


def _number_inside(pid: str) -> str:
    """Return the pid that a process of the demo's has in the receiver; empty when it has none or has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("NSpid:"):
                return " ".join(line.split()[2:])
    return ""


def test_an_unprivileged_user_sees_the_same(tmp_path: Path) -> None:
    if Path("/proc/self/uid_map").read_text().split() != ["0", "0", str(2**32 - 1)]:
        pytest.skip("already root of a user namespace only: the tests above have shown it")
    libraries = Path(paramiko.__file__).parents[1]
    command = ["env", f"PYTHONPATH=/media/sources:{libraries}"]
    python = next(
        (
            each
            for each in (sys.executable, "/usr/bin/python3")
            if _visitor(*command, each, "-c", "import paramiko, rich, requests").returncode == 0
        ),
        None,
    )
    if python is None:
        pytest.skip("no Python here with our libraries that a user other than root can run")
    home = tmp_path / "home"
    home.mkdir()
    before = state(home)
    done = _visitor(*command, python, "-m", "receiver_setup", "demo", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ok"] is True
    assert state(home) == before


def _visitor(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user who is not root and may make user namespaces."""
    return subprocess.run(
        ["unshare", "--mount", HERE / "as_visitor.sh", "visitor:300000:65536", ROOT, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
