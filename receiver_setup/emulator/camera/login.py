"""Check logins to the emulated camera: Basic, `user=&pwd=` in the query, bearer token (pure except for the state).

Source: wiki.instar.com, 1440p Series CGI List (Basic and query); System Menu, Webui (gettoken).
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.secrets import Secret


class Login(StrEnum):
    """The verdict on a request's credentials."""

    GOOD = "good"
    MISSING = "no credentials"
    WRONG = "wrong credentials"
    NOT_THIS_WAY = "right credentials, by a way that is switched off"
    BLOCKED = "address blocked"
    OVERRUN = "right credentials, refused for the moment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The one user of the camera."""

    user: str
    password: Secret

    def matches(self, user: bytes, password: bytes) -> bool:
        """Compare with the sent bytes, in UTF-8 or, as some HTTP libraries send, Latin-1."""
        return any(
            hmac.compare_digest(user, self.user.encode(coding, "replace"))
            and hmac.compare_digest(password, self.password.reveal().encode(coding, "replace"))
            for coding in ("utf-8", "latin-1")
        )


def check_login(  # noqa: PLR0913  the parts of a request
    account: Account,
    state: CameraState,
    profile: Profile,
    *,
    command: str,
    authorization: str,
    parameters: Mapping[str, str],
) -> Login:
    """Judge the credentials in a header and a query; one correct way is enough.

    `gettoken` accepts Basic and query even if only tokens are accepted otherwise.
    """
    accepted = set(profile.login_methods) | ({"basic", "query"} if command == "gettoken" else set())
    if not profile.basic_right:
        accepted -= {"basic"}
    offered = _read_offers(account, state, authorization, parameters)
    if any(good and method in accepted for method, good in offered.items()):
        return Login.GOOD
    if not offered:
        return Login.MISSING
    wrong_secret = any(not good for good in offered.values())
    return Login.WRONG if wrong_secret else Login.NOT_THIS_WAY


def sends_wrong_password(
    account: Account, state: CameraState, authorization: str, parameters: Mapping[str, str]
) -> bool:
    """Return True if this request contains a wrong user or password."""
    offers = _read_offers(account, state, authorization, parameters)
    return not offers.get("basic", True) or not offers.get("query", True)


def _read_offers(
    account: Account, state: CameraState, authorization: str, parameters: Mapping[str, str]
) -> dict[str, bool]:
    """Return each way that the request uses, and whether its credentials are correct."""
    offers = {}
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic":
        user, _, password = _decode(rest).partition(b":")
        offers["basic"] = account.matches(user, password)
    elif scheme.lower() == "bearer":
        offers["token"] = state.knows_token(rest.strip())
    if "user" in parameters or "pwd" in parameters:
        user, password = (parameters.get(name, "").encode() for name in ("user", "pwd"))
        offers["query"] = account.matches(user, password)
    return offers


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
