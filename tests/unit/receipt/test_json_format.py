"""A receipt as JSON: read back as it was written, as the schema has it, and nothing else is read."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.receipts import RECEIPTS, SCHEMA, camera_report, ed25519, failed_report, receipt_of, rsa
from support.rules import listed
from support.schema import violations

from receiver_setup.receipt import (
    Receipt,
    ReceiptFormatError,
    parse_receipt,
    render_json,
)


def full() -> dict[str, Any]:
    """Return a receipt with an object wherever one may be."""
    loaded: dict[str, Any] = json.loads(
        render_json(receipt_of(camera_report(warnings=["old firmware"]), failed_report()))
    )
    return loaded


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every name of every object."""
    if isinstance(value, dict):
        for name in value:
            yield (*path, name)
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from places(each, (*path, number))


PLACES = list(places(full()))


def at(whole: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        whole = whole[step]
    return whole


def why_not_read(whole: Any) -> str:
    """Return why a receipt is not read, or nothing if it is."""
    try:
        parse_receipt(whole if isinstance(whole, str) else json.dumps(whole))
    except ReceiptFormatError as error:
        return str(error)
    return ""


def refused(whole: Any) -> str:
    """Return why a receipt is not read, which it must not be."""
    sentence = why_not_read(whole)
    assert sentence
    assert "\n" not in sentence
    assert not sentence.endswith(".")
    return sentence


# ---- written and read


@given(RECEIPTS)
def test_what_is_written_is_read_back_and_is_as_the_schema_has_it(receipt: Receipt) -> None:
    text = render_json(receipt)
    assert parse_receipt(text) == receipt
    assert list(violations(json.loads(text), SCHEMA, SCHEMA)) == []


def test_a_receipt_of_a_run_has_exactly_these_names() -> None:
    whole = full()
    (receiver,) = whole["receivers"]
    assert whole.keys() == {"version", "tool", "made_at", "receivers"}
    assert (whole["version"], whole["made_at"]) == (1, "2026-01-31T12:00:00Z")
    assert receiver.keys() == {"address", "user", "home", "directory", "jail", "host_keys", "cameras", "commands"}
    assert receiver["host_keys"][0]["line"] == ed25519(b"h").line
    proven, failed = receiver["cameras"]
    assert proven["public_key"] == {
        "type": "ssh-rsa", "bits": 2048, "fingerprint": rsa().fingerprint, "line": rsa().line,
    }  # fmt: skip
    assert proven["proof"] == {"result": 0, "file": "Test-Snapshot.jpeg", "bytes": 31337}
    assert proven.keys() == failed.keys()


def test_an_account_of_a_cameras_own_is_told_where_there_is_one() -> None:
    receipt = receipt_of(camera_report(user="ipcamera-porch"), failed_report(user="ipcamera-gate"))
    whole = json.loads(render_json(receipt))
    assert [each["user"] for each in whole["receivers"][0]["cameras"]] == ["ipcamera-porch", "ipcamera-gate"]
    assert parse_receipt(render_json(receipt)) == receipt
    whole["receivers"][0]["cameras"][0]["user"] = None
    assert "user" in refused(whole)


def test_of_a_camera_that_failed_nothing_is_told_but_why() -> None:
    failed = full()["receivers"][0]["cameras"][1]
    known = {name for name, value in failed.items() if value not in (None, [])}
    assert known == {"name", "address", "error"}


def test_the_schema_names_every_place_of_a_receipt_and_requires_it() -> None:
    """Else a receipt could be as the schema has it, and not be read."""
    for path in PLACES:
        whole = full()
        del at(whole, path[:-1])[path[-1]]
        assert list(violations(whole, SCHEMA, SCHEMA)) != [], path


# ---- not read


def test_a_name_that_is_missing_is_told() -> None:
    wrong = {}
    for path in PLACES:
        whole = full()
        del at(whole, path[:-1])[path[-1]]
        told = why_not_read(whole)
        if f"no {path[-1]}" not in told:
            wrong[str(path)] = told
    assert not wrong, listed(wrong)


def test_a_value_of_another_kind_is_told() -> None:
    values: list[object] = [1.5, [[]], {"x": 1}, "a\nb", "\x1b[31m", "\ud800", -(2**64), 2**64]
    wrong = {}
    for path in PLACES:
        for value in values:
            whole = full()
            at(whole, path[:-1])[path[-1]] = value
            told = why_not_read(whole)
            if not told or "\n" in told or told.endswith("."):
                wrong[f"{path} {value!r}"] = told
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("path", [path for path in PLACES if path[-1] in {"bits", "port", "bytes", "exit_code"}])
def test_true_is_no_number(path: tuple[str | int, ...]) -> None:
    whole = full()
    at(whole, path[:-1])[path[-1]] = True
    assert "is true or false, not a number" in refused(whole)


@pytest.mark.parametrize("path", sorted({path[:-1] for path in PLACES}, key=repr), ids=str)
def test_a_name_that_is_not_known_is_told(path: tuple[str | int, ...]) -> None:
    whole = full()
    at(whole, path)["more"] = 1
    assert "'more', which this release does not know" in refused(whole)


@pytest.mark.parametrize("version", [0, 2, -1, 10**18])
def test_another_version_is_told_before_anything_else(version: int) -> None:
    assert refused({"version": version, "other": 1}) == (
        f"the receipt has version {version}, but this release reads only version 1"
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "nonsense", "[]", "null", "1", '"x"', "{", "\ufeff{}", '{"version": NaN}', '{"version": Infinity}',
        '{"version": 1, "version": 1}', '{"version": ' + "9" * 5000 + "}", "[" * 100_000, '{"a":' * 100_000,
        "# Receipt of a camera set-up\n",
    ],
    ids=lambda text: repr(text[:30]),
)  # fmt: skip
def test_what_is_no_receipt_is_told(text: str) -> None:
    assert refused(text).startswith(("this is not a receipt", "the receipt has version ", "the receipt is "))


