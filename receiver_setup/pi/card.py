"""Recognise a boot partition by its files (pure)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from receiver_setup.errors import ConfigurationError
from receiver_setup.pi import first_run, user_data

RESULT = "receiver-setup-result.txt"
_CLOUD = (user_data.FILE, "meta-data", "network-config")
_FIRMWARE = re.compile(
    r"bootcode\.bin|start\w*\.elf|kernel\w*\.img|vmlinuz|bcm27\w+-rpi.*\.dtb|overlays", re.IGNORECASE
)
_OLD_RESIZE = "init=/usr/lib/raspi-config/init_resize.sh"
_FRESH = {"resize", _OLD_RESIZE, "init=/usr/lib/raspberrypi-sys-mods/firstboot"}
"""Words of the kernel's command line that are removed at the first start."""
_RELEASE = re.compile(r"\b(20\d\d-\d\d-\d\d)\b")


class BootFormat(StrEnum):
    """How the first boot gets its commands."""

    CLOUD_INIT = "cloud-init"
    FIRST_RUN = "firstrun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A boot partition: the names at its top, and the text of the relevant files."""

    names: frozenset[str]
    texts: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a file's text; empty if it does not exist."""
        return self.texts.get(name, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A recognised partition: its format, the script that runs first, and whether the card was started before."""

    format: BootFormat
    script: str = first_run.SCRIPT
    made_on: str | None = None
    """The date of the image, if known."""
    started: bool | None = False
    """None if that is not known for this image."""


def require_boot_partition(card: Card, *, place: str) -> None:
    """Raise ConfigurationError if a directory is not the boot partition of a Raspberry Pi."""
    if {first_run.CMDLINE, "config.txt"} <= card.names and any(map(_FIRMWARE.fullmatch, card.names)):
        return
    hint = "give the small FAT partition of the card, usually called bootfs"
    if {"etc", "usr"} <= card.names:
        hint = f"this is a whole system; {hint}"
    elif "firmware" in card.names:
        hint = f"try {place}/firmware"
    raise ConfigurationError(f"{place} is not the boot partition of a Raspberry Pi", hint=hint)


def recognise(card: Card, *, place: str) -> Recognised:
    """Recognise a boot partition; ConfigurationError if it is not one, too old or unknown."""
    require_boot_partition(card, place=place)
    cmdline = first_run.unmerge_cmdline(card.text(first_run.CMDLINE), script=card.texts.get(first_run.SCRIPT))
    _refuse_old(card, cmdline, place)
    issue = _RELEASE.search(card.text("issue.txt"))
    made_on = issue[1] if issue else None
    script = first_run.script_name(cmdline)
    if script is not None:
        if script not in card.names:
            raise ConfigurationError(
                f"cmdline.txt makes systemd run {script}, which is not on this partition",
                hint="write the card again, or remove the systemd.* words from cmdline.txt",
            )
        return Recognised(format=BootFormat.FIRST_RUN, script=script, made_on=made_on)
    started = RESULT in card.names or _was_started(cmdline)
    if any(name in card.names for name in _CLOUD):
        return Recognised(format=BootFormat.CLOUD_INIT, made_on=made_on, started=started)
    if first_run.SCRIPT in card.names and not first_run.is_all_ours(card.text(first_run.SCRIPT)):
        raise ConfigurationError(
            f"there is a {first_run.SCRIPT}, but cmdline.txt does not run it",
            hint="delete or rename it, then run this again; or write the card again",
        )
    return Recognised(format=BootFormat.FIRST_RUN, made_on=made_on, started=started)


def _refuse_old(card: Card, cmdline: str, place: str) -> None:
    """Refuse images older than Debian 12, which mounts this partition as /boot/firmware."""
    config = card.text("config.txt")
    new = "/boot/firmware/" in config or re.search(r"^\s*auto_initramfs=1", config, re.MULTILINE)
    if new or any(name in card.names for name in _CLOUD) or any(name.startswith("initramfs") for name in card.names):
        return
    if "/boot/overlays/" in config or _OLD_RESIZE in cmdline.split():
        raise ConfigurationError(
            f"the image on {place} is older than Raspberry Pi OS bookworm of October 2023",
            hint="write a newer image to the card; or start the Pi and, from another machine, run "
            "`receiver-setup setup --receiver`",
        )
    raise ConfigurationError(
        f"the boot partition {place} is of an unknown system: it has neither cloud-init's files nor those of "
        "Raspberry Pi OS since bookworm",
        hint="write Raspberry Pi OS to the card; or start the Pi and run `receiver-setup setup --local` there",
    )


def _was_started(cmdline: str) -> bool | None:
    words = set(cmdline.split())
    if words & _FRESH:
        return False
    # Only Raspberry Pi OS names its root like this; other systems have no word that the first start removes.
    return True if any(word.startswith("root=PARTUUID=") for word in words) else None
