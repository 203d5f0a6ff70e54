r"""The format of a recording: one JSON object (pure).

It is described in docs/real-cameras.md. A recording is untrusted input: the reader keeps unknown keys, refuses newer
versions, and limits all sizes.

>>> read_recording('{"schema": "receiver-setup/recording/2"}')
Traceback (most recent call last):
...
receiver_setup.errors.ConfigurationError: the recording has the format receiver-setup/recording/2, which is newer
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from receiver_setup.errors import ConfigurationError

NUMBER = 1
SCHEMA = f"receiver-setup/recording/{NUMBER}"
LARGEST = 4 * 1024 * 1024
_DEEPEST = 12
_WIDTH = 160
_LONGEST_LIST = 25_000
_LONGEST_TEXT = 300_000
_HINT = "give a file written by `receiver-setup camera record`"


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording as read; parts that are missing are empty."""

    data: Mapping[str, Any]

    @property
    def http(self) -> list[dict[str, Any]]:
        """The HTTP exchanges in order, without incomplete ones."""
        return [each for each in _objects(self.data.get("http")) if _is_whole(each)]

    @property
    def lessons(self) -> list[dict[str, Any]]:
        """The test uploads in order."""
        return _objects(self.data.get("lessons"))

    @property
    def tls(self) -> Mapping[str, Any] | None:
        """The parameters of the TLS connection; None for http."""
        found = self.data.get("tls")
        return found if isinstance(found, dict) else None

    @property
    def camera(self) -> Mapping[str, Any]:
        """Model, firmware, source, note."""
        found = self.data.get("camera")
        return found if isinstance(found, dict) else {}

    def lesson(self, name: str) -> dict[str, Any] | None:
        """Return the first lesson of this name."""
        return next((each for each in self.lessons if each.get("name") == name), None)

    def upload(self, lesson: str) -> dict[str, Any] | None:
        """Return the connection of a lesson that got furthest; the first of equals."""
        found = self.lesson(lesson)
        connections = [_with_objects(each) for each in _objects(found.get("connections"))] if found else []
        return max(
            connections, key=lambda each: (len(each.get("sftp") or []), len(each.get("auth") or [])), default=None
        )

    def answer(self, command: str) -> dict[str, Any] | None:
        """Return the first complete exchange of a command without parameters."""
        for each in self.http:
            request = each.get("request")
            if isinstance(request, dict) and request.get("command") == command and not request.get("fields"):
                return each
        return None


def read_recording(text: str | bytes) -> Recording:
    """Parse a recording. Raises ConfigurationError if it is invalid, newer or too large."""
    if len(text) > LARGEST:
        raise ConfigurationError("the recording is too large", hint=_HINT)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the recording is not JSON: {error}", hint=_HINT) from None
    schema = str(data.get("schema")) if isinstance(data, dict) else ""
    name, _, number = schema.rpartition("/")
    if name != SCHEMA.rpartition("/")[0] or not (number.isascii() and number.isdigit()):
        raise ConfigurationError("the file is not a recording of a camera", hint=_HINT)
    if int(number[:9]) > NUMBER:
        raise ConfigurationError(
            f"the recording has the format {schema[:60]}, which is newer",
            hint="update receiver-setup to read it",
        )
    _check_bounds(data, 0)
    return Recording(data)


def render_recording(data: Mapping[str, Any]) -> str:
    """Render a recording as JSON, with short objects on one line."""
    return _render({"schema": SCHEMA, **data}, "") + "\n"


def _render(value: Any, indent: str) -> str:
    line = json.dumps(value)
    if len(line) + len(indent) <= _WIDTH or not isinstance(value, (list, dict)):
        return line
    inner = indent + " "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(key)}: {_render(each, inner)}" for key, each in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    return "[\n" + ",\n".join(inner + _render(each, inner) for each in value) + f"\n{indent}]"


def _check_bounds(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ConfigurationError("the recording is nested too deeply", hint=_HINT)
    if isinstance(value, str):
        if len(value) > _LONGEST_TEXT:
            raise ConfigurationError("the recording contains a text that is too long", hint=_HINT)
        return
    if isinstance(value, (list, dict)):
        if len(value) > _LONGEST_LIST:
            raise ConfigurationError("the recording contains too many values", hint=_HINT)
        for each in value.values() if isinstance(value, dict) else value:
            _check_bounds(each, depth + 1)


def _is_whole(exchange: Mapping[str, Any]) -> bool:
    """Return True if an exchange has all required keys with the right types."""
    request, headers = exchange.get("request"), exchange.get("headers")
    return (
        isinstance(request, dict)
        and isinstance(request.get("command"), str)
        and isinstance(exchange.get("body"), str)
        and isinstance(exchange.get("status_line"), str)
        and isinstance(headers, list)
        and all(isinstance(each, list) and len(each) == 2 for each in headers)
    )


def _with_objects(connection: Mapping[str, Any]) -> dict[str, Any]:
    """Return a connection whose lists contain only objects with their required keys."""
    said = {"auth": "method", "sftp": "op", "channels": "kind"}
    lists = {
        name: [each for each in _objects(connection.get(name)) if isinstance(each.get(key), str)]
        for name, key in said.items()
    }
    writes = connection.get("writes")
    kept = [
        each
        for each in (writes if isinstance(writes, list) else [])
        if isinstance(each, list) and len(each) == 3 and all(type(number) is int for number in each)
    ]
    return {**connection, **lists, "writes": kept}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
