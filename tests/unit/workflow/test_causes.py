"""What a diagnosis concludes where a real receiver is not needed, or cannot be had; log lines as sshd writes them."""

from dataclasses import replace

import pytest

from receiver_setup.camera.wire.codes import ResponseCode, UploadResult
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.evidence.arrival import Evidence
from receiver_setup.receiver.evidence.listening import Socket, parse_sockets
from receiver_setup.receiver.evidence.sshd_log import Seen, concerns, drop_older, parse_log
from receiver_setup.receiver.facts.model import Facts
from receiver_setup.workflow.causes import CATALOGUE, FailedUpload, Symptom, diagnose, diagnose_clock, render_causes
from receiver_setup.workflow.causes.catalogue import DIRECTORY_CLOSED
from receiver_setup.workflow.causes.model import name

CAMERA, SERVER = "192.168.2.168", "192.168.2.110"
FACTS = Facts.parse(b"@now 4\n1000\n@end 2\nok\n")
EVIDENCE = Evidence(now_s=1001.0, files=(), log_sources=(), log="")
LISTENING = Socket(address="0.0.0.0", port=22)  # noqa: S104 - what /proc/net/tcp says


def make_key(number: int) -> PublicKey:
    return PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([number]) * 32)


TARGET = FailedUpload(
    camera="porch",
    receiver="attic",
    server=SERVER,
    port=22,
    user="ipcamera",
    directory="/home/ipcamera/recordings",
    sources=(CAMERA,),
    key=make_key(3),
)


def log(*lines: str) -> Evidence:
    return replace(EVIDENCE, log="".join(f"Nov 22 10:37:50 attic sshd[8]: {line}\n" for line in lines), log_speaks=True)


def test_every_cause_has_one_row_and_words_of_its_own() -> None:
    assert len({cause.kind for cause in CATALOGUE}) == len({cause.title for cause in CATALOGUE}) == len(CATALOGUE)
    assert len(render_causes().splitlines()) == len(CATALOGUE) + 2
    for cause in CATALOGUE:
        for text in (cause.title, cause.explanation, cause.remedy):
            assert not text.endswith("."), text
            assert text[:1].islower() or text.startswith(("sshd", "OpenSSH", "`sudo", "{")), text
        assert ("receiver-setup setup" in cause.remedy or "--" in cause.remedy) or not cause.mended_by_setup


@pytest.mark.parametrize(
    ("line", "user"),
    [
        ("Nov 28 16:09:05 pi sshd[685]: pam_access(sshd:account): access denied for user `ann' from `10.0.0.9'", "ann"),
        ("1795343870.1 pi sshd-session[7]: pam_listfile(sshd:account): Refused user ann for service sshd", "ann"),
        ('Nov 28 16:09:05 pi sshd[7]: pam_succeed_if(sshd:account): requirement "uid >= 9" not met by user "a"', "a"),
        ("Nov 28 16:09:05 pi su[7]: pam_listfile(sshd:account): Refused user ann for service sshd", None),
        ("pam_listfile(sshd:account): Refused user ann for service sshd", None),
        ("Nov 28 16:09:05 pi sshd[7]: Invalid user pam_listfile(sshd:account): Refused user ann for service x", None),
    ],
)  # fmt: skip
def test_what_a_pam_module_says_counts_in_sshds_own_lines_alone(line: str, user: str | None) -> None:
    found = [event.user for event in parse_log(line) if event.seen is Seen.PAM_REFUSED]
    assert found == ([] if user is None else [user])


def test_what_cannot_be_pasted_is_told_in_words() -> None:
    remedy = name(DIRECTORY_CLOSED, TARGET, path="/srv/it's $HOME!").remedy
    assert remedy.startswith("""`sudo chown -R ipcamera: '/srv/it'"'"'s $HOME!' && sudo chmod u+rwx """)
    assert "`" not in name(DIRECTORY_CLOSED, TARGET, path="/srv/a\nb").remedy
    assert name(DIRECTORY_CLOSED, TARGET, path="/srv/a`b").remedy.count("`") == 2


@pytest.mark.parametrize("result", [result for result in UploadResult if result])
@pytest.mark.parametrize("evidence", [None, EVIDENCE, log("Server listening on :: port 22.")])
@pytest.mark.parametrize("facts", [None, FACTS])
def test_every_result_gets_one_sentence_with_whatever_could_be_read(
    result: UploadResult, evidence: Evidence | None, facts: Facts | None
) -> None:
    found = diagnose(Symptom(result=result.value), target=TARGET, facts=facts, evidence=evidence)
    assert found.cause in CATALOGUE
    assert found.sentence.startswith(found.cause.title)
    assert found.remedy
    assert "{" not in found.remedy
    assert found.certain or found.unseen or found.cause.kind in {"unknown", "quota"}


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (211, "camera-rights"),
        (213, "camera-busy"),
        (218, "camera-blocked"),
        (214, "camera-fault"),
        (999, "camera-fault"),
    ],
)
def test_a_response_code_is_the_cameras_own_cause(code: int, kind: str) -> None:
    found = diagnose(Symptom(response=code), target=TARGET)
    assert found.cause.kind == kind
    assert str(code) in found.sentence
    assert code not in list(ResponseCode) or ResponseCode(code).name in found.sentence


