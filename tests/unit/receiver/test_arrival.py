"""When a file counts as fresh, and which one is the newest."""

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.receiver.evidence.arrival import ArrivedFile, Evidence, newest_arrival
from receiver_setup.receiver.facts.records import RecordError

RECORD = b"1000|7|31337|2026-11-22 10:37:50.500000000 +0000|ffd8ff|/r/Test-Snapshot.jpeg"


def read(record: bytes) -> ArrivedFile:
    file = ArrivedFile.parse(record)
    assert file is not None
    return file


FILE = read(RECORD)
COARSE = read(RECORD.replace(b".500000000", b""))


def test_a_record_is_read() -> None:
    assert (FILE.changed_s, FILE.inode, FILE.size, FILE.first_bytes) == (1000, 7, 31337, "ffd8ff")
    assert FILE.path == "/r/Test-Snapshot.jpeg"
    assert FILE.is_jpeg


@pytest.mark.parametrize(("first", "jpeg"), [("ffd8ff", True), ("ffd8", False), ("", False), ("3c6874", False)])
def test_a_jpeg_is_known_by_its_first_bytes(first: str, *, jpeg: bool) -> None:
    assert replace(FILE, first_bytes=first).is_jpeg is jpeg


@pytest.mark.parametrize(
    "record", [b"", b"||||", b"x|7|1|w|f|/p", b"1|7||w|f|/p", "²|7|1|w|f|/p".encode(), b"-1|7|1|w|f|/p"]
)
def test_a_file_that_vanished_is_none(record: bytes) -> None:
    assert ArrivedFile.parse(record) is None


def test_a_path_may_hold_any_bytes_and_can_be_told() -> None:
    file = read(RECORD.replace(b"Test", b"a|b\xff\xc3\xa4"))
    assert file.path.startswith("/r/a|b")
    assert "ä" in file.path
    assert file.path.encode()


@pytest.mark.parametrize(
    ("since_s", "fresh"),
    [
        (999.0, True),
        (1000.0, True),
        (1000.49, True),
        (1000.51, True),
        (1000.53, False),
        (1001.0, False),
        (1002.0, False),
    ],
)
def test_a_fine_clock_decides_within_one_tick_of_the_kernel(since_s: float, *, fresh: bool) -> None:
    assert FILE.changed_after(since_s) is fresh


@pytest.mark.parametrize(("since_s", "fresh"), [(1000.9, True), (1001.9, True), (1002.0, False), (1002.1, False)])
def test_a_disk_that_counts_every_other_second_is_no_reason_to_call_a_picture_old(
    since_s: float, *, fresh: bool
) -> None:
    """FAT writes down 10:37:50 for what came at 10:37:51.9."""
    assert replace(FILE, when=FILE.when.replace(".5", ".0")).changed_after(since_s) is fresh


@pytest.mark.parametrize(
    ("since_s", "fresh"), [(999.0, True), (1000.0, True), (1000.99, True), (1001.0, False), (1001.5, False)]
)
def test_without_a_fraction_whole_seconds_decide(since_s: float, *, fresh: bool) -> None:
    assert COARSE.changed_after(since_s) is fresh


def test_a_fine_file_time_is_not_held_against_a_clock_of_whole_seconds() -> None:
    assert replace(FILE, when=FILE.when.replace(".5", ".0")).changed_after(1000.0)


@pytest.mark.parametrize(
    "old",
    [FILE, replace(FILE, first_bytes="")],
)
def test_a_file_that_was_there_before_in_the_same_state_is_not_new(old: ArrivedFile) -> None:
    assert newest_arrival([FILE], "/r", since_s=0.0, before=[old]) is None


@pytest.mark.parametrize(
    "old",
    [
        replace(FILE, size=1),
        replace(FILE, inode=8),
        replace(FILE, when="2026-11-22 10:37:49.500000000 +0000"),
        replace(FILE, path="/r/other"),
    ],
)
def test_a_file_that_was_written_anew_is_new(old: ArrivedFile) -> None:
    assert newest_arrival([FILE], "/r", since_s=0.0, before=[old]) == FILE


@pytest.mark.parametrize("directory", ["/r/Test", "/R", "/r/Test-Snapshot.jpeg", "/"])
def test_only_files_below_the_directory_count(directory: str) -> None:
    assert newest_arrival([FILE], directory, since_s=0.0, before=[]) is None


def test_the_folder_of_another_camera_is_no_part_of_the_one_around_it() -> None:
    nested = replace(FILE, path="/r/gate/Test-Snapshot.jpeg")
    assert newest_arrival([nested], "/r", since_s=0.0, before=[], others=["/r", "/r/gate", "/r/g"]) is None
    assert newest_arrival([nested], "/r/gate", since_s=0.0, before=[], others=["/r", "/r/gate"]) == nested
    assert newest_arrival([nested], "/r", since_s=0.0, before=[], others=["/r/gat"]) == nested


def test_a_picture_goes_before_a_later_file_and_the_later_picture_before_the_earlier() -> None:
    text = replace(FILE, path="/r/x.txt", changed_s=2000, first_bytes="616263")
    later = replace(FILE, path="/r/b.jpeg", when="2026-11-22 10:37:50.700000000 +0000")
    assert newest_arrival([text, FILE], "/r", since_s=0.0, before=[]) == FILE
    assert newest_arrival([later, FILE, text], "/r", since_s=0.0, before=[]) == later
    assert newest_arrival([text], "/r", since_s=0.0, before=[]) == text


def test_evidence_is_read_whole_or_not_at_all() -> None:
    log = b"sshd[1]: Accepted password for ipcamera from 10.0.0.9 port 4 ssh2\n\xff\n"
    output = b"@file %d\n%s\n@file 0\n\n@log_source 7\njournal\n@log %d\n%s\n@now 4\n1234\n" % (
        len(RECORD), RECORD, len(log), log,
    )  # fmt: skip
    seen = Evidence.parse(output + b"@end 2\nok\n")
    assert (seen.now_s, seen.files, seen.log_sources) == (1234.0, (FILE,), ("journal",))
    assert [login.user for login in seen.logins] == ["ipcamera"]
    with pytest.raises(RecordError):
        Evidence.parse(output)


@pytest.mark.parametrize("now", [b"", b"soon", b"1,5"])
def test_a_clock_that_cannot_be_read_is_output_that_is_not_whole(now: bytes) -> None:
    with pytest.raises(RecordError):
        Evidence.parse(b"@now %d\n%s\n@end 2\nok\n" % (len(now), now))


@given(st.one_of(st.binary(), st.lists(st.text("0123456789²|/ab")).map("|".join).map(str.encode)))
def test_any_record_is_a_file_or_none(record: bytes) -> None:
    file = ArrivedFile.parse(record)
    assert file is None or file.changed_s >= 0
    with contextlib.suppress(RecordError):
        Evidence.parse(record)
