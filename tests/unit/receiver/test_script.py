"""Scripts are read by real shells, and values stay values in them."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rules import listed

from receiver_setup.errors import ConfigurationError, ReceiverError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.receiver.apply import scripts
from receiver_setup.receiver.apply.scripts import (
    render_apply,
    render_commit,
    render_confirm,
    render_evidence,
    render_facts,
    render_manager,
    render_undo,
)
from receiver_setup.receiver.facts.model import LogMark
from receiver_setup.receiver.plan.setup import plan_receiver
from receiver_setup.receiver.plan.steps import JointPlan
from receiver_setup.receiver.plan.wanted import CameraSlot, Wanted, check_directory, check_home, check_user, clean_name
from receiver_setup.receiver.script import Script
from receiver_setup.secrets import Secret

if TYPE_CHECKING:
    from unit.receiver.conftest import Case

SHELLS = [
    shell for shell in (["sh"], ["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(shell[0])
]
HOSTILE = [
    ";", "a;touch canary", "$(touch canary)", "`touch canary`", "..", "/", "../x", " ", "a b", "\t", "\n",
    "a\ntouch canary",
    "'", "';touch canary;'", '"', '";touch canary;"', "\\", "-", "-rf", "--", "\0", "a\0b", "a" * 300, "käm",
    "ü/ö", "%u", "%h",
    "*", "?", "[a]", "{a,b}", "~", "~root", "root", "&touch canary&", "|touch canary", ">canary", "<x", "#", "!",
    "$HOME",
    "${x:=y}", "\r", "\x1b[2J", "\u2028", "\udcff", "ipcamera", "recordings", "/home/ipcamera", "/srv/usb disk",
]  # fmt: skip
CHECKS: dict[str, Callable[[str], str]] = {
    "user": check_user, "directory": check_directory, "home": check_home, "camera": clean_name,
}  # fmt: skip
KEPT: dict[str, set[str]] = {
    "user": {"ipcamera", "recordings"},
    "directory": {"a b", "käm", "ü/ö", "root", "ipcamera", "recordings"},
    "home": {"/home/ipcamera", "/srv/usb disk"},
    "camera": set(HOSTILE),
    "key line": set(HOSTILE),
}
"""What is let through of HOSTILE: a camera's name is cleaned, and a file may have any bytes."""
SHELL_FILES = Path(scripts.__file__).parents[1] / "shell"
TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))


