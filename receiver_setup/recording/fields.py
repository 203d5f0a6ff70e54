r"""Find the fields in a camera's answer (pure), so that the text between them can be kept.

It is no second `camera.wire.reply`, which decides what an answer means and refuses one that it cannot read whole. A
recording keeps any answer, and what it keeps as it is must be no more than one field in any reading: so a field begins
here wherever one could, also inside of what that reader takes for a value, and its name is a plain word, for it is
written down. A search that begins anywhere is linear only with bounds on names. On what cameras print both agree.

>>> [(each.name, each.value) for each in find_fields('cmd="a";\r\nx[1] = "y"z";response="200"')]
[('cmd', 'a'), ('x[1]', 'y"z'), ('response', '200')]
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

_KEY = r"[A-Za-z_][A-Za-z0-9_.\-]{0,60}(?:\[[^\]=;\r\n]{0,60}\])?"
_OPENING = re.compile(rf'({_KEY})[ \t]*+=[ \t]*+"')
# A quote ends a value only before the next field or the end of the answer: a value may contain quotes.
_CLOSING = re.compile(rf'"[\s\0;]*+(?=\Z|{_KEY}[ \t]*+=[ \t]*+")')


class Field(NamedTuple):
    """One field: `name="value"`, from `start`; the value from `value_start`."""

    name: str
    value: str
    start: int
    value_start: int

    @property
    def end(self) -> int:
        """The end of the value."""
        return self.value_start + len(self.value)


def find_fields(body: str) -> Iterator[Field]:
    """Yield each field in order, up to one that does not end. Takes linear time."""
    at = 0
    while opening := _OPENING.search(body, at):
        closing = _CLOSING.search(body, opening.end())
        if closing is None:
            return
        yield Field(opening[1], body[opening.end() : closing.start()], opening.start(), opening.end())
        at = closing.start()


def rewrite(
    body: str,
    value: Callable[[Field], str],
    *,
    name: Callable[[str], str] = lambda text: text,
    rest: Callable[[str], str] = lambda text: text,
) -> str:
    """Return an answer with other values, and optionally with other names and other text between the fields."""
    done, at = [], 0
    for each in find_fields(body):
        before, opened = body[at : each.start], body[each.start + len(each.name) : each.value_start]
        done += [rest(before), name(each.name), opened, value(each)]
        at = each.end
    return "".join([*done, rest(body[at:])])
