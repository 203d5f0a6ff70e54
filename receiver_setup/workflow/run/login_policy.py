"""How cameras may sign in, and what is tried next when they cannot (pure)."""

import secrets
import string
from dataclasses import dataclass, replace
from enum import StrEnum

from receiver_setup.formats.sshd_config import Authentication, parse_effective
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.secrets import Secret

_PASSWORD_LENGTH = 24
"""Within the 8 to 30 ASCII characters that a camera keeps."""


class AuthPolicy(StrEnum):
    """What the user allows for the login; `auto`: a password only where the camera says that it has no key."""

    AUTO = "auto"
    KEY = "key"
    PASSWORD = "password"  # noqa: S105 - the option's value


class Sha1Policy(StrEnum):
    """Whether a SHA-1 signature may be allowed for the upload user; `auto`: where sshd's log asks for it."""

    AUTO = "auto"
    NEVER = "never"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPlan:
    """How the upload user signs in; `allow_sha1` None leaves it as the receiver has it."""

    authentication: Authentication
    allow_sha1: bool | None

    @property
    def by_password(self) -> bool:
        """True when a password opens the upload account for uploads."""
        return self.authentication is Authentication.PASSWORD

    def with_password(self) -> "LoginPlan":
        """Return the same plan with a password instead of keys."""
        return replace(self, authentication=Authentication.PASSWORD)


def first_login(auth: AuthPolicy, sha1: Sha1Policy) -> LoginPlan:
    """Return what to begin with."""
    return LoginPlan(
        authentication=Authentication.PASSWORD if auth is AuthPolicy.PASSWORD else Authentication.PUBLIC_KEY,
        allow_sha1={Sha1Policy.ALWAYS: True, Sha1Policy.NEVER: False}.get(sha1),
    )


def opens_by_password(facts: Facts) -> bool:
    """Tell whether an earlier run gave the account a password, which is its only way in."""
    methods = parse_effective(facts.sshd_effective).get("authenticationmethods", [])
    return facts.account is not None and facts.account.ours and methods == [Authentication.PASSWORD.value]


def keep_login(plan: LoginPlan, auth: AuthPolicy, facts: Facts, *, without_key: bool) -> LoginPlan:
    """Keep the password of an account that an earlier run had to give one.

    `without_key`: a camera of it still answers that it has no key; with a key, the account goes back to that.
    """
    keeps = auth is AuthPolicy.AUTO and without_key and opens_by_password(facts)
    return plan.with_password() if keeps else plan


def next_login(plan: LoginPlan, *, sha1: Sha1Policy, sha1_refused: bool) -> LoginPlan | None:
    """Return what to try after refused logins; None when there is nothing left that is allowed.

    A camera that shows a key is never given a password here: nothing that a log lacks proves that it cannot use it.
    """
    if sha1_refused and sha1 is Sha1Policy.AUTO and not plan.allow_sha1:
        return replace(plan, allow_sha1=True)
    return None


def make_password() -> Secret:
    """Make a random password that every camera can store and no URL has to escape."""
    letters = string.ascii_letters + string.digits
    return Secret("".join(secrets.choice(letters) for _ in range(_PASSWORD_LENGTH)))


def sha1_warning(user: str) -> str:
    """Return what the owner of a SHA-1 camera should know."""
    return (
        f"this camera signs with SHA-1 (ssh-rsa), which OpenSSH refuses since 8.8; it is now allowed for {user} "
        "alone. A newer camera firmware may do without."
    )


def password_warning(user: str) -> str:
    """Return what the owner of a camera that signs in with a password should know."""
    return (
        f"this camera signs in with a password, not with a key: a random one was made for {user} alone, which opens "
        "no shell. A newer camera firmware may do without."
    )
