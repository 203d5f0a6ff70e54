"""Make files with names of any kind, very many plain ones, and folders below each other; run on a receiver.

python3 odd_files.py FOLDER MANY DEEP
"""

import os
import sys

NAMES = [
    b"\n1999999999|5000|x.mp4",
    b"a\n1999999999|7|5000|2033-05-18 03:33:19.5|x",
    b"\x1b[2J\x1b[H.mp4",
    b"\xff\xfe.mp4",
    "\u202egpj.exe".encode(),
    b"n" * 250 + b"\n\x1b.m",
    *(b"|||", b"$(touch canary)", b"-rf", b" ", b"*", b"Test-Snapshot\n"),
]


def plant(folder: bytes, many: int, deep: int) -> None:
    """Make them; each folder of the deep ones has a name of 255 bytes with a line end and an escape in it."""
    for name in NAMES:
        _write(folder + b"/" + name, b"film")
    os.makedirs(folder + b"/day", exist_ok=True)  # noqa: PTH103 - names that are no text
    for number in range(many):
        _write(folder + b"/day/%d.mp4" % number, b"")
    os.chdir(folder)
    for number in range(deep):
        name = (b"%d\n\x1b" % number).ljust(255, b"d")
        os.mkdir(name)  # noqa: PTH102 - as above
        os.chdir(name)
    _write(b"deepest.mp4", b"film")


def _write(path: bytes, content: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    os.write(handle, content)
    os.close(handle)


if __name__ == "__main__":
    plant(os.fsencode(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
