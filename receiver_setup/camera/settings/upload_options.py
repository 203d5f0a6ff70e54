"""Requested camera settings, checked before anything is read (pure).

A request is a set command that contains only the values to set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from receiver_setup.camera.messages import ActionType, SetFtpAction, SetFtpActionAttr, SetSnapSchedFtpAttr
from receiver_setup.camera.messages.schedule import Schedule, parse_words
from receiver_setup.camera.settings.fields import Group, settings_of
from receiver_setup.camera.wire.command import Command, Done
from receiver_setup.camera.wire.reply import parse_reply
from receiver_setup.errors import CameraReplyError, ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """What to upload; None leaves a setting unchanged. ConfigurationError for values that no camera accepts.

    Each kind in `upload` is switched on, the others are left alone; `interval_s` (1 to 3600) is for these kinds.
    `snapshots` (1 to 10) are taken at an alarm; a `schedule` is also switched on.
    """

    upload: frozenset[ActionType] | None = None
    interval_s: int | None = None
    snapshots: int | None = None
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        if self.interval_s is not None and not self.upload:
            raise ConfigurationError(
                "an interval was given without an upload that it applies to",
                hint="name what is to be uploaded as well: rec, snap, timersnap",
            )
        self.commands()

    @property
    def any(self) -> bool:
        """True if anything is requested."""
        return bool(self.commands())

    def commands(self) -> tuple[Command[Done], ...]:
        """Return the set commands in the order in which they should be sent."""
        commands: list[Command[Done]] = []
        if self.snapshots is not None:
            commands.append(SetFtpActionAttr(count=self.snapshots))
        if self.schedule is not None:
            commands.append(SetSnapSchedFtpAttr(enable=True, schedule=self.schedule))
        kinds = [kind for kind in ActionType if kind in (self.upload or ())]
        commands += [SetFtpAction(kind=kind, enable=True, interval_s=self.interval_s) for kind in kinds]
        return tuple(commands)


def parse_kinds(text: str) -> frozenset[ActionType]:
    """Read `rec,snap,timersnap`; ConfigurationError for anything else.

    >>> sorted(parse_kinds("snap, rec"))
    [<ActionType.REC: 'rec'>, <ActionType.SNAP: 'snap'>]
    """
    words = [word.strip().lower() for word in text.split(",")]
    unknown = [word for word in words if word not in set(ActionType)]
    if unknown:
        raise ConfigurationError(
            f"{unknown[0]!r} is not a kind of upload",
            hint="name one or more of rec (videos at an alarm), snap (pictures at an alarm) and timersnap "
            "(pictures by the clock), with commas",
        )
    return frozenset(ActionType(word) for word in words)


def read_upload_options(options: Mapping[str, Any]) -> UploadOptions:
    """Read the upload settings from options; ConfigurationError for a contradiction."""
    upload, schedule = options.get("upload"), options.get("schedule")
    return UploadOptions(
        upload=parse_kinds(upload) if upload is not None else None,
        interval_s=options.get("interval"),
        snapshots=options.get("snapshots"),
        schedule=parse_words(schedule) if schedule is not None else None,
    )


def check_values(command: Command[Done]) -> None:
    """Refuse values that would be ambiguous when the camera returns them, and invalid names.

    A reply cannot escape a quote inside a value, so one that looks like the end of a field is refused.

    >>> from receiver_setup.camera.messages import SetSnapTimerFtpAttr
    >>> check_values(SetSnapTimerFtpAttr(name='the "door"'))
    >>> check_values(SetSnapTimerFtpAttr(name='x"; prefix="1'))
    Traceback (most recent call last):
    ...
    receiver_setup.errors.ConfigurationError: the timer file name holds a quote that reads like the end of the value
    """
    names = {each.field: each.name for each in settings_of(Group(command.cmd.removeprefix("set")))}
    for field, value in command.parameters():
        name = names.get(field, field)
        if field == "ft_server" and " " in value:
            raise ConfigurationError("the server holds a blank", hint="give a host name or an IP address")
        if field == "name" and not value.strip():
            raise ConfigurationError(f"the {name} is empty", hint="give a file name")
        if '"' in value and not _reads_back(value):
            raise ConfigurationError(
                f"the {name} holds a quote that reads like the end of the value",
                hint='leave out any " next to =, ; or \\',
            )


def _reads_back(value: str) -> bool:
    """Return True if a value survives a reply, followed by another field or none."""
    for rest in ({}, {"response": "200"}):
        text = "".join(f'{name}="{each}";\n' for name, each in ({"value": value} | rest).items())
        try:
            fields = parse_reply(text).fields
        except CameraReplyError:
            return False
        if fields != {"value": value} | rest:
            return False
    return True
