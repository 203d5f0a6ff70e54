"""Reports and receipts to test with."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from receiver_setup import report
from receiver_setup.errors import CameraError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receipt import (
    UPLOADS,
    CameraReceipt,
    Commands,
    Problem,
    Proof,
    Receipt,
    ReceiverReceipt,
    make_receipt,
)
from receiver_setup.report import CameraReport, ReceiverReport, Report

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "docs" / "receipt.schema.json").read_text(encoding="utf-8")
)
MADE_AT = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
COMMANDS = Commands(
    verify="receiver-setup verify --receiver pi@attic --camera http://192.168.2.168",
    remove="receiver-setup remove --receiver pi@attic --camera http://192.168.2.168",
)


def ed25519(fill: bytes) -> PublicKey:
    """Make a key out of one byte."""
    return PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + fill * 32)


def rsa(fill: bytes = b"\xc3") -> PublicKey:
    """Make a key of 2048 bits out of one byte."""
    return PublicKey.from_blob(b"\0\0\0\x07ssh-rsa\0\0\0\x03\1\0\1\0\0\1\1\0" + fill * 256)


def camera_report(name: str = "porch", **other: Any) -> CameraReport:
    """Make the report of a camera that is proven."""
    values: dict[str, Any] = {
        "name": name,
        "address": f"http://{name}",
        "directory": "/home/ipcamera/recordings",
        "server": "192.168.2.110",
        "port": 22,
        "auth": "publickey",
        "public_key": rsa(),
        "host_key": ed25519(b"h"),
        "host_key_verified": True,
        "test": report.TestReport(result=0, file="Test-Snapshot.jpeg", bytes=31337),
        "uploads": ("rec",),
    }
    return CameraReport(**{**values, **other})


def failed_report(name: str = "gate", **other: Any) -> CameraReport:
    """Make the report of a camera that failed after it was looked at."""
    return camera_report(name, error=CameraError("the camera gate said no", hint="ask again"), **other)


def whole_report(*cameras: CameraReport, **other: Any) -> Report:
    """Make the report of a run on one receiver."""
    values: dict[str, Any] = {
        "address": "attic",
        "user": "ipcamera",
        "home": "/home/ipcamera",
        "directory": "recordings",
        "jail": True,
        "host_keys": (ed25519(b"h"), rsa(b"\x99")),
        "cameras": list(cameras or (camera_report(),)),
    }
    return Report(check=False, receivers=[ReceiverReport(**{**values, **other})])


def receipt_of(*cameras: CameraReport, keep_failed: bool = False, **other: Any) -> Receipt:
    """Make the receipt of a run on one receiver."""
    return make_receipt(
        whole_report(*cameras, **other), made_at=MADE_AT, commands=lambda _: COMMANDS, keep_failed=keep_failed
    )


# ---- any receipt

TEXTS = st.text(st.characters(blacklist_categories=("C", "Z"), whitelist_characters=" "), max_size=20)
KEYS = st.binary(min_size=1, max_size=1).flatmap(lambda fill: st.sampled_from([ed25519(fill), rsa(fill)]))
PROOFS = st.builds(
    Proof,
    result=st.none() | st.integers(-9, 9),
    file=st.none() | TEXTS,
    bytes=st.none() | st.integers(0, 2**63 - 1),
)
PROBLEMS = st.builds(Problem, kind=TEXTS, message=TEXTS, hint=TEXTS, exit_code=st.integers(1, 255))
CAMERAS = st.builds(
    CameraReceipt,
    name=TEXTS,
    address=TEXTS,
    user=st.none() | TEXTS,
    directory=st.none() | TEXTS,
    server=st.none() | TEXTS,
    port=st.none() | st.integers(1, 65535),
    auth=st.sampled_from([None, "publickey", "password"]),
    signature=st.sampled_from([None, "ssh-rsa"]),
    public_key=st.none() | KEYS,
    host_key=st.none() | KEYS,
    host_key_verified=st.sampled_from([None, True, False]),
    uploads=st.none() | st.lists(st.sampled_from(list(UPLOADS)), unique=True).map(tuple),
    proof=st.none() | PROOFS,
    warnings=st.lists(TEXTS, max_size=2).map(tuple),
    error=st.none() | PROBLEMS,
)
RECEIVERS = st.builds(
    ReceiverReceipt,
    address=TEXTS,
    user=TEXTS,
    home=st.none() | TEXTS,
    directory=st.none() | TEXTS,
    jail=st.sampled_from([None, True, False]),
    host_keys=st.lists(KEYS, max_size=2).map(tuple),
    cameras=st.lists(CAMERAS, max_size=2, unique_by=lambda camera: camera.name).map(tuple),
    commands=st.none() | st.builds(Commands, verify=TEXTS, remove=TEXTS),
)
RECEIPTS = st.builds(
    Receipt,
    tool=TEXTS,
    made_at=st.datetimes(timezones=st.just(UTC)).map(lambda when: when.replace(microsecond=0)),
    receivers=st.lists(RECEIVERS, max_size=2, unique_by=lambda each: (each.address, each.user)).map(tuple),
)
"""Of every shape that the format allows."""
