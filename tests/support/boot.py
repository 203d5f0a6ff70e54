"""A prepared card's first boot in a throw-away receiver: the partition goes in, is run as its format says, comes out.

partition = boot.make_partition(place, "trixie-cloud-init")     # a sample, with what the firmware needs beside it
boot.insert(receiver, partition)                                # at /boot/firmware
boot.run_cloud_init(receiver) or boot.run_first_run(receiver)   # as the image's own first boot would
boot.wait_for(receiver, "DONE")                                 # the first word of the result
boot.take_out(receiver)                                         # all its files, by path
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import tarfile
import time
from pathlib import Path

import yaml

from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.pi.card import RESULT

SAMPLES = Path(__file__).parents[1] / "fixtures/pi"
UNIT = "receiver-setup-first-boot.service"
_PLACE = "/boot/firmware"
_CUT_OFF = re.compile(r"^[^\n]*rm[^\n]*firstrun\.sh$.*", re.MULTILINE | re.DOTALL)
_END = "rm -f /boot/firmware/firstrun.sh\nsed -i 's| systemd\\.[^ ]*||g' /boot/firmware/cmdline.txt\nexit 0\n"
_CLOUD_UNIT = """
cat >/etc/systemd/system/cloud-final.service <<UNIT
[Unit]
After=multi-user.target network-online.target
[Service]
Type=oneshot
ExecStart=/bin/sh /run/runcmd
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl --quiet enable cloud-final.service
systemctl start cloud-final.service
"""
"""As cloud-init's own unit is ordered on Debian."""
_KERNEL_UNIT = """
cat >/run/systemd/system/kernel-command-line.service <<UNIT
[Service]
Type=oneshot
ExecStart=$(tr ' ' '\\n' </boot/firmware/cmdline.txt | sed -n 's/^systemd\\.run=//p')
UNIT
systemctl daemon-reload
systemctl start kernel-command-line.service
"""


def make_partition(place: Path, sample: str) -> Path:
    """Make a boot partition of a sample."""
    shutil.copytree(SAMPLES / sample, place)
    (place / "overlays").mkdir()
    for name in ("kernel8.img", "start4.elf", "overlays/README"):
        (place / name).write_bytes(b"\x00\x01")
    return place


def contents(place: Path) -> dict[str, bytes]:
    """Return every file by its path."""
    return {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}


def insert(receiver: ThrowawayReceiver, partition: Path) -> None:
    """Lay a partition into the receiver, in place of what is there; all may be read and run by all, as on FAT."""
    packed = subprocess.run(["tar", "-c", "--mode=755", "-C", partition, "."], check=True, capture_output=True)
    inside(receiver, f"rm -rf {_PLACE} && mkdir -p {_PLACE}")
    assert receiver.run("tar", "-x", "-C", _PLACE, input=packed.stdout).returncode == 0


def take_out(receiver: ThrowawayReceiver) -> dict[str, bytes]:
    """Return every file of the partition as it is now."""
    packed = receiver.run("tar", "-c", "-C", _PLACE, ".").stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = {each.name.removeprefix("./"): archive.extractfile(each) for each in archive if each.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


def run_cloud_init(receiver: ThrowawayReceiver) -> None:
    """Run the entries of runcmd in their order in one script of sh, as root: a list is a command, a text is shell.

    It runs where cloud-init does it: in a unit that comes after all others, and that ours comes after.
    """
    settings = yaml.safe_load(inside(receiver, f"cat {_PLACE}/user-data"))
    lines = [shlex.join(map(str, each)) if isinstance(each, list) else str(each) for each in settings["runcmd"]]
    inside(receiver, "cat >/run/runcmd <<'RUNCMD'\n" + "\n".join(lines) + f"\nRUNCMD\n{_CLOUD_UNIT}")


def run_first_run(receiver: ThrowawayReceiver, partition: Path) -> None:
    """Run the script that cmdline.txt names as the kernel's command line does, then start the system anew.

    Where it is that of an Imager, the image's own initramfs has been at it before: `/boot/` is `/boot/firmware/`, and
    the script ends in lines of the system's.
    """
    if "systemd.run=/boot/firstrun.sh" in (partition / "cmdline.txt").read_text():
        cmdline, script = partition / "cmdline.txt", partition / "firstrun.sh"
        cmdline.write_text(cmdline.read_text().replace("/boot/", "/boot/firmware/"))
        script.write_text(_CUT_OFF.sub("", script.read_text()) + _END)
        insert(receiver, partition)
    inside(receiver, _KERNEL_UNIT)
    inside(receiver, "systemctl start --no-block multi-user.target")


def wait_for(receiver: ThrowawayReceiver, word: str, text: str = "", *, timeout_s: float = 120) -> str:
    """Return the result when it begins and tells so and, unless it is NOT DONE YET, the unit has taken itself away."""
    deadline = time.monotonic() + timeout_s
    root = Path(f"/proc/{receiver.pid}/root")  # a look from here costs nothing, a program inside for each one much
    told, unit = root / _PLACE[1:] / RESULT, root / "etc/systemd/system" / UNIT
    while True:
        result = ""
        with contextlib.suppress(FileNotFoundError):
            result = told.read_text(encoding="utf-8")
        gone = word.startswith("NOT") or not os.path.lexists(unit)
        if result.startswith(f"receiver-setup: {word}") and text in result and gone:
            return result
        assert time.monotonic() < deadline, result + receiver.run("journalctl", "-u", UNIT).stdout.decode()
        time.sleep(0.1)


def inside(receiver: ThrowawayReceiver, script: str) -> str:
    """Run a script as root; it must succeed."""
    done = receiver.run("sh", "-ec", script)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()
    return done.stdout.decode()