def test_a_key_that_is_not_the_receivers_tells_who_shows_it() -> None:
    facts = replace(FACTS, host_keys=(make_key(1),))
    symptom = Symptom(result=-5, host_key=make_key(2))
    seen = log(f"Connection closed by {CAMERA} port 40022 [preauth]")
    newer = replace(facts, newer_keys=("/etc/ssh/ssh_host_rsa_key",))
    asked = replace(newer, disk_keys=newer.host_keys)
    kinds = [
        diagnose(symptom, target=TARGET, facts=each, evidence=evidence).cause.kind
        for each, evidence in ((facts, EVIDENCE), (facts, seen), (newer, seen), (asked, seen))
    ]
    assert kinds == ["wrong-address", "host-key-foreign", "host-key-not-loaded", "host-key-foreign"]


def test_what_kept_an_earlier_try_out_is_not_blamed_for_a_later_one() -> None:
    refused = "userauth_pubkey: signature algorithm ssh-rsa not in PubkeyAcceptedAlgorithms [preauth]"
    taken = f"Accepted publickey for ipcamera from {CAMERA} port 4 ssh2: RSA SHA256:x"
    symptom = Symptom(result=-8)
    assert diagnose(symptom, target=TARGET, facts=FACTS, evidence=log(taken, refused)).cause.kind == "sha1"
    assert diagnose(symptom, target=TARGET, facts=FACTS, evidence=log(refused, taken)).cause.kind != "sha1"


@pytest.mark.parametrize(
    "line",
    [
        "User anna from 10.0.0.7 not allowed because not listed in AllowUsers",
        "Invalid user x from 10.0.0.7 port 4 not allowed because account is locked",
        "Invalid user User ipcamera not allowed because account is locked from 10.0.0.7 port 4",
        "Failed password for ipcamera from 10.0.0.7 port 4 ssh2 from 10.0.0.7 port 4 ssh2",
        "drop connection #0 from [10.0.0.7]:4 on [10.0.0.2]:22 penalty: failed authentication",
        "Authentication refused: bad ownership or modes for file /home/anna/.ssh/authorized_keys",
        "Unable to negotiate with 10.0.0.7 port 4: no matching MAC found. Their offer: hmac-md5",
    ],
)
def test_other_peoples_lines_are_not_this_cameras_cause(line: str) -> None:
    evidence = replace(log(line), sockets=(LISTENING,))
    assert diagnose(Symptom(result=-1), target=TARGET, facts=FACTS, evidence=evidence).cause.kind == "firewall"


@pytest.mark.parametrize(
    ("sockets", "addresses", "server", "kind"),
    [
        ((), (), SERVER, "nothing-listens"),
        ((Socket(address="127.0.0.1", port=22),), (), SERVER, "nothing-listens"),
        ((Socket(address=SERVER, port=22, peer="10.0.0.1"),), (), SERVER, "nothing-listens"),
        ((Socket(address=SERVER, port=22),), (SERVER,), SERVER, "firewall"),
        ((Socket(address="::", port=22),), (SERVER,), SERVER, "firewall"),
        ((LISTENING,), ("10.0.0.1",), SERVER, "wrong-address"),
        ((LISTENING,), (SERVER,), "attic.example", "name-unknown"),
    ],
)
def test_without_a_connection_the_sockets_tell(
    sockets: tuple[Socket, ...], addresses: tuple[str, ...], server: str, kind: str
) -> None:
    evidence = replace(log("Server listening on :: port 22."), sockets=sockets, addresses=addresses)
    found = diagnose(Symptom(result=-1), target=replace(TARGET, server=server), facts=FACTS, evidence=evidence)
    assert found.cause.kind == kind


