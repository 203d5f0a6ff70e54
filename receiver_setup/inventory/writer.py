"""Write inventories as TOML (pure)."""

import json
from collections.abc import Iterable, Mapping
from importlib.resources import files

Raw = str | bool | int | float | list[str]


def render_toml(tables: Iterable[tuple[str, Mapping[str, Raw]]]) -> str:
    r"""Render tables, each with its kind; the reader reads them back.

    >>> print(render_toml([("camera", {"name": 'the "porch"', "upload": ["rec"]})]), end="")
    [[camera]]
    name = "the \"porch\""
    upload = ["rec"]
    """
    return "\n".join(_render_table(kind, table) for kind, table in tables)


def read_example() -> str:
    """Return a commented example with every kind of key."""
    return (files("receiver_setup.inventory") / "example.toml").read_text(encoding="utf-8")


def _render_table(kind: str, table: Mapping[str, Raw]) -> str:
    head = "[defaults]" if kind == "defaults" else f"[[{kind}]]"
    return "\n".join([head, *(f"{key} = {_render(value)}" for key, value in table.items())]) + "\n"


def _render(value: Raw) -> str:
    # TOML has the escapes of JSON, and must also escape DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
