"""The record of the state before the first change (pure), written by shell/ledger.sh for the removal.

A line of it is a line of a journal: `undo_restore '/etc/ssh/x' '/var/lib/receiver-setup/accounts/ipcamera/backup.0'`.
"""

import logging
import re
import shlex
from dataclasses import dataclass, field
from typing import Self

from receiver_setup.receiver.facts.camera_records import CameraRecord, parse_camera_records

_log = logging.getLogger(__name__)

STATE = "/var/lib/receiver-setup"
"""The folder of all records on the receiver, owned by root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerAccount:
    """The former state of an adopted account."""

    shell: str
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Things to restore, and things that did not exist; paths are absolute."""

    filed: bool = False
    """False if there is no record: an older version made the account, or the record was deleted."""
    made_user: bool = False
    former: FormerAccount | None = None
    closed: bool = False
    """True if the account had a usable password before."""
    group: str | None = None
    """The gid of an existing group with the account's name."""
    made_group: bool = False
    """True if there was no group with the account's name, and one was created separately."""
    joined: tuple[str, ...] = ()
    """Groups to which a set-up added the account."""
    directories: tuple[str, ...] = ()
    modes: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Directory → its former owner (uid:gid) and mode."""
    owners: dict[str, tuple[str, int]] = field(default_factory=dict)
    """The same for files in the home of an adopted account."""
    entries: tuple[str, ...] | None = None
    """The contents of that home besides the recordings; None if unknown."""
    files: tuple[str, ...] = ()
    backups: dict[str, str] = field(default_factory=dict)
    cameras: dict[str, CameraRecord] = field(default_factory=dict)
    """The record of each camera, by its name."""

    @classmethod
    def parse(cls, undo: str | None, cameras: str) -> Self:
        r"""Parse the two files; invalid lines are skipped.

        >>> ledger = Ledger.parse("undo_user 'ipcamera'\nundo_mode '/home/ipcamera' '0:0' '755'\n", "porch {}\n")
        >>> ledger.made_user, ledger.modes, ledger.cameras["porch"].former
        (True, {'/home/ipcamera': ('0:0', 493)}, '{}')
        """
        calls = [call for line in (undo or "").split("\n") if line and (call := _parse_call(line))]
        one = {call[0]: call[1:] for call in calls}
        account = one.get("undo_account", [])
        group = one.get("undo_group", [])
        return cls(
            filed=undo is not None,
            made_user="undo_user" in one,
            former=FormerAccount(shell=account[1], comment=account[2]) if len(account) == 3 else None,
            closed="undo_closed" in one,
            group=group[1] if len(group) == 2 else None,
            made_group="undo_new_group" in one,
            joined=tuple(call[1] for call in calls if call[0] == "undo_join"),
            directories=tuple(call[1] for call in calls if call[0] == "undo_directory"),
            modes={call[1]: (call[2], int(call[3], 8)) for call in calls if call[0] == "undo_mode" and _has_mode(call)},
            owners={
                call[1]: (call[2], int(call[3], 8)) for call in calls if call[0] == "undo_owner" and _has_mode(call)
            },
            entries=next((tuple(call[2:]) for call in calls if call[0] == "undo_entries"), None),
            files=tuple(call[1] for call in calls if call[0] == "undo_remove"),
            backups={call[1]: call[2] for call in calls if call[0] == "undo_restore" and len(call) == 3},
            cameras=parse_camera_records(cameras),
        )


def _has_mode(call: list[str]) -> bool:
    """Return True if a call ends with an owner and an octal mode."""
    return len(call) == 4 and re.fullmatch("[0-7]{1,4}", call[3]) is not None


def _parse_call(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError:
        words = []
    if len(words) < 2:
        _log.warning("a line of the receiver's ledger cannot be read: %s", line)
        return []
    return words
