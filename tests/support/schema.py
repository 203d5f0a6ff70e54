"""As much of JSON Schema as the receipt's needs; a keyword that it does not know is an error, not a pass."""

import re
from collections.abc import Callable, Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "boolean": (bool,), "null": (type(None),),
}  # fmt: skip
_TOLD = {"$schema", "$defs", "title", "description"}


def violations(value: Any, schema: dict[str, Any], whole: dict[str, Any], where: str = "$") -> Iterator[str]:
    """Yield what of `value` is not as the schema has it."""
    for keyword, wish in schema.items():
        if keyword not in _TOLD and keyword not in _CHECKS:
            raise ValueError(f"the validator does not know {keyword}")
        if keyword in _CHECKS:
            yield from _CHECKS[keyword](value, wish, schema, whole, where)


def _type(value: Any, wish: Any, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    names = [wish] if isinstance(wish, str) else wish
    if type(value) not in {kind for name in names for kind in _TYPES[name]}:
        yield f"{where} is not {wish}"


def _properties(value: Any, wish: Any, schema: Any, whole: Any, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in value:
            if name in wish:
                yield from violations(value[name], wish[name], whole, f"{where}.{name}")
            elif schema["additionalProperties"] is False:
                yield f"{where}.{name} is unknown"


def _required(value: Any, wish: Any, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    yield from (f"{where}.{name} is missing" for name in wish if isinstance(value, dict) and name not in value)


def _items(value: Any, wish: Any, _schema: Any, whole: Any, where: str) -> Iterator[str]:
    for number, each in enumerate(value if isinstance(value, list) else ()):
        yield from violations(each, wish, whole, f"{where}[{number}]")


def _any_of(value: Any, wish: Any, _schema: Any, whole: Any, where: str) -> Iterator[str]:
    found = [list(violations(value, each, whole, where)) for each in wish]
    if all(found):
        yield from found[0]


def _ref(value: Any, wish: str, _schema: Any, whole: Any, where: str) -> Iterator[str]:
    yield from violations(value, whole["$defs"][wish.removeprefix("#/$defs/")], whole, where)


def _enum(value: Any, wish: Any, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    if value not in wish:
        yield f"{where} is none of {wish}"


def _const(value: Any, wish: Any, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    if type(value) is not type(wish) or value != wish:
        yield f"{where} is not {wish}"


def _pattern(value: Any, wish: str, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    if isinstance(value, str) and not re.search(wish.removesuffix("$") + r"\Z" if wish.endswith("$") else wish, value):
        yield f"{where} does not match {wish}"


def _minimum(value: Any, wish: int, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    if isinstance(value, int) and value < wish:
        yield f"{where} is below {wish}"


def _maximum(value: Any, wish: int, _schema: Any, _whole: Any, where: str) -> Iterator[str]:
    if isinstance(value, int) and value > wish:
        yield f"{where} is above {wish}"


_CHECKS: dict[str, Callable[[Any, Any, Any, Any, str], Iterator[str]]] = {
    "type": _type, "properties": _properties, "required": _required, "items": _items, "anyOf": _any_of, "$ref": _ref,
    "enum": _enum, "const": _const, "pattern": _pattern, "minimum": _minimum, "maximum": _maximum,
    "additionalProperties": lambda *_: iter(()),
}  # fmt: skip
