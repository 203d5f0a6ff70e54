"""Which keys sshd's policy refuses, which rule is named, and what is not known refuses nothing."""

import base64
import struct
from dataclasses import replace

import pytest

from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.facts.configuration import parse_lines
from receiver_setup.receiver.facts.model import ACCOUNT_MARK, Account, Facts, Group, PathState, Staged
from receiver_setup.receiver.plan.key_policy import check_key, check_way_to_keys, may_pass

FACTS = replace(Facts.parse(b"@now 1\n1\n@end 2\nok\n"), openssh=(10, 0), hostname="attic", manager="reload ssh")
OURS = Account(name="ipcamera", uid=999, gid=997, comment=ACCOUNT_MARK, home="/home/ipcamera", shell="/bin/false")  # noqa: S604 - a field
ALL = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256"


def rsa(bits: int) -> PublicKey:
    number = b"\x00" + (1 << (bits - 1) | 1).to_bytes(bits // 8, "big")
    fields = (b"ssh-rsa", b"\x01\x00\x01", number)
    blob = b"".join(struct.pack(">I", len(field)) + field for field in fields)
    return PublicKey.from_base64(base64.b64encode(blob).decode())


ED25519 = PublicKey.from_line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDl9tqU3Xoy0FYRPcXQ0ZkXl7tyAVSlLqDnYXOkbIcUJ")


def facts(own: str, overall: str | None = None, *lines: str) -> Facts:
    told = overall if overall is not None else own
    return replace(FACTS, sshd_effective=own, sshd_global=told, configuration=parse_lines(lines))


def refusal(seen: Facts, key: PublicKey, *, allow_sha1: bool = False, settled: bool = False) -> str | None:
    try:
        check_key(seen, "ipcamera", key, allow_sha1=allow_sha1, settled=settled)
    except ReceiverUnsuitableError as error:
        return f"{error.message} | {error.hint}"
    return None


@pytest.mark.parametrize(
    ("told", "key", "refused"),
    [
        ("requiredrsasize 2048", rsa(2048), False),
        ("requiredrsasize 2049", rsa(2048), True),
        ("RequiredRSASize 3072", rsa(2048), True),
        ("requiredrsasize 3072", ED25519, False),
        ("", rsa(1024), False),
        (f"pubkeyacceptedalgorithms {ALL}", rsa(2048), False),
        ("pubkeyacceptedalgorithms ssh-ed25519,rsa-sha2-256", rsa(2048), False),
        ("pubkeyacceptedalgorithms ssh-ed25519,ssh-rsa", rsa(2048), False),
        ("pubkeyacceptedalgorithms ssh-ed25519,rsa-sha2-512-cert-v01@openssh.com", rsa(2048), True),
        ("pubkeyacceptedkeytypes ssh-ed25519", rsa(2048), True),
        ("pubkeyacceptedalgorithms rsa-sha2-512", ED25519, True),
    ],
)
def test_size_and_signatures_are_held_against_what_sshd_says(told: str, key: PublicKey, refused: bool) -> None:
    assert (refusal(facts(told), key) is not None) is refused


def test_the_line_that_sets_a_rule_for_the_user_is_told_from_the_global_one() -> None:
    lines = (
        "/etc/ssh/sshd_config:3:RequiredRSASize 2048",
        "/etc/ssh/sshd_config:8:Match Group cameras",
        "/etc/ssh/sshd_config:9:RequiredRSASize 4096",
    )
    told = refusal(facts("requiredrsasize 4096", "requiredrsasize 2048", *lines), rsa(2048)) or ""
    assert "`RequiredRSASize 4096` (at /etc/ssh/sshd_config:9)" in told
    assert "make the line /etc/ssh/sshd_config:8 `Match Group cameras User *,!ipcamera`" in told


def test_a_global_rule_is_not_blamed_on_another_users_line() -> None:
    lines = (
        "/etc/ssh/sshd_config:3:Match User anna",
        "/etc/ssh/sshd_config:4:PubkeyAcceptedAlgorithms ssh-dss",
        "/etc/ssh/sshd_config:5:Match all",
        "/etc/ssh/sshd_config:6:PubkeyAcceptedAlgorithms ssh-ed25519",
    )
    told = refusal(facts("pubkeyacceptedalgorithms ssh-ed25519", None, *lines), rsa(2048)) or ""
    assert "`PubkeyAcceptedAlgorithms ssh-ed25519` at /etc/ssh/sshd_config:6" in told


def test_a_rule_without_a_line_is_named_as_sshd_prints_it() -> None:
    told = refusal(facts("pubkeyacceptedalgorithms ssh-ed25519"), rsa(2048)) or ""
    assert "`pubkeyacceptedalgorithms` of sshd -T has no rsa-sha2-512 or rsa-sha2-256" in told
    assert "sshd -T shows it" in (refusal(facts("requiredrsasize 4096"), rsa(2048)) or "")


@pytest.mark.parametrize(
    ("value", "remedy"),
    [
        ("ssh-ed25519", f"make the line PLACE `PubkeyAcceptedAlgorithms {ALL}`"),
        ("-rsa-sha2-*,ssh-dss", "make the line PLACE `PubkeyAcceptedAlgorithms -ssh-dss`"),
        ("-rsa-*", "delete the line PLACE"),
    ],
)
def test_the_remedy_is_the_line_as_it_should_be(value: str, remedy: str) -> None:
    lines = (
        "/etc/ssh/sshd_config.d/10.conf:1:PubkeyAcceptedAlgorithms ^ssh-dss",
        f"/etc/ssh/sshd_config:4:PubkeyAcceptedAlgorithms {value}",
        "/etc/ssh/sshd_config:9:PubkeyAcceptedAlgorithms rsa-sha2-512",
    )
    told = refusal(facts("pubkeyacceptedalgorithms ssh-ed25519", None, *lines), rsa(2048)) or ""
    assert (
        f"{remedy}, then `sudo sshd -t && sudo systemctl reload ssh`".replace("PLACE", "/etc/ssh/sshd_config:4") in told
    )


def test_the_global_list_counts_where_a_client_hears_of_it_and_nothing_else_is_possible() -> None:
    own, overall = f"pubkeyacceptedalgorithms {ALL}", "pubkeyacceptedalgorithms ssh-ed25519"
    seen = facts(own, overall)
    assert refusal(seen, rsa(2048)) is not None
    assert refusal(replace(seen, openssh=(9, 2)), rsa(2048)) is None
    assert refusal(seen, rsa(2048), settled=True) is None
    assert refusal(facts(f"{own},ssh-rsa", overall), rsa(2048)) is None
    assert refusal(facts(own, ""), rsa(2048)) is None


def test_what_sshd_says_with_the_drop_in_counts_and_sha1_brings_the_defaults_back() -> None:
    seen = facts("pubkeyacceptedalgorithms ssh-ed25519")
    assert refusal(replace(seen, staged=Staged(effective=f"pubkeyacceptedalgorithms {ALL},ssh-rsa")), rsa(2048)) is None
    assert refusal(replace(seen, staged=Staged(problem="no")), rsa(2048)) is not None
    assert refusal(seen, rsa(2048), allow_sha1=True) is None
    assert refusal(facts("requiredrsasize 4096"), rsa(2048), allow_sha1=True) is not None


def folder(mode: int, *, path: str = "/etc/ssh", uid: int = 0, gid: int = 0, group: str = "root") -> PathState:
    return PathState(path=path, kind="directory", mode=mode, uid=uid, gid=gid, owner="x", group=group)


@pytest.mark.parametrize(
    ("state", "passes"),
    [
        (folder(0o755), True),
        (folder(0o711), True),
        (folder(0o700), False),
        (folder(0o750, gid=997, group="ipcamera"), True),
        (folder(0o701, gid=997, group="ipcamera"), False),
        (folder(0o750, gid=4, group="cameras"), True),
        (folder(0o077, uid=999), False),
    ],
)
def test_a_folder_is_passed_as_the_kernel_has_it(state: PathState, passes: bool) -> None:
    assert may_pass(replace(FACTS, account=OURS, groups=("ipcamera", "cameras")), state) is passes


def test_an_account_that_is_yet_to_be_made_gets_the_group_of_its_name() -> None:
    assert may_pass(replace(FACTS, group=Group(gid=997)), folder(0o710, gid=997))
    assert not may_pass(FACTS, folder(0o710, gid=997))


def test_every_folder_above_the_key_file_is_looked_at_and_only_for_a_login_by_key() -> None:
    for path in ("/", "/etc", "/etc/ssh", "/etc/ssh/authorized_keys.d"):
        seen = replace(FACTS, paths={path: folder(0o700, path=path)})
        with pytest.raises(ReceiverUnsuitableError) as caught:
            check_way_to_keys(seen, "ipcamera", Authentication.PUBLIC_KEY)
        assert caught.value.hint == f"`sudo chmod o+x {path}`, then run this again"
        check_way_to_keys(seen, "ipcamera", Authentication.PASSWORD)
