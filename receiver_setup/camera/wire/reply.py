r"""A tolerant parser for a camera's answer to a CGI command (pure).

Source: INSTAR wiki, 1440p Series CGI List: one `name="value";` a field; System_Menu/Webui for `;` inside a
value; Features_Menu/FTP for array keys and for an answer without `cmd` and `response`.

>>> reply = parse_reply(b'cmd="getftpaction";\r\nenable[\'rec\']="0";\r\nresponse="200";')
>>> reply.response, reply.indexed("enable", "rec")
(200, '0')
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from receiver_setup.errors import CameraReplyError, CameraTooOldError

_log = logging.getLogger(__name__)

# Every repetition is possessive: backtracking could never find another match, and a hostile answer must not take more
# than linear time. For the same reason a key has quotes only as `["…"]`.
_KEY = r"(?:[^\s\0=;\"\[\]]++|\[(?:\"[^\]\"=;\r\n]*+\"|[^\]\"=;\r\n]*+)\])++"
_KEY_AND_QUOTE = rf'{_KEY}[ \t]*+=[ \t]*+"'
_ENVELOPE = ("cmd", "response", "result")
_BEFORE_ENVELOPE = rf'"[ \t]*+;[ \t;\0]*+(?=(?:{"|".join(_ENVELOPE)})[ \t]*+=[ \t]*+")'
_OPENING = re.compile(rf'[\s;\0]*+({_KEY})[ \t]*+=[ \t]*+"')
_FIRST_QUOTE = re.compile(r'"[\s;\0]*+')
"""Ends a value that never contains a quote: those of `cmd`, `response` and `result`."""
_CLOSING_ON_A_LINE = re.compile(rf'"[\s\0]*+(?:;[\s;\0]*+)?+(?=\Z|{_KEY_AND_QUOTE})')
"""Ends a value if fields may share a line: the value may contain `"` and `;`, but no `"` before another field."""
_CLOSING_OF_A_LINE = re.compile(rf'"[ \t;\0]*+(?:\Z|\r?+\n[\s;\0]*+(?=\Z|{_KEY_AND_QUOTE}))|{_BEFORE_ENVELOPE}')
"""Ends a value if each field has its own line: the value may also contain `";name="`."""
_LINE_EACH = re.compile(rf'"[ \t;\0]*+\r?+\n[\s;\0]*+{_KEY_AND_QUOTE}')
_END = re.compile(r"[; \t\r\n\0]*+\Z")
_OLD_DIALECT = re.compile(r"\s*+(?:var\s++\w++\s*+=|\[(?:Succeed|Error)\])", re.IGNORECASE)
_MARKUP = re.compile(r"\s*+<")
_SECRET = re.compile(
    r"(\b(?=\w*?(?:pass|token|pwd\b))\w++[\"']?+\s*+[=:]\s*+[\"']?+)[^\"';&\s]++",
    re.IGNORECASE,
)
_CODE = re.compile(r"-?[0-9]{1,18}")
_EXCERPT_LENGTH = 60
_LOOKED_AT = 2000
"""Characters of an answer that an excerpt is made from."""
_LONGEST_SPELLING = 300
"""Of a password: this many characters before the cut are dropped, since a part of a secret would not be masked."""
_NAMED = 3
_NOT_SETTINGS = frozenset({"cmd", "response"})
ADDRESS_HINT = "Check that the address is the camera's own, and not that of a router or another device."


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """All fields of a reply by name; `camera` is the camera's address for error messages."""

    fields: Mapping[str, str] = field(repr=False)
    """Hidden in the repr: one copy of the maker's page says that ft_password is returned."""
    camera: str = "(unnamed)"

    def get(self, name: str) -> str | None:
        """Return the value of a field, or None if the reply does not have it."""
        return self.fields.get(name)

    def indexed(self, name: str, index: str) -> str | None:
        """Return the value of an array field such as `enable['rec']` or `at_username[1]`."""
        for quote in ("'", '"', ""):
            value = self.fields.get(f"{name}[{quote}{index}{quote}]")
            if value is not None:
                return value
        return None

    def integer(self, name: str) -> int | None:
        """Return the value of a field as a number; None if it is missing or not a number."""
        return read_integer(self.get(name), name)

    def flag(self, name: str) -> bool | None:
        """Return True for `1`, False for `0`, None for anything else."""
        return read_flag(self.get(name), name)

    @property
    def settings(self) -> Mapping[str, str]:
        """All fields as read, except cmd and response."""
        return {name: value for name, value in self.fields.items() if name not in _NOT_SETTINGS}

    @property
    def cmd(self) -> str | None:
        """The command that the reply claims to answer."""
        return self.get("cmd")

    @property
    def response(self) -> int | None:
        """The response code; None if the reply has none, as in one of the maker's testftp examples."""
        text = self.get("response")
        return int(text) if text is not None and _CODE.fullmatch(text) else None