@pytest.mark.parametrize(
    ("records", "file", "has", "pasted"),
    [
        ((), "sshd", "put `account", True),
        (("header", "/etc/pam.d/common-account\n# managed by pam-auth-update by default."), "common-account", "", True),
        (("header", "/etc/pam.d/sshd\n# Ansible managed"), "sshd", "change it where this file is managed from", False),
        (("header", "/etc/pam.d/sshd\n# Ansible managed"), "common-account", "put `account", True),
        (("mark", "/etc/authselect/authselect.conf"), "password-auth", "a profile of your own", False),
        (("mark", "/etc/authselect/authselect.conf"), "sshd", "put `account", True),
    ],
)
def test_a_rule_of_pam_is_edited_only_where_the_edit_lasts(
    records: tuple[str, ...], file: str, has: str, pasted: bool
) -> None:
    record = f"@{records[0]} {len(records[1])}\n{records[1]}\n" if records else ""
    facts = Facts.parse(f"@now 4\n1000\n{record}@end 2\nok\n".encode())
    seen = replace(
        log("fatal: Access denied for user ipcamera by PAM account configuration [preauth]"),
        pam_rules=(f"/etc/pam.d/{file}:7:account required pam_time.so",),
    )
    found = diagnose(Symptom(result=-2), target=TARGET, facts=facts, evidence=seen)
    assert found.cause.kind == "pam-module"
    assert "to leave ipcamera out of that rule" in found.remedy
    assert has in found.remedy
    assert ("`sudo sed -i" in found.remedy) == pasted, found.remedy


@pytest.mark.parametrize(
    ("mark", "usedns", "has"),
    [
        ("/etc/nowhere", "yes", "put this line at the top of /etc/ssh/sshd_config: `UseDNS no`"),
        ("/etc/openmediavault/config.xml", "yes", "Services → SSH"),
        ("/etc/nowhere", "no", "at the network"),
    ],
)
def test_a_slow_login_is_mended_where_that_lasts(mark: str, usedns: str, has: str) -> None:
    records = f"@now 4\n1000\n@mark {len(mark)}\n{mark}\n@end 2\nok\n"
    facts = replace(Facts.parse(records.encode()), sshd_effective=f"usedns {usedns}")
    found = diagnose(Symptom(result=-4, host_key=make_key(1)), target=TARGET, facts=facts, evidence=None)
    assert found.cause.kind == "too-slow"
    assert has in found.remedy


def test_without_a_log_silence_proves_nothing() -> None:
    evidence = replace(EVIDENCE, sockets=(LISTENING,))
    facts = replace(FACTS, openssh=(10, 0))
    found = diagnose(Symptom(result=-1), target=TARGET, facts=facts, evidence=evidence)
    assert (found.cause.kind, found.certain, found.unseen) == (
        "firewall",
        False,
        ("no log of sshd's can be read there",),
    )
    assert [cause.kind for cause in found.likely] == ["firewall", "penalty", "too-many-connections"]


@pytest.mark.parametrize("reason", ["failed authentication", "connections without attempting authentication"])
def test_a_penalty_is_told_with_sshds_own_reason(reason: str) -> None:
    line = f"drop connection #0 from [{CAMERA}]:4 on [{SERVER}]:22 penalty: {reason}"
    found = diagnose(Symptom(result=-1), target=TARGET, facts=FACTS, evidence=log(line))
    assert found.cause.kind == "penalty"
    assert f"drops {CAMERA} for 600 s at the most, for {reason}" in found.sentence


def test_rules_of_a_firewall_are_shown() -> None:
    evidence = replace(log("Server listening on :: port 22."), sockets=(LISTENING,), firewall=("-P INPUT DROP",))
    found = diagnose(Symptom(result=-4), target=TARGET, facts=FACTS, evidence=evidence)
    assert (found.cause.kind, found.seen) == ("firewall", ("-P INPUT DROP",))


def test_the_least_bad_of_the_cameras_offers_is_what_would_be_set() -> None:
    offer = "diffie-hellman-group1-sha1,diffie-hellman-group14-sha256,ext-info-c [preauth]"
    line = f"Unable to negotiate with {CAMERA} port 4: no matching key exchange method found. Their offer: {offer}"
    found = diagnose(Symptom(result=-8), target=TARGET, facts=FACTS, evidence=log(line))
    assert "`KexAlgorithms +diffie-hellman-group14-sha256`" in found.remedy
    assert "for everybody and not for the camera alone" in found.remedy


@pytest.mark.parametrize(
    ("now_s", "told"), [(1000.0, None), (1299.0, None), (2200.0, "20 min behind"), (400.0, "10 min ahead")]
)
def test_a_clock_that_is_far_off_is_named(now_s: float, told: str | None) -> None:
    found = diagnose_clock(TARGET, FACTS, now_s=now_s)
    assert (found is None) == (told is None)
    assert told is None or (found is not None and told in found.sentence)


