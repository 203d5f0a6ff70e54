"""Scripts for the receiver as text (pure): the files in shell/, with values that passed the one quoting function."""

import shlex
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from receiver_setup.receiver.facts import LogMark
from receiver_setup.receiver.plan import Plan, drop_in, key_file, wanted_match
from receiver_setup.receiver.wanted import Wanted
from receiver_setup.secrets import Secret
from receiver_setup.sshd_config import render_drop_in

STATE = "/var/lib/receiver-setup"
JOURNAL = f"{STATE}/journal"


def quote(value: str) -> str:
    r"""Quote one value for a POSIX shell; a value with a NUL byte cannot be one.

    >>> quote("a'b")
    '\'a\'"\'"\'b\''
    """
    if "\0" in value:
        raise ValueError("a shell value cannot hold a NUL byte")
    return shlex.quote(value)


def render_facts(wanted: Wanted, *, routes: Iterable[str]) -> str:
    """Render the script that reads everything; `routes` are the IP addresses of the cameras."""
    values = {
        "user": wanted.user,
        "home": wanted.home,
        "key_file": key_file(wanted.user),
        "drop_in": drop_in(wanted.user),
        # Which release it is, and whether SHA-1 stays allowed, is known only when this has been read.
        "drop_in_text": render_drop_in(wanted_match(wanted)).rstrip("\n"),
        "state": STATE,
        "journal": JOURNAL,
        "recordings": wanted.recordings,
        "directories": "\n".join(sorted({wanted.recordings, *wanted.retract, *(s.directory for s in wanted.slots)})),
        "routes": "\n".join(routes),
        "minutes": "2",
    }
    return _assemble(values, ("evidence", "disks", "sshd_facts", "facts"), "facts")


def render_apply(plan: Plan, *, owner: str, password: Secret | None = None) -> str:
    """Render the script that makes the plan's steps as one transaction; `owner` is this run's token."""
    lines = ["steps() {"]
    for step in plan.steps:
        if step.call is not None:
            function, *arguments = step.call
            lines.append(f"  stage={quote(step.name)}")
            lines.append(f'  "$1_{function}" {" ".join(map(quote, arguments))} || return 1')
    # A function needs a body, also where there is nothing to do.
    lines += ["  :", "}", ""]
    values = _transaction_values(plan.wanted.user, owner) | {"home": plan.wanted.home}
    if password is not None:
        values["password"] = password.reveal()
    return _assemble(values, ("transaction",), "apply", extra="\n".join(lines))


def render_undo(user: str, *, owner: str) -> str:
    """Render the script that takes back whatever the open journal holds."""
    return _assemble(_transaction_values(user, owner), ("transaction",), "undo")


def render_nothing() -> str:
    """Render the script that only says that it ran: a login is proven by it."""
    return _assemble({}, (), "emit end ok")


def render_commit(user: str, *, owner: str) -> str:
    """Render the script that confirms the transaction, so that nothing is taken back any more."""
    return _assemble(_transaction_values(user, owner), ("transaction",), "commit")


def render_evidence(  # noqa: PLR0913 - all but one are keywords
    wanted: Wanted, *, since_s: float, minutes: int, logs: Iterable[LogMark], wait_for: str, wait_count: int
) -> str:
    """Render the script that tells what arrived and what sshd logged since `since_s` (receiver's clock)."""
    values = {
        "user": wanted.user,
        "recordings": wanted.recordings,
        "minutes": str(minutes),
        "log_since": str(int(since_s)),
        "log_offsets": "\n".join(f"{mark.path} {mark.size}" for mark in logs),
        "wait_for": wait_for,
        "wait_count": str(wait_count),
    }
    return _assemble(values, ("evidence",), "evidence")


def _transaction_values(user: str, owner: str) -> dict[str, str]:
    return {"user": user, "drop_in": drop_in(user), "state": STATE, "journal": JOURNAL, "owner": owner, "password": ""}


def _assemble(values: dict[str, str], parts: tuple[str, ...], main: str, *, extra: str = "") -> str:
    head = "".join(f"{name}={quote(value)}\n" for name, value in values.items())
    body = "\n".join(_read_part(part) for part in ("common", *parts))
    # The call stands last: a script that is cut off by a lost link has run nothing.
    return f"{head}{body}\n{extra}{main} </dev/null\n"


@cache
def _read_part(name: str) -> str:
    return (files("receiver_setup.receiver") / "shell" / f"{name}.sh").read_text(encoding="utf-8")
