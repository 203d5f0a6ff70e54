r"""What the receiver keeps of each camera that uploads to it (pure): one line a camera, its name and a JSON object.

A camera is its key: name and address are labels that may change, the folder stays what it was at the first set-up.
Older versions kept nothing but the former settings.

>>> record = CameraRecord(name="porch", key="SHA256:abc", directory="/home/ipcamera/recordings")
>>> parse_camera_records(render_camera_records({"porch": record})) == {"porch": record}
True
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_VERSION = 2
"""Version 1 contains only a camera's former settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRecord:
    """One camera; None if a value was unknown, or not recorded by an older version."""

    name: str
    key: str | None = None
    """The fingerprint of the key with which it signs in, `SHA256:…`; None if it has none."""
    address: str | None = None
    """Its URL at the last set-up."""
    directory: str | None = None
    """The folder that its uploads arrive in, absolute."""
    former: str | None = None
    """Its settings before the first set-up, as recorded by the camera's side."""
    older: bool = False
    """True if an older version of this tool wrote it."""


def parse_camera_records(text: str) -> dict[str, CameraRecord]:
    """Parse the file of an account's cameras; invalid lines are skipped."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name and value:
            found[name] = _parse(name, value)
    return found


def render_camera_records(records: Mapping[str, CameraRecord]) -> str:
    """Render the file, with a line per camera."""
    return "".join(f"{name} {_render(record)}\n" for name, record in sorted(records.items()))


def _parse(name: str, text: str) -> CameraRecord:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or value.get("version") != _VERSION:
        # The camera's side says what is wrong with it, once it is needed.
        return CameraRecord(name=name, former=text, older=True)
    former = value.get("former")
    return CameraRecord(
        name=name,
        key=_text(value, "key"),
        address=_text(value, "address"),
        directory=_text(value, "directory"),
        former=None if former is None else _dump(former),
    )


def _render(record: CameraRecord) -> str:
    if record.older and record.former is not None:
        if "\n" in record.former:
            raise ValueError("a camera's former settings are one line")
        return record.former
    former = None if record.former is None else json.loads(record.former)
    return _dump(
        {
            "version": _VERSION,
            "key": record.key,
            "address": record.address,
            "directory": record.directory,
            "former": former,
        }
    )


def _text(value: Mapping[str, Any], key: str) -> str | None:
    """Return a text of a record; None if it is invalid."""
    text = value.get(key)
    return text if isinstance(text, str) and text.isprintable() else None


def _dump(value: Any) -> str:
    """Render JSON on one line, in ASCII; equal values give equal texts."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
