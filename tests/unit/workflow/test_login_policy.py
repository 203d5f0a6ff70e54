"""How a camera may sign in, what comes next, and what is told when nothing is left."""

from dataclasses import replace

import pytest

from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.facts.model import ACCOUNT_MARK, Account, Facts
from receiver_setup.workflow.run.login_policy import (
    AuthPolicy,
    LoginPlan,
    Sha1Policy,
    first_login,
    keep_login,
    make_password,
    next_login,
    password_warning,
    sha1_warning,
)

BY_KEY = LoginPlan(authentication=Authentication.PUBLIC_KEY, allow_sha1=None)
WITH_SHA1 = replace(BY_KEY, allow_sha1=True)
BY_PASSWORD = replace(BY_KEY, authentication=Authentication.PASSWORD)
FACTS = Facts.parse(b"@now 1\n1\n@end 2\nok\n")
OURS = Account(name="ipcamera", uid=999, gid=999, comment=ACCOUNT_MARK, home="/home/ipcamera", shell="/bin/false")  # noqa: S604 - a field
PASSWORD_TOLD = "port 22\nauthenticationmethods password\n"


@pytest.mark.parametrize(
    ("auth", "sha1", "plan"),
    [
        ("auto", "auto", BY_KEY),
        ("key", "auto", BY_KEY),
        ("password", "auto", BY_PASSWORD),
        ("auto", "always", WITH_SHA1),
        ("auto", "never", replace(BY_KEY, allow_sha1=False)),
        ("password", "never", replace(BY_PASSWORD, allow_sha1=False)),
    ],
)
def test_a_run_begins_with_a_key_unless_told_otherwise(auth: str, sha1: str, plan: LoginPlan) -> None:
    assert first_login(AuthPolicy(auth), Sha1Policy(sha1)) == plan


@pytest.mark.parametrize(
    ("plan", "sha1_refused", "sha1", "then"),
    [
        (BY_KEY, True, "auto", WITH_SHA1),
        (BY_KEY, True, "never", None),
        (replace(BY_KEY, allow_sha1=False), True, "auto", WITH_SHA1),
        (WITH_SHA1, True, "auto", None),
        (BY_KEY, False, "auto", None),
        (WITH_SHA1, False, "auto", None),
        (BY_PASSWORD, False, "auto", None),
    ],
)
def test_what_is_tried_next(plan: LoginPlan, sha1_refused: bool, sha1: str, then: LoginPlan | None) -> None:
    assert next_login(plan, sha1=Sha1Policy(sha1), sha1_refused=sha1_refused) == then


def test_trying_on_comes_to_an_end_whatever_the_log_says_and_never_at_a_password() -> None:
    for refused in (True, False):
        for auth in (AuthPolicy.AUTO, AuthPolicy.KEY):
            for sha1 in Sha1Policy:
                plan: LoginPlan | None = first_login(auth, sha1)
                for _ in range(2):
                    if plan is not None:
                        assert not plan.by_password
                        plan = next_login(plan, sha1=sha1, sha1_refused=refused)
                assert plan is None


def test_a_password_that_an_earlier_run_had_to_give_stays_while_there_is_no_key() -> None:
    facts = replace(FACTS, account=OURS, sshd_effective=PASSWORD_TOLD)
    assert keep_login(BY_KEY, AuthPolicy.AUTO, facts, without_key=True) == BY_PASSWORD
    assert keep_login(BY_KEY, AuthPolicy.AUTO, facts, without_key=False) == BY_KEY


@pytest.mark.parametrize(
    ("auth", "account", "told"),
    [
        ("key", OURS, PASSWORD_TOLD),
        ("auto", None, PASSWORD_TOLD),
        ("auto", replace(OURS, comment="Anna"), PASSWORD_TOLD),
        ("auto", OURS, "authenticationmethods any\npasswordauthentication yes\n"),
        ("auto", OURS, "authenticationmethods publickey\n"),
        ("auto", OURS, "authenticationmethods publickey password\n"),
        ("auto", OURS, ""),
    ],
)
def test_nothing_else_makes_a_run_begin_with_a_password(auth: str, account: Account | None, told: str) -> None:
    facts = replace(FACTS, account=account, sshd_effective=told)
    assert keep_login(BY_KEY, AuthPolicy(auth), facts, without_key=True) == BY_KEY


def test_a_password_is_random_and_needs_no_escape_anywhere() -> None:
    made = {make_password() for _ in range(50)}
    assert len(made) == 50
    for secret in made:
        text = secret.reveal()
        assert 8 <= len(text) <= 30
        assert text.isascii()
        assert text.isalnum()


def test_warnings_name_the_user() -> None:
    assert "ipcamera alone" in sha1_warning("ipcamera")
    assert "ipcamera alone" in password_warning("ipcamera")
