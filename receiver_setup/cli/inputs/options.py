"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

_FILE = click.Path(path_type=Path, dir_okay=False)

_CAMERAS = click.option(
    "--camera",
    "cameras",
    multiple=True,
    metavar="[http[s]://][USER@]HOST[:PORT]",
    help="The camera; its user is admin unless given. Repeat it for several cameras.",
)
_RECEIVER = (
    click.option(
        "--receiver", metavar="[USER@]HOST[:PORT]", help="The Linux host that receives the uploads, over SSH."
    ),
    click.option("--local", is_flag=True, help="The receiver is this machine, a Linux host."),
)
_TARGETS = (*_RECEIVER, _CAMERAS)
_INVENTORY = (
    click.option(
        "--inventory", type=_FILE, help="Receivers and cameras from a TOML file, instead of the three options above."
    ),
    click.option(
        "--only",
        multiple=True,
        metavar="NAME",
        help="Only this camera or receiver of the inventory; repeat it for several.",
    ),
    click.option(
        "--failed-from",
        type=_FILE,
        help="Only cameras that this receipt (.json) or --json output of an earlier run does not show as proven.",
    ),
)
_USER = click.option("--user", default="ipcamera", show_default=True, help="The upload user.")
_ACCOUNT = (
    _USER,
    click.option(
        "--directory", default="recordings", show_default=True, help="The recordings directory, below the home."
    ),
    click.option("--isolate", is_flag=True, help="An account for each camera, USER-NAME, jailed from the others."),
    click.option("--home", help="The upload user's home, which is the jail as well.  [default: /home/USER]"),
    click.option(
        "--receiver-address",
        metavar="HOST[:PORT]",
        help="What the camera dials.  [default: the receiver's address on its route to the camera]",
    ),
)
_JAIL = click.option("--jail/--no-jail", default=True, show_default=True, help="Lock uploads into the home.")
_ADOPT = click.option("--adopt", is_flag=True, help="Take over an existing account of this name.")
_GROUPS = click.option(
    "--groups",
    metavar="NAME,…",
    help="Groups that the upload user joins, such as _ssh if sshd admits only that group.",
)
_LOGIN = (
    click.option(
        "--auth",
        type=click.Choice(["auto", "key", "password"]),
        default="auto",
        show_default=True,
        help="How the camera signs in; auto makes a random password only if the camera answers that it has no key.",
    ),
    click.option(
        "--sha1",
        type=click.Choice(["auto", "never", "always"]),
        default="auto",
        show_default=True,
        help="Allow SHA-1 signatures for the upload user only; auto: if sshd's log shows that the camera needs it.",
    ),
    click.option(
        "--pin-source/--no-pin-source",
        default=None,
        help="Accept the camera's key only from its present address (reserve it in the router: the login fails "
        "when DHCP assigns another one).  [default: unchanged]",
    ),
)
_SETUP = (_JAIL, _ADOPT, _GROUPS, *_LOGIN)
_RECEIPT = click.option(
    "--receipt",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what was set up, and its proof, to FILE: .json for programs, .md for people.",
)
_REMOVE = (
    click.option("--delete-recordings", is_flag=True, help="Delete the recordings as well; this cannot be undone."),
)
_SSH = (
    click.option("--identity", type=_FILE, help="The private key to sign in to the receiver."),
    click.option("--known-hosts", type=_FILE, help="The file of known host keys.  [default: as ssh]"),
    click.option("--accept-new-host-key", is_flag=True, help="Accept and store the host key of an unknown receiver."),
    click.option("--ssh-config", type=_FILE, help="The ssh configuration, read by ssh itself.  [default: as ssh]"),
    click.option(
        "--ssh-password-file", type=_FILE, help="First line: the login password. Or RECEIVER_SETUP_SSH_PASSWORD."
    ),
    click.option(
        "--sudo-password-file", type=_FILE, help="First line: sudo's password. Or RECEIVER_SETUP_SUDO_PASSWORD."
    ),
)
_CAMERA_LOGIN = (
    click.option(
        "--camera-password-file",
        type=_FILE,
        help="First line: the camera's password. Or RECEIVER_SETUP_CAMERA_PASSWORD.",
    ),
    click.option(
        "--camera-login",
        type=click.Choice(["auto", "basic", "query", "token"]),
        default="auto",
        show_default=True,
        help="How to send user and password to the camera.",
    ),
)
_CA_FILE = click.option(
    "--camera-ca-file", type=_FILE, help="https: the authority that signed the camera's certificate."
)
_CERTIFICATE = (
    click.option("--camera-fingerprint", metavar="SHA256", help="https: the certificate's own fingerprint."),
    click.option("--camera-insecure", is_flag=True, help="https: do not verify the camera's certificate."),
)
_CAMERA = (*_CAMERA_LOGIN, _CA_FILE, *_CERTIFICATE)
_VIA = (
    click.option(
        "--camera-via-receiver",
        is_flag=True,
        help="Reach the camera through the SSH connection to the receiver, if this machine cannot reach it.",
    ),
)
_UPLOADS = (
    click.option(
        "--upload",
        metavar="rec,snap,timersnap",
        help="What the camera should upload: videos at an alarm, pictures at an alarm, pictures by the clock.",
    ),
    click.option("--interval", type=int, metavar="S", help="Seconds between two uploads of these, 1 to 3600."),
    click.option("--snapshots", type=int, metavar="N", help="Pictures at each alarm, 1 to 10."),
    click.option("--schedule", metavar='"10:00 Mon-Fri"', help="When the pictures by the clock are taken."),
)
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds to wait for an answer."
)
_OLD_RECEIPT = click.option(
    "--receipt", type=_FILE, help="Also compare with this receipt of the set-up (.json) and report every difference."
)
_CONFIRM = click.option(
    "--confirm-within",
    type=click.IntRange(5, 3600),
    metavar="S",
    default=60,
    show_default=True,
    help="The receiver undoes the change by itself unless a new login confirms it within so many seconds.",
)
_CHECK = click.option("--check", is_flag=True, help="Stop after the plan: show what would change, change nothing.")
_OUTPUT = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output."),
    click.option("-v", "--verbose", count=True, help="Report more (-vv: every request with its time)."),
    click.option("-q", "--quiet", is_flag=True, help="Report only errors."),
)
_ONE_CAMERA = click.option(
    "--camera",
    required=True,
    metavar="[http[s]://][USER@]HOST[:PORT]",
    help="The camera; its user is admin unless given.",
)
_JOBS = click.option(
    "--jobs",
    type=click.IntRange(1, 64),
    help="Cameras at a time. Test uploads stay below the receiver's MaxStartups in any case.  [default: 4 a core]",
)
_DIFF = click.option("--diff", is_flag=True, help="Show every change on both sides.")
_YES_CARD = click.option("--yes", is_flag=True, help="Also prepare a card that was started before.")
_RUN = (
    _TIMEOUT,
    _JOBS,
    _CHECK,
    _DIFF,
    *_OUTPUT,
    click.option(
        "--yes",
        is_flag=True,
        help="Do not ask; also replace files that were edited, and continue if the set-up is kept in memory.",
    ),
)

