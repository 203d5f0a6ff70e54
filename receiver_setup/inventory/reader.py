"""A strict parser for inventories (pure); errors name file, table and key."""

import difflib
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory.keys import KEYS, OF_A_RUN, SSH_ONLY, TLS_ONLY, read_flag, read_text
from receiver_setup.inventory.model import CameraEntry, Inventory, ReceiverEntry, TableOptions
from receiver_setup.inventory.passwords import PASSWORD_KEYS, read_passwords, refuse_password
from receiver_setup.receiver.address import ReceiverAddress

_TABLES = ("defaults", "receiver", "camera")
_KEYS_OF = {
    "defaults": {*KEYS, *PASSWORD_KEYS["defaults"]},
    "receiver": {"name", "address", "local", *KEYS, *PASSWORD_KEYS["receiver"]},
    "camera": {"name", "address", "receiver", *(name for name, key in KEYS.items() if key.of_camera)}
    | PASSWORD_KEYS["camera"],
}
"""Table → its keys."""


def parse_inventory(text: str, path: Path) -> Inventory:
    """Parse an inventory; ConfigurationError for anything unknown, duplicate, missing or of another type.

    `path` appears in errors, and relative paths start in its folder.
    """
    try:
        whole = tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise ConfigurationError(
            f"{path}: this is not TOML: {error}",
            hint="write strings in quotes, a key and its value on one line; see receiver-setup inventory example",
        ) from error
    except RecursionError:
        raise ConfigurationError(f"{path}: this is not an inventory: it is nested too deeply") from None
    _check_tables(whole, path)
    folder = path.absolute().parent
    defaults = _Table(f"{path}: [defaults]", "defaults", whole.get("defaults", {}), folder)
    receivers = [_Table.numbered(path, "receiver", number, each) for number, each in _numbered(whole, "receiver")]
    cameras = [_Table.numbered(path, "camera", number, each) for number, each in _numbered(whole, "camera")]
    if not receivers:
        raise ConfigurationError(f"{path}: there is no [[receiver]]", hint="see receiver-setup inventory example")
    names = _read_names([*receivers, *cameras])
    shares: dict[str, list[CameraEntry]] = {name: [] for name in names[: len(receivers)]}
    for table, name in zip(cameras, names[len(receivers) :], strict=True):
        shares[table.read_receiver(list(shares))].append(table.read_camera(name))
    return Inventory(
        path=path,
        defaults=defaults.read_options(),
        receivers=tuple(
            table.read_entry(name, tuple(mine)) for table, (name, mine) in zip(receivers, shares.items(), strict=True)
        ),
    )


def check_camera(raw: Mapping[str, Any], place: str, path: Path) -> None:
    """Refuse a camera's table that is invalid in an inventory; `place` names it in errors."""
    table = _Table(place, "camera", dict(raw), path.absolute().parent)
    table.read_camera(table.read_name())


def suggest(word: str, known: Collection[str]) -> str:
    """Return a hint with the known word closest to `word`, else with all of them."""
    like = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {like[0]}?" if like else f"choose from: {', '.join(sorted(known))}"


def _check_tables(whole: dict[str, Any], path: Path) -> None:
    for name, value in whole.items():
        if name not in _TABLES:
            if not isinstance(value, dict | list) and name.replace("-", "_") in KEYS:
                hint = "write it below [defaults], [[receiver]] or [[camera]]"
            else:
                hint = suggest(name, _TABLES)
            raise ConfigurationError(
                f"{path}: {name!r} is neither [defaults] nor [[receiver]] nor [[camera]]", hint=hint
            )
        if name == "defaults" and not isinstance(value, dict):
            raise ConfigurationError(f"{path}: defaults is not one table", hint="write [defaults], once")
        if name != "defaults" and not (isinstance(value, list) and all(isinstance(each, dict) for each in value)):
            raise ConfigurationError(
                f"{path}: {name} is not a list of tables", hint=f"begin each with [[{name}]], in two brackets"
            )


def _numbered(whole: dict[str, Any], kind: str) -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(whole.get(kind, []), start=1))


def _read_names(tables: list["_Table"]) -> list[str]:
    """Return the names in the order of the tables; they must be unique, because `--only` takes them."""
    seen: dict[str, str] = {}
    for table in tables:
        name = table.read_name()
        if name in seen:
            raise ConfigurationError(
                f"{table.place}: name: {name!r} is the name of {seen[name]} already", hint="give each a name of its own"
            )
        seen[name] = table.place.partition(": ")[2]
    return list(seen)


