"""Run `pi prepare`: from options to files on the boot partition, and the report."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from receiver_setup.cli.output.output import print_json
from receiver_setup.cli.output.redaction import redact
from receiver_setup.cli.pi.card_contents import Content, folder_files, own_files
from receiver_setup.errors import ConfigurationError
from receiver_setup.pi import first_run, user_data
from receiver_setup.pi.card import RESULT, BootFormat, Card, Recognised, recognise, require_boot_partition
from receiver_setup.pi.partition import Partition, digest_of
from receiver_setup.pi.plan import FOLDER, SECRETS, Action, CardChange, plan_prepare, plan_remove, room_needed
from receiver_setup.process.interrupts import endings_interrupt
from receiver_setup.report import DIFFERENCE, StepReport

_DONE = {Action.KEEP: "unchanged", Action.WRITE: "written", Action.DELETE: "deleted"}
_FIRST_BOOT = {
    BootFormat.CLOUD_INIT: "cloud-init, which finds its command in user-data",
    BootFormat.FIRST_RUN: "the script that cmdline.txt names, followed by a restart",
}


@dataclass(kw_only=True)
class Outcome:
    """Changes to one boot partition, made or planned."""

    path: Path
    format: BootFormat | None
    changes: list[CardChange]
    contents: dict[str, Content]
    warnings: list[str] = field(default_factory=list)
    diff: str = ""

    @property
    def changed(self) -> bool:
        """True if anything on the partition changes."""
        return any(change.action is not Action.KEEP for change in self.changes)

    @property
    def steps(self) -> list[StepReport]:
        """Return a step per file, in the order of the changes."""
        shown = [change for change in self.changes if not change.silent]
        return [
            StepReport(name=each.path, changed=each.action is not Action.KEEP, detail=_detail(each)) for each in shown
        ]


def run(options: dict[str, Any]) -> int:
    """Prepare a card, or undo that; print the result and return the exit code."""
    if options["quiet"] and options["verbose"]:
        raise ConfigurationError("--quiet and --verbose contradict each other")
    partition = Partition(options["boot"])
    card = partition.read_card()
    outcome = _plan_removal(partition, card) if options["remove"] else _plan_preparation(partition, card, options)
    outcome.diff = _render_diff(partition, outcome)
    if not options["check"]:
        sizes = {path: content.size for path, content in outcome.contents.items()}
        partition.require_room(room_needed(outcome.changes, sizes))
        with endings_interrupt():
            _apply(partition, outcome)
    _print(outcome, options)
    return DIFFERENCE if options["check"] and outcome.changed else 0


def _plan_preparation(partition: Partition, card: Card, options: dict[str, Any]) -> Outcome:
    found, warnings = _insist(recognise(card, place=str(partition.path)), yes=options["yes"])
    contents = {content.path: content for content in (*folder_files(options), *own_files(card, found))}
    present = partition.digests(tuple(path for path in contents if not path.startswith(f"{FOLDER}/")))
    changes = plan_prepare(present, [content.wanted for content in contents.values()])
    return Outcome(path=partition.path, format=found.format, changes=changes, contents=contents, warnings=warnings)


def _insist(found: Recognised, *, yes: bool) -> tuple[Recognised, list[str]]:
    """Return how to prepare a card that was started before, with --yes: cloud-init would not run again."""
    if found.started is not True:
        return found, []
    if not yes:
        raise ConfigurationError(
            "this card was started before, so its system is already set up and may be in use",
            hint="start the Pi and run `receiver-setup setup --local` there; or add --yes: the job runs at its next "
            "start; or write the card anew",
        )
    return replace(found, format=BootFormat.FIRST_RUN), ["this card was started before: the job runs at its next start"]


def _plan_removal(partition: Partition, card: Card) -> Outcome:
    if FOLDER not in card.names:
        require_boot_partition(card, place=str(partition.path))
    script = card.texts.get(first_run.SCRIPT)
    rest: dict[str, str | None] = {}
    if first_run.CMDLINE in card.texts:
        rest[first_run.CMDLINE] = first_run.unmerge_cmdline(card.texts[first_run.CMDLINE], script=script)
    scripts = {first_run.SCRIPT, first_run.script_name(rest.get(first_run.CMDLINE) or "")}
    for name in scripts - {None}:
        text = partition.read_text(str(name))
        if text is not None:
            rest[str(name)] = first_run.unmerge_script(text, file=str(name))
    if user_data.FILE in card.texts:
        rest[user_data.FILE] = user_data.unmerge_user_data(card.texts[user_data.FILE])
    contents = {path: Content.text(path, text) for path, text in rest.items() if text is not None}
    present = partition.digests((RESULT,))
    unchanged = [
        path for path, content in contents.items() if content.wanted.digest == digest_of(partition.path / path)
    ]
    wanted = {path: contents[path].wanted if path in contents else None for path in rest}
    return Outcome(path=partition.path, format=None, changes=plan_remove(present, wanted, unchanged), contents=contents)


def _apply(partition: Partition, outcome: Outcome) -> None:
    for change in outcome.changes:
        if change.action is Action.WRITE:
            partition.write(change.path, outcome.contents[change.path].source)
        elif change.action is Action.DELETE:
            partition.delete(change.path, overwrite=change.path in SECRETS)
    partition.drop_empty_folders()


def _detail(change: CardChange) -> str:
    wiped = change.action is Action.DELETE and change.path in SECRETS
    return "overwritten and deleted" if wiped else _DONE[change.action]


def _render_diff(partition: Partition, outcome: Outcome) -> str:
    return "".join(
        _render_change(partition, change, outcome.contents.get(change.path))
        for change in outcome.changes
        if change.action is not Action.KEEP and not change.silent
    )


def _render_change(partition: Partition, change: CardChange, content: Content | None) -> str:
    path = change.path
    if path in SECRETS:
        return f"{'-' if change.action is Action.DELETE else '+'} {path}: a secret, not shown\n"
    new = content.lines if content is not None and change.action is Action.WRITE else []
    old = _old_lines(partition.path / path)
    if new is None or old is None:
        size = f": {content.size} bytes" if content is not None and change.action is Action.WRITE else ""
        return f"{'-' if change.action is Action.DELETE else '+'} {path}{size}\n"
    before = f"a/{path}" if old else "/dev/null"
    after = f"b/{path}" if change.action is Action.WRITE else "/dev/null"
    return _end_lines(list(difflib.unified_diff(old, new, before, after)))


def _old_lines(path: Path) -> list[str] | None:
    if not path.is_file():
        return []
    try:
        return path.read_bytes().decode().splitlines(keepends=True) if path.stat().st_size < Content.SHOWN else None
    except UnicodeDecodeError:
        return None


def _end_lines(lines: Sequence[str]) -> str:
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _print(outcome: Outcome, options: dict[str, Any]) -> None:
    check = options["check"]
    for warning in outcome.warnings:
        if not options["quiet"]:
            click.echo(redact(f"warning: {warning}"), err=True)
    if not options["quiet"]:
        for step in outcome.steps:
            click.echo(redact(f"{'changed' if step.changed else 'ok':<8}{step.name}: {step.detail}"), err=True)
    if options["as_json"]:
        print_json(_as_json(outcome, check=check))
        return
    if options["diff"] and outcome.diff:
        click.echo(redact(outcome.diff), nl=False)
    click.echo(redact(_receipt(outcome, check=check, remove=options["remove"])))


def _as_json(outcome: Outcome, *, check: bool) -> dict[str, Any]:
    return {
        "ok": True,
        "changed": outcome.changed,
        "check": check,
        "receivers": [],
        "boot": {"path": str(outcome.path), "format": outcome.format},
        "steps": [step.as_json() for step in outcome.steps],
        "diff": outcome.diff,
        "warnings": outcome.warnings,
        "error": None,
    }


def _receipt(outcome: Outcome, *, check: bool, remove: bool) -> str:
    place = outcome.path
    if not outcome.changed:
        return f"Nothing to change on {place}."
    if check:
        return f"{place} would be changed; this was a check."
    if remove:
        return f"{place} contains nothing of receiver-setup any more."
    first_boot = _FIRST_BOOT[outcome.format] if outcome.format is not None else ""
    return (
        f"{place} is prepared. The first boot begins with {first_boot}.\n"
        f"  password  the camera's password is readable on the card, in {FOLDER}/camera-password, because the first "
        "boot needs it; it is wiped when the set-up is done or given up\n"
        "  then      eject the card, insert it into the Pi, and start the Pi in the camera's network\n"
        f"  result    {RESULT} on this partition (on the Pi: /boot/firmware), after a few minutes\n"
        f"  undo      before the first boot: receiver-setup pi prepare --remove --boot {place}"
    )
