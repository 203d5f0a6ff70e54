"""What a person may want of a camera's settings, checked before anything is read (pure).

A wish is a set command that holds only what is wanted.
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
    """What shall be uploaded; None leaves a thing as it is. ConfigurationError for what no camera takes.

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
                "an interval was given, but nothing that it is for",
                hint="name what is to be uploaded as well: rec, snap, timersnap",
            )
        self.commands()

    @property
    def any(self) -> bool:
        """True if there is a wish at all."""
        return bool(self.commands())

    def commands(self) -> tuple[Command[Done], ...]:
        """Return the wishes as set commands, in the order in which they are to be sent."""
        wished: list[Command[Done]] = []
        if self.snapshots is not None:
            wished.append(SetFtpActionAttr(count=self.snapshots))
        if self.schedule is not None:
            wished.append(SetSnapSchedFtpAttr(enable=True, schedule=self.schedule))
        kinds = [kind for kind in ActionType if kind in (self.upload or ())]
        wished += [SetFtpAction(kind=kind, enable=True, interval_s=self.interval_s) for kind in kinds]
        return tuple(wished)


def parse_kinds(text: str) -> frozenset[ActionType]:
    """Read `rec,snap,timersnap`; ConfigurationError for anything else.

    >>> sorted(parse_kinds("snap, rec"))
    [<ActionType.REC: 'rec'>, <ActionType.SNAP: 'snap'>]
    """
    words = [word.strip().lower() for word in text.split(",")]
    unknown = [word for word in words if word not in set(ActionType)]
    if unknown:
        raise ConfigurationError(
            f"{unknown[0]!r} is nothing that a camera uploads",
            hint="name one or more of rec (videos at an alarm), snap (pictures at an alarm) and timersnap "
            "(pictures by the clock), with commas",
        )
    return frozenset(ActionType(word) for word in words)


def read_upload_options(options: Mapping[str, Any]) -> UploadOptions:
    """Return what options wish a camera to upload; ConfigurationError for what does not go together."""
    upload, schedule = options.get("upload"), options.get("schedule")
    return UploadOptions(
        upload=parse_kinds(upload) if upload is not None else None,
        interval_s=options.get("interval"),
        snapshots=options.get("snapshots"),
        schedule=parse_words(schedule) if schedule is not None else None,
    )


def check_wish(wished: Command[Done]) -> None:
    """Refuse values that could not be told from others when the camera returns them, and names that are none.

    A reply has no escape for a quote inside a value, so one that looks like the end of a field is refused.

    >>> from receiver_setup.camera.messages import SetSnapTimerFtpAttr
    >>> check_wish(SetSnapTimerFtpAttr(name='the "door"'))
    >>> check_wish(SetSnapTimerFtpAttr(name='x"; prefix="1'))
    Traceback (most recent call last):
    ...
    receiver_setup.errors.ConfigurationError: the timer file name holds a quote that reads like the end of the value
    """
    names = {each.field: each.name for each in settings_of(Group(wished.cmd.removeprefix("set")))}
    for field, value in wished.parameters():
        name = names.get(field, field)
        if field == "ft_server" and " " in value:
            raise ConfigurationError("the server holds a blank", hint="give a host name or an IP address")
        if field == "name" and not value.strip():
            raise ConfigurationError(f"the {name} is empty", hint="give a file name")
        if '"' in value and not _reads_back(value):
            raise ConfigurationError(
                f"the {name} holds a quote that reads like the end of the value",
                hint='leave " out where =, ; or \\ stands beside it',
            )


def _reads_back(value: str) -> bool:
    """Tell whether a value comes out of a reply as it went in, with another field behind it or none."""
    for rest in ({}, {"response": "200"}):
        text = "".join(f'{name}="{each}";\n' for name, each in ({"value": value} | rest).items())
        try:
            fields = parse_reply(text).fields
        except CameraReplyError:
            return False
        if fields != {"value": value} | rest:
            return False
    return True
