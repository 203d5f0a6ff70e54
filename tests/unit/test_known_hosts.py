"""known_hosts as OpenSSH reads it: every kind of line, what it says of a key, and ssh-keygen as the judge of names."""

import base64
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.known_hosts import (
    Marker,
    Verdict,
    judge,
    known_name,
    names_host,
    order_algorithms,
    parse_key_list,
    parse_known_hosts,
    render_line,
)


def ed25519(seed: int) -> PublicKey:
    return PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes([seed]) * 32)


def ecdsa(seed: int) -> PublicKey:
    kind, curve = b"ecdsa-sha2-nistp256", b"nistp256"
    point = b"\x04" + bytes([seed]) * 64
    return PublicKey.from_blob(b"".join(len(each).to_bytes(4, "big") + each for each in (kind, curve, point)))


def rsa(seed: int, bits: int = 2048) -> PublicKey:
    number = b"\0" + b"\xff" + bytes([seed]) * (bits // 8 - 1)
    return PublicKey.from_blob(
        b"".join(len(each).to_bytes(4, "big") + each for each in (b"ssh-rsa", b"\x01\0\x01", number))
    )


KEY, OTHER = ed25519(1), ed25519(2)
SALT = bytes(range(20))
HASHED = render_line("attic", KEY, salt=SALT)

# ---- lines

VALID = {
    "plain": f"attic {KEY.line}",
    "comment behind the key": f"attic {KEY.line} root@attic # yes",
    "indented by blanks and tabs": f" \t attic\t \t{KEY.line.replace(' ', '  ')}",
    "end of line of Windows": f"attic {KEY.line}\r",
    "hashed": HASHED,
    "a list of names": f"cellar,attic,192.168.2.110 {KEY.line}",
    "capitals": f"ATTIC {KEY.line}",
    "a star": f"at* {KEY.line}",
    "a question mark": f"atti? {KEY.line}",
    "a text behind NUL": f"attic {KEY.line} x\0y",
}


@pytest.mark.parametrize("line", VALID.values(), ids=VALID)
def test_a_line_that_knows_the_host(line: str) -> None:
    keys = parse_known_hosts(f"# first\n\n{line}\n".encode(), file="/k")
    judgement = judge(keys, KEY, name="attic")
    assert judgement.verdict is Verdict.KNOWN
    assert judgement.because is not None
    assert judgement.because.place == "/k:3"


PASSED_OVER = {
    "empty": "",
    "a comment": f"# attic {KEY.line}",
    "no key": "attic",
    "a type and nothing else": "attic ssh-ed25519",
    "half a key": f"attic {KEY.line[:-8]}",
    "no base64": "attic ssh-ed25519 !!!!",
    "another type than inside": f"attic ssh-rsa {KEY.base64}",
    "a type that nobody knows": f"attic ssh-foo {KEY.base64}",
    "a short RSA key": f"attic {rsa(1, 768).line}",
    "protocol 1": "attic 1024 35 1234567890",
    "an unknown marker": f"@trusted attic {KEY.line}",
    "two markers": f"@revoked @cert-authority attic {KEY.line}",
    "a marker ended by a tab before blanks": f"@revoked\tattic {KEY.line}",
    "a hash of another length": f"|1|AAAA|{base64.b64encode(SALT).decode()} {KEY.line}",
    "a hash of another kind": f"|2|{HASHED[3:]}",
    "half a hash": f"|1|abc {KEY.line}",
    "bytes that are no UTF-8": "caf\udce9 \udcff",
}


@pytest.mark.parametrize("line", PASSED_OVER.values(), ids=PASSED_OVER)
def test_a_line_that_is_none_says_nothing_and_harms_no_other(line: str) -> None:
    data = f"{line}\nattic {KEY.line}\n".encode("utf-8", "surrogateescape")
    keys = parse_known_hosts(data, file="/k")
    assert [key.line for key in keys] == [2]


def test_names_of_algorithms_stand_for_rsa_keys() -> None:
    keys = parse_known_hosts(f"attic rsa-sha2-512 {rsa(1).base64}\n".encode(), file="/k")
    assert [key.type for key in keys] == ["ssh-rsa"]


NAMES = [
    (b"attic", "attic", True),
    (b"attic", "attics", False),
    (b"", "attic", False),
    (b"*", "attic", True),
    (b"*.lan", "attic.lan", True),
    (b"*.lan", "attic", False),
    (b"*.lan,!attic.lan", "attic.lan", False),
    (b"!attic.lan,*.lan", "attic.lan", False),
    (b"!attic.lan", "cellar.lan", False),
    (b"192.168.2.1?0", "192.168.2.110", True),
    (b"192.168.2.1?0", "192.168.2.10", False),
    (b"[attic]:2222", "[attic]:2222", True),
    (b"[*]:2222", "[attic]:2222", True),
    (b"attic", "[attic]:2222", False),
    (b"[attic]:*", "[attic]:2222", True),
    (b"a[bt]tic", "attic", False),
    (b"a.tic", "attic", False),
    (b"Attic", "aTTIC", True),
    (b"*t*i*", "attic", True),
    (b"**", "attic", True),
    (b"a*a*a*a*a*a*a*a*a*b", "a" * 60, False),
    (b"fd00::?", "fd00::5", True),
    (b"x," + b"a" * 1024 + b",attic", "attic", False),
]


@pytest.mark.parametrize(("hosts", "host", "named"), NAMES)
def test_names_and_patterns(hosts: bytes, host: str, named: bool) -> None:
    assert names_host(hosts, host) is named


@given(
    hosts=st.lists(st.text("abt*?!.1", min_size=1, max_size=6), min_size=1, max_size=4).map(",".join),
    host=st.text("abt1.", min_size=1, max_size=6),
)
def test_patterns_mean_what_they_mean_to_a_plain_reading(hosts: str, host: str) -> None:
    """Against a second reading, by recursion, of what match.c does."""

    def matches(pattern: str, name: str) -> bool:
        if not pattern:
            return not name
        if pattern[0] == "*":
            return any(matches(pattern[1:], name[n:]) for n in range(len(name) + 1))
        return bool(name) and pattern[0] in {"?", name[0]} and matches(pattern[1:], name[1:])

    listed = hosts.split(",")
    refused = any(each[0] == "!" and matches(each[1:], host) for each in listed)
    named = any(each[0] != "!" and matches(each, host) for each in listed)
    assert names_host(hosts.encode(), host) is (named and not refused)


@given(data=st.binary(max_size=300), lines=st.lists(st.sampled_from([*VALID.values(), *PASSED_OVER.values()])))
def test_any_bytes_are_read_and_no_line_changes_another(data: bytes, lines: list[str]) -> None:
    noise = data.replace(b"\n", b" ")
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    alone = parse_known_hosts(text, file="/k")
    after = parse_known_hosts(noise + b"\n" + text, file="/k")
    own = parse_known_hosts(noise, file="/k")
    assert [(key.hosts, key.blob, key.line + 1) for key in alone] == [
        (key.hosts, key.blob, key.line) for key in after[len(own) :]
    ]


@given(
    names=st.lists(st.from_regex(r"[a-z0-9]{1,3}|\[[a-z]{1,3}\]:2222|\*[a-z]?|[a-z]\?", fullmatch=True), max_size=6),
    asked=st.from_regex(r"[a-z0-9]{1,3}|\[[a-z]{1,3}\]:2222", fullmatch=True),
)
def test_ssh_keygen_finds_the_same_lines(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], asked: str
) -> None:
    path: Path = tmp_path_factory.mktemp("known") / "known_hosts"
    lines = [render_line(name, KEY, salt=SALT if n % 2 and name.isalnum() else None) for n, name in enumerate(names)]
    path.write_text("".join(f"{line}\n" for line in lines))
    done = subprocess.run(["ssh-keygen", "-F", asked, "-f", path], capture_output=True, text=True, check=False)
    theirs = [int(line.split("line ")[1].split()[0]) for line in done.stdout.splitlines() if line.startswith("# Host")]
    keys = parse_known_hosts(path.read_bytes(), file="/k")
    assert [key.line for key in keys if key.names(asked)] == theirs


