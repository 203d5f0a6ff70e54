"""Read a boot partition, and write to it so that a power cut leaves no partial files.

FAT has neither owners nor links; a file is written, synced, and then renamed within the partition.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from receiver_setup.compat import create_private
from receiver_setup.errors import BootPartitionError, ConfigurationError
from receiver_setup.pi import first_run, user_data
from receiver_setup.pi.card import Card
from receiver_setup.pi.plan import FOLDER, HALF

_TOLD_BY = ("config.txt", "issue.txt", first_run.CMDLINE, first_run.SCRIPT, user_data.FILE)
_CHUNK = 1 << 20
_SHADOW = "._"
"""Prefix of the files that macOS writes on FAT for attributes (AppleDouble)."""


class Partition:
    """The directory where a boot partition is mounted, or a copy of one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read_card(self) -> Card:
        """Read the files that tell its format; ConfigurationError if the directory cannot be read."""
        if not self.path.is_dir():
            raise ConfigurationError(
                f"there is no directory {self.path}", hint="insert the card, and give the path of its boot partition"
            )
        with self._failures("read"):
            names = frozenset(each.name for each in self.path.iterdir())
        texts = {name: self.read_text(name) for name in _TOLD_BY if name in names}
        return Card(names=names, texts={name: text for name, text in texts.items() if text is not None})

    def read_text(self, name: str) -> str | None:
        """Return a file's text with unchanged line ends; None if it does not exist."""
        try:
            return self.read_bytes(name).decode()
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise ConfigurationError(
                f"{self.path / name} is not UTF-8 text (byte {error.start})",
                hint="unpack it or save it as UTF-8, then run this again",
            ) from error

    def read_bytes(self, name: str) -> bytes:
        """Return a file's content; FileNotFoundError if it does not exist."""
        with self._failures("read", passing=FileNotFoundError):
            return (self.path / name).read_bytes()

    def digests(self, names: tuple[str, ...]) -> dict[str, str]:
        """Return the digest of each of these files that exists, and of every file in FOLDER."""
        with self._failures("read"):
            ours = [each for each in (self.path / FOLDER).rglob("*") if each.is_file() or each.is_symlink()]
            ours = [each for each in ours if not _is_shadow(each)]
            found = [each.relative_to(self.path).as_posix() for each in ours]
            found += [name for name in (*names, HALF) if name not in found and (self.path / name).is_file()]
            return {name: digest_of(self.path / name) for name in sorted(found)}

    def require_room(self, needed: int) -> None:
        """Raise BootPartitionError if so many bytes do not fit."""
        with self._failures("read"):
            free = shutil.disk_usage(self.path).free
        if needed > free:
            raise BootPartitionError(
                f"the boot partition {self.path} has {free / 1e6:.0f} MB free, but {needed / 1e6:.0f} MB are needed",
                hint="leave --offline-debs out and let the first boot download them, or make room",
            )

    def write(self, name: str, content: bytes | Path) -> None:
        """Write this content, or that of the given file, to a file atomically."""
        with self._failures("write to"):
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            half = self.path / HALF
            half.unlink(missing_ok=True)
            with create_private(half) as file:
                for chunk in _chunks(content):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            half.replace(target)
            _sync(target.parent)
            _sync(self.path)

    def delete(self, name: str, *, overwrite: bool) -> None:
        """Delete a file if it exists, after overwriting it if requested."""
        path = self.path / name
        with self._failures("write to"):
            if overwrite and path.is_file() and not path.is_symlink():
                with path.open("r+b") as file:
                    file.write(bytes(path.stat().st_size))
                    file.flush()
                    os.fsync(file.fileno())
            path.unlink(missing_ok=True)
            path.with_name(f"{_SHADOW}{path.name}").unlink(missing_ok=True)
            _sync(path.parent)

    def drop_empty_folders(self) -> None:
        """Delete our folder and those in it, if they are empty."""
        folder = self.path / FOLDER
        below = sorted((each for each in folder.rglob("*") if each.is_dir()), reverse=True) if folder.is_dir() else []
        for each in (*below, folder):
            with contextlib.suppress(OSError):
                each.rmdir()
        _sync(self.path)

    @contextlib.contextmanager
    def _failures(self, doing: str, passing: type[OSError] | None = None) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if passing is not None and isinstance(error, passing):
                raise
            remedy = "remove the card and insert it again"
            if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
                remedy = "mount it writable, or run this as administrator (sudo)"
            raise BootPartitionError(
                f"cannot {doing} the boot partition {self.path}: {error.strerror}",
                hint=f"{remedy}, then run the same command again: it continues where this one ended",
            ) from error


def _is_shadow(path: Path) -> bool:
    return path.name.startswith(_SHADOW) and path.with_name(path.name.removeprefix(_SHADOW)).is_file()


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _sync(folder: Path) -> None:
    """Sync a directory where its file system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
