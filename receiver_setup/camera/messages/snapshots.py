"""Pictures on a schedule: snapschedftpattr, and the deprecated snaptimerftpattr (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from receiver_setup.camera.messages.schedule import Schedule, parse_times, render_times
from receiver_setup.camera.wire.checks import check_something, check_text, flag_text
from receiver_setup.camera.wire.command import Command, Parameters, Update
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSchedule:
    """The schedule and how its files are called; None is a field that was missing or could not be read."""

    fixed_name: bool | None
    """True: always the same file name; False: one made from the time (`mode`)."""
    prefix: bool | None
    name: str | None
    enabled: bool | None
    times: str | None
    """As the camera has it, also where `schedule` is None because it cannot be read."""
    schedule: Schedule | None
    raw: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Every field as read, known or not, but for cmd and response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSnapSchedFtpAttr(Command[SnapshotSchedule]):
    """Read the snapshot schedule."""

    cmd: ClassVar[str] = "getsnapschedftpattr"

    def decode(self, reply: Reply) -> SnapshotSchedule:
        """Read what is there; a schedule in a form that is not documented stays raw."""
        times = reply.get("times")
        return SnapshotSchedule(
            fixed_name=reply.flag("mode"),
            prefix=reply.flag("prefix"),
            name=reply.get("name"),
            enabled=reply.flag("enable"),
            times=times,
            schedule=None if times is None else parse_times(times),
            raw=reply.settings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSnapSchedFtpAttr(Update):
    """Change the snapshot schedule: only what is given is sent.

    `raw_times` sends back a former value as it was read; it excludes `schedule`.
    """

    cmd: ClassVar[str] = "setsnapschedftpattr"

    fixed_name: bool | None = None
    prefix: bool | None = None
    name: str | None = None
    enable: bool | None = None
    schedule: Schedule | None = None
    raw_times: str | None = field(default=None)

    def __post_init__(self) -> None:
        check_text("file name", self.name)
        check_text("schedule", self.raw_times)
        if self.schedule is not None and self.raw_times is not None:
            raise ConfigurationError("the schedule was given twice", hint="give it in one form")
        check_something(self.cmd, self.parameters())

    def parameters(self) -> Parameters:
        """Return what is given, in the maker's order."""
        times = self.raw_times if self.schedule is None else render_times(self.schedule)
        enable = () if self.enable is None else (("enable", flag_text(value=self.enable)),)
        return (
            *_name_parameters(self.fixed_name, self.prefix, self.name),
            *enable,
            *(() if times is None else (("times", times),)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotTimer:
    """How files of the interval upload are called (deprecated by the maker)."""

    fixed_name: bool | None
    prefix: bool | None
    name: str | None
    raw: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Every field as read, known or not, but for cmd and response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetSnapTimerFtpAttr(Command[SnapshotTimer]):
    """Read the file name of the interval upload (deprecated by the maker)."""

    cmd: ClassVar[str] = "getsnaptimerftpattr"

    def decode(self, reply: Reply) -> SnapshotTimer:
        """Read what is there."""
        return SnapshotTimer(
            fixed_name=reply.flag("mode"), prefix=reply.flag("prefix"), name=reply.get("name"), raw=reply.settings
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSnapTimerFtpAttr(Update):
    """Change the file name of the interval upload (deprecated by the maker): only what is given is sent."""

    cmd: ClassVar[str] = "setsnaptimerftpattr"

    fixed_name: bool | None = None
    prefix: bool | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        check_text("file name", self.name)
        check_something(self.cmd, self.parameters())

    def parameters(self) -> Parameters:
        """Return what is given."""
        return _name_parameters(self.fixed_name, self.prefix, self.name)


def _name_parameters(fixed_name: bool | None, prefix: bool | None, name: str | None) -> Parameters:
    """Write the three fields that both commands share."""
    mode_text = () if fixed_name is None else (("mode", flag_text(value=fixed_name)),)
    prefix_text = () if prefix is None else (("prefix", flag_text(value=prefix)),)
    return (*mode_text, *prefix_text, *(() if name is None else (("name", name),)))
