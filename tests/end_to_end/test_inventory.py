"""Two receivers and four cameras from one inventory: set up, again, in part, what failed, and taken back."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeCamera, Result
from support.terminal import Terminal

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import PrivateNetwork
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

WRONG = "not-this-one"


@dataclass(kw_only=True)
class Site:
    """Two receivers, each with its own bench, and four cameras: porch, gate and barn at the first, stable alone."""

    benches: list[Bench]
    cameras: dict[str, EmulatedCamera]
    inventory: Path

    def run(self, command: str, *options: str) -> Result:
        """Run a command for the inventory; the environment holds one camera's password and no general one."""
        bench = self.benches[0]
        return bench.run(command, "--inventory", str(self.inventory), "--ssh-config", os.devnull, "--json", *options)


@pytest.fixture
def site(
    private_network: PrivateNetwork,  # noqa: ARG001 - it must exist first
    admin_key: AdminKey,
    make_camera: MakeCamera,
    tmp_path: Path,
) -> Iterator[Site]:
    cameras = {name: make_camera() for name in ("porch", "gate", "barn", "stable")}
    known = tmp_path / "known_hosts"
    (tmp_path / "barn.secret").write_text(WRONG + "\n", encoding="utf-8")
    (tmp_path / "porch.secret").write_text(CAMERA_PASSWORD + "\n", encoding="utf-8")
    with ExitStack() as stack:
        receivers = [
            stack.enter_context(ThrowawayReceiver(admin_public_key=admin_key.public_line, name=name))
            for name in ("attic", "nas")
        ]
        lines = [f"{each.address} {line}\n" for each in receivers for line in each.host_key_lines]
        known.write_text("".join(lines), encoding="utf-8")
        environment = {"RECEIVER_SETUP_CAMERA_PASSWORD": "", "GATE": CAMERA_PASSWORD}
        benches = [
            Bench(receiver=each, key=admin_key, known_hosts=known, environment=environment) for each in receivers
        ]
        inventory = tmp_path / "cameras.toml"
        inventory.write_text(_render(benches, cameras), encoding="utf-8")
        yield Site(benches=benches, cameras=cameras, inventory=inventory)


def _render(benches: list[Bench], cameras: dict[str, EmulatedCamera]) -> str:
    attic, nas = (bench.receiver for bench in benches)
    return f"""
[defaults]
identity = "{benches[0].key.path}"
known_hosts = "known_hosts"
upload = ["rec"]
interval = 60
[[receiver]]
name = "attic"
address = "{attic.admin}@{attic.address}"
[[receiver]]
name = "nas"
address = "{nas.admin}@{nas.address}"
user = "films"
[[camera]]
name = "porch"
address = "{cameras["porch"].url}"
receiver = "attic"
password_file = "porch.secret"
upload = []
[[camera]]
name = "the gate"
address = "{cameras["gate"].url}"
receiver = "attic"
password_env = "GATE"
[[camera]]
name = "barn"
address = "{cameras["barn"].url}"
receiver = "attic"
password_file = "barn.secret"
[[camera]]
name = "stable"
address = "{cameras["stable"].url}"
receiver = "nas"
password_command = "head -n 1 porch.secret"
"""


def cameras_of(result: Result) -> dict[str, dict[str, Any]]:
    """Return each camera of a result by its name."""
    return {camera["name"]: camera for receiver in result.json["receivers"] for camera in receiver["cameras"]}


def former(camera: EmulatedCamera) -> dict[str, str]:
    return {name: camera.state.fields[name] for name in FORMER}


