"""The receiver's half as plain commands: for every plan that there is, and with hostile values."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.rules import listed
from unit.receiver.test_script import CHECKS, expected_ends, hostile_ends

from receiver_setup.errors import ConfigurationError, ReceiverError
from receiver_setup.formats.plain_shell import quote
from receiver_setup.receiver.apply.by_hand import Place, render_receiver
from receiver_setup.receiver.plan.setup import plan_receiver
from receiver_setup.receiver.plan.steps import Step

if TYPE_CHECKING:
    from unit.receiver.conftest import Case

MANAGERS = {
    "reload ssh": "systemctl reload ssh",
    "reload sshd": "systemctl reload sshd",
    "restart ssh": "systemctl restart ssh",
    "openrc": "rc-service sshd reload",
    "service": "service ssh reload </dev/null",
    "pidfile": 'kill -HUP "$(cat /run/sshd.pid)"',
    "signal 812": "kill -HUP 812",
    "socket": "# No reload: systemd's socket starts an sshd with the new configuration.",
}
PROGRAMS = (
    "id", "cat", "useradd", "usermod", "adduser", "addgroup", "chpasswd", "install", "rmdir", "cp", "mv", "rm", "chmod",
    "service", "sleep", "awk", "sed", "head", "tr", "restorecon", "touch", "mkdir", "grep",
)  # fmt: skip


def render(case: "Case", *, manager: str = "service") -> str:
    plan = plan_receiver(case.facts, case.wanted)
    return render_receiver([(plan, Place(facts=case.facts, login="pi@attic", manager=manager))])


def without_files(case: "Case") -> "Case":
    paths = {path: state for path, state in case.facts.paths.items() if path not in case.facts.files}
    return replace(case, facts=replace(case.facts, files={}, paths=paths))


def commands(script: str) -> list[str]:
    return [line for line in script.splitlines() if line and not line.startswith("#")]


def test_every_plan_is_a_script_that_shellcheck_finds_nothing_in(planned: "dict[str, Case]", tmp_path: Path) -> None:
    for name, case in planned.items():
        (tmp_path / f"{name}.sh").write_text(render(case), encoding="utf-8")
    files = sorted(path.name for path in tmp_path.iterdir())
    checked = subprocess.run(
        ["shellcheck", "--shell=sh", "--format=gcc", *files], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (len(files), checked.stdout + checked.stderr, checked.returncode) == (len(planned), "", 0), checked.stdout


def test_each_step_is_told_in_the_script_and_what_is_so_already_by_a_remark_alone(planned: "dict[str, Case]") -> None:
    wrong = {}
    for name, case in planned.items():
        script, plan = render(case), plan_receiver(case.facts, case.wanted)
        done = [step for step in plan.steps if not step.changed]
        found = (script.count("# Nothing to do for “"), bool(commands(script)))
        if found != (len(done), bool(case.changed)):
            wrong[name] = found
    assert not wrong, listed(wrong)


def test_above_every_command_stands_its_reason(planned: "dict[str, Case]") -> None:
    blocks = {name: render(case).split("\n\n")[1:] for name, case in planned.items() if case.changed}
    wrong = {name: block for name in blocks for block in blocks[name] if not block.startswith("# ")}
    assert all(blocks.values())
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("manager", MANAGERS)
def test_sshd_is_reloaded_by_the_way_that_the_receiver_has(finished: "Case", manager: str) -> None:
    assert MANAGERS[manager] in render(without_files(finished), manager=manager).splitlines()


@pytest.mark.parametrize("manager", ["", "none", "reload ssh; touch canary", "signal $(touch canary)", "reload -x"])
def test_a_manager_that_is_none_is_refused(finished: "Case", manager: str) -> None:
    with pytest.raises(ValueError, match="manager"):
        render(without_files(finished), manager=manager)


def test_a_step_without_commands_is_refused(finished: "Case") -> None:
    plan = plan_receiver(finished.facts, finished.wanted)
    odd = replace(plan, steps=(Step(name="x", detail="y", call=("explode",)),))
    with pytest.raises(ValueError, match="explode"):
        render_receiver([(odd, Place(facts=finished.facts))])


def test_a_password_is_made_there_and_is_nowhere_in_the_text(finished: "Case") -> None:
    by_password = replace(finished.wanted, authentication=type(finished.wanted.authentication)("password"))
    facts = replace(without_files(finished).facts, account=None, group=None)
    script = render(replace(finished, facts=facts, wanted=by_password))
    assert "/dev/urandom" in script
    assert "chpasswd <<END\nipcamera:$UPLOAD_PASSWORD\nEND" in script


@pytest.mark.parametrize("place", ["user", "directory", "home", "camera", "hostname", "shell", "login", "key line"])
def test_a_hostile_value_is_refused_or_stays_a_value(place: str, finished: "Case", tmp_path: Path) -> None:
    """`touch` would be a program, and the cage has none: so its place is taken by what the shell can do itself."""

    def end(value: str) -> str:
        value = value.replace("touch canary", ": >canary")
        try:
            taken = CHECKS[place](value) if place in CHECKS else value
        except ConfigurationError:
            return "refused"
        try:
            script = _render_with(finished, place, taken).encode()
        except UnicodeEncodeError:
            return "no bytes"
        except ReceiverError as error:
            return error.kind
        except ValueError as error:
            return "unquotable" if "NUL" in str(error) else repr(error)
        checked = subprocess.run(["sh", "-n"], input=script, capture_output=True, check=False)
        if (checked.stderr, checked.returncode) != (b"", 0):
            return checked.stderr.decode()
        _run_in_a_cage(script.decode(), tmp_path)
        return "kept"

    ends, expected = hostile_ends(end, tmp_path), expected_ends(place)
    wrong = {repr(value): told for value, told in ends.items() if told != expected[value]}
    assert not wrong, listed(wrong)


def _run_in_a_cage(script: str, folder: Path) -> None:
    """Run what the shell itself would run: every program does nothing, and files go nowhere."""
    lines = [line for line in script.splitlines() if line != "set -eu" and not line.startswith("PATH=")]
    text = "\n".join(lines).replace(" >/", " >/dev/null/").replace("exit 1", ":").replace("/usr/sbin/sshd ", ": ")
    assert re.search(r">[\s'\"]*/(?!dev/null/)", re.sub(r"^#.*$", "", text, flags=re.MULTILINE)) is None
    functions = "".join(f"{name}() {{ :; }}\n" for name in PROGRAMS)
    subprocess.run(
        [shutil.which("sh") or "sh"],
        input=f"{functions}{text}\n".encode(),
        capture_output=True,
        check=False,
        cwd=folder,
        timeout=20,
        env={"PATH": "/nowhere"},
    )


def test_a_folder_with_a_blank_stays_one_folder(finished: "Case") -> None:
    made = "install -d -o ipcamera -g ipcamera -m 0750 '/home/ipcamera/usb disk'"
    assert made in _render_with(finished, "directory", "usb disk").splitlines()


def test_the_canary_would_be_seen(tmp_path: Path) -> None:
    _run_in_a_cage("useradd $(: >canary)\n", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["canary"]


def _render_with(finished: "Case", place: str, taken: str) -> str:
    wanted, facts, login = finished.wanted, finished.facts, "pi@attic"
    if place in {"user", "directory", "home"}:
        wanted = replace(wanted, **{place: taken})  # type: ignore[arg-type]
        wanted = replace(wanted, slots=(replace(wanted.slots[0], directory=wanted.recordings),))
    root = facts.paths["/"]
    parents = ["/" + "/".join(wanted.home.split("/")[1:depth]) for depth in range(1, wanted.home.count("/") + 1)]
    paths = {path: replace(root, path=path) for path in (*parents, "/etc/ssh/sshd_config.d")}
    facts = replace(facts, account=None, paths=paths, files={})
    if place == "camera":
        wanted = replace(wanted, slots=(replace(wanted.slots[0], name=taken),))
    elif place == "hostname":
        facts = replace(facts, hostname=taken)
    elif place == "shell":
        facts = replace(facts, nologin=taken)
    elif place == "login":
        login = taken
    elif place == "key line":
        path = "/etc/ssh/authorized_keys.d/ipcamera"
        facts = replace(facts, files={path: taken.encode(errors="surrogateescape")}, paths=paths | {path: root})
    plan = plan_receiver(facts, wanted)
    assert plan.changed
    script = render_receiver([(plan, Place(facts=facts, login=login, manager="service"))])
    assert place != "hostname" or quote(taken) in script
    return script
