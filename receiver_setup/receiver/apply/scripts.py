"""Scripts for the receiver as text (pure): the files in shell/, with values that passed the one quoting function."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import groupby

from receiver_setup.formats.plain_shell import quote
from receiver_setup.formats.sshd_config import render_drop_in
from receiver_setup.formats.upload_rules import NEWER
from receiver_setup.receiver.facts.ledger import STATE
from receiver_setup.receiver.facts.model import LogMark
from receiver_setup.receiver.plan.dialled import is_address
from receiver_setup.receiver.plan.key_policy import KEY_FOLDER
from receiver_setup.receiver.plan.platforms import KEEPS, MARKS
from receiver_setup.receiver.plan.setup import drop_in, key_file, wanted_match
from receiver_setup.receiver.plan.steps import JointPlan, P, Step
from receiver_setup.receiver.plan.wanted import Look, Wanted
from receiver_setup.receiver.script import Script
from receiver_setup.secrets import Secret

Dialled = tuple[str, int | None] | None
"""Host and port, the latter None where it is the receiver's own."""
JOURNAL = f"{STATE}/journal"
_WAY_BACK = ("common", "hands", "sshd_ask", "sshd", "journal", "undo", "ledger")
_COMMENT = re.compile(r"^[ \t]*#.*\n", re.MULTILINE)
"""A line of its own; tests see to it that no text of a script has such lines."""
_LOG_LINES = 2000
_LOG_LINES_A_CAMERA = 60
"""What sshd writes of the logins of one camera in a run, amply: its tests, each refused or accepted."""


def render_facts(
    wanted: Sequence[Wanted],
    *,
    routes: Iterable[str],
    patience_s: int = 0,
    look: Look = Look.SETUP,
    dialled: Dialled = None,
) -> Script:
    """Render the script that reads everything; `routes` are the cameras' IP addresses, or names to resolve there.

    `dialled` is what the cameras are told to dial, where that is not the receiver's own address on the route to them.
    It waits `patience_s` for another run to end. `look` says what else is read, such as uploads that are under way.
    """
    given = list(routes)
    addresses = [each for each in given if is_address(each)]
    values = {
        "state": STATE,
        "key_folder": KEY_FOLDER,
        "journal": JOURNAL,
        "routes": "\n".join(addresses),
        "names": "\n".join(each for each in given if each not in addresses),
        "minutes": "2",
        "patience": str(patience_s),
        "look": look.value,
        "accounts": "\n".join(each.user for each in wanted),
        "marks": "\n".join(MARKS),
        "keeps": "\n".join(KEEPS),
        **_dialled_values(dialled),
    }
    return _assemble(
        values,
        (
            "common",
            "hands",
            "sshd_ask",
            "journal",
            "history",
            "evidence",
            "disks",
            "groups",
            "sshd",
            "manager",
            "sshd_facts",
            "facts",
        ),
        "facts",
        each=_each("each_account", [_facts_values(each, look) for each in wanted]),
    )


def _dialled_values(dialled: Dialled) -> dict[str, str]:
    host, port = dialled or ("", None)
    return {"dialled_address": host, "dialled_port": str(port or "")}


def _facts_values(wanted: Wanted, look: Look) -> dict[str, str]:
    return {
        **_place_values(wanted),
        "key_file": key_file(wanted.user),
        "drop_in": drop_in(wanted.user),
        # Which release it is, and whether SHA-1 stays allowed, is known only when this has been read.
        "may_differ": "\n".join(["+ssh-rsa$", "^Subsystem ", *(f"^    {name} " for name in NEWER)]),
        "drop_in_text": render_drop_in(wanted_match(wanted)).rstrip("\n"),
        "joins": "\n".join(wanted.groups),
        "cameras": "\n".join(wanted.cameras),
        "adopt": _yes(wanted.adopt or look is Look.REMOVAL),
    }


def _place_values(wanted: Wanted) -> dict[str, str]:
    directories = {wanted.recordings, *wanted.retract, *(slot.directory for slot in wanted.slots)}
    return {
        "user": wanted.user,
        "home": wanted.home,
        "recordings": wanted.recordings,
        "directories": "\n".join(sorted(directories)),
    }


def render_apply(
    plan: JointPlan[P], *, owner: str, last: str, confirm_s: int, passwords: Mapping[str, Secret] | None = None
) -> Script:
    """Render the script that makes the plan's steps as one transaction.

    `owner` is this run's token, `last` that of the run that had changed the receiver when the facts were read.
    Without a confirmation within `confirm_s` seconds the receiver takes the change back by itself. `passwords` are
    those of the accounts that get one.
    """
    secrets = passwords or {}
    lines = ["steps() {"]
    for wanted, steps in plan.parts:
        if wanted is not None:
            secret = secrets.get(wanted.user)
            lines.append(f'  "$1_for" {quote(wanted.user)} {quote(wanted.home)}')
            lines.append(f"  password={quote(secret.reveal() if secret is not None else '')}")
        for name, calls in groupby((step for step in steps if step.call is not None), key=_kind_of_call):
            lines += _render_calls(name[0], [("rest", *s.call) if s.last else s.call for s in calls if s.call])
    # A function needs a body, also where there is nothing to do.
    lines += ["  :", "}", ""]
    values = _journal_values(owner) | {"kind": plan.kind, "last": last, "confirm_s": str(confirm_s)}
    accounts = _each_account(each.wanted for each in plan.plans)
    steps_text = "\n".join(lines)
    return _assemble(values, (*_WAY_BACK, "apply"), "apply", each=accounts, steps=steps_text, stored=_WAY_BACK)


