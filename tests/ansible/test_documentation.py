"""What the documentation says is what the code does: options, return values, the role, the README's five lines."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ansible_site import COLLECTION, ROOT, VAULT_PASSWORD, Site, program
from support.bench import CAMERA_PASSWORD

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest

MakeCamera = Callable[..., EmulatedCamera]
MakeReceiver = Callable[..., ThrowawayReceiver]
ACCOUNT = ("description", "version_added", "version_added_collection", "aliases")


@pytest.fixture
def version() -> str:
    return "newest"


def documented(site: Site, module: str) -> dict[str, Any]:
    run = site.run("ansible-doc", "--json", "-t", "module", f"receiver_setup.instar.{module}")
    assert run.code == 0, run.err
    found: dict[str, Any] = json.loads(run.out)[f"receiver_setup.instar.{module}"]
    return found


def as_spec(options: dict[str, Any], below: str) -> dict[str, Any]:
    """Return documented options as an argument spec has them, without what only one of the two says."""
    spec = {}
    for name, option in options.items():
        kept = {key: value for key, value in option.items() if key not in {*ACCOUNT, "no_log"}}
        if kept.get("required") is False:
            del kept["required"]
        if below in kept:
            kept["options"] = as_spec(kept.pop(below), below)
        spec[name] = kept
    return spec


def load_specs() -> dict[str, Any]:
    """Return the argument specs as the collection's own file has them."""
    path = str(COLLECTION / "plugins/module_utils/options.py")
    code = f"import json, runpy; print(json.dumps(runpy.run_path({path!r}), default=str))"
    done = subprocess.run([program("newest", "python"), "-c", code], capture_output=True, text=True, check=True)
    loaded: dict[str, Any] = json.loads(done.stdout)
    return loaded


def test_options_are_those_of_the_documentation(site: Site) -> None:
    specs = load_specs()
    for module, spec in (("receiver", "RECEIVER"), ("camera", "CAMERA"), ("camera_info", "CAMERA_TARGET")):
        told = as_spec(documented(site, module)["doc"]["options"], "suboptions")
        assert told == as_spec(specs[spec], "options"), module


def test_every_password_is_declared_as_one() -> None:
    def passwords(options: dict[str, Any]) -> list[bool]:
        found = [option.get("no_log") is True for name, option in options.items() if "password" in name]
        return found + [each for option in options.values() for each in passwords(option.get("options", {}))]

    specs = load_specs()
    assert passwords(specs["RECEIVER"]) == [True]
    assert passwords(specs["CAMERA"]) == [True, True]


def test_the_role_has_each_option_of_the_action_as_a_variable(site: Site) -> None:
    run = site.run("ansible-doc", "--json", "-t", "role", "receiver_setup.instar.sftp_receiver")
    assert run.code == 0, run.err
    (role,) = json.loads(run.out).values()
    told = {
        name.removeprefix("sftp_receiver_"): option for name, option in role["entry_points"]["main"]["options"].items()
    }
    assert as_spec(told, "options") == as_spec(load_specs()["RECEIVER"], "options")
    tasks = (COLLECTION / "roles/sftp_receiver/tasks/main.yml").read_text()
    handed = dict(re.findall(r'^    (\w+): "\{\{ (\w+)', tasks, re.MULTILINE))
    assert handed == {name: f"sftp_receiver_{name}" for name in told}


def test_documented_return_values_are_the_real_ones(
    site: Site, admin_key: AdminKey, make_receiver: MakeReceiver, make_camera: MakeCamera
) -> None:
    camera, other = make_camera(), make_camera()
    site.add("attic", make_receiver(), admin_key)
    site.hosts["attic"]["ansible_python_interpreter"] = str(program("newest", "python"))
    known = {"name": "porch", "address": camera.url, "password": CAMERA_PASSWORD}
    login = {"camera": other.url, "camera_password": CAMERA_PASSWORD}
    seen: dict[str, set[str]] = {"receiver": set(), "camera": set(), "camera_info": set()}
    parts: dict[str, set[str]] = {"receiver": set(), "cameras": set()}
    tasks: list[tuple[str, dict[str, Any]]] = [
        ("receiver", {"cameras": [known], "sha1": "always"}),
        ("receiver", {"cameras": [known], "state": "verified"}),
        ("receiver", {"cameras": [known | {"name": "no", "password": "n0t"}]}),
        (
            "camera",
            login | {"snapshots": 3, "trust": "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"},
        ),
        ("camera", {"camera": camera.url, "camera_password": CAMERA_PASSWORD, "test": True}),
        ("camera", login | {"snapshots": 99}),
        ("camera_info", login),
        ("camera_info", login | {"camera": "ftp://nowhere"}),
    ]
    whole = [
        {f"receiver_setup.instar.{module}": options, "diff": number == 0, "ignore_errors": True}
        | ({} if module == "receiver" else {"delegate_to": "localhost"})
        for number, (module, options) in enumerate(tasks)
    ]
    run = site.play(json.dumps([{"hosts": "receivers", "gather_facts": False, "tasks": whole}]))
    assert len(run.told) == len(tasks), run.out
    for (module, _), result in zip(tasks, run.told, strict=True):
        seen[module] |= {key for key in result if not key.startswith("_")}
        if "receiver" in result:
            parts["receiver"] |= result["receiver"].keys()
            parts["cameras"] |= result["receiver"]["cameras"][0].keys()
            assert not result.get("error") or result["error"].keys() == {
                "kind",
                "message",
                "hint",
                "exit_code",
                "rolled_back",
            }
    always = {"changed", "failed", "msg", "invocation", "exception"}
    for module, keys in seen.items():
        told = documented(site, module)["return"]
        assert keys - always == told.keys() - always, module
    receiver = documented(site, "receiver")["return"]["receiver"]["contains"]
    assert parts["receiver"] == receiver.keys()
    assert parts["cameras"] == receiver["cameras"]["contains"].keys()


