"""Upload as recorded: the same lists, login steps, SFTP operations and sizes, but not the timing.

Algorithms that paramiko does not support are removed, so the two sides may agree on others than in the recording.
"""

import queue
import socket
import struct
from collections.abc import Mapping
from posixpath import normpath
from typing import Any

import paramiko

from receiver_setup.emulator.camera.recorded import Script, map_path, render_attributes
from receiver_setup.emulator.camera.uploaders.connections import Connections, FailedError
from receiver_setup.emulator.camera.uploaders.paramiko_client import Sha1Key
from receiver_setup.emulator.camera.uploaders.programs import key_type
from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome

_p: Any = paramiko  # much of what is needed of it has no types
_ERRORS = (paramiko.SSHException, EOFError, OSError)
_ACCEPT, _FAILURE, _SUCCESS, _BANNER, _PK_OK = 6, 51, 52, 53, 60
_FLAGS = {"READ": 1, "WRITE": 2, "APPEND": 4, "CREAT": 8, "TRUNC": 16, "EXCL": 32}
_KINDS = {
    "close": 4, "lstat": 7, "fstat": 8, "setstat": 9, "fsetstat": 10, "opendir": 11, "readdir": 12, "remove": 13,
    "mkdir": 14, "realpath": 16, "stat": 17, "rename": 18, "extended": 200,
}  # fmt: skip
_WITH_HANDLE = frozenset({"close", "fstat", "fsetstat", "readdir"})
_NO_SUCH_FILE = 2
_LISTS = {
    "kex": "_preferred_kex",
    "host_key": "_preferred_keys",
    "cipher_c2s": "_preferred_ciphers",
    "mac_c2s": "_preferred_macs",
}
_INFO = {"kex": "_kex_info", "host_key": "_key_info", "cipher_c2s": "_cipher_info", "mac_c2s": "_mac_info"}


class _Player(_p.Transport):  # type: ignore[misc]  # untyped
    """A client that handles the answers to a login one at a time."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__(connection)
        self.answers: queue.Queue[tuple[int, bytes]] = queue.Queue()
        read = self.packetizer.read_message

        def read_message() -> tuple[int, Any]:
            while True:
                try:
                    kind, message = read()
                except BaseException:
                    self.answers.put((0, b""))
                    raise
                if kind not in {_ACCEPT, _FAILURE, _SUCCESS, _BANNER, _PK_OK}:
                    return kind, message
                if kind != _BANNER:
                    self.answers.put((kind, message.asbytes()))

        self.packetizer.read_message = read_message

    def ask(self, message: Any, within_s: float) -> tuple[int, bytes]:
        """Send a message of a login and return the answer; (0, b"") if the connection ended."""
        self._send_message(message)
        try:
            return self.answers.get(timeout=within_s)
        except queue.Empty:
            return 0, b""


class RecordedUploader(Connections):
    """Plays one script; each upload is a separate connection."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Connect, verify, sign in, upload, in this order; the whole may take `job.timeout_s`."""
        seen: dict[str, Any] = {}
        try:
            with self.connected(job, _Player) as (transport, is_late):
                try:
                    _negotiate(transport, self._script, job, seen)
                    _sign_in(transport, self._script, job, seen)
                    _Session(transport, self._script, job).store()
                except FailedError as failed:
                    if is_late():
                        raise FailedError(Result.TIMEOUT, failed) from failed
                    raise
        except FailedError as failed:
            return UploadOutcome(result=failed.result, detail=str(failed), **seen)
        return UploadOutcome(result=Result.SUCCESS, path=job.path, bytes=len(job.data), **seen)


def _negotiate(transport: Any, script: Script, job: UploadJob, seen: dict[str, Any]) -> None:
    lists = {**script.lists, "host_key": _host_key_order(script, job)}
    for name, attribute in _LISTS.items():
        wanted = tuple(each for each in lists.get(name, ()) if each in getattr(_p.Transport, _INFO[name]))
        setattr(transport, attribute, wanted or getattr(transport, attribute))
    transport.local_version = script.banner
    transport.set_log_channel("receiver_setup.emulator.camera.ssh")
    transport.daemon = True
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = job.timeout_s * 2
    try:
        transport.start_client(timeout=job.timeout_s * 2)
        seen["host_key"] = transport.get_remote_server_key().get_base64()
    except _ERRORS as error:
        greeted = bool(transport.remote_version)
        raise FailedError(Result.UNKNOWN if greeted else Result.CANNOT_CONNECT, error) from error
    if job.trusted is not None and seen["host_key"] not in job.trusted:
        raise FailedError(Result.NOT_VERIFIED, "the host key is not among the trusted ones")


