"""With which options an sshd runs, as far as its title and its unit tell: the shell's own functions, as data."""

import subprocess
from pathlib import Path

import pytest

import receiver_setup.receiver

SHELL = Path(receiver_setup.receiver.__file__).parent / "shell"
LIBRARY = "".join((SHELL / f"{part}.sh").read_text() for part in ("common", "sshd_ask"))


def run(script: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        ["sh", "-c", f"{LIBRARY}\n{script}", "sh", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("title", "options"),
    [
        ("/usr/sbin/sshd -D", ""),
        ("/usr/sbin/sshd -De -E /var/log/x", ""),
        ("/usr/sbin/sshd -D -f /etc/ssh/lan -p 2222", " -p '2222' -f '/etc/ssh/lan'"),
        ("/usr/sbin/sshd -4p2222 -oAllowUsers=admin", " -4 -p '2222' -o 'AllowUsers=admin'"),
        ("/usr/sbin/sshd -o Ciphers=-aes128-cbc -q", " -o 'Ciphers=-aes128-cbc'"),
        ("/usr/sbin/sshd -o AllowUsers=admin anna", None),
        ("/usr/sbin/sshd -o AllowUsers admin", None),
        ("/usr/sbin/sshd -o PubkeyAcceptedAlgorithms -ssh-rsa", None),
        ("/usr/sbin/sshd -f lan", None),
        ("/usr/sbin/sshd -D -p", None),
        ("/usr/sbin/sshd -Z", None),
    ],
)
def test_a_title_tells_the_options_where_it_can_be_read_in_one_way(title: str, options: str | None) -> None:
    code, told = run('ask_words=$1; ask_read_title && printf %s "$ask_options"', title)
    assert (code == 0, told) == (options is not None, options or "")


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("10.0.0.2", "0200000A"),
        ("127.0.0.1", "0100007F"),
        ("::", "0" * 32),
        ("::1", "00000000000000000000000001000000"),
        ("fe80::1%eth0", "000080FE000000000000000001000000"),
        ("2001:db8:0:1:2:3:4:5", "B80D0120010000000300020005000400"),
        ("porch.lan", ""),
        ("", ""),
    ],
)
def test_an_address_is_written_as_the_kernel_writes_it(address: str, written: str) -> None:
    assert run('ask_hex "$1"', address) == (0, written)


UNIT = """[Service]
EnvironmentFile=-{environment}
ExecStartPre=/usr/sbin/sshd -t
ExecStart=/usr/sbin/sshd -D -o "AllowUsers admin anna" $SSHD_OPTS
"""


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ("", []),
        ("SSHD_OPTS=\n", []),
        ("# SSHD_OPTS=-p 1\nSSHD_OPTS=-p 2222\n", ["-p", "2222"]),
        ('SSHD_OPTS="-f /etc/ssh/lan"\n', ["-f", "/etc/ssh/lan"]),
        ("SSHD_OPTS='-f /etc/ssh/lan'\n", ["-f", "/etc/ssh/lan"]),
        ('SSHD_OPTS="-o \\"Port 2222\\" -4"\n', ["-o", "Port 2222", "-4"]),
        ("SSHD_OPTS=$(touch canary)`touch canary`\n", ["$(touch", "canary)`touch", "canary`"]),
    ],
)
def test_a_unit_tells_the_words_that_it_starts(tmp_path: Path, environment: str, words: list[str]) -> None:
    (tmp_path / "ssh").write_text(environment)
    (tmp_path / "unit").write_text(UNIT.format(environment=tmp_path / "ssh"))
    script = 'systemctl() { cat "$unit_file"; }\nunit_file=$1\nask_start_of ssh.service'
    code, told = run(script, str(tmp_path / "unit"))
    assert code == 0
    assert told.splitlines() == ["/usr/sbin/sshd", "-D", "-o", "AllowUsers admin anna", *words]
