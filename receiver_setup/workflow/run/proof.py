"""What proves a set-up, and what a failed one shows (pure): both sides' words laid beside each other."""

from collections.abc import Collection, Iterable

from receiver_setup.camera.messages import TestOutcome
from receiver_setup.errors import FileNotArrivedError, HostKeyMismatchError, LoginNotByKeyError, ProofError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.formats.sshd_config import Authentication
from receiver_setup.receiver.evidence.arrival import ArrivedFile, Evidence, newest_arrival


def check_host_key(outcome: TestOutcome, own: Iterable[PublicKey], camera: str, receiver: str) -> PublicKey:
    """Return the host key that the camera saw if it is one of the receiver's own; `HostKeyMismatchError` if not."""
    keys = tuple(own)
    expected = ", ".join(map(str, keys)) or "none that could be read"
    if outcome.host_key is not None and not keys:
        raise ProofError(
            f"the camera {camera} saw the host key {outcome.host_key}, but which ones {receiver} shows could not be "
            "read, so it is not known whether that is one of them",
            hint="see there why: `sudo sshd -t`, and whether root can read the files that `sudo sshd -T` names as "
            "hostkey; then run this again",
        )
    if outcome.host_key is None:
        raise ProofError(
            f"the camera {camera} did not say which host key it saw; {receiver} has {expected}",
            hint="try again; if it stays so, this firmware cannot be made to verify a receiver",
        )
    if outcome.host_key not in keys:
        raise HostKeyMismatchError(
            f"the camera {camera} saw the host key {outcome.host_key}, but {receiver} has {expected}",
            hint="something else answers at the address that the camera dials: check --receiver-address and port "
            "forwardings, then look for a machine that stands in between",
        )
    return outcome.host_key


def find_arrival(  # noqa: PLR0913 - all but the first two are keywords
    evidence: Evidence,
    directory: str,
    *,
    since_s: float,
    before: Iterable[ArrivedFile],
    others: Collection[str],
    camera: str,
) -> ArrivedFile:
    """Return the picture that the test upload left; `FileNotArrivedError` says what is there instead.

    `others` are the folders of the account's other cameras.
    """
    file = newest_arrival(evidence.files, directory, since_s=since_s, before=before, others=others)
    if file is None:
        raise FileNotArrivedError(
            f"the camera {camera} reports a test upload, but no new file is in {directory}",
            hint="another machine may have taken it: check --receiver-address; or the camera uses another folder",
        )
    if file.size == 0 or not file.is_jpeg:
        what = "is empty" if file.size == 0 else f"is not a JPEG (it begins with {file.first_bytes})"
        raise FileNotArrivedError(
            f"the test upload of {camera} arrived as {file.path}, but the file {what}",
            hint="look at the free space on the receiver (df), then try again",
        )
    return file


def check_login(
    evidence: Evidence, user: str, key: PublicKey | None, authentication: Authentication, camera: str
) -> None:
    """Check that sshd saw the login that was wanted; `LoginNotByKeyError` if it saw another.

    Where no log tells, the login is proven by exclusion: the file arrived, and sshd lets nothing else in.
    """
    logins = [login for login in evidence.logins if login.user == user]
    fingerprint = key.fingerprint if key else None
    # A line without a key says nothing where others have one.
    silent = None if all(login.key is None for login in logins) else fingerprint
    if not logins or any(
        login.method == authentication and (fingerprint is None or login.key in {fingerprint, silent})
        for login in logins
    ):
        return
    seen = ", ".join(sorted({f"{login.method} {login.key or ''}".strip() for login in logins}))
    wanted = f"{authentication} {fingerprint or ''}".strip()
    raise LoginNotByKeyError(
        f"the test upload of {camera} arrived, but sshd logged {seen} for {user}, not {wanted}",
        hint="see the receiver's log: another camera or person may use this account",
    )
