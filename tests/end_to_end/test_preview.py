"""What `--check --diff` shows is what happens, and showing it touches nothing."""

import difflib
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bench import Bench

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]

README = Path(__file__).parents[2] / "README.md"
MARK = "/dev/mark"
TOUCHED = (
    f"find / /home /mnt /opt /root /run /srv /tmp -xdev \\( -path /proc -o -path /sys -o -path /dev \\) -prune "
    f"-o -cnewer {MARK} -print"
)
"""Every path of the receiver whose content, mode, owner, name or time was set since: no program can set that one back.

A path that has gone, or has come, is a change of its folder.
"""


def touched(bench: Bench, act: Callable[[], object]) -> set[str]:
    """Return the paths that something changes on the receiver, anywhere."""
    bench.inside(f": >{MARK}")
    act()
    return {*bench.inside(TOUCHED).splitlines()}


def sign_in(bench: Bench) -> None:
    """Sign in and become root, as every run has to; whatever that leaves behind is not the run's doing."""
    options = ("IdentitiesOnly=yes", "BatchMode=yes", "IdentityAgent=none", f"UserKnownHostsFile={bench.known_hosts}")
    subprocess.run(
        [
            *("ssh", "-F", "none", "-i", str(bench.key.path), *(f"-o{option}" for option in options)),
            *(f"{bench.receiver.admin}@{bench.receiver.address}", "sudo -n true"),
        ],
        stdin=subprocess.DEVNULL,
        check=True,
    )


@pytest.mark.rest
@pytest.mark.parametrize("command", ["setup", "remove"])
def test_a_check_touches_nothing_on_the_whole_receiver(bench: Bench, make_camera: MakeCamera, command: str) -> None:
    camera = make_camera()
    if command == "remove":
        assert bench.setup(camera).code == 0
    sign_in(bench)
    by_login = touched(bench, lambda: sign_in(bench))
    arguments = bench.arguments(camera, options=("--check", "--diff"), command=command)
    by_check = touched(bench, lambda: bench.run(*arguments))
    assert by_check - by_login == set()


def test_check_apply_check_apply(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    results = [bench.setup(camera, options=options) for options in (("--check", "--diff"), ("--diff",)) * 2]
    told = [(result.code, result.json["changed"]) for result in results]
    assert told == [(7, True), (0, True), (0, False), (0, False)], [result.err for result in results]
    diffs = [result.json["receivers"][0]["diff"] for result in results]
    on_receiver = diffs[0].partition("--- http")[0]
    assert on_receiver != ""
    assert diffs[1].startswith(on_receiver)
    assert diffs[2:] == ["", ""]


def test_the_readme_shows_what_a_check_really_shows(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    check = bench.setup(camera, options=("--check", "--diff"))
    shown = check.json["receivers"][0]["diff"].partition("--- http")[0]
    name = camera.url.removeprefix("http://").replace(":", "-")
    shown = re.sub(r"AAAA[\w+/=]{100,}", "AAAA…", shown).replace(name, "porch")
    section = README.read_text(encoding="utf-8").partition("## What it changes on your host")[2]
    block = section.partition("```diff\n")[2].partition("```")[0]
    assert list(difflib.unified_diff(block.splitlines(), shown.splitlines(), "README.md", "real", lineterm="")) == []
