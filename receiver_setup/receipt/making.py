"""Make the receipt of a run from its report (pure)."""

from collections.abc import Callable
from datetime import UTC, datetime

from receiver_setup import __version__
from receiver_setup.errors import ReceiverSetupError
from receiver_setup.receipt.model import CameraReceipt, Problem, Proof, Receipt, ReceiverReceipt
from receiver_setup.report import CameraReport, Commands, ReceiverReport, Report, TestReport

Mask = Callable[[str], str]


def make_receipt(
    report: Report,
    *,
    made_at: datetime,
    mask: Mask = str,
    commands: Callable[[ReceiverReport], Commands | None] = lambda _: None,
    keep_failed: bool = False,
) -> Receipt:
    """Return the receipt of what `report` proves.

    `mask` hides secrets in free text: errors, warnings, file names. It is not applied to values that are compared, such
    as addresses and keys, because a short password may be a part of them.
    `keep_failed`: keep what is known about a failed camera. For `verify`; a set-up has restored such a camera.
    """
    return Receipt(
        tool=__version__,
        made_at=made_at.astimezone(UTC).replace(microsecond=0),
        receivers=tuple(_receiver(each, commands(each), mask, keep_failed=keep_failed) for each in report.receivers),
    )


def _receiver(receiver: ReceiverReport, commands: Commands | None, mask: Mask, *, keep_failed: bool) -> ReceiverReceipt:
    return ReceiverReceipt(
        address=receiver.address,
        user=receiver.user,
        home=receiver.home,
        directory=receiver.directory,
        jail=receiver.jail,
        host_keys=receiver.host_keys,
        cameras=tuple(
            _camera(each, each.error or receiver.error, mask, keep_failed=keep_failed) for each in receiver.cameras
        ),
        commands=commands,
    )


def _camera(camera: CameraReport, error: ReceiverSetupError | None, mask: Mask, *, keep_failed: bool) -> CameraReceipt:
    if error is not None and not keep_failed:
        return CameraReceipt(name=camera.name, address=camera.address, user=camera.user, error=_problem(error, mask))
    test = camera.test
    # Without a reading of the camera, it is not known whether it verifies.
    looked_at = error is None or camera.auth is not None
    return CameraReceipt(
        name=camera.name,
        address=camera.address,
        user=camera.user,
        directory=camera.directory,
        server=camera.server,
        port=camera.port,
        auth=camera.auth,
        signature=camera.signature,
        public_key=camera.public_key,
        host_key=camera.host_key,
        host_key_verified=camera.host_key_verified if looked_at else None,
        uploads=camera.uploads,
        proof=None if test is None else _proof(test, mask),
        warnings=tuple(clean(mask(warning)) for warning in camera.warnings),
        error=None if error is None else _problem(error, mask),
    )


def _proof(test: TestReport, mask: Mask) -> Proof:
    file = None if test.file is None else clean(mask(test.file))
    return Proof(result=test.result, file=file, bytes=test.bytes)


def _problem(error: ReceiverSetupError, mask: Mask) -> Problem:
    return Problem(
        kind=error.kind,
        message=clean(mask(error.message)),
        hint=clean(mask(error.hint)),
        exit_code=error.exit_code,
    )


def clean(text: str) -> str:
    r"""Return untrusted text as one line without control characters.

    >>> clean("a\nb\x1b[31m")
    'a b?[31m'
    """
    return "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
