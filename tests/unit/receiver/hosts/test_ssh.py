"""Every exception of paramiko and of sockets becomes an error of ours."""

import base64
import builtins
import errno
import hashlib
import inspect
import os
import pkgutil
import socket
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import paramiko
import pytest

from receiver_setup.errors import ReceiverError, ReceiverHostKeyError, ReceiverLoginError, ReceiverUnreachableError
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts.ssh import SshHost, SshOptions
from receiver_setup.receiver.hosts.ssh_errors import explain
from receiver_setup.receiver.hosts.ssh_way import Way


def make_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


def find_exceptions() -> list[type[Exception]]:
    """Return every exception class that a module of paramiko defines."""
    found = set()
    for info in pkgutil.iter_modules(paramiko.__path__, "paramiko."):
        try:
            module = import_module(info.name)
        except (ImportError, AttributeError):
            continue  # Windows' modules
        found |= {
            each
            for each in vars(module).values()
            if inspect.isclass(each) and issubclass(each, Exception) and each.__module__.startswith("paramiko")
        }
    return sorted(found, key=lambda each: each.__qualname__)


ARGUMENTS: dict[str, tuple[object, ...]] = {
    "AuthFailure": (["none"],),
    "BadAuthenticationType": ("no", ["publickey"]),
    "BadHostKeyException": ("attic-pi", make_key(), make_key()),
    "ChannelException": (1, "Administratively prohibited"),
    "InvalidHostKey": ("attic-pi ssh-rsa", ValueError("x")),
    "NoValidConnectionsError": ({("192.168.2.110", 22): OSError(errno.ECONNREFUSED, "refused")},),
    "PartialAuthentication": (["password"],),
    "ProxyCommandFailure": ("nc attic-pi 22", 1),
    "UnknownKeyType": ("ssh-foo", b"x"),
}
EXCEPTIONS = find_exceptions()
LOGIN = {
    "AuthFailure", "AuthenticationException", "BadAuthenticationType", "PartialAuthentication", "UnableToAuthenticate",
    "PasswordRequiredException",
}  # fmt: skip
SOCKET = [
    each for each in {**vars(builtins), **vars(socket)}.values() if inspect.isclass(each) and issubclass(each, OSError)
]


def test_the_walk_finds_paramikos_exceptions() -> None:
    names = {each.__name__ for each in EXCEPTIONS}
    assert {"SSHException", "AuthenticationException", "BadHostKeyException", "NoValidConnectionsError"} <= names
    assert {"SFTPError", "InvalidHostKey"} <= names


@pytest.mark.parametrize("kind", EXCEPTIONS, ids=lambda kind: kind.__name__)
def test_every_exception_of_paramiko_is_one_of_ours(kind: type[Exception]) -> None:
    ours = explain(kind(*ARGUMENTS.get(kind.__name__, ("what paramiko says",))), "pi@attic-pi")
    assert isinstance(ours, ReceiverError)
    assert "pi@attic-pi" in ours.message
    assert ours.hint
    if kind.__name__ == "PasswordRequiredException":
        assert "passphrase" in ours.message
    if kind.__name__ == "BadHostKeyException":
        assert isinstance(ours, ReceiverHostKeyError)
    elif kind.__name__ in LOGIN:
        assert isinstance(ours, ReceiverLoginError)
    else:
        assert isinstance(ours, ReceiverUnreachableError)


@pytest.mark.parametrize("kind", [*SOCKET, EOFError], ids=lambda kind: kind.__name__)
def test_every_error_of_a_socket_is_one_of_ours(kind: type[Exception]) -> None:
    for arguments in ((), (errno.EHOSTUNREACH, "No route to host")):
        ours = explain(kind(*arguments), "pi@attic-pi")
        assert isinstance(ours, ReceiverUnreachableError)
        assert "pi@attic-pi" in ours.message
        assert not ours.message.endswith(": ")


def test_a_changed_host_key_is_told_with_both_fingerprints() -> None:
    seen, known = make_key(), make_key()
    ours = explain(paramiko.BadHostKeyException("attic-pi", seen, known), "pi@attic-pi")
    assert isinstance(ours, ReceiverHostKeyError)
    for key in (seen, known):
        digest = base64.b64encode(hashlib.sha256(key.asbytes()).digest()).decode().rstrip("=")
        assert f"SHA256:{digest}" in ours.message  # as ssh-keygen spells it


def test_no_key_at_all_is_a_refused_login() -> None:
    ours = explain(paramiko.SSHException("No authentication methods available"), "pi@attic-pi")
    assert isinstance(ours, ReceiverLoginError)


def test_an_identity_that_cannot_be_read_is_named() -> None:
    for kind in (FileNotFoundError, PermissionError):
        ours = explain(kind(1, "cannot be read", "/k/id"), "pi@attic-pi")
        assert isinstance(ours, ReceiverLoginError)
        assert "/k/id" in ours.message


def test_an_identity_that_is_no_key_is_a_login_error(tmp_path: Path) -> None:
    """A picture given as --identity: paramiko stumbles over its bytes with an error of Python's own."""
    path = tmp_path / "photo.jpeg"
    path.write_bytes(b"\xff\xd8\xff\xe0" * 10)
    with pytest.raises(UnicodeDecodeError) as caught:
        paramiko.RSAKey.from_private_key_file(str(path))
    ours = explain(caught.value, "pi@attic-pi")
    assert isinstance(ours, ReceiverLoginError)
    assert "--identity" in ours.hint


def test_an_agent_that_does_not_sign_is_named() -> None:
    ours = explain(paramiko.SSHException("key cannot be used for signing"), "pi@attic-pi")
    assert isinstance(ours, ReceiverLoginError)
    assert "agent" in ours.message


def test_a_password_that_has_expired_is_named() -> None:
    """A new one is asked for by a message that paramiko takes for another."""
    ours = explain(paramiko.SSHException("Illegal info request from server"), "pi@attic-pi")
    assert isinstance(ours, ReceiverLoginError)
    assert "new password" in ours.message


def test_a_login_that_was_not_answered_is_no_refused_one() -> None:
    ours = explain(paramiko.AuthenticationException("Authentication timeout."), "pi@attic-pi")
    assert isinstance(ours, ReceiverUnreachableError)
    assert "did not answer the login in time" in ours.message


def test_a_bug_stays_a_bug() -> None:
    assert explain(TypeError("x"), "pi@attic-pi") is None
    assert explain(KeyError("x"), "pi@attic-pi") is None


@pytest.fixture
def restarting() -> Iterator[socket.socket]:
    """Bind a port on which nothing listens yet."""
    with socket.create_server(("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
        yield again


def dial(port: int) -> socket.socket:
    host = SshHost(ReceiverAddress(host="127.0.0.1", port=port, user="pi"), SshOptions(config_file=Path(os.devnull)))
    way = Way(host.target, SshOptions(), ask=lambda: None)
    connection: socket.socket = way.dial().socket
    return connection


def test_a_server_that_listens_again_in_a_moment_is_reached(restarting: socket.socket) -> None:
    """As sshd does, which reads its configuration anew by starting itself anew."""
    timer = threading.Timer(0.1, restarting.listen)
    timer.start()
    with dial(restarting.getsockname()[1]) as connection:
        assert connection.getpeername() == restarting.getsockname()
    timer.join()


def test_a_server_that_does_not_listen_again_is_given_up(restarting: socket.socket) -> None:
    with pytest.raises(ConnectionRefusedError):
        dial(restarting.getsockname()[1])
