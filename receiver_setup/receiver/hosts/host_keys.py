"""Whether the key that a host shows is the known one, by the files that ssh reads for it."""

import logging
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from receiver_setup.errors import ConfigurationError, ReceiverHostKeyError
from receiver_setup.formats.keys import KeyFormatError, PublicKey
from receiver_setup.formats.known_hosts import (
    Judgement,
    KnownKey,
    Verdict,
    judge,
    known_name,
    order_algorithms,
    parse_key_list,
    parse_known_hosts,
    render_line,
)
from receiver_setup.receiver.hosts.ssh_config import SshDestination

_log = logging.getLogger(__name__)
_KRL = b"SSHKRL\n\0"
_ASK_S = 10.0
_COMPARE = "compare it on the receiver (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub) and, if it is the same, "


class HostKeys:
    """The known keys of one host; read once, so that a run that accepts a key asks for the same one ever after."""

    def __init__(self, target: SshDestination, *, files: Sequence[Path] = (), accept_new: bool = False) -> None:
        """`files` stand in for the user's own; raises ReceiverHostKeyError for one that cannot be read."""
        self._target = target
        self._files = tuple(files) or target.known_hosts
        self._accept_new = accept_new or target.strictness == "accept-new"
        self._keys = [key for path in (*self._files, *target.system_known_hosts) for key in _read(path)]

    def order(self, available: Sequence[str]) -> tuple[str, ...]:
        """Return the algorithms to offer, of those that the SSH library has; ConfigurationError for none."""
        wanted = self._target.algorithms or available
        ordered = order_algorithms(wanted, self._keys, name=self._target.known_name)
        usable = tuple(each for each in ordered if each in available)
        if not usable:
            raise ConfigurationError(
                f"HostKeyAlgorithms in the ssh configuration leaves none for {self._target.host} that is known here",
                hint=f"allow one of {', '.join(available)}; certificates of hosts are not supported",
            )
        return usable

    def judge(self, key: PublicKey) -> Judgement:
        """Return what the files say of `key`."""
        bare = self._target.known_as if self._target.known_name != self._target.known_as else None
        return judge(self._keys, key, name=self._target.known_name, bare_name=bare)

    def check(self, key: PublicKey, *, ip: str | None = None) -> None:
        """Return where `key` is the known one, or a new one that was to be accepted and is now noted.

        `ip`: the address that the connection goes to, for CheckHostIP. Raises ReceiverHostKeyError for all else.
        """
        self._refuse_revoked(key)
        judgement = self.judge(key)
        shown = f"{self._target.host} shows the host key {key}"
        because = judgement.because
        if judgement.verdict is Verdict.REVOKED and because is not None:
            raise _revoked(shown, because.place)
        if judgement.verdict is Verdict.CHANGED and because is not None:
            raise ReceiverHostKeyError(
                f"{shown}, but {because} is the known one ({because.place})",
                hint=f"if the receiver was installed anew, remove the old line (ssh-keygen -R '{_field(because)}' "
                f"-f {because.file}); if not, somebody else may be answering",
            )
        if judgement.verdict is Verdict.UNKNOWN and not self._accept_new:
            raise self._unknown(key, because)
        if ip is not None and self._target.check_ip:
            self._check_ip(key, ip)
        if judgement.verdict is Verdict.UNKNOWN:
            self._note(key)

    def _check_ip(self, key: PublicKey, ip: str) -> None:
        name = known_name(ip, self._target.port)
        if name == self._target.host:
            return
        judgement = judge(self._keys, key, name=name)
        if judgement.verdict is Verdict.CHANGED and judgement.because is not None:
            raise ReceiverHostKeyError(
                f"{self._target.host} shows the host key {key}, but at its address {ip} {judgement.because} is the "
                f"known one ({judgement.because.place}), and CheckHostIP is on",
                hint="if the address has moved to this receiver, remove that line; if not, somebody else may be "
                "answering",
            )

    def _unknown(self, key: PublicKey, authority: KnownKey | None) -> ReceiverHostKeyError:
        noted = f", which notes it in {self._files[0]}" if self._files else ""
        given = f"give --accept-new-host-key{noted}"
        if authority is not None:
            return ReceiverHostKeyError(
                f"the host key of {self._target.host} is not known itself: {key}; {authority.place} knows a "
                "certificate authority for it, and certificates of hosts are not supported",
                hint=f"{_COMPARE}{given}",
            )
        followed = "; StrictHostKeyChecking no is not followed here" if self._target.strictness == "false" else ""
        return ReceiverHostKeyError(
            f"the host key of {self._target.host} is not known yet: {key}", hint=f"{_COMPARE}{given}{followed}"
        )

    def _note(self, key: PublicKey) -> None:
        """Append a line to the user's first file, and know it from now on."""
        name = self._target.known_name
        plain = render_line(name, key)
        self._keys += parse_known_hosts(plain.encode(), file="accepted in this run")
        if not self._files:
            _log.warning("%s: accepted the new host key %s; there is no file to note it in", self._target.host, key)
            return
        path = self._files[0]
        line = render_line(name, key, salt=os.urandom(20)) if self._target.hash_names else plain
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            whole = not path.is_file() or path.read_bytes()[-1:] in {b"", b"\n"}
            with path.open("a", encoding="utf-8") as file:
                file.write(("" if whole else "\n") + line + "\n")
        except OSError as error:
            raise ReceiverHostKeyError(
                f"cannot note the host key of {self._target.host} in {path}: {error.strerror}",
                hint="make the file writable, or give --known-hosts FILE",
            ) from error
        _log.warning("%s: accepted the new host key %s and noted it in %s", self._target.host, key, path)

    def _refuse_revoked(self, key: PublicKey) -> None:
        path = self._target.revoked
        if path is None:
            return
        problem = None
        try:
            data = path.read_bytes()
            revoked = _is_in_krl(path, key) if data.startswith(_KRL) else key.blob in parse_key_list(data)
        except OSError as error:
            problem = error.strerror or str(error)
        except (subprocess.SubprocessError, KeyFormatError) as error:
            problem = str(error)
        if problem is not None:
            raise ReceiverHostKeyError(
                f"cannot read {path}, in which the ssh configuration has the revoked host keys: {problem}",
                hint="correct RevokedHostKeys in the ssh configuration; ssh itself refuses every host as well",
            )
        if revoked:
            raise _revoked(f"{self._target.host} shows the host key {key}", str(path))


