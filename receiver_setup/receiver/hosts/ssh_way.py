"""The way to a host: a line to it, through a command or a jump host where the configuration has one, and a login."""

import contextlib
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from receiver_setup.errors import ConfigurationError, ReceiverError, ReceiverSetupError, ReceiverUnreachableError
from receiver_setup.formats.keys import PublicKey
from receiver_setup.receiver.hosts.host_keys import HostKeys
from receiver_setup.receiver.hosts.login_clock import LoginClock
from receiver_setup.receiver.hosts.paramiko_alone import paramiko
from receiver_setup.receiver.hosts.proxy import Proxy
from receiver_setup.receiver.hosts.ssh_config import SshDestination, read_target
from receiver_setup.receiver.hosts.ssh_errors import explain
from receiver_setup.receiver.hosts.ssh_login import Answer, Credentials, HungUpError, SshLogin
from receiver_setup.receiver.hosts.tunnel import Transport
from receiver_setup.secrets import Secret

_KEEPALIVE_S = 15
_RELISTEN_S = 0.5
_NEGOTIATION_S = 15.0
"""What paramiko itself gives the exchange of keys."""
_SLOWEST_LOGIN_S = 15.0
_MOST_JUMPS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class SshOptions:
    """How to sign in.

    `password` is asked only when no key did it, `answer` when a server asks a question; `timeout_s` is for each
    connection.
    """

    identity: Path | None = None
    known_hosts: Path | None = None
    accept_new_host_key: bool = False
    config_file: Path | None = None
    password: Callable[[], Secret | None] = lambda: None
    answer: Answer = lambda question, echo: None  # noqa: ARG005 - nobody is there
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A socket, or what stands for one; `give_back` ends what it goes through, and returns what that has said."""

    socket: Any
    give_back: Callable[[], str] = lambda: ""
    ip: str | None = None
    """The address at its far end, where that is the host itself."""


@dataclass(slots=True, kw_only=True)
class Connection:
    """A login, and the line it goes over."""

    transport: Transport
    line: Line

    def close(self) -> str:
        """End it, and then what it goes through; return what that has said."""
        self.transport.close()
        return self.line.give_back()


class Way:
    """A host, the check of its key, and the jump host before it; makes one login after the other.

    Raises ConfigurationError for a way that cannot be gone, ReceiverHostKeyError for known keys that cannot be read.
    """

    def __init__(
        self, target: SshDestination, options: SshOptions, *, ask: Callable[[], Secret | None], jumps: int = 0
    ) -> None:
        self._target = target
        self._options = options
        self._ask = ask
        self.name = f"{target.user}@{target.host}"
        files = () if options.known_hosts is None else (options.known_hosts,)
        self._keys = HostKeys(target, files=files, accept_new=options.accept_new_host_key)
        self._before = self._jump(jumps) if target.jumps else None

    def log_in(self) -> Connection:
        """Make a connection and sign in; raises a ReceiverError."""
        clock = LoginClock(self.name)
        agreed = None
        try:
            connection = self._log_in(clock)
            connection.transport.set_keepalive(_KEEPALIVE_S)
            agreed = connection.transport.agreed_s
            return connection
        finally:
            clock.tell(agreed=agreed)

    def dial(self) -> Line:
        """Return a line to the host: through jump hosts or a command where there are any."""
        target, timeout_s = self._target, self._options.timeout_s
        if self._before is not None:
            return self._over(self._before)
        if target.proxy_command is not None:
            proxy = Proxy(target.proxy_command, name=self.name)
            return Line(socket=proxy.socket, give_back=proxy.close)
        try:
            connection = _reach(target, timeout_s)
        except ConnectionRefusedError:
            # An sshd that reads its configuration anew listens to nobody for a moment, as after a run that was cut off.
            time.sleep(_RELISTEN_S)
            connection = _reach(target, timeout_s)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(socket=connection, give_back=partial(_close, connection), ip=connection.getpeername()[0])

    def _log_in(self, clock: LoginClock) -> Connection:
        try:
            return self._sign_in(self._connect(clock), clock)
        except HungUpError:
            # sshd hangs up after too many keys: a password has to be the first thing that it sees.
            if clock.asking(self._ask) is None:
                raise
        return self._sign_in(self._connect(clock), clock, keys=False)

    def _connect(self, clock: LoginClock) -> Connection:
        """Return a connection whose host key was checked, and on which nobody has signed in."""
        connection: Connection | None = None
        try:
            line = clock.dialling(self.dial)
            connection = Connection(transport=Transport(line.socket), line=line)
            self._agree(connection)
        except BaseException as error:
            said = connection.close() if connection is not None else ""
            ours = self._as_ours(error, said)
            if ours is None:
                raise
            raise ours from error
        return connection

    def _agree(self, connection: Connection) -> None:
        transport = connection.transport
        transport.banner_timeout = self._options.timeout_s
        transport.auth_timeout = max(self._options.timeout_s, _SLOWEST_LOGIN_S)
        # A set-up sends 90 kB of shell, and many a Pi is reached by WLAN. OpenSSH compresses only after the login.
        transport.use_compression()
        security = transport.get_security_options()
        security.key_types = self._keys.order(security.key_types)
        # Longer than each of the parts it spans (banner, then keys), so that the part that failed is told.
        transport.start_client(timeout=self._options.timeout_s + _NEGOTIATION_S)
        if not transport.initial_kex_done:
            raise paramiko.SSHException("it did not agree on keys in time")
        shown = PublicKey.from_blob(transport.get_remote_server_key().asbytes())
        self._keys.check(shown, ip=connection.line.ip)

    def _sign_in(self, connection: Connection, clock: LoginClock, *, keys: bool = True) -> Connection:
        target, options = self._target, self._options
        asked_for = options.identity is not None
        own = [options.identity] if options.identity is not None else [p for p in target.identities if p.exists()]
        credentials = Credentials(
            identities=own if keys else (),
            asked_for=asked_for,
            agent=target.agent if keys else None,
            agent_only_for_identities=target.identities_only,
            password=partial(clock.asking, self._ask),
            answer=lambda question, echo: clock.asking(partial(options.answer, question, echo)),
        )
        try:
            SshLogin(connection.transport, credentials, user=target.user, name=self.name).sign_in()
        except BaseException as error:
            ours = self._as_ours(error, connection.close())
            if ours is None:
                raise
            raise ours from error
        return connection

    def _as_ours(self, error: BaseException, said: str) -> ReceiverError | None:
        """Return an error of ours in the place of `error`; None where it is one, or no error of a connection."""
        if isinstance(error, ReceiverSetupError) or not isinstance(error, Exception):
            return None
        ours = explain(error, self.name)
        if said and isinstance(ours, ReceiverUnreachableError):
            return ReceiverUnreachableError(
                f"the ProxyCommand for {self.name} made no connection: {said}",
                hint="run that command by hand: it must pass on what the SSH server at its far end says",
            )
        return ours

    def _jump(self, jumps: int) -> "Way":
        if jumps == _MOST_JUMPS:
            raise ConfigurationError(
                f"ProxyJump in the ssh configuration goes through more than {_MOST_JUMPS} hosts",
                hint="put “ProxyJump none” for the jump host above the line that it is not meant by",
            )
        *before, last = self._target.jumps
        hop = read_target(last, config_file=self._options.config_file)
        if before:
            hop = replace(hop, jumps=tuple(before))
        # The password is the receiver's, and no business of a jump host's: a person is asked for that one's own.
        ask = partial(self._options.answer, f"password of {hop.user}@{hop.host}", False)  # noqa: FBT003 - not shown
        return Way(hop, self._options, ask=ask, jumps=jumps + 1)

    def _over(self, before: "Way") -> Line:
        jump = before.log_in()

        def give_back() -> str:
            with contextlib.suppress(OSError, EOFError, paramiko.SSHException):
                channel.close()
            jump.close()
            return ""

        try:
            place = (self._target.host, self._target.port)
            channel = jump.transport.open_channel(
                "direct-tcpip", place, ("127.0.0.1", 0), timeout=self._options.timeout_s
            )
        except BaseException as error:
            refusal = jump.transport.refusal()
            jump.close()
            if not isinstance(error, (OSError, EOFError, paramiko.SSHException)):
                raise
            raise ReceiverUnreachableError(
                f"the jump host {before.name} gets no connection to {self._target.host}: {refusal or error}",
                hint="check address and port, and that the jump host lets its users connect on (AllowTcpForwarding)",
            ) from error
        return Line(socket=channel, give_back=give_back)


def _reach(target: SshDestination, timeout_s: float) -> socket.socket:
    """Return a connection, by the address family and from the address that the configuration has."""
    source = None if target.source is None else (target.source, 0)
    hosts = [target.host]
    if target.family is not socket.AF_UNSPEC:
        found = socket.getaddrinfo(target.host, target.port, target.family, socket.SOCK_STREAM)
        hosts = [str(each[4][0]) for each in found]
    *others, last = hosts
    for host in others:
        with contextlib.suppress(OSError):
            return socket.create_connection((host, target.port), timeout=timeout_s, source_address=source)
    return socket.create_connection((last, target.port), timeout=timeout_s, source_address=source)


def _close(connection: socket.socket) -> str:
    connection.close()
    return ""
