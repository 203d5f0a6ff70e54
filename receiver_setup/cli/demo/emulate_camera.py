"""`receiver-setup emulate-camera`: an emulated camera to develop against, until Ctrl-C."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from receiver_setup.compat import linux_only
from receiver_setup.errors import ConfigurationError

if TYPE_CHECKING:
    from receiver_setup.emulator.camera import EmulatedCamera
    from receiver_setup.emulator.camera.recorded import Recorded

PASSWORD_VARIABLE = "RECEIVER_SETUP_CAMERA_PASSWORD"  # noqa: S105  a variable's name
_FACTORY_PASSWORD = "instar"  # noqa: S105  documented by the maker
_HIGHEST_PORT = 65_535
LARGEST_RECORDING = 8_000_000


@click.command("emulate-camera")
@click.option(
    "--listen",
    default="127.0.0.1",
    show_default=True,
    metavar="HOST[:PORT]",
    help="Address to listen on; a free port if PORT is not given.",
)
@click.option("--user", default="admin", show_default=True, help="The camera's user.")
@click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help=f"File with the camera's password; default: ${PASSWORD_VARIABLE}, or the factory password.",
)
@click.option(
    "--profile", "profile_name", default="default", show_default=True, metavar="NAME", help="The firmware to emulate."
)
@click.option(
    "--from",
    "recording",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Emulate the camera of this recording, made by `receiver-setup camera record`.",
)
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="Change one setting; repeatable.")
@click.option("--list-settings", is_flag=True, help="List profiles and settings, and exit.")
@click.option("--https", is_flag=True, help="Short for --set https=true.")
@click.option("--json", "as_json", is_flag=True, help="Print the ready line, or the list, as one JSON object.")
def command(  # noqa: PLR0913  one argument an option
    *,
    listen: str,
    user: str,
    password_file: Path | None,
    profile_name: str,
    recording: Path | None,
    settings: tuple[str, ...],
    list_settings: bool,
    https: bool,
    as_json: bool,
) -> None:
    """Run an emulated camera that really uploads by SFTP, until Ctrl-C.

    It behaves as the profile says; every undocumented behaviour of the real camera is a setting.
    """
    if list_settings:
        click.echo(_render_json() if as_json else _render_list())
        return
    from receiver_setup.emulator.camera.profiles import apply_settings, find_profile  # noqa: PLC0415  quick --help

    recorded = None if recording is None else _read_recording(recording, profile_name)
    profile = apply_settings(find_profile(profile_name) if recorded is None else recorded.profile, settings)
    if https:
        profile = replace(profile, https=True)
    if sys.platform != "linux":
        raise linux_only("the emulated camera", hint="run it on a Linux machine")
    host, port = _parse_listen(listen)
    _log_to_stderr()
    from receiver_setup.emulator.camera import EmulatedCamera  # noqa: PLC0415  loads the web server

    password = _read_password(password_file)
    camera = EmulatedCamera(profile, user=user, password=password, host=host, port=port, recorded=recorded)
    _serve(camera, user=user, as_json=as_json)


def _read_recording(path: Path, profile_name: str) -> "Recorded":
    from receiver_setup.emulator.camera.recorded import read_recorded  # noqa: PLC0415  quick --help
    from receiver_setup.recording.format import read_recording  # noqa: PLC0415  as above

    if profile_name != "default":
        raise ConfigurationError("--from and --profile contradict each other", hint="leave one of the two out")
    try:
        with path.open("rb") as file:
            text = file.read(LARGEST_RECORDING)
    except OSError as error:
        raise ConfigurationError(
            f"cannot read the recording {path}: {error.strerror}",
            hint="give a file written by `receiver-setup camera record`",
        ) from error
    return read_recorded(read_recording(text))


def _serve(camera: "EmulatedCamera", *, user: str, as_json: bool) -> None:
    host, port = camera.host, camera.port
    with _ended_by_signals() as ended, ExitStack() as stack:
        try:
            stack.enter_context(camera)
        except OSError as error:
            raise ConfigurationError(
                f"the emulated camera cannot listen on {host} port {port}: {error.strerror or error}",
                hint="give --listen a free address of this machine",
            ) from error
        click.echo(_render_ready(camera, user, as_json=as_json))
        sys.stdout.flush()
        ended.wait()


@contextmanager
def _ended_by_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C and SIGTERM set; they are the normal end of this server, with exit code 0."""
    ended = threading.Event()
    before = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield ended
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _render_ready(camera: "EmulatedCamera", user: str, *, as_json: bool) -> str:
    if as_json:
        fingerprint = camera.certificate_fingerprint
        return json.dumps({"ready": True, "url": camera.url, "user": user, "certificate": fingerprint})
    return f"The emulated camera is ready at {camera.url} (user {user}); Ctrl-C ends it."


def _render_json() -> str:
    from receiver_setup.emulator.camera.profile import SETTINGS  # noqa: PLC0415  quick --help
    from receiver_setup.emulator.camera.profiles import PROFILES  # noqa: PLC0415  as above

    return json.dumps(
        {
            "profiles": [
                {"name": item.name, "firmware": item.firmware, "source": item.source} for item in PROFILES.values()
            ],
            "settings": [
                {
                    "name": item.name,
                    "type": item.choices,
                    "default": item.default,
                    "meaning": item.meaning,
                    "source": item.source,
                }
                for item in SETTINGS.values()
            ],
        }
    )


def _render_list() -> str:
    from receiver_setup.emulator.camera.profile import SETTINGS  # noqa: PLC0415  quick --help
    from receiver_setup.emulator.camera.profiles import PROFILES  # noqa: PLC0415  as above

    lines = ["Profiles (--profile NAME)"]
    for named in PROFILES.values():
        lines += [f"  {named.name}", f"      {named.firmware}", f"      source: {named.source}"]
    lines += ["", "Settings (--set NAME=VALUE)"]
    for item in SETTINGS.values():
        shown = ",".join(item.default) if item.is_list else item.default
        shown = str(shown).lower() if isinstance(shown, bool) else shown
        lines += [
            f"  {item.name}={shown}   [{item.choices}]",
            f"      {item.meaning} (source: {item.source})",
        ]
    return "\n".join(lines)


def _parse_listen(text: str) -> tuple[str, int]:
    """Split HOST[:PORT] or [IPV6][:PORT]; port 0 takes a free one. Raises ConfigurationError."""
    host, colon, port = text, "", ""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        colon, port = rest[:1], rest[1:]
    elif text.count(":") == 1:
        host, colon, port = text.partition(":")
    if not host or (colon and not (port.isdecimal() and int(port) <= _HIGHEST_PORT)):
        raise ConfigurationError(f"--listen cannot be {text!r}", hint="write HOST or HOST:PORT, PORT up to 65535")
    return host, int(port or 0)


def _read_password(file: Path | None) -> str:
    if file is None:
        return os.environ.get(PASSWORD_VARIABLE) or _FACTORY_PASSWORD
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the password from {file}: {error}", hint="name a text file") from error
    if not lines or not lines[0]:
        raise ConfigurationError(f"the password file {file} is empty", hint="its first line is the password")
    return lines[0]


def _log_to_stderr() -> None:
    """Log each command to stderr, regardless of -v."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    for name in ("receiver_setup.emulator.camera.http", "receiver_setup.emulator.camera.engine"):
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
