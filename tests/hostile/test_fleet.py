"""Cameras that attack in eight ways among those that are honest: each has its own error, and no other pays for it."""

from contextlib import ExitStack

import pytest
from support.bench import Bench, MakeCamera, finish
from support.hostile_camera import EIGHT_WAYS, attacking

from receiver_setup.emulator.receiver.network import HOST_ADDRESS

pytestmark = pytest.mark.rest

HONEST = 32


def test_eight_hostile_cameras_of_forty_cost_the_others_nothing(bench: Bench, make_camera: MakeCamera) -> None:
    honest = [make_camera() for _ in range(HONEST)]
    with ExitStack() as stack:
        hostile = {
            name: stack.enter_context(attacking(attack, host=HOST_ADDRESS)) for name, (attack, _) in EIGHT_WAYS.items()
        }
        arguments = bench.arguments(*honest, options=("--timeout", "5"))
        arguments += [word for camera in hostile.values() for word in ("--camera", camera.url)]
        result = finish(bench.start(*arguments), timeout_s=300)
    assert result.code == 3, result.err
    told = {each["address"]: each for each in result.json["receivers"][0]["cameras"]}
    assert len(told) == HONEST + len(EIGHT_WAYS)
    assert all(told[camera.url]["ok"] and told[camera.url]["host_key"]["verified"] for camera in honest)
    kinds = {name: told[camera.url]["error"]["kind"] for name, camera in hostile.items()}
    assert kinds == {name: kind for name, (_, kind) in EIGHT_WAYS.items()}
    assert all(told[camera.url]["error"]["hint"] for camera in hostile.values())
    assert "\x1b" not in result.out + result.err
    keys = bench.inside("grep -c receiver-setup: /etc/ssh/authorized_keys.d/ipcamera")
    assert keys == str(HONEST)
