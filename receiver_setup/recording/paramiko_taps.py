# ruff: noqa: SLF001 - the module for paramiko's private names
"""A paramiko server that records what a client sends, before paramiko reads it.

Three taps: bytes of the socket until the banner is complete, decrypted messages, and the SFTP channel, which is served
by `sftp.SftpMemory`. `_RecordingTransport` also works around differences between paramiko and OpenSSH to which a client
would react, each with its reason. Private names of paramiko are used only here.

Source: paramiko 2.12 to 5.1; RFC 4252 to 4254, RFC 8308.
"""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any

import paramiko
from cryptography.hazmat.primitives import hashes
from paramiko.kex_group14 import KexGroup14SHA256

from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.recording.sftp import LARGEST_PACKET, PacketError, SftpMemory

_p: Any = paramiko  # much of what is needed of it has no types
_log = logging.getLogger(__name__)
_LOGGER = "receiver_setup.recording.ssh"
# paramiko logs what a client does as errors with tracebacks; the recording has the same information.
logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
_SHA1_KEX = "diffie-hellman-group14-sha1"
_LONGEST_BANNER = 255
_MOST_AUTH = 60
_STAGES = ("banner", "kex", "auth", "channel", "sftp")
_LISTS = (
    "kex", "host_key", "cipher_c2s", "cipher_s2c", "mac_c2s", "mac_s2c", "compression_c2s", "compression_s2c",
    "language_c2s", "language_s2c",
)  # fmt: skip
_DISCONNECT, _SERVICE, _KEX_FIRST, _KEX_LAST, _AUTH, _INFO, _OPEN, _REQUEST = 1, 5, 30, 34, 50, 61, 90, 98


class _Sha1Rsa(_p.RSAKey):  # type: ignore[misc]  # untyped
    """An RSA key that also signs and verifies with SHA-1, removed in paramiko 5; libssh2 1.10 has nothing else."""

    HASHES = {**_p.RSAKey.HASHES, "ssh-rsa": hashes.SHA1}  # noqa: RUF012 - as paramiko has it


class _Group14Sha1(KexGroup14SHA256):
    name = _SHA1_KEX
    hash_algo = sha1


@dataclass(slots=True)
class Connection:
    """The record of one connection; times are milliseconds since the recording began."""

    began_ms: int
    banner: bytes = b""
    kexinit: dict[str, Any] | None = None
    negotiated: dict[str, str] | None = None
    auth: list[dict[str, Any]] = field(default_factory=list)
    channels: list[dict[str, Any]] = field(default_factory=list)
    sftp: SftpMemory | None = None
    end: dict[str, Any] = field(default_factory=lambda: {"by": "client", "how": "reset", "stage": "banner"})
    keys: list[bytes] = field(default_factory=list)
    """Blobs of the public keys that the client offered; not part of a recording."""
    passwords: list[str] = field(default_factory=list)
    """Passwords that the client sent; only for the search for secrets."""

    def reach(self, stage: str) -> None:
        """Record how far the client got."""
        if _STAGES.index(stage) > _STAGES.index(self.end["stage"]):
            self.end["stage"] = stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The logins that one lesson accepts."""

    user: str
    methods: tuple[str, ...] = ("publickey",)
    """The offered methods; keys are checked only if publickey is among them."""
    refuse_keys: bool = False


class _Tap:
    """The client's socket until its banner is complete, because paramiko strips the line end."""

    def __init__(self, plain: socket.socket, connection: Connection) -> None:
        self._plain = plain
        self._connection = connection
        self._whole = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def recv(self, size: int) -> bytes:
        """Receive, and record the banner."""
        data = self._plain.recv(size)
        if not self._whole:
            head, end, _ = (self._connection.banner + data).partition(b"\n")
            self._connection.banner = (head + end)[:_LONGEST_BANNER]
            self._whole = bool(end) and head.startswith(b"SSH-")
        return data


