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
    click.option("--only", multiple=True, metavar="NAME", help="This camera or receiver of the inventory; repeat it."),
    click.option(
        "--failed-from",
        type=_FILE,
        help="Only what this receipt (.json) of an earlier run, or its --json output, does not have as proven.",
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
_ADOPT = click.option("--adopt", is_flag=True, help="Take over an account of this name that was made by hand.")
_GROUPS = click.option(
    "--groups",
    metavar="NAME,…",
    help="Groups of the receiver's that the upload user joins, such as _ssh where sshd lets that group in alone.",
)
_LOGIN = (
    click.option(
        "--auth",
        type=click.Choice(["auto", "key", "password"]),
        default="auto",
        show_default=True,
        help="How the camera signs in; auto takes a random password only where the camera answers that it has no key.",
    ),
    click.option(
        "--sha1",
        type=click.Choice(["auto", "never", "always"]),
        default="auto",
        show_default=True,
        help="Allow SHA-1 signatures for the upload user alone; auto where sshd's log asks for it.",
    ),
    click.option(
        "--pin-source/--no-pin-source",
        default=None,
        help="Let the camera's key open the account from its present address alone (reserve it in the router: after "
        "another one by DHCP the login fails).  [default: as it is]",
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
    click.option("--delete-recordings", is_flag=True, help="Delete the recordings as well; they cannot come back."),
)
_SSH = (
    click.option("--identity", type=_FILE, help="The private key for the receiver."),
    click.option("--known-hosts", type=_FILE, help="The file of known host keys.  [default: as ssh]"),
    click.option("--accept-new-host-key", is_flag=True, help="Note an unknown receiver's host key and go on."),
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
        help="How user and password reach the camera.",
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
        help="Reach the camera through the SSH connection to the receiver, where this machine does not reach it.",
    ),
)
_UPLOADS = (
    click.option(
        "--upload",
        metavar="rec,snap,timersnap",
        help="What the camera shall upload: videos at an alarm, pictures at an alarm, pictures by the clock.",
    ),
    click.option("--interval", type=int, metavar="S", help="Seconds between two uploads of these, 1 to 3600."),
    click.option("--snapshots", type=int, metavar="N", help="Pictures at each alarm, 1 to 10."),
    click.option("--schedule", metavar='"10:00 Mon-Fri"', help="When the pictures by the clock are taken."),
)
_TIMEOUT = click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=10.0, show_default=True, help="Seconds a trip."
)
_OLD_RECEIPT = click.option(
    "--receipt", type=_FILE, help="Compare with this receipt of the set-up (.json) as well, and tell every difference."
)
_CONFIRM = click.option(
    "--confirm-within",
    type=click.IntRange(5, 3600),
    metavar="S",
    default=60,
    show_default=True,
    help="The receiver takes the change back by itself unless a new login confirms it within so many seconds.",
)
_CHECK = click.option("--check", is_flag=True, help="Stop after the plan: show what would change, change nothing.")
_OUTPUT = (
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output."),
    click.option("-v", "--verbose", count=True, help="Tell more (-vv: every trip with its time)."),
    click.option("-q", "--quiet", is_flag=True, help="Tell only errors."),
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
_YES_CARD = click.option("--yes", is_flag=True, help="Prepare also a card that was started before.")
_RUN = (
    _TIMEOUT,
    _JOBS,
    _CHECK,
    _DIFF,
    *_OUTPUT,
    click.option(
        "--yes",
        is_flag=True,
        help="Do not ask; replace also what was edited by hand, and go on where the set-up lies in memory.",
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
        help="A folder of packages that --deb needs, for a Pi without Internet.  [default: the Pi downloads them]",
    ),
    click.option(
        "--wait-for-camera",
        type=click.IntRange(1, 10080),
        metavar="MINUTES",
        default=60,
        show_default=True,
        help="How long the first boot tries, in all, until the camera answers; then the password is wiped.",
    ),
)
_REMOVE_CARD = click.option("--remove", is_flag=True, help="Take everything of receiver-setup's off the card again.")


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
    """Add the options of explain, in the order of `--help`: those of setup but for what concerns changes."""
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
    """Add the options of `pi prepare`, in the order of `--help`: its own, and setup's that can wait."""
    wishes = (*_ACCOUNT, _JAIL, *_LOGIN, *_UPLOADS, *_CAMERA_LOGIN, *_CERTIFICATE, _TIMEOUT)
    return _add(function, *_CARD, _CAMERAS, *wishes, _REMOVE_CARD, _CHECK, _DIFF, *_OUTPUT, _YES_CARD)


def _add(function: F, *options: Callable[[F], F]) -> F:
    for option in reversed(options):
        function = option(function)
    return function


def camera_options(*, changes: bool) -> Callable[[F], F]:
    """Return what adds the options of the `camera` commands; those that change the camera have --check as well."""
    check = (_CHECK,) if changes else ()

    def add(function: F) -> F:
        return _add(function, _ONE_CAMERA, *_CAMERA, _TIMEOUT, *check, *_OUTPUT)

    return add


def find_options(function: F) -> F:
    """Add the options of `camera find`: beside its own, those of a receiver whose record is looked into."""
    return _add(function, *_RECEIVER, _USER, *_SSH, _TIMEOUT, *_OUTPUT)
