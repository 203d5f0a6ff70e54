"""Choose the login method from a camera's answers (pure).

Source: INSTAR wiki, 1440p Series CGI List: Basic, or user and pwd in the query; a bearer token works as well.
It is not known how many wrong logins block this computer, so a password that was checked is never sent again.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.codes import ResponseCode
from receiver_setup.errors import ConfigurationError
from receiver_setup.secrets import Secret

UNAUTHORIZED = frozenset({401, 403})
_NOT_LOOKED_AT = frozenset({ResponseCode.MISSING_PARAM, ResponseCode.DISABLED})
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')
_LONGEST_NAME = 20
_LONGEST_LOGIN = 30
"""Bytes of a user's name and of a password. Source: INSTAR wiki, 1440p_Series/System/User: 8 to 30 ASCII characters.

Firmware 3.11.1 overflows on a long Authorization header (CVE-2025-8760), so none is ever sent.
"""
_SCHEME = re.compile(r"(?:^|,)\s*([A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]*)(?=\s+[^\s=,]|\s*,|\s*$)(?!\s*=)")


class Login(StrEnum):
    """How user and password are sent to the camera."""

    AUTO = "auto"
    BASIC = "basic"
    QUERY = "query"
    TOKEN = "token"  # noqa: S105 - the name of a way


class Verdict(StrEnum):
    """What an answer says about the login."""

    ACCEPTED = "accepted"
    """Nothing in it is about the login."""
    TRY_QUERY = "try query"
    TRY_TOKEN = "try token"  # noqa: S105 - no password
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - no password
    OTHER_SCHEME = "other scheme"
    """The camera requires an unsupported scheme; no other method is tried with the same password."""
    UNCLEAR = "unclear"
    """Refused, and it is not known whether the password was checked."""
    NO_PERMISSION = "no permission"
    BLOCKED = "blocked"


_WHATEVER_WAS_CHOSEN = frozenset({Verdict.WRONG_PASSWORD, Verdict.OTHER_SCHEME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The parts of an answer that are about the login."""

    way: Login
    """The method that was tried: BASIC, QUERY or TOKEN."""
    status: int
    challenge: str = ""
    """The header WWW-Authenticate."""
    response: int | None = None


def parse_schemes(challenge: str) -> frozenset[str]:
    """Return the schemes that a WWW-Authenticate header offers, in lower case.

    >>> sorted(parse_schemes('Digest realm="a, Basic b", nonce="c", Basic realm="d"'))
    ['basic', 'digest']
    """
    return frozenset(match[1].lower() for match in _SCHEME.finditer(_QUOTED.sub("''", challenge)))


def name_schemes(challenge: str) -> str:
    """Name the schemes that a WWW-Authenticate header offers, for a message.

    >>> name_schemes('Digest realm="a", Negotiate')
    'Digest or Negotiate'
    """
    return " or ".join(sorted(scheme.capitalize()[:_LONGEST_NAME] for scheme in parse_schemes(challenge))[:3])


def next_login(evidence: Evidence, *, chosen: Login = Login.AUTO) -> Verdict:
    """Decide what to do after an answer; `chosen` other than AUTO allows no other method.

    >>> next_login(Evidence(way=Login.BASIC, status=401, challenge='Basic realm="camera"'))
    <Verdict.WRONG_PASSWORD: 'wrong password'>
    >>> next_login(Evidence(way=Login.BASIC, status=401))
    <Verdict.UNCLEAR: 'unclear'>
    """
    if evidence.response == ResponseCode.IP_BLOCKED:
        return Verdict.BLOCKED
    if evidence.response == ResponseCode.NO_PERMISSION:
        return Verdict.NO_PERMISSION
    if evidence.status in UNAUTHORIZED:
        verdict = _judge_refusal(evidence.way, parse_schemes(evidence.challenge))
        return verdict if chosen is Login.AUTO or verdict in _WHATEVER_WAS_CHOSEN else Verdict.UNCLEAR
    if chosen is Login.AUTO and evidence.response in _NOT_LOOKED_AT:
        after = {Login.BASIC: Verdict.TRY_QUERY, Login.QUERY: Verdict.TRY_TOKEN}
        return after.get(evidence.way, Verdict.ACCEPTED)
    return Verdict.ACCEPTED


def _judge_refusal(way: Login, offered: frozenset[str]) -> Verdict:
    """Judge a 401 or 403 by the schemes that the camera offers.

    A camera can only ask for a token instead. A query can be read by anyone on the network, so offering Digest or
    Negotiate does not make us send the password in it.
    """
    if way is Login.BASIC and "basic" in offered:
        return Verdict.WRONG_PASSWORD
    if not offered or "basic" in offered:
        return Verdict.UNCLEAR
    if offered != {"bearer"}:
        return Verdict.OTHER_SCHEME
    return Verdict.UNCLEAR if way is Login.TOKEN else Verdict.TRY_TOKEN


def check_length(address: CameraAddress, password: Secret | None) -> None:
    """Refuse a user or password that no camera takes, before anything is contacted. Raises ConfigurationError."""
    for what, text in (("user name", address.user), ("password", "" if password is None else password.reveal())):
        if len(text.encode("utf-8", "surrogateescape")) > _LONGEST_LOGIN:
            raise ConfigurationError(
                f"the {what} for the camera {address} is longer than a camera's can be: at most {_LONGEST_LOGIN} "
                "characters, those beyond ASCII count more than once; nothing was sent",
                hint=f"check that this {what} is the camera's; if so, choose a shorter one in its own menu, "
                "because a long login crashes some firmwares (CVE-2025-8760)",
            )