def test_a_hashed_line_is_found_by_its_name_alone() -> None:
    assert HASHED.startswith("|1|")
    assert "attic" not in HASHED
    assert names_host(HASHED.split()[0].encode(), "attic")
    assert not names_host(HASHED.split()[0].encode(), "cellar")


# ---- verdicts

KNOWN, UNKNOWN, CHANGED, REVOKED = Verdict.KNOWN, Verdict.UNKNOWN, Verdict.CHANGED, Verdict.REVOKED
JUDGED = {
    "nothing": ("", UNKNOWN, None),
    "only others": (f"cellar {KEY.line}\nattics {OTHER.line}", UNKNOWN, None),
    "the key": (f"attic {KEY.line}", KNOWN, 1),
    "another key": (f"attic {OTHER.line}", CHANGED, 1),
    "another key of another type": (f"attic {rsa(1).line}", CHANGED, 1),
    "another of its own type is told first": (f"attic {rsa(1).line}\nattic {OTHER.line}", CHANGED, 2),
    "another and the key": (f"attic {OTHER.line}\nattic {KEY.line}", KNOWN, 2),
    "revoked": (f"@revoked attic {KEY.line}", REVOKED, 1),
    "revoked by a pattern": (f"@revoked * {KEY.line}", REVOKED, 1),
    "revoked by a hashed name": (f"@revoked {HASHED}", REVOKED, 1),
    "revoked after it was known": (f"attic {KEY.line}\n@revoked attic {KEY.line}", REVOKED, 2),
    "another key is revoked": (f"@revoked attic {OTHER.line}\nattic {KEY.line}", KNOWN, 2),
    "another key is revoked, and none known": (f"@revoked attic {OTHER.line}", UNKNOWN, None),
    "revoked for another host": (f"@revoked cellar {KEY.line}\nattic {KEY.line}", KNOWN, 2),
    "an authority": (f"@cert-authority *.lan,attic {OTHER.line}", UNKNOWN, 1),
    "the key as an authority": (f"@cert-authority attic {KEY.line}", UNKNOWN, 1),
    "an authority and the key": (f"@cert-authority * {OTHER.line}\nattic {KEY.line}", KNOWN, 2),
    "an authority for another host": (f"@cert-authority cellar {KEY.line}", UNKNOWN, None),
    "an authority and another key": (f"@cert-authority * {KEY.line}\nattic {OTHER.line}", CHANGED, 2),
}


