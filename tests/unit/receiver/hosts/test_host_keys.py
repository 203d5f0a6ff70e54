"""A key that a host shows: accepted, noted, or refused with the line that says so."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from receiver_setup.errors import ConfigurationError, ReceiverHostKeyError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.known_hosts import render_line
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts.host_keys import HostKeys
from receiver_setup.receiver.hosts.ssh_config import SshDestination, make_target

KEY, OTHER = (PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes([n]) * 32) for n in (1, 2))


@pytest.fixture
def target(tmp_path: Path) -> SshDestination:
    made = make_target(ReceiverAddress(host="attic", user="pi"), {})
    return replace(made, known_hosts=(tmp_path / "known",), system_known_hosts=())


def refused(target: SshDestination, key: PublicKey = KEY, *, ip: str | None = None) -> ReceiverHostKeyError:
    with pytest.raises(ReceiverHostKeyError) as caught:
        HostKeys(target).check(key, ip=ip)
    return caught.value


def known(target: SshDestination, *lines: str) -> Path:
    path = target.known_hosts[0]
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def test_a_known_key_is_no_word_worth(target: SshDestination) -> None:
    known(
        target, f"@revoked cellar {KEY.line}", f"@cert-authority cellar {OTHER.line}", "nonsense", f"attic {KEY.line}"
    )
    HostKeys(target).check(KEY)


def test_another_key_is_told_with_both_and_the_line_that_has_the_known_one(target: SshDestination) -> None:
    path = known(target, "# mine", f"attic,192.168.2.110 {OTHER.line}")
    error = refused(target)
    assert KEY.fingerprint in error.message
    assert OTHER.fingerprint in error.message
    assert f"({path}:2)" in error.message
    assert f"ssh-keygen -R 'attic' -f {path}" in error.hint


def test_a_revoked_key_is_told_with_its_line_and_never_to_be_removed_there(target: SshDestination) -> None:
    path = known(target, f"attic {KEY.line}", f"@revoked * {KEY.line}")
    for given in (target, replace(target, strictness="accept-new"), replace(target, strictness="false")):
        error = refused(given)
        assert f"revoked ({path}:2)" in error.message
        assert "remove" not in error.hint
        assert "ssh-keygen -R" not in error.hint


def test_a_host_that_only_an_authority_knows(target: SshDestination) -> None:
    path = known(target, f"@cert-authority *,!cellar {OTHER.line}")
    error = refused(target)
    assert "is not known itself" in error.message
    assert f"{path}:1 knows a certificate authority" in error.message
    assert "not supported" in error.message
    assert "--accept-new-host-key" in error.hint


@pytest.mark.parametrize(("strictness", "followed"), [("ask", True), ("true", True), ("false", False)])
def test_an_unknown_host_is_refused_however_lax_ssh_would_be(
    target: SshDestination, strictness: str, followed: bool
) -> None:
    error = refused(replace(target, strictness=strictness))
    assert f"the host key of attic is not known yet: {KEY}" in error.message
    assert str(target.known_hosts[0]) in error.hint
    assert ("StrictHostKeyChecking no is not followed" not in error.hint) is followed
    assert not target.known_hosts[0].exists()


@pytest.mark.parametrize("way", ["option", "configuration"])
@pytest.mark.parametrize("before", [None, "", "cellar x", "cellar x\n"])
def test_a_new_key_is_appended_where_that_was_asked_for(target: SshDestination, way: str, before: str | None) -> None:
    path = target.known_hosts[0]
    if before is not None:
        path.write_text(before)
    given = target if way == "option" else replace(target, strictness="accept-new")
    keys = HostKeys(given, accept_new=way == "option")
    keys.check(KEY)
    keys.check(KEY)
    assert path.read_text() == (f"{before.strip()}\n" if before else "") + f"attic {KEY.line}\n"
    with pytest.raises(ReceiverHostKeyError, match="is the known one"):
        keys.check(OTHER)
    HostKeys(target).check(KEY)


def test_a_new_key_is_hashed_where_the_configuration_wants_that(target: SshDestination) -> None:
    HostKeys(replace(target, known_port=2222, hash_names=True), accept_new=True).check(KEY)
    assert target.known_hosts[0].read_text().startswith("|1|")
    done = subprocess.run(
        ["ssh-keygen", "-F", "[attic]:2222", "-f", target.known_hosts[0]], capture_output=True, check=False
    )
    assert done.returncode == 0
    HostKeys(replace(target, known_port=2222)).check(KEY)


def test_without_a_file_a_new_key_holds_for_this_run(target: SshDestination) -> None:
    keys = HostKeys(replace(target, known_hosts=()), accept_new=True)
    keys.check(KEY)
    with pytest.raises(ReceiverHostKeyError, match="is the known one"):
        keys.check(OTHER)


def test_a_file_given_by_name_stands_for_the_users_own_and_not_for_the_systems(
    target: SshDestination, tmp_path: Path
) -> None:
    known(target, f"attic {OTHER.line}")
    (tmp_path / "given").write_text(f"attic {KEY.line}\n")
    (tmp_path / "system").write_text(f"@revoked attic {KEY.line}\n")
    HostKeys(target, files=(tmp_path / "given",)).check(KEY)
    with pytest.raises(ReceiverHostKeyError, match=r"system:1"):
        HostKeys(replace(target, system_known_hosts=(tmp_path / "system",)), files=(tmp_path / "given",)).check(KEY)


def test_a_file_that_cannot_be_read_is_never_passed_over(target: SshDestination) -> None:
    target.known_hosts[0].mkdir()
    with pytest.raises(ReceiverHostKeyError, match="cannot read the known host keys"):
        HostKeys(target)


def test_an_address_that_another_key_is_known_at(target: SshDestination) -> None:
    path = known(target, f"attic {KEY.line}", f"192.168.2.110 {OTHER.line}")
    HostKeys(target).check(KEY, ip="192.168.2.110")
    asked = replace(target, check_ip=True)
    HostKeys(asked).check(KEY, ip="192.168.2.111")
    HostKeys(replace(asked, host="192.168.2.110", known_as="attic")).check(KEY, ip="192.168.2.110")
    error = refused(asked, ip="192.168.2.110")
    assert f"{path}:2" in error.message
    assert "CheckHostIP" in error.message


def test_types_that_are_known_are_asked_for_first_and_no_others_than_configured(target: SshDestination) -> None:
    available = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "ssh-rsa")
    assert HostKeys(target).order(available) == available
    few = replace(target, algorithms=("ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512", "ssh-ed25519"))
    assert HostKeys(few).order(available) == ("rsa-sha2-512", "ssh-ed25519")
    known(target, f"attic {KEY.line}")
    assert HostKeys(few).order(available) == ("rsa-sha2-512", "ssh-ed25519"), "it stays, as in ssh"
    other = replace(few, algorithms=few.algorithms[1:] if few.algorithms else None)
    assert HostKeys(other).order(available) == ("ssh-ed25519", "rsa-sha2-512")
    with pytest.raises(ConfigurationError, match="HostKeyAlgorithms"):
        HostKeys(replace(target, algorithms=("sk-ssh-ed25519@openssh.com",))).order(available)


# ---- RevokedHostKeys


@pytest.fixture(params=["text", "KRL"])
def revoked(request: pytest.FixtureRequest, target: SshDestination, tmp_path: Path) -> SshDestination:
    """Revoke OTHER in a file of either kind."""
    known(target, render_line("attic", KEY), render_line("attic", OTHER))
    (tmp_path / "other.pub").write_text(f"{OTHER.line}\n")
    if request.param == "text":
        return replace(target, revoked=tmp_path / "other.pub")
    subprocess.run(["ssh-keygen", "-q", "-k", "-f", tmp_path / "krl", tmp_path / "other.pub"], check=True)
    return replace(target, revoked=tmp_path / "krl")


def test_revoked_host_keys_are_honoured(revoked: SshDestination) -> None:
    HostKeys(revoked).check(KEY)
    error = refused(revoked, OTHER)
    assert f"revoked ({revoked.revoked})" in error.message
    assert "remove" not in error.hint


@pytest.mark.parametrize("content", [None, b"SSHKRL\n\0 and then nothing"])
def test_revoked_host_keys_that_cannot_be_read_refuse_every_host(
    target: SshDestination, tmp_path: Path, content: bytes | None
) -> None:
    known(target, f"attic {KEY.line}")
    if content is not None:
        (tmp_path / "krl").write_bytes(content)
    error = refused(replace(target, revoked=tmp_path / "krl"))
    assert "revoked host keys" in error.message
