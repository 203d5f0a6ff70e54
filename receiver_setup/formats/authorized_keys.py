"""A lossless editor for authorized_keys (pure): other lines are kept byte for byte.

Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT".
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType

from receiver_setup.formats.keys import KeyFormatError, PublicKey

OPTIONS = "restrict"
"""No forwarding, no terminal, no user rc: everything that a key line can disable."""

_PIN = re.compile(rb'from="([^"]*)",')
_MARK = re.compile(rb"(?:^|\s)receiver-setup:(\S+)\s*$")


def render_line(camera: str, key: PublicKey, *, source: str | None = None) -> str:
    """Render one camera's line, without the newline; the comment names the camera and marks it as ours.

    With `source` (an IP address) the key is accepted only from there.
    Out: `from="192.168.2.168",restrict ssh-rsa AAAA… receiver-setup:porch`.
    """
    pin = f'from="{source}",' if source is not None else ""
    return f"{pin}{OPTIONS} {key.line} receiver-setup:{camera}"


def edit_keys(
    text: bytes,
    keys: Mapping[str, PublicKey],
    *,
    sources: Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
) -> bytes:
    """Return `text` with one line for each camera of `keys`, and none for those in `drop`.

    A camera's older line is replaced in place; other lines, blanks and comments are untouched. Keys of the cameras in
    `sources` are accepted only from that address.
    """
    pins = sources or {}
    wanted = {camera: render_line(camera, key, source=pins.get(camera)).encode() for camera, key in keys.items()}
    dropped = set(drop)
    out: list[bytes] = []
    for line in text.splitlines(keepends=True):
        camera = _camera_of(line)
        if camera in dropped:
            continue
        if camera in wanted:
            out.append(wanted.pop(camera) + b"\n")
        elif camera is None or camera not in keys:
            out.append(line)
    if wanted and out and not out[-1].endswith(b"\n"):
        out[-1] += b"\n"
    out += [line + b"\n" for line in wanted.values()]
    return b"".join(out)


# Cached, because every camera of a run looks up its line in the same file.
@lru_cache(maxsize=4)
def parse_cameras(text: bytes) -> Mapping[str, PublicKey]:
    r"""Return the keys of our own lines by camera; damaged lines are left out.

    >>> dict(parse_cameras(b"ssh-rsa AAAA somebody@home\n"))
    {}
    """
    found = {}
    for line in text.splitlines():
        camera = _camera_of(line)
        if camera is None:
            continue
        try:
            _, _, rest = line.decode("ascii", "replace").partition(" ")
            found[camera] = PublicKey.from_line(rest)
        except KeyFormatError:
            continue
    return MappingProxyType(found)


@lru_cache(maxsize=4)
def parse_sources(text: bytes) -> Mapping[str, str]:
    """Return the address that each of our lines is pinned to, by camera, without those that are not pinned."""
    found = {}
    for line in text.splitlines():
        camera, pin = _camera_of(line), _PIN.match(line)
        if camera is not None and pin is not None:
            found[camera] = pin[1].decode("ascii", "replace")
    return MappingProxyType(found)


def _camera_of(line: bytes) -> str | None:
    """Return the camera of one of our lines; None for any other line."""
    if line.lstrip().startswith(b"#"):
        return None
    match = _MARK.search(line)
    return match[1].decode("utf-8", "replace") if match else None
