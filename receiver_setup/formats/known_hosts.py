"""known_hosts as OpenSSH reads it (pure): markers, patterns, hashed names, ports, and verdicts about keys.

Sources: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"; OpenSSH's hostfile.c (the lines), match.c (the patterns) and
sshconnect.c (`check_host_key` and `order_hostkeyalgs`).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.formats.keys import KNOWN_TYPES, KeyFormatError, PublicKey

SSH_PORT = 22
_BLANK = b" \t"
_SALT_BYTES = 20
_LONGEST_PATTERN = 1023
_LONGEST_MARKER = 31
_SHORTEST_RSA = 1024
_CERTIFICATE = "-cert-v01@openssh.com"
_OTHER_TYPES = {
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    *(f"{name}{_CERTIFICATE}" for name in KNOWN_TYPES),
}
_RSA_ALGORITHMS = ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa")
"""Signature algorithms of `ssh-rsa` keys; a line may have any of them as the type of such a key."""


class Marker(StrEnum):
    """The marker of a line."""

    NONE = ""
    AUTHORITY = "@cert-authority"
    REVOKED = "@revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """One valid line: `hosts` is its first field, `blob` the key, `line` counts from 1."""

    file: str
    line: int
    marker: Marker
    hosts: bytes
    type: str
    blob: bytes

    @property
    def place(self) -> str:
        """`FILE:LINE`, as ssh writes it."""
        return f"{self.file}:{self.line}"

    def names(self, host: str) -> bool:
        """Return True if the line is for `host`, a name as returned by `known_name`."""
        return names_host(self.hosts, host)

    def __str__(self) -> str:
        """Return type and fingerprint, as `ssh-keygen -l` prints them."""
        return f"{self.type} SHA256:{base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip('=')}"


class Verdict(StrEnum):
    """What known_hosts says about a key shown by a host."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, and the line it is based on: the one that contains, contradicts or revokes the key.

    For UNKNOWN it is the line of a certificate authority for the host, if any.
    """

    verdict: Verdict
    because: KnownKey | None = None


def known_name(host: str, port: int = SSH_PORT) -> str:
    """Return the name of a host in known_hosts.

    >>> known_name("Attic.lan", 2222), known_name("attic.lan")
    ('[attic.lan]:2222', 'attic.lan')
    """
    host = host.lower()
    return host if port == SSH_PORT else f"[{host}]:{port}"


def parse_known_hosts(data: bytes, *, file: str) -> tuple[KnownKey, ...]:
    """Return the valid lines of a file; invalid ones are ignored, as by ssh."""
    found = (_parse_line(line, file, number) for number, line in enumerate(data.split(b"\n"), start=1))
    return tuple(each for each in found if each is not None)


def parse_key_list(data: bytes) -> frozenset[bytes]:
    """Return the blobs of a list of public keys, one per line: RevokedHostKeys, if not a KRL (ssh-keygen(1))."""
    found = (_parse_key(line.strip(_BLANK + b"\r")) for line in data.split(b"\n"))
    return frozenset(each[1] for each in found if each is not None)


def judge(keys: Sequence[KnownKey], key: PublicKey, *, name: str, bare_name: str | None = None) -> Judgement:
    """Judge `key`, shown by the host of that name, by `keys`.

    `bare_name`: the name without its port, which ssh also tries if the name with the port is unknown.
    """
    judgement = _judge([each for each in keys if each.names(name)], key)
    if judgement.verdict is Verdict.UNKNOWN and bare_name is not None and bare_name != name:
        bare = _judge([each for each in keys if each.names(bare_name)], key)
        if bare.verdict in {Verdict.KNOWN, Verdict.REVOKED}:
            return bare
        if judgement.because is None and bare.verdict is Verdict.UNKNOWN:
            return bare
    return judgement


def order_algorithms(algorithms: Sequence[str], keys: Iterable[KnownKey], *, name: str) -> tuple[str, ...]:
    """Return the host key algorithms in the order to offer them: those of the host's known keys first.

    The order is unchanged if the first algorithm, even one for certificates, is for a known type. A type whose first
    key is revoked does not count. Algorithms for certificates are removed.
    """
    plain = [each for each in algorithms if not each.endswith(_CERTIFICATE)]
    own = [each for each in keys if each.names(name)]
    revoked = {each.blob for each in own if each.marker is Marker.REVOKED}
    first: dict[str, bytes] = {}
    for each in own:
        if each.marker is Marker.NONE:
            first.setdefault(each.type, each.blob)
    known = {kind for kind, blob in first.items() if blob not in revoked}
    if algorithms and _type_of(algorithms[0].removesuffix(_CERTIFICATE)) in known:
        return tuple(plain)
    return tuple(sorted(plain, key=lambda each: _type_of(each) not in known))


def render_line(name: str, key: PublicKey, *, salt: bytes | None = None) -> str:
    """Return a line for the host, without the line end; hashed if `salt` (20 bytes) is given."""
    if salt is not None:
        digest = hmac.digest(salt, name.encode(), "sha1")
        name = "|1|" + "|".join(base64.b64encode(each).decode() for each in (salt, digest))
    return f"{name} {key.line}"


def names_host(hosts: bytes, host: str) -> bool:
    """Return True if a line's first field matches `host`.

    >>> names_host(b"*.lan,!attic.lan,192.168.2.?", "cellar.lan"), names_host(b"*.lan,!attic.lan", "attic.lan")
    (True, False)
    """
    name = host.lower().encode("utf-8", "surrogateescape")
    if hosts.startswith(b"|"):
        return _names_by_hash(hosts, name)
    found = False
    for pattern in hosts.lower().split(b","):
        if len(pattern) > _LONGEST_PATTERN:
            return False
        if pattern.startswith(b"!"):
            if _matches(pattern[1:], name):
                return False
        elif _matches(pattern, name):
            found = True
    return found


def _judge(keys: Sequence[KnownKey], key: PublicKey) -> Judgement:
    """Judge by the lines for one name."""
    revoked = next((each for each in keys if each.marker is Marker.REVOKED and each.blob == key.blob), None)
    if revoked is not None:
        return Judgement(verdict=Verdict.REVOKED, because=revoked)
    plain = [each for each in keys if each.marker is Marker.NONE]
    same = next((each for each in plain if each.blob == key.blob), None)
    if same is not None:
        return Judgement(verdict=Verdict.KNOWN, because=same)
    if plain:
        of_its_type = next((each for each in plain if each.type == key.type), plain[0])
        return Judgement(verdict=Verdict.CHANGED, because=of_its_type)
    authority = next((each for each in keys if each.marker is Marker.AUTHORITY), None)
    return Judgement(verdict=Verdict.UNKNOWN, because=authority)


def _parse_line(line: bytes, file: str, number: int) -> KnownKey | None:
    text = line.split(b"\0")[0].lstrip(_BLANK)  # getline(3) and then C's strings
    if not text or text.startswith(b"#"):
        return None
    marked = _take_marker(text)
    if marked is None:
        return None
    marker, text = marked
    hosts, rest = _split(text)
    if hosts.startswith(b"|") and _salt(hosts) is None:
        return None
    key = _parse_key(rest)
    if key is None:
        return None
    return KnownKey(file=file, line=number, marker=marker, hosts=hosts, type=key[0], blob=key[1])


def _take_marker(text: bytes) -> tuple[Marker, bytes] | None:
    """Return the marker and the rest of the line; None for an unknown marker."""
    if not text.startswith(b"@"):
        return Marker.NONE, text
    # As in ssh: a space ends it, a tab only in a line without spaces.
    word, blank, rest = text.partition(b" ")
    if not blank:
        word, blank, rest = text.partition(b"\t")
    rest = rest.lstrip(_BLANK)
    known = {Marker.AUTHORITY.encode(): Marker.AUTHORITY, Marker.REVOKED.encode(): Marker.REVOKED}
    if not blank or len(word) > _LONGEST_MARKER or word not in known or rest.startswith(b"@"):
        return None
    return known[word], rest


def _parse_key(text: bytes) -> tuple[str, bytes] | None:
    """Return type and blob of `type base64 [comment]`; None if it is not a key."""
    word, rest = _split(text)
    data = _split(rest)[0].strip(b"\r\v\f")
    name = word.decode("latin-1")
    kind = "ssh-rsa" if name in _RSA_ALGORITHMS else name
    try:
        if kind in KNOWN_TYPES:
            key = PublicKey.from_base64(data.decode("latin-1"))
            short = kind == "ssh-rsa" and key.bits < _SHORTEST_RSA
            return None if key.type != kind or short else (kind, key.blob)
        blob = base64.b64decode(data, validate=True)
    except (KeyFormatError, binascii.Error):
        return None
    own = len(kind).to_bytes(4, "big") + word
    return (kind, blob) if kind in _OTHER_TYPES and blob.startswith(own) else None


def _split(text: bytes) -> tuple[bytes, bytes]:
    """Return the first word, and the rest after the blanks."""
    end = min((at for at in (text.find(b" "), text.find(b"\t")) if at >= 0), default=len(text))
    return text[:end], text[end:].lstrip(_BLANK)


def _salt(hosts: bytes) -> bytes | None:
    """Return the salt of a hashed name, `|1|SALT|HASH`; None for any other."""
    parts = hosts.split(b"|")
    if len(parts) < 4 or parts[:2] != [b"", b"1"]:
        return None
    try:
        salt = base64.b64decode(parts[2], validate=True)
    except binascii.Error:
        return None
    return salt if len(salt) == _SALT_BYTES else None


def _names_by_hash(hosts: bytes, name: bytes) -> bool:
    salt = _salt(hosts)
    if salt is None:
        return False
    digest = hmac.digest(salt, name, "sha1")
    return hosts == b"|1|" + base64.b64encode(salt) + b"|" + base64.b64encode(digest)


def _matches(pattern: bytes, name: bytes) -> bool:
    """Match the whole name: “*” is any text, “?” one character; nothing else is special."""
    at, star, resume, position = 0, -1, 0, 0
    while position < len(name):
        if at < len(pattern) and pattern[at : at + 1] == b"*":
            star, resume = at, position
            at += 1
        elif at < len(pattern) and pattern[at : at + 1] in {b"?", name[position : position + 1]}:
            at += 1
            position += 1
        elif star >= 0:
            at, resume = star + 1, resume + 1
            position = resume
        else:
            return False
    return not pattern[at:].strip(b"*")


def _type_of(algorithm: str) -> str:
    return "ssh-rsa" if algorithm in _RSA_ALGORITHMS else algorithm
