"""A receiver over SSH, by paramiko: host key checked, ssh_config, agent and jump hosts honoured."""

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from receiver_setup.dialling import DialError
from receiver_setup.errors import (
    ReceiverError,
    ReceiverHostKeyError,
    ReceiverLoginError,
    ReceiverUnreachableError,
)
from receiver_setup.interrupts import shielded
from receiver_setup.keys import PublicKey
from receiver_setup.receiver.address import ReceiverAddress
from receiver_setup.receiver.hosts import Trips
from receiver_setup.receiver.hosts.login_clock import LoginClock
from receiver_setup.receiver.hosts.paramiko_alone import paramiko
from receiver_setup.receiver.hosts.ssh_config import Target, read_target
from receiver_setup.receiver.hosts.ssh_stream import SshStream, start_command
from receiver_setup.receiver.hosts.tunnel import Transport, open_tunnel
from receiver_setup.secrets import Secret

_log = logging.getLogger(__name__)
_KEEPALIVE_S = 15
_RELISTEN_S = 0.5
_NEGOTIATION_S = 15.0
"""What paramiko itself gives the exchange of keys."""
_SYSTEM_KNOWN_HOSTS = Path("/etc/ssh/ssh_known_hosts")


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions:
    """How to sign in. `password` is asked only when no key did it; `timeout_s` is for each connection."""

    identity: Path | None = None
    known_hosts: Path | None = None
    accept_new_host_key: bool = False
    config_file: Path | None = None
    password: Callable[[], Secret | None] = lambda: None
    timeout_s: float = 10.0