def _revoked(shown: str, place: str) -> ReceiverHostKeyError:
    return ReceiverHostKeyError(
        f"{shown}, which is revoked ({place})",
        hint="do not sign in there: whoever has this key can pose as the receiver; give the receiver new host keys "
        "(ssh-keygen -A, after the old ones are gone), or ask whoever revoked this one",
    )


def _field(key: KnownKey) -> str:
    """Return the name to remove a line by; a hashed one is found by any of its names."""
    hosts = key.hosts.decode("utf-8", "replace")
    return "HOST" if hosts.startswith("|") else hosts.split(",")[0]


def _read(path: Path) -> tuple[KnownKey, ...]:
    try:
        data = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise ReceiverHostKeyError(
            f"cannot read the known host keys in {path}: {error.strerror}",
            hint="make the file readable, since a revoked key may stand in it, or give --known-hosts FILE",
        ) from error
    return parse_known_hosts(data, file=str(path))


def _is_in_krl(path: Path, key: PublicKey) -> bool:
    """Ask ssh-keygen, which knows the format; raises SubprocessError where it cannot tell."""
    with tempfile.TemporaryDirectory() as folder:
        shown = Path(folder, "key.pub")
        shown.write_text(f"{key.line}\n", encoding="ascii")
        done = subprocess.run(
            ["ssh-keygen", "-Q", "-f", path, shown],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_ASK_S, check=False,
        )  # fmt: skip
    if done.returncode != 0 and "REVOKED" not in done.stdout:
        raise subprocess.SubprocessError(" ".join(done.stderr.split()) or f"exit code {done.returncode}")
    return done.returncode != 0