_CARD = (
    click.option(
        "--boot",
        required=True,
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Where the card's boot partition is mounted (the small FAT one, bootfs).",
    ),
    click.option("--deb", type=_FILE, help="The package that the first boot installs: receiver-setup_VERSION_all.deb."),
    click.option(
        "--offline-debs",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="A folder with the packages that --deb needs, for a Pi without Internet.  [default: download them]",
    ),
    click.option(
        "--wait-for-camera",
        type=click.IntRange(1, 10080),
        metavar="MINUTES",
        default=60,
        show_default=True,
        help="How long the first boot waits for the camera in all; then the password is wiped.",
    ),
)
_REMOVE_CARD = click.option("--remove", is_flag=True, help="Remove everything of receiver-setup's from the card again.")


def setup_options(function: F) -> F:
    """Add the options of setup, in the order of `--help`."""
    return _add(
        function,
        *_TARGETS,
        *_INVENTORY,
        *_ACCOUNT,
        *_SETUP,
        *_UPLOADS,
        *_SSH,
        *_CAMERA,
        *_VIA,
        _CONFIRM,
        _RECEIPT,
        *_RUN,
    )


def verify_options(function: F) -> F:
    """Add the options of verify, in the order of `--help`."""
    return status_options(_OLD_RECEIPT(function))


def status_options(function: F) -> F:
    """Add the options of status, in the order of `--help`."""
    return _add(function, *_TARGETS, *_INVENTORY, *_ACCOUNT, _JAIL, *_SSH, *_CAMERA, *_VIA, _TIMEOUT, _JOBS, *_OUTPUT)


def explain_options(function: F) -> F:
    """Add the options of explain, in the order of `--help`: those of setup, except the ones about changes."""
    return _add(
        function,
        *_TARGETS,
        *_INVENTORY,
        *_ACCOUNT,
        *_SETUP,
        *_UPLOADS,
        *_SSH,
        *_CAMERA,
        *_VIA,
        _TIMEOUT,
        _JOBS,
        *_OUTPUT,
    )


def remove_options(function: F) -> F:
    """Add the options of remove, in the order of `--help`."""
    return _add(function, *_TARGETS, *_INVENTORY, *_ACCOUNT, *_REMOVE, *_SSH, *_CAMERA, *_VIA, _CONFIRM, *_RUN)


def prepare_options(function: F) -> F:
    """Add the options of `pi prepare`, in the order of `--help`: its own, and those of setup for the first boot."""
    wishes = (*_ACCOUNT, _JAIL, *_LOGIN, *_UPLOADS, *_CAMERA_LOGIN, *_CERTIFICATE, _TIMEOUT)
    return _add(function, *_CARD, _CAMERAS, *wishes, _REMOVE_CARD, _CHECK, _DIFF, *_OUTPUT, _YES_CARD)


def _add(function: F, *options: Callable[[F], F]) -> F:
    for option in reversed(options):
        function = option(function)
    return function


def camera_options(*, changes: bool) -> Callable[[F], F]:
    """Return a decorator with the options of the `camera` commands, and --check for those that change the camera."""
    check = (_CHECK,) if changes else ()

    def add(function: F) -> F:
        return _add(function, _ONE_CAMERA, *_CAMERA, _TIMEOUT, *check, *_OUTPUT)

    return add


def find_options(function: F) -> F:
    """Add the options of `camera find`: its own, and those of the receiver whose record it reads."""
    return _add(function, *_RECEIVER, _USER, *_SSH, _TIMEOUT, *_OUTPUT)
