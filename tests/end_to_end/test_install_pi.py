"""packaging/install-pi.sh on fresh machines: it installs what was meant, says when it did not, and goes again."""

import hashlib
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support import packages, trees
from support.bench import CAMERA_PASSWORD, Bench, MakeBench, MakeCamera
from support.terminal import IS_IT_HERE, Terminal

from receiver_setup.emulator.receiver.network import HOST_ADDRESS

pytestmark = pytest.mark.rest

SCRIPT = Path(__file__).parents[2] / "packaging" / "install-pi.sh"
THERE = "/root/install-pi.sh"
DEB = "/root/receiver-setup.deb"
DONE = "install-pi: done"
DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
PROGRAM = """#!/bin/sh
case "$*" in
  --version) echo 1 ;;
  *fail*) exit 5 ;;
  *) echo "called with: $*" ;;
esac
"""
Fake = Callable[..., Path]


def install(bench: Bench, *arguments: str, shell: str = "") -> tuple[int, str]:
    """Run the script on the receiver without a terminal; return its exit code and what it said."""
    done = bench.receiver.run("sh", "-c", f'{shell} exec sh {THERE} "$@"', "sh", *arguments)
    return done.returncode, (done.stdout + done.stderr).decode()


def state(bench: Bench) -> str:
    """Return what an installation could change."""
    return bench.state() + bench.inside("dpkg -l | md5sum; ls -lR /usr/bin /var/tmp /var/cache/apt /root | md5sum")


def sum_of(package: Path) -> str:
    return hashlib.sha256(package.read_bytes()).hexdigest()


@pytest.fixture
def fake(tmp_path: Path) -> Fake:
    """Return what builds a small package that depends on nothing."""

    def build(name: str = packages.NAME, *, postinst: str = "") -> Path:
        root = tmp_path / f"fake-{name}-{len(postinst)}"
        (root / "DEBIAN").mkdir(parents=True)
        (root / "usr/bin").mkdir(parents=True)
        fields = {"Package": name, "Version": "1", "Architecture": "all", "Maintainer": "x <x@y.invalid>"}
        control = "".join(f"{key}: {value}\n" for key, value in fields.items())
        (root / "DEBIAN/control").write_text(f"{control}Description: x\n")
        for path, text in ((root / "usr/bin" / name, PROGRAM), (root / "DEBIAN/postinst", postinst)):
            if text:
                path.write_text(text)
                path.chmod(0o755)
        made = root.with_suffix(".deb")
        subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, made], check=True, capture_output=True)
        return made

    return build


@pytest.fixture
def offline(bench: Bench) -> Bench:
    """Give a receiver whose apt knows no archive, so that it waits for none."""
    bench.inside("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*")
    packages.put(bench.receiver, SCRIPT, THERE)
    return bench


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder inside the test's own network."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST_ADDRESS, 0), partial(Handler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://{HOST_ADDRESS}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("release", [pytest.param("bookworm", marks=pytest.mark.thorough), "trixie"])
def test_a_fresh_machine_becomes_a_receiver_by_one_command(
    make_bench: MakeBench, make_camera: MakeCamera, debian_package: Path, release: str
) -> None:
    camera, digest = make_camera(), sum_of(debian_package)
    with make_bench(tree=trees.unpack(release)) as bench:
        packages.offer(bench.receiver, packages.repository(release))
        packages.put(bench.receiver, SCRIPT, THERE)
        packages.put(bench.receiver, debian_package, DEB)
        bench.receiver.run("sh", "-c", "umask 077; cat >/root/password", input=f"{CAMERA_PASSWORD}\n".encode())
        chosen = ("--", "--camera", camera.url, "--camera-password-file", "/root/password", "--upload", "rec")
        before = state(bench)
        code, told = install(bench, DEB, "--sha256", digest, "--dry-run", *chosen)
        assert (code, state(bench)) == (0, before), told
        assert f"+ receiver-setup setup --camera {camera.url}" in told
        code, told = install(bench, DEB, "--sha256", digest[::-1], *chosen)
        assert (code, state(bench)) == (1, before), told
        assert f"its SHA-256 is {digest}" in told
        assert DONE not in told

        terminal = Terminal(bench, program=["sh", "-c", f"sh -s -- {DEB} <{THERE}"])
        terminal.wait_for(IS_IT_HERE, timeout_s=300)
        terminal.type("\x04")  # not Ctrl-C, which would end what carries the terminal into the receiver as well
        assert terminal.end() == 130, terminal.screen
        assert "nothing was set up" in terminal.rest()
        assert DONE not in terminal.screen

        code, told = install(bench, DEB, "--sha256", digest.upper(), *chosen)
        assert code == 0, told
        assert "proven on both sides" in told
        assert told.endswith(f"{DONE}\n")
        assert "not been tried" not in told
        assert camera.state.fields["ft_server"] == bench.receiver.address

        code, told = install(bench, "--uninstall")
        assert code == 1
        assert "--user USER: ipcamera" in told
        assert bench.inside("receiver-setup --version")
        code, told = install(bench, "--uninstall", "--keep-setups")
        assert (code, told.endswith(f"{DONE}\n")) == (0, True), told
        assert bench.inside(f"command -v receiver-setup; ls {DROP_IN}") == DROP_IN
        assert "nothing to do" in install(bench, "--uninstall")[1]