def run(shell: list[str], script: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """Feed a script to a shell as a receiver gets it: on standard input, in UTF-8."""
    return subprocess.run(
        shell,
        input=script.encode(),
        capture_output=True,
        cwd=folder,
        check=False,
        timeout=20,
        env={"PATH": "/usr/bin:/bin"},
    )


def values_of(script: str) -> str:
    """Return the part of a script's own text before its steps and the call of its main function: the values."""
    head, call, _ = script.rpartition(" </dev/null")
    assert call
    return head.rpartition("\n")[0].partition("\nsteps() {\n")[0] + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("canary")


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
@given(texts=st.lists(TEXT, max_size=20))
def test_a_quoted_value_reaches_the_shell_as_it_is(shell: list[str], folder: Path, texts: list[str]) -> None:
    script = "".join(f"printf '%s\\0' {quote(text)}\n" for text in texts)
    result = run(shell, script, folder)
    assert result.stdout == b"".join(text.encode() + b"\0" for text in texts)
    assert (result.stderr, result.returncode) == (b"", 0)


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_every_single_character_survives(shell: list[str], folder: Path) -> None:
    texts = [f"{chr(code)}{chr(code)}x{chr(code)}" for code in [*range(1, 0x250), 0x2028, 0xFEFF, 0xFFFD, 0x1F600]]
    result = run(shell, "".join(f"printf '%s\\0' {quote(text)}\n" for text in texts), folder)
    assert result.stdout.decode().split("\0")[:-1] == texts


def test_a_value_with_a_nul_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        quote("a\0b")


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_every_script_is_one_that_the_shell_can_read(shell: list[str], folder: Path, finished: "Case") -> None:
    for script in every_script(finished):
        result = run([*shell, "-n"], script.whole(), folder)
        assert (result.stderr, result.returncode) == (b"", 0)
        assert script.text.endswith(" </dev/null")


def every_script(finished: "Case") -> list[Script]:
    wanted = finished.wanted
    return [
        render_facts([wanted], routes=["10.0.0.9", "fe80::1"]),
        render_evidence(
            [wanted],
            since_s=1.5,
            minutes=2,
            logs=[LogMark(path="/var/log/a b", size=1)],
            process=8,
            wait_for=["x"],
            wait_count=1,
        ),
        render_undo(owner="x"),
        render_commit([wanted], owner="x", last="", cameras={wanted.user: "porch {}\n"}),
        render_confirm(owner="x"),
        render_manager(("192.168.2.110", 22)),
        _bare_apply(finished, wanted),
    ]


def test_the_script_of_every_plan_is_one_that_a_shell_can_read(planned: "dict[str, Case]", folder: Path) -> None:
    changing = {name: case for name, case in planned.items() if case.changed}
    assert changing
    wrong = {}
    for name, case in changing.items():
        script = render_apply(
            JointPlan(plans=(plan_receiver(case.facts, case.wanted),)),
            owner="x",
            last="",
            confirm_s=60,
            passwords={case.wanted.user: Secret("a'b")},
        )
        result = run(["sh", "-n"], script.whole(), folder)
        if (result.stderr, result.returncode) != (b"", 0):
            wrong[name] = result.stderr
    assert not wrong, listed(wrong)


def test_comments_that_are_not_sent_are_comments_to_the_shell_too(finished: "Case") -> None:
    sent = {name: text for script in every_script(finished) for name, text in script.parts.items()}
    assert sent.keys() == {path.stem for path in SHELL_FILES.glob("*.sh")}
    for name, text in sent.items():
        whole = (SHELL_FILES / f"{name}.sh").read_text(encoding="utf-8")
        assert len(text) < len(whole)
        assert _minified(text) == _minified(whole), name


def _minified(text: str) -> str:
    done = subprocess.run(["shfmt", "-ln", "posix", "-mn"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


def test_a_script_that_is_cut_off_runs_nothing(folder: Path) -> None:
    script = render_confirm(owner="x").whole()
    whole = run(["sh"], script, folder)
    assert whole.stdout == b"@end 6\nfailed\n"
    cut = run(["sh"], script[: script.rindex("confirm")], folder)
    assert cut.stdout == b""


def test_a_password_stands_in_the_values_alone_and_nowhere_without_one(finished: "Case", folder: Path) -> None:
    plan = JointPlan(plans=(plan_receiver(replace(finished.facts, password="set"), finished.wanted),))
    secret = "it's $(a) secret"
    script = render_apply(
        plan, owner="x", last="", confirm_s=60, passwords={finished.wanted.user: Secret(secret)}
    ).whole()
    given = next(line for line in script.splitlines() if line.startswith("  password="))
    told = run(["sh"], f"{given}\nprintf '%s' \"$password\"", folder)
    assert told.stdout.decode() == secret
    assert script.count(quote(secret)) == 1
    assert "  password=''\n" in render_apply(plan, owner="x", last="", confirm_s=60).text


def hostile_ends(end: Callable[[str], str], folder: Path) -> dict[str, str]:
    """Return what became of each hostile value; what a shell made of it in `folder` is told as well."""
    ends = {}
    for value in HOSTILE:
        try:
            ends[value] = end(value)
        except AssertionError as error:  # told with the others
            ends[value] = str(error).partition("\n")[0]
        for path in folder.iterdir():
            ends[value] += f" and made {path.name}"
            path.unlink()
    return ends


def expected_ends(place: str) -> dict[str, str]:
    """Return what is to become of each hostile value: refused by a check, by quoting, as bytes, or kept as it is."""
    if place in KEPT:
        return {value: "kept" if value in KEPT[place] else "refused" for value in HOSTILE}
    # A login is only shown, so that it is printable whatever it was.
    no_bytes = set() if place == "login" else {"\udcff"}
    return {value: "unquotable" if "\0" in value else "no bytes" if value in no_bytes else "kept" for value in HOSTILE}


@pytest.mark.parametrize("place", ["user", "directory", "home", "camera", "route", "log"])
def test_a_hostile_value_is_refused_or_stays_a_value(place: str, finished: "Case", tmp_path: Path) -> None:
    def end(value: str) -> str:
        try:
            taken = CHECKS[place](value) if place in CHECKS else value
        except ConfigurationError:
            return "refused"
        try:
            scripts = _scripts(finished, place, taken)
            for script in scripts:
                _run_harmlessly(script, tmp_path)
        except UnicodeEncodeError:
            return "no bytes"
        except ValueError as error:
            return "unquotable" if "NUL" in str(error) else repr(error)
        return "kept"

    ends, expected = hostile_ends(end, tmp_path), expected_ends(place)
    wrong = {repr(value): told for value, told in ends.items() if told != expected[value]}
    assert not wrong, listed(wrong)


def _scripts(finished: "Case", place: str, taken: str) -> list[str]:
    """Return every script that a value comes into; a home whose parents are none has no set-up."""
    wanted = _wanted(finished.wanted, place, taken)
    scripts = [
        render_facts([wanted], routes=[taken] if place == "route" else []),
        render_evidence(
            [wanted],
            since_s=1.5,
            minutes=2,
            process=8,
            logs=[LogMark(path=taken, size=1)] if place == "log" else [],
            wait_for=[taken] if place == "log" else [],
            wait_count=1,
        ),
        render_commit([wanted], owner="x", last="", cameras={wanted.user: ""}),
    ]
    with contextlib.suppress(ReceiverError):
        scripts.append(_bare_apply(finished, wanted))
    return [each.text for each in scripts]


def test_the_canary_would_be_seen(tmp_path: Path) -> None:
    _run_harmlessly("user=$(touch canary)\nmain </dev/null", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["canary"]


def _run_harmlessly(script: str, folder: Path) -> None:
    """Check the whole, then run its values, and its list of steps with functions that do nothing."""
    checked = run(["sh", "-n"], script, folder)
    assert (checked.stderr, checked.returncode) == (b"", 0)
    harmless = values_of(script)
    harmless += "".join(f"{name} :\n" for name in ("each_account", "filed_cameras") if f"\n{name}() {{" in script)
    _, found, steps = script.partition("\nsteps() {\n")
    if found:
        body = steps.rpartition("}\n")[0]
        names = ("user", "account", "password", "closed", "directory", "retract", "file", "sshd", "for", "directories")
        harmless += "".join(f"none_{name}() {{ :; }}\n" for name in names) + f"steps() {{\n{body}}}\nsteps none\n"
    result = run(["sh"], harmless, folder)
    assert (result.stdout, result.stderr, result.returncode) == (b"", b"", 0)


def _wanted(base: Wanted, place: str, taken: str) -> Wanted:
    if place == "camera":
        slot = CameraSlot(name=taken, directory=f"{base.recordings}/{taken}", key=base.slots[0].key)
        return replace(base, slots=(slot,))
    wanted = replace(base, **{place: taken}) if place in {"user", "directory", "home"} else base  # type: ignore[arg-type]
    return replace(wanted, slots=(replace(base.slots[0], directory=wanted.recordings),))


def _bare_apply(finished: "Case", wanted: Wanted) -> Script:
    """Render the whole set-up on a host where the wanted home's parents are fit for a jail."""
    root = finished.facts.paths["/"]
    parents = ["/" + "/".join(wanted.home.split("/")[1:depth]) for depth in range(1, wanted.home.count("/") + 1)]
    paths = {path: replace(root, path=path) for path in (*parents, "/etc/ssh/sshd_config.d")}
    facts = replace(finished.facts, account=None, paths=paths, files={})
    plan = JointPlan(plans=(plan_receiver(facts, wanted),))
    assert plan.changed
    return render_apply(plan, owner="x", last="", confirm_s=60, passwords={wanted.user: Secret("x")})
