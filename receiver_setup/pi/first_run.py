"""`firstrun.sh` and `cmdline.txt`: a script that the kernel's command line has systemd run once (pure).

Raspberry Pi Imager writes such a script for Raspberry Pi OS up to bookworm and early trixie. Ours goes to its top,
because the system itself cuts that script off at the line that deletes it.
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
    """Return the script with our call at its top; `text` None: there is none, and the whole is ours.

    Raises ConfigurationError for what is no shell script, or could not run as it is.
    """
    base = unmerge_script(text, file=file)
    if base is None:
        return f"{_SHEBANG}\n{make_block(_CALL, _END, 'exit 0', note=FILE_ADDED)}"
    first, newline, rest = base.partition("\n")
    if not _SHELL.fullmatch(first.removesuffix("\r")):
        raise ConfigurationError(
            f"{file} begins with {first[:40]!r}, which is no shell script that something can be added to",
            hint="make it one that begins with #!/bin/bash, or move it away and run this again",
        )
    if first.endswith("\r"):
        raise ConfigurationError(
            f"{file} has Windows line ends, with which no shell script runs",
            hint="save it with Unix line ends, then run this again",
        )
    return f"{first}\n{make_block(_CALL, note='' if newline else NEWLINE_ADDED)}{rest}"


def unmerge_script(text: str | None, *, file: str = SCRIPT) -> str | None:
    """Return the script without what is ours; None when the whole file is."""
    if text is None:
        return None
    rest, notes = cut_blocks(text, file=file, ours={_CALL, _END, "exit 0"})
    return None if FILE_ADDED in notes and rest.strip() == _SHEBANG else rest


def is_all_ours(text: str) -> bool:
    """Tell whether the script is one that we made."""
    return unmerge_script(text) is None


def script_name(cmdline: str) -> str | None:
    """Return the name of the script on the boot partition that systemd is told to run; None: it is told none.

    >>> script_name("rootwait systemd.run=/boot/firstrun.sh")
    'firstrun.sh'
    """
    told = [word.removeprefix("systemd.run=") for word in cmdline.split() if word.startswith("systemd.run=")]
    if not told:
        return None
    found = _PLACE.fullmatch(told[-1].strip('"'))
    if found is None or len(told) > 1:
        raise ConfigurationError(
            f"{CMDLINE} has systemd run {' and '.join(told)}, which is no script on this partition",
            hint="let that run first (start the Pi once with this card), or take the systemd.* words out",
        )
    return found[1]


def merge_cmdline(text: str, *, script: str | None) -> str:
    """Return the kernel's command line with our words at its end; one that has systemd run a script stays as it is.

    `script` is what SCRIPT holds, None where there is none.
    """
    base = unmerge_cmdline(text, script=script)
    if script_name(base) is not None:
        return base
    taken = [word for word in base.split() if word.startswith(("systemd.unit=", "systemd.run_"))]
    if taken:
        raise ConfigurationError(
            f"{CMDLINE} holds {taken[0]}, beside which nothing can be run at the first boot",
            hint="take it out, then run this again",
        )
    line = base.partition("\n")[0].removesuffix("\r")
    return f"{line} {WORDS}{base[len(line) :]}"


def unmerge_cmdline(text: str, *, script: str | None) -> str:
    """Return the kernel's command line without our words, which are somebody else's where the script is."""
    return text.replace(f" {WORDS}", "", 1) if script is None or is_all_ours(script) else text
