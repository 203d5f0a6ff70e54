"""The text of a step's line, shared by all displays."""

from receiver_setup.cli.output.redaction import redact
from receiver_setup.report import Event


def words_of(event: Event) -> tuple[str, str]:
    """Return the first word of a line, and the rest of it."""
    status = "FAILED" if event.failed else "changed" if event.step.changed else "ok"
    detail = f": {event.step.detail}" if event.step.detail else ""
    return status, redact(f"{event.scope}: {event.step.name}{detail}".replace("\n", "\\n"))
