"""The keys of an inventory and how to read their values (pure)."""

import math
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.upload_options import parse_kinds
from receiver_setup.camera.wire.connection import normal_fingerprint
from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory.model import Value
from receiver_setup.receiver.address import parse_dialled
from receiver_setup.receiver.plan.wanted import check_directory, check_home, check_user, parse_groups

Read = Callable[[Any, Path], Value]
"""Convert a TOML value to an option, given the folder of the file; ConfigurationError if it is invalid."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def read_text(value: Any) -> str:
    """Return a non-empty, printable text."""
    if not isinstance(value, str):
        raise ConfigurationError("is not a string", hint='write it in quotes: "…"')
    if not value.strip() or not value.isprintable():
        raise ConfigurationError("is empty, or contains a line break or another character that cannot be shown")
    return value


def read_flag(value: Any) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise ConfigurationError("is neither true nor false", hint="write true or false, without quotes")
    return value


def read_path(value: Any, folder: Path) -> Path:
    """Return a path; relative paths start in the folder of the inventory, `~` is the home."""
    path = Path(read_text(value))
    try:
        return folder / path.expanduser()
    except RuntimeError as error:
        raise ConfigurationError("begins with the home of an unknown user", hint="write the whole path") from error


def read_variable(value: Any) -> str:
    """Return the name of an environment variable; errors do not repeat the value, which may be a password."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        raise ConfigurationError(
            "is not the name of an environment variable",
            hint="write the variable's name, such as PORCH_PASSWORD, not the password",
        )
    return value


def read_command(value: Any) -> tuple[str, ...]:
    """Return a command as words, to run without a shell; errors do not repeat it, since it may contain a password."""
    try:
        words = shlex.split(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ConfigurationError("is a command with an unclosed quote") from error
    if not isinstance(words, list) or not all(isinstance(word, str) and "\0" not in word for word in words):
        raise ConfigurationError("is not a command", hint='write "pass show porch" or ["pass", "show", "porch"]')
    if not words or not words[0]:
        raise ConfigurationError("is an empty command", hint='write one such as "pass show porch"')
    return tuple(words)


def _text(check: Callable[[str], object] = str) -> Read:
    def read(value: Any, folder: Path) -> str:  # noqa: ARG001 - as every reader
        text = read_text(value)
        check(text)
        return text

    return read


def _flag(value: Any, folder: Path) -> bool:  # noqa: ARG001 - as every reader
    return read_flag(value)


def _whole(low: int, high: int) -> Read:
    def read(value: Any, folder: Path) -> int:  # noqa: ARG001 - as every reader
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ConfigurationError(f"is not a whole number from {low} to {high}")
        return value

    return read


def _seconds(value: Any, folder: Path) -> float:  # noqa: ARG001 - as every reader
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0.1:
        raise ConfigurationError("is not a number of seconds from 0.1", hint="give one such as 10")
    return float(value)


def _choice(*words: str) -> Read:
    def read(value: Any, folder: Path) -> str:  # noqa: ARG001 - as every reader
        if value not in words:
            raise ConfigurationError(f"is not one of {', '.join(words)}")
        return str(value)

    return read


def _kinds(value: Any, folder: Path) -> str | None:  # noqa: ARG001 - as every reader
    words = value if isinstance(value, list) else [value]
    if words == []:
        return None  # overrides the tables above: leave the camera's uploads alone
    if not all(isinstance(word, str) for word in words):
        raise ConfigurationError("is not a list of uploads", hint='write upload = ["rec", "snap"]')
    kinds = parse_kinds(",".join(words))
    return ",".join(kind.value for kind in ActionType if kind in kinds)


def _groups(value: Any, folder: Path) -> str:  # noqa: ARG001 - as every reader
    words = value if isinstance(value, list) else [value]
    if not words or not all(isinstance(word, str) for word in words):
        raise ConfigurationError("is not a list of groups", hint='write groups = ["_ssh"]')
    return ",".join(parse_groups(",".join(words)))


@dataclass(frozen=True, slots=True)
class Key:
    """One option; `of_camera`: it concerns a camera, and may be in its table or in those above it."""

    read: Read
    of_camera: bool = False


KEYS = {
    "user": Key(_text(check_user)),
    "directory": Key(_text(check_directory)),
    "home": Key(_text(check_home)),
    "isolate": Key(_flag),
    "receiver_address": Key(_text(parse_dialled)),
    "jail": Key(_flag),
    "adopt": Key(_flag),
    "groups": Key(_groups),
    "auth": Key(_choice("auto", "key", "password")),
    "sha1": Key(_choice("auto", "never", "always")),
    "pin_source": Key(_flag),
    "identity": Key(read_path),
    "known_hosts": Key(read_path),
    "accept_new_host_key": Key(_flag),
    "ssh_config": Key(read_path),
    "camera_via_receiver": Key(_flag),
    "confirm_within": Key(_whole(5, 3600)),
    "timeout": Key(_seconds),
    "jobs": Key(_whole(1, 64)),
    "upload": Key(_kinds, of_camera=True),
    "interval": Key(_whole(1, 3600), of_camera=True),
    "snapshots": Key(_whole(1, 10), of_camera=True),
    "schedule": Key(_text(parse_words), of_camera=True),
    "camera_login": Key(_choice("auto", "basic", "query", "token"), of_camera=True),
    "camera_ca_file": Key(read_path, of_camera=True),
    "camera_fingerprint": Key(_text(normal_fingerprint), of_camera=True),
    "camera_insecure": Key(_flag, of_camera=True),
}
"""Option → its reader; the names are those of the command line, with underscores."""

OF_A_RUN = frozenset(
    {
        *("check", "diff", "json", "verbose", "quiet", "yes", "receipt", "delete_recordings", "inventory", "only"),
        "failed_from",
    }
)
"""Options that are not allowed in an inventory, because they are about one run."""
SSH_ONLY = ("identity", "known_hosts", "accept_new_host_key", "ssh_config", "camera_via_receiver")
TLS_ONLY = ("camera_ca_file", "camera_fingerprint", "camera_insecure")
UPLOADS = ("upload", "interval", "snapshots", "schedule")
WAYS = ("file", "env", "command")
"""How a password may be given: `…_file`, `…_env`, `…_command`."""
