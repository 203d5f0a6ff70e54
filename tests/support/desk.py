"""A person's desk, from which a camera is recorded."""

import os
import subprocess
from pathlib import Path
from typing import Any

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.recording.format import Recording, read_recording
from support.bench import CAMERA_PASSWORD
from support.command import start_program


class PromptQueue:
    """A person's desk: a folder, a state of its own, and the command there, without root's help."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD}
        self.environment["XDG_STATE_HOME"] = str(folder / "state")

    @property
    def journals(self) -> list[Path]:
        """Return the journals that are left."""
        return sorted(folder.glob("*.json")) if (folder := self.folder / "state" / "receiver-setup").exists() else []

    def start(self, camera: EmulatedCamera, *words: str, real: bool = False) -> Any:
        """Start a command for this camera."""
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return start_program(
            "receiver_setup", *words, "--camera", camera.url, real=real, env=self.environment, cwd=self.folder, **pipes
        )

    def run(self, camera: EmulatedCamera, *words: str) -> tuple[int, str, str]:
        """Run a command to its end."""
        process = self.start(camera, *words)
        out, err = process.communicate()
        return process.returncode, out, err

    def record(self, camera: EmulatedCamera, *words: str) -> Recording:
        """Record a camera; return what was recorded."""
        path = self.folder / f"{len(list(self.folder.iterdir()))}.json"
        code, out, err = self.run(camera, "camera", "record", str(path), "--uploader", "--yes", *words)
        assert code == 0, err
        assert str(path) in out
        return read_recording(path.read_bytes())
