"""Split the raw bytes of an answer into its parts (pure), even if it is malformed."""

import re
import zlib
from dataclasses import dataclass
from typing import Any

_LARGEST = 256 * 1024
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r?\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


@dataclass(slots=True, kw_only=True)
class Exchange:
    """One request and its raw answer; times are milliseconds since the tape began."""

    at_ms: int
    took_ms: int = 0
    command: str
    fields: tuple[str, ...]
    login: str
    answer: bytes = b""
    connection: int
    """The number of its connection in this process."""


def split_exchanges(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    """Split each exchange into status line, headers and body; the body as text, without chunks and compression."""
    split = []
    for number, each in enumerate(exchanges):
        later = exchanges[number + 1 :]
        head, body = _cut_head(each.answer)
        lines = head.decode("latin-1").split("\n")
        headers = [_header(line) for line in lines[1:] if line.strip()]
        named = {name.lower(): value for name, value in headers}
        body, whole = _unpack(body, named)
        split.append(
            {
                "at_ms": each.at_ms,
                "took_ms": each.took_ms,
                "command": each.command,
                "fields": list(each.fields),
                "login": each.login,
                "status_line": lines[0].rstrip("\r"),
                "headers": headers,
                "body": _decode(body),
                "cut": not whole,
                "kept_alive": bool(later) and later[0].connection == each.connection,
            }
        )
    return split


def _cut_head(answer: bytes) -> tuple[bytes, bytes]:
    found = _HEAD_END.search(answer)
    return (answer, b"") if found is None else (answer[: found.start()], answer[found.end() :])


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.rstrip("\r").partition(":")
    return name, value.strip()


def _unpack(body: bytes, headers: dict[str, str]) -> tuple[bytes, bool]:
    """Return the body without chunks and compression, and whether it is complete."""
    whole = True
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body, whole = _join_chunks(body)
    elif headers.get("content-length", "").isdigit():
        whole = len(body) >= int(headers["content-length"][:9])
    if headers.get("content-encoding", "").lower() in {"gzip", "deflate", "x-gzip"}:
        try:
            body = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, _LARGEST)
        except zlib.error:
            return b"", False
    return body, whole


def _join_chunks(body: bytes) -> tuple[bytes, bool]:
    joined, at = b"", 0
    while found := _CHUNK.match(body, at):
        size = int(found[1], 16)
        if size == 0:
            return joined, True
        joined += body[found.end() : found.end() + size]
        at = found.end() + size
        at += 2 if body[at : at + 2] == b"\r\n" else 1
    return joined, False


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")