def test_it_is_downloaded_only_as_what_was_meant(offline: Bench, fake: Fake) -> None:
    package = fake()
    digest, before = sum_of(package), state(offline)
    with serve(package.parent) as server:
        url = f"{server}/{package.name}"
        for arguments, code, phrase in (
            (("--url", url), 2, "give --sha256"),
            (("--url", url, "--sha256", "0" * 64), 1, f"its SHA-256 is {digest}"),
            (("--url", f"{server}/other.deb", "--sha256", digest), 1, "could not be downloaded"),
            (("--url", "ftp://x/y.deb", "--sha256", digest), 2, "only https://"),
            (("--url", url.replace("http:", "https:")), 1, "could not be downloaded"),
        ):
            ended, told = install(offline, *arguments)
            assert (ended, phrase in told, DONE in told) == (code, True, False), told
            assert state(offline) == before
        assert install(offline, "--url", url, "--sha256", digest, "--dry-run")[0] == 0
        assert state(offline) == before
        code, told = install(offline, "--url", url, "--sha256", digest)
    assert code == 0, told
    assert "there is no terminal to ask on; now run: sudo receiver-setup setup" in told
    assert offline.inside("receiver-setup x; ls /var/tmp") == "called with: x"


def test_what_fails_halfway_never_looks_done(offline: Bench, fake: Fake) -> None:
    packages.put(offline.receiver, fake(postinst="#!/bin/sh\nexit 1\n"), DEB)
    code, told = install(offline, DEB)
    assert (code, "apt could not install the package" in told, DONE in told) == (1, True, False), told
    offline.inside("dpkg --purge receiver-setup")
    packages.put(offline.receiver, fake("another"), DEB)
    code, told = install(offline, DEB)
    assert (code, "is not the Debian package of receiver-setup" in told, DONE in told) == (1, True, False), told
    packages.put(offline.receiver, fake(), DEB)
    code, told = install(offline, DEB, "--", "--camera", "fail")
    assert (code, "nothing was set up" in told, DONE in told) == (5, True, False), told
    code, told = install(offline, DEB, "--", "--camera", "porch", "--upload", "rec")
    assert (code, "called with: setup --camera porch --upload rec --local\n" in told) == (0, True), told


def test_a_script_that_was_cut_off_does_nothing(offline: Bench, fake: Fake) -> None:
    packages.put(offline.receiver, fake(), DEB)
    before, size = state(offline), SCRIPT.stat().st_size
    whole = size - len('main "$@"\n')
    for end in [*range(size // 13, whole, size // 13), *range(whole, size - 1)]:
        done = offline.receiver.run("sh", "-c", f"head -c {end} {THERE} | sh -s -- {DEB}")
        assert DONE.encode() not in done.stderr, end
    assert state(offline) == before
    done = offline.receiver.run("sh", "-c", f"sh -s -- {DEB} <{THERE}")
    assert done.stderr.decode().endswith(f"{DONE}\n")
    assert offline.inside("receiver-setup x") == "called with: x"


@pytest.fixture
def pretend(offline: Bench) -> Callable[[str, str], str]:
    """Return what puts a program before the machine's own, and gives the line of shell that makes it count."""

    def put(program: str, script: str) -> str:
        offline.receiver.run(
            "sh", "-c", f"mkdir -p /opt/p; cat >/opt/p/{program}; chmod 755 /opt/p/*", input=script.encode()
        )
        return "PATH=/opt/p:$PATH"

    return put


def test_only_what_cannot_work_is_refused(offline: Bench, fake: Fake, pretend: Callable[[str, str], str]) -> None:
    packages.put(offline.receiver, fake(), DEB)
    for program, script, phrase in (
        (
            "sshd",
            "#!/bin/sh\necho 'OpenSSH_7.2p2' >&2; exit 1\n",
            "OpenSSH 7.4 or newer is needed, and 7.2",
        ),
        ("sshd", "#!/bin/sh\necho 'Dropbear v2022' >&2; exit 1\n", "is not OpenSSH's"),
        ("apt-cache", "#!/bin/sh\necho '  Candidate: 3.9.2-3'\n", "Python 3.11 or newer is needed and apt has 3.9.2-3"),
        ("df", "#!/bin/sh\necho F; echo / 1 1 102400 1 /\n", "/usr has only 100 MB left"),
        ("id", "#!/bin/sh\necho 1000\n", "run it with sudo"),
    ):
        code, told = install(offline, DEB, shell=pretend(program, script))
        assert (code, phrase in told, "nothing was changed" in told) == (1, True, True), told
        offline.inside("rm /opt/p/*")
    for arguments in ((), (DEB, DEB), ("/root/none.deb",), (DEB, "--sha256", "ab"), (DEB, "--what"), (DEB, "--url")):
        assert install(offline, *arguments)[0] == 2, arguments
    assert offline.inside("command -v receiver-setup || echo none") == "none"
    offline.inside("printf 'ID=plan9\\nVERSION_ID=4\\n' >/etc/os-release")
    code, told = install(offline, DEB)
    assert (code, "not been tried on this release (plan9 4)" in told) == (0, True), told
