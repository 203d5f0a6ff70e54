"""Markdown tables for docs/ (pure)."""

from collections.abc import Iterable


def render_table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    r"""Render a table; a `|` within a cell is escaped.

    >>> print(render_table(("a", "b"), [("1|2", "3")]), end="")
    | a | b |
    |---|---|
    | 1\|2 | 3 |
    """
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |" for cells in rows]
    return "".join(f"{line}\n" for line in lines)
