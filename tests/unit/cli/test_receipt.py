"""The result for a person."""

from receiver_setup import report
from receiver_setup.cli.output.receipt import render_receipt
from receiver_setup.errors import CameraError, ReceiverError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.report import CameraReport, Commands, ReceiverReport, Report, StepReport

KEY = PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + b"k" * 32)
CHANGED = StepReport(name="point camera", changed=True, detail="ft_server, ft_port")


def whole(camera: CameraReport, *, check: bool = False, error: ReceiverError | None = None) -> Report:
    receiver = ReceiverReport(address="192.168.2.110", user="ipcamera", cameras=[camera], error=error)
    return Report(check=check, receivers=[receiver])


def proven() -> CameraReport:
    return CameraReport(
        name="porch",
        address="http://192.168.2.168",
        steps=[CHANGED],
        directory="/home/ipcamera/recordings",
        auth="publickey",
        public_key=KEY,
        host_key=KEY,
        host_key_verified=True,
        test=report.TestReport(result=0, file="Test-Snapshot.jpeg", bytes=31337),
    )


def test_a_proven_camera_is_told_with_its_proof() -> None:
    text = render_receipt(whole(proven()))
    assert "porch (http://192.168.2.168) uploads to 192.168.2.110 by sFTP, proven on both sides." in text
    assert f"as ipcamera, with its own key, 256 bits, {KEY}" in text
    assert "Test-Snapshot.jpeg, 31337 bytes, arrived with verification on, login by publickey" in text
    assert "Nothing was changed" not in text


def test_it_says_where_the_recordings_are_and_what_the_jail_is() -> None:
    report = whole(proven())
    report.receivers[0].home, report.receivers[0].jail = "/home/ipcamera", True
    text = render_receipt(report)
    assert "recordings  /home/ipcamera/recordings on 192.168.2.110" in text
    assert "as ipcamera, jailed in /home/ipcamera, with its own key" in text
    report.receivers[0].address = "local"
    assert "uploads to this machine by sFTP" in render_receipt(report)


def test_a_camera_with_an_account_of_its_own_is_told_with_that() -> None:
    camera = proven()
    camera.user, camera.directory = "ipcamera-porch", "/home/ipcamera-porch/films"
    report = whole(camera)
    report.receivers[0].jail, report.receivers[0].directory = True, "films"
    assert "as ipcamera-porch, jailed in /home/ipcamera-porch, with its own key" in render_receipt(report)


def test_what_the_receiver_needs_for_all_its_cameras_is_told_once() -> None:
    report = whole(proven())
    report.receivers[0].warnings = ["12 cameras may upload at the same moment"]
    assert "\nwarning: 12 cameras may upload at the same moment" in render_receipt(report)


def test_it_ends_with_how_to_look_again_and_how_to_take_it_back() -> None:
    commands = Commands(verify="receiver-setup verify --local", remove="receiver-setup remove --local")
    lines = render_receipt(whole(proven()), [commands]).splitlines()
    assert lines[-2:] == [
        "To verify again: receiver-setup verify --local",
        "To undo it:      receiver-setup remove --local",
    ]
    failed = proven()
    failed.error = CameraError("no")
    assert render_receipt(whole(failed), [commands]) == ""
    assert "To " not in render_receipt(whole(proven(), check=True), [commands])
    assert "To " not in render_receipt(whole(proven()), [None])


def test_a_second_run_says_that_nothing_was_changed() -> None:
    camera = proven()
    camera.steps = []
    assert render_receipt(whole(camera)).endswith("Nothing was changed: everything was set up already.")


def test_a_password_and_its_warning_are_told() -> None:
    camera = proven()
    camera.auth, camera.warnings = "password", ["this camera does not sign in with a key"]
    text = render_receipt(whole(camera))
    assert "with a random password" in text
    assert "warning     this camera does not sign in with a key" in text


def test_a_host_key_that_was_not_told_again_is_not_guessed() -> None:
    camera = proven()
    camera.host_key = None
    assert "the host key that it trusts" in render_receipt(whole(camera))


def test_a_check_tells_what_would_change_and_claims_no_proof() -> None:
    text = render_receipt(whole(proven(), check=True))
    assert "ft_server, ft_port" in text
    assert "Nothing was changed: this was a check." in text
    assert "proven" not in text


def test_a_failure_is_no_receipt() -> None:
    failed = proven()
    failed.error = CameraError("no")
    assert render_receipt(whole(failed)) == ""
    assert render_receipt(whole(proven(), error=ReceiverError("no"))) == ""
    assert render_receipt(whole(proven(), check=True, error=ReceiverError("no"))) == ""