def read_integer(text: str | None, name: str) -> int | None:
    """Parse a number; None, with a log message, if it is invalid."""
    if text is None:
        return None
    if _CODE.fullmatch(text.strip()):
        return int(text.strip())
    _log.warning("the camera's field %s is not a number", name)
    return None


def read_flag(text: str | None, name: str) -> bool | None:
    """Parse `0` or `1`; None, with a log message, for anything else."""
    if text is None:
        return None
    code = text.strip()
    if code.isascii() and code.isdecimal() and code.lstrip("0") in {"", "1"}:
        return code.endswith("1")
    _log.warning("the camera's field %s is neither 0 nor 1", name)
    return None


def parse_reply(
    body: bytes | str, *, camera: str = "(unnamed)", redact: Callable[[str], str] = lambda text: text
) -> Reply:
    """Parse a reply: fields in any order, separated by CRLF, LF or nothing; unknown ones are kept.

    Raises CameraTooOldError for the dialect of the older series, CameraReplyError for anything else that is not a
    reply. `redact` cleans the excerpt in the error message.
    """
    text = (body if isinstance(body, str) else _decode(body)).removeprefix("\ufeff")
    if _OLD_DIALECT.match(text):
        raise CameraTooOldError(
            f"the camera {camera} speaks the dialect of INSTAR's older series (var name=value, [Succeed])",
            hint="these cameras have no sFTP; only the 2k+ (WQHD) series and newer can upload by it",
        )
    if not text.strip():
        raise CameraReplyError(
            f"the camera {camera} sent an empty answer", hint="try again; if it happens again, restart the camera"
        )
    if _MARKUP.match(text):
        raise CameraReplyError(
            f"the answer of {camera} is a web page, not a camera's reply: {excerpt(text, redact)}",
            hint=ADDRESS_HINT,
        )
    return Reply(fields=MappingProxyType(_split_fields(text, camera, redact)), camera=camera)


def _split_fields(text: str, camera: str, redact: Callable[[str], str]) -> dict[str, str]:
    """Split a reply into fields; anything that is neither a field nor a separator is an error.

    The maker prints each field on its own line, whose last quote ends the value. Fields may share a line only if no
    two fields are separated by a line break.
    """
    fields: dict[str, str] = {}
    twice: dict[str, None] = {}
    offset = 0
    usual = _CLOSING_OF_A_LINE if _LINE_EACH.search(text) else _CLOSING_ON_A_LINE
    while not _END.match(text, offset):
        opening = _OPENING.match(text, offset)
        if not opening:
            reason = "is cut off or not a camera's" if fields else "is not a camera's"
            raise CameraReplyError(
                f"the answer of {camera} {reason}: {excerpt(text[offset : offset + _LOOKED_AT + 1], redact)}",
                hint=ADDRESS_HINT,
            )
        closing = (_FIRST_QUOTE if opening[1] in _ENVELOPE else usual).search(text, opening.end())
        if not closing:
            raise CameraReplyError(
                f"the answer of {camera} is cut off inside {_printable(opening[1])}",
                hint="try again; if it stays so, restart it",
            )
        if opening[1] in fields:
            twice[opening[1]] = None
        fields[opening[1]] = text[opening.end() : closing.start()].replace('\\"', '"')
        offset = closing.end()
    if twice:
        _log.warning("the camera sent %s twice; the last one counts", ", ".join(map(_printable, list(twice)[:_NAMED])))
    return fields


def _decode(body: bytes) -> str:
    """Decode as UTF-8 if valid, else as Latin-1, which accepts every byte."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("latin-1")


def excerpt(text: str, redact: Callable[[str], str]) -> str:
    """Return the beginning of a camera's answer, quoted, on one line and redacted."""
    shown = redact(text[:_LOOKED_AT])
    words = " ".join((shown if len(text) <= _LOOKED_AT else shown[:-_LONGEST_SPELLING]).split())
    words = _SECRET.sub(r"\1…", words)
    return repr(_printable(words)) + ("…" if len(words) > _EXCERPT_LENGTH else "")


def _printable(text: str) -> str:
    """Return the beginning of a camera's text, safe for one line of a terminal."""
    return "".join(c if c.isprintable() else "?" for c in text[:_EXCERPT_LENGTH])
