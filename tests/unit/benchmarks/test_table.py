"""The benchmark's tables: rows in, text out."""

import doctest

import pytest

import table
from table import Row, compare_counts, compare_times, render_markdown, render_text, replace_table

TIMES = compare_times("one camera", "ssh + curl", [0.1, 0.9, 0.2], [0.1, 0.1, 9.0], limit=1.3)
FASTER = compare_times("receiver's half", "pyinfra 3", [0.5], [2.0], limit=3, faster=True)
COUNTS = compare_counts("trips", "ssh + curl", 12, 24)


def test_a_row_compares_medians() -> None:
    assert (TIMES.ours, TIMES.other, TIMES.ratio) == ("200 ms", "100 ms", 2.0)


@pytest.mark.parametrize(
    ("row", "wanted", "reached"),
    [(TIMES, "at most 1.3", False), (FASTER, "at least 3", True), (COUNTS, "", None)],
)
def test_a_row_says_what_was_wanted_and_whether_it_was_reached(row: Row, wanted: str, reached: bool | None) -> None:
    assert (row.wanted, row.reached) == (wanted, reached)


def test_the_terminal_sees_columns_with_medians() -> None:
    assert render_text([TIMES, FASTER, COUNTS]) == (
        "measured           ours    other  ratio  wanted       reached  against\n"
        "one camera       200 ms   100 ms   2.00  at most 1.3  NO       ssh + curl\n"
        "receiver's half  500 ms  2000 ms   4.00  at least 3   yes      pyinfra 3\n"
        "trips                12       24   0.50                        ssh + curl\n"
    )


def test_the_docs_hold_ratios_and_counts_but_no_times() -> None:
    assert render_markdown([TIMES, COUNTS]).splitlines()[2:] == [
        "| one camera | ssh + curl | 2.00 | at most 1.3 | NO |",
        "| trips | ssh + curl | 0.50 (12 to 24) |  |  |",
    ]


def test_a_document_without_a_place_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="The last run"):
        replace_table("# Something else\n", "table\n")


def test_the_examples_hold() -> None:
    ran = doctest.testmod(table)
    assert (ran.failed, ran.attempted > 0) == (0, True)
