"""Every error that this project raises on purpose.

    ReceiverSetupError                 kind                     exit code
    ├── ConfigurationError             configuration            2
    │   └── ReceiptError               receipt
    ├── CameraError                    camera                   3
    │   ├── CameraNotFoundError        camera-not-found
    │   ├── CameraUnreachableError     camera-unreachable
    │   ├── CameraTimeoutError         camera-timeout
    │   ├── CameraCertificateError     camera-certificate
    │   ├── CameraTlsError             camera-tls
    │   ├── CameraLoginError           camera-login
    │   ├── CameraReplyError           camera-reply
    │   ├── CameraTooOldError          camera-too-old
    │   ├── UnforeseenCameraError      camera-unforeseen
    │   └── CameraResponseError        camera-… (one kind a response code, see camera/wire/codes.py)
    ├── ReceiverError                  receiver                 4
    │   ├── ReceiverUnreachableError   receiver-unreachable
    │   ├── ReceiverHostKeyError       receiver-host-key
    │   ├── ReceiverLoginError         receiver-login
    │   ├── ReceiverSudoError          receiver-sudo
    │   ├── ReceiverUnsuitableError    receiver-unsuitable
    │   ├── ReceiverAccountError       receiver-account
    │   ├── ReceiverEditedError        receiver-edited
    │   ├── ReceiverBusyError          receiver-busy
    │   ├── ReceiverChangeError        receiver-change
    │   ├── ReceiverUnfinishedError    receiver-unfinished
    │   └── BootPartitionError         boot-partition
    ├── ProofError                     proof                    5
    │   ├── HostKeyMismatchError       host-key-mismatch
    │   ├── UploadTestError            test-upload-… (one kind a testftp result, see camera/wire/codes.py)
    │   ├── FileNotArrivedError        file-not-arrived
    │   └── LoginNotByKeyError         login-not-by-key
    ├── UndoError                      undo                     6
    └── InterruptedRunError            interrupted              130

A message is one sentence that names the host, the step and the failure; the hint says what to do next.
"""

from typing import ClassVar, Self


class ReceiverSetupError(Exception):
    """The base class: a sentence, a hint, a kind for programs and an exit code for shells."""

    kind: str = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.rolled_back: bool | None = None
        """True: all changes were rolled back; False: not all of them; None: nothing had been changed."""
        self.lost: tuple[str, ...] = ()
        """Sentences about camera settings that could not be restored."""

    def retold(self, message: str | None = None, *, hint: str | None = None) -> Self:
        """Return the same error with another message or hint, when more is known; None keeps the old one."""
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.message = self.message if message is None else message
        other.hint = self.hint if hint is None else hint
        other.args = (other.message,)
        other.__cause__ = self.__cause__
        return other.with_traceback(self.__traceback__)


class ConfigurationError(ReceiverSetupError):
    """The request is invalid or contradictory; nothing was contacted or changed."""

    kind = "configuration"
    exit_code = 2


class ReceiptError(ConfigurationError):
    """The set-up is done and kept, but its receipt cannot be written."""

    kind = "receipt"


class CameraError(ReceiverSetupError):
    """The camera cannot be used."""

    kind = "camera"
    exit_code = 3


class CameraNotFoundError(CameraError):
    """No camera answered a search of this machine's networks."""

    kind = "camera-not-found"


class CameraUnreachableError(CameraError):
    """No HTTP connection to the camera."""

    kind = "camera-unreachable"


class CameraTimeoutError(CameraError):
    """The camera accepted the connection but did not answer in time."""

    kind = "camera-timeout"


class CameraCertificateError(CameraError):
    """The camera's HTTPS certificate is not trusted."""

    kind = "camera-certificate"


class CameraTlsError(CameraError):
    """No TLS connection is possible: the camera's version or ciphers are too old or not supported."""

    kind = "camera-tls"


class CameraLoginError(CameraError):
    """The camera refused user or password."""

    kind = "camera-login"


class CameraReplyError(CameraError):
    """The answer is not valid for a camera: HTML, a truncated body, another status, an unreadable field."""

    kind = "camera-reply"


class CameraTooOldError(CameraError):
    """The camera speaks the dialect of the older series or does not support sFTP."""

    kind = "camera-too-old"


class UnforeseenCameraError(CameraError):
    """An unforeseen exception while handling one camera: a bug of ours that does not affect other cameras."""

    kind = "camera-unforeseen"


class CameraResponseError(CameraError):
    """The camera answered a command with a response code that is not success."""

    kind = "camera-response"

    def __init__(self, message: str, *, code: int, kind: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.kind = kind


class ReceiverError(ReceiverSetupError):
    """The receiver cannot be used."""

    kind = "receiver"
    exit_code = 4


class ReceiverUnreachableError(ReceiverError):
    """No SSH connection to the receiver, or it was lost."""

    kind = "receiver-unreachable"


class ReceiverHostKeyError(ReceiverError):
    """The receiver's host key is unknown or has changed."""

    kind = "receiver-host-key"


class ReceiverLoginError(ReceiverError):
    """The receiver refused our login."""

    kind = "receiver-login"


class ReceiverSudoError(ReceiverError):
    """We are logged in, but cannot become root."""

    kind = "receiver-sudo"


class ReceiverUnsuitableError(ReceiverError):
    """The receiver lacks something, or its configuration conflicts with the set-up."""

    kind = "receiver-unsuitable"


class ReceiverAccountError(ReceiverError):
    """The requested account belongs to someone else."""

    kind = "receiver-account"


class ReceiverEditedError(ReceiverError):
    """A file of ours was edited, and nothing allows replacing it."""

    kind = "receiver-edited"


class ReceiverBusyError(ReceiverError):
    """Another run is changing the receiver, or has changed it since it was read."""

    kind = "receiver-busy"


class ReceiverChangeError(ReceiverError):
    """A step on the receiver failed."""

    kind = "receiver-change"


class ReceiverUnfinishedError(ReceiverError):
    """The set-up is proven and kept, but a step on the receiver remains to be done; nothing is rolled back."""

    kind = "receiver-unfinished"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rolled_back = False


class BootPartitionError(ReceiverError):
    """The boot partition of a receiver's card cannot be read or written."""

    kind = "boot-partition"


class ProofError(ReceiverSetupError):
    """Everything was set up, but the proof failed."""

    kind = "proof"
    exit_code = 5


class HostKeyMismatchError(ProofError):
    """The camera saw a host key that is not one of the receiver's."""

    kind = "host-key-mismatch"


class UploadTestError(ProofError):
    """The camera's test upload failed; `result` is the camera's code (-1 … -9)."""

    kind = "test-upload"

    def __init__(self, message: str, *, result: int, kind: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.result = result
        self.kind = kind


class FileNotArrivedError(ProofError):
    """The camera reported success, but no new picture is on the receiver."""

    kind = "file-not-arrived"


class LoginNotByKeyError(ProofError):
    """The file arrived, but not by a login with the camera's key."""

    kind = "login-not-by-key"


class UndoError(ReceiverSetupError):
    """The rollback failed; the message says what is left."""

    kind = "undo"
    exit_code = 6


class InterruptedRunError(ReceiverSetupError):
    """The run was ended from outside (Ctrl-C, SIGTERM, SIGHUP)."""

    kind = "interrupted"
    exit_code = 130
