"""`make receiver`: a person gets a shell that reaches a receiver and a camera."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.rest

TOOL = Path(__file__).parents[2] / "tools/try-receiver"
SCRIPT = """
ssh receiver hostname &&
  receiver-setup setup --receiver receiver --camera "$CAMERA" --check --json | grep -o '"ok": true' | head -n 1
exit 7
"""


def test_ssh_and_the_command_reach_both_without_a_password_and_nothing_is_left(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RECEIVER_SETUP_")}
    done = subprocess.run(
        [sys.executable, TOOL, "--", "sh", "-c", SCRIPT],
        env={**environment, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()) == (7, ["receiver", '"ok": true']), done.stderr
    assert list(tmp_path.iterdir()) == []
