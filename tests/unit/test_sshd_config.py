"""The drop-in for one user, and what sshd says of it."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.formats.sshd_config import (
    Authentication,
    UploadMatch,
    expected_effective,
    missing_effective,
    parse_effective,
    quote_value,
    render_drop_in,
    sha1_allowed,
)
from receiver_setup.formats.upload_rules import EDITION, LEFT, RULES

JAILED = UploadMatch(user="ipcamera", jail="/home/ipcamera")
FREE = UploadMatch(user="ipcamera", jail=None, start="/srv/usb disk")
BY_PASSWORD = UploadMatch(user="ipcamera", jail="/home/ipcamera", authentication=Authentication.PASSWORD)
MATCHES = [JAILED, FREE, BY_PASSWORD]
LISTS = {
    "8.4": "pubkeyacceptedkeytypes ssh-ed25519,rsa-sha2-512,ssh-rsa",
    "9.2": "pubkeyacceptedalgorithms ssh-ed25519,rsa-sha2-512,ssh-rsa",
    "newer, both lines": "pubkeyacceptedkeytypes ssh-ed25519\npubkeyacceptedalgorithms rsa-sha2-512,ssh-rsa",
}


@pytest.mark.parametrize("match", MATCHES)
def test_the_drop_in_is_for_one_user_and_ends_its_own_match(match: UploadMatch) -> None:
    lines = [line for line in render_drop_in(match).splitlines() if not line.startswith("#")]
    assert lines[0] == "Match User ipcamera"
    assert lines[-1] == "Match all"
    assert all(re.fullmatch(r"    [A-Z]\w+ \S.*", line) for line in lines[1:-1])


@pytest.mark.parametrize("match", MATCHES)
def test_no_keyword_stands_twice(match: UploadMatch) -> None:
    keywords = [keyword for keyword, _ in match.directives()]
    assert len(keywords) == len(set(keywords))


@pytest.mark.parametrize("match", MATCHES)
def test_nothing_but_uploads_is_allowed(match: UploadMatch) -> None:
    directives = dict(match.directives())
    assert directives["ForceCommand"].startswith("internal-sftp")
    for keyword in ("AllowTcpForwarding", "AllowAgentForwarding", "X11Forwarding", "PermitTunnel", "PermitTTY"):
        assert directives[keyword] == "no"
    assert directives["DisableForwarding"] == "yes"
    assert directives["PermitEmptyPasswords"] == "no"


def test_exactly_one_way_to_sign_in_is_open() -> None:
    by_key, by_password = dict(JAILED.directives()), dict(BY_PASSWORD.directives())
    assert (by_key["PubkeyAuthentication"], by_key["PasswordAuthentication"]) == ("yes", "no")
    assert (by_password["PubkeyAuthentication"], by_password["PasswordAuthentication"]) == ("no", "yes")
    assert by_key["AuthenticationMethods"] == "publickey"
    assert by_password["AuthenticationMethods"] == "password"


@pytest.mark.parametrize(
    ("openssh", "keyword"),
    [
        ((7, 4), "PubkeyAcceptedKeyTypes"),
        ((8, 4), "PubkeyAcceptedKeyTypes"),
        ((8, 5), "PubkeyAcceptedAlgorithms"),
        ((9, 2), "PubkeyAcceptedAlgorithms"),
        ((10, 0), "PubkeyAcceptedAlgorithms"),
    ],
)
def test_sha1_is_allowed_by_the_keyword_of_the_release(openssh: tuple[int, int], keyword: str) -> None:
    match = UploadMatch(user="ipcamera", jail=None, allow_sha1=True, openssh=openssh)
    assert match.directives()[-1] == (keyword, "+ssh-rsa")
    assert f"    {keyword} +ssh-rsa\nMatch all\n" in render_drop_in(match)


def test_sha1_is_not_named_where_it_is_not_allowed() -> None:
    assert "ssh-rsa" not in render_drop_in(JAILED)


@pytest.mark.parametrize("match", MATCHES)
def test_a_drop_in_that_is_in_force_lacks_nothing(match: UploadMatch) -> None:
    told = "port 22\n" + "\n".join(expected_effective(match)) + "\nlistenaddress [::]:22\n"
    assert missing_effective(told, match) == ()


def test_each_line_that_sshd_does_not_print_is_named() -> None:
    lines = expected_effective(JAILED)
    for missing in lines:
        assert missing_effective("\n".join(line for line in lines if line != missing), JAILED) == (missing,)


@pytest.mark.parametrize("level", ["INFO", "QUIET", "DEBUG3"])
def test_another_log_level_is_nobodys_fault(level: str) -> None:
    told = "\n".join((*expected_effective(JAILED), f"loglevel {level}"))
    assert missing_effective(told, JAILED) == ()


def test_nothing_of_the_whole_receiver_opens_the_account_as_well() -> None:
    for keyword in ("TrustedUserCAKeys", "AuthorizedKeysCommand", "AuthorizedPrincipalsFile"):
        assert dict(JAILED.directives())[keyword] == "none"
        told = "\n".join(expected_effective(JAILED)).replace(f"{keyword.lower()} none", f"{keyword.lower()} /etc/x")
        assert missing_effective(told, JAILED) == (f"{keyword.lower()} none",)


def test_a_keyword_is_either_set_or_left_and_each_has_its_reason() -> None:
    assert not {rule.keyword.lower() for rule in RULES} & LEFT.keys()
    assert all([*LEFT.values(), *(rule.reason for rule in RULES)])


def test_a_release_is_told_only_what_it_takes_in_a_match_block() -> None:
    assert "UnusedConnectionTimeout" not in render_drop_in(replace(JAILED, openssh=(8, 4)))
    assert "UnusedConnectionTimeout 3600" in render_drop_in(replace(JAILED, openssh=(9, 2)))


def test_each_edition_has_a_text_of_its_own_and_the_newest_is_written() -> None:
    texts = [render_drop_in(replace(JAILED, edition=edition)) for edition in range(1, EDITION + 1)]
    assert len(set(texts)) == EDITION
    assert render_drop_in(JAILED) == texts[-1]
    assert "LogLevel" not in texts[1]
    assert "replaced by the next set-up" in texts[0]


def test_a_line_that_only_begins_alike_is_not_enough() -> None:
    told = "\n".join(expected_effective(JAILED)).replace("/home/ipcamera", "/home/ipcamera2")
    assert missing_effective(told, JAILED) == ("chrootdirectory /home/ipcamera",)


def test_quotes_are_told_again_only_for_a_command() -> None:
    """As `sshd -T` of OpenSSH 9.2 prints them."""
    assert 'forcecommand internal-sftp -d "/srv/usb disk"' in expected_effective(FREE)
    jailed = UploadMatch(user="ipcamera", jail="/srv/usb disk")
    assert "chrootdirectory /srv/usb disk" in expected_effective(jailed)
    assert '    ChrootDirectory "/srv/usb disk"\n' in render_drop_in(jailed)


@pytest.mark.parametrize("release", LISTS)
def test_sha1_is_found_in_the_lists_of_every_release(release: str) -> None:
    match = UploadMatch(user="ipcamera", jail=None, allow_sha1=True)
    told = "\n".join(expected_effective(match)) + "\n"
    assert sha1_allowed(told + LISTS[release])
    assert missing_effective(told + LISTS[release], match) == ()
    assert missing_effective(told + LISTS[release].replace(",ssh-rsa", ""), match) != ()


@pytest.mark.parametrize("line", ["hostkeyalgorithms ssh-rsa", "pubkeyacceptedalgorithms ssh-rsa-cert-v01@openssh.com"])
def test_other_lists_do_not_allow_sha1(line: str) -> None:
    assert not sha1_allowed(line)


def test_effective_values_are_kept_in_order_and_as_they_are() -> None:
    assert parse_effective("port 22\nport 2222\nBanner\n\nsubsystem sftp internal-sftp -l INFO\n") == {
        "port": ["22", "2222"],
        "banner": [""],
        "subsystem": ["sftp internal-sftp -l INFO"],
    }


@pytest.mark.parametrize("value", ["a\nb", "a\0b", 'a"b', "a\\b", "\r", "\x1b"])
def test_a_value_that_cannot_be_quoted_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="sshd_config cannot contain"):
        quote_value(value)


@given(st.text())
def test_a_quoted_value_is_one_word_of_one_line(value: str) -> None:
    try:
        quoted = quote_value(value)
    except ValueError:
        return
    assert "\n" not in quoted
    assert quoted.strip('"') == value
    assert quoted in {value, f'"{value}"'}


@given(st.text())
def test_any_text_is_parsed(text: str) -> None:
    assert all(keyword == keyword.lower() for keyword in parse_effective(text))


def test_keywords_count_in_any_case_and_values_in_their_own() -> None:
    """OpenSSH 10.4 and newer print `sshd -T` in mixed case."""
    told = "\n".join(expected_effective(JAILED)).replace("chrootdirectory", "ChrootDirectory")
    told = told.replace("permittty", "PermitTTY")
    assert missing_effective(told, JAILED) == ()
    other = told.replace("/home/ipcamera", "/Home/ipcamera")
    assert missing_effective(other, JAILED) == ("chrootdirectory /home/ipcamera",)