def test_an_inventory_is_set_up_continued_and_taken_back(site: Site, tmp_path: Path) -> None:
    before = [bench.state() for bench in site.benches]
    receipt = tmp_path / "first.json"

    first = site.run("setup", "-vvv", "--receipt", str(receipt))
    assert first.code == 3, first.err
    assert [each["name"] for each in first.json["receivers"]] == ["attic", "nas"]
    found = cameras_of(first)
    assert {name: camera["ok"] for name, camera in found.items()} == {
        "porch": True, "the gate": True, "barn": False, "stable": True,
    }  # fmt: skip
    assert found["barn"]["error"]["kind"] == first.json["error"]["kind"] == "camera-login"
    assert [line for line in first.err.splitlines() if line.startswith("error: ")] == [
        f"error: barn: {found['barn']['error']['message']}"
    ]
    assert [found[name]["directory"] for name in ("porch", "the gate", "stable")] == [
        "/home/ipcamera/recordings/porch",
        "/home/ipcamera/recordings/the-gate",
        "/home/films/recordings",
    ]
    assert former(site.cameras["barn"]) == FORMER
    uploading = [name for name, camera in site.cameras.items() if "setftpaction" in camera.set_commands]
    assert uploading == ["gate", "stable"]
    told = first.out + first.err + receipt.read_text(encoding="utf-8")
    assert CAMERA_PASSWORD not in told
    assert WRONG not in told
    commands = json.loads(receipt.read_text(encoding="utf-8"))["receivers"]
    assert commands[0]["commands"]["remove"].endswith(
        "cameras.toml --only porch --only 'the gate' --ssh-config /dev/null"
    )

    # One of several keeps its folder, and nothing is sent to the others.
    sent = {name: len(camera.requests) for name, camera in site.cameras.items()}
    only = site.run("setup", "--only", "the gate")
    assert (only.code, only.json["changed"]) == (0, False), only.err
    assert cameras_of(only)["the gate"]["directory"] == "/home/ipcamera/recordings/the-gate"
    assert [name for name, camera in site.cameras.items() if len(camera.requests) > sent[name]] == ["gate"]

    (tmp_path / "barn.secret").write_text(CAMERA_PASSWORD, encoding="utf-8")
    rest = site.run("setup", "--failed-from", str(receipt))
    assert (rest.code, list(cameras_of(rest))) == (0, ["barn"]), rest.err
    assert cameras_of(rest)["barn"]["directory"] == "/home/ipcamera/recordings/barn"

    sets = {name: camera.set_commands for name, camera in site.cameras.items()}
    again = site.run("setup", "--receipt", str(tmp_path / "again.json"))
    assert (again.code, again.json["changed"], len(cameras_of(again))) == (0, False, 4), again.err
    assert {name: camera.set_commands for name, camera in site.cameras.items()} == sets
    nothing = site.run("setup", "--failed-from", str(tmp_path / "again.json"))
    assert (nothing.code, nothing.json["receivers"]) == (0, [])

    compared = site.run("verify", "--receipt", str(tmp_path / "again.json"))
    assert compared.code == 0, compared.err
    for receiver in compared.json["receivers"]:
        assert [claim["ok"] for claim in receiver["claims"] if claim["name"] == "as in the receipt"] == [True]
    part = site.run("verify", "--receipt", str(tmp_path / "again.json"), "--only", "stable")
    assert (part.code, list(cameras_of(part))) == (0, ["stable"]), part.err
    assert site.run("status", "--only", "nas").code == 0
    script = site.run("explain", "--only", "nas")
    assert (script.code, len(script.json["receivers"])) == (0, 1), script.err

    gone = site.run("remove", "--delete-recordings", "--yes")
    assert (gone.code, len(cameras_of(gone))) == (0, 4), gone.err
    assert [bench.state() for bench in site.benches] == before
    assert [former(camera) for camera in site.cameras.values()] == [FORMER] * 4


def test_a_receiver_that_is_not_reached_stops_no_other(site: Site) -> None:
    site.benches[0].receiver.close()
    result = site.run("setup", "--only", "porch", "--only", "stable", "--timeout", "3")
    assert result.code == 4, result.err
    attic, nas = result.json["receivers"]
    assert (attic["ok"], nas["ok"], nas["cameras"][0]["ok"]) == (False, True, True)
    assert f"error: attic: {attic['error']['message']}" in result.err


def test_each_receivers_password_is_asked_for_and_ctrl_c_ends_all_questions(site: Site, tmp_path: Path) -> None:
    for bench, word in zip(site.benches, ("one word", "other word"), strict=True):
        bench.receiver.run("sed", "-i", "s/NOPASSWD: //", "/etc/sudoers")
        bench.receiver.run("chpasswd", input=f"admin:{word}\n".encode())
    (tmp_path / "barn.secret").write_text(CAMERA_PASSWORD, encoding="utf-8")
    before = [bench.state() for bench in site.benches]
    words = ("--inventory", str(site.inventory), "--ssh-config", os.devnull)
    terminal = Terminal(site.benches[0], *words, password="")
    terminal.wait_for("sudo password on admin@")
    assert terminal.interrupt() == 130, terminal.screen
    assert terminal.screen.count("sudo password on") == 1
    assert "Traceback" not in terminal.screen
    assert [bench.state() for bench in site.benches] == before

    terminal = Terminal(site.benches[0], *words, password="")
    for _ in range(2):
        terminal.wait_for("sudo password on admin@")
        address = terminal.wait_for(": ").removesuffix(": ")
        terminal.type(("one word" if address == site.benches[0].receiver.address else "other word") + "\n")
    assert terminal.end() == 0, terminal.screen
    assert terminal.screen.count("proven on both sides") == 4
    assert "one word" not in terminal.screen
