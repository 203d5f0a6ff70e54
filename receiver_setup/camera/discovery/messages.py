r"""WS-Discovery's probe and its answer as bytes (pure).

Answers are untrusted: they are parsed by namespace, without a DTD, with limits on size, depth and count.

Source: WS-Discovery of April 2005; ONVIF Core Specification, section 7.3 (scopes, types).

>>> scope_value(("onvif://www.onvif.org/name/IN-9408%202K%2B",), "name")
'IN-9408 2K+'
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote
from xml.parsers import expat

LARGEST_ANSWER = 65_536
"""Bytes; the longest UDP datagram."""
_MOST_ELEMENTS = 500
_DEEPEST = 20
_MOST_WORDS = 64
_LONGEST_WORD = 400
_SOAP = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_TYPES = (
    ("http://www.onvif.org/ver10/network/wsdl", "dn", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "tds", "Device"),
)
_SCOPES = "onvif://www.onvif.org/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one device claims about itself; every text is untrusted and at most 400 characters long."""

    endpoint: str
    """Its permanent identifier, usually `urn:uuid:…`; may be empty."""
    xaddrs: tuple[str, ...] = ()
    """The claimed addresses of its ONVIF service."""
    scopes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()


class AnswerError(ValueError):
    """The datagram is not an answer to one of our probes; the message says why."""


def render_probes(make_id: Callable[[], str]) -> dict[str, bytes]:
    """Return one probe per type, by message ID; a probe with both types could match only devices that have both.

    `make_id` returns a fresh `urn:uuid:…`. A probe is one line with the usual prefixes, as some devices require.
    """
    return {identity: _render_probe(identity, *kind) for kind in _TYPES for identity in [make_id()]}


def _render_probe(identity: str, namespace: str, prefix: str, kind: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<e:Envelope xmlns:e="{_SOAP}" xmlns:w="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" xmlns:{prefix}="{namespace}">'
        f"<e:Header><w:MessageID>{identity}</w:MessageID>"
        '<w:To e:mustUnderstand="true">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>'
        f'<w:Action e:mustUnderstand="true">{_DISCOVERY}/Probe</w:Action></e:Header>'
        f"<e:Body><d:Probe><d:Types>{prefix}:{kind}</d:Types></d:Probe></e:Body></e:Envelope>"
    ).encode()


def parse_answer(datagram: bytes, probes: frozenset[str]) -> tuple[Answer, ...]:
    """Read an answer to one of these message IDs; several devices may answer in one. Raises AnswerError."""
    root = _parse(datagram)
    related = {_own(text) for text in _texts(root, f"{_ADDRESSING} RelatesTo")}
    if not related & {_own(each) for each in probes}:
        raise AnswerError("it answers no probe of ours")
    found = tuple(_read(match) for match in root.all(f"{_DISCOVERY} ProbeMatch"))
    if not found:
        raise AnswerError("it names no device")
    return found


def scope_value(scopes: tuple[str, ...], kind: str) -> str | None:
    """Return the first value of `name`, `hardware` or `location`; a `+` in it is not decoded as a space."""
    for scope in scopes:
        head, _, value = scope.removeprefix(_SCOPES).partition("/")
        if scope.startswith(_SCOPES) and head == kind and value:
            return _cut(unquote(value)) or None
    return None


@dataclass(slots=True, kw_only=True)
class _Element:
    """An element: `NAMESPACE NAME`, its text, the elements in it."""

    name: str
    text: str = ""
    children: list["_Element"] = field(default_factory=list)

    def all(self, name: str) -> Iterator["_Element"]:
        """Give every element of this name, itself included."""
        if self.name == name:
            yield self
        for child in self.children:
            yield from child.all(name)


def _parse(datagram: bytes) -> _Element:
    """Parse XML into elements. Raises AnswerError if it is malformed, too large or has a document type."""
    if len(datagram) > LARGEST_ANSWER:
        raise AnswerError("it is too long")
    root = _Element(name="")
    open_elements = [root]
    count = 0

    def begin(name: str, _attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > _MOST_ELEMENTS or len(open_elements) > _DEEPEST:
            raise AnswerError("it has more elements than an answer has")
        element = _Element(name=name)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_name: str) -> None:
        open_elements.pop()

    def add(text: str) -> None:
        open_elements[-1].text += text

    def refuse(*_: object) -> None:
        raise AnswerError("it has a document type, where entities could be defined")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = begin, end, add
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(datagram, True)  # noqa: FBT003 - as expat has it: this is all
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise error if isinstance(error, AnswerError) else AnswerError(f"it is no XML: {error}") from None
    return root


def _read(match: _Element) -> Answer:
    return Answer(
        endpoint=next((_cut(text) for text in _texts(match, f"{_ADDRESSING} Address")), ""),
        xaddrs=_words(match, "XAddrs"),
        scopes=_words(match, "Scopes"),
        types=tuple(word.rpartition(":")[2] for word in _words(match, "Types")),
    )


def _texts(element: _Element, name: str) -> list[str]:
    return [found.text for found in element.all(name)]


def _words(element: _Element, name: str) -> tuple[str, ...]:
    words = [word for text in _texts(element, f"{_DISCOVERY} {name}") for word in text.split()]
    return tuple(_cut(word) for word in words[:_MOST_WORDS])


def _cut(text: str) -> str:
    """Return the beginning of a text as one line; a name may contain line breaks."""
    return " ".join(text[:_LONGEST_WORD].split())


def _own(identity: str) -> str:
    """Return a message ID as it is compared: devices differ in capitals and in `urn:`."""
    return identity.strip().lower().removeprefix("urn:")
