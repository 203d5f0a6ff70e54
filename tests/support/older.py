"""Receivers that an older version of this tool has set up: captured as text, and put onto a fresh receiver."""

import json
import re
from pathlib import Path
from typing import Any

from receiver_setup.emulator.camera import EmulatedCamera
from support.bench import Bench

FIXTURES = Path(__file__).parents[1] / "fixtures" / "older"
_OURS = (
    "/etc/ssh/authorized_keys.d /etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf /var/lib/receiver-setup "
    "/home/ipcamera"
)
_TABLES = ("passwd", "group", "shadow", "gshadow")


def load(name: str) -> dict[str, Any]:
    """Return what a fixture holds, as `capture` made it."""
    held: dict[str, Any] = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return held


def capture(bench: Bench, camera: EmulatedCamera) -> dict[str, Any]:
    """Return all that a set-up has left on both sides, recordings aside; addresses and keys are marked as such."""
    key, address = camera.state.public_key_line or "", bench.receiver.address

    def marked(text: str) -> str:
        return (text.replace(key, "{key}") if key else text).replace(address, "{receiver}")

    listed = bench.inside(
        f"find {_OURS} ! -name '*.jpeg' ! -path '*/recordings/?*' -exec stat -c '%F|%a|%U:%G|%n' {{}} +"
    )
    things = []
    for line in sorted(listed.splitlines(), key=lambda each: each.rpartition("|")[2]):
        kind, mode, owner, path = line.split("|", 3)
        thing = {"path": path, "mode": mode, "owner": owner}
        if kind != "directory":
            thing["text"] = marked(bench.receiver.run("cat", path).stdout.decode())
        things.append(thing)
    tables = {name: bench.inside(f"grep ^ipcamera: /etc/{name}") for name in _TABLES}
    fields = {name: marked(value) for name, value in camera.state.fields.items()}
    return {"things": things, "tables": tables, "camera": fields}


def restore(name: str, bench: Bench, camera: EmulatedCamera) -> None:
    """Bring a fresh receiver, and a camera, to what the fixture holds; sshd reads it anew.

    Of another release, its own accounts may have the fixture's numbers: then the upload user has others.
    """
    held = load(name)
    for number in {held["tables"]["passwd"].split(":")[2], held["tables"]["group"].split(":")[2]}:
        if bench.inside(f"getent passwd {number}; getent group {number}; true"):
            other = re.compile(rf"(?<=:){number}(?=:)")
            held["tables"] = {table: other.sub(f"9{number}", line) for table, line in held["tables"].items()}

    def filled(text: str) -> str:
        return text.replace("{key}", camera.state.public_key_line or "").replace("{receiver}", bench.receiver.address)

    for table, line in held["tables"].items():
        bench.receiver.run("sh", "-c", f"cat >>/etc/{table}", input=f"{line}\n".encode())
    for thing in held["things"]:
        path = thing["path"]
        if "text" in thing:
            bench.receiver.run("sh", "-c", f"cat >'{path}'", input=filled(thing["text"]).encode())
        else:
            bench.inside(f"mkdir -p '{path}'")
        bench.inside(f"chown {thing['owner']} '{path}' && chmod {thing['mode']} '{path}'")
    bench.inside("sshd -t && kill -HUP $(cat /run/sshd.pid); sleep 0.5")
    camera.state.fields.update({field: filled(value) for field, value in held["camera"].items()})
    camera.state.trusted_host_keys[:] = [line.split()[1] for line in bench.receiver.host_key_lines]
