"""Scripts for the receiver as text (pure): the files in shell/, with values that passed the one quoting function."""

from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from receiver_setup.plain_shell import quote
from receiver_setup.receiver.dialled import is_address
from receiver_setup.receiver.facts import LogMark
from receiver_setup.receiver.plan import drop_in, key_file, wanted_match
from receiver_setup.receiver.steps import Plan
from receiver_setup.receiver.wanted import Look, Wanted
from receiver_setup.secrets import Secret
from receiver_setup.sshd_config import render_drop_in

STATE = "/var/lib/receiver-setup"
JOURNAL = f"{STATE}/journal"
_WAY_BACK = ("sshd", "journal", "undo", "ledger")
_MARK = "# ---- what follows is the same in every run\n"


def render_facts(wanted: Wanted, *, routes: Iterable[str], patience_s: int = 0, look: Look = Look.SETUP) -> str:
    """Render the script that reads everything; `routes` are the cameras' IP addresses, or names to resolve there.

    It waits `patience_s` for another run to end. `look` says what else is read, such as uploads that are under way.
    """
    given = list(routes)
    addresses = [each for each in given if is_address(each)]
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
        "routes": "\n".join(addresses),
        "names": "\n".join(each for each in given if each not in addresses),
        "minutes": "2",
        "patience": str(patience_s),
        "adopt": _yes(wanted.adopt or look is Look.REMOVAL),
        "look": look.value,
    }
    return _assemble(values, ("journal", "history", "evidence", "disks", "sshd_facts", "facts"), "facts")


def render_apply(plan: Plan, *, owner: str, last: str, confirm_s: int, password: Secret | None = None) -> str:
    """Render the script that makes the plan's steps as one transaction.

    `owner` is this run's token, `last` that of the run that had changed the receiver when the facts were read.
    Without a confirmation within `confirm_s` seconds the receiver takes the change back by itself.
    """
    lines = ["steps() {"]
    for step in plan.steps:
        if step.call is not None:
            function, *arguments = ("rest", *step.call) if step.last else step.call
            lines.append(f"  stage={quote(step.name)}")
            lines.append(f'  "$1_{function}" {" ".join(map(quote, arguments))} || return 1')
    # A function needs a body, also where there is nothing to do.
    lines += ["  :", "}", ""]
    values = _journal_values(owner) | {
        "user": plan.wanted.user,
        "home": plan.wanted.home,
        "kind": plan.kind,
        "last": last,
        "confirm_s": str(confirm_s),
        "password": password.reveal() if password is not None else "",
    }
    return _assemble(values, ("apply",), "apply", library=_WAY_BACK, steps="\n".join(lines))


def render_manager() -> str:
    """Render the script that tells by whom sshd is made to read its configuration anew; it changes nothing."""
    return _assemble({}, ("sshd", "manager"), "manager")


def render_undo(*, owner: str) -> str:
    """Render the script that takes back whatever the open journal holds, or finishes what was proven."""
    return _assemble(_journal_values(owner), _WAY_BACK, "undo")


def render_confirm(*, owner: str) -> str:
    """Render the script that says, over a new login, that nobody is locked out."""
    return _assemble(_journal_values(owner), ("journal",), "confirm")


def render_commit(wanted: Wanted, *, owner: str, last: str, cameras: str | None) -> str:
    """Render the script that ends a proven transaction: from here on nothing is taken back.

    `cameras` is the whole new file of the cameras' former settings, None where it stays as it is.
    """
    values = _journal_values(owner) | {
        "user": wanted.user,
        "home": wanted.home,
        "kind": "setup",
        "last": last,
        "cameras": cameras or "",
        "file_cameras": _yes(cameras is not None),
    }
    return _assemble(values, _WAY_BACK, "commit")


def render_evidence(  # noqa: PLR0913 - all but one are keywords
    wanted: Wanted,
    *,
    since_s: float,
    minutes: int,
    logs: Iterable[LogMark],
    wait_for: str,
    wait_count: int,
    causes: bool = False,
) -> str:
    """Render the script that tells what arrived and what sshd logged since `since_s` (receiver's clock).

    With `causes` it also tells what a diagnosis rests on: where anything listens, firewalls, closed folders.
    """
    values = {
        "user": wanted.user,
        "recordings": wanted.recordings,
        "minutes": str(minutes),
        "log_since": str(int(since_s)),
        "log_offsets": "\n".join(f"{mark.path} {mark.size}" for mark in logs),
        "wait_for": wait_for,
        "wait_count": str(wait_count),
        "causes": _yes(causes),
    }
    return _assemble(values, ("evidence",), "evidence")


def _journal_values(owner: str) -> dict[str, str]:
    return {"state": STATE, "journal": JOURNAL, "owner": owner}


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _assemble(
    values: dict[str, str], parts: tuple[str, ...], main: str, *, library: tuple[str, ...] = (), steps: str = ""
) -> str:
    """Put a script together: values, the files in shell/, the call of `main`.

    Those in `library` come as one value, which is run as it stands: so that the script can also store it.
    """
    if library:
        values = values | {"library": _join("common", *library)}
        body = 'eval "$library"\n' + _join(*parts)
    else:
        body = _join("common", *parts)
    head = "".join(f"{name}={quote(value)}\n" for name, value in values.items())
    # The call stands last: a script that is cut off by a lost link has run nothing.
    return f"{head}{_MARK}{body}\n{steps}{main} </dev/null\n"


def _join(*parts: str) -> str:
    return "\n".join(map(_read_part, parts))


@cache
def _read_part(name: str) -> str:
    return (files("receiver_setup.receiver") / "shell" / f"{name}.sh").read_text(encoding="utf-8")