def _host_key_order(script: Script, job: UploadJob) -> tuple[str, ...]:
    """Return the host-key algorithms: the trusted type first, or only it, if the camera was seen to do so."""
    usual = script.lists.get("host_key", ())
    if script.known_lists is None or not job.trusted:
        return usual
    trusted = {key_type(key) for key in job.trusted}
    then = script.known_lists.get("host_key", ())
    moved = _type_of(then[0]) if then else ""
    first = [each for each in usual if _type_of(each) in trusted]
    rest = [each for each in then if _type_of(each) not in {*trusted, moved}]
    # The type that it trusted then is nowhere else, unless it accepted others as well.
    back = [each for each in usual if rest and _type_of(each) == moved and moved not in trusted]
    return (*first, *back, *rest) or usual


def _type_of(algorithm: str) -> str:
    return "ssh-rsa" if algorithm.startswith("rsa-sha2-") else algorithm


def _sign_in(transport: Any, script: Script, job: UploadJob, seen: dict[str, Any]) -> None:
    """Go through the recorded steps of the login, including those after a refused key."""
    message = _p.Message()
    message.add_byte(bytes([5]))
    message.add_string("ssh-userauth")
    if transport.ask(message, job.timeout_s)[0] != _ACCEPT:
        raise FailedError(Result.UNKNOWN, "no login is offered")
    offered: str | None = None
    key_refused = False
    steps = [*script.login, *script.login_without_key[len(script.login_without_key) and _after_key(script) :]]
    for step in steps:
        method = step["method"]
        if (method == "publickey" and (key_refused or job.key is None)) or not _is_offered(method, offered):
            continue
        kind, answer = transport.ask(_request(transport, step, job), job.timeout_s)
        if kind == _SUCCESS:
            transport.authenticated = True
            seen["method"] = method
            return
        if kind == _FAILURE:
            offered = answer[4 : 4 + int.from_bytes(answer[:4], "big")].decode("latin-1")
            key_refused = key_refused or method == "publickey"
        elif kind != _PK_OK:
            break
    raise FailedError(Result.BAD_CREDENTIALS, f"none of {', '.join(each['method'] for each in steps)}")


def _after_key(script: Script) -> int:
    """Return the index of the first step after the refused key."""
    last = [at for at, step in enumerate(script.login_without_key) if step["method"] == "publickey"]
    return last[-1] + 1 if last else 0


def _is_offered(method: str, offered: str | None) -> bool:
    """Return True if a server accepts a method; unknown before its first refusal, for which `none` asks."""
    return method in {"none", "publickey", "password"} and (offered is None or method in offered.split(","))


def _request(transport: Any, step: Mapping[str, Any], job: UploadJob) -> Any:
    message = _p.Message()
    message.add_byte(bytes([50]))
    for text in (job.user, "ssh-connection", step["method"]):
        message.add_string(text)
    if step["method"] == "password":
        message.add_boolean(bool(step.get("changes")))
        message.add_string(job.password.reveal())
    elif step["method"] == "publickey":
        key = Sha1Key(key=job.key)
        signed, algorithm = bool(step.get("signed")), str(step.get("algorithm"))
        message.add_boolean(signed)
        message.add_string(algorithm)
        message.add_string(key.asbytes())
        if signed:
            data = _p.Message()
            data.add_string(transport.session_id)
            data.add_bytes(message.asbytes())
            signer = key if algorithm == "ssh-rsa" else _p.RSAKey(key=job.key)
            message.add_string(signer.sign_ssh_data(data.asbytes(), algorithm).asbytes())
    return message


