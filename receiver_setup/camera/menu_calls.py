"""The camera's FTP menu as methods: one for each of its commands, typed both ways.

Source: INSTAR wiki, 1440p Series CGI List, Features_Menu/FTP.
"""

from abc import ABC, abstractmethod

from receiver_setup.camera.messages import (
    ActionType,
    FtpAttributes,
    GetFtpAction,
    GetFtpActionAttr,
    GetFtpAttr,
    GetPubKey,
    GetSnapSchedFtpAttr,
    GetSnapTimerFtpAttr,
    Security,
    SetFtpAction,
    SetFtpActionAttr,
    SetFtpAttr,
    SetSnapSchedFtpAttr,
    SetSnapTimerFtpAttr,
    SnapshotCount,
    SnapshotSchedule,
    SnapshotTimer,
    TestFtp,
    TestOutcome,
    UploadActions,
)
from receiver_setup.camera.messages.schedule import Schedule, parse_words
from receiver_setup.camera.wire.command import Command, Done, R
from receiver_setup.formats.keys import PublicKey
from receiver_setup.secrets import Secret


class MenuCalls(ABC):
    """The methods of a client beside `send`.

    Every `set_…` sends only what is given and raises ConfigurationError, before sending anything, for a value that no
    camera accepts; its result distinguishes 200 from 219 (`unchanged`). They neither read first nor read back:
    `settings.engine.settle` does.
    """

    @abstractmethod
    def send(self, command: Command[R]) -> R:
        """Send a command and return what its reply means."""

    def ftp_attributes(self) -> FtpAttributes:
        """Read where and how the camera uploads (`getftpattr`)."""
        return self.send(GetFtpAttr())

    def set_ftp_attributes(  # noqa: PLR0913 - the fields of the command, by name
        self,
        *,
        server: str | None = None,
        port: int | None = None,
        username: str | None = None,
        password: Secret | str | None = None,
        mode: int | None = None,
        directory: str | None = None,
        auto_create: bool | None = None,
        day_folders: bool | None = None,
        security: Security | None = None,
        insecure: bool | None = None,
    ) -> Done:
        """Change where and how the camera uploads (`setftpattr`)."""
        return self.send(
            SetFtpAttr(
                server=server,
                port=port,
                username=username,
                password=Secret(password) if isinstance(password, str) else password,
                mode=mode,
                directory=directory,
                auto_create=auto_create,
                day_folders=day_folders,
                security=security,
                insecure=insecure,
            )
        )

    def public_key(self) -> PublicKey:
        """Read the camera's own public key (`getpubkey`); CameraWithoutKeyLoginError if it has none."""
        return self.send(GetPubKey())

    def test_upload(self, *, set_host: PublicKey | None = None) -> TestOutcome:
        """Upload a test picture (`testftp`); with `set_host`, trust that host key. A failed upload is an outcome."""
        return self.send(TestFtp(set_host=set_host))

    def trust_host_key(self, key: PublicKey) -> TestOutcome:
        """Make the camera trust this host key (`testftp` with `sethost`); its answer may lack a result."""
        return self.test_upload(set_host=key)

    def upload_actions(self, kind: ActionType | None = None) -> UploadActions:
        """Read what is uploaded and how often (`getftpaction`), all of it or one kind."""
        return self.send(GetFtpAction(kind=kind))

    def set_upload_action(self, kind: ActionType, *, enable: bool | None = None, interval_s: int | None = None) -> Done:
        """Switch one kind of upload on or off, or set the pause between two, 1 to 3600 s (`setftpaction`)."""
        return self.send(SetFtpAction(kind=kind, enable=enable, interval_s=interval_s))

    def snapshot_count(self) -> SnapshotCount:
        """Read how many pictures are uploaded at an alarm (`getftpactionattr`)."""
        return self.send(GetFtpActionAttr())

    def set_snapshot_count(self, count: int) -> Done:
        """Set how many pictures are uploaded at an alarm, 1 to 10 (`setftpactionattr`)."""
        return self.send(SetFtpActionAttr(count=count))

    def snapshot_schedule(self) -> SnapshotSchedule:
        """Read the snapshot schedule (`getsnapschedftpattr`)."""
        return self.send(GetSnapSchedFtpAttr())

    def set_snapshot_schedule(
        self,
        *,
        at: Schedule | str | None = None,
        enable: bool | None = None,
        name: str | None = None,
        prefix: bool | None = None,
        fixed_name: bool | None = None,
    ) -> Done:
        """Change the snapshot schedule (`setsnapschedftpattr`); `at` in words, such as "10:00 Mon-Fri"."""
        schedule = parse_words(at) if isinstance(at, str) else at
        return self.send(
            SetSnapSchedFtpAttr(schedule=schedule, enable=enable, name=name, prefix=prefix, fixed_name=fixed_name)
        )

    def snapshot_timer(self) -> SnapshotTimer:
        """Read the file name of the interval upload (`getsnaptimerftpattr`; the maker calls it deprecated)."""
        return self.send(GetSnapTimerFtpAttr())

    def set_snapshot_timer(
        self, *, name: str | None = None, prefix: bool | None = None, fixed_name: bool | None = None
    ) -> Done:
        """Change the file name of the interval upload (`setsnaptimerftpattr`; the maker calls it deprecated)."""
        return self.send(SetSnapTimerFtpAttr(name=name, prefix=prefix, fixed_name=fixed_name))
