"""A camera's settings before it was pointed at a recording server, on disk until they are restored.

The journal is written before the first change and deleted once the restored settings are read back, so the next run can
restore them if this one is killed. It contains no password.
"""

import contextlib
import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from receiver_setup.errors import CameraError, ConfigurationError

_log = logging.getLogger(__name__)
_SCHEMA = "receiver-setup/camera-journal/1"
_LARGEST = 65_536
_FOLDER = "receiver-setup"


class CameraBusyError(CameraError):
    """Another run on this machine is recording the camera."""

    kind = "camera-busy"


class UnfinishedRecordingError(CameraError):
    """A recording was interrupted, so the camera still uploads to a server that is gone; nothing was changed."""

    kind = "camera-unfinished"
    exit_code = 7


@dataclass(frozen=True, slots=True)
class Journal:
    """One camera's journal; `path` is named after its address."""

    path: Path
    camera: str

    @classmethod
    def of(cls, camera: str, environment: Mapping[str, str] = os.environ) -> "Journal":
        """Return the journal of a camera by its `CameraAddress.url`."""
        name = hashlib.sha256(camera.encode()).hexdigest()[:24]
        return cls(state_folder(environment) / f"camera-{name}.json", camera)

    def read(self) -> dict[str, str] | None:
        """Return the settings to restore; None without a journal. Raises ConfigurationError if it is invalid."""
        try:
            with self.path.open("rb") as file:
                data = json.loads(file.read(_LARGEST))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except PermissionError as error:
            _log.warning("it is not known whether a recording of %s was interrupted: %s", self.camera, error)
            return None
        except (OSError, ValueError) as error:
            raise self._odd(str(error)) from error
        fields = data.get("before") if isinstance(data, dict) else None
        if not isinstance(fields, dict) or data.get("schema") != _SCHEMA or data.get("camera") != self.camera:
            raise self._odd("it is for another camera")
        if not all(isinstance(name, str) and isinstance(value, str) for name, value in fields.items()):
            raise self._odd("its settings are not strings")
        return dict(fields)

    def write(self, before: Mapping[str, str]) -> None:
        """Write it durably before the camera is changed; an existing one is kept, because it is older."""
        if self.path.exists():
            return
        data: dict[str, Any] = {"schema": _SCHEMA, "camera": self.camera, "before": dict(before)}
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = self.path.with_suffix(f".{os.getpid()}")
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(json.dumps(data))
                file.flush()
                os.fsync(file.fileno())
            made.replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def delete(self) -> None:
        """Delete it, once the camera's settings are restored."""
        self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lock this camera's journal against other runs on this machine. Raises CameraBusyError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened = self.path.with_suffix(".lock").open("w", encoding="utf-8")
        except OSError as error:
            raise self._unwritable(error) from error
        with opened as file:
            if sys.platform != "win32":
                import fcntl  # noqa: PLC0415 - not on Windows, where a second run is not detected

                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise CameraBusyError(
                        f"another run on this machine is recording the camera {self.camera}",
                        hint="wait until it has ended, within a minute",
                    ) from error
            yield

    def _unwritable(self, error: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"the camera's settings cannot be saved in {self.path}: {error.strerror}",
            hint="nothing was changed; make the folder writable, or choose another with XDG_STATE_HOME",
        )

    def _odd(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"the journal {self.path} cannot be read: {why}",
            hint="check the camera's own menu; once its upload settings are right, delete the file",
        )


def require_finished(camera: str) -> None:
    """Raise UnfinishedRecordingError if a recording of this camera was interrupted."""
    if Journal.of(camera).read() is None:
        return
    raise UnfinishedRecordingError(
        f"a recording of the camera {camera} was interrupted: it still uploads to the recording server, which is gone",
        hint="`receiver-setup camera record`, `camera set`, `setup` and `remove` restore its settings first",
    )


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder for files that must outlive a run."""
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or Path.home()) / _FOLDER
    home = environment.get("HOME") or "/"
    return Path(environment.get("XDG_STATE_HOME") or Path(home, ".local", "state")) / _FOLDER
