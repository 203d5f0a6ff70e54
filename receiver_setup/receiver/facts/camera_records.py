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
"""1 is a camera's former settings alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRecord:
    """One camera; what is None was not known when it was written, or an older version wrote it."""

    name: str
    key: str | None = None
    """The fingerprint of the key that it signs in with, `SHA256:…`; None for one that has none."""
    address: str | None = None
    """Where it was set up last, as an URL."""
    directory: str | None = None
    """The folder that its uploads arrive in, absolute."""
    former: str | None = None
    """What it was set to before the first set-up, as the camera's side wrote it."""
    older: bool = False
    """True when an older version of this tool wrote it."""


def parse_camera_records(text: str) -> dict[str, CameraRecord]:
    """Read the file of an account's cameras; a line that cannot be read is left out."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name and value:
            found[name] = _parse(name, value)
    return found


def render_camera_records(records: Mapping[str, CameraRecord]) -> str:
    """Render the file, a line a camera."""
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
    """Return a text of a record; anything that cannot be one counts as not known."""
    text = value.get(key)
    return text if isinstance(text, str) and text.isprintable() else None


def _dump(value: Any) -> str:
    """Write JSON on one line, in ASCII, the same for the same value."""
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
