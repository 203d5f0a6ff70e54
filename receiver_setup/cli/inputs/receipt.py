"""`--receipt FILE`: refuse an unusable file before anything is contacted or imported."""

import os
import stat
from pathlib import Path
from typing import Any

from receiver_setup.errors import ConfigurationError

_SUFFIXES = (".json", ".md")


def check_receipt_file(options: dict[str, Any]) -> None:
    """Refuse a receipt that could not be written, or whose format is unknown."""
    path: Path | None = options["receipt"]
    if path is None:
        return
    if options["check"]:
        raise ConfigurationError(
            "--receipt is for a set-up, but --check sets nothing up", hint="leave one of the two out"
        )
    if path.suffix.lower() not in _SUFFIXES:
        raise ConfigurationError(
            f"--receipt: {path} ends neither in .json nor in .md",
            hint="give a name such as porch.json, for programs, or porch.md, for people",
        )
    earlier: Path | None = options.get("failed_from")
    if earlier is not None and path.absolute() == earlier.absolute():
        raise ConfigurationError(
            "--receipt and --failed-from are the same file, whose earlier results would be lost",
            hint="give --receipt another FILE",
        )
    folder = path.absolute().parent
    if (problem := _problem(path, folder)) is not None:
        raise ConfigurationError(f"--receipt: {problem}", hint="give a FILE in an existing folder")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ConfigurationError(
            f"--receipt: no file can be created in {folder}", hint="give a FILE in a folder that you may write to"
        )


def _problem(path: Path, folder: Path) -> str | None:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None if folder.is_dir() else f"there is no folder {folder}"
    except OSError as error:
        return f"{path} cannot be used: {error.strerror}"
    if stat.S_ISDIR(mode):
        return f"{path} is a folder"
    return None if stat.S_ISREG(mode) else f"{path} is not a regular file"
