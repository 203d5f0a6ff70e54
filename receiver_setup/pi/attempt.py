"""Judge one attempt at the first boot (pure): done, try again, or give up.

Only temporary failures are tried again, because a camera blocks a sender of several wrong passwords.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

_PASSING = {
    "camera-unreachable",
    "camera-timeout",
    "camera-busy",
    "receiver-busy",
    "test-upload-timeout",
    "test-upload-busy",
}
_BUG = "the set-up ended without giving a reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The word for the first boot's script, and the text for the user; neither contains a secret."""

    word: str
    text: str

    @classmethod
    def failed(cls, message: str, hint: str) -> Self:
        """Return the verdict for a permanent failure."""
        return cls(word="failed", text=f"error: {message}" + (f"\nhint: {hint}" if hint else ""))


def judge(report: dict[str, Any] | None, *, receipt: str) -> Verdict:
    r"""Return the verdict on the output of `setup --json`; None if it printed no object.

    >>> judge({"ok": True}, receipt="proven").word
    'done'
    >>> judge({"ok": False, "error": {"kind": "camera-login", "message": "refused", "hint": "look"}}, receipt="")
    Verdict(word='failed', text='error: refused\nhint: look')
    """
    if report is None:
        return Verdict.failed(_BUG, "`journalctl -u receiver-setup-first-boot` shows its output")
    if report.get("ok") is True:
        return Verdict(word="done", text=receipt or "everything is set up and proven")
    errors = list(_errors(report))
    told = "\n".join(dict.fromkeys(_tell(error) for error in errors)) or f"error: {_BUG}"
    passing = bool(errors) and all(error.get("kind") in _PASSING for error in errors)
    return Verdict(word="again" if passing else "failed", text=told)


def _errors(report: dict[str, Any]) -> Iterator[dict[str, Any]]:
    receivers = report.get("receivers") or []
    cameras = [camera for receiver in receivers for camera in receiver.get("cameras") or []]
    for holder in (report, *receivers, *cameras):
        if holder.get("error"):
            yield holder["error"]


def _tell(error: dict[str, Any]) -> str:
    hint = f"\nhint: {error['hint']}" if error.get("hint") else ""
    return f"error: {error.get('message', _BUG)}{hint}"
