"""Read an inventory and check the files that it names, before anything is contacted."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from receiver_setup.compat import decode_text
from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory import (
    Inventory,
    Password,
    ResolvedReceiver,
    SecretSource,
    parse_inventory,
    parse_proven,
)

_LONGEST = 16 * 1024 * 1024
_FILES = ("identity", "ssh_config", "camera_ca_file")


def read_inventory(path: Path) -> Inventory:
    """Read an inventory; ConfigurationError if it is invalid."""
    return parse_inventory(read_text(path, hint="to start a new one: receiver-setup inventory example"), path)


def read_text(path: Path, *, hint: str) -> str:
    """Read a text file as saved by an editor, a spreadsheet or a shell."""
    try:
        with path.open("rb") as file:
            content = file.read(_LONGEST + 1)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    if len(content) > _LONGEST:
        raise ConfigurationError(f"{path} is longer than any file of this kind")
    try:
        return decode_text(content)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{path}: line {line}: it is not UTF-8 text", hint='save it as UTF-8; spreadsheets call it "CSV UTF-8"'
        ) from error


def read_proven(path: Path | None) -> frozenset[tuple[str, str]]:
    """Read the proven cameras of an earlier run from its receipt or its `--json` output."""
    if path is None:
        return frozenset()
    try:
        return parse_proven(read_text(path, hint="give the .json file of --receipt, or the output of --json"))
    except ValueError as error:
        raise ConfigurationError(
            f"--failed-from: {path} is not the result of an earlier run: {error}",
            hint="give the .json file of --receipt, or the output of --json",
        ) from error


def check_files(inventory: Inventory, receivers: Iterable[ResolvedReceiver], given: Mapping[str, Any]) -> None:
    """Refuse an inventory that names missing files; files on the command line are checked with the other options."""
    entries = {entry.name: entry for entry in inventory.receivers}
    for receiver in receivers:
        entry = entries[receiver.name]
        cameras = {camera.name: camera.own for camera in entry.cameras}
        levels = [entry.own, inventory.defaults]
        _check(receiver.options, levels, given)
        for camera in receiver.cameras:
            _check(camera.options, [cameras[camera.name], *levels], given)


def _check(options: Mapping[str, Any], levels: Iterable[Any], given: Mapping[str, Any]) -> None:
    for name in _FILES:
        path = options.get(name)
        if name in given or not isinstance(path, Path) or path.is_file():
            continue
        place = next(level.place for level in levels if level.options.get(name) == path)
        raise ConfigurationError(f"{place}: {name}: there is no file {path}")


def sources(receivers: Iterable[ResolvedReceiver]) -> list[SecretSource]:
    """Return the sources of all passwords, each once; of a receiver's own only those that it needs."""
    found: list[SecretSource] = []
    for receiver in receivers:
        own = [receiver.passwords.get(Password.SUDO)]
        own += [receiver.passwords.get(Password.SSH)] if receiver.address is not None else []
        found += [each for each in (*own, *(camera.password for camera in receiver.cameras)) if each is not None]
    return list(dict.fromkeys(found))
