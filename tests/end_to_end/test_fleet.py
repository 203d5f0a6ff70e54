"""Many cameras on one receiver: broken ones stop no other, Ctrl-C keeps what is done, few trips and no lock-outs."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest
from support.bench import FORMER, Bench, MakeBench, MakeCamera, finish
from support.trees import unpack

from receiver_setup.emulator.camera import EmulatedCamera

pytestmark = pytest.mark.rest

BROKEN: tuple[dict[str, Any], ...] = (
    {"test_claims": "0"},
    {"test_claims": "-3"},
    {"test_claims": "-5"},
    {"test_claims": "-7"},
    {"test_claims": "-9"},
    {"hostkey_on_success": False},
    {"ignored_fields": ("ft_server",)},
    {"denied_commands": ("setftpattr",)},
    {"login_refused_as": "211", "denied_commands": ("getftpattr",)},
    {"key": "none"},
)
"""Ways of failing that differ in fact, from the login to the last test."""


UNTOUCHED = {name: value for name, value in FORMER.items() if name != "ft_password"}
"""What a camera shows that is as it was; it gives no password out."""


def pointed(camera: EmulatedCamera) -> dict[str, str]:
    """Return where a camera uploads to, without the password that it does not give out."""
    return {name: value for name, value in camera.state.fields.items() if name in FORMER and name != "ft_password"}


@pytest.mark.parametrize("good", [14, pytest.param(190, marks=pytest.mark.thorough)])
def test_broken_cameras_stop_no_other_and_leave_nothing_of_themselves(
    bench: Bench, make_camera: MakeCamera, good: int
) -> None:
    """Ten of them are broken, each in another way; then the same run again for those that are not."""
    broken = [make_camera(**profile) for profile in BROKEN]
    working = [make_camera() for _ in range(good)]
    mixed = [*working[: good // 2], *broken, *working[good // 2 :]]
    result = finish(bench.start(*bench.arguments(*mixed, options=("--timeout", "5"))), timeout_s=500)
    assert result.code == 5, result.err
    told = {each["address"]: each for each in result.json["receivers"][0]["cameras"]}
    assert [camera.url for camera in working if not told[camera.url]["ok"]] == []
    assert all(told[camera.url]["test"]["bytes"] > 0 for camera in working)
    errors = [told[camera.url]["error"] for camera in broken]
    assert all(error["message"] and error["hint"] for error in errors), errors
    assert {error["exit_code"] for error in errors} == {3, 5}
    for camera in broken:
        assert pointed(camera) == UNTOUCHED
    # Nothing of the ten is left: no key line, no folder, no record.
    keys = bench.inside("cat /etc/ssh/authorized_keys.d/ipcamera")
    folders = bench.inside("ls /home/ipcamera/recordings").split()
    records = bench.inside("cut -d ' ' -f 1 /var/lib/receiver-setup/accounts/ipcamera/cameras").split()
    assert (keys.count("ssh-rsa "), len(folders), len(records)) == (good, good, good)

    sent = [len(camera.set_commands) for camera in working]
    asked = [len(camera.requests) for camera in working]
    logins = _logins(bench)
    again = finish(bench.start(*bench.arguments(*working)), timeout_s=500)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert [len(camera.set_commands) for camera in working] == sent
    assert max(len(camera.requests) - before for camera, before in zip(working, asked, strict=True)) <= 3
    assert _logins(bench) - logins == 1


def _logins(bench: Bench) -> int:
    """Return how often the administrator has signed in."""
    return bench.receiver.log().count(f"Accepted publickey for {bench.receiver.admin} ")


def test_ctrl_c_keeps_what_is_done_and_a_second_run_goes_on(bench: Bench, make_camera: MakeCamera) -> None:
    """Two are done, one is under way, the others have not begun: three fates, and each is told."""
    cameras = [make_camera() for _ in range(5)]
    process = bench.start(*bench.arguments(*cameras, options=("--jobs", "1")))
    stopped = threading.Event()

    def stop(name: str) -> None:
        if name == "testftp" and not stopped.is_set():
            stopped.set()
            process.send_signal(signal.SIGINT)

    cameras[2].on_command = stop
    result = finish(process)
    assert result.code == 130, result.err
    told = result.json["receivers"][0]["cameras"]
    assert [each["ok"] for each in told[:2]] == [True, True]
    assert not any(each["ok"] for each in told[2:])
    messages = [each["error"]["message"] for each in told[2:]]
    assert "interrupted while it was set up" in messages[0]
    assert "not started" in messages[-1]
    assert told[0]["host_key"]["verified"]
    assert [pointed(camera) == UNTOUCHED for camera in cameras] == [False, False, True, True, True]
    assert bench.inside("ls /home/ipcamera/recordings").split() == sorted(each["name"] for each in told[:2])
    assert "Traceback" not in result.err

    sent = [len(camera.set_commands) for camera in cameras[:2]]
    cameras[2].on_command = None
    again = bench.setup(*cameras)
    assert again.code == 0, again.err
    assert [len(camera.set_commands) for camera in cameras[:2]] == sent


def test_ctrl_c_twice_puts_everything_back(bench: Bench, make_camera: MakeCamera) -> None:
    cameras = [make_camera() for _ in range(3)]
    before = bench.state()
    process = bench.start(*bench.arguments(*cameras, options=("--jobs", "1")))
    held = threading.Event()

    def stop(name: str) -> None:
        if name == "testftp" and not held.is_set():
            held.set()
            process.send_signal(signal.SIGINT)
            # The second one, while the run waits for this camera to come to its end.
            threading.Event().wait(1)
            process.send_signal(signal.SIGINT)
            threading.Event().wait(1)

    cameras[1].on_command = stop
    result = finish(process)
    assert result.code == 130, result.err
    assert [pointed(camera) for camera in cameras] == [UNTOUCHED] * 3
    assert bench.state() == before


def test_ctrl_c_over_two_receivers_stops_both_at_a_safe_point(
    make_bench: MakeBench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    """Each receiver keeps what is proven there; what was under way or not begun is as it was."""
    with make_bench() as one, make_bench() as other:
        known = tmp_path / "both"
        rows = [f"{b.receiver.address} {line}\n" for b in (one, other) for line in b.receiver.host_key_lines]
        known.write_text("".join(rows))
        cameras = [make_camera() for _ in range(6)]
        receivers = "".join(
            f'[[receiver]]\nname = "r{n}"\naddress = "{b.receiver.admin}@{b.receiver.address}"\n'
            for n, b in enumerate((one, other))
        )
        listed = "".join(
            f'[[camera]]\nname = "c{n}"\naddress = "{camera.url}"\nreceiver = "r{n % 2}"\n'
            for n, camera in enumerate(cameras)
        )
        inventory = tmp_path / "cameras.toml"
        defaults = f'[defaults]\nidentity = "{one.key.path}"\nknown_hosts = "{known}"\njobs = 1\n'
        inventory.write_text(defaults + receivers + listed)
        process = one.start("setup", "--inventory", str(inventory), "--ssh-config", os.devnull, "--json")
        stopped = threading.Event()

        def stop(name: str) -> None:
            if name == "testftp" and not stopped.is_set():
                stopped.set()
                process.send_signal(signal.SIGINT)

        cameras[2].on_command = stop
        result = finish(process)
        assert result.code == 130, result.err
        told = {each["name"]: each for receiver in result.json["receivers"] for each in receiver["cameras"]}
        assert told["c0"]["ok"]
        assert not any(told[name]["ok"] for name in ("c2", "c4"))
        for number, camera in enumerate(cameras):
            assert (pointed(camera) == UNTOUCHED) != told[f"c{number}"]["ok"]
        done = sorted(name for name, each in told.items() if each["ok"])
        folders = one.inside("ls /home/ipcamera/recordings").split()
        folders += other.inside("ls /home/ipcamera/recordings 2>/dev/null || :").split()
        assert sorted(folders) == done
        again = one.run("setup", "--inventory", str(inventory), "--ssh-config", os.devnull, "--json")
        assert (again.code, again.json["ok"]) == (0, True), again.err


def test_our_own_test_uploads_stay_below_max_startups(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    """With a limit of five, eight cameras at a time are not dropped; and the limit that they need is told."""
    with make_bench(sshd_config="MaxStartups 4:100:5") as bench:
        cameras = [make_camera(test_slow_s=0.2) for _ in range(8)]
        result = bench.setup(*cameras, options=("--jobs", "8"))
        assert result.code == 0, result.err
        assert "MaxStartups 18:30:100" in result.json["receivers"][0]["warnings"][0]
        assert "drop connection" not in bench.receiver.log()


def test_cameras_behind_one_address_earn_no_penalty_together(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    """OpenSSH 9.8 and later turns an address away after three refused logins; all of these need SHA-1."""
    with make_bench(tree=unpack("trixie")) as bench:
        cameras = [make_camera(signature="sha1") for _ in range(7)]
        result = bench.setup(*cameras, options=("--jobs", "7"))
        assert result.code == 0, result.err
        assert all(each["signature"] == "ssh-rsa" for each in result.json["receivers"][0]["cameras"])
        assert "penalty" not in bench.receiver.log()
