"""The keys that name the source of a password (pure); a password itself is refused anywhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory.keys import WAYS, read_command, read_path, read_variable
from receiver_setup.inventory.model import Password, SecretSource

_STEMS = {
    "defaults": {each.value: each for each in Password} | {"password": Password.CAMERA},
    "receiver": {each.value: each for each in Password},
    "camera": {"password": Password.CAMERA, "camera_password": Password.CAMERA},
}
"""Table → prefix of the key → whose password it is."""
PASSWORD_KEYS = {kind: {f"{stem}_{way}" for stem in stems for way in WAYS} for kind, stems in _STEMS.items()}
"""Table → its keys about passwords."""


def refuse_password(key: str, place: str, kind: str) -> None:
    """Refuse a password itself, and ambiguous keys in a receiver's table; never repeats a value."""
    if key in {"password", "passwd", "pass", "secret", *(each.value for each in Password)}:
        stem = key if key in _STEMS[kind] else next(iter(_STEMS[kind]))
        raise ConfigurationError(
            f"{place}: {key}: passwords are not allowed in an inventory",
            hint=f"write {stem}_file, {stem}_env or {stem}_command, which say where to get it",
        )
    if kind == "receiver" and key in PASSWORD_KEYS["camera"]:
        raise ConfigurationError(
            f"{place}: {key} may mean the receiver's password or its cameras'",
            hint=f"write ssh_{key} or sudo_{key} for the receiver, camera_{key} for its cameras",
        )


def read_passwords(table: Mapping[str, Any], *, kind: str, place: str, folder: Path) -> dict[Password, SecretSource]:
    """Return the sources of this table's passwords; two sources for one password are an error."""
    found: dict[Password, tuple[str, SecretSource]] = {}
    for stem, password in _STEMS[kind].items():
        for way in WAYS:
            key = f"{stem}_{way}"
            if key not in table:
                continue
            if password in found:
                raise ConfigurationError(
                    f"{place}: {key} and {found[password][0]} are for the same password", hint="leave one out"
                )
            found[password] = (key, _read_source(f"{place}: {key}", way, table[key], folder))
    return {password: source for password, (_, source) in found.items()}


def _read_source(place: str, way: str, value: Any, folder: Path) -> SecretSource:
    try:
        return SecretSource(
            place=place,
            file=read_path(value, folder) if way == "file" else None,
            variable=read_variable(value) if way == "env" else None,
            command=read_command(value) if way == "command" else None,
            folder=folder,
        )
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error.message}", hint=error.hint) from error
