"""The Debian package on fresh Debian 12 and 13, with apt alone and without a network: in, used, upgraded, out."""

import subprocess
from pathlib import Path

import pytest
from support import packages, trees
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeBench, MakeCamera, Result

from receiver_setup import __version__
from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest

OLDER = "0.0.9"
DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
NEW, OLD = "/root/new.deb", "/root/old.deb"
COMPLETE = f"""
. /usr/share/bash-completion/completions/{packages.NAME}
COMP_WORDS=({packages.NAME} se) COMP_CWORD=1
_receiver_setup_completion {packages.NAME} se {packages.NAME}
echo "${{COMPREPLY[@]}}"
"""
FILES = """
cd / && find . -xdev \\( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/cache -o -path ./var/log \\) \\
  -prune -o ! -name '*-' ! -name .pwd.lock ! -name 'sub[ug]id' -exec stat -c '%n %F %a %U %G' {} + | sort
"""
"""Every path, but for what apt, dpkg and useradd themselves keep."""


def command(bench: Bench, name: str, camera: EmulatedCamera, *options: str) -> Result:
    """Run the installed command on the receiver, as root."""
    done = bench.receiver.run(
        *(packages.NAME, name, "--local", "--camera", camera.url, "--json"),
        *("--camera-password-file", "/root/camera-password", *options),
    )
    return Result(code=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


def prepare(receiver: ThrowawayReceiver, release: str, package: Path, directory: Path) -> None:
    """Bring what the tests install, and the camera's password."""
    packages.offer(receiver, packages.repository(release))
    packages.put(receiver, package, NEW)
    packages.put(receiver, packages.with_version(package, OLDER, directory), OLD)
    receiver.run("sh", "-c", "umask 077; cat >/root/camera-password", input=f"{CAMERA_PASSWORD}\n".encode())


def check_what_comes_with_it(bench: Bench) -> None:
    """See that manual, completion and documentation are where they are looked for."""
    assert bench.inside(f"{packages.NAME} --help").startswith("Usage: receiver-setup ")
    assert bench.receiver.run("bash", "-c", COMPLETE).stdout.decode().split() == ["setup"]
    page = bench.inside("zcat /usr/share/man/man1/receiver-setup.1.gz")
    assert ".SS receiver\\-setup camera schedule" in page
    for path in ("zsh/vendor-completions/_receiver-setup", "fish/vendor_completions.d/receiver-setup.fish"):
        assert "receiver-setup" in bench.inside(f"cat /usr/share/{path}")
    listed = bench.inside("ls /usr/share/doc/receiver-setup /usr/share/doc/receiver-setup/docs").split()
    assert {"README.Debian", "README.md", "changelog.gz", "copyright", "refusals.md"} <= set(listed)


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_it_is_installed_used_upgraded_and_leaves_nothing_of_its_own(
    make_bench: MakeBench, make_camera: MakeCamera, debian_package: Path, tmp_path: Path, release: str
) -> None:
    camera = make_camera()
    with make_bench(tree=trees.unpack(release)) as bench:
        prepare(bench.receiver, release, debian_package, tmp_path)
        packages.apt(bench.receiver, "satisfy", packages.field(debian_package, "Depends"))
        before, files = bench.state(), bench.inside(FILES)

        packages.apt(bench.receiver, "install", OLD)
        assert bench.inside(f"{packages.NAME} --version").endswith(OLDER)
        first = command(bench, "setup", camera)
        assert (first.code, first.json["changed"], first.camera["auth"]) == (0, True, "publickey"), first.err
        assert first.camera["host_key"]["verified"] is True

        packages.apt(bench.receiver, "install", NEW)
        assert bench.inside(f"{packages.NAME} --version").endswith(__version__)
        check_what_comes_with_it(bench)
        looked = command(bench, "verify", camera)
        assert looked.code == 0, looked.err

        told = packages.apt(bench.receiver, "remove", packages.NAME)
        assert f"a set-up is still there and goes on working: {DROP_IN} /var/lib/receiver-setup" in told
        assert f"still there and goes on working: {DROP_IN}" in packages.apt(bench.receiver, "purge", packages.NAME)
        assert bench.inside(f"cat {DROP_IN}").count("ChrootDirectory") == 1
        assert bench.inside("sshd -T -C user=ipcamera,host=x,addr=192.0.2.9 | grep ^chroot").endswith("/home/ipcamera")

        packages.apt(bench.receiver, "install", NEW)
        again = command(bench, "setup", camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err
        taken = command(bench, "remove", camera, "--delete-recordings")
        assert taken.code == 0, taken.err
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER
        assert "still there" not in packages.apt(bench.receiver, "purge", packages.NAME)
        assert (bench.state(), bench.inside(FILES)) == (before, files)


def test_the_same_sources_give_the_same_bytes(debian_package: Path, tmp_path: Path) -> None:
    """What lintian says of these bytes it has said when they were built first."""
    build = f"exec '{packages.ROOT}/tools/build-deb' --without-lintian '{tmp_path}/again'"
    done = subprocess.run(
        ["sh", "-c", f"umask 077 && {build}"],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "TZ": "Pacific/Auckland", "SOURCE_DATE_EPOCH": "1", "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    (again,) = (tmp_path / "again").iterdir()
    assert again.read_bytes() == debian_package.read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / "again"]


def test_it_needs_apts_own_libraries_and_no_compiler(debian_package: Path) -> None:
    assert debian_package.name == f"receiver-setup_{__version__}_all.deb"
    assert packages.field(debian_package, "Architecture") == "all"
    named = {each.split()[0] for each in packages.field(debian_package, "Depends").split(",")}
    assert {"openssh-server", "python3-paramiko", "python3-requests", "python3-click"} <= named
    assert {"python3-cryptography", "python3-rich", "python3:any"} <= named
    assert all(each == "openssh-server" or each.startswith("python3") for each in named)
