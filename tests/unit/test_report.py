"""The JSON contract and the exit code."""

import itertools
import json

import pytest

from receiver_setup import report
from receiver_setup.cli.camera.outcome import Outcome
from receiver_setup.errors import (
    CameraError,
    ConfigurationError,
    InterruptedRunError,
    ProofError,
    ReceiverError,
    ReceiverSetupError,
    UndoError,
)
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import CameraReport, ReceiverReport, Report, StepReport, worst_error

KEY = PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32)
CHANGED = StepReport(name="create user", changed=True, detail="ipcamera")
KEPT = StepReport(name="create user", changed=False)
ORDER = [InterruptedRunError, UndoError, ProofError, ReceiverError, CameraError, ConfigurationError, ReceiverSetupError]


def full_report() -> Report:
    camera = CameraReport(
        name="porch",
        address="http://192.168.2.168",
        steps=[CHANGED],
        directory="/home/ipcamera/recordings",
        auth="publickey",
        public_key=KEY,
        host_key=KEY,
        host_key_verified=True,
        test=report.TestReport(result=0, file="Test-Snapshot.jpeg", bytes=31337),
        diff="+ft_insecure=0\n",
        error=CameraError("no"),
    )
    receiver = ReceiverReport(
        address="192.168.2.110", user="ipcamera", steps=[KEPT], diff="+ user\n", host_keys=(KEY,), cameras=[camera]
    )
    return Report(check=False, receivers=[receiver])


def test_the_object_has_exactly_the_keys_of_the_contract() -> None:
    whole = json.loads(json.dumps(full_report().as_json()))
    (receiver,) = whole["receivers"]
    (camera,) = receiver["cameras"]
    key = {"type", "fingerprint"}
    assert whole.keys() == {"ok", "changed", "check", "receivers", "error"}
    assert receiver.keys() == {
        "address", "user", "ok", "changed", "steps", "diff", "host_keys", "cameras", "error",
    }  # fmt: skip
    assert camera.keys() == {
        "name", "address", "ok", "changed", "steps", "directory", "auth", "signature", "public_key", "host_key", "test",
        "warnings", "error",
    }  # fmt: skip
    assert camera["steps"][0].keys() == receiver["steps"][0].keys() == {"name", "changed", "detail"}
    assert camera["public_key"].keys() == key | {"bits"}
    assert camera["host_key"].keys() == key | {"verified"}
    assert receiver["host_keys"][0].keys() == key
    assert camera["test"] == {"result": 0, "file": "Test-Snapshot.jpeg", "bytes": 31337}
    assert camera["error"].keys() == whole["error"].keys() == {"kind", "message", "hint", "exit_code", "rolled_back"}
    assert receiver["diff"] == "+ user\n+ft_insecure=0\n"


def test_what_may_have_changed_counts_as_changed() -> None:
    """A failed undo leaves it unknown, and `changed` knows no third word."""
    camera = CameraReport(name="porch", address="http://192.168.2.168", steps=[KEPT], error=UndoError("lost"))
    beside = CameraReport(name="barn", address="http://192.168.2.169", steps=[KEPT], error=CameraError("no"))
    receiver = ReceiverReport(address="local", user="ipcamera", cameras=[camera, beside])
    assert [camera.changed, beside.changed, receiver.changed] == [True, False, True]
    alone = ReceiverReport(address="local", user="ipcamera", error=UndoError("lost"), put_back=True)
    assert Report(check=False, receivers=[alone]).as_json()["changed"] is True
    assert Outcome(error=UndoError("lost")).render()["changed"] is True
    assert Outcome(error=CameraError("no")).render()["changed"] is False


def test_what_is_not_known_is_null() -> None:
    camera = CameraReport(name="porch", address="http://192.168.2.168").as_json()
    unknown = {"directory", "auth", "signature", "public_key", "host_key", "test", "error"}
    assert {name for name, value in camera.items() if value is None} >= unknown
    assert ReceiverReport(address="local", user="ipcamera").as_json()["error"] is None
    whole = Report(check=True).as_json()
    assert whole == {"ok": True, "changed": False, "check": True, "receivers": [], "error": None}


@pytest.mark.parametrize(("worse", "better"), list(itertools.pairwise(ORDER)))
def test_the_worse_error_decides_wherever_it_stands(
    worse: type[ReceiverSetupError], better: type[ReceiverSetupError]
) -> None:
    for outer, inner in ((worse, better), (better, worse)):
        camera = CameraReport(name="porch", address="x", error=inner("inner"))
        receiver = ReceiverReport(address="x", user="ipcamera", error=outer("outer"), cameras=[camera])
        whole = Report(check=False, receivers=[receiver])
        assert whole.exit_code == worse.exit_code
        assert whole.as_json()["error"]["exit_code"] == worse.exit_code
        assert Report(check=False, receivers=[receiver], error=better("x")).exit_code == worse.exit_code


def test_of_equals_the_first_one_is_told() -> None:
    first, second = CameraError("first"), CameraError("second")
    assert worst_error([first, second]) is first
    assert worst_error([]) is None


def test_every_exit_code_of_an_error_has_a_weight() -> None:
    for each in ORDER:
        assert worst_error([each("x")]) is not None


@pytest.mark.parametrize(
    ("check", "changed", "code"), [(False, False, 0), (False, True, 0), (True, False, 0), (True, True, 7)]
)
def test_only_a_check_that_found_a_difference_ends_with_7(*, check: bool, changed: bool, code: int) -> None:
    step = StepReport(name="x", changed=changed)
    receiver = ReceiverReport(address="x", user="ipcamera", steps=[step])
    assert Report(check=check, receivers=[receiver]).exit_code == code
    camera = CameraReport(name="porch", address="x", steps=[step])
    receiver = ReceiverReport(address="x", user="ipcamera", cameras=[camera])
    assert Report(check=check, receivers=[receiver]).exit_code == code


def test_an_error_outweighs_a_difference() -> None:
    receiver = ReceiverReport(address="x", user="ipcamera", steps=[CHANGED], error=ReceiverError("no"))
    assert Report(check=True, receivers=[receiver]).exit_code == 4


def test_what_was_put_back_has_not_changed() -> None:
    camera = CameraReport(name="porch", address="x", steps=[CHANGED], put_back=True)
    receiver = ReceiverReport(address="x", user="ipcamera", steps=[CHANGED], put_back=True, cameras=[camera])
    assert not receiver.changed
    camera.put_back = False
    assert receiver.changed


def test_a_failed_camera_makes_its_receiver_not_ok() -> None:
    whole = full_report()
    assert not whole.receivers[0].ok
    assert whole.as_json()["ok"] is False
    whole.receivers[0].cameras[0].error = None
    assert whole.receivers[0].ok
    assert whole.as_json()["ok"] is True


def test_what_was_put_back_is_told_with_the_error() -> None:
    error = CameraError("no")
    error.rolled_back = True
    assert Report(check=False, error=error).as_json()["error"]["rolled_back"] is True


def test_a_look_tells_the_groups_and_null_where_they_are_not_known() -> None:
    told = [
        ReceiverReport(address="local", user="ipcamera", looked=True, groups=groups).as_json()["groups"]
        for groups in (None, (), ("media",))
    ]
    assert told == [None, [], ["media"]]
    assert "groups" not in ReceiverReport(address="local", user="ipcamera").as_json()
