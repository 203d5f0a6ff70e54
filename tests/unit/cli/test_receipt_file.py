"""`--receipt FILE`: whole or not at all, for its owner alone, and never instead of what is better."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.receipts import camera_report, failed_report, whole_report

from receiver_setup.cli.inputs.receipt import check_receipt_file
from receiver_setup.cli.output.receipt_file import keep_receipt
from receiver_setup.errors import ConfigurationError, ReceiptError
from receiver_setup.receipt import parse_receipt
from receiver_setup.report import Report

OPTIONS: dict[str, Any] = {
    "check": False, "local": True, "receiver": None, "cameras": ("porch",), "user": "ipcamera",
    "directory": "recordings", "home": None, "receiver_address": None, "jail": True, "isolate": False,
    "camera_login": "auto", "camera_fingerprint": None, "camera_insecure": False, "camera_via_receiver": False,
    **dict.fromkeys((
        "identity", "known_hosts", "ssh_config", "ssh_password_file", "sudo_password_file", "camera_password_file",
        "camera_ca_file",
    )),
}  # fmt: skip


def options(path: Path, **other: Any) -> dict[str, Any]:
    return {**OPTIONS, "receipt": path, **other}


def refusal(path: Path, **other: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        check_receipt_file(options(path, **other))
    assert caught.value.hint
    return caught.value.message


@pytest.mark.parametrize("umask", [0, 0o22, 0o777])
def test_it_is_written_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        keep_receipt(options(tmp_path / "x.json"), whole_report())
    finally:
        os.umask(before)
    assert (tmp_path / "x.json").stat().st_mode & 0o7777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_the_ending_decides_the_kind(tmp_path: Path) -> None:
    for name in ("x.json", "X.JSON", "x.md"):
        check_receipt_file(options(tmp_path / name))
        keep_receipt(options(tmp_path / name), whole_report())
    receipt = parse_receipt((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert parse_receipt((tmp_path / "X.JSON").read_text(encoding="utf-8")).receivers == receipt.receivers
    assert receipt.receivers[0].commands is not None
    assert receipt.receivers[0].commands.remove == "receiver-setup remove --local --camera http://porch"
    assert (tmp_path / "x.md").read_text(encoding="utf-8").startswith("# Receipt of a camera set-up\n")


@pytest.mark.parametrize(
    ("report", "written"),
    [
        (whole_report(camera_report(), failed_report()), True),
        (whole_report(failed_report()), False),
        (whole_report(camera_report(), error=ConfigurationError("no")), False),
        (whole_report(), True),
        (Report(check=True, receivers=whole_report().receivers), False),
        (Report(check=False), False),
    ],
    ids=["one of two", "none", "receiver", "all", "check", "nothing"],
)
def test_it_is_written_when_a_camera_is_proven_and_else_what_was_there_stays(
    tmp_path: Path, report: Report, *, written: bool
) -> None:
    path = tmp_path / "x.json"
    path.write_text("older")
    keep_receipt(options(path), report)
    assert (path.read_text(encoding="utf-8") != "older") is written


def test_without_a_wish_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    keep_receipt({**OPTIONS, "receipt": None}, whole_report())
    check_receipt_file({**OPTIONS, "receipt": None, "check": True})
    assert list(tmp_path.iterdir()) == []


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("theirs")
    (tmp_path / "x.json").symlink_to("other")
    keep_receipt(options(tmp_path / "x.json"), whole_report())
    assert (tmp_path / "other").read_text() == "theirs"
    assert not (tmp_path / "x.json").is_symlink()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.json").mkdir()
    assert "is a folder" in refusal(tmp_path / "x.json")
    os.mkfifo(tmp_path / "x.md")
    assert "is not a regular file" in refusal(tmp_path / "x.md")
    (tmp_path / "y.md").symlink_to("y.md")
    assert "cannot be used" in refusal(tmp_path / "y.md")


def test_a_folder_that_takes_no_file_is_refused() -> None:
    """Root may write anywhere but here."""
    assert "no file can be created in /proc/self" in refusal(Path("/proc/self/x.json"))


FULL = """
import json, resource, sys
from pathlib import Path
from support.receipts import whole_report
from receiver_setup.cli.output.receipt_file import keep_receipt
from receiver_setup.errors import ReceiptError
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
options = json.loads(sys.argv[1])
options["receipt"] = Path(options["receipt"])
try:
    keep_receipt(options, whole_report())
except ReceiptError as error:
    sys.exit(json.dumps([error.message, error.hint, error.exit_code, error.rolled_back]))
"""


def test_a_disk_without_room_leaves_the_older_one_and_no_piece_of_the_new(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("older")
    done = subprocess.run(
        [sys.executable, "-c", FULL, json.dumps({**OPTIONS, "receipt": str(path)})],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    message, hint, code, rolled_back = json.loads(done.stderr)
    assert f"the set-up is done and stays, but its receipt cannot be written to {path}: " in message
    assert "run the same command again" in hint
    assert (code, rolled_back) == (2, None)
    assert [each.name for each in tmp_path.iterdir()] == ["x.json"]
    assert path.read_text() == "older"


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReceiptError, match="No such file"):
        keep_receipt(options(tmp_path / "gone" / "x.json"), whole_report())
