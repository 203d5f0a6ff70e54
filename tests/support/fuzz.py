"""Look for texts that a parser answers with an error that nobody documents; what is found is kept.

    PYTHONPATH=tests python -m support.fuzz [SECONDS [PARSER...]]

Each round draws other examples. A text that was found becomes a file below tests/fixtures/fuzz, which the tests read
from then on.
"""

import hashlib
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from support.parsers import PARSERS, Parser

FOUND = Path(__file__).parents[1] / "fixtures" / "fuzz"
_EXAMPLES = 200


def texts_for(parser: Parser) -> st.SearchStrategy[str]:
    """Draw seeds that were cut, joined, repeated and spoilt, and texts of any kind."""
    seeds = st.sampled_from(parser.seeds)
    noise = st.one_of(
        st.text(max_size=20),
        st.sampled_from(
            ["\0", "\x1b[2J", '"', "'", "\\", "\ud800", "²", "٣", "9" * 5000, "-1", "[", "[::", "%s", "|", "\x85"]
        ),
    )

    @st.composite
    def spoilt(draw: st.DrawFn) -> str:
        text = draw(seeds)
        for _ in range(draw(st.integers(0, 4))):
            start = draw(st.integers(0, len(text)))
            end = draw(st.integers(start, min(len(text), start + 12)))
            times = draw(st.integers(0, 3))
            text = text[:start] + text[start:end] * times + draw(noise) + text[end:]
        return text

    return st.one_of(spoilt(), spoilt(), noise)


def search(name: str, number: int) -> str | None:
    """Make a round with one parser; return a text that it does not take as it should."""
    parser = PARSERS[name]
    failing: list[str] = []

    @seed(number)
    @settings(
        max_examples=_EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(texts_for(parser))
    def attempt(text: str) -> None:
        try:
            parser.run(text)
        except Exception:
            failing.append(text)
            raise

    try:
        attempt()
    except Exception as error:  # noqa: BLE001 - any is a finding
        sys.stderr.write(f"{name}: {type(error).__name__}: {error}".splitlines()[0][:200] + "\n")
    return failing[-1] if failing else None


def fuzz(seconds: float, names: list[str], *, keep: Callable[[str, str], None]) -> int:
    """Go from parser to parser until the time is over; return how many were found wanting."""
    end, number = time.monotonic() + seconds, int(time.time())
    wanting: set[str] = set()
    while time.monotonic() < end:
        for name in names:
            found = search(name, number) if name not in wanting and time.monotonic() < end else None
            if found is not None:
                wanting.add(name)
                keep(name, found)
        number += 1
    return len(wanting)


def keep_found(name: str, text: str) -> None:
    """Keep a text for the tests."""
    content = text.encode("utf-8", "surrogatepass")
    path = FOUND / name / hashlib.sha256(content).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sys.stderr.write(f"kept as {path}\n")


if __name__ == "__main__":
    logging.disable()
    names = sys.argv[2:] or list(PARSERS)
    sys.exit(1 if fuzz(float((sys.argv[1:2] or ["60"])[0]), names, keep=keep_found) else 0)
