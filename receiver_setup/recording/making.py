"""Make the text of a recording, and search it for secrets before it is returned."""

from datetime import date
from typing import Any

from receiver_setup import __version__
from receiver_setup.errors import CameraError
from receiver_setup.recording.answers import split_exchanges
from receiver_setup.recording.fields import find_fields
from receiver_setup.recording.format import render_recording
from receiver_setup.recording.leaks import find_leaks
from receiver_setup.recording.recorder import Seen
from receiver_setup.recording.redaction import redact_connection, redact_exchange
from receiver_setup.recording.stand_ins import StandIns
from receiver_setup.recording.tape import describe_tls


class LeakError(CameraError):
    """The recording still contains something identifying, so it was not written: a bug of ours."""

    kind = "recording-leak"


def make_recording(seen: Seen, *, source: str, note: str, today: date) -> tuple[str, dict[str, Any]]:
    """Return the recording as text and as data. Raises LeakError if it still contains a secret."""
    stand = StandIns()
    http = [redact_exchange(each, stand) for each in split_exchanges(seen.tape.exchanges)]
    lessons = [
        {
            "name": lesson.name,
            "testftp": told,
            "stored": lesson.stored,
            "connections": [redact_connection(each, seen.folders) for each in lesson.connections],
        }
        for lesson, told in seen.lessons
    ]
    model, firmware = _identity(http)
    data = {
        "made": {
            "tool": __version__,
            "month": f"{today:%Y-%m}",
            "redacted": True,
            "substitutions": dict(sorted(stand.counts.items())),
        },
        "camera": {"model": model, "firmware": firmware, "source": source, "note": note},
        "http": http,
        "tls": describe_tls(seen.tape),
        "server": seen.server,
        "lessons": lessons,
        "unknown": [_without(each, seen.secrets) for each in seen.unknown],
    }
    text = render_recording(data)
    left = find_leaks(text, stand.replaced | seen.secrets, logins=seen.logins)
    if left:
        raise LeakError(
            f"the recording was not written: it would contain {len(left)} of the values that should be replaced",
            hint="this is a bug of receiver-setup; report the camera's model and firmware, and nothing else",
        )
    return text, data


def _without(sentence: str, values: set[str]) -> str:
    """Remove addresses and names from a sentence of our own."""
    for value in sorted(values, key=len, reverse=True):
        sentence = sentence.replace(value, "…") if value else sentence
    return sentence


def _identity(http: list[dict[str, Any]]) -> tuple[str | None, str | None]:
    """Return model and firmware from getserverinfo."""
    found: dict[str, str] = {}
    for each in http:
        if each["request"]["command"] == "getserverinfo":
            found = {field.name.lower(): field.value for field in find_fields(each["body"])}
    firmware = next((found[name] for name in ("softversion", "firmware", "version") if name in found), None)
    return found.get("model"), firmware
