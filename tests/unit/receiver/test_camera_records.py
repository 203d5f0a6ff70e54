"""What is kept of each camera, written by this version and by older ones."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.receiver.facts.camera_records import CameraRecord, parse_camera_records, render_camera_records

OLDER = '{"former":{},"not_settable":{},"password_replaced":false,"pointed_at":{},"version":1}'
PORCH = CameraRecord(
    name="porch",
    key="SHA256:abc",
    address="http://192.168.2.168",
    directory="/home/ipcamera/recordings",
    former=OLDER,
)
TEXTS = st.none() | st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)


def test_a_line_a_camera_in_ascii() -> None:
    text = render_camera_records({"porch": PORCH, "gate": replace(PORCH, name="gate", former=None, address="http://ü")})
    assert [line.partition(" ")[0] for line in text.splitlines()] == ["gate", "porch"]
    assert text.isascii()
    assert parse_camera_records(text)["porch"] == PORCH


@given(TEXTS, TEXTS, TEXTS)
def test_what_was_written_is_read_again(key: str | None, address: str | None, directory: str | None) -> None:
    record = CameraRecord(name="porch", key=key, address=address, directory=directory)
    assert parse_camera_records(render_camera_records({"porch": record})) == {"porch": record}


def test_what_an_older_version_wrote_is_read_and_kept_as_it_is() -> None:
    text = f"porch {OLDER}\n"
    (record,) = parse_camera_records(text).values()
    assert (record.former, record.key, record.directory, record.older) == (OLDER, None, None, True)
    assert render_camera_records({"porch": record}) == text


@pytest.mark.parametrize("value", [7, ["x"], "a\x1b[2J", "a\nb", {"x": 1}])
def test_what_cannot_be_meant_is_not_known(value: Any) -> None:
    text = json.dumps({"version": 2, "key": value, "address": value, "directory": value, "former": None})
    (record,) = parse_camera_records(f"porch {text}\n").values()
    assert record == CameraRecord(name="porch")


@pytest.mark.parametrize("text", ["", "\n", "porch\n", " {}\n"])
def test_a_line_without_name_or_value_is_left_out(text: str) -> None:
    assert parse_camera_records(text) == {}


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert isinstance(parse_camera_records(text), dict)
