"""What was measured, as rows, and how it is shown (pure): a table for a terminal, one of ratios alone for the docs."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement against another: `ratio` is ours to theirs, or theirs to ours where ours is to be `faster`.

    `ours` and `other` are shown as they stand; `fixed` says that they are counts, which no machine changes.
    """

    what: str
    against: str
    ours: str
    other: str
    ratio: float
    limit: float | None = None
    faster: bool = False
    fixed: bool = False

    @property
    def wanted(self) -> str:
        """Return the number to reach, empty where there is none."""
        if self.limit is None:
            return ""
        return f"at least {self.limit:g}" if self.faster else f"at most {self.limit:g}"

    @property
    def reached(self) -> bool | None:
        """Tell whether the number is reached; None where there is none."""
        if self.limit is None:
            return None
        return self.ratio >= self.limit if self.faster else self.ratio <= self.limit

    @property
    def verdict(self) -> str:
        """Return the same as a word."""
        return {None: "", True: "yes", False: "NO"}[self.reached]


def compare_times(  # noqa: PLR0913 - a row's own fields
    what: str,
    against: str,
    ours: Sequence[float],
    other: Sequence[float],
    *,
    limit: float | None = None,
    faster: bool = False,
) -> Row:
    """Make a row of the medians of two samples in seconds."""
    left, right = statistics.median(ours), statistics.median(other)
    ratio = right / left if faster else left / right
    return Row(
        what=what,
        against=against,
        ours=milliseconds(left),
        other=milliseconds(right),
        ratio=ratio,
        limit=limit,
        faster=faster,
    )


def compare_counts(  # noqa: PLR0913 - as above
    what: str, against: str, ours: float, other: float, *, unit: str = "", limit: float | None = None
) -> Row:
    """Make a row of two numbers that are no times, such as trips or megabytes."""
    shown = [f"{value:.0f}{unit and ' ' + unit}" for value in (ours, other)]
    return Row(what=what, against=against, ours=shown[0], other=shown[1], ratio=ours / other, limit=limit, fixed=True)


def milliseconds(seconds: float) -> str:
    """Show a time.

    >>> milliseconds(1.2345)
    '1234 ms'
    """
    return f"{seconds * 1000:.0f} ms"


_HEADS = ("measured", "ours", "other", "ratio", "wanted", "reached", "against")


def render_text(rows: Sequence[Row]) -> str:
    """Show rows with their medians, in columns."""
    cells = [_HEADS, *((r.what, r.ours, r.other, f"{r.ratio:.2f}", r.wanted, r.verdict, r.against) for r in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADS))]
    return "".join("  ".join(_pad(line, widths)).rstrip() + "\n" for line in cells)


def _pad(line: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Numbers to the right, words to the left."""
    return [
        cell.rjust(width) if column in {1, 2, 3} else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]


def render_markdown(rows: Sequence[Row]) -> str:
    """Show rows as ratios; counts as well, since they are the same on every machine."""
    lines = ["| measured | against | ratio | wanted | reached |", "|---|---|---|---|---|"]
    for row in rows:
        ratio = f"{row.ratio:.2f}" + (f" ({row.ours} to {row.other})" if row.fixed else "")
        lines.append(f"| {row.what} | {row.against} | {ratio} | {row.wanted} | {row.verdict} |")
    return "\n".join(lines) + "\n"


def replace_table(document: str, table: str) -> str:
    r"""Put a new table in the place of the last one, which ends the document.

    >>> replace_table("words\n\n## The last run\n\nold\n", "new\n")
    'words\n\n## The last run\n\nnew\n'
    """
    head, mark, _ = document.partition("## The last run\n")
    if not mark:
        raise ValueError("the document has no heading “The last run”, below which the table belongs")
    return f"{head}{mark}\n{table}"