@pytest.mark.parametrize(("text", "verdict", "line"), JUDGED.values(), ids=JUDGED)
def test_what_the_lines_say_of_a_key(text: str, verdict: Verdict, line: int | None) -> None:
    judgement = judge(parse_known_hosts(text.encode(), file="/k"), KEY, name="attic")
    assert judgement.verdict is verdict
    assert (None if judgement.because is None else judgement.because.line) == line


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (f"attic {KEY.line}", KNOWN),
        (f"attic {OTHER.line}", UNKNOWN),
        (f"[attic]:2222 {OTHER.line}\nattic {KEY.line}", CHANGED),
        (f"[attic]:2222 {KEY.line}\nattic {OTHER.line}", KNOWN),
        (f"@revoked attic {KEY.line}", REVOKED),
    ],
)
def test_a_port_of_its_own_is_looked_up_with_it_and_then_without(text: str, verdict: Verdict) -> None:
    keys = parse_known_hosts(text.encode(), file="/k")
    assert judge(keys, KEY, name=known_name("attic", 2222), bare_name="attic").verdict is verdict


ALGORITHMS = (
    "ssh-ed25519-cert-v01@openssh.com", "ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("", ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]),
        (f"attic {ecdsa(1).line}", ["ecdsa-sha2-nistp256", "ssh-ed25519"]),
        (f"attic {rsa(1).line}", ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256"]),
        (f"attic {rsa(1).line}\nattic {ecdsa(1).line}", ["ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]),
        (f"attic {rsa(1).line}\nattic {KEY.line}", ["ssh-ed25519", "ecdsa-sha2-nistp256"]),
        (f"cellar {rsa(1).line}", ["ssh-ed25519"]),
        (f"@revoked attic {rsa(1).line}", ["ssh-ed25519"]),
        (f"@cert-authority attic {rsa(1).line}", ["ssh-ed25519"]),
        (f"attic {rsa(1).line}\n@revoked attic {rsa(1).line}\nattic {rsa(2).line}", ["ssh-ed25519"]),
        (f"attic {rsa(2).line}\n@revoked attic {rsa(1).line}", ["rsa-sha2-512", "rsa-sha2-256"]),
    ],
)
def test_types_that_are_known_are_asked_for_first(text: str, first: list[str]) -> None:
    ordered = order_algorithms(ALGORITHMS, parse_known_hosts(text.encode(), file="/k"), name="attic")
    assert list(ordered[: len(first)]) == first
    assert sorted(ordered) == sorted(ALGORITHMS[1:])


def test_an_algorithm_for_certificates_is_for_its_type_of_key_in_that() -> None:
    """As in ssh: with the first of all for a known type the order stays, and that may be a certificate's."""
    keys = parse_known_hosts(f"attic {KEY.line}\nattic {rsa(1).line}\n".encode(), file="/k")
    without = (ALGORITHMS[0], *ALGORITHMS[2:])
    assert order_algorithms(without, keys, name="attic")[0] == "ecdsa-sha2-nistp256"
    assert order_algorithms(without[1:], keys, name="attic")[0] == "rsa-sha2-512"


def test_markers_are_kept_with_their_lines() -> None:
    text = f"@cert-authority\tattic\t{KEY.line.replace(' ', chr(9))}\n@revoked  attic {KEY.line}\nattic {KEY.line}\n"
    keys = parse_known_hosts(text.encode(), file="/k")
    assert [key.marker for key in keys] == [Marker.AUTHORITY, Marker.REVOKED, Marker.NONE]


def test_a_list_of_revoked_keys() -> None:
    text = f"# old ones\n{KEY.line} comment\r\n\nnonsense\n {ecdsa(3).line}\n"
    assert parse_key_list(text.encode()) == {KEY.blob, ecdsa(3).blob}