def _kind_of_call(step: Step) -> tuple[str, ...]:
    """Return what steps have in common that can be made by one call: directories of one owner in one folder."""
    call = step.call or ("",)
    if call[0] != "directory" or step.last:
        return (step.name, step.detail, *call)
    _, path, owner, mode = call
    return (step.name, "directories", path.rpartition("/")[0], owner, mode)


def _render_calls(stage: str, calls: Sequence[tuple[str, ...]]) -> list[str]:
    """Return the lines of one step, or of several that are made together."""
    function, *arguments = calls[0]
    if len(calls) > 1:
        function, arguments = "directories", [*calls[0][2:], *(call[1] for call in calls)]
    return [f"  stage={quote(stage)}", f'  "$1_{function}" {" ".join(map(quote, arguments))} || return 1']


def render_manager(served: tuple[str, int] | None) -> Script:
    """Render the script that tells by whom sshd is made to read its configuration anew; it changes nothing.

    `served` is the receiver's own address and port that the camera reaches it at.
    """
    address, port = served or ("", "")
    values = {"served_address": address, "served_port": str(port)}
    return _assemble(values, ("common", "sshd_ask", "sshd", "manager"), "manager")


def render_undo(*, owner: str) -> Script:
    """Render the script that takes back whatever the open journal holds, or finishes what was proven."""
    return _assemble(_journal_values(owner), _WAY_BACK, "undo")


def render_confirm(*, owner: str) -> Script:
    """Render the script that says, over a new login, that nobody is locked out."""
    return _assemble(_journal_values(owner), ("common", "journal"), "confirm")


def render_commit(
    wanted: Sequence[Wanted], *, owner: str, last: str, cameras: Mapping[str, str] | None = None
) -> Script:
    """Render the script that ends a proven transaction: from here on nothing is taken back.

    `cameras` has, for each account, the whole new file of its cameras; None where all stay.
    """
    values = _journal_values(owner) | {"kind": "setup", "last": last, "file_cameras": _yes(cameras is not None)}
    filed = [{"user": user, "cameras": text} for user, text in (cameras or {}).items()]
    return _assemble(values, _WAY_BACK, "commit", each=_each_account(wanted) + _each("filed_cameras", filed))


def render_evidence(  # noqa: PLR0913 - all but one are keywords
    wanted: Sequence[Wanted],
    *,
    since_s: float,
    minutes: int,
    logs: Iterable[LogMark],
    process: int,
    wait_for: Iterable[str],
    wait_count: int,
    causes: bool = False,
) -> Script:
    """Render the script that tells what arrived and what sshd logged since `since_s` (receiver's clock).

    It waits a moment until `wait_count` lines have one of the texts in `wait_for`. With `causes` it also tells what a
    diagnosis rests on: where anything listens, firewalls, closed folders.
    """
    cameras = sum(len(each.slots) for each in wanted)
    values = {
        "minutes": str(minutes),
        "log_since": str(int(since_s)),
        "log_offsets": "\n".join(f"{mark.path} {mark.size}" for mark in logs),
        "log_process": str(process),
        "log_lines": str(_LOG_LINES + cameras * _LOG_LINES_A_CAMERA),
        "wait_for": "\n".join(wait_for),
        "wait_count": str(wait_count),
        "causes": _yes(causes),
    }
    accounts = [_place_values(each) for each in wanted]
    return _assemble(
        values, ("common", "hands", "sshd_ask", "evidence"), "evidence", each=_each("each_account", accounts)
    )


def _each_account(wanted: Iterable[Wanted]) -> str:
    return _each("each_account", [{"user": each.user, "home": each.home} for each in wanted])


def _each(name: str, every: Iterable[Mapping[str, str]]) -> str:
    """Render a function that calls another one with each of these sets of values; it fails where any call did."""
    lines = [f"{name}() {{", "each=0"]
    for values in every:
        lines += [*(f"{variable}={quote(value)}" for variable, value in values.items()), '"$@" || each=1']
    return "\n".join([*lines, 'return "$each"', "}", ""])


def _journal_values(owner: str) -> dict[str, str]:
    return {"state": STATE, "journal": JOURNAL, "owner": owner}


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _assemble(  # noqa: PLR0913 - all but the first three are keywords
    values: dict[str, str],
    parts: tuple[str, ...],
    main: str,
    *,
    each: str = "",
    steps: str = "",
    stored: tuple[str, ...] = (),
) -> Script:
    """Put a script together: values, also those of each account, the call of `main`, and the files in shell/."""
    head = "".join(f"{name}={quote(value)}\n" for name, value in values.items())
    # The call stands last: a script that is cut off by a lost link has run nothing.
    text = f"{head}{each}{steps}{main} </dev/null"
    return Script(text=text, parts={name: _read_part(name) for name in parts}, stored=stored)


@cache
def _read_part(name: str) -> str:
    """Read a file in shell/ without its comments, which are a third of it and of no use on the receiver."""
    text = (files("receiver_setup.receiver") / "shell" / f"{name}.sh").read_text(encoding="utf-8")
    return _COMMENT.sub("", text)
