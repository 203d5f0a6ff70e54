"""What is no longer as a receipt says: each difference by its kind, with before, now and one sentence."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from support.receipts import MADE_AT, RECEIPTS, camera_report, ed25519, failed_report, receipt_of, rsa

from receiver_setup.receipt import Change, Difference, Receipt, compare

BEFORE = receipt_of()
OLD, NEW = ed25519(b"h"), ed25519(b"n")
DIALLED = "192.168.2.110 port 22"


def same(receipt: Receipt) -> tuple[Difference, ...]:
    return compare(BEFORE, receipt)


def only(receipt: Receipt, before: Receipt = BEFORE) -> Difference:
    """Return the one difference, after a look at its sentence."""
    (difference,) = compare(before, receipt)
    assert difference.sentence.startswith(("the camera ", "the receiver "))
    assert not difference.sentence.endswith(".")
    assert "None" not in difference.sentence
    return difference


@given(RECEIPTS)
def test_nothing_differs_from_itself(receipt: Receipt) -> None:
    assert compare(receipt, receipt) == ()


CAMERA_CASES: dict[str, tuple[dict[str, Any], Change, str | None, str | None, str]] = {
    "camera key": ({"public_key": rsa(b"\x55")}, Change.CAMERA_KEY, str(rsa()), str(rsa(b"\x55")), "another key"),
    "trusted key": ({"host_key": NEW}, Change.TRUSTED_HOST_KEY, str(OLD), str(NEW), "sees the host key"),
    "verification": ({"host_key_verified": False}, Change.VERIFICATION, "on", "off", "no longer verifies"),
    "directory": ({"directory": "/srv/x"}, Change.DIRECTORY, "/home/ipcamera/recordings", "/srv/x", "into /srv/x"),
    "server": ({"server": "10.0.0.9"}, Change.SERVER, DIALLED, "10.0.0.9 port 22", "dials 10.0.0.9 port 22"),
    "port": ({"port": 2222}, Change.SERVER, DIALLED, "192.168.2.110 port 2222", "not 192.168.2.110 port 22"),
    "auth": ({"auth": "password"}, Change.AUTH, "publickey", "password", "by password, not by publickey"),
    "signature": ({"signature": "ssh-rsa"}, Change.SIGNATURE, None, "ssh-rsa", "signs with ssh-rsa"),
    "uploads off": ({"uploads": ()}, Change.UPLOADS, "rec", "nothing", "no longer uploads videos at an alarm"),
    "uploads on": ({"uploads": ("timersnap", "rec")}, Change.UPLOADS, "rec", "rec, timersnap", "uploads as well"),
    "uploads both": ({"uploads": ("snap",)}, Change.UPLOADS, "rec", "snap", ", and uploads as well pictures at"),
    "address": ({"address": "https://porch"}, Change.CAMERA_ADDRESS, "http://porch", "https://porch", "is reached at"),
}


def test_a_camera_with_another_account_than_before() -> None:
    before, now = (receipt_of(camera_report(user=f"ipcamera-{name}")) for name in ("porch", "gate"))
    difference = only(now, before)
    assert (difference.what, difference.before, difference.now) == (Change.USER, "ipcamera-porch", "ipcamera-gate")
    assert "as ipcamera-gate, not as ipcamera-porch" in difference.sentence
    assert compare(receipt_of(camera_report()), now) == ()  # an older release did not write it


@pytest.mark.parametrize("case", CAMERA_CASES)
def test_a_camera_that_is_another_than_before(case: str) -> None:
    other, what, before, now, told = CAMERA_CASES[case]
    difference = only(receipt_of(camera_report(**other)))
    assert (difference.what, difference.before, difference.now) == (what, before, now)
    assert (difference.receiver, difference.camera) == ("attic", "porch")
    assert told in difference.sentence


@pytest.mark.parametrize(
    "unknown",
    [
        {"public_key": None}, {"host_key": None}, {"directory": None}, {"server": None}, {"port": None}, {"auth": None},
        {"uploads": None}, {"test": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_one_side_does_not_know_is_no_difference(unknown: dict[str, Any]) -> None:
    assert same(receipt_of(camera_report(**unknown))) == ()
    assert compare(receipt_of(camera_report(**unknown)), BEFORE) == ()


def test_verification_that_was_never_on_is_not_off_now() -> None:
    off = receipt_of(camera_report(host_key_verified=False))
    assert compare(off, off) == ()
    assert compare(off, BEFORE) == ()


RECEIVER_CASES: dict[str, tuple[dict[str, Any], Change, str | None, str | None, str]] = {
    "user": ({"user": "films"}, Change.USER, "ipcamera", "films", "takes uploads as films, not as ipcamera"),
    "home": ({"home": "/srv/c"}, Change.HOME, "/home/ipcamera", "/srv/c", "home at /srv/c"),
    "jail": ({"jail": False}, Change.JAIL, "yes", "no", "no longer jails"),
    "host key other": (
        {"host_keys": (NEW, rsa(b"\x99"))}, Change.HOST_KEY, OLD.fingerprint, NEW.fingerprint,
        "another ssh-ed25519 host key",
    ),
    "host key gone": ({"host_keys": (OLD,)}, Change.HOST_KEY, rsa(b"\x99").fingerprint, None, "lacks its ssh-rsa"),
    "host key more": (
        {"host_keys": (OLD, NEW, rsa(b"\x99"))}, Change.HOST_KEY, OLD.fingerprint,
        ", ".join(sorted((OLD.fingerprint, NEW.fingerprint))), "another ssh-ed25519 host key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", RECEIVER_CASES)
def test_a_receiver_that_is_another_than_before(case: str) -> None:
    other, what, before, now, told = RECEIVER_CASES[case]
    difference = only(receipt_of(**other))
    assert (difference.what, difference.before, difference.now) == (what, before, now)
    assert difference.camera is None
    assert told in difference.sentence


def test_a_new_type_of_host_key_is_told() -> None:
    difference = only(BEFORE, before=receipt_of(host_keys=(OLD,)))
    assert (difference.what, difference.before, difference.now) == (Change.HOST_KEY, None, rsa(b"\x99").fingerprint)
    assert "has a new ssh-rsa host key" in difference.sentence


def test_host_keys_that_cannot_be_read_are_missing() -> None:
    """Not a reason to believe that they are the same."""
    assert [each.what for each in same(receipt_of(host_keys=()))] == [Change.HOST_KEY] * 2


def test_neither_order_nor_address_nor_proof_is_a_difference() -> None:
    other = receipt_of(
        camera_report(uploads=("rec",), test=None, warnings=["new"]), host_keys=(rsa(b"\x99"), OLD), address="local"
    )
    assert same(other) == ()
    assert same(replace(other, tool="9", made_at=MADE_AT.replace(year=2030))) == ()


def test_cameras_come_and_go() -> None:
    gone = only(receipt_of(camera_report("porch")), before=receipt_of(camera_report("porch"), camera_report("gate")))
    assert (gone.what, gone.camera, gone.before, gone.now) == (Change.CAMERA_MISSING, "gate", "http://gate", None)
    new = only(receipt_of(camera_report("porch"), camera_report("gate", public_key=rsa(b"\x11"))))
    assert (new.what, new.camera, new.before, new.now) == (Change.CAMERA_NEW, "gate", None, "http://gate")
    assert same(receipt_of(camera_report("porch"), failed_report("gate"))) == ()


def test_a_camera_at_another_address_is_known_by_its_key() -> None:
    moved = only(receipt_of(camera_report("10.0.0.7")))
    assert (moved.what, moved.camera, moved.now) == (Change.CAMERA_ADDRESS, "porch", "http://10.0.0.7")


def test_two_cameras_that_exchanged_addresses_are_known_by_their_keys() -> None:
    keys = rsa(b"\x11"), rsa(b"\x22")
    before = receipt_of(camera_report("porch", public_key=keys[0]), camera_report("gate", public_key=keys[1]))
    after = receipt_of(camera_report("porch", public_key=keys[1]), camera_report("gate", public_key=keys[0]))
    found = {(each.what, each.camera, each.now) for each in compare(before, after)}
    assert found == {
        (Change.CAMERA_ADDRESS, "porch", "http://gate"),
        (Change.CAMERA_ADDRESS, "gate", "http://porch"),
    }


def test_a_camera_that_failed_then_counts_when_it_works_now() -> None:
    before = receipt_of(camera_report(), failed_report())
    assert compare(before, before) == ()
    assert compare(before, receipt_of(camera_report())) == ()
    new = only(receipt_of(camera_report(), camera_report("gate", public_key=rsa(b"\x11"))), before=before)
    assert (new.what, new.camera) == (Change.CAMERA_NEW, "gate")


def test_a_camera_that_fails_now_is_told_with_all_that_was_seen_of_it() -> None:
    failed = failed_report("porch", host_key_verified=False)
    found = same(receipt_of(failed, keep_failed=True))
    assert [each.what for each in found] == [Change.PROOF, Change.VERIFICATION]
    assert (found[0].before, found[0].now) == ("proven", "camera")
    assert "is no longer proven: the camera gate said no" in found[0].sentence
    assert [each.what for each in same(receipt_of(failed))] == [Change.PROOF]


def test_receivers_are_paired_by_place_and_else_by_their_host_keys() -> None:
    attic, barn = receipt_of().receivers[0], receipt_of(address="barn", host_keys=(NEW,)).receivers[0]
    both = replace(BEFORE, receivers=(attic, barn))
    moved = replace(BEFORE, receivers=(replace(barn, address="10.0.0.5"), attic))
    assert compare(both, both) == ()
    assert compare(both, moved) == ()
    gone = only(BEFORE, before=replace(both, receivers=(attic, barn)))
    assert (gone.what, gone.before, gone.now) == (Change.RECEIVER_MISSING, "ipcamera@barn", None)
    new = only(both)
    assert (new.what, new.before, new.now) == (Change.RECEIVER_NEW, None, "ipcamera@barn")


def test_a_difference_as_json_has_everything() -> None:
    assert only(receipt_of(jail=False)).as_json() == {
        "what": "jail",
        "receiver": "attic",
        "camera": None,
        "before": "yes",
        "now": "no",
        "sentence": "the receiver attic no longer jails the upload user",
    }


def test_every_kind_of_difference_is_tried_here() -> None:
    tried = {what for _, what, *_ in (*CAMERA_CASES.values(), *RECEIVER_CASES.values())}
    by_hand = {
        Change.CAMERA_MISSING, Change.CAMERA_NEW, Change.PROOF, Change.RECEIVER_MISSING, Change.RECEIVER_NEW,
    }  # fmt: skip
    assert tried | by_hand == set(Change)
