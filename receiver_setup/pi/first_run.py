"""`firstrun.sh` and `cmdline.txt`: a script that systemd runs once, by the kernel's command line (pure).

Raspberry Pi Imager writes such a script for Raspberry Pi OS up to bookworm and early trixie. Our call goes to its top,
because the system truncates the script at the line that deletes it.
Source: systemd-run-generator(8); Raspberry Pi Imager; raspberrypi-sys-mods, imager_fixup.
"""

import re

from receiver_setup.errors import ConfigurationError
from receiver_setup.pi.block import FILE_ADDED, NEWLINE_ADDED, cut_blocks, make_block

SCRIPT = "firstrun.sh"
CMDLINE = "cmdline.txt"
WORDS = (
    "systemd.run=/boot/firmware/firstrun.sh systemd.run_success_action=reboot systemd.unit=kernel-command-line.target"
)
"""What makes systemd run the script before anything else, and reboot after it."""

_SHELL = re.compile(r"#! ?/(?:usr/)?bin/(?:env )?(?:ba|da)?sh(?: -\w+)?[ \t]*$")
_PLACE = re.compile(r"/boot/(?:firmware/)?([^/]+)")
_HELPER = '"${0%/*}/receiver-setup/first-boot.sh"'
_CALL = f"if [ -f {_HELPER} ]; then sh {_HELPER} install || :; fi"
_END = f"if [ -f {_HELPER} ]; then sh {_HELPER} disarm; fi"
_SHEBANG = "#!/bin/sh"


def merge_script(text: str | None, *, file: str = SCRIPT) -> str:
    """Return the script with our call at its top; with `text` None, a whole script of our own.

    Raises ConfigurationError for a file that is not a shell script or cannot run.
    """
    base = unmerge_script(text, file=file)
    if base is None:
        return f"{_SHEBANG}\n{make_block(_CALL, _END, 'exit 0', note=FILE_ADDED)}"
    first, newline, rest = base.partition("\n")
    if not _SHELL.fullmatch(first.removesuffix("\r")):
        raise ConfigurationError(
            f"{file} begins with {first[:40]!r}, which is not a shell script that can be extended",
            hint="make it one that begins with #!/bin/bash, or move it away and run this again",
        )
    if first.endswith("\r"):
        raise ConfigurationError(
            f"{file} has Windows line ends, so it cannot run as a shell script",
            hint="save it with Unix line ends, then run this again",
        )
    return f"{first}\n{make_block(_CALL, note='' if newline else NEWLINE_ADDED)}{rest}"


def unmerge_script(text: str | None, *, file: str = SCRIPT) -> str | None:
    """Return the script without our lines; None if the whole file is ours."""
    if text is None:
        return None
    rest, notes = cut_blocks(text, file=file, ours={_CALL, _END, "exit 0"})
    return None if FILE_ADDED in notes and rest.strip() == _SHEBANG else rest


def is_all_ours(text: str) -> bool:
    """Return True if the whole script is ours."""
    return unmerge_script(text) is None


def script_name(cmdline: str) -> str | None:
    """Return the name of the script on the boot partition that systemd runs; None if there is none.

    >>> script_name("rootwait systemd.run=/boot/firstrun.sh")
    'firstrun.sh'
    """
    told = [word.removeprefix("systemd.run=") for word in cmdline.split() if word.startswith("systemd.run=")]
    if not told:
        return None
    found = _PLACE.fullmatch(told[-1].strip('"'))
    if found is None or len(told) > 1:
        raise ConfigurationError(
            f"{CMDLINE} makes systemd run {' and '.join(told)}, which is not a script on this partition",
            hint="let that run first (start the Pi once with this card), or remove the systemd.* words",
        )
    return found[1]


def merge_cmdline(text: str, *, script: str | None) -> str:
    """Return the kernel's command line with our words added, unless it already makes systemd run a script.

    `script` is the content of SCRIPT, None if it does not exist.
    """
    base = unmerge_cmdline(text, script=script)
    if script_name(base) is not None:
        return base
    taken = [word for word in base.split() if word.startswith(("systemd.unit=", "systemd.run_"))]
    if taken:
        raise ConfigurationError(
            f"{CMDLINE} contains {taken[0]}, which prevents running anything else at the first boot",
            hint="remove it, then run this again",
        )
    line = base.partition("\n")[0].removesuffix("\r")
    return f"{line} {WORDS}{base[len(line) :]}"


def unmerge_cmdline(text: str, *, script: str | None) -> str:
    """Return the kernel's command line without our words, unless the script is not ours."""
    return text.replace(f" {WORDS}", "", 1) if script is None or is_all_ours(script) else text
