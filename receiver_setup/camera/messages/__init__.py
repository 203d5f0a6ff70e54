"""Every command of the camera's FTP menu, one typed pair each (pure).

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

from receiver_setup.camera.messages.actions import (
    ActionType,
    GetFtpAction,
    GetFtpActionAttr,
    SetFtpAction,
    SetFtpActionAttr,
    SnapshotCount,
    UploadAction,
    UploadActions,
)
from receiver_setup.camera.messages.ftp import FIELDS, FtpAttributes, GetFtpAttr, Security, SetFtpAttr
from receiver_setup.camera.messages.keys import GetPubKey, TestFtp, TestOutcome
from receiver_setup.camera.messages.snapshots import (
    GetSnapSchedFtpAttr,
    GetSnapTimerFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
    SnapshotSchedule,
    SnapshotTimer,
)
from receiver_setup.camera.messages.token import GetToken, Token
from receiver_setup.camera.wire.command import Command, Done

__all__ = [
    "FIELDS",
    "ActionType",
    "Command",
    "Done",
    "FtpAttributes",
    "GetFtpAction",
    "GetFtpActionAttr",
    "GetFtpAttr",
    "GetPubKey",
    "GetSnapSchedFtpAttr",
    "GetSnapTimerFtpAttr",
    "GetToken",
    "Security",
    "SetFtpAction",
    "SetFtpActionAttr",
    "SetFtpAttr",
    "SetSnapSchedFtpAttr",
    "SetSnapTimerFtpAttr",
    "SnapshotCount",
    "SnapshotSchedule",
    "SnapshotTimer",
    "TestFtp",
    "TestOutcome",
    "Token",
    "UploadAction",
    "UploadActions",
]