class _Session:
    """The SFTP session of one upload, packet by packet."""

    def __init__(self, transport: Any, script: Script, job: UploadJob) -> None:
        self._transport = transport
        self._script = script
        self._job = job
        self._number = 0
        self._home = "/"
        self._handle = b""
        self._stage = Result.UNKNOWN
        self._channel: Any = None

    def store(self) -> None:
        """Do the recorded operations. Raises FailedError."""
        try:
            self._channel = self._transport.open_session(self._script.window, self._script.packet)
            self._channel.settimeout(self._job.timeout_s * 2)
            self._channel.invoke_subsystem("sftp")
            try:
                for operation in self._script.operations:
                    self._do(operation)
            except FailedError:
                if self._handle:
                    self._request(_KINDS["close"], _string(self._handle))
                self._say_goodbye()
                raise
            self._say_goodbye()
        except _ERRORS as error:
            raise FailedError(self._stage, error) from error

    def _do(self, operation: Mapping[str, Any]) -> None:
        name = operation["op"]
        if name == "init":
            self._send(b"\x01" + struct.pack(">I", int(operation.get("version", 3))))
            self._receive()
        elif name == "open" and "WRITE" in operation.get("pflags", ()):
            self._stage = Result.PERMISSION_OR_PATH
            self._open(operation)
            self._stage = Result.INCOMPLETE
            self._write()
        elif name in _KINDS:
            self._ask_about(name, operation)

    def _ask_about(self, name: str, operation: Mapping[str, Any]) -> None:
        body = b""
        if name in _WITH_HANDLE:
            if not self._handle:
                return
            body = _string(self._handle)
        elif name == "extended":
            body = _string(str(operation.get("name", "")).encode())
        else:
            path = self._map(operation.get("path"))
            if path is None:
                return
            body = _string(path.encode())
        if name == "rename":
            body += _string((self._map(operation.get("to")) or "").encode())
        if name in {"mkdir", "setstat", "fsetstat"}:
            body += render_attributes(operation.get("attr") or {})
        kind, answer = self._request(_KINDS[name], body)
        if name == "realpath" and kind == 104 and operation.get("path") == ".":
            self._home = answer[8 : 8 + int.from_bytes(answer[4:8], "big")].decode("utf-8", "replace")
        if name == "close" and _status(kind, answer) not in {None, 0}:
            raise FailedError(Result.INCOMPLETE, "close was refused")

    def _map(self, path: Any) -> str | None:
        job = self._job
        return map_path(str(path), home=self._home, folder=normpath(job.folder), name=job.name)

    def _open(self, operation: Mapping[str, Any]) -> None:
        path = self._map(operation["path"]) or self._job.path
        flags = sum(_FLAGS.get(flag, 0) for flag in operation.get("pflags", ()))
        body = _string(path.encode()) + struct.pack(">I", flags) + render_attributes(operation.get("attr") or {})
        if self._job.day_folder and not self._job.create:
            self._make_folders([path.rpartition("/")[0]])
        kind, answer = self._request(3, body)
        if _status(kind, answer) == _NO_SUCH_FILE and self._job.create:
            parts = path.rpartition("/")[0].split("/")
            self._make_folders(["/".join(parts[: count + 1]) for count in range(len(parts))])
            kind, answer = self._request(3, body)
        if kind != 102:
            raise FailedError(Result.PERMISSION_OR_PATH, f"open was answered with status {_status(kind, answer)}")
        self._handle = answer[4 : 4 + int.from_bytes(answer[:4], "big")]

    def _make_folders(self, folders: list[str]) -> None:
        for folder in folders:
            if folder:
                self._request(14, _string(folder.encode()) + struct.pack(">I", 0))

    def _write(self) -> None:
        """Write the whole file in the recorded sizes, repeated."""
        offset, turn, data = 0, 0, self._job.data
        while offset < len(data):
            piece = data[offset : offset + self._script.sizes[turn % len(self._script.sizes)]]
            kind, answer = self._request(6, _string(self._handle) + struct.pack(">Q", offset) + _string(piece))
            if _status(kind, answer) != 0:
                raise FailedError(Result.INCOMPLETE, f"a write was answered with status {_status(kind, answer)}")
            offset, turn = offset + len(piece), turn + 1

    def _request(self, kind: int, body: bytes) -> tuple[int, bytes]:
        """Send a request and return the answer's kind and its data after the request ID."""
        self._number += 1
        self._send(bytes([kind]) + struct.pack(">I", self._number) + body)
        answer = self._receive()
        return answer[0], answer[5:]

    def _send(self, packet: bytes) -> None:
        self._channel.sendall(struct.pack(">I", len(packet)) + packet)

    def _receive(self) -> bytes:
        (size,) = struct.unpack(">I", self._exactly(4))
        if not 0 < size <= 1 << 20:
            raise EOFError("no packet")
        return self._exactly(size)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            more = self._channel.recv(size - len(data))
            if not more:
                raise EOFError("the server closed the channel")
            data += more
        return data

    def _say_goodbye(self) -> None:
        """End as recorded: with a message, or by hanging up."""
        if self._script.disconnect is None:
            return
        code, text = self._script.disconnect
        self._channel.close()
        message = _p.Message()
        message.add_byte(bytes([1]))
        message.add_int(code)
        message.add_string(text)
        message.add_string("")
        self._transport._send_message(message)  # noqa: SLF001 - paramiko itself sends no disconnect message


def _status(kind: int, answer: bytes) -> int | None:
    return int.from_bytes(answer[:4], "big") if kind == 101 else None


def _string(text: bytes) -> bytes:
    return struct.pack(">I", len(text)) + text
