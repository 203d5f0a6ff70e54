"""A receiver, a camera and the command line between them, for tests of the whole command."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver import network
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from support.command import start_program

CAMERA_PASSWORD = "cam era+pä&ss%word"
FORMER = {
    "ft_server": "192.168.178.1",
    "ft_port": "21",
    "ft_username": "former",
    "ft_password": "former-secret",
    "ft_mode": "1",
    "ft_dirname": "./old",
    "ft_dirmode": "1",
    "ft_ssl": "0",
    "ft_insecure": "1",
}
"""What a camera was set to before; every failed run has to leave it so."""

OLD_SOCKET = """
mkdir -p /etc/systemd/system/ssh.socket.d
printf '[Socket]\\nAccept=yes\\n' >/etc/systemd/system/ssh.socket.d/accept.conf
cat >/etc/systemd/system/ssh@.service <<'UNIT'
[Service]
ExecStart=-/usr/sbin/sshd -i
StandardInput=socket
RuntimeDirectory=sshd
UNIT
systemctl daemon-reload
"""
"""A process for each connection, as Debian 11 has it; Debian 12's socket starts ssh.service at the first one."""
SOCKET = """
systemctl stop ssh.service
systemctl disable ssh.service
systemctl enable --now ssh.socket
"""

LOGIND = """
for unit in systemd-logind.service dbus-org.freedesktop.login1.service user@.service user-runtime-dir@.service; do
  rm -f /etc/systemd/system/$unit
done
systemctl daemon-reload
systemctl start systemd-logind
"""
"""Sessions as most receivers have them: each user's own systemd manager lives on for some seconds."""


@dataclass(kw_only=True)
class Result:
    """One finished command; `json` is its one object, where `--json` was given."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Return the one object on standard output."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def camera(self) -> dict[str, Any]:
        """Return the first camera's part of it."""
        found: dict[str, Any] = self.json["receivers"][0]["cameras"][0]
        return found


@dataclass(kw_only=True)
class Bench:
    """A receiver, how to sign in there, and the command line that does so."""

    receiver: ThrowawayReceiver
    key: AdminKey
    known_hosts: Path
    environment: dict[str, str] = field(default_factory=dict)
    real: bool = False
    """Start an interpreter for each run, as a person does, instead of forking one."""
    program: str = "receiver_setup"
    """The command, or a script beside this file that is the command but for one thing."""

    def arguments(self, *cameras: EmulatedCamera, options: tuple[str, ...] = (), command: str = "setup") -> list[str]:
        """Return the arguments of a command for these cameras."""
        named = [part for camera in cameras for part in ("--camera", camera.url)]
        return [
            *(command, "--receiver", f"{self.receiver.admin}@{self.receiver.address}"),
            *("--identity", str(self.key.path), "--known-hosts", str(self.known_hosts)),
            *("--ssh-config", os.devnull, "--json", *named, *options),
        ]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command with the camera's password in its environment."""
        return start_program(
            self.program,
            *arguments,
            real=self.real,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD, **self.environment},
        )

    def run(self, *arguments: str) -> Result:
        """Run the command to its end."""
        return finish(self.start(*arguments))

    def setup(self, *cameras: EmulatedCamera, options: tuple[str, ...] = ()) -> Result:
        """Run `setup --json` for these cameras."""
        return self.run(*self.arguments(*cameras, options=options))

    def remove(self, *cameras: EmulatedCamera, options: tuple[str, ...] = ()) -> Result:
        """Run `remove --json` for these cameras."""
        return self.run(*self.arguments(*cameras, options=options, command="remove"))

    def verify(self, *cameras: EmulatedCamera, options: tuple[str, ...] = ()) -> Result:
        """Run `verify --json` for these cameras."""
        return self.run(*self.arguments(*cameras, options=options, command="verify"))

    def inside(self, script: str) -> str:
        """Run a line of shell on the receiver, as root; its output without blanks around it."""
        return self.receiver.run("sh", "-c", script).stdout.decode().strip()

    def named(self, pattern: str) -> str:
        """Return every path with such a name, a line each, wherever root or the users may write.

        The system's programs, which nobody here writes to, are most of a machine's files: they are not looked through.
        """
        places = "/ /home /mnt /opt /root /run /srv /tmp /usr/local"
        return self.inside(f"find {places} -xdev -path /usr -prune -o -name '{pattern}' -print | sort -u")

    def state(self) -> str:
        """Return every path on the receiver that a run could change: kind, owner, mode and content; no times.

        Contents are those of /etc (passwd, shadow and group among it), of the homes, and of what is filed in
        /var/lib/receiver-setup. Left out is what useradd and sudo themselves leave behind, their backups, locks and
        notes; and which run filed last, which is another one each time. /run is left out: it is gone with the power.
        """
        theirs = ("*-", ".pwd.lock", "sub[ug]id", ".sudo_as_admin_successful")
        left_out = " ".join(f"! -name '{name}'" for name in theirs)
        ours = "var/lib/receiver-setup"
        kinds = (
            f"find etc home srv var/lib -xdev {left_out} \\( ! -path 'var/lib/*/*' -o -path '{ours}/*' \\) "
            "-exec stat -c '%n %F %a %U %G' {} +"
        )
        contents = (
            f"find etc home srv $(ls -d {ours} 2>/dev/null) -xdev -type f {left_out} ! -path {ours}/last "
            "-exec md5sum {} +"
        )
        script = f"cd / && {kinds} | sort; {contents} | sort"
        return self.receiver.run("sh", "-c", script).stdout.decode()


def finish(process: subprocess.Popen[str], *, timeout_s: float = 120) -> Result:
    """Wait for a started command."""
    out, err = process.communicate(timeout=timeout_s)
    return Result(code=process.returncode, out=out, err=err)


MakeCamera = Callable[..., EmulatedCamera]
MakeBench = Callable[..., AbstractContextManager[Bench]]


def inside(bench: Bench, command: str) -> str:
    """Run a line of shell on the receiver, as root."""
    return bench.inside(command)


def steps(result: Result) -> dict[str, str]:
    """Return what the run says of each of its steps, on the receiver and on the camera."""
    return {step["name"]: step["detail"] for step in result.json["receivers"][0]["steps"] + result.camera["steps"]}


def fresh_and_again(bench: Bench, camera: EmulatedCamera, *, options: tuple[str, ...] = ()) -> str:
    """Set up twice; return by what means sshd was made to read its configuration anew."""
    first = bench.setup(camera, options=options)
    assert first.code == 0, first.err
    assert (first.json["changed"], first.camera["auth"]) == (True, "publickey")
    assert "prove upload" in steps(first), steps(first)
    sent = len(camera.set_commands)
    second = bench.setup(camera, options=options)
    assert (second.code, second.json["changed"], second.camera["auth"]) == (0, False, "publickey"), second.err
    assert camera.set_commands[sent:] == []
    return steps(first)["reload sshd"].partition(", after")[0]


@contextmanager
def second_address(lab: network.PrivateNetwork) -> Iterator[str]:
    """Give this side of the network another address for the camera's page; its uploads leave from the first one."""
    address = lab.add_address()
    try:
        yield address
    finally:
        lab.remove_address(address)


def skip_where_it_signs_with_sha2(uploader: str) -> None:
    """Skip the test where this machine's curl cannot stand for a camera that knows SHA-1 alone."""
    if uploader != "curl":
        return
    said = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
    version = re.search(r"libssh2/(\d+)\.(\d+)", said)
    assert version, said
    if (int(version[1]), int(version[2])) >= (1, 11):
        pytest.skip(f"this machine's curl has {version[0]}, which signs with SHA-2")
