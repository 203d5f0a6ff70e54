"""The job on the card (pure): the set-up for the first boot, as TOML and as a command line."""

import json
import tomllib
from dataclasses import dataclass, fields
from typing import Any, Self

from receiver_setup.errors import ConfigurationError

FORMAT = 1
_HEADER = """\
# Made by `receiver-setup pi prepare`; read once, at the first boot. The password is not in here.
"""
_OPTIONS: dict[str, type | tuple[type, ...]] = {
    "user": str,
    "directory": str,
    "home": str,
    "jail": bool,
    "receiver-address": str,
    "auth": str,
    "sha1": str,
    "pin-source": bool,
    "upload": str,
    "interval": int,
    "snapshots": int,
    "schedule": str,
    "camera-login": str,
    "camera-fingerprint": str,
    "camera-insecure": bool,
    "timeout": (float, int),
}
"""The options of setup that a job may contain, by their long names."""
_SWITCHES = ("jail", "pin-source")
"""Options that also have a --no- form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds that the first boot waits: for the camera in all, between two tries, and for its prerequisites."""

    camera_s: int = 3600
    between_s: int = 30
    host_keys_s: int = 120
    network_s: int = 120
    clock_s: int = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One set-up on the machine itself; `options` are setup's, by their long names."""

    cameras: tuple[str, ...]
    options: dict[str, Any]
    patience: Patience = Patience()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a job; ConfigurationError says what is wrong with it."""
        try:
            table = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise _refusal(str(error)) from error
        if table.pop("format", None) != FORMAT:
            raise _refusal("it is from another version of receiver-setup")
        cameras, options, waits = table.pop("cameras", None), table.pop("setup", {}), table.pop("first-boot", {})
        if table:
            raise _refusal(f"{next(iter(table))!r} is not known")
        if not isinstance(cameras, list) or not cameras or not all(isinstance(each, str) for each in cameras):
            raise _refusal("it names no camera")
        for name, value in options.items():
            if name not in _OPTIONS or not _fits(value, _OPTIONS[name]):
                raise _refusal(f"{name!r} = {value!r} in [setup] is not valid")
        known = {_option_name(field.name): field.name for field in fields(Patience)}
        for name, value in waits.items():
            if name not in known or not _fits(value, int) or value < 0:
                raise _refusal(f"{name!r} = {value!r} in [first-boot] is not valid")
        patience = Patience(**{known[name]: value for name, value in waits.items()})
        return cls(cameras=tuple(cameras), options=options, patience=patience)

    def render(self) -> str:
        """Return the job as TOML; the first boot's script reads [first-boot] line by line."""
        lines = [f"format = {FORMAT}", f"cameras = [{', '.join(map(_value, self.cameras))}]", "", "[setup]"]
        lines += [f"{name} = {_value(value)}" for name, value in self.options.items()]
        lines += ["", "[first-boot]"]
        lines += [f"{_option_name(field.name)} = {getattr(self.patience, field.name)}" for field in fields(Patience)]
        return _HEADER + "".join(f"{line}\n" for line in lines)

    def arguments(self) -> list[str]:
        """Return the arguments of `receiver-setup setup`, without the password file."""
        words = ["setup", "--local", *(word for camera in self.cameras for word in ("--camera", camera))]
        for name, value in self.options.items():
            if isinstance(value, bool):
                words += [f"--{name}"] if value else [f"--no-{name}"] if name in _SWITCHES else []
            else:
                words += [f"--{name}={value}"]
        return words


def _fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _value(value: Any) -> str:
    # JSON strings are TOML basic strings, except that TOML must escape DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _option_name(name: str) -> str:
    return name.removesuffix("_s").replace("_", "-") + "-s"


def _refusal(reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"the job on the card cannot be read: {reason}", hint="run `receiver-setup pi prepare` for this card again"
    )