def test_the_readmes_five_lines_end_in_a_green_recap(
    tmp_path: Path,
    temporary: Path,
    admin_key: AdminKey,
    make_receiver: MakeReceiver,
    make_camera: MakeCamera,
) -> None:
    section = (ROOT / "README.md").read_text().partition("## Ansible\n")[2].partition("\n## ")[0]
    lines = re.findall(r"^    (.+)$", section, re.MULTILINE)
    assert len(lines) == 5
    site = Site(folder=tmp_path, version="newest", collections=tmp_path)
    receiver, cameras = make_receiver(), [make_camera(), make_camera()]
    site.add("attic-pi", receiver, admin_key)
    # What a person does in an editor: addresses, the way in, passwords.
    replaced = {
        "192.168.2.110": receiver.address,
        "ansible_user: pi": "\n      ".join(
            f"{key}: {json.dumps(value)}" for key, value in site.hosts["attic-pi"].items()
        ),
        "192.168.2.168": cameras[0].url,
        "192.168.2.169": cameras[1].url,
        "change-me": json.dumps(CAMERA_PASSWORD),
    }
    (tmp_path / "replaced.json").write_text(json.dumps(replaced))
    editor = tmp_path / "editor"
    editor.write_text(
        f"#!{program('newest', 'python')}\nimport json, pathlib, sys\n"
        f"for path in map(pathlib.Path, sys.argv[1:]):\n    text = path.read_text()\n"
        f"    for old, new in json.loads(pathlib.Path({str(tmp_path / 'replaced.json')!r}).read_text()).items():\n"
        "        text = text.replace(old, new)\n    path.write_text(text)\n"
    )
    editor.chmod(0o755)
    (tmp_path / "checkout").mkdir()
    shutil.copytree(COLLECTION, tmp_path / "checkout" / "ansible", ignore=shutil.ignore_patterns("__pycache__"))
    variables = {"HOME": str(tmp_path), "TMPDIR": str(temporary), "EDITOR": str(editor)}
    out = type_in("set -e\n" + "\n".join(lines), tmp_path / "checkout", **variables)
    assert re.search(r"attic-pi\s+: ok=\d+ +changed=1 +unreachable=0 +failed=0", out), out
    assert CAMERA_PASSWORD not in (tmp_path / "cameras/host_vars/attic-pi/vault.yml").read_text()


def type_in(script: str, folder: Path, **environment: str) -> str:
    """Run lines of shell on a terminal of their own, answering each question for the vault's password."""
    path = f"{program('newest', 'x').parent}:{os.environ['PATH']}"
    process, terminal = pty.fork()
    if not process:
        os.chdir(folder)
        own = {"PATH": path, "LC_ALL": "C.UTF-8", "TERM": "dumb", "ANSIBLE_NOCOLOR": "1", **environment}
        os.execve("/bin/bash", ["bash", "-c", script], own)  # noqa: S606 - a shell is what is meant
    said, answered, end = "", 0, time.monotonic() + 120
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            said += os.read(terminal, 65536).decode(errors="replace")
        except OSError:
            break
        asked = len(re.findall(r"ault [Pp]assword[^\n]*: ?", said))
        while answered < asked:
            time.sleep(0.2)
            os.write(terminal, f"{VAULT_PASSWORD}\n".encode())
            answered += 1
    os.close(terminal)
    os.waitpid(process, 0)
    return said
