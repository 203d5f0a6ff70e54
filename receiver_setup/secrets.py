"""Passwords that do not leak: a value that refuses to be shown, and redaction of every spelling of it."""

import base64
import json
import shlex
import threading
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote, quote_plus

MASK = "********"


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
        base64.b64encode(text.encode()).decode(),
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

    One instance is made by the front (command line, Ansible) and told every secret as soon as it is read.

    >>> redact = Redactor([Secret("p@ss word")])
    >>> redact("pwd=p%40ss%20word&user=admin")
    'pwd=********&user=admin'
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._forms: list[str] = []
        self._adding = threading.Lock()
        for secret in secrets:
            self.add(secret)

    def add(self, secret: Secret, *, user: str | None = None) -> None:
        """Mask `secret` from now on; with `user` also the Basic credentials that the two make."""
        forms = spellings(secret.reveal())
        if user is not None:
            forms |= {base64.b64encode(f"{user}:{secret.reveal()}".encode()).decode()}
        # Longest first, so that a spelling is never cut by a shorter one inside it. Several threads may read secrets.
        with self._adding:
            self._forms = sorted({*self._forms, *forms}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """Return `text` with every known secret masked."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text
