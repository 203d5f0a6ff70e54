"""The Debian package as `make deb` builds it, and an archive of what it depends on, for receivers without a network.

repository = packages.repository("bookworm")    # .deb files and their index, all down to the C library
packages.offer(receiver, repository)            # the receiver's apt knows that archive and no other
packages.put(receiver, deb, "/root/receiver-setup.deb")
packages.apt(receiver, "install", "/root/receiver-setup.deb")
"""

import subprocess
from pathlib import Path

from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from support import trees
from support.once import made_once

ROOT = Path(__file__).parents[2]
NAME = "receiver-setup"
_OFFERED = "/var/cache/repository"
_OFFER = f"""
rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*
echo 'deb [trusted=yes] file:{_OFFERED} ./' >/etc/apt/sources.list.d/local.list
rm -f /etc/dpkg/dpkg.cfg.d/99mmdebstrap # which leaves out manuals and documentation
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/memory # all of it is in memory
apt-get -qq update
"""


def build(directory: Path) -> Path:
    """Build the package, once for all processes that name the same directory; return it."""

    def fill(target: Path) -> None:
        done = subprocess.run([ROOT / "tools/build-deb", target], check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    (found,) = made_once(directory, "deb", fill).iterdir()
    return found


def with_version(package: Path, version: str, directory: Path) -> Path:
    """Return a copy of the package that calls itself by another version, outside and inside."""
    opened = directory / f"opened-{version}"
    subprocess.run(["dpkg-deb", "-R", package, opened], check=True)
    control = opened / "DEBIAN/control"
    former = field(package, "Version")
    control.write_text(control.read_text().replace(f"\nVersion: {former}\n", f"\nVersion: {version}\n"))
    inside = opened / "usr/lib/python3/dist-packages/receiver_setup/__init__.py"
    inside.write_text(inside.read_text().replace(f'"{former}"', f'"{version}"'))
    made = directory / f"{NAME}_{version}_all.deb"
    subprocess.run(
        ["dpkg-deb", "-Zgzip", "-z1", "--root-owner-group", "-b", opened, made], check=True, capture_output=True
    )
    return made


def field(package: Path, name: str) -> str:
    """Return one field of a package's control file."""
    done = subprocess.run(["dpkg-deb", "-f", package, name], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(release: str) -> Path:
    """Return the directory of the release's packages; skips the test where `make trees` could not fetch them."""
    return trees.unpack(f"{release}-packages")


def offer(receiver: ThrowawayReceiver, archive: Path) -> None:
    """Give a receiver an archive of packages; its apt knows no other, and its dpkg leaves nothing out."""
    receiver.run("mkdir", "-p", _OFFERED)
    packed = subprocess.run(["tar", "-c", "-C", archive, "."], check=True, capture_output=True)
    receiver.run("tar", "-x", "-C", _OFFERED, input=packed.stdout)
    done = receiver.run("sh", "-ec", _OFFER)
    assert done.returncode == 0, done.stderr.decode()


def put(receiver: ThrowawayReceiver, file: Path, path: str) -> None:
    """Copy a file into a receiver."""
    receiver.run("dd", f"of={path}", "status=none", input=file.read_bytes())


def apt(receiver: ThrowawayReceiver, *arguments: str) -> str:
    """Run apt-get in a receiver; return what it said. It must succeed."""
    done = receiver.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy", *arguments)
    told = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, told
    return told
