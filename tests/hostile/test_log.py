"""What a local user writes into the log is not taken for sshd's word."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.bench import Bench, MakeBench, MakeCamera, inside

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

SAID = "Accepted password for ipcamera from 10.99.0.1 port 4 ssh2"
FORGED = {
    "a tag alone": f"Nov 22 10:37:50 pi sshd: {SAID}",
    "a process that never was": f"Nov 22 10:37:50 pi sshd[4000001]: {SAID}",
    "another program": f"Nov 22 10:37:50 pi sshd[1]: {SAID}",
    "a line in a line": f"Nov 22 10:37:50 pi anna: sshd[812]: {SAID}",
}


@contextmanager
def repeated(bench: Bench, command: str) -> Iterator[None]:
    """Run a command again and again on the receiver while the body runs."""
    number = inside(bench, f"(while :; do {command}; sleep 0.05; done) >/dev/null 2>&1 & echo $!")
    try:
        yield
    finally:
        inside(bench, f"kill {number}")


@pytest.mark.parametrize("forged", FORGED)
def test_a_line_in_the_file_of_the_logger_is_no_login(
    make_bench: MakeBench, make_camera: MakeCamera, forged: str
) -> None:
    camera = make_camera()
    with make_bench(
        "rm -f /var/log/secure /var/log/messages /var/log/syslog; : >/var/log/auth.log", log=False
    ) as bench:
        assert bench.setup(camera).code == 0
        with repeated(bench, f"echo '{FORGED[forged]}' >>/var/log/auth.log"):
            told = bench.verify(camera)
        assert told.code == 0, told.out
        assert "no log tells; sshd lets nothing else in" in told.out


@pytest.mark.usefixtures("systemd")
def test_what_a_user_tells_the_journal_is_no_login(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with make_bench("useradd -m anna", systemd=True) as bench:
        inside(bench, "mkdir -p /etc/systemd/system/ssh.service.d")
        quiet = "[Service]\\nStandardOutput=null\\nStandardError=null\\n"
        inside(bench, f"printf '{quiet}' >/etc/systemd/system/ssh.service.d/q.conf; systemctl daemon-reload")
        # sshd itself tells the journal nothing, so that all that is there is forged.
        inside(bench, "printf 'LogLevel QUIET\\n' >/etc/ssh/sshd_config.d/00-a.conf; systemctl reload ssh")
        assert bench.setup(camera).code == 0
        with repeated(bench, f"su anna -s /bin/sh -c 'logger -t sshd \"{SAID}\"'"):
            told = bench.verify(camera)
        assert inside(bench, f"journalctl -t sshd | grep -c '{SAID}'") != "0"
        assert told.code == 0, told.out
        assert "Accepted password" not in told.out


def test_a_login_that_sshd_logged_still_counts(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with make_bench() as bench:
        assert bench.setup(camera).code == 0
        told = bench.verify(camera)
        assert "sshd logged it" in told.out
