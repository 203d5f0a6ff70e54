"""Search a finished recording for the secrets of its run, in every spelling (pure).

Independent of the redaction, so that a mistake there is found here.
"""

import base64
import html
import ipaddress
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import md5, sha256
from urllib.parse import quote, quote_plus

_SHORTEST = 4
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]?){5}[0-9A-Fa-f]{2}")
PUBLIC = (
    "admin instar user test-snapshot.jpeg snapshot snap timer video image record recordings camera publickey "
    "password keyboard-interactive anonymous none.invalid localhost 127.0.0.1 0.0.0.0 emulated-camera text/plain "
    "text/html charset=utf-8 receiver-setup receiver status 2k+ wqhd 1440p"
)
"""Words that are in every recording, so they reveal nothing even if one is also a name."""


def find_leaks(text: str, values: Iterable[str], *, logins: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Return those of `values` that `text` contains in any spelling; `logins` are users and passwords.

    Values of fewer than four characters, and common words, cannot be distinguished from others and are skipped.
    """
    folded = text.casefold()
    found = []
    for value in sorted(set(values)):
        if len(value) < _SHORTEST or value.casefold() in PUBLIC:
            continue
        if any(spelling.casefold() in folded for spelling in _spellings(value)) or any(
            spelling in text for spelling in _base64(value)
        ):
            found.append(value)
    for user, password in logins:
        digests = (
            md5(f"{user}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest() for realm in _realms(text)
        )
        if password and any(digest in folded for digest in digests):
            found.append(password)
    return found


def _spellings(value: str) -> Iterator[str]:
    for code in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"):
        raw = value.encode(code, "replace")
        yield raw.hex()
        yield raw.decode("latin-1")
        yield "".join(f"\\u{byte:04x}" for byte in raw)
    yield value
    yield value.encode("unicode_escape").decode()
    yield "".join(char if char.isascii() else f"\\u{ord(char):04x}" for char in value)
    yield value.replace("\\", "\\\\").replace('"', '\\"')
    yield quote(value, safe="")
    yield quote_plus(value)
    yield html.escape(value)
    yield from _addresses(value)
    if _MAC.fullmatch(value):
        digits = re.sub("[:-]", "", value)
        pairs = [digits[at : at + 2] for at in range(0, 12, 2)]
        yield from (":".join(pairs), "-".join(pairs), digits, "".join(pairs[3:]), ":".join(pairs[3:]))
        # As the second half of an IPv6 address, with and without leading zeros.
        halves = (f"{int(pairs[0], 16) ^ 2:02x}{pairs[1]}", f"{pairs[2]}ff", f"fe{pairs[3]}", f"{pairs[4]}{pairs[5]}")
        yield from (":".join(halves), ":".join(half.lstrip("0") or "0" for half in halves))


def _addresses(value: str) -> Iterator[str]:
    try:
        address = ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        return
    yield str(address)
    yield address.exploded
    yield f"{int(address):x}"
    yield str(int(address))
    if address.version == 4:
        yield ".".join(reversed(str(address).split(".")))
        yield "-".join(str(address).split("."))
        yield f"::ffff:{address}"
    else:
        yield ":".join(address.exploded.split(":")[:4])


def _base64(value: str) -> Iterator[str]:
    """Return the base64 of a value at each of the three offsets, and the fingerprint of a key."""
    for code in ("utf-8", "utf-16-le"):
        raw = value.encode(code, "replace")
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
            # The first and the last letter also contain bits of the neighbouring bytes.
            inner = encoded[-(-offset * 8 // 6) : len(encoded) - (1 if (offset + len(raw)) % 3 else 0)]
            if len(inner) >= _SHORTEST:
                yield inner
    if len(value) > 60:
        with suppress(ValueError):
            yield base64.b64encode(sha256(base64.b64decode(value, validate=True)).digest()).decode().rstrip("=")


def _realms(text: str) -> set[str]:
    return {"", *re.findall(r'realm=\\?"?([^",\\]{0,60})', text)}
