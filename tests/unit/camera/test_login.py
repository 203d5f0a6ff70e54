"""What an answer says about the login, as a table."""

import pytest

from receiver_setup.camera.wire.login import Evidence, Login, Verdict, next_login, parse_schemes

TABLE = [
    # way, status, challenge, response, chosen, verdict
    ("basic", 200, "", 200, "auto", "ACCEPTED"),
    ("basic", 200, "", None, "auto", "ACCEPTED"),
    ("basic", 200, "", 204, "auto", "ACCEPTED"),
    ("basic", 404, "", None, "auto", "ACCEPTED"),
    ("basic", 401, 'Basic realm="x"', None, "auto", "WRONG_PASSWORD"),
    ("basic", 401, 'Bearer, basic realm="x"', None, "auto", "WRONG_PASSWORD"),
    ("basic", 403, "Basic", None, "auto", "WRONG_PASSWORD"),
    ("basic", 401, 'Basic realm="x"', None, "basic", "WRONG_PASSWORD"),
    ("basic", 401, "", None, "auto", "UNCLEAR"),
    ("basic", 403, "", None, "auto", "UNCLEAR"),
    ("basic", 401, "Bearer", None, "auto", "TRY_TOKEN"),
    ("basic", 401, 'Bearer realm="x"', None, "basic", "UNCLEAR"),
    ("basic", 401, 'Digest realm="Basic", nonce="x"', None, "auto", "OTHER_SCHEME"),
    ("basic", 401, 'Digest realm="Basic", nonce="x"', None, "basic", "OTHER_SCHEME"),
    ("basic", 401, 'Digest realm="x", Bearer', None, "auto", "OTHER_SCHEME"),
    ("basic", 403, "Negotiate", None, "auto", "OTHER_SCHEME"),
    ("basic", 401, 'Negotiate, Basic realm="x"', None, "auto", "WRONG_PASSWORD"),
    ("basic", 200, "", 208, "auto", "TRY_QUERY"),
    ("basic", 200, "", 215, "auto", "TRY_QUERY"),
    ("basic", 200, "", 208, "basic", "ACCEPTED"),
    ("query", 200, "", 208, "auto", "TRY_TOKEN"),
    ("query", 401, "Bearer", None, "auto", "TRY_TOKEN"),
    ("query", 401, "Basic", None, "auto", "UNCLEAR"),
    ("query", 401, "Digest", None, "auto", "OTHER_SCHEME"),
    ("query", 401, "Digest, Basic", None, "auto", "UNCLEAR"),
    ("token", 401, "Digest", None, "auto", "OTHER_SCHEME"),
    ("query", 401, "", None, "query", "UNCLEAR"),
    ("token", 401, "Bearer", None, "auto", "UNCLEAR"),
    ("token", 200, "", 208, "auto", "ACCEPTED"),
    ("basic", 200, "", 211, "auto", "NO_PERMISSION"),
    ("basic", 401, "Bearer", 211, "auto", "NO_PERMISSION"),
    ("query", 200, "", 218, "auto", "BLOCKED"),
    ("basic", 401, "Basic", 218, "auto", "BLOCKED"),
]


@pytest.mark.parametrize(("way", "status", "challenge", "response", "chosen", "verdict"), TABLE)
def test_verdict(way: str, status: int, challenge: str, response: int | None, chosen: str, verdict: str) -> None:  # noqa: PLR0913, PLR0917 - a row
    evidence = Evidence(way=Login(way), status=status, challenge=challenge, response=response)
    assert next_login(evidence, chosen=Login(chosen)) is Verdict[verdict]


@pytest.mark.parametrize(
    ("challenge", "schemes"),
    [
        ("", set()),
        ("Basic", {"basic"}),
        ('BASIC realm="a b"', {"basic"}),
        ("Basic realm=x", {"basic"}),
        ("Basic realm=INSTAR 2K+, Bearer realm=x", {"basic", "bearer"}),
        ('Bearer realm="Basic realm"', {"bearer"}),
        ('Digest realm="a", qop="auth", nonce="Basic, x", Basic realm="b", Bearer', {"digest", "basic", "bearer"}),
        ('Basic realm="unterminated, Bearer', {"basic"}),
        ("=,=,", set()),
    ],
)
def test_schemes_of_a_challenge(challenge: str, schemes: set[str]) -> None:
    assert parse_schemes(challenge) == schemes
