"""What we make of ssh_config and known_hosts, beside what `ssh` itself does with them, against a real sshd."""

import getpass
import os
import pwd
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverHostKeyError, ReceiverLoginError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.known_hosts import Verdict, known_name, render_line
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts.host_keys import HostKeys
from receiver_setup.receiver.hosts.paramiko_alone import paramiko
from receiver_setup.receiver.hosts.ssh_config import SshDestination, read_target
from receiver_setup.receiver.hosts.ssh_way import SshOptions, Way

CASES = 500
SEED = 20261128
REALLY = 25
"""Every so many-th case is one more connection of ours, up to the login."""
OTHERS = ("cellar", "10.1.2.3", "[cellar]:2222", "*.example", "attic.example")
JUNK = (
    "", "# a comment", "attic", "attic ssh-ed25519", "attic ssh-ed25519 AAAA", "@trusted attic ssh-ed25519 AAAA",
    "|1|x|y ssh-ed25519 AAAA", "attic 1024 35 12345", "caf\udce9 \udcff\udcfe",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One configuration with its known hosts, and what is asked of it."""

    folder: Path
    address: ReceiverAddress

    @property
    def config(self) -> Path:
        """Return the file that `-F` names."""
        return self.folder / "config"


@dataclass(frozen=True)
class Decided:
    """What ssh, or we, made of a case."""

    host: str
    port: int
    user: str
    identities: tuple[str, ...]
    verdict: str


class Maker:
    """Makes cases by chance, the same in every run."""

    def __init__(
        self, folder: Path, receiver: ThrowawayReceiver, keys: list[PublicKey], others: list[PublicKey]
    ) -> None:
        self.folder = folder
        self.there = receiver.address
        self.keys, self.others = keys, others
        self.random = random.Random(SEED)  # noqa: S311 - no secret

    def make(self, number: int) -> Case:
        """Write one."""
        chance, folder = self.random, self.folder / str(number)
        folder.mkdir()
        asked = chance.choice(["attic", self.there, "Attic"])
        address = ReceiverAddress(
            host=asked, user=chance.choice([None, None, "admin", "anna"]), port=chance.choice([None, None, 22, 2222])
        )
        alias = chance.choice([None, None, None, "The-Attic"])
        (folder / "config").write_bytes(self._config(folder, alias).encode("utf-8", "surrogateescape"))
        names = [known_name(name, port) for name in (self.there, self.there, "the-attic") for port in (22, 22, 2222)]
        for name in ("known", "known two", "system"):
            lines = [self._line(names) for _ in range(chance.choice([0, 1, 1, 2, 3, 5]))]
            end = chance.choice(["\n", "\n", "\r\n"])
            (folder / name).write_bytes("".join(line + end for line in lines).encode("utf-8", "surrogateescape"))
        (folder / "revoked").write_text("".join(f"{key.line}\n" for key in chance.sample(self.keys, 1)))
        return Case(folder, address)

    def _config(self, folder: Path, alias: str | None) -> str:
        chance = self.random
        general = [
            f"UserKnownHostsFile {chance.choice([f'{folder}/known', f'{folder}/known “{folder}/known two”', 'none'])}",
            f"GlobalKnownHostsFile {chance.choice(['none', f'{folder}/system', f'{folder}/missing {folder}/system'])}",
            chance.choice(["StrictHostKeyChecking", "stricthostkeychecking ="])
            + f" {chance.choice(['yes', 'ask', 'accept-new', 'no', 'off'])}",
        ]
        general = [line.replace("“", '"').replace("”", '"') for line in general]
        optional = [
            "Port 2222", "Port=2222", "User anna", "User root", f"IdentityFile {folder}/id_%h",
            "IdentityFile ~/.ssh/%r_%%",
            f'IdentityFile "{folder}/my id"', f"IdentityFile={folder}/%n-%p-%u", "IdentitiesOnly Yes", "ProxyJump None",
            "ProxyCommand none", "CheckHostIP yes", "CheckHostIP no", "HashKnownHosts yes", "VerifyHostKeyDNS no",
            "HostKeyAlgorithms ecdsa-sha2-nistp256", "HostKeyAlgorithms rsa-sha2-512,rsa-sha2-256",
            "HostKeyAlgorithms -ssh-ed25519", f"RevokedHostKeys {folder}/revoked", "AddressFamily inet", "# caf\udce9",
            *([f"HostKeyAlias {alias}"] * 4 if alias else []),
        ]  # fmt: skip
        blocks = []
        for _ in range(chance.randint(1, 4)):
            head = chance.choice([
                "Host attic", "Host *", "Host a* !attic", "Host 10.*", "Host=attic Attic", "Host cellar", "Match all",
                'Match exec "true"', 'Match host attic exec "test %h = attic"', "Match originalhost Attic",
                f"Match localuser {getpass.getuser()}", "Match user anna", "Match final all",
            ])  # fmt: skip
            blocks.append("\n  ".join([head, *chance.sample(optional, chance.randint(1, 4))]))
        last = f"Host *\n  HostName {self.there}\n  User admin\n  " + "\n  ".join(general)
        chance.shuffle(blocks)
        if chance.random() < 0.3:
            (folder / "more").write_bytes(blocks.pop().encode("utf-8", "surrogateescape"))
            blocks.insert(0, f"Include{chance.choice(['=', ' '])}{folder}/more")
        return "\n".join([*blocks, last]) + "\n"

    def _line(self, names: list[str]) -> str:
        chance = self.random
        if chance.random() < 0.15:
            return chance.choice(JUNK)
        key = chance.choice(self.keys if chance.random() < 0.7 else self.others)
        name = chance.choice(names if chance.random() < 0.75 else OTHERS)
        kind = chance.random()
        if kind < 0.15:
            line = render_line(name, key, salt=chance.randbytes(20))
        elif kind < 0.25:
            line = f"{chance.choice(['*', '10.*', '?ttic', '[10.*]:2222', 'a*,!attic', f'*,!{name}'])} {key.line}"
        elif kind < 0.4:
            line = f"{chance.choice(OTHERS)},{name}\t{key.line} a comment"
        else:
            line = f"{name} {key.line}"
        return chance.choices(["", "@revoked ", "@cert-authority "], [8, 1, 1])[0] + line


def by_ssh(case: Case) -> Decided:
    """Run ssh up to the check of the host key, and read what it did."""
    address = case.address
    words = ["-p", str(address.port)] if address.port else []
    words += ["-l", address.user] if address.user else []
    done = subprocess.run(
        [
            *("ssh", "-v", "-F", case.config, "-oBatchMode=yes", "-oPreferredAuthentications=none"),
            "-oKexAlgorithms=curve25519-sha256",
            *(*words, address.host, "true"),
        ],
        stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    said = os.fsdecode(done.stderr)
    reached = re.search(r"debug1: Authenticating to (\S+):(\d+) as '(.*)'", said)
    assert reached is not None, said
    found = re.findall(r"debug1: identity file (.*) type -?\d+", said)
    identities = tuple(name for name in found if not name.endswith("-cert"))
    return Decided(reached[1], int(reached[2]), reached[3], identities, verdict_of(said))


def verdict_of(said: str) -> str:
    """Return what ssh -v says of the key."""
    if "REVOKED HOST KEY DETECTED" in said or re.search(r"Host key .* revoked by file", said):
        return Verdict.REVOKED
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in said:
        return Verdict.CHANGED
    if "differs from the key for the IP address" in said:
        return "address"
    if "is known and matches" in said:
        return Verdict.KNOWN
    assert "Permanently added" in said or "Host key verification failed" in said, said
    return Verdict.UNKNOWN


def by_us(case: Case, keys: list[PublicKey], there: str) -> Decided:
    """Read the same files; the key is the one that the server would show for the order that we offer."""
    target = read_target(case.address, config_file=case.config)
    # “no” is not followed; for what is seen of the key it is as accept-new, which goes on where ssh does.
    lax = replace(target, strictness="accept-new") if target.strictness == "false" else target
    known = HostKeys(lax)
    key = shown(known, keys)
    return Decided(
        target.host, target.port, target.user, tuple(map(str, target.identities)), judged(lax, known, key, there)
    )


def shown(known: HostKeys, keys: list[PublicKey]) -> PublicKey:
    """Return the key for the first algorithm of ours that the server has one for (RFC 4253 section 7.1)."""
    own = {key.type: key for key in keys}
    order = known.order(paramiko.Transport._preferred_keys)  # type: ignore[attr-defined]  # noqa: SLF001 - what it has
    types = ["ssh-rsa" if each.startswith("rsa-") else each for each in order]
    return next(own[each] for each in types if each in own)


def judged(target: SshDestination, known: HostKeys, key: PublicKey, there: str) -> str:
    """Return our verdict, by the error where there is one."""
    verdict = known.judge(key).verdict
    before = [path.read_bytes() if path.exists() else b"" for path in target.known_hosts]
    try:
        known.check(key, ip=there)
    except ReceiverHostKeyError as error:
        if "revoked" in error.message:
            return Verdict.REVOKED
        if "CheckHostIP" in error.message:
            return "address"
        assert verdict in {Verdict.UNKNOWN, Verdict.CHANGED}
    else:
        assert verdict is Verdict.KNOWN or (verdict is Verdict.UNKNOWN and target.strictness == "accept-new")
    for path, data in zip(target.known_hosts, before, strict=True):
        if path.exists():
            path.write_bytes(data)
    return verdict


@pytest.fixture
def server(
    private_network: object,  # noqa: ARG001 - its failure is the better sentence
    admin_key: AdminKey,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ThrowawayReceiver]:
    """Start a receiver with every type of host key, on two ports; nobody else's configuration counts."""
    monkeypatch.setenv("HOME", pwd.getpwuid(os.getuid()).pw_dir)
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    config = "Port 22\nPort 2222\nMaxStartups 100"
    patient = subprocess.run(["sshd", "-T", "-oPerSourcePenalties=no"], capture_output=True, check=False)
    if b"persourcepenalties" in patient.stdout.lower():
        config += "\nPerSourcePenalties no"
    with ThrowawayReceiver(
        admin_public_key=admin_key.public_line, host_key_types=("ed25519", "ecdsa", "rsa"), sshd_config=config
    ) as started:
        yield started


@pytest.mark.rest
def test_500_configurations_are_read_as_ssh_reads_them(
    server: ThrowawayReceiver, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    keys = [PublicKey.from_line(line) for line in server.host_key_lines]
    others = []
    for kind in ("ed25519", "ecdsa", "rsa"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / kind], check=True)
        others.append(PublicKey.from_line((tmp_path / f"{kind}.pub").read_text()))
    maker = Maker(tmp_path, server, keys, others)
    cases = [maker.make(number) for number in range(CASES)]
    ours = [by_us(case, keys, server.address) for case in cases]
    copies = {case: [(path, path.read_bytes()) for path in case.folder.iterdir()] for case in cases}
    with ThreadPoolExecutor(4) as pool:
        theirs = list(pool.map(by_ssh, cases))
    for case in cases:  # what accept-new has written
        for path, data in copies[case]:
            path.write_bytes(data)
    differ = [
        f"{case.config} {case.address}: ssh {told}, we {own}"
        for case, told, own in zip(cases, theirs, ours, strict=True)
        if told != own
    ]
    verdicts = Counter(str(told.verdict) for told in theirs)
    record_property("verdicts", dict(verdicts))
    assert not differ, f"{len(differ)} of {CASES} ({verdicts}):\n" + "\n".join(differ[:5])
    assert min(verdicts[each] for each in Verdict) >= 20, f"too few of a kind: {verdicts}"
    for case, own in list(zip(cases, ours, strict=True))[::REALLY]:
        target = read_target(case.address, config_file=case.config)
        new = own.verdict == Verdict.UNKNOWN and target.strictness == "accept-new"
        assert comes_to_the_login(case, target) is (own.verdict == Verdict.KNOWN or new), (case, own)


def comes_to_the_login(case: Case, target: SshDestination) -> bool:
    """Make a connection of ours; there is no key to sign in with, so that it ends there at the latest."""
    options = SshOptions(config_file=case.config, identity=case.folder / "missing")
    with pytest.raises((ReceiverHostKeyError, ReceiverLoginError)) as caught:
        Way(target, options, ask=lambda: None).log_in()
    return isinstance(caught.value, ReceiverLoginError)
