"""Passwords that do not leak: a type that cannot be printed, and redaction of every spelling."""

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
"""A shorter base64 text could be part of any other."""
_BEFORE = ("pwd=", *(f"password{between}" for between in ("=", '="', "='", ": ", '": "', "': '")))
"""Text in front of a password in a query, a setting, JSON or a repr."""


class Secret:
    """A secret text; only `.reveal()` returns it, for use on the wire.

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
    r"""Return every form in which `text` may appear in a log, a URL, a header or a shell line.

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

    The front end (command line, Ansible) has one instance and adds every secret as soon as it is read. A secret that is
    very short, or a word of our own sentences, cannot be masked by value: it is masked only after text that marks it as
    a password, and other code must not print it.

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
        """Mask `secret` from now on; with `user` also their Basic credentials."""
        text = secret.reveal()
        masked = dict.fromkeys(spellings(text), MASK) if is_searchable(text) else _masked_in_context(text)
        if user is not None:
            credentials = _base64(f"{user}:{text}")
            masked |= {f"Basic {credentials}": f"Basic {MASK}"}
            if len(credentials) >= _SHORTEST_CODE:
                masked[credentials] = MASK
        # Longest first, so that a shorter spelling does not split a longer one. Several threads may add secrets.
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
        """Return JSON data with every known secret masked in its values; names and structure are kept."""
        if isinstance(value, str):
            return self.mask(value)
        if isinstance(value, dict):
            return {name: self.values(each) for name, each in value.items()}
        return [self.values(each) for each in value] if isinstance(value, (list, tuple)) else value


def is_searchable(text: str) -> bool:
    """Return True if a secret can be masked anywhere without masking our own words.

    >>> [is_searchable(text) for text in ("hunter2", "receiver", "ok")]
    [True, False, False]
    """
    return len(text) >= _SHORTEST and not is_own(text)


def _masked_in_context(text: str) -> dict[str, str]:
    """Return the replacements for a secret that cannot be masked by value: its base64, and marked passwords."""
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