class _RecordingTransport(_p.Transport):  # type: ignore[misc]  # as above
    """A server's transport with the taps and the workarounds."""

    # Without a file of primes, paramiko offers group-exchange and then runs group14, at which libssh2 1.9 gives up.
    _preferred_kex = (
        *(name for name in _p.Transport._preferred_kex if "group-exchange" not in name and name != _SHA1_KEX),
        _SHA1_KEX,
    )
    _preferred_keys = (*(name for name in _p.Transport._preferred_keys if name != "ssh-rsa"), "ssh-rsa")
    _preferred_pubkeys = (*(name for name in _p.Transport._preferred_pubkeys if name != "ssh-rsa"), "ssh-rsa")
    _key_info = {  # noqa: RUF012 - as paramiko has it
        **_p.Transport._key_info,
        **dict.fromkeys(("ssh-rsa", "rsa-sha2-256", "rsa-sha2-512"), _Sha1Rsa),
    }
    _kex_info = {_SHA1_KEX: _Group14Sha1, **_p.Transport._kex_info}  # noqa: RUF012 - as paramiko has it

    recorded: Connection
    clock: Callable[[], int]
    _wrong_guess = False

    def _parse_kex_init(self, m: Any) -> None:
        """Record the client's lists; then negotiate as usual."""
        parsed = self._really_parse_kex_init(_p.Message(m.asbytes()))
        lists = dict(zip(_LISTS, list(parsed.values())[:10], strict=True))
        first = self.recorded.kexinit is None
        if first:
            self.recorded.kexinit = {**lists, "follows": bool(parsed["kex_follows"])}
            self.recorded.reach("kex")
        super()._parse_kex_init(m)
        # paramiko 2 expects it only at the end of the list, where newer clients have something else: they would not get
        # the server's algorithms, and would sign with SHA-1, unlike with OpenSSH.
        if "ext-info-c" in lists["kex"]:
            self._remote_ext_info = "ext-info-c"
        agreed = next((name for name in lists["kex"] if name in self.preferred_kex), "")
        if first:
            self.recorded.negotiated = {
                "kex": agreed, "host_key": self.host_key_type, "cipher": self.remote_cipher, "mac": self.remote_mac,
            }  # fmt: skip
        # A client may guess the first message of a key exchange; a wrong guess must be skipped (paramiko#418).
        right = lists["kex"][:1] == [agreed] and lists["host_key"][:1] == [self.host_key_type]
        self._wrong_guess = bool(parsed["kex_follows"]) and not right


class _Server(paramiko.ServerInterface):
    """Accepts the lesson's logins, and records the answers."""

    def __init__(self, rules: Rules, connection: Connection) -> None:
        self._rules = rules
        self._connection = connection

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's signature
        return ",".join(self._rules.methods)

    def check_auth_none(self, username: str) -> int:  # noqa: ARG002 - as above
        return self._say(_p.AUTH_FAILED)

    def check_auth_publickey(self, username: str, key: Any) -> int:  # noqa: ARG002 - as above
        fits = username == self._rules.user and not self._rules.refuse_keys and "publickey" in self._rules.methods
        return self._say(_p.AUTH_SUCCESSFUL if fits else _p.AUTH_FAILED)

    def check_auth_password(self, username: str, password: str) -> int:
        self._connection.passwords.append(password)
        fits = username == self._rules.user and "password" in self._rules.methods
        return self._say(_p.AUTH_SUCCESSFUL if fits else _p.AUTH_FAILED)

    def check_auth_interactive(self, username: str, submethods: str) -> Any:  # noqa: ARG002 - as above
        if "keyboard-interactive" not in self._rules.methods:
            return self._say(_p.AUTH_FAILED)
        query = _p.InteractiveQuery()
        query.add_prompt("Password: ", echo=False)
        return query

    def check_auth_interactive_response(self, responses: list[str]) -> int:
        self._connection.passwords += responses
        return self._say(_p.AUTH_SUCCESSFUL)

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - as above
        allowed: int = _p.OPEN_SUCCEEDED if kind == "session" else _p.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        return allowed

    def check_channel_subsystem_request(self, channel: Any, name: str) -> bool:
        if name != "sftp" or self._connection.sftp is None:
            return False
        threading.Thread(target=self._serve, args=(channel,), daemon=True, name="recording-sftp").start()
        return True

    def check_global_request(self, kind: str, msg: Any) -> bool:  # noqa: ARG002 - as above
        return False

    clock: Callable[[], int]

    def _serve(self, channel: Any) -> None:
        with suppress(OSError, EOFError, PacketError, paramiko.SSHException):
            serve_channel(channel, self._connection, self.clock)
        with suppress(OSError, EOFError, paramiko.SSHException):
            channel.close()

    def _say(self, result: int) -> int:
        if self._connection.auth:
            self._connection.auth[-1]["answer"] = "ok" if result == _p.AUTH_SUCCESSFUL else "refused"
        return result


def serve_channel(channel: Any, connection: Connection, clock: Callable[[], int]) -> None:
    """Split the channel's data into packets and answer each. Raises EOFError at the end."""
    memory = connection.sftp
    while memory is not None:
        (size,) = struct.unpack(">I", _exactly(channel, 4))
        if size > LARGEST_PACKET:
            raise PacketError("too long")
        connection.reach("sftp")
        answer = memory.answer(_exactly(channel, size), at_ms=clock())
        channel.sendall(struct.pack(">I", len(answer)) + answer)


