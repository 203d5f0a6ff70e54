"""One change to the camera's FTP menu: before, after, the command and the way back (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from receiver_setup.camera.command import Command, Done
from receiver_setup.camera.menu_settings import PASSWORD_FIELD, Group, Setting, settings_of

C = TypeVar("C", bound=Command[Done])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting, before and after: in words, and as the camera writes it (None: not told, or a password)."""

    setting: Setting
    before: str
    after: str
    before_code: str | None
    after_code: str | None
    readable: bool
    """False where the camera does not return the setting, so that it cannot be read back either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One command that is to be sent, what it changes, and the way back."""

    group: Group
    rows: tuple[Row, ...]
    command: Command[Done]
    """Holds only what differs."""
    back: Command[Done] | None
    """Puts the former values back; None where none of them was told or is one that a camera takes."""
    lost: tuple[str, ...]
    """Names of settings whose former values `back` does not put back."""
    rest: Mapping[str, str] = field(default_factory=dict, repr=False)
    """All other settings as they were read, for a firmware that wants them in the same command (response 208)."""

    @property
    def name(self) -> str:
        """The settings that it changes."""
        return ", ".join(row.setting.name for row in self.rows)

    @property
    def before(self) -> str:
        """Their former values in words."""
        return ", ".join(row.before for row in self.rows)

    @property
    def after(self) -> str:
        """Their new values in words."""
        return ", ".join(row.after for row in self.rows)

    def records(self) -> list[dict[str, str | None]]:
        """Return the rows as plain data: what `--json` and the collection tell of a change."""
        return [
            {
                "name": row.setting.name,
                "field": row.setting.read_field,
                "before": row.before,
                "after": row.after,
                "before_code": row.before_code,
                "after_code": row.after_code,
            }
            for row in self.rows
        ]


def build_change(
    group: Group, rows: tuple[Row, ...], wished: Command[Done], back: Command[Done] | None
) -> Change | None:
    """Put a change together; None if there is none."""
    if not rows:
        return None
    sent_back = {name for name, _ in back.parameters()} if back is not None else set()
    return Change(
        group=group,
        rows=rows,
        command=narrow(wished, rows),
        back=back,
        lost=names_without(rows, sent_back),
    )


def compare(settings: tuple[Setting, ...], fields: Mapping[str, str], wished: Command[Done]) -> tuple[Row, ...]:
    """Return a row for each wish that is not so yet."""
    wanted = dict(wished.parameters())
    pairs = [(each, each.raw(fields), wanted[each.field]) for each in settings if each.field in wanted]
    return tuple(_row(setting, now, code) for setting, now, code in pairs if now != code)


def _row(setting: Setting, now: str | None, wanted: str) -> Row:
    secret = setting.field == PASSWORD_FIELD
    return Row(
        setting=setting,
        before=setting.in_words(now),
        after=setting.in_words(wanted),
        before_code=None if secret else now,
        after_code=None if secret else wanted,
        readable=now is not None,
    )


def narrow(wished: C, rows: tuple[Row, ...]) -> C:
    """Return the command with only what differs."""
    kept = {row.setting.field for row in rows}
    settings = settings_of(rows[0].setting.group, rows[0].setting.kind)
    dropped: dict[str, Any] = {each.attribute: None for each in settings if each.field not in kept}
    return replace(wished, **dropped)  # type: ignore[type-var]  # every command is a dataclass


def names_without(rows: tuple[Row, ...], sent_back: set[str]) -> tuple[str, ...]:
    """Return the names of the settings that are not among those sent back."""
    return tuple(row.setting.name for row in rows if row.setting.field not in sent_back)
