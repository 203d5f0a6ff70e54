"""The files for the card, from the options of `pi prepare`."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any, ClassVar, Self

from receiver_setup.camera.messages.schedule import parse_words
from receiver_setup.camera.settings.upload_options import parse_kinds
from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.login import check_length
from receiver_setup.cli.inputs.clients import check_camera_options
from receiver_setup.cli.inputs.secrets import read_secret
from receiver_setup.errors import ConfigurationError
from receiver_setup.pi import first_run, user_data
from receiver_setup.pi.card import BootFormat, Card, Recognised
from receiver_setup.pi.job import Job, Patience
from receiver_setup.pi.partition import digest_of
from receiver_setup.pi.plan import FOLDER, JOB, PACKAGE, PACKAGES, PASSWORD, Wanted
from receiver_setup.receiver.address import parse_dialled
from receiver_setup.receiver.plan.wanted import check_directory, check_home, check_user, clean_name

_VARIABLE = "RECEIVER_SETUP_CAMERA_PASSWORD"
_SHELL = ("first-boot.sh", "receiver-setup-first-boot.service")
_AR = b"!<arch>\ndebian-binary"
_OPTIONAL = (
    *("home", "receiver_address", "pin_source", "upload", "interval", "snapshots", "schedule", "camera_fingerprint"),
    "camera_insecure",
)


@dataclass(frozen=True)
class Content:
    """A file to write: its path on the partition, and its content or the file to copy."""

    SHOWN: ClassVar[int] = 64 * 1024
    """Bytes of the longest text that a diff shows."""

    path: str
    source: bytes | Path
    shown: bool = True
    """Whether a diff shows it; for our own programs the size is enough."""

    @classmethod
    def text(cls, path: str, text: str) -> Self:
        """Return a text with unchanged line ends."""
        return cls(path, text.encode())

    @cached_property
    def wanted(self) -> Wanted:
        """The file as the plan needs it."""
        if isinstance(self.source, bytes):
            return Wanted.of(self.path, self.source)
        return Wanted(path=self.path, digest=digest_of(self.source), size=self.source.stat().st_size)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.wanted.size

    @property
    def lines(self) -> list[str] | None:
        """The lines of a text; None if it must not be shown."""
        return self.source.decode().splitlines(keepends=True) if self.shown and isinstance(self.source, bytes) else None


def folder_files(options: dict[str, Any]) -> Iterator[Content]:
    """Return the files of our own folder in the order of writing: the job last."""
    job = _make_job(options)
    package = options["deb"]
    if package is None:
        raise ConfigurationError(
            "no package was given for the Pi to install",
            hint="give --deb FILE, the receiver-setup_VERSION_all.deb that `make deb` builds",
        )
    yield Content(PACKAGE, _require_package(package, "--deb"))
    for path in _find_packages(options["offline_debs"]):
        yield Content(f"{PACKAGES}/{path.name}", path)
    shell = files("receiver_setup.pi") / "shell"
    for name in _SHELL:
        yield Content(f"{FOLDER}/{name}", (shell / name).read_bytes(), shown=False)
    yield Content(PASSWORD, _read_password(options))
    yield Content.text(JOB, job.render())


def own_files(card: Card, found: Recognised) -> Iterator[Content]:
    """Return the first boot's files with our command added, in the order of writing."""
    if found.format is BootFormat.CLOUD_INIT:
        yield Content.text(user_data.FILE, user_data.merge_user_data(card.texts.get(user_data.FILE)))
        return
    script = card.texts.get(found.script)
    yield Content.text(found.script, first_run.merge_script(script, file=found.script))
    cmdline = card.text(first_run.CMDLINE)
    yield Content.text(first_run.CMDLINE, first_run.merge_cmdline(cmdline, script=card.texts.get(first_run.SCRIPT)))


def _make_job(options: dict[str, Any]) -> Job:
    """Check the options as setup would, so that errors do not wait for the first boot; return them as a job."""
    if not options["cameras"]:
        raise ConfigurationError("no camera was given", hint="give --camera [http[s]://][USER@]HOST[:PORT]")
    check_camera_options({**options, "camera_ca_file": None}, options["cameras"])
    addresses = [CameraAddress.parse(text) for text in options["cameras"]]
    names = [clean_name(address.url.partition("://")[2]) for address in addresses]
    for address, name in zip(addresses, names, strict=True):
        if address.password is not None:
            raise ConfigurationError(
                "a password in --camera would stay on the card, in the job",
                hint=f"set {_VARIABLE} or give --camera-password-file instead: its copy on the card is wiped",
            )
        if names.count(name) > 1:
            raise ConfigurationError(f"the camera {name} was given twice", hint="give each camera once")
    user = check_user(options["user"])
    check_home(options["home"] or f"/home/{user}")
    check_directory(options["directory"])
    if options["receiver_address"]:
        parse_dialled(options["receiver_address"])
    if options["upload"] is not None:
        parse_kinds(options["upload"])
    if options["schedule"] is not None:
        parse_words(options["schedule"])
    always = ("user", "directory", "jail", "auth", "sha1", "camera_login", "timeout")
    given = {name: options[name] for name in _OPTIONAL if options[name] not in (None, False) or name == "pin_source"}
    chosen = {name: value for name, value in ({n: options[n] for n in always} | given).items() if value is not None}
    return Job(
        cameras=tuple(options["cameras"]),
        options={name.replace("_", "-"): value for name, value in chosen.items()},
        patience=Patience(camera_s=60 * options["wait_for_camera"]),
    )


def _read_password(options: dict[str, Any]) -> bytes:
    first = CameraAddress.parse(options["cameras"][0])
    password = read_secret(
        options["camera_password_file"],
        _VARIABLE,
        question=f"Password of {first.user} on the camera {first.display}",
        user=first.user,
    )
    if password is None:
        raise ConfigurationError(
            "the camera's password is not known, and the first boot cannot ask for it",
            hint=f"set {_VARIABLE} or give --camera-password-file",
        )
    for camera in options["cameras"]:
        check_length(CameraAddress.parse(camera), password)
    text = password.reveal()
    if "\n" in text or "\r" in text:
        raise ConfigurationError("the camera's password has more than one line", hint="give the password alone")
    return f"{text}\n".encode()


def _require_package(path: Path, option: str) -> Path:
    try:
        with path.open("rb") as file:
            head = file.read(len(_AR))
    except OSError as error:
        raise ConfigurationError(f"{option}: {path} cannot be read: {error.strerror}") from error
    if head != _AR:
        raise ConfigurationError(
            f"{option}: {path} is not a Debian package", hint="give a file whose name ends in .deb"
        )
    return path


def _find_packages(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    if not folder.is_dir():
        raise ConfigurationError(f"--offline-debs: there is no folder {folder}")
    found = sorted(folder.glob("*.deb"))
    if not found:
        raise ConfigurationError(
            f"--offline-debs: there is no package in {folder}", hint="give a folder with .deb files"
        )
    return [_require_package(path, "--offline-debs") for path in found]
