"""The upload account opens to its camera's key alone, whatever opens the receiver's other accounts."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from support import trees
from support.bench import Bench, MakeBench, MakeCamera, inside
from support.rules import listed

from receiver_setup.formats.sshd_config import parse_effective, render_drop_in
from receiver_setup.formats.upload_rules import LEFT, RULES
from receiver_setup.receiver.plan.setup import drop_in, wanted_match
from receiver_setup.receiver.plan.wanted import Wanted

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

WANTED = Wanted(user="ipcamera", home="/home/ipcamera", directory="recordings", slots=())
RELOAD = 'kill -HUP "$(cat /run/sshd.pid)"; sleep 0.3'
COMMAND = """
cat >/usr/local/bin/all-keys <<'SCRIPT'
#!/bin/sh
cat /etc/ssh/all-keys
SCRIPT
chmod 0755 /usr/local/bin/all-keys
"""
WAYS = {
    "a certificate of the receiver's own authority": "TrustedUserCAKeys /etc/ssh/ca.pub",
    "a certificate with a principal from a file": (
        "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/ssh/principals"
    ),
    "a key that a command gives out": "AuthorizedKeysCommand /usr/local/bin/all-keys\nAuthorizedKeysCommandUser nobody",
}
"""What opens every account of a receiver, as its administrator may have set it up."""
UNPRINTED = (
    *("acceptenv x", "setenv A=b", "subsystem sftp internal-sftp", "allowusers x", "allowgroups x", "denyusers y"),
    *("denygroups y", "include /nonexistent/*.conf", "logverbose kex.c:*:1000", "revokedkeys none"),
)
"""Keywords that `sshd -T` prints only where they are set."""


class Intruder:
    """Somebody with a key and a certificate that open every other account."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.bench = bench
        for name in ("ca", "key"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
        self.key = folder / "key"
        sign = ["ssh-keygen", "-q", "-s", str(folder / "ca"), "-I", "x", "-n", "ipcamera,admins", f"{self.key}.pub"]
        subprocess.run(sign, check=True)
        for name, text in (("ca.pub", folder / "ca.pub"), ("all-keys", folder / "key.pub")):
            bench.receiver.run("sh", "-c", f"cat >/etc/ssh/{name}", input=text.read_bytes())
        inside(bench, f"echo admins >/etc/ssh/principals; {COMMAND}")

    def gets_in(self) -> bool:
        """Tell whether sftp as the upload user opens to it."""
        done = subprocess.run(
            [
                *("sftp", "-b", "-", "-F", "none", "-i", str(self.key), "-o", "IdentitiesOnly=yes"),
                *("-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={self.bench.known_hosts}"),
                f"ipcamera@{self.bench.receiver.address}",
            ],
            input="ls\n",
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0


def configure(bench: Bench, text: str) -> None:
    """Give sshd more to read, for all accounts."""
    bench.receiver.run("sh", "-c", "cat >/etc/ssh/sshd_config.d/50-all.conf", input=f"{text}\n".encode())
    inside(bench, RELOAD)
    bench.receiver.wait_until_listening()


def write_older_drop_in(bench: Bench) -> None:
    """Put the drop-in there that versions before had written."""
    text = render_drop_in(replace(wanted_match(WANTED), edition=3))
    bench.receiver.run("sh", "-c", f"cat >{drop_in('ipcamera')}", input=text.encode())
    inside(bench, RELOAD)
    bench.receiver.wait_until_listening()


@pytest.mark.parametrize("way", WAYS)
def test_what_opens_all_accounts_does_not_open_that_of_the_cameras(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, way: str
) -> None:
    camera = make_camera()
    intruder = Intruder(bench, tmp_path)
    configure(bench, WAYS[way])
    assert bench.setup(camera).code == 0
    assert not intruder.gets_in()
    assert bench.verify(camera).code == 0
    write_older_drop_in(bench)
    assert intruder.gets_in(), "as it was before"
    told = bench.verify(camera)
    assert told.code == 7, told.out
    assert "more than the camera's key opens the account" in told.out
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, True), again.err
    assert not intruder.gets_in()
    assert bench.verify(camera).code == 0


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie", "sid"])
def test_every_keyword_that_a_match_block_takes_is_set_or_left(make_bench: MakeBench, release: str) -> None:
    tree = {} if release == "bookworm" else {"tree": trees.unpack(release)}
    with make_bench(**tree) as bench:
        found = parse_effective(inside(bench, "sshd -T"))
        tried = {keyword: f"{keyword} {values[0]}" for keyword, values in found.items()}
        tried |= {line.partition(" ")[0]: line for line in UNPRINTED}
        taken = set()
        for keyword, line in tried.items():
            told = bench.receiver.run("sh", "-c", "cat >/etc/try.conf", input=f"Match User x\n  {line}\n".encode())
            assert told.returncode == 0
            if bench.receiver.run("sshd", "-t", "-f", "/etc/try.conf").returncode == 0:
                taken.add(keyword)
        set_or_left = {rule.keyword.lower() for rule in RULES} | LEFT.keys()
        assert len(taken) > 50
        assert taken <= set_or_left, listed(taken - set_or_left)
