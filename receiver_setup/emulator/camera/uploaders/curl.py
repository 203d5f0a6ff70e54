"""Upload by the curl program, an independent client, with this machine's libssh2.

The profile does not determine the signature (libssh2 before 1.11: SHA-1), the order (key, then password) and the
host-key type (libssh2's order, or the type in known_hosts). Results are curl's exit codes.
"""

from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from receiver_setup.emulator.camera.uploaders.paramiko_client import probe_host_key
from receiver_setup.emulator.camera.uploaders.programs import Ended, Programs, key_type, private_folder
from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome

_LIBSSH2_ORDER = (
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-ed25519",
    "ssh-rsa",
)
"""Source: hostkey_methods in libssh2's src/hostkey.c."""

_RESULTS = {
    0: Result.SUCCESS,
    2: Result.UNKNOWN,
    6: Result.CANNOT_CONNECT,
    7: Result.CANNOT_CONNECT,
    9: Result.PERMISSION_OR_PATH,
    21: Result.PERMISSION_OR_PATH,
    26: Result.INTERNAL,
    28: Result.TIMEOUT,
    51: Result.NOT_VERIFIED,
    60: Result.NOT_VERIFIED,
    67: Result.BAD_CREDENTIALS,
    78: Result.PERMISSION_OR_PATH,
    79: Result.INCOMPLETE,
}
"""Source: curl(1), exit codes; those of SFTP as measured with curl 7.88."""
_AFTER_VERIFICATION = frozenset({Result.SUCCESS, Result.BAD_CREDENTIALS, Result.PERMISSION_OR_PATH})


class CurlUploader:
    """Starts one curl for each upload."""

    def __init__(self) -> None:
        self._programs = Programs()

    def upload(self, job: UploadJob) -> UploadOutcome:
        """Run curl; if it did not verify the host key, find it by a probe that asks as curl would."""
        try:
            with private_folder(job) as folder:
                ended = self._programs.run(
                    ["curl", "--disable", "--silent", "--show-error", "--verbose", "--config", "-"],
                    stdin=render_config(job, folder),
                    folder=folder,
                    timeout_s=job.timeout_s + 5,
                    env={},
                )
        except OSError as error:
            return UploadOutcome(result=Result.INTERNAL, detail=str(error))
        return _read_outcome(job, ended)

    def close(self) -> None:
        """End a running curl."""
        self._programs.close()


def render_config(job: UploadJob, folder: Path) -> str:
    """Return curl's configuration for stdin, so that the password is in no argument list."""
    path = job.path if job.path.startswith("/") else f"/~/{job.path}"
    password = job.password.reveal() if "password" in job.methods else ""
    options = [
        ("url", f"sftp://{_bracketed(job.host)}:{job.port}{quote(path)}"),
        ("upload-file", str(folder / "picture")),
        ("user", f"{job.user}:{password}"),
        ("max-time", f"{job.timeout_s:g}"),
        ("noproxy", "*"),
    ]
    if "key" in job.methods and job.key is not None:
        options += [("key", str(folder / "key")), ("pubkey", str(folder / "key.pub"))]
    if job.day_folder and not job.create:
        options.append(("quote", f'*mkdir "{_escaped(job.folder)}"'))
    lines = [f'{name} = "{_escaped(value)}"' for name, value in options]
    lines += ["insecure"] if job.trusted is None else []
    lines += ["ftp-create-dirs"] if job.create else []
    # curl looks for known_hosts only in $HOME/.ssh.
    (folder / ".ssh").mkdir(mode=0o700)
    (folder / "known_hosts").rename(folder / ".ssh" / "known_hosts")
    return "\n".join(lines) + "\n"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")


def _read_outcome(job: UploadJob, ended: Ended) -> UploadOutcome:
    result = ended.early_result or _RESULTS.get(ended.code or 0, Result.UNKNOWN)
    if result is Result.UNKNOWN and "Failed getting banner" in ended.errors:
        result = Result.CANNOT_CONNECT
    reached = result not in {Result.CANNOT_CONNECT, Result.TIMEOUT, Result.INTERNAL}
    detail = "" if result is Result.SUCCESS else _last_words(ended.errors)
    stored = result is Result.SUCCESS
    return UploadOutcome(
        result=result,
        host_key=_find_host_key(job, result) if reached else None,
        method=_read_method(ended.errors) if stored else None,
        path=job.path if stored else None,
        bytes=len(job.data) if stored else 0,
        detail=detail,
    )


def _find_host_key(job: UploadJob, result: Result) -> str | None:
    """Return the host key: the only one with which curl signs in, else the one that a probe gets.

    A probe is a connection that a camera does not make, and OpenSSH 9.8 and later may penalise it.
    """
    if result in _AFTER_VERIFICATION and job.trusted is not None and len(job.trusted) == 1:
        return job.trusted[0]
    return probe_host_key(replace(job, host_key_types=_asked_types(job)))


def _asked_types(job: UploadJob) -> tuple[str, ...]:
    trusted = [kind for key in (job.trusted or ()) if (kind := key_type(key))]
    return (*trusted[:1], *(kind for kind in _LIBSSH2_ORDER if kind not in trusted[:1]))


def _read_method(errors: str) -> str | None:
    known = (("SSH public key authentication", "publickey"), ("password authentication", "password"))
    return next((method for words, method in known if f"Initialized {words}" in errors), None)


def _last_words(errors: str) -> str:
    said = [line for line in errors.splitlines() if line.startswith("curl:")]
    return said[-1] if said else errors[-200:]
