r"""Redact the collected data for a recording (pure): an allow-list, and placeholders for the rest.

Of fields that are not listed here, only the name, the length and whether it is a number are kept.

>>> redact_fields('ft_port="22";\r\nserial="AB12";\r\n', StandIns())
'ft_port="22";\r\nserial="xxxx";\r\n'
"""

import re
from collections.abc import Mapping
from typing import Any

from receiver_setup.formats.keys import KNOWN_TYPES
from receiver_setup.recording.fields import rewrite
from receiver_setup.recording.stand_ins import StandIns, blank

_CODE = re.compile(r"[0-9,;:/+_. -]{0,60}")
_WORDS = re.compile(r"[A-Za-z0-9 ._+()/-]{0,60}")
_STATUS = re.compile(r"HTTP/1\.[01] [0-9]{3}(?: [A-Za-z -]{0,40})?")
_TOKEN = re.compile(r"[A-Za-z0-9@._+-]{1,80}")
_CHALLENGE = re.compile(r'([A-Za-z0-9_-]+=)("?)([^",]*)("?)')
_PUBLIC_PARAMETERS = ("algorithm=", "qop=", "stale=", "charset=")
_GENERIC_NAMES = frozenset({"", "snapshot", "test", "image", "video", "recordings", "anonymous"})
_KINDS = frozenset({"rec", "snap", "timersnap"})
_DISCONNECTS = frozenset({"", "Shutdown", "disconnected by user", "Normal Shutdown", "Bye", "Session closed"})

_CODES = frozenset(
    [
        "cmd",
        "response",
        "result",
        "ft_port",
        "ft_dirmode",
        "ft_mode",
        "ft_ssl",
        "ft_insecure",
        "ft_autocreatedir",
        "enable",
        "interval",
        "snapcount",
        "mode",
        "prefix",
        "times",
        "type",
        "validity_s",
    ]
)
_VERSIONS = frozenset(
    ["model", "hardversion", "softversion", "webversion", "firmware", "version", "hwversion", "swversion"]
)
_NAMES = frozenset(["ft_username", "ft_password", "name", "token", "pwd", "user", "password"])
_HEADERS = frozenset(
    [
        "server",
        "content-type",
        "content-length",
        "content-encoding",
        "transfer-encoding",
        "connection",
        "keep-alive",
        "cache-control",
        "pragma",
        "accept-ranges",
        "vary",
        "x-frame-options",
        "x-content-type-options",
        "x-xss-protection",
    ]
)
_LONGEST_HEADER = 120


def redact_fields(body: str, stand: StandIns) -> str:
    """Redact the fields of a camera's answer; keep separators between them, and blank all other text."""
    return rewrite(body, lambda field: _value(field.name, field.value, stand), name=_field_name, rest=_rest)


def _field_name(key: str) -> str:
    """Return the name of a field; an index in brackets must be a number or one of the three kinds of upload."""
    name, bracket, index = key.partition("[")
    inner = index.removesuffix("]").strip("'\"")
    return key if not bracket or inner.isdigit() or inner in _KINDS else f"{name}[{blank(index[:-1])}]"


def _value(key: str, value: str, stand: StandIns) -> str:  # noqa: PLR0911 - one for each kind of field
    name = key.partition("[")[0].lower()
    if name == "cmd":
        return value if _TOKEN.fullmatch(value) else blank(value)
    if name in _CODES:
        return value if _CODE.fullmatch(value) else blank(value)
    if name in _VERSIONS:
        return value if _WORDS.fullmatch(value) else blank(value)
    if name == "ft_server":
        return stand.place(value) if value else value
    if name == "ft_dirname":
        parts = (
            part if part in {".", ".."} or part in _GENERIC_NAMES else stand.text(part) for part in value.split("/")
        )
        return "/".join(parts)
    if name in {"publickey", "hostkey"}:
        return " ".join(word if word in KNOWN_TYPES or not word else stand.key(word) for word in value.split(" "))
    if name in _NAMES:
        return value if value in _GENERIC_NAMES else stand.text(value, "password" if "pass" in name else "name")
    return blank(value)


def _rest(text: str) -> str:
    """Blank letters and digits in text that is not a field; keep other characters."""
    return "".join(
        "x" if char.isalpha() else "0" if char.isdigit() else char if char.isascii() else "x" for char in text
    )


def redact_header(name: str, value: str, stand: StandIns) -> list[str]:
    """Return a header as [name, value]; dates become the epoch, a challenge keeps its scheme and its form."""
    lower = name.lower()
    if lower in _HEADERS and value.isascii() and value.isprintable() and len(value) <= _LONGEST_HEADER:
        return [name, value]
    if lower in {"date", "last-modified", "expires"}:
        return [name, "Thu, 01 Jan 1970 00:00:00 GMT"]
    if lower == "www-authenticate":
        return [name, _CHALLENGE.sub(lambda part: _parameter(part, stand), value[:500])]
    return [name if _TOKEN.fullmatch(name) else blank(name)[:60], blank(value[:500])]


