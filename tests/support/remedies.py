"""A hint, taken as a person takes it: its commands are pasted as they are printed, its edits made as they are told."""

import os
import re
import subprocess
from collections.abc import Sequence

from support.bench import Bench

_EDIT = re.compile(r"(?:make|delete) the line (?P<file>/[^:`]+):(?P<number>[0-9]+)(?: `(?P<text>[^`]*)`)?")
_COMMAND = re.compile(r"`([^`]*\bsudo\b[^`]*)`")
_PATH = re.compile(r"/[^\s`':;,]+(?: [^\s`':;,]+(?='))?")


def commands(hint: str) -> list[str]:
    """Return the commands that a hint prints to be pasted."""
    return _COMMAND.findall(hint)


def edits(hint: str) -> list[tuple[str, int, str | None]]:
    """Return the edits that a hint tells of: file, number of the line, the new one; None where it goes."""
    return [(match["file"], int(match["number"]), match["text"]) for match in _EDIT.finditer(hint)]


def follow(bench: Bench, hint: str) -> int:
    """Do what a hint says, as root on the receiver; return how much that was.

    The administrator gets in by a new login afterwards, and no file changed but those that the hint names.
    """
    before = bench.state()
    # From the last line on, so that the numbers of the others stay.
    for file, number, text in sorted(edits(hint), key=lambda edit: edit[1], reverse=True):
        lines = bench.receiver.run("cat", file).stdout.decode().splitlines()
        lines[number - 1 : number] = [] if text is None else [text]
        run(bench, f"cat >'{file}'", "".join(f"{line}\n" for line in lines))
    for command in commands(hint):
        run(bench, command)
    bench.receiver.wait_until_listening()
    log_in(bench)
    named = _PATH.findall(hint)
    # An account is named instead of the file that it stands in.
    named += ["/etc/shadow"] if re.search(r"\b(usermod|chage)\b", hint) else []
    named += bench.receiver.run("realpath", "-m", *named).stdout.decode().splitlines() if named else []
    foreign = {path for path in changed(before, bench.state()) if not is_named(path, named)}
    assert not foreign, (foreign, hint)
    return len(edits(hint)) + len(commands(hint))


def run(bench: Bench, command: str, text: str = "") -> None:
    """Run one command in the receiver's own shell; it must succeed."""
    done = bench.receiver.run("sh", "-c", command, input=text.encode())
    assert done.returncode == 0, (command, done.stdout, done.stderr)


def log_in(bench: Bench) -> None:
    """Sign in anew as the administrator, by ssh."""
    # A reload shuts the port for a moment.
    # What is asked is whether the administrator gets in; host keys are what some remedies are about.
    own = ("BatchMode=yes", "ConnectionAttempts=3", "StrictHostKeyChecking=no", f"UserKnownHostsFile={os.devnull}")
    options = ("-F", os.devnull, *(part for each in own for part in ("-o", each)))
    login = f"{bench.receiver.admin}@{bench.receiver.address}"
    done = subprocess.run(
        ["ssh", *options, "-i", str(bench.key.path), login, "true"], capture_output=True, check=False, timeout=30
    )
    assert done.returncode == 0, done.stderr


def changed(before: str, after: str) -> set[str]:
    """Return the paths that two states of a receiver (`Bench.state`) tell different things of."""
    lines = set(before.splitlines()) ^ set(after.splitlines())
    return {f"/{path}" for path in map(_path, lines)}


def _path(line: str) -> str:
    found = re.fullmatch(r"[0-9a-f]{32}  (.*)|(.*) (?:regular|directory|symbolic|fifo|socket|block|char).*", line)
    assert found, line
    return found[1] or found[2]


def is_named(path: str, names: Sequence[str]) -> bool:
    """Tell whether a path is one of these, or lies below one of them."""
    return any(path == name or path.startswith(f"{name}/") for name in names)