def test_what_is_longer_than_any_receipt_is_not_read() -> None:
    assert "too long" in refused(" " * (16 * 1024 * 1024 + 1))


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("type", "ssh-rsa", "type does not belong"),
        ("bits", 255, "bits does not belong"),
        ("fingerprint", "SHA256:" + "A" * 43, "fingerprint does not belong"),
        ("line", rsa().line, "does not belong"),
        ("line", ed25519(b"h").line + " comment", "line does not belong"),
        ("line", "ssh-ed25519 AAAA", "line is not a public key"),
        ("line", 'command="x" ' + ed25519(b"h").line, "line is not a public key"),
    ],
)
def test_a_key_that_is_not_one_is_told(name: str, value: object, told: str) -> None:
    whole = full()
    whole["receivers"][0]["host_keys"][0][name] = value
    sentence = refused(whole)
    assert sentence.startswith("receivers[0].host_keys[0].")
    assert told in sentence


@pytest.mark.parametrize(
    "when",
    [
        "2026-02-30T12:00:00Z", "2026-01-31T12:00:00+00:00", "2026-01-31", "2026-01-31T24:00:00Z", "",
        "0000-01-31T12:00:00Z",
    ],
)  # fmt: skip
def test_a_time_that_is_none_in_utc_is_told(when: str) -> None:
    assert "made_at is not a time in UTC" in refused({**full(), "made_at": when})


def test_nothing_is_named_twice() -> None:
    whole = full()
    whole["receivers"].append(copy.deepcopy(whole["receivers"][0]))
    assert "the same user of the same receiver twice" in refused(whole)
    whole = full()
    whole["receivers"][0]["cameras"][1]["name"] = "porch"
    assert "contains a camera twice" in refused(whole)


def test_words_that_no_release_writes_are_told() -> None:
    for name, value in (("auth", "gssapi"), ("uploads", ["film"]), ("port", 0), ("port", 65536)):
        whole = full()
        whole["receivers"][0]["cameras"][0][name] = value
        assert f"cameras[0].{name} " in refused(whole)
        assert list(violations(whole, SCHEMA, SCHEMA)) != []


def test_the_time_is_written_in_utc_whatever_the_clock_shows() -> None:
    early = Receipt(tool="x", made_at=datetime(7, 1, 2, 3, 4, 5, tzinfo=UTC), receivers=())
    assert json.loads(render_json(early))["made_at"] == "0007-01-02T03:04:05Z"
