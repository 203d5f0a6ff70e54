"""Passwords that do not leak: a value that refuses to be shown, and redaction of every spelling of it."""

import base64
import json
import shlex
import threading
from collections.abc import Iterable
from typing import Any, NoReturn
from urllib.parse import quote, quote_plus

from receiver_setup.own_words import is_own

MASK = "********"
_SHORTEST = 4
_SHORTEST_CODE = 8
"""Characters of base64 below which it may be a part of any other."""
_BEFORE = ("pwd=", *(f"password{between}" for between in ("=", '="', "='", ": ", '": "', "': '")))
"""What stands before a password that is called one: in a query, in a setting, in JSON, in a repr."""


class Secret:
    """Hold a secret text; only `.reveal()` gives it out, and only the wire may ask for it.

    >>> Secret("hunter2")
    Secret(********)
    >>> f"{Secret('hunter2')}"
    '********'
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")


def spellings(text: str) -> set[str]:
    r"""Return every form in which `text` may turn up in a log, a URL, a header or a shell line.

    >>> sorted(spellings("a b"))
    ["'a b'", 'YSBi', 'a b', 'a%20b', 'a+b']
    """
    forms = {
        text,
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        _base64(text),
        shlex.quote(text),
        shlex.quote(text)[1:-1] if shlex.quote(text) != text else text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        repr(text.encode())[2:-1],
    }
    return {form for form in forms if form}


class Redactor:
    """Mask known secrets in text, by value.

    One instance is made by the front (command line, Ansible) and told every secret as soon as it is read. One that is
    very short, or a word of our own sentences, cannot be found by its value: it is masked only where text says that
    it is a password, and everything else has to keep it out.

    >>> redact = Redactor([Secret("p@ss word")])
    >>> redact("pwd=p%40ss%20word&user=admin")
    'pwd=********&user=admin'
    >>> redact.add(Secret("camera"))
    >>> redact("the camera refused user=admin&pwd=camera")
    'the camera refused user=admin&pwd=********'
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._masked: dict[str, str] = {}
        self._adding = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret, *, user: str | None = None) -> None:
        """Mask `secret` from now on; with `user` also the Basic credentials that the two make."""
        text = secret.reveal()
        masked = dict.fromkeys(spellings(text), MASK) if is_searchable(text) else _masked_in_context(text)
        if user is not None:
            credentials = _base64(f"{user}:{text}")
            masked |= {f"Basic {credentials}": f"Basic {MASK}"}
            if len(credentials) >= _SHORTEST_CODE:
                masked[credentials] = MASK
        # Longest first, so that a spelling is never cut by a shorter one inside it. Several threads may read secrets.
        with self._adding:
            every = self._masked | masked
            self._masked = {form: every[form] for form in sorted(every, key=len, reverse=True)}

    def __call__(self, text: str) -> str:
        """Return `text` as it may be shown."""
        return self.mask(text)

    def mask(self, text: str) -> str:
        """Return `text` with every known secret masked."""
        for form, mask in self._masked.items():
            if form in text:
                text = text.replace(form, mask)
        return text

    def values(self, value: Any) -> Any:
        """Return what JSON can hold with every known secret masked in its values; names and structure stay."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {name: self.values(each) for name, each in value.items()}
        return [self.values(each) for each in value] if isinstance(value, (list, tuple)) else value


def is_searchable(text: str) -> bool:
    """Tell whether a secret can be masked wherever it stands, without eating words of ours.

    >>> [is_searchable(text) for text in ("hunter2", "receiver", "ok")]
    [True, False, False]
    """
    return len(text) >= _SHORTEST and not is_own(text)


def _masked_in_context(text: str) -> dict[str, str]:
    """Return what is masked of a secret that cannot be searched for: its base64, and it where it is called one."""
    if not text:
        return {}
    code = _base64(text)
    masked = {code: MASK} if len(code) >= _SHORTEST_CODE else {}
    for form in spellings(text) - {code}:
        masked |= {f"{before}{form}": f"{before}{MASK}" for before in _BEFORE}
        masked[f":{form}@"] = f":{MASK}@"
    return masked


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
