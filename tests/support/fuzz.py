"""Look for texts that a parser answers with an error that nobody documents, or takes more than linear time for.

    PYTHONPATH=tests python -m support.fuzz [SECONDS [PARSER...]]

Each round draws other texts, by a number that is told at its end: FUZZ_NUMBER=… draws the same again. A text that was
found becomes a file below tests/fixtures/fuzz, which the tests read from then on.
"""

import hashlib
import logging
import os
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from support.parsers import PARSERS, Parser, grows

FOUND = Path(__file__).parents[1] / "fixtures" / "fuzz"
SIZE = 2_048
"""Characters of the shorter of two texts whose times are compared."""
_TEXTS = 500
"""Of a parser in a round."""
_POOL = 64
_LONGEST = 2_000
_PUMPED = 1 / 150
"""How many texts have a part that is repeated until they are long; a quadratic parser shows itself by those."""
_NOISE = (
    *("", "\0", "\x1b[2J", '"', "'", "\\", "\ud800", "²", "٣", "9" * 5000, "-1", "[", "[::", "%s", "|", "\x85", "\r"),
    *("\n", "\t", " ", ",", ":", ";", "=", "@", "/", "{", "}", "null", "1e999", "NaN", "0x", "\u202e", "\U0001f4f7"),
)


class Texts:
    """Texts for one parser: its seeds, and what it understood of others, cut, joined, repeated and spoilt."""

    def __init__(self, parser: Parser, number: int) -> None:
        self._random = random.Random(number)  # noqa: S311 - no secret
        self._pool = [*parser.seeds, *parser.refused]
        self._seeds = len(self._pool)

    def __iter__(self) -> Iterator[str]:
        while True:
            yield self._spoilt()

    def pump(self, text: str) -> tuple[str, str] | None:
        """Return the text with a part of it repeated, and once more with four times as much; seldom anything."""
        if not text or self._random.random() > _PUMPED:
            return None
        start = self._below(len(text))
        part = text[start : start + 1 + self._below(8)]
        before, after = text[:start], text[start + self._below(2) * len(part) :]
        times = SIZE // len(part)
        return before + part * times + after, before + part * 4 * times + after

    def keep(self, text: str) -> None:
        """Draw others from this one as well, which was understood."""
        if len(text) > _LONGEST:
            return
        if len(self._pool) < _POOL:
            self._pool.append(text)
        else:
            self._pool[self._seeds + self._below(_POOL - self._seeds)] = text

    def _below(self, number: int) -> int:
        return int(self._random.random() * number)

    def _spoilt(self) -> str:
        text = self._pool[self._below(len(self._pool))]
        for _ in range(1 + self._below(4)):
            start = self._below(len(text) + 1)
            part = text[start : start + self._below(13)]
            text = text[:start] + part * self._below(4) + self._noise() + text[start + len(part) :]
        return text

    def _noise(self) -> str:
        kind = self._below(4)
        if kind == 0:
            return _NOISE[self._below(len(_NOISE))]
        if kind == 1:
            return chr(self._below(0x2100 if self._below(4) == 0 else 0x80))
        if kind == 2:
            other = self._pool[self._below(len(self._pool))]
            start = self._below(len(other) + 1)
            return other[start : start + self._below(40)]
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A text that a parser does not take as it should, and why."""

    text: str
    why: str


def search(parser: Parser, number: int, *, most: int = _TEXTS) -> tuple[int, Finding | None]:
    """Make a round with one parser; return how many texts it got, and what was found."""
    texts = Texts(parser, number)
    for count, text in enumerate(texts, 1):
        pumped = texts.pump(text)
        try:
            if parser.understands(text):
                texts.keep(text)
            if pumped is not None and grows(parser, *pumped):
                return count, Finding(text=pumped[1], why="it takes more than linear time")
        except Exception as error:  # noqa: BLE001 - any is a finding
            return count, Finding(text=shrunk(parser, text, why := _describe(error)), why=why)
        if count >= most:
            break
    return count, None


def _describe(error: Exception) -> str:
    """Name an error and where it came from; what it says may repeat the text."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"


def _fails(parser: Parser, text: str) -> str | None:
    try:
        parser.run(text)
    except Exception as error:  # noqa: BLE001 - as above
        return _describe(error)
    return None


def shrunk(parser: Parser, text: str, failure: str) -> str:
    """Leave out of a text what it needs not to fail in the same way."""
    size = len(text) // 2
    while size:
        start = 0
        while start < len(text):
            shorter = text[:start] + text[start + size :]
            if _fails(parser, shorter) == failure:
                text = shorter
            else:
                start += size
        size //= 2
    return text


def fuzz(seconds: float, names: list[str], number: int, *, keep: Callable[[str, Finding], None]) -> tuple[int, int]:
    """Go from parser to parser until the time is over; return how many texts there were, and how many were found."""
    end = time.monotonic() + seconds
    wanting: set[str] = set()
    texts = 0
    while time.monotonic() < end:
        for name in names:
            if name in wanting or time.monotonic() >= end:
                continue
            count, found = search(PARSERS[name], number)
            texts += count
            if found is not None:
                wanting.add(name)
                keep(name, found)
        number += 1
    return texts, len(wanting)


def keep_found(name: str, found: Finding) -> None:
    """Keep a text for the tests."""
    content = found.text.encode("utf-8", "surrogatepass")
    path = FOUND / name / hashlib.sha256(content).hexdigest()[:12]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    sys.stderr.write(f"{name}: {found.why}\nkept as {path}\n")


def main() -> int:
    """Search, and tell what was done."""
    logging.disable()
    number = int(os.environ.get("FUZZ_NUMBER") or time.time())
    seconds, names = float((sys.argv[1:2] or ["60"])[0]), sys.argv[2:] or list(PARSERS)
    texts, wanting = fuzz(seconds, names, number, keep=keep_found)
    sys.stdout.write(f"{texts} texts for {len(names)} parsers, {wanting} found wanting; FUZZ_NUMBER={number}\n")
    return 1 if wanting else 0


if __name__ == "__main__":
    sys.exit(main())
