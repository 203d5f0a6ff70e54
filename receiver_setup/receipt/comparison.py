"""Compare a set-up with its receipt (pure); values that are unknown on either side are skipped."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from receiver_setup.formats.keys import PublicKey
from receiver_setup.receipt.model import CameraReceipt, Receipt, ReceiverReceipt
from receiver_setup.report import UPLOADS


class Change(StrEnum):
    """The subject of a difference."""

    RECEIVER_MISSING = "receiver-missing"
    RECEIVER_NEW = "receiver-new"
    USER = "user"
    HOME = "home"
    JAIL = "jail"
    HOST_KEY = "host-key"
    CAMERA_MISSING = "camera-missing"
    CAMERA_NEW = "camera-new"
    CAMERA_ADDRESS = "camera-address"
    PROOF = "proof"
    SERVER = "server"
    DIRECTORY = "directory"
    CAMERA_KEY = "camera-key"
    TRUSTED_HOST_KEY = "trusted-host-key"
    VERIFICATION = "verification"
    AUTH = "auth"
    SIGNATURE = "signature"
    UPLOADS = "uploads"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; `before` or `now` is None if there was, or is, nothing. `camera` is its name."""

    what: Change
    receiver: str
    camera: str | None = None
    before: str | None
    now: str | None
    sentence: str

    def as_json(self) -> dict[str, Any]:
        """Return the difference for JSON."""
        return {
            "what": self.what.value,
            "receiver": self.receiver,
            "camera": self.camera,
            "before": self.before,
            "now": self.now,
            "sentence": self.sentence,
        }


def compare(receipt: Receipt, now: Receipt) -> tuple[Difference, ...]:
    """Return every difference from the receipt, per receiver, in the order of the receipt.

    A receiver's address is not compared, because its host keys identify it. Neither are the proof's file and size, nor
    a camera that failed in the receipt and still fails.
    """
    found: list[Difference] = []
    for old, new in _pair_receivers(receipt.receivers, now.receivers):
        if old is not None and new is not None:
            found += _compare_receivers(old, new)
        elif old is not None:
            found.append(_whole(Change.RECEIVER_MISSING, old, "is in the receipt, but was not checked now"))
        elif new is not None:
            found.append(_whole(Change.RECEIVER_NEW, new, "is not in the receipt"))
    return tuple(found)


# ---- the receiver


def _whole(what: Change, receiver: ReceiverReceipt, told: str) -> Difference:
    shown = f"{receiver.user}@{receiver.address}"
    before, now = (shown, None) if what is Change.RECEIVER_MISSING else (None, shown)
    return Difference(
        what=what, receiver=receiver.address, before=before, now=now, sentence=f"the receiver {shown} {told}"
    )


def _pair_receivers(
    old: tuple[ReceiverReceipt, ...], new: tuple[ReceiverReceipt, ...]
) -> list[tuple[ReceiverReceipt | None, ReceiverReceipt | None]]:
    """Pair by address and user, then by user and a host key; a single receiver on each side is a pair."""
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    left = list(new)
    pairs: dict[int, ReceiverReceipt] = {}
    for same in (_same_place, _same_machine):
        for number, each in enumerate(old):
            match = next((other for other in left if number not in pairs and same(each, other)), None)
            if match is not None:
                pairs[number] = match
                left.remove(match)
    return [*((each, pairs.get(number)) for number, each in enumerate(old)), *((None, each) for each in left)]


def _same_place(a: ReceiverReceipt, b: ReceiverReceipt) -> bool:
    return (a.address, a.user) == (b.address, b.user)


def _same_machine(a: ReceiverReceipt, b: ReceiverReceipt) -> bool:
    return a.user == b.user and bool(set(a.host_keys) & set(b.host_keys))


def _compare_receivers(old: ReceiverReceipt, new: ReceiverReceipt) -> Iterator[Difference]:
    shown = f"the receiver {new.address}"

    def differ(what: Change, before: str | None, now: str | None, told: str) -> Difference:
        return Difference(what=what, receiver=new.address, before=before, now=now, sentence=f"{shown} {told}")

    if old.user != new.user:
        yield differ(Change.USER, old.user, new.user, f"takes uploads as {new.user}, not as {old.user}")
    if None not in (old.home, new.home) and old.home != new.home:
        yield differ(
            Change.HOME, old.home, new.home, f"has the upload user's home at {new.home}, which was at {old.home}"
        )
    if None not in (old.jail, new.jail) and old.jail != new.jail:
        told = "jails the upload user, which it did not" if new.jail else "no longer jails the upload user"
        yield differ(Change.JAIL, _yes(old.jail), _yes(new.jail), told)
    for kind in dict.fromkeys(key.type for key in (*old.host_keys, *new.host_keys)):
        before, now = _of_type(old.host_keys, kind), _of_type(new.host_keys, kind)
        if before and now and before != now:
            yield differ(Change.HOST_KEY, before, now, f"has another {kind} host key: {now}, where {before} was")
        elif before != now:
            told = f"has a new {kind} host key: {now}" if now else f"lacks its {kind} host key {before}"
            yield differ(Change.HOST_KEY, before, now, told)
    yield from _compare_cameras(old, new)


def _of_type(keys: tuple[PublicKey, ...], kind: str) -> str | None:
    return ", ".join(sorted(key.fingerprint for key in keys if key.type == kind)) or None


def _yes(value: bool | None) -> str:
    return "yes" if value else "no"


# ---- its cameras


