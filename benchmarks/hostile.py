"""What others can cost a run: cameras that attack among honest ones, and very many files with any name.

The attacks and the files are those of the tests (tests/support).
"""

import sys
from contextlib import ExitStack
from pathlib import Path

from bed import Bed, Ended, make_bed, make_cameras, median, run_timed
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from table import Row, compare_counts, compare_times

_SUPPORT = Path(__file__).parents[1] / "tests" / "support"
sys.path.append(str(_SUPPORT.parent))

from support.hostile_camera import EIGHT_WAYS, attacking  # noqa: E402 - of the tests

_CAMERAS = 40
_DEADLINE_S = 10
_RATIO = 1.5
_FILES, _DEPTH, _MOST_S = 200_000, 200, 10
_CAMERA_ERROR = 3
_RECORDINGS = "/home/ipcamera/recordings"


def measure(rounds: int) -> list[Row]:
    """Set up a fleet with and without attackers in turn, then look at many files and remove them."""
    honest, hostile = [], []
    for _ in range(rounds):
        honest.append(_set_up(0))
        hostile.append(_set_up(len(EIGHT_WAYS)))
    what = f"{_CAMERAS} cameras, {len(EIGHT_WAYS)} of them hostile, less one deadline of {_DEADLINE_S} s"
    walls = [[end.wall_s - less for end in ends] for ends, less in ((hostile, _DEADLINE_S), (honest, 0))]
    cpus = [[end.cpu_s for end in ends] for ends in (hostile, honest)]
    return [
        compare_times(what, f"{_CAMERAS} honest ones", *walls, limit=_RATIO),
        compare_times(f"{what}: our processor", f"{_CAMERAS} honest ones", *cpus),
        *_many_files(rounds),
    ]


def _set_up(attackers: int) -> Ended:
    with make_bed() as bed, make_cameras(_CAMERAS - attackers) as cameras, ExitStack() as stack:
        urls = [camera.url for camera in cameras]
        for attack, _ in list(EIGHT_WAYS.values())[:attackers]:
            urls.append(stack.enter_context(attacking(attack, host=HOST_ADDRESS)).url)
        command = bed.ours(*urls)
        return run_timed([*command, "--timeout", str(_DEADLINE_S)], expect=_CAMERA_ERROR if attackers else 0)


def _many_files(rounds: int) -> list[Row]:
    ends: dict[str, list[Ended]] = {"status": [], "verify": [], "remove": []}
    for _ in range(rounds):
        with make_bed() as bed, make_cameras(1) as cameras:
            run_timed(bed.ours(cameras[0].url))
            _plant(bed)
            for command, more in (("status", []), ("verify", []), ("remove", ["--delete-recordings"])):
                words = [command if word == "setup" else word for word in bed.ours(cameras[0].url)]
                ends[command].append(run_timed([*words, *more]))
    what = f"{_FILES} files, folders {_DEPTH} deep, names with anything in them"
    return [
        compare_counts(
            f"{what}: {command}",
            "the most that is allowed",
            1000 * median(each, "wall_s"),
            1000 * _MOST_S,
            unit="ms",
            limit=1,
        )
        for command, each in ends.items()
    ]


def _plant(bed: Bed) -> None:
    def inside(*words: str, **given: bytes) -> None:
        done = bed.receiver.run(*words, **given)
        if done.returncode:
            raise SystemExit(f"{words}: {done.stderr.decode()}")

    inside("tee", "/run/odd_files.py", input=(_SUPPORT / "odd_files.py").read_bytes())
    user = ("setpriv", "--reuid", "ipcamera", "--regid", "ipcamera", "--clear-groups")
    inside(*user, "python3", "/run/odd_files.py", _RECORDINGS, str(_FILES), str(_DEPTH))
