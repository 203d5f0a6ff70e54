"""No text that somebody else has written takes more than linear time, or an error that nobody documents."""

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.parsers import PARSERS, Parser

pytestmark = pytest.mark.rest

SEEDS = Path(__file__).parents[1] / "fixtures" / "fuzz"
SIZE = 2_048
TRIFLE_S = 0.01
"""Below it a clock says nothing."""


def texts(parser: Parser, size: int) -> Iterator[str]:
    """Yield texts that repeat each part of a seed in its place, and a few of what patterns trip over."""
    yielded = set()
    for seed in parser.seeds:
        parts = re.findall(r"\w+|\s+|[^\w\s]", seed)
        for number, part in enumerate(parts):
            for piece in (part, "".join(parts[number : number + 2]), "".join(parts[number : number + 4])):
                before = "".join(parts[:number])
                for after in ("\n", "".join(parts[number + 1 :])):
                    made = before + piece * (size // len(piece)) + after
                    if (before, piece, after) not in yielded:
                        yielded.add((before, piece, after))
                        yield made


def seconds(parser: Parser, text: str) -> float:
    """Measure the processor time of this thread."""
    began_s = time.thread_time()
    with contextlib.suppress(Exception):  # the other test's business
        parser.run(text)
    return time.thread_time() - began_s


def grows(parser: Parser, short: str, long: str) -> bool:
    """Tell whether four times the text takes more than nine times as long; sixteen times is what is quadratic.

    The best of some tries, since others work on this machine as well.
    """
    if seconds(parser, long) < TRIFLE_S:
        return False
    tries = range(3)
    return min(seconds(parser, long) for _ in tries) > max(TRIFLE_S, 9 * min(seconds(parser, short) for _ in tries))


@pytest.mark.parametrize("name", PARSERS)
def test_no_repetition_takes_more_than_linear_time(name: str) -> None:
    parser = PARSERS[name]
    pairs = zip(texts(parser, SIZE), texts(parser, 4 * SIZE), strict=True)
    slow = [f"{short[:60]!r}…{short[-60:]!r}" for short, long in pairs if grows(parser, short, long)]
    assert not slow


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*/*")))
def test_what_was_once_found_stays_repaired(path: Path) -> None:
    PARSERS[path.parent.name].run(path.read_bytes().decode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", PARSERS)
def test_each_seed_is_understood(name: str) -> None:
    for seed in PARSERS[name].seeds:
        PARSERS[name].run(seed)