class SshHost:
    """A receiver that is reached by SSH; connects at the first command or connection.

    Threads may dial while another one runs commands. A login that was refused is not tried again before `close`.
    """

    def __init__(self, address: ReceiverAddress, options: SshOptions) -> None:
        self._options = options
        self.target = read_target(address, config_file=options.config_file)
        self.name = f"{self.target.user}@{self.target.host}"
        self.trips = Trips()
        self._clients: list[paramiko.SSHClient] = []
        self._password: Secret | None = None
        self._lock = threading.Lock()
        """Held while there is no connection yet, so that one login does for all."""
        self._failed: ReceiverError | None = None

    def open(self, command: str) -> SshStream:
        """Start `command` on the newest connection."""
        self._connect()
        self.trips.commands += 1
        self.trips.command_began_s = time.monotonic()
        transport = self._clients[-1].get_transport()
        if transport is None or not transport.is_active():
            raise ReceiverUnreachableError(
                f"the connection to {self.name} is gone", hint="run the same command again when the receiver answers"
            )
        with _as_ours(self.name):
            return start_command(transport, command, timeout_s=self._options.timeout_s)

    def prove_login(self) -> bool:
        """Open a second connection beside the first and use it from now on."""
        self._clients.append(self._login())
        return True

    def dial(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """Open a connection from the receiver over the newest login that lives; a lost one is replaced."""
        try:
            self._connect()
            transport = self._living() or self._connect_anew()
        except ReceiverError as error:
            raise DialError(f"there is no SSH connection to {self.name}", hint=error.hint) from error
        return open_tunnel(transport, host, port, timeout_s=timeout_s, name=self.name)

    def reaches(self, host: str, port: int, timeout_s: float) -> bool:
        """Tell whether the receiver gets a connection to (host, port); no login is made for that."""
        transport = self._living()
        if transport is None:
            return False
        try:
            open_tunnel(transport, host, port, timeout_s=timeout_s, name=self.name).close()
        except DialError:
            return False
        return True

    def close(self) -> None:
        """Close every connection, the newest first."""
        while self._clients:
            with shielded():
                self._clients.pop().close()
        self._failed = None

    def _connect(self) -> None:
        """Log in where nobody has; raises what it failed with, to everybody who waited for it."""
        with self._lock:
            if not self._clients:
                self._add_login()

    def _connect_anew(self) -> paramiko.Transport:
        """Replace a connection that was lost."""
        with self._lock:
            transport = self._living()
            if transport is None:
                self._add_login()
                transport = self._living()
        if transport is None:
            raise ReceiverUnreachableError(f"the connection to {self.name} is gone")
        return transport

    def _add_login(self) -> None:
        if self._failed is not None:
            raise self._failed
        try:
            self._clients.append(self._login())
        except ReceiverError as error:
            # A connection that was lost may come back; what was refused would only be refused again.
            if not self._clients or not isinstance(error, ReceiverUnreachableError):
                self._failed = error
            raise

    def _living(self) -> paramiko.Transport | None:
        for client in reversed(self._clients):
            transport = client.get_transport()
            if transport is not None and transport.is_active():
                return transport
        return None

    def _login(self) -> paramiko.SSHClient:
        self.trips.connections += 1
        return _login(self.target, self._options, self._ask_password)

    def _ask_password(self) -> Secret | None:
        if self._password is None:
            self._password = self._options.password()
        return self._password


def _login(target: Target, options: SshOptions, ask: Callable[[], Secret | None]) -> paramiko.SSHClient:
    clock = LoginClock(f"{target.user}@{target.host}")
    dial = partial(clock.dialling, partial(_dial, target, options))
    client = paramiko.SSHClient()
    _load_known_hosts(client, target, options)
    client.set_missing_host_key_policy(_Policy(target, options))
    identities = [options.identity] if options.identity else [path for path in target.identities if path.exists()]
    arguments: dict[str, Any] = {
        "hostname": target.known_as,
        "port": target.known_port,
        "username": target.user,
        "key_filename": [str(path) for path in identities] or None,
        "allow_agent": not target.identities_only,
        "look_for_keys": not identities,
        # Longer than each of the parts it spans (banner, then keys), so that the part that failed is told.
        "timeout": options.timeout_s + _NEGOTIATION_S,
        "banner_timeout": options.timeout_s,
        "auth_timeout": max(options.timeout_s, 15.0),
        "transport_factory": Transport,
    }
    try:
        with _as_ours(f"{target.user}@{target.host}"):
            try:
                client.connect(**arguments, sock=dial())
            except paramiko.SSHException as error:
                password = clock.asking(ask) if _password_may_help(error, options) else None
                if password is None:
                    raise
                _log.debug("%s: no key did it; trying the password", target.host)
                _sign_in_by_password(client, arguments, password, dial)
    except BaseException:
        client.close()
        clock.tell(agreed=None)
        raise
    transport = client.get_transport()
    if transport is not None:
        transport.set_keepalive(_KEEPALIVE_S)
    clock.tell(agreed=transport.agreed_s if isinstance(transport, Transport) else None)
    return client


def _sign_in_by_password(
    client: paramiko.SSHClient, arguments: dict[str, Any], password: Secret, dial: Callable[[], Any]
) -> None:
    """Go on over the connection where the keys were refused: to end it would count as a failed login for sshd."""
    transport = client.get_transport()
    if transport is not None and transport.is_active():
        transport.auth_password(arguments["username"], password.reveal())
        return
    # Too many keys: sshd has hung up.
    client.close()
    arguments |= {"key_filename": None, "allow_agent": False, "look_for_keys": False}
    client.connect(**arguments, password=password.reveal(), sock=dial())


def _password_may_help(error: Exception, options: SshOptions) -> bool:
    """Tell a refused key, or none at all, from a failure that a password cannot mend."""
    if isinstance(error, paramiko.PasswordRequiredException):
        return options.identity is None  # of those that lie in ~/.ssh, none was asked for
    if isinstance(error, paramiko.BadHostKeyException):
        return False
    return isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in str(error)


def _dial(target: Target, options: SshOptions) -> Any:
    """Return a socket, or what stands for one, to the target: through jump hosts where there are any."""
    if target.jumps:
        *before, last = target.jumps
        hop = read_target(last, config_file=options.config_file)
        if before:
            hop = replace(hop, jumps=tuple(before))
        # By key alone: the password is the receiver's, and no business of a jump host's.
        client = _login(hop, options, lambda: None)
        transport = client.get_transport()
        if transport is None:
            raise paramiko.SSHException(f"the jump host {hop.host} closed the connection")
        channel = transport.open_channel(
            "direct-tcpip", (target.host, target.port), ("127.0.0.1", 0), timeout=options.timeout_s
        )
        # The jump's connection lives as long as the channel that goes through it.
        channel.jump_client = client  # type: ignore[attr-defined]
        return channel
    if target.proxy_command is not None:
        return paramiko.ProxyCommand(target.proxy_command)
    try:
        connection = socket.create_connection((target.host, target.port), timeout=options.timeout_s)
    except ConnectionRefusedError:
        # An sshd that reads its configuration anew listens to nobody for a moment, as after a run that was cut off.
        time.sleep(_RELISTEN_S)
        connection = socket.create_connection((target.host, target.port), timeout=options.timeout_s)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _load_known_hosts(client: paramiko.SSHClient, target: Target, options: SshOptions) -> None:
    for path in (*_known_hosts_files(target, options), _SYSTEM_KNOWN_HOSTS):
        if not path.exists():
            continue
        try:
            client.load_system_host_keys(str(path))
        except (OSError, ValueError, paramiko.hostkeys.InvalidHostKey) as error:
            raise ReceiverHostKeyError(
                f"cannot read the known host keys in {path}: {error}", hint="repair or remove the line it names"
            ) from error


def _known_hosts_files(target: Target, options: SshOptions) -> tuple[Path, ...]:
    if options.known_hosts is not None:
        return (options.known_hosts,)
    return target.known_hosts or (Path("~/.ssh/known_hosts").expanduser(),)


class _Policy(paramiko.MissingHostKeyPolicy):
    """Refuse an unknown host with its fingerprint; or, when asked to, write it down and go on."""

    def __init__(self, target: Target, options: SshOptions) -> None:
        self._target = target
        self._options = options

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002 - paramiko's signature
        """Raise, or append a line to the known_hosts file."""
        public = PublicKey.from_blob(key.asbytes())
        path = _known_hosts_files(self._target, self._options)[0]
        if not self._options.accept_new_host_key:
            raise ReceiverHostKeyError(
                f"the host key of {self._target.host} is not known yet: {public}",
                hint="compare it on the receiver (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and, if it is the "
                f"same, give --accept-new-host-key, which notes it in {path}",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = not path.exists() or path.read_bytes()[-1:] in {b"", b"\n"}
        with path.open("a", encoding="utf-8") as file:
            file.write(("" if whole else "\n") + f"{self._target.known_name} {public.line}\n")
        _log.warning("%s: accepted the new host key %s and noted it in %s", self._target.host, public, path)


class _as_ours:  # noqa: N801 - reads as the statement it is
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


def explain(error: Exception, name: str) -> ReceiverError | None:  # noqa: PLR0911 - one for each cause
    """Return our error for one of paramiko's or of a socket's; None for anything else, which is a bug."""
    if isinstance(error, paramiko.BadHostKeyException):
        seen, known = (PublicKey.from_blob(key.asbytes()) for key in (error.key, error.expected_key))
        return ReceiverHostKeyError(
            f"{name} shows the host key {seen}, but {known} is the known one",
            hint="if the receiver was installed anew, remove the old line (ssh-keygen -R HOST); if not, somebody "
            "else may be answering",
        )
    if isinstance(error, paramiko.PasswordRequiredException):
        return ReceiverLoginError(
            f"the key for {name} is protected by a passphrase", hint="load it into the agent first: ssh-add KEYFILE"
        )
    if isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in str(error):
        return ReceiverLoginError(
            f"{name} refused the login",
            hint="give --identity KEYFILE, load the key into the agent, set RECEIVER_SETUP_SSH_PASSWORD, or check USER",
        )
    if isinstance(error, UnicodeDecodeError):
        return ReceiverLoginError(
            f"a key file for {name} is no private key: {error.reason}", hint="check --identity and IdentityFile"
        )
    if isinstance(error, (FileNotFoundError, PermissionError)) and error.filename:
        return ReceiverLoginError(f"cannot read {error.filename}: {error.strerror}", hint="check --identity")
    if "SSH protocol banner" in str(error):
        return ReceiverUnreachableError(
            f"{name} takes connections, but no SSH server answers there",
            hint="check the port; a very busy machine may need a longer --timeout; OpenSSH 9.8 and newer also turns "
            "an address away for some seconds after failed logins",
        )
    # Not all of paramiko's exceptions are SSHExceptions.
    if isinstance(error, (OSError, EOFError)) or type(error).__module__.startswith("paramiko."):
        said = str(error) or type(error).__name__
        return ReceiverUnreachableError(
            f"cannot reach {name} by SSH: {said}",
            hint="check the address, the port and that its SSH server runs; OpenSSH 9.8 and newer also turns an "
            "address away for some seconds after failed logins",
        )
    return None
