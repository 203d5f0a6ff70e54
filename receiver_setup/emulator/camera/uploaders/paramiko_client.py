"""Upload by paramiko's client: host key, own key (SHA-2 or SHA-1) and password, in the profile's order."""

import logging
import socket
from dataclasses import replace
from functools import partial
from typing import Any

import paramiko
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from receiver_setup.emulator.camera.profile import HOST_KEY_TYPES
from receiver_setup.emulator.camera.uploaders.connections import Connections, FailedError
from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome

_LOGGER = "receiver_setup.emulator.camera.ssh"
# paramiko logs a receiver's behaviour as errors with tracebacks; UploadOutcome.detail has the same information.
logging.getLogger(_LOGGER).setLevel(logging.CRITICAL)
_RSA_SIGNATURES = ("rsa-sha2-512", "rsa-sha2-256")
_SSH_ERRORS = (paramiko.SSHException, EOFError, OSError)


class _OldTransport(paramiko.Transport):
    """A client that supports only the RSA signature `ssh-rsa`, and no extensions.

    Like libssh2 before 1.11, it sends the signature without asking, and sshd logs that it was refused.
    """

    @property
    def preferred_pubkeys(self) -> tuple[str, ...]:
        """The algorithms from which paramiko chooses."""
        return ("ssh-rsa",)

    @property  # an attribute in paramiko, written when the server's extensions arrive
    def server_extensions(self) -> dict[str, bytes]:
        """No server-sig-algs, even if the server sends it."""
        return {}

    @server_extensions.setter
    def server_extensions(self, _extensions: dict[str, bytes]) -> None:
        pass


class Sha1Key(paramiko.RSAKey):
    """An RSA key that can sign with SHA-1, which paramiko itself no longer does."""

    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> paramiko.Message:
        """Return the signature of RFC 4253 section 6.6: `ssh-rsa`, then PKCS #1 v1.5 with SHA-1."""
        private: Any = self.key
        message = paramiko.Message()
        message.add_string(algorithm or "ssh-rsa")
        message.add_string(private.sign(data, padding.PKCS1v15(), hashes.SHA1()))  # noqa: S303
        return message


class ParamikoUploader(Connections):
    """The default uploader; each upload is a separate connection."""

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Connect, verify, sign in, upload, in this order; the whole may take `job.timeout_s`."""
        seen: dict[str, Any] = {}
        try:
            with self.connected(job, partial(_make_transport, job)) as (transport, is_late):
                try:
                    _negotiate(transport, job, seen)
                    _sign_in(transport, job, seen)
                    _store(transport, job)
                except FailedError as failed:
                    if is_late():
                        raise FailedError(Result.TIMEOUT, f"took longer than {job.timeout_s:g} s") from failed
                    raise
        except FailedError as failed:
            return UploadOutcome(result=failed.result, detail=str(failed), **seen)
        return UploadOutcome(result=Result.SUCCESS, path=job.path, bytes=len(job.data), **seen)


def _make_transport(job: UploadJob, connection: socket.socket) -> paramiko.Transport:
    transport = (_OldTransport if job.sha1 else paramiko.Transport)(connection)
    transport.set_log_channel(_LOGGER)
    transport.daemon = True
    # Only the deadline should end it; these three would give another message.
    transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = job.timeout_s * 2
    transport.channel_timeout = job.timeout_s * 2
    first = [name for kind in job.host_key_types for name in _algorithms(kind)]
    rest = [name for kind in HOST_KEY_TYPES for name in _algorithms(kind) if name not in first]
    transport.get_security_options().key_types = tuple(first + rest)
    return transport


def _algorithms(kind: str) -> tuple[str, ...]:
    """Return the host-key algorithms of a key type: an RSA key signs with SHA-2."""
    return _RSA_SIGNATURES if kind == "ssh-rsa" else (kind,)


def _negotiate(transport: paramiko.Transport, job: UploadJob, seen: dict[str, Any]) -> None:
    try:
        transport.start_client(timeout=job.timeout_s * 2)
        host_key = transport.get_remote_server_key().get_base64()
    except _SSH_ERRORS as error:
        # A server that hangs up before its banner (full, or penalties) is like a closed port.
        greeted = bool(transport.remote_version)
        raise FailedError(Result.UNKNOWN if greeted else Result.CANNOT_CONNECT, error) from error
    seen["host_key"] = host_key
    if job.trusted is not None and host_key not in job.trusted:
        raise FailedError(Result.NOT_VERIFIED, "the host key is not among the trusted ones")


def _sign_in(transport: paramiko.Transport, job: UploadJob, seen: dict[str, Any]) -> None:
    last: object = "nothing to sign in with"
    for method in job.methods:
        try:
            _try_method(transport, job, method)
        except _SSH_ERRORS as error:
            last = error
        if transport.is_authenticated():
            seen["method"] = "publickey" if method == "key" else method
            return
        if not transport.is_active():
            break
    raise FailedError(Result.BAD_CREDENTIALS, last)


def _try_method(transport: paramiko.Transport, job: UploadJob, method: str) -> None:
    if method == "none":
        transport.auth_none(job.user)
    elif method == "password":
        transport.auth_password(job.user, job.password.reveal(), fallback=False)
    elif job.key is not None:
        kind = Sha1Key if job.sha1 else paramiko.RSAKey
        key: rsa.RSAPrivateKey = job.key
        transport.auth_publickey(job.user, kind(key=key))


def _store(transport: paramiko.Transport, job: UploadJob) -> None:
    try:
        sftp = paramiko.SFTPClient.from_transport(transport)
    except _SSH_ERRORS as error:
        raise FailedError(Result.UNKNOWN, error) from error
    if sftp is None:
        raise FailedError(Result.UNKNOWN, "no SFTP session")
    try:
        _make_folders(sftp, job)
        file = sftp.open(job.path, "w")
    except _SSH_ERRORS as error:
        raise FailedError(Result.PERMISSION_OR_PATH, error) from error
    try:
        with file:
            file.write(job.data)
        if sftp.stat(job.path).st_size != len(job.data):
            raise FailedError(Result.INCOMPLETE, "the file is shorter than it was")
    except _SSH_ERRORS as error:
        raise FailedError(Result.INCOMPLETE, error) from error


def _make_folders(sftp: paramiko.SFTPClient, job: UploadJob) -> None:
    """Create missing folders as far as allowed."""
    wanted = ([] if not job.create else _prefixes(job.directory)) + ([job.folder] if job.day_folder else [])
    for folder in wanted:
        try:
            sftp.stat(folder)
        except FileNotFoundError:
            sftp.mkdir(folder)


def _prefixes(directory: str) -> list[str]:
    """Return the folder and all its parents, outermost first.

    >>> _prefixes("/a/b"), _prefixes("./a//b/")
    (['/a', '/a/b'], ['a', 'a/b'])
    """
    root = "/" if directory.startswith("/") else ""
    parts = [part for part in directory.split("/") if part not in ("", ".")]
    return [root + "/".join(parts[: count + 1]) for count in range(len(parts))]


def probe_host_key(job: UploadJob) -> str | None:
    """Return the host key that `job` would negotiate, as bare base64; None when there is no answer.

    Costs one connection without a login, which OpenSSH 9.8 and later may penalise.
    """
    seen: dict[str, str] = {}
    open_job = replace(job, trusted=None)
    try:
        with Connections().connected(open_job, partial(_make_transport, open_job)) as (transport, _):
            _negotiate(transport, open_job, seen)
    except FailedError:
        return None
    return seen["host_key"]
