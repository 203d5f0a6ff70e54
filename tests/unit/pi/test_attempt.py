"""What a try at the first boot means: only what may pass by itself is tried again."""

from typing import Any

import pytest

from receiver_setup.pi.attempt import judge


def report(*cameras: str, receiver: str | None = None, ok: bool = False) -> dict[str, Any]:
    def error(kind: str | None) -> dict[str, Any] | None:
        return {"kind": kind, "message": f"{kind}!", "hint": f"do {kind}"} if kind else None

    worst = error(receiver or (cameras[0] if cameras else None))
    parts = [{"error": error(kind)} for kind in cameras]
    return {"ok": ok, "error": worst, "receivers": [{"error": error(receiver), "cameras": parts}]}


@pytest.mark.parametrize(
    ("told", "word"),
    [
        (report("camera-unreachable"), "again"),
        (report("camera-timeout"), "again"),
        (report("camera-busy"), "again"),
        (report("test-upload-busy"), "again"),
        (report(receiver="receiver-busy"), "again"),
        (report("camera-unreachable", "camera-busy"), "again"),
        (report("camera-login"), "failed"),
        (report("camera-no-permission"), "failed"),
        (report("camera-ip-blocked"), "failed"),
        (report("camera-unreachable", "camera-login"), "failed"),
        (report("camera-unreachable", receiver="receiver-unsuitable"), "failed"),
        (report("host-key-mismatch"), "failed"),
        (report("something-new"), "failed"),
        (report(), "failed"),
        ({}, "failed"),
        (None, "failed"),
    ],
)
def test_the_word_is_by_what_went_wrong(told: dict[str, Any] | None, word: str) -> None:
    verdict = judge(told, receipt="")
    assert (verdict.word, verdict.text[:6]) == (word, "error:")


def test_each_error_is_told_once_with_its_remedy() -> None:
    assert judge(report("camera-login"), receipt="").text == "error: camera-login!\nhint: do camera-login"


def test_what_is_done_is_told_by_its_receipt() -> None:
    verdict = judge(report(ok=True), receipt="# porch\n")
    assert (verdict.word, verdict.text) == ("done", "# porch\n")
