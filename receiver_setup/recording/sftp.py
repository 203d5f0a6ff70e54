r"""An SFTP server of version 3 that only records its requests (pure).

One packet in, one packet out; paths are kept as sent. Of a file, only its size and whether it began like a JPEG are
kept.

Source: draft-ietf-secsh-filexfer-02.

>>> memory = SftpMemory(folders=frozenset({"/", "/recordings"}))
>>> memory.answer(b"\x01\x00\x00\x00\x03", at_ms=0).hex()
'0200000003'
"""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath
from typing import Any

LARGEST_PACKET = 512 * 1024
_MOST_OPERATIONS = 2000
_MOST_WRITES = 20_000
_LONGEST_PATH = 1000

OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, UNSUPPORTED = 0, 1, 2, 3, 4, 8
NAMES = {
    1: "init", 3: "open", 4: "close", 5: "read", 6: "write", 7: "lstat", 8: "fstat", 9: "setstat", 10: "fsetstat",
    11: "opendir", 12: "readdir", 13: "remove", 14: "mkdir", 15: "rmdir", 16: "realpath", 17: "stat", 18: "rename",
    19: "readlink", 20: "symlink", 200: "extended",
}  # fmt: skip
FLAGS = {1: "READ", 2: "WRITE", 4: "APPEND", 8: "CREAT", 16: "TRUNC", 32: "EXCL"}
_FOLDER, _FILE = 0o40755, 0o100644
_JPEG = b"\xff\xd8\xff"


class PacketError(ValueError):
    """The client sent an invalid packet."""


@dataclass(slots=True)
class _File:
    size: int = 0
    jpeg: bool = False


@dataclass(slots=True)
class _Cursor:
    """Reads the fields of a packet in order."""

    data: bytes
    at: int = 0

    def number(self, form: str = ">I") -> int:
        """Read a number of 4 bytes, or of another form."""
        size = struct.calcsize(form)
        if len(self.data) - self.at < size:
            raise PacketError("cut off")
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += size
        return int(value)

    def text(self) -> bytes:
        """Read a string."""
        size = self.number()
        if len(self.data) - self.at < size:
            raise PacketError("cut off")
        self.at += size
        return self.data[self.at - size : self.at]

    def path(self) -> str:
        """Read a path as sent."""
        return self.text()[:_LONGEST_PATH].decode("utf-8", "replace")

    def attributes(self) -> dict[str, Any]:
        """Read the present attributes by name."""
        if self.at == len(self.data):
            return {}
        flags = self.number()
        found: dict[str, Any] = {}
        if flags & 1:
            found["size"] = self.number(">Q")
        if flags & 2:
            found["uid"], found["gid"] = self.number(), self.number()
        if flags & 4:
            found["mode"] = f"{self.number():07o}"
        if flags & 8:
            found["atime"], found["mtime"] = self.number(), self.number()
        return found