def _exactly(channel: Any, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = channel.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def serve(  # noqa: PLR0913 - all but two are options with a name
    plain: socket.socket,
    connection: Connection,
    *,
    rules: Rules,
    host_keys: Mapping[str, Any],
    version: str,
    clock: Callable[[], int],
    end_at: float,
) -> None:
    """Serve one client until it disconnects, or until `end_at` (monotonic); never raises for a client's behaviour.

    `host_keys` maps signature algorithms to paramiko's keys.
    """
    transport = _RecordingTransport(_Tap(plain, connection))
    transport.recorded, transport.clock = connection, clock
    transport.set_log_channel(_LOGGER)
    transport.daemon = True
    transport.local_version = version
    transport.server_key_dict.update(host_keys)
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = 60
    transport.packetizer.read_message = _tapped(transport, connection, clock)
    server = _Server(rules, connection)
    server.clock = clock
    ended = threading.Event()
    try:
        transport.start_server(event=ended, server=server)
        while transport.is_alive() and time.monotonic() < end_at:
            transport.join(0.1)
        if transport.is_alive():
            connection.end |= {"by": "server", "how": "time is up"}
    except (paramiko.SSHException, OSError, EOFError) as error:
        _log.debug("a client of the recording server: %s", error)
    finally:
        transport.close()
        with suppress(OSError):
            plain.shutdown(socket.SHUT_RDWR)
        plain.close()
        transport.join(5)


def _tapped(transport: Any, connection: Connection, clock: Callable[[], int]) -> Callable[[], tuple[int, Any]]:
    """Return a function that reads and records a message; it skips a wrongly guessed key exchange."""
    read = transport.packetizer.read_message

    def read_message() -> tuple[int, Any]:
        while True:
            try:
                kind, message = read()
            except EOFError:
                if connection.end["how"] == "reset":
                    connection.end["how"] = "eof"
                raise
            if transport._wrong_guess and _KEX_FIRST <= kind <= _KEX_LAST:
                transport._wrong_guess = False
                continue
            with suppress(Exception):  # the message may be malformed; paramiko reports that itself
                _note(connection, kind, _p.Message(message.asbytes()), clock())
            return kind, message

    return read_message


def _note(connection: Connection, kind: int, message: Any, at_ms: int) -> None:
    if kind == _AUTH and len(connection.auth) < _MOST_AUTH:
        connection.reach("auth")
        connection.auth.append({"at_ms": at_ms, **_read_auth(message, connection), "answer": None})
    elif kind == _SERVICE:
        connection.reach("auth")
    elif kind == _OPEN and len(connection.channels) < _MOST_AUTH:
        connection.reach("channel")
        name = message.get_text()
        message.get_int()
        window, packet = message.get_int(), message.get_int()
        connection.channels.append({"kind": name, "window": window, "packet": packet, "request": None})
    elif kind == _REQUEST and connection.channels:
        message.get_int()
        request = message.get_text()
        message.get_boolean()
        asked = f"{request}:{message.get_text()}" if request == "subsystem" else request
        connection.channels[-1]["request"] = connection.channels[-1]["request"] or asked
    elif kind == _DISCONNECT:
        connection.end |= {"how": "disconnect", "code": message.get_int(), "text": message.get_text()[:200]}


def _read_auth(message: Any, connection: Connection) -> dict[str, Any]:
    """Read a login request: only the length of a password, type and size of a key, nothing of a signature."""
    message.get_text()
    message.get_text()
    method = message.get_text()
    if method == "password":
        message.get_boolean()
        return {"method": method, "length": len(message.get_string())}
    if method != "publickey":
        return {"method": method}
    signed, algorithm, blob = message.get_boolean(), message.get_text(), message.get_string()
    connection.keys.append(blob)
    try:
        key = PublicKey.from_blob(blob)
        told: list[Any] | None = [key.type, key.bits]
    except KeyFormatError:
        told = None
    return {"method": method, "signed": signed, "algorithm": algorithm, "key": told}


def make_host_keys() -> dict[str, Any]:
    """Generate host keys of the three usual types, by signature algorithm."""
    from io import StringIO  # noqa: PLC0415 - as above

    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa  # noqa: PLC0415 - slow, and only here

    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    rsa_key = _Sha1Rsa(key=rsa.generate_private_key(public_exponent=65_537, key_size=2048))
    return {
        "ssh-ed25519": paramiko.Ed25519Key.from_private_key(StringIO(pem.decode())),
        "ecdsa-sha2-nistp256": paramiko.ECDSAKey.generate(bits=256),
        **dict.fromkeys(("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"), rsa_key),
    }


def describe_server(host_keys: Mapping[str, Any]) -> dict[str, Any]:
    """Describe what the server offers, for a recording."""
    kind = _RecordingTransport
    keys = {key.get_name(): key.get_bits() for key in host_keys.values()}
    return {
        "host_keys": [[name, bits] for name, bits in keys.items()],
        "kex": list(kind._preferred_kex),
        "ciphers": list(kind._preferred_ciphers),
        "macs": list(kind._preferred_macs),
        "sig_algs": list(kind._preferred_pubkeys),
        "extensions": ["server-sig-algs"],
    }