def _compare_cameras(old: ReceiverReceipt, new: ReceiverReceipt) -> Iterator[Difference]:
    left = {camera.name: camera for camera in new.cameras}
    found: dict[str, CameraReceipt] = {}
    # A camera is identified by its key; the remaining ones are paired by name.
    for matches in (_same_name_and_key, _find_by_key, _same_name):
        for camera in old.cameras:
            if camera.name not in found and (match := matches(camera, left)) is not None:
                found[camera.name] = left.pop(match.name)
    for camera in old.cameras:
        yield from _compare_camera(_Side(new.address, camera), found.get(camera.name))
    for camera in left.values():
        if camera.proven:
            yield _Side(new.address, camera).differ(Change.CAMERA_NEW, None, camera.address, "is not in the receipt")


def _same_name(camera: CameraReceipt, others: dict[str, CameraReceipt]) -> CameraReceipt | None:
    return others.get(camera.name)


def _same_name_and_key(camera: CameraReceipt, others: dict[str, CameraReceipt]) -> CameraReceipt | None:
    match = others.get(camera.name)
    return match if match is not None and match.public_key == camera.public_key else None


def _find_by_key(camera: CameraReceipt, others: dict[str, CameraReceipt]) -> CameraReceipt | None:
    """Find a camera with a new address by its key."""
    if camera.public_key is None:
        return None
    return next((each for each in others.values() if each.public_key == camera.public_key), None)


@dataclass(frozen=True, slots=True)
class _Side:
    """A camera, and the receiver that it belongs to."""

    receiver: str
    camera: CameraReceipt

    def differ(self, what: Change, before: str | None, now: str | None, told: str) -> Difference:
        sentence = f"the camera {self.camera.name} {told}"
        return Difference(
            what=what, receiver=self.receiver, camera=self.camera.name, before=before, now=now, sentence=sentence
        )


def _compare_camera(side: _Side, new: CameraReceipt | None) -> Iterator[Difference]:
    old = side.camera
    if not old.proven:
        if new is not None and new.proven:
            yield side.differ(Change.CAMERA_NEW, None, new.address, "is set up now; it was not in the receipt's run")
        return
    if new is None:
        told = "is in the receipt, but was not checked now"
        yield side.differ(Change.CAMERA_MISSING, old.address, None, told)
        return
    if new.error is not None:
        yield side.differ(Change.PROOF, "proven", new.error.kind, f"is no longer proven: {new.error.message}")
    if old.address != new.address:
        told = f"is reached at {new.address}, not at {old.address}"
        yield side.differ(Change.CAMERA_ADDRESS, old.address, new.address, told)
    yield from _compare_settings(side, old, new)
    yield from _compare_login(side, old, new)


def _compare_settings(side: _Side, old: CameraReceipt, new: CameraReceipt) -> Iterator[Difference]:
    """Compare where it uploads to, whether it verifies, and what it uploads."""
    before, now = _dialled(old), _dialled(new)
    if None not in (before, now) and before != now:
        yield side.differ(Change.SERVER, before, now, f"dials {now}, not {before}")
    if None not in (old.directory, new.directory) and old.directory != new.directory:
        told = f"uploads into {new.directory}, not into {old.directory}"
        yield side.differ(Change.DIRECTORY, old.directory, new.directory, told)
    if old.host_key is not None and new.host_key is not None and old.host_key != new.host_key:
        told = f"sees the host key {new.host_key}, not {old.host_key}"
        yield side.differ(Change.TRUSTED_HOST_KEY, str(old.host_key), str(new.host_key), told)
    if old.host_key_verified and new.host_key_verified is False:
        yield side.differ(Change.VERIFICATION, "on", "off", "no longer verifies the receiver's host key")
    if old.uploads is not None and new.uploads is not None and set(old.uploads) != set(new.uploads):
        yield side.differ(Change.UPLOADS, _words(old.uploads), _words(new.uploads), _tell_uploads(old, new))


def _compare_login(side: _Side, old: CameraReceipt, new: CameraReceipt) -> Iterator[Difference]:
    """Compare its user, its key and how it signs in."""
    if None not in (old.user, new.user) and old.user != new.user:
        yield side.differ(Change.USER, old.user, new.user, f"signs in as {new.user}, not as {old.user}")
    before, now = old.public_key, new.public_key
    if before is not None and now is not None and before != now:
        told = f"has another key of its own: {now}, where {before} was"
        yield side.differ(Change.CAMERA_KEY, str(before), str(now), told)
    if old.auth is None or new.auth is None:
        return
    if old.auth != new.auth:
        yield side.differ(Change.AUTH, old.auth, new.auth, f"signs in by {new.auth}, not by {old.auth}")
    if old.signature != new.signature:
        told = f"signs with {new.signature or 'no SHA-1'}, where it was {old.signature or 'no SHA-1'}"
        yield side.differ(Change.SIGNATURE, old.signature, new.signature, told)


def _dialled(camera: CameraReceipt) -> str | None:
    return f"{camera.server} port {camera.port}" if camera.server is not None and camera.port is not None else None


def _words(uploads: tuple[str, ...]) -> str:
    return ", ".join(kind for kind in UPLOADS if kind in uploads) or "nothing"


def _tell_uploads(old: CameraReceipt, new: CameraReceipt) -> str:
    before, now = set(old.uploads or ()), set(new.uploads or ())
    parts = (
        ("no longer uploads", [UPLOADS[kind] for kind in UPLOADS if kind in before - now]),
        ("uploads as well", [UPLOADS[kind] for kind in UPLOADS if kind in now - before]),
    )
    return ", and ".join(f"{verb} {' and '.join(kinds)}" for verb, kinds in parts if kinds)