@dataclass(slots=True, kw_only=True)
class SftpMemory:
    """The files of one lesson, and the log of one connection.

    `refuse_open` is the status for opening a file for writing; writes fail after `full_after` bytes.
    """

    folders: frozenset[str]
    refuse_open: int | None = None
    full_after: int | None = None
    files: dict[str, _File] = field(default_factory=dict)
    operations: list[dict[str, Any]] = field(default_factory=list)
    writes: list[list[int]] = field(default_factory=list)
    version: int | None = None
    _handles: dict[bytes, str] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)
    _listed: set[bytes] = field(default_factory=set)
    _next: int = 0
    _written_at: int = 0

    def answer(self, packet: bytes, *, at_ms: int) -> bytes:
        """Return the answer to a packet, both without their length. Raises PacketError."""
        if not packet:
            raise PacketError("an empty packet")
        kind, cursor = packet[0], _Cursor(packet, 1)
        if kind == 1:
            self.version = cursor.number()
            self._note(at_ms, {"op": "init", "version": self.version}, OK)
            return b"\x02" + struct.pack(">I", 3)
        number = cursor.number()
        head = struct.pack(">I", number)
        if kind == 6:
            return self._status(head, self._write(cursor, at_ms))
        handler: Callable[[_Cursor, dict[str, Any]], int | bytes] | None = getattr(self, f"_{NAMES.get(kind)}", None)
        told: dict[str, Any] = {"op": NAMES.get(kind, str(kind))}
        outcome: int | bytes = UNSUPPORTED if handler is None else handler(cursor, told)
        self._note(at_ms, told, outcome if isinstance(outcome, int) else OK)
        if isinstance(outcome, int):
            return self._status(head, outcome)
        return outcome[:1] + head + outcome[1:]

    def _note(self, at_ms: int, told: Mapping[str, Any], status: int) -> None:
        if len(self.operations) < _MOST_OPERATIONS:
            self.operations.append({"at_ms": at_ms, **told, "answer": status})

    @staticmethod
    def _status(head: bytes, status: int) -> bytes:
        words = b"ok" if status == OK else b"refused"
        return b"\x65" + head + struct.pack(">II", status, len(words)) + words + struct.pack(">I", 0)

    def _write(self, cursor: _Cursor, at_ms: int) -> int:
        name = self._handles.get(cursor.text())
        offset, data = cursor.number(">Q"), cursor.text()
        if name is None:
            return FAILURE
        if len(self.writes) < _MOST_WRITES:
            self.writes.append([offset, len(data), at_ms - self._written_at if self.writes else 0])
        self._written_at = at_ms
        file = self.files.setdefault(name, _File())
        if self.full_after is not None and offset + len(data) > self.full_after:
            return FAILURE
        if offset == 0:
            file.jpeg = data.startswith(_JPEG)
        file.size = max(file.size, offset + len(data))
        return OK

    def _open(self, cursor: _Cursor, told: dict[str, Any]) -> int | bytes:
        path, flags = cursor.path(), cursor.number()
        told |= {"path": path, "pflags": [name for bit, name in FLAGS.items() if flags & bit]}
        told["attr"] = cursor.attributes()
        place = _absolute(path)
        if not self._has_folder(dirname(place)) or (not flags & 8 and place not in self.files):
            return NO_SUCH_FILE
        if self.refuse_open is not None and flags & 2:
            return self.refuse_open
        if flags & 16 or place not in self.files:
            self.files[place] = _File()
        return self._handle(place)

    def _handle(self, place: str) -> bytes:
        self._next += 1
        handle = b"%d" % self._next
        self._handles[handle] = place
        return b"\x66" + _string(handle)

    def _close(self, cursor: _Cursor, _told: dict[str, Any]) -> int:
        return OK if self._handles.pop(cursor.text(), None) is not None else FAILURE

    def _stat(self, cursor: _Cursor, told: dict[str, Any]) -> int | bytes:
        told["path"] = path = cursor.path()
        return self._attributes(_absolute(path))

    _lstat = _stat

    def _fstat(self, cursor: _Cursor, _told: dict[str, Any]) -> int | bytes:
        return self._attributes(self._handles.get(cursor.text(), ""))

    def _attributes(self, place: str) -> int | bytes:
        if self._has_folder(place):
            return b"\x69" + struct.pack(">IQI", 5, 0, _FOLDER)
        if place in self.files:
            return b"\x69" + struct.pack(">IQI", 5, self.files[place].size, _FILE)
        return NO_SUCH_FILE

    def _setstat(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        told["path"] = path = cursor.path()
        told["attr"] = cursor.attributes()
        return OK if _absolute(path) in self.files or self._has_folder(_absolute(path)) else NO_SUCH_FILE

    def _fsetstat(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        known = cursor.text() in self._handles
        told["attr"] = cursor.attributes()
        return OK if known else FAILURE

    def _opendir(self, cursor: _Cursor, told: dict[str, Any]) -> int | bytes:
        told["path"] = path = cursor.path()
        place = _absolute(path)
        return self._handle(place) if self._has_folder(place) else NO_SUCH_FILE

    def _readdir(self, cursor: _Cursor, _told: dict[str, Any]) -> int | bytes:
        handle = cursor.text()
        place = self._handles.get(handle)
        if place is None:
            return FAILURE
        names = [name for name in (*self.files, *self.folders, *self._made) if dirname(name) == place != name]
        if handle in self._listed or not names:
            return EOF
        self._listed.add(handle)
        entries = b"".join(_string(basename(name).encode()) * 2 + self._plain(name) for name in sorted(names))
        return b"\x68" + struct.pack(">I", len(names)) + entries

    def _plain(self, place: str) -> bytes:
        found = self._attributes(place)
        return b"\0\0\0\0" if isinstance(found, int) else found[1:]

    def _remove(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        told["path"] = path = cursor.path()
        return OK if self.files.pop(_absolute(path), None) is not None else NO_SUCH_FILE

    def _mkdir(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        told["path"] = path = cursor.path()
        told["attr"] = cursor.attributes()
        place = _absolute(path)
        if self._has_folder(place) or place in self.files:
            return FAILURE
        if not self._has_folder(dirname(place)):
            return NO_SUCH_FILE
        self._made.add(place)
        return OK

    def _rmdir(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        told["path"] = path = cursor.path()
        if _absolute(path) not in self._made:
            return FAILURE
        self._made.discard(_absolute(path))
        return OK

    def _realpath(self, cursor: _Cursor, told: dict[str, Any]) -> bytes:
        told["path"] = path = cursor.path()
        return b"\x68" + struct.pack(">I", 1) + _string(_absolute(path).encode()) * 2 + b"\0\0\0\0"

    def _rename(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        told["path"], told["to"] = old, new = cursor.path(), cursor.path()
        file = self.files.pop(_absolute(old), None)
        if file is None:
            return NO_SUCH_FILE
        self.files[_absolute(new)] = file
        return OK

    def _extended(self, cursor: _Cursor, told: dict[str, Any]) -> int:
        told["name"] = cursor.path()
        return UNSUPPORTED

    def _has_folder(self, place: str) -> bool:
        return place in self.folders or place in self._made


def _string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text


def _absolute(path: str) -> str:
    """Return a path as the server sees it: the account's home is the root.

    >>> _absolute("./recordings//a"), _absolute("/recordings/a"), _absolute(".")
    ('/recordings/a', '/recordings/a', '/')
    """
    return normpath(join("/", path)).replace("//", "/", 1)
