"""`-vv` lists every trip: as many as the camera and the receiver's sshd count themselves."""

import re
from collections.abc import Callable

from support.bench import CAMERA_PASSWORD, Bench

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]


def summed(err: str, kind: str) -> int:
    """Return what the summary says of a kind of trip."""
    return sum(int(number) for number in re.findall(rf"^\S+ {kind} +(\d+) ", err, re.MULTILINE))


def sudo_calls(bench: Bench) -> int:
    """Return how many commands the receiver has run as root, as its sudo counts them."""
    return int(bench.inside("grep -c 'RECEIVER_SETUP_CONNECTION' /var/log/sudo-calls || true") or 0)


def test_the_trace_has_every_trip_and_the_summary_their_sum(bench: Bench, make_camera: MakeCamera) -> None:
    bench.inside("echo 'Defaults logfile=/var/log/sudo-calls, loglinelen=0' >/etc/sudoers.d/calls")
    camera = make_camera()
    for fresh in (True, False):
        requests, shells = len(camera.requests), sudo_calls(bench)
        logins = bench.receiver.log().count("Accepted publickey for admin")
        result = bench.setup(camera, options=("-vv",))
        assert result.code == 0, result.err
        requests = len(camera.requests) - requests
        logins = bench.receiver.log().count("Accepted publickey for admin") - logins
        shells = sudo_calls(bench) - shells
        lines = re.findall(r"^trip    (\S+) ([^:]+): .+ in \d+ ms", result.err, re.MULTILINE)
        admin = f"admin@{bench.receiver.address}"
        of_camera = [name for where, name in lines if where == camera.url]
        of_receiver = [name for where, name in lines if where == admin]
        assert len(lines) == len(of_camera) + len(of_receiver)
        assert len(of_camera) == requests == summed(result.err, "requests") + summed(result.err, "test uploads")
        assert of_camera.count("testftp") == summed(result.err, "test uploads") == (3 if fresh else 1)
        connections = re.findall(r" connection: dial \d+ ms \+ handshake \d+ ms \+ login \d+ ms in ", result.err)
        assert len(connections) == logins == summed(result.err, "connections")
        commands = len(of_receiver) - len(connections)
        assert commands == summed(result.err, "commands")
        assert shells == logins, "there is one root shell a connection"
        assert (logins <= 1 + fresh, commands <= (5 if fresh else 2), requests <= (9 if fresh else 3)) == (True,) * 3
        assert re.search(rf"^wall time of {admin} +ms$", result.err, re.MULTILINE)
        assert CAMERA_PASSWORD not in result.err
