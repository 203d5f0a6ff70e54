"""From a report to a receipt: what is proven, without what is secret."""

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.receipts import MADE_AT, camera_report, failed_report, receipt_of, whole_report

from receiver_setup import __version__, report
from receiver_setup.errors import CameraError, ReceiverError
from receiver_setup.receipt import make_receipt, parse_receipt, render_json, render_markdown
from receiver_setup.secrets import Redactor, Secret, is_searchable, spellings

CANARIES = ["p@ss word&1", "a'b\"c%41", "pä$$wörd", "back\\slash", "tab\there", "`code`|x", "cam era+pä&ss%word"]


def test_it_is_of_this_release_and_of_now_in_utc() -> None:
    noon_in_berlin = datetime(2026, 1, 31, 13, 0, 0, 999999, tzinfo=timezone(timedelta(hours=1)))
    receipt = make_receipt(whole_report(), made_at=noon_in_berlin)
    assert (receipt.tool, receipt.made_at.isoformat()) == (__version__, MADE_AT.isoformat())


def test_one_proven_camera_makes_it_a_proof() -> None:
    assert receipt_of(camera_report(), failed_report()).proven
    assert not receipt_of(failed_report()).proven
    assert not make_receipt(report.Report(check=False), made_at=MADE_AT).proven


def test_a_receiver_that_failed_proves_no_camera() -> None:
    receipt = receipt_of(camera_report(), error=ReceiverError("the receiver attic said no"))
    (camera,) = receipt.receivers[0].cameras
    assert camera.error is not None
    assert camera.error.message == "the receiver attic said no"
    assert (camera.public_key, camera.proof, camera.host_key_verified) == (None, None, None)


def test_a_look_keeps_what_it_saw_of_a_camera_that_failed() -> None:
    seen = failed_report(host_key_verified=False)
    (camera,) = receipt_of(seen, keep_failed=True).receivers[0].cameras
    assert (camera.host_key_verified, camera.uploads, camera.proven) == (False, ("rec",), False)
    unseen = failed_report(auth=None, host_key_verified=False)
    (camera,) = receipt_of(unseen, keep_failed=True).receivers[0].cameras
    assert camera.host_key_verified is None


@pytest.mark.parametrize("where", ["message", "hint", "warning", "file"])
@given(canary=st.sampled_from(CANARIES) | st.text(min_size=9), data=st.data())
def test_no_secret_is_in_it_in_whatever_spelling(where: str, canary: str, data: st.DataObject) -> None:
    assume(not any("\ud800" <= c <= "\udfff" for c in canary))
    assume(is_searchable(canary))
    spelling = data.draw(st.sampled_from(sorted(spellings(canary))))
    told = f"it says: {spelling}!"
    error = CameraError(told if where == "message" else "no", hint=told if where == "hint" else "")
    proven = camera_report(
        warnings=[told] if where == "warning" else [],
        test=report.TestReport(result=0, file=told if where == "file" else "x", bytes=1),
    )
    whole = whole_report(proven, camera_report("gate", error=error))
    plain = render_json(make_receipt(whole, made_at=MADE_AT, mask=lambda _: "masked"))
    assume(spelling not in plain)
    receipt = make_receipt(whole, made_at=MADE_AT, mask=Redactor([Secret(canary)]))
    texts = [render_json(receipt), render_markdown(receipt)]
    assert "********" in texts[0]
    for form in (spelling, json.dumps(spelling)[1:-1], json.dumps(spelling, ensure_ascii=False)[1:-1]):
        assert all(form not in text for text in texts)


def test_a_short_secret_spoils_neither_keys_nor_addresses() -> None:
    """A comparison would else find a difference in everything that has an `A` in it."""
    receipt = make_receipt(whole_report(), made_at=MADE_AT, mask=Redactor([Secret("A")]))
    assert parse_receipt(render_json(receipt)) == make_receipt(whole_report(), made_at=MADE_AT)


@given(st.text())
def test_whatever_others_say_it_can_be_written_and_read_back(words: str) -> None:
    camera = camera_report(warnings=[words], test=report.TestReport(result=-3, file=words, bytes=0))
    receipt = receipt_of(camera, camera_report("gate", error=CameraError(words, hint=words)))
    assert parse_receipt(render_json(receipt)) == receipt
    render_json(receipt).encode()
    render_markdown(receipt).encode()