def _parameter(part: "re.Match[str]", stand: StandIns) -> str:
    if part[1].lower() in _PUBLIC_PARAMETERS:
        return part[0]
    value = part[3] if part[3].lower() in {"camera", ""} else stand.text(part[3], "name")
    return f"{part[1]}{part[2]}{value}{part[4]}"


def redact_exchange(raw: Mapping[str, Any], stand: StandIns) -> dict[str, Any]:
    """Redact an exchange with `head` (status line and headers), `body` (text) and the other keys of the format."""
    body = redact_fields(raw["body"], stand)
    grown = len(body.encode("utf-8", "surrogateescape")) - len(raw["body"].encode("utf-8", "surrogateescape"))
    headers = [redact_header(name, value, stand) for name, value in raw["headers"]]
    for header in headers:
        if header[0].lower() == "content-length" and header[1].strip().isdigit():
            header[1] = str(max(0, int(header[1][:9]) + grown))
    line = raw["status_line"]
    return {
        "at_ms": raw["at_ms"],
        "took_ms": raw["took_ms"],
        "request": {
            "command": raw["command"] if _TOKEN.fullmatch(raw["command"]) else blank(raw["command"]),
            "fields": [name for name in raw["fields"] if _TOKEN.fullmatch(name)],
            "login": raw["login"],
        },
        "status_line": line if _STATUS.fullmatch(line) else blank(line[:100]),
        "headers": headers,
        "body": body,
        "cut": raw["cut"],
        "kept_alive": raw["kept_alive"],
    }


def redact_connection(connection: Any, known: frozenset[str]) -> dict[str, Any]:
    """Redact the record of one SSH connection (a `paramiko_taps.Connection`); `known` are folders that we named."""
    memory = connection.sftp
    kexinit = connection.kexinit
    return {
        "at_ms": connection.began_ms,
        "banner": "".join(
            char if " " <= char <= "~" or char in "\r\n" else "?" for char in connection.banner.decode("latin-1")
        ),
        "kexinit": kexinit
        and {key: value if isinstance(value, bool) else _tokens(value) for key, value in kexinit.items()},
        "negotiated": connection.negotiated and {key: _token(value) for key, value in connection.negotiated.items()},
        "auth": [_auth(each) for each in connection.auth],
        "channels": [
            {**each, "kind": _token(each["kind"]), "request": _request(each["request"])} for each in connection.channels
        ],
        "sftp": [_operation(each, known) for each in memory.operations] if memory else [],
        "writes": memory.writes if memory else [],
        "end": {key: _end(key, value) for key, value in connection.end.items()},
    }


def _tokens(names: list[str]) -> list[str]:
    return [_token(name) for name in names[:200]]


def _token(name: str) -> str:
    return name if name == "" or _TOKEN.fullmatch(name) else blank(name)[:80]


def _auth(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the length of a password, which would help to guess it."""
    return {key: _token(value) if isinstance(value, str) else value for key, value in entry.items() if key != "length"}


def _request(request: str | None) -> str | None:
    if request is None:
        return None
    head, colon, name = request.partition(":")
    return f"{_token(head)}{colon}{_token(name)}" if colon else _token(head)


def _end(key: str, value: Any) -> Any:
    return value if key != "text" or value in _DISCONNECTS else blank(value)


def _operation(operation: Mapping[str, Any], known: frozenset[str]) -> dict[str, Any]:
    done = dict(operation)
    for key in ("path", "to"):
        if key in done:
            done[key] = redact_path(done[key], known)
    if "name" in done:
        done["name"] = _token(done["name"])
    if "attr" in done:
        whose = {"uid", "gid", "atime", "mtime"}
        done["attr"] = {name: 0 if name in whose else value for name, value in done["attr"].items()}
    return done


def redact_path(path: str, known: frozenset[str]) -> str:
    """Return a path with the folders that we named and the test's file name; of other names only their form.

    >>> redact_path("/recordings/20261129/porch-1.jpg", frozenset({"recordings"}))
    '/recordings/00000000/xxxxx-0.jpg'
    """
    return "/".join(part if part in known else _part(part) for part in path.split("/"))


def _part(part: str) -> str:
    name, dot, end = part.rpartition(".")
    if dot and end.lower() in {"jpg", "jpeg", "mp4", "avi", "tmp", "part", "txt"}:
        return f"{_rest(name)}{dot}{end}"
    return _rest(part)
