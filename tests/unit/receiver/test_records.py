"""The framing of a script's output: whole, or an error."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.receiver.facts.records import RecordError, parse_records

END = b"@end 2\nok\n"
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1)


def render(records: list[tuple[str, bytes]]) -> bytes:
    return b"".join(f"@{name} {len(value)}\n".encode() + value + b"\n" for name, value in records)


@given(st.lists(st.tuples(names, st.binary())))
@example([("file_bytes", END)])
@example([("a", b"\n@end 2\nok\n")])
def test_records_come_out_as_they_went_in(records: list[tuple[str, bytes]]) -> None:
    whole = [*records, ("end", b"ok")]
    assert parse_records(render(whole)) == whole


@given(st.lists(st.tuples(names, st.binary()), max_size=4), st.data())
def test_output_that_is_cut_off_anywhere_is_an_error(records: list[tuple[str, bytes]], data: st.DataObject) -> None:
    """Unless the cut leaves an earlier `end`, which a file's bytes cannot fake."""
    output = render([(name, value) for name, value in records if name != "end"] + [("end", b"ok")])
    cut = data.draw(st.integers(0, len(output) - 1))
    with pytest.raises(RecordError):
        parse_records(output[:cut])


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (b"", "did not reach its end"),
        (b"@now 1\n1\n", "did not reach its end"),
        (b"Welcome to attic-pi!\n" + END, "Welcome to attic-pi"),
        (b"\n" + END, "unexpected output"),
        (END + b"logout\n", "logout"),
        (b"@now 1\n1\nwarning: x\n" + END, "warning: x"),
        (b"@now 5\n1\n" + END, "cut off"),
        (b"@now 0\n1\n" + END, "cut off"),
        (b"@now 99\n1\n" + END, "record now is cut off"),
        (b"@Now 1\n1\n" + END, "@Now"),
        (b"@now -1\n1\n" + END, "@now -1"),
        (b"@now " + b"9" * 5000 + b"\n1\n" + END, "unexpected output"),
    ],
)
def test_output_that_is_not_whole_says_what_was_seen(output: bytes, told: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse_records(output)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 500


@given(st.one_of(st.binary(), st.lists(st.sampled_from([b"@now 1\n1\n", END, b"@", b"\n", b"x 3\n"])).map(b"".join)))
def test_no_bytes_raise_anything_but_a_record_error(output: bytes) -> None:
    with contextlib.suppress(RecordError):
        assert parse_records(output)[-1][0] == "end"
