"""What paramiko and sockets raise, as errors of ours that name the cause."""

from receiver_setup.errors import ReceiverError, ReceiverHostKeyError, ReceiverLoginError, ReceiverUnreachableError
from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.receiver.hosts.paramiko_alone import paramiko

_PENALTY = "OpenSSH 9.8 and newer also turns an address away for some seconds after failed logins"
LOGIN_HINT = "give --identity KEYFILE, load the key into the agent, set RECEIVER_SETUP_SSH_PASSWORD, or check USER"


class as_ours:  # noqa: N801 - reads as the statement it is
    """Turn every error of paramiko and of sockets into one of ours."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, ReceiverError) or not isinstance(error, Exception):
            return
        ours = explain(error, self._name)
        if ours is not None:
            raise ours from error


def explain(error: Exception, name: str) -> ReceiverError | None:
    """Return our error for one of paramiko's or of a socket's; None for anything else, which is a bug."""
    said = str(error) or type(error).__name__
    told = _of_host_key(error, said, name) or _of_login(error, said, name)
    if told is not None:
        return told
    if "SSH protocol banner" in said:
        return ReceiverUnreachableError(
            f"{name} takes connections, but no SSH server answers there",
            hint=f"check the port; a very busy machine may need a longer --timeout; {_PENALTY}",
        )
    # Not all of paramiko's exceptions are SSHExceptions.
    if isinstance(error, (OSError, EOFError)) or type(error).__module__.startswith("paramiko."):
        return ReceiverUnreachableError(
            f"cannot reach {name} by SSH: {said}",
            hint=f"check the address, the port and that its SSH server runs; {_PENALTY}",
        )
    return None


def _of_host_key(error: Exception, said: str, name: str) -> ReceiverError | None:
    if isinstance(error, paramiko.BadHostKeyException):
        seen, known = (PublicKey.from_blob(key.asbytes()) for key in (error.key, error.expected_key))
        return ReceiverHostKeyError(
            f"{name} shows the host key {seen}, but {known} is the known one",
            hint="if the receiver was installed anew, remove the old line (ssh-keygen -R HOST); if not, somebody "
            "else may be answering",
        )
    if isinstance(error, KeyFormatError):
        return ReceiverHostKeyError(
            f"{name} shows a host key that is none: {error}", hint="check the port, and what answers there"
        )
    if "no acceptable host key" in said:
        return ReceiverHostKeyError(
            f"{name} shows no host key of a type that was asked for; certificates of hosts are not supported",
            hint="let sshd show a plain key as well (HostKey and HostKeyAlgorithms in sshd_config), and look at "
            "HostKeyAlgorithms in the ssh configuration here",
        )
    return None


def _of_login(error: Exception, said: str, name: str) -> ReceiverError | None:  # noqa: PLR0911 - one for each cause
    if isinstance(error, paramiko.PasswordRequiredException):
        return ReceiverLoginError(
            f"the key for {name} is protected by a passphrase", hint="load it into the agent first: ssh-add KEYFILE"
        )
    if "Authentication timeout" in said:
        return ReceiverUnreachableError(
            f"{name} did not answer the login in time",
            hint="give a longer --timeout; on the receiver, look at what sshd's PAM modules wait for",
        )
    if "Illegal info request" in said:  # for paramiko, SSH_MSG_USERAUTH_PASSWD_CHANGEREQ is that, by its number
        return ReceiverLoginError(
            f"{name} wants a new password before the login", hint=f"sign in once to set one: ssh {name}"
        )
    if isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in said:
        return ReceiverLoginError(f"{name} refused the login", hint=LOGIN_HINT)
    if "cannot be used for signing" in said:
        return ReceiverLoginError(
            f"the agent did not sign with its key for {name}",
            hint="confirm it there, unlock the agent, or take the key away from it (ssh-add -d KEYFILE)",
        )
    if isinstance(error, UnicodeDecodeError):
        return ReceiverLoginError(
            f"a key file for {name} is no private key: {error.reason}", hint="check --identity and IdentityFile"
        )
    if isinstance(error, (FileNotFoundError, PermissionError)) and error.filename:
        return ReceiverLoginError(f"cannot read {error.filename}: {error.strerror}", hint="check --identity")
    return None
