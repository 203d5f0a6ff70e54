"""Upload by OpenSSH's sftp program; its output on stderr determines the result.

With signature=sha1 the client itself gives up if the server does not announce ssh-rsa, so the server logs nothing about
the signature: use the paramiko uploader for that.
"""

from pathlib import Path

from receiver_setup.emulator.camera.profile import HOST_KEY_TYPES
from receiver_setup.emulator.camera.uploaders.programs import Ended, Programs, private_folder, write_private
from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome

_SAID = (
    ("Host key verification failed", Result.NOT_VERIFIED),
    ("Permission denied (", Result.BAD_CREDENTIALS),
    ("Too many authentication failures", Result.BAD_CREDENTIALS),
    ("timed out", Result.TIMEOUT),
    ("Connection refused", Result.CANNOT_CONNECT),
    ("No route to host", Result.CANNOT_CONNECT),
    ("Network is unreachable", Result.CANNOT_CONNECT),
    ("Could not resolve hostname", Result.CANNOT_CONNECT),
    ("kex_exchange_identification", Result.CANNOT_CONNECT),
    ("write remote", Result.INCOMPLETE),
    ("No such file", Result.PERMISSION_OR_PATH),
    ("Permission denied", Result.PERMISSION_OR_PATH),
    ("dest open", Result.PERMISSION_OR_PATH),
)
"""The first match decides. Source: ssh and sftp of OpenSSH 9.2."""

_METHODS = {"key": "publickey", "password": "password"}


class OpensshUploader:
    """Starts one sftp for each upload."""

    def __init__(self) -> None:
        self._programs = Programs()

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Run sftp; ssh reports the host key that it got."""
        try:
            with private_folder(job) as folder:
                argv, env = _prepare(job, folder)
                batch = render_batch(job, folder)
                ended = self._programs.run(argv, stdin=batch, folder=folder, timeout_s=job.timeout_s, env=env)
                shown = folder / "shown"
                host_key = shown.read_text().strip() if shown.exists() else None
        except OSError as error:
            return UploadOutcome(result=Result.INTERNAL, detail=str(error))
        return _read_outcome(job, ended, host_key)

    def close(self) -> None:
        """End a running sftp."""
        self._programs.close()


def render_batch(job: UploadJob, folder: Path) -> str:
    """Return the commands for `sftp -b -`; a leading `-` ignores errors for existing folders."""
    folders = []
    if job.create:
        parts = [part for part in job.directory.split("/") if part not in ("", ".")]
        root = "/" if job.directory.startswith("/") else ""
        folders = [root + "/".join(parts[: count + 1]) for count in range(len(parts))]
    if job.day_folder:
        folders.append(job.folder)
    lines = [f"-mkdir {_quoted(name)}" for name in folders]
    return "\n".join([*lines, f"put {_quoted(str(folder / 'picture'))} {_quoted(job.path)}", ""])


def _quoted(text: str) -> str:
    r"""Quote for sftp's batch, which knows `\"` and backslash, and globs outside quotes only."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _prepare(job: UploadJob, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Write the helper scripts and return the command line and the environment."""
    note = folder / "note"
    write_private(note, f'#!/bin/sh\n[ "$1" = NONE ] || printf "%s\\n" "$1" >"{folder}/shown"\n', 0o700)
    options = [
        "BatchMode=no",  # sftp -b would say yes, which forbids the password; the first one counts
        f"IdentityFile={folder / 'key' if 'key' in job.methods else '/dev/null'}",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        f"PreferredAuthentications={','.join(_METHODS[m] for m in job.methods if m in _METHODS) or 'none'}",
        "NumberOfPasswordPrompts=1",
        f"UserKnownHostsFile={folder / 'known_hosts'}",
        "GlobalKnownHostsFile=/dev/null",
        f"KnownHostsCommand={note} %K",
        f"StrictHostKeyChecking={'no' if job.trusted is None else 'yes'}",
        "UpdateHostKeys=no",
        f"ConnectTimeout={max(1, round(job.timeout_s))}",
        f"HostKeyAlgorithms={','.join(_host_key_algorithms(job))}",
    ]
    options += ["PubkeyAcceptedAlgorithms=ssh-rsa"] if job.sha1 else []
    argv = ["sftp", "-F", "none", *(word for option in options for word in ("-o", option))]
    env = {}
    if "password" in job.methods:
        write_private(folder / "password", job.password.reveal())
        write_private(folder / "ask", f'#!/bin/sh\ncat "{folder}/password"\n', 0o700)
        env = {"SSH_ASKPASS": str(folder / "ask"), "SSH_ASKPASS_REQUIRE": "force"}
    user = ["-o", f"User={job.user}"] if job.user else []
    return [*argv, *user, "-P", str(job.port), "-b", "-", "--", _bracketed(job.host)], env


def _host_key_algorithms(job: UploadJob) -> list[str]:
    kinds = [*job.host_key_types, *(kind for kind in HOST_KEY_TYPES if kind not in job.host_key_types)]
    return [name for kind in kinds for name in (("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,))]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _read_outcome(job: UploadJob, ended: Ended, host_key: str | None) -> UploadOutcome:
    if ended.code == 0:
        size = len(job.data)
        return UploadOutcome(result=Result.SUCCESS, host_key=host_key, path=job.path, bytes=size)
    said = next((result for words, result in _SAID if words in _without_mkdir(ended.errors)), Result.UNKNOWN)
    return UploadOutcome(result=ended.early_result or said, host_key=host_key, detail=ended.errors[-200:])


def _without_mkdir(errors: str) -> str:
    return "\n".join(line for line in errors.splitlines() if "remote mkdir" not in line)
