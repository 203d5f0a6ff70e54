"""The SFTP server that keeps nothing: what it answers, what it notes, and what it takes from nobody."""

import struct

import pytest

from receiver_setup.recording.sftp import FAILURE, NO_SUCH_FILE, OK, PERMISSION_DENIED, PacketError, SftpMemory

THERE = frozenset({"/", "/recordings"})
JPEG = b"\xff\xd8\xff" + b"x" * 97


def text(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def packet(kind: int, *parts: bytes, number: int = 7) -> bytes:
    return bytes([kind]) + struct.pack(">I", number) + b"".join(parts)


def status(answer: bytes) -> int:
    assert (answer[0], answer[1:5]) == (101, struct.pack(">I", 7))
    return int(struct.unpack(">I", answer[5:9])[0])


def opened(memory: SftpMemory, path: bytes, flags: int = 26) -> bytes:
    return memory.answer(packet(3, text(path), struct.pack(">II", flags, 4), struct.pack(">I", 0o100644)), at_ms=1)


def write(memory: SftpMemory, handle: bytes, offset: int, data: bytes) -> int:
    return status(memory.answer(packet(6, handle, struct.pack(">Q", offset), text(data)), at_ms=2))


def test_an_upload_is_noted_as_it_was_sent() -> None:
    memory = SftpMemory(folders=THERE)
    assert memory.answer(b"\x01" + struct.pack(">I", 6), at_ms=0) == b"\x02" + struct.pack(">I", 3)
    handle = opened(memory, b"./recordings//Test.jpeg")[5:]
    assert write(memory, handle, 0, JPEG) == OK
    assert write(memory, handle, 100, b"more") == OK
    assert status(memory.answer(packet(4, handle), at_ms=3)) == OK
    assert memory.writes == [[0, 100, 0], [100, 4, 0]]
    (file,) = memory.files.values()
    assert (file.size, file.jpeg) == (104, True)
    assert [each["op"] for each in memory.operations] == ["init", "open", "close"]
    assert memory.operations[1] | {"at_ms": 0} == {
        "at_ms": 0, "op": "open", "path": "./recordings//Test.jpeg", "pflags": ["WRITE", "CREAT", "TRUNC"],
        "attr": {"mode": "0100644"}, "answer": OK,
    }  # fmt: skip


def test_each_lesson_fails_where_it_should() -> None:
    assert status(opened(SftpMemory(folders=frozenset({"/"})), b"recordings/a")) == NO_SUCH_FILE
    assert (
        status(opened(SftpMemory(folders=THERE, refuse_open=PERMISSION_DENIED), b"recordings/a")) == PERMISSION_DENIED
    )
    full = SftpMemory(folders=THERE, full_after=10)
    assert write(full, opened(full, b"recordings/a")[5:], 0, JPEG) == FAILURE


def test_folders_can_be_made_listed_and_asked_about() -> None:
    memory = SftpMemory(folders=THERE)
    assert status(memory.answer(packet(14, text(b"recordings/20261129"), bytes(4)), at_ms=0)) == OK
    assert status(memory.answer(packet(14, text(b"nowhere/a"), bytes(4)), at_ms=0)) == NO_SUCH_FILE
    assert memory.answer(packet(17, text(b"/recordings/20261129")), at_ms=0)[0] == 105
    assert status(memory.answer(packet(7, text(b"/recordings/none")), at_ms=0)) == NO_SUCH_FILE
    assert b"/recordings" in memory.answer(packet(16, text(b"recordings")), at_ms=0)
    handle = memory.answer(packet(11, text(b"recordings")), at_ms=0)[5:]
    assert b"20261129" in memory.answer(packet(12, handle), at_ms=0)
    assert status(memory.answer(packet(12, handle), at_ms=0)) == 1


def test_renames_and_later_attributes_are_seen() -> None:
    memory = SftpMemory(folders=THERE)
    opened(memory, b"recordings/a.tmp")
    assert status(memory.answer(packet(18, text(b"recordings/a.tmp"), text(b"recordings/a")), at_ms=0)) == OK
    times = struct.pack(">III", 8, 1, 2)
    assert status(memory.answer(packet(9, text(b"recordings/a"), times), at_ms=0)) == OK
    assert [each["op"] for each in memory.operations] == ["open", "rename", "setstat"]
    assert memory.operations[2]["attr"] == {"atime": 1, "mtime": 2}


@pytest.mark.parametrize("data", [b"", b"\x03", b"\x03\0\0\0\1", packet(3, b"\xff\xff\xff\xff"), packet(6, text(b"1"))])
def test_what_is_no_packet_is_refused(data: bytes) -> None:
    with pytest.raises(PacketError):
        SftpMemory(folders=THERE).answer(data, at_ms=0)


def test_an_operation_that_nobody_knows_is_answered_and_noted() -> None:
    memory = SftpMemory(folders=THERE)
    assert status(memory.answer(packet(200, text(b"statvfs@openssh.com")), at_ms=0)) == 8
    assert status(memory.answer(packet(99), at_ms=0)) == 8
    assert [each["op"] for each in memory.operations] == ["extended", "99"]
