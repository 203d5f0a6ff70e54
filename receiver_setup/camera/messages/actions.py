"""What the camera uploads and how often: ftpaction and ftpactionattr (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from receiver_setup.camera.wire.checks import check_range, check_something, flag_text
from receiver_setup.camera.wire.command import Command, Parameters, Update
from receiver_setup.camera.wire.reply import Reply, read_flag, read_integer

LONGEST_INTERVAL_S = 3600
MOST_SNAPSHOTS = 10


class ActionType(StrEnum):
    """What can be uploaded."""

    REC = "rec"
    """Video at an alarm."""
    SNAP = "snap"
    """Pictures at an alarm."""
    TIMERSNAP = "timersnap"
    """Pictures on a schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadAction:
    """One upload action: on or off, and the pause between two uploads in seconds (a reading may be 0)."""

    enabled: bool | None
    interval_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadActions:
    """The upload actions in a reply; None for an action that it does not contain."""

    rec: UploadAction | None = None
    snap: UploadAction | None = None
    timersnap: UploadAction | None = None
    raw: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Every field as read, known or not, but for cmd and response."""

    def get(self, kind: ActionType) -> UploadAction | None:
        """Return one of the three."""
        return {ActionType.REC: self.rec, ActionType.SNAP: self.snap, ActionType.TIMERSNAP: self.timersnap}[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFtpAction(Command[UploadActions]):
    """Read all three upload actions, or the one that is given."""

    cmd: ClassVar[str] = "getftpaction"

    kind: ActionType | None = None

    def parameters(self) -> Parameters:
        """Return the type, if only one is wanted."""
        return () if self.kind is None else (("type", self.kind.value),)

    def decode(self, reply: Reply) -> UploadActions:
        """Read `enable['rec']` and so on; for a single action also the bare `enable`."""
        found = {kind.value: self._read(reply, kind) for kind in ActionType}
        return UploadActions(rec=found["rec"], snap=found["snap"], timersnap=found["timersnap"], raw=reply.settings)

    def _read(self, reply: Reply, kind: ActionType) -> UploadAction | None:
        enable = reply.indexed("enable", kind)
        interval = reply.indexed("interval", kind)
        if kind is self.kind:
            enable = reply.get("enable") if enable is None else enable
            interval = reply.get("interval") if interval is None else interval
        if enable is None and interval is None:
            return None
        return UploadAction(enabled=read_flag(enable, "enable"), interval_s=read_integer(interval, "interval"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFtpAction(Update):
    """Switch one upload action on or off, or set its pause (1 to 3600 seconds).

    >>> SetFtpAction(kind=ActionType.REC, enable=True, interval_s=60).parameters()
    (('type', 'rec'), ('enable', '1'), ('interval', '60'))
    """

    cmd: ClassVar[str] = "setftpaction"

    kind: ActionType
    enable: bool | None = None
    interval_s: int | None = None

    def __post_init__(self) -> None:
        check_range("interval", self.interval_s, 1, LONGEST_INTERVAL_S, "seconds")
        check_something(self.cmd, self.parameters(), needed=2)

    def parameters(self) -> Parameters:
        """Return the type and what is given."""
        enable = () if self.enable is None else (("enable", flag_text(value=self.enable)),)
        interval = () if self.interval_s is None else (("interval", str(self.interval_s)),)
        return (("type", self.kind.value), *enable, *interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotCount:
    """How many pictures are uploaded at an alarm; None if the camera did not say."""

    count: int | None
    raw: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Every field as read, known or not, but for cmd and response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetFtpActionAttr(Command[SnapshotCount]):
    """Read how many pictures are uploaded at an alarm."""

    cmd: ClassVar[str] = "getftpactionattr"

    def decode(self, reply: Reply) -> SnapshotCount:
        """Read snapcount."""
        return SnapshotCount(count=reply.integer("snapcount"), raw=reply.settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFtpActionAttr(Update):
    """Set how many pictures are uploaded at an alarm, 1 to 10."""

    cmd: ClassVar[str] = "setftpactionattr"

    count: int

    def __post_init__(self) -> None:
        check_range("number of snapshots", self.count, 1, MOST_SNAPSHOTS)

    def parameters(self) -> Parameters:
        """Return snapcount."""
        return (("snapcount", str(self.count)),)
