"""Which log lines count as sshd's own."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.receiver.evidence.log_trust import Processes, keep_ours, read_journal

SAID = "Accepted publickey for ipcamera from 10.0.0.9 port 4 ssh2: RSA SHA256:abc"
PROCESSES = Processes(first=800, last=900, others=frozenset({815}))


def entry(**fields: Any) -> str:
    whole = {
        "__REALTIME_TIMESTAMP": "1795343870250000",
        "_UID": "0",
        "_COMM": "sshd",
        "_PID": "812",
        "SYSLOG_IDENTIFIER": "sshd",
        "MESSAGE": SAID,
    } | fields
    return json.dumps({name: value for name, value in whole.items() if value is not None})


@pytest.mark.parametrize("program", ["sshd", "sshd-session", "sshd-auth"])
def test_an_entry_of_sshd_becomes_a_line(program: str) -> None:
    told = read_journal(entry(_COMM=program, SYSLOG_IDENTIFIER=program) + "\n")
    assert told == f"1795343870.250000 journal {program}[812]: {SAID}\n"


@pytest.mark.parametrize(
    "fields",
    [
        {"_UID": "1000"},
        {"_UID": None},
        {"_UID": ["0", "1000"]},
        {"_COMM": "logger"},
        {"SYSLOG_IDENTIFIER": "logger"},
        {"SYSLOG_IDENTIFIER": None},
        {"__REALTIME_TIMESTAMP": "now"},
        {"_PID": ["1", "2"]},
    ],
)
def test_an_entry_of_anybody_else_is_left_out(fields: dict[str, Any]) -> None:
    assert read_journal(f"{entry(**fields)}\n") == ""


def test_a_process_that_ended_too_soon_for_the_journal_is_still_sshd() -> None:
    assert SAID in read_journal(entry(_COMM=None))


def test_a_message_is_one_line_whatever_is_in_it() -> None:
    text = f"Invalid user x\n{SAID}"
    assert read_journal(entry(MESSAGE=text)).count("\n") == 1
    assert "Invalid user \ufffd from" in read_journal(entry(MESSAGE=[*b"Invalid user \xff from"]))
    assert read_journal(entry(MESSAGE=None)) == "1795343870.250000 journal sshd[812]: \n"


@given(st.text())
def test_any_text_is_read_as_a_journal(text: str) -> None:
    assert isinstance(read_journal(text), str)


@pytest.mark.parametrize(
    "prefix",
    [
        "Nov 22 10:37:50 pi sshd[812]: ",
        "Nov  2 10:37:50 pi sshd-session[899]: ",
        "Nov 22 10:37:50 pi auth.info sshd[801]: ",
        "2026-11-22T10:37:50.123456+01:00 pi sshd[812]: ",
    ],
)
def test_a_line_with_the_prefix_and_a_process_of_sshd_counts(prefix: str) -> None:
    assert keep_ours(f"{prefix}{SAID}\n", PROCESSES) == f"{prefix}{SAID}\n"


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "Nov 22 10:37:50 pi sshd: ",
        "Nov 22 10:37:50 pi logger[812]: ",
        "Nov 22 10:37:50 pi anna: sshd[812]: ",
        "Nov 22 10:37:50 pi sshd[700]: ",
        "Nov 22 10:37:50 pi sshd[901]: ",
        "Nov 22 10:37:50 pi sshd[815]: ",
        "Nov 22 10:37:50 pi sshd[1234567890]: ",
        "sshd[812]: ",
    ],
)
def test_a_line_of_anybody_else_does_not(prefix: str) -> None:
    assert keep_ours(f"{prefix}{SAID}\n", PROCESSES) == ""


def test_numbers_of_processes_begin_anew() -> None:
    processes = Processes(first=32000, last=400)
    assert [processes.may_be(each) for each in (32001, 300, 31999, 401)] == [True, True, False, False]


@pytest.mark.parametrize("text", ["", "x", "812", "0 900", "²  5"])
def test_without_known_processes_no_line_counts(text: str) -> None:
    assert not Processes.parse(text).may_be(850)
