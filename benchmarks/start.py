"""What a person waits for before anything is contacted, against an interpreter that loads click."""

import sys

from bed import Ended, run_timed, walls
from table import Row, compare_times

_LIMIT = 3.0
_COMMANDS = {"help": (["--help"], 0), "usage error": (["setup", "--local"], 2)}


def measure(rounds: int) -> list[Row]:
    """Start each in turn; twice as often as asked for, since it is short."""
    ours: dict[str, list[Ended]] = {name: [] for name in _COMMANDS}
    other: dict[str, list[Ended]] = {name: [] for name in _COMMANDS}
    for _ in range(2 * rounds):
        for name, (arguments, code) in _COMMANDS.items():
            ours[name].append(run_timed([sys.executable, "-m", "receiver_setup", *arguments], expect=code))
            other[name].append(run_timed([sys.executable, "-c", "import click"]))
    return [
        compare_times(f"start, {name}", "import click", walls(ours[name]), walls(other[name]), limit=_LIMIT)
        for name in _COMMANDS
    ]
