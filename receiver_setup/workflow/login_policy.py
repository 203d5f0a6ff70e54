"""How cameras may sign in, and what is tried next when they cannot (pure)."""

import secrets
import string
from dataclasses import dataclass, replace
from enum import StrEnum

from receiver_setup.receiver.facts import Facts
from receiver_setup.secrets import Secret
from receiver_setup.sshd_config import Authentication, parse_effective
from receiver_setup.workflow.proof import RefusedLogin

_PASSWORD_LENGTH = 24
"""Within the 8 to 30 ASCII characters that a camera keeps."""


class AuthPolicy(StrEnum):
    """What the user allows for the login; `auto`: a password only where no key will do."""

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


def keep_login(plan: LoginPlan, auth: AuthPolicy, facts: Facts) -> LoginPlan:
    """Keep the password of an account that an earlier run had to give one."""
    methods = parse_effective(facts.sshd_effective).get("authenticationmethods", [])
    ours = facts.account is not None and facts.account.ours
    keeps = auth is AuthPolicy.AUTO and ours and methods == [Authentication.PASSWORD.value]
    return plan.with_password() if keeps else plan


def next_login(
    plan: LoginPlan, why: RefusedLogin, *, auth: AuthPolicy, sha1: Sha1Policy, all_refused: bool
) -> LoginPlan | None:
    """Return what to try after refused logins; None when there is nothing left that is allowed.

    `all_refused`: no camera of this account gets in, so that a password takes nothing from another one.
    """
    if why is RefusedLogin.SHA1 and sha1 is Sha1Policy.AUTO and not plan.allow_sha1:
        return replace(plan, allow_sha1=True)
    if why is RefusedLogin.NO_KEY and auth is AuthPolicy.AUTO and all_refused and not plan.by_password:
        return plan.with_password()
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
    """Return what the owner of a camera without key login should know."""
    return (
        f"this camera does not sign in with a key: a random password was made for {user} alone, which opens no "
        "shell. A newer camera firmware may do without."
    )