def test_sockets_are_read_in_both_families() -> None:
    lines = (
        "  sl  local_address rem_address   st tx_queue\n"
        "   0: 6E02A8C0:0016 A802A8C0:9C56 01 0 0\n"
        "   1: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0\n"
        "   2: 0000000000000000FFFF00006E02A8C0:0016 0000000000000000FFFF0000A802A8C0:9C56 06 0\n"
        "   3: nonsense\n"
    )
    sockets = parse_sockets(lines)
    assert sockets == (
        Socket(address=SERVER, port=22, peer=CAMERA),
        Socket(address="::", port=22),
        Socket(address=SERVER, port=22, peer=CAMERA),
    )
    assert [socket.takes("fe80::1%eth0", 22) for socket in sockets] == [False, True, False]


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("drop connection #10 from [10.0.0.9]:4 on [10.0.0.2]:22 past MaxStartups", Seen.TOO_MANY),
        (
            "srclimit_penalise: ipv4: new 10.0.0.9/32 active penalty of 60 seconds for penalty: failed authentication",
            Seen.PENALTY,
        ),
        ('fatal: bad ownership or modes for chroot directory component "/home/" [postauth]', Seen.JAIL_REFUSED),
        (
            "error: Could not open authorized keys '/etc/ssh/authorized_keys.d/ipcamera': Permission denied",
            Seen.KEY_FILE_CLOSED,
        ),
        ("User ipcamera not allowed because shell /bin/x does not exist", Seen.ACCOUNT_CLOSED),
    ],
)
def test_lines_of_other_releases_and_levels_are_understood(line: str, seen: Seen) -> None:
    events = parse_log(f"1795343870.138497 attic sshd-session[812]: {line}")
    assert [event.seen for event in events] == [seen]


def test_a_key_files_line_concerns_its_owner() -> None:
    line = "Authentication refused: bad ownership or modes for {}"
    about = {
        path: parse_log(line.format(path))[0] for path in ("file /etc/ssh/authorized_keys.d/x", "directory /etc/ssh")
    }
    assert [concerns(event, "x") for event in about.values()] == [True, True]
    assert [concerns(event, "ipcamera") for event in about.values()] == [False, True]


def test_lines_without_a_time_of_the_journals_stay() -> None:
    text = "Nov 22 10:37:50 attic sshd[8]: a\n999.500000 attic sshd[8]: b\nc\n"
    assert drop_older(text, 1000.0) == "Nov 22 10:37:50 attic sshd[8]: a\nc\n"


OWN, OTHER = make_key(3).fingerprint, make_key(4).fingerprint
REFUSED = Symptom(result=-2)
PINNED = (
    "/etc/ssh/authorized_keys.d/ipcamera:1: Authentication tried for ipcamera with correct key but not from a "
    f"permitted host (host=porch, ip={CAMERA}, required=192.168.2.9)."
)


def offered(fingerprint: str, address: str = CAMERA, user: str = "ipcamera") -> str:
    return f"Failed publickey for {user} from {address} port 4 ssh2: RSA {fingerprint}"


@pytest.mark.parametrize(
    ("lines", "kind", "says"),
    [
        ((offered(OTHER),), "wrong-key", f"offered another key to attic: {OTHER}"),
        ((offered(OWN),), "signature-refused", "sshd knows the camera's key and refuses what it signs"),
        ((offered(OTHER, "192.168.2.9"),), "key-not-used", "the camera did not sign in with its key"),
        ((offered(OTHER, user="anna"),), "key-not-used", "the camera did not sign in with its key"),
        ((PINNED, offered(OWN)), "wrong-source", f"pinned to 192.168.2.9, and the camera came from {CAMERA}"),
        (("refusing RSA key: Invalid key length [preauth]",), "key-refused", "“Invalid key length”"),
        (
            (PINNED, "srclimit_penalise: ipv4: new 192.168.2.168/32 deferred penalty of 5 seconds for penalty: failed"),
            "wrong-source",
            "pinned to",
        ),
    ],
)
def test_what_became_of_a_key_is_told_by_its_own_line(lines: tuple[str, ...], kind: str, says: str) -> None:
    closed = f"Connection closed by authenticating user ipcamera {CAMERA} port 4 [preauth]"
    found = diagnose(REFUSED, target=TARGET, facts=FACTS, evidence=log(*lines, closed))
    assert (found.cause.kind, found.certain) == (kind, True), found.sentence
    assert says in found.sentence


def test_a_key_that_is_nobodys_here_is_told_with_those_that_are_known() -> None:
    files = {"/etc/ssh/authorized_keys.d/ipcamera": f"restrict {make_key(5).line} receiver-setup:attic\n".encode()}
    facts = replace(FACTS, files=files)
    found = diagnose(REFUSED, target=replace(TARGET, key=None), facts=facts, evidence=log(offered(OTHER)))
    assert found.cause.kind == "wrong-key"
    assert f"it offered {OTHER}, and" in found.sentence
    closed = f"Connection closed by authenticating user ipcamera {CAMERA} port 4 [preauth]"
    known = diagnose(REFUSED, target=TARGET, facts=facts, evidence=log(offered(make_key(5).fingerprint), closed))
    assert known.cause.kind == "key-not-used"
