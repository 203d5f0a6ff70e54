"""No text that somebody else has written takes more than linear time, or an error that nobody documents."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.fuzz import SIZE, search
from support.parsers import PARSERS, Parser, grows

pytestmark = pytest.mark.rest

SEEDS = Path(__file__).parents[1] / "fixtures" / "fuzz"


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
                    # What stands far before it makes no other case of it.
                    case = (before[-20:], piece, after == "\n")
                    if case not in yielded:
                        yielded.add(case)
                        yield made


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """Let no log of what could not be read count as time."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", PARSERS)
def test_no_repetition_takes_more_than_linear_time(name: str) -> None:
    parser = PARSERS[name]
    pairs = zip(texts(parser, SIZE), texts(parser, 4 * SIZE), strict=True)
    slow = [f"{short[:60]!r}…{short[-60:]!r}" for short, long in pairs if grows(parser, short, long)]
    assert not slow


def _quadratic(text: str) -> None:
    for start in range(text.count("k")):
        sum(map(ord, text[start:]))


def _foreign(text: str) -> None:
    if '"' in text and "\0" in text:
        raise KeyError(text)


@pytest.mark.parametrize(("parse", "found"), [(_quadratic, "k"), (_foreign, '"')])
def test_the_search_finds_what_it_looks_for(parse: Callable[[str], None], found: str) -> None:
    _, finding = search(Parser(parse=parse, seeds=("k", '"x"')), 1, most=20_000)
    assert finding is not None
    assert found in finding.text
    if parse is _foreign:
        assert len(finding.text) == 2, "what is not needed is left out"


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*/*")))
def test_what_was_once_found_stays_repaired(path: Path) -> None:
    PARSERS[path.parent.name].run(path.read_bytes().decode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("name", PARSERS)
def test_each_seed_is_understood(name: str) -> None:
    misread = [seed for seed in PARSERS[name].seeds if not PARSERS[name].understands(seed)]
    assert not misread