class _Table:
    """One table being read; `place` names it in errors."""

    def __init__(self, place: str, kind: str, raw: dict[str, Any], folder: Path) -> None:
        self.place = place
        self._kind = kind
        self._folder = folder
        self._raw = self._normalise(raw)

    @classmethod
    def numbered(cls, path: Path, kind: str, number: int, raw: dict[str, Any]) -> "_Table":
        """Make one of several tables of a kind."""
        name = raw.get("name")
        shown = f" {name!r}" if isinstance(name, str) and name.isprintable() else ""
        return cls(f"{path}: [[{kind}]] {number}{shown}", kind, raw, path.absolute().parent)

    def read_name(self) -> str:
        """Return its name."""
        name = self._read("name", self._required("name"))
        if not any(character.isalnum() and character.isascii() for character in name):
            raise self._wrong("name", "contains neither a letter a-z nor a digit", "folders are named after it")
        if name != name.strip() or len(name) > 64:
            raise self._wrong("name", "begins or ends with a blank, or is longer than 64 characters")
        return name

    def read_receiver(self, names: list[str]) -> str:
        """Return the name of a camera's receiver; by default the only one."""
        if "receiver" not in self._raw:
            if len(names) == 1:
                return names[0]
            raise ConfigurationError(
                f"{self.place}: receiver is missing, and there are several",
                hint=f"name one of them: {', '.join(names)}",
            )
        name = self._read("receiver", self._raw["receiver"])
        if name not in names:
            raise self._wrong("receiver", f"there is no [[receiver]] {name!r}", suggest(name, names))
        return name

    def read_camera(self, name: str) -> CameraEntry:
        """Return a camera."""
        text = self._read("address", self._required("address"))
        try:
            address = CameraAddress.parse(text)
        except ConfigurationError as error:
            raise self._wrong("address", error.message, error.hint) from error
        if address.password is not None:
            raise self._wrong(
                "address", "contains a password", "write password_file, password_env or password_command instead"
            )
        if address.scheme != "https":
            self._refuse(TLS_ONLY, "is for a camera whose address begins with https://")
        return CameraEntry(name=name, address=address, own=self.read_options())

    def read_entry(self, name: str, cameras: tuple[CameraEntry, ...]) -> ReceiverEntry:
        """Return a receiver with its cameras."""
        local = "local" in self._raw and self._read_as("local", read_flag)
        if bool(local) == ("address" in self._raw):
            raise ConfigurationError(
                f"{self.place}: exactly one of address and local = true is required",
                hint='write address = "[USER@]HOST[:PORT]" for a host that is reached by SSH, or local = true for this '
                "machine",
            )
        address = None if local else self._read("address", self._raw["address"])
        if address is None:
            ssh = tuple(key for key in self._raw if key.startswith("ssh_password"))
            self._refuse((*SSH_ONLY, *ssh), "is for a receiver that is reached by SSH, not for local = true")
        else:
            try:
                ReceiverAddress.parse(address)
            except ConfigurationError as error:
                raise self._wrong("address", error.message, error.hint) from error
        if not cameras:
            raise ConfigurationError(
                f"{self.place} has no camera", hint=f'write a [[camera]] with receiver = "{name}", or leave it out'
            )
        return ReceiverEntry(name=name, address=address, own=self.read_options(), cameras=cameras)

    def read_options(self) -> TableOptions:
        """Return its options and the sources of its passwords."""
        options = {}
        for key in self._raw.keys() & KEYS.keys():
            try:
                options[key] = KEYS[key].read(self._raw[key], self._folder)
            except ConfigurationError as error:
                raise self._wrong(key, error.message, error.hint) from error
        passwords = read_passwords(self._raw, kind=self._kind, place=self.place, folder=self._folder)
        return TableOptions(place=self.place, options=options, passwords=passwords)

    def _normalise(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Return the table with underscores in all keys; an unknown key is an error."""
        found: dict[str, Any] = {}
        for given, value in raw.items():
            key = given.replace("-", "_")
            if key in found:
                raise ConfigurationError(f"{self.place}: {key} is given twice, once as {given}", hint="leave one out")
            if key not in _KEYS_OF[self._kind]:
                raise self._unknown(given, key)
            found[key] = value
        return found

    def _unknown(self, given: str, key: str) -> ConfigurationError:
        refuse_password(key, self.place, self._kind)
        if key in OF_A_RUN:
            hint = f"it is about one run; give it on the command line: --{key.replace('_', '-')}"
        elif self._kind == "camera" and (key in KEYS or key in _KEYS_OF["receiver"]):
            hint = "it concerns a receiver; write it in its [[receiver]] or in [defaults]"
        elif self._kind == "defaults" and key in {"name", "address", "local", "receiver"}:
            hint = "it belongs to one [[receiver]] or [[camera]]"
        else:
            hint = suggest(key, _KEYS_OF[self._kind])
        return ConfigurationError(f"{self.place}: unknown key {given!r}", hint=hint)

    def _refuse(self, keys: Collection[str], why: str) -> None:
        for key in keys:
            if self._raw.get(key):
                raise self._wrong(key, why, "leave it out")

    def _required(self, key: str) -> Any:
        if key not in self._raw:
            raise ConfigurationError(f"{self.place}: {key} is missing", hint="see receiver-setup inventory example")
        return self._raw[key]

    def _read(self, key: str, value: Any) -> str:
        try:
            return read_text(value)
        except ConfigurationError as error:
            raise self._wrong(key, error.message, error.hint) from error

    def _read_as(self, key: str, read: Any) -> Any:
        try:
            return read(self._raw[key])
        except ConfigurationError as error:
            raise self._wrong(key, error.message, error.hint) from error

    def _wrong(self, key: str, problem: str, hint: str = "") -> ConfigurationError:
        return ConfigurationError(f"{self.place}: {key}: {problem}", hint=hint)
