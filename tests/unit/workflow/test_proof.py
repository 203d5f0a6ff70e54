"""What both sides say, and what is concluded from it; log lines as OpenSSH 8.4, 9.2 and 10.0 write them."""

import pytest

from receiver_setup.camera.messages import TestOutcome
from receiver_setup.camera.wire.codes import UploadResult
from receiver_setup.errors import FileNotArrivedError, HostKeyMismatchError, LoginNotByKeyError, ProofError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.evidence.arrival import ArrivedFile, Evidence
from receiver_setup.workflow.run.proof import check_host_key, check_login, find_arrival


def make_key(number: int) -> PublicKey:
    return PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([number]) * 32)


OWN, OTHER = make_key(1), make_key(2)
PRINT, OTHER_PRINT = OWN.fingerprint, OTHER.fingerprint
BY_KEY = f"Accepted publickey for ipcamera from 192.168.2.168 port 40022 ssh2: RSA {PRINT}"
BY_PASSWORD = "Accepted password for ipcamera from 192.168.2.168 port 40022 ssh2"
PREFIXES = {
    "8.4, syslog": "Nov 22 10:37:50 attic-pi sshd[812]: ",
    "9.2, rsyslog": "2026-11-22T10:37:50.138497+00:00 attic-pi sshd[812]: ",
    "9.2, journal": "1795343870.138497 attic-pi sshd[812]: ",
    "10.0, journal": "1795343870.138497 attic-pi sshd-session[812]: ",
    "busybox syslogd": "Nov 22 10:37:50 attic-pi auth.info sshd[812]: ",
    "sshd -E": "",
}
SHA1_LINES = {
    "8.4, after it was forbidden": "userauth_pubkey: key type ssh-rsa not in PubkeyAcceptedKeyTypes [preauth]",
    "9.2": "userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms [preauth]",
    "10.0": "userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms [preauth]",
    "9.2, key type": "userauth_pubkey: key type ssh-rsa not in PubkeyAcceptedAlgorithms [preauth]",
}
FORGED_USER = (
    f"Invalid user x Accepted publickey for ipcamera from 1.2.3.4 port 1 ssh2: RSA {PRINT} from 6.6.6.6 port 2"
)
FORGED_SHA1 = "Invalid user x userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms from 6.6.6.6"


def evidence(*lines: str, files: tuple[ArrivedFile, ...] = ()) -> Evidence:
    return Evidence(now_s=0.0, files=files, log_sources=(), log="".join(f"{line}\n" for line in lines))


def outcome(key: PublicKey | None) -> TestOutcome:
    return TestOutcome(result=UploadResult.SUCCESS, raw_result=0, host_key=key)


def picture(*, size: int = 31337, first: str = "ffd8ff") -> ArrivedFile:
    return ArrivedFile(
        path="/home/ipcamera/recordings/Test-Snapshot.jpeg",
        inode=7,
        size=size,
        changed_s=1000,
        when="2026-11-22 10:37:50.500000000 +0000",
        first_bytes=first,
    )


def test_a_host_key_that_is_the_receivers_own_is_returned() -> None:
    assert check_host_key(outcome(OWN), [OTHER, OWN], "porch", "attic-pi") is not None
    assert check_host_key(outcome(OWN), iter([OTHER, OWN]), "porch", "attic-pi") == OWN


def test_an_impostors_host_key_is_told_beside_the_expected_ones() -> None:
    with pytest.raises(HostKeyMismatchError) as caught:
        check_host_key(outcome(OTHER), [OWN], "porch", "attic-pi")
    assert OTHER_PRINT in caught.value.message
    assert PRINT in caught.value.message
    assert caught.value.exit_code == 5


def test_where_no_host_key_could_be_read_nobody_is_suspected() -> None:
    with pytest.raises(ProofError, match="not known") as caught:
        check_host_key(outcome(OTHER), [], "porch", "attic-pi")
    assert not isinstance(caught.value, HostKeyMismatchError)
    assert "between" not in caught.value.message + caught.value.hint
    assert caught.value.exit_code == 5


def test_a_host_key_that_was_not_told_is_no_proof() -> None:
    with pytest.raises(ProofError) as caught:
        check_host_key(outcome(None), [OWN], "porch", "attic-pi")
    assert not isinstance(caught.value, HostKeyMismatchError)


@pytest.mark.parametrize("release", PREFIXES)
def test_a_login_with_the_cameras_key_is_seen(release: str) -> None:
    seen = evidence("Server listening on :: port 22.", PREFIXES[release] + BY_KEY)
    check_login(seen, "ipcamera", OWN, Authentication.PUBLIC_KEY, "porch")
    (login,) = seen.logins
    assert (login.method, login.user, login.address, login.key) == ("publickey", "ipcamera", "192.168.2.168", PRINT)


