"""Ctrl-C in the middle of a playbook: both sides are put back, and the same playbook goes through afterwards."""

import os
import signal
import subprocess
from collections.abc import Callable

import pytest
from support.ansible_site import Site
from support.bench import CAMERA_PASSWORD, FORMER, Bench

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver


@pytest.mark.rest
@pytest.mark.parametrize("moment", ["setftpattr", "testftp"])
def test_ctrl_c_puts_both_sides_back_and_the_next_run_goes_through(
    site: Site,
    admin_key: AdminKey,
    make_receiver: Callable[..., ThrowawayReceiver],
    make_camera: Callable[..., EmulatedCamera],
    moment: str,
) -> None:
    receiver, camera = make_receiver(), make_camera()
    site.add("attic", receiver, admin_key, cameras=[{"address": camera.url, "password": CAMERA_PASSWORD}])
    bench = Bench(receiver=receiver, key=admin_key, known_hosts=site.folder / ".ssh" / "known_hosts")
    before = bench.state()
    running: list[subprocess.Popen[str]] = []

    def stop(name: str) -> None:
        if name == moment and running:
            os.killpg(running.pop().pid, signal.SIGINT)

    camera.on_command = stop
    process = site.start_play(site.receiver_play({}))
    running.append(process)
    run = site.finish(process)
    assert run.code == 99, run.out + run.err
    assert not running
    assert bench.state() == before
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER

    again = site.receiver({})
    assert again.recap("attic") == (1, 1, 0, 0), again.out
    assert camera.state.fields["ft_insecure"] == "0"