@pytest.mark.parametrize("release", PREFIXES)
def test_a_login_with_another_key_or_by_password_is_told(release: str) -> None:
    for line, told in ((BY_KEY.replace(PRINT, OTHER_PRINT), OTHER_PRINT), (BY_PASSWORD, "password")):
        with pytest.raises(LoginNotByKeyError) as caught:
            check_login(evidence(PREFIXES[release] + line), "ipcamera", OWN, Authentication.PUBLIC_KEY, "porch")
        assert told in caught.value.message
        assert PRINT in caught.value.message


@pytest.mark.parametrize("release", PREFIXES)
def test_a_password_login_is_right_where_one_was_wanted(release: str) -> None:
    check_login(evidence(PREFIXES[release] + BY_PASSWORD), "ipcamera", None, Authentication.PASSWORD, "porch")
    with pytest.raises(LoginNotByKeyError):
        check_login(evidence(PREFIXES[release] + BY_KEY), "ipcamera", None, Authentication.PASSWORD, "porch")


def test_a_login_of_several_that_is_the_cameras_is_enough() -> None:
    seen = evidence(BY_KEY.replace(PRINT, OTHER_PRINT), BY_KEY)
    check_login(seen, "ipcamera", OWN, Authentication.PUBLIC_KEY, "porch")
    assert [login.key for login in seen.logins] == [OTHER_PRINT, PRINT]


def test_a_key_login_of_a_release_that_tells_no_fingerprint_counts() -> None:
    seen = evidence(BY_KEY.partition(": RSA")[0])
    check_login(seen, "ipcamera", OWN, Authentication.PUBLIC_KEY, "porch")
    assert [(login.method, login.key) for login in seen.logins] == [("publickey", None)]
    other = evidence(BY_KEY.replace(PRINT, OTHER_PRINT), BY_KEY.partition(": RSA")[0])
    with pytest.raises(LoginNotByKeyError):
        check_login(other, "ipcamera", OWN, Authentication.PUBLIC_KEY, "porch")


@pytest.mark.parametrize(
    "lines", [(), (BY_PASSWORD.replace("ipcamera", "pi"),), (BY_PASSWORD.replace("ipcamera", "ipcamera2"),)]
)
def test_without_a_line_about_the_user_the_login_is_proven_by_exclusion(lines: tuple[str, ...]) -> None:
    seen = evidence(*lines)
    check_login(seen, "ipcamera", OWN, Authentication.PUBLIC_KEY, "porch")
    assert (len(seen.logins), [login for login in seen.logins if login.user == "ipcamera"]) == (len(lines), [])


@pytest.mark.parametrize("release", PREFIXES)
def test_a_user_name_cannot_forge_a_login(release: str) -> None:
    """Anybody who reaches the port chooses the name that sshd logs."""
    seen = evidence(PREFIXES[release] + FORGED_USER, PREFIXES[release] + BY_PASSWORD)
    assert [login.method for login in seen.logins] == ["password"]


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("release", SHA1_LINES)
def test_a_refused_sha1_signature_is_recognised(prefix: str, release: str) -> None:
    seen = evidence(PREFIXES[prefix] + SHA1_LINES[release])
    assert seen.sha1_refused("ipcamera")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_user_name_cannot_make_us_allow_sha1(prefix: str) -> None:
    assert not evidence(PREFIXES[prefix] + FORGED_SHA1).sha1_refused("ipcamera")


def test_a_fresh_picture_is_the_proof() -> None:
    seen = evidence(files=(picture(),))
    assert (
        find_arrival(seen, "/home/ipcamera/recordings", since_s=1000.25, before=(), others=(), camera="porch")
        == picture()
    )


@pytest.mark.parametrize(
    ("files", "before", "since_s", "directory", "told"),
    [
        ((), (), 1000.25, "/home/ipcamera/recordings", "no new file"),
        ((picture(),), (picture(),), 1000.25, "/home/ipcamera/recordings", "no new file"),
        ((picture(),), (), 1000.75, "/home/ipcamera/recordings", "no new file"),
        ((picture(),), (), 1000.25, "/home/ipcamera/recordings/porch", "no new file"),
        ((picture(),), (), 1000.25, "/home/ipcamera/rec", "no new file"),
        ((picture(size=0, first=""),), (), 1000.25, "/home/ipcamera/recordings", "is empty"),
        ((picture(first="3c6874"),), (), 1000.25, "/home/ipcamera/recordings", "is not a JPEG (it begins with 3c6874)"),
    ],
)
def test_what_is_not_a_fresh_picture_is_no_proof(
    files: tuple[ArrivedFile, ...], before: tuple[ArrivedFile, ...], since_s: float, directory: str, told: str
) -> None:
    with pytest.raises(FileNotArrivedError) as caught:
        find_arrival(evidence(files=files), directory, since_s=since_s, before=before, others=(), camera="porch")
    assert told in caught.value.message
    assert caught.value.exit_code == 5
