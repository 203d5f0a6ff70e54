"""Record the bytes of a camera's HTTP connection while the usual client uses it.

The tap is above TLS and below the HTTP library, so logins, retries, limits and routes are those of the client, and
answers are recorded as received.
"""

import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from receiver_setup.camera.client import Camera
from receiver_setup.recording.answers import Exchange

_LOGIN = frozenset({"user", "pwd"})


@dataclass(slots=True)
class Tape:
    """All exchanges of one camera's client since `record`."""

    exchanges: list[Exchange] = field(default_factory=list)
    tls: dict[str, Any] | None = None
    certificate: bytes | None = None
    _began: float = field(default_factory=time.monotonic)

    def record(self, camera: Camera) -> None:
        """Attach the tap to a client permanently."""
        wire = camera._transport.wire  # noqa: SLF001 - the only place with the sent bytes
        for kind in (wire.plain, wire.secure):
            _tap(kind, self)

    def _now(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def sent(self, connection: Any, data: bytes) -> None:
        """Record a request: only names, because values may be secrets."""
        line, _, head = data.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            return
        parameters = parse_qsl(urlsplit(words[1]).query, keep_blank_values=True)
        names = [name for name, _ in parameters]
        scheme = next(
            (part.split()[1] for part in head.split(b"\r\n") if part.lower().startswith(b"authorization:")), b""
        )
        self.exchanges.append(
            Exchange(
                at_ms=self._now(),
                command=dict(parameters).get("cmd", ""),
                fields=tuple(name for name in names if name not in _LOGIN and name != "cmd"),
                login="query"
                if _LOGIN & set(names)
                else {b"basic": "basic", b"bearer": "token"}.get(scheme.lower(), "none"),
                connection=id(connection),
            )
        )

    def received(self, connection: Any, data: bytes) -> None:
        """Record received bytes."""
        if self.exchanges and data:
            self.exchanges[-1].answer += data
            self.exchanges[-1].took_ms = self._now() - self.exchanges[-1].at_ms
        if self.tls is None and isinstance(connection, ssl.SSLSocket):
            cipher = connection.cipher()
            self.tls = {"version": connection.version(), "cipher": cipher and cipher[0]}
            self.certificate = connection.getpeercert(binary_form=True)


def _tap(kind: Any, tape: Tape) -> None:
    """Make the sockets of one client report what they send and receive; `kind` is a class of that client only."""

    def sendall(self: Any, data: Any, *rest: Any) -> None:
        tape.sent(self, bytes(data))
        super(kind, self).sendall(data, *rest)

    def recv_into(self: Any, buffer: Any, *rest: Any) -> int:
        received: int = super(kind, self).recv_into(buffer, *rest)
        tape.received(self, bytes(memoryview(buffer)[:received]))
        return received

    kind.sendall, kind.recv_into = sendall, recv_into


def describe_tls(tape: Tape) -> dict[str, Any] | None:
    """Return the parameters of the TLS connection, without names, serial numbers and times; None without TLS."""
    if tape.tls is None:
        return None
    told: dict[str, Any] = {**tape.tls, "key": None, "signature": None, "self_signed": None}
    if tape.certificate:
        from cryptography import x509  # noqa: PLC0415 - only for https
        from cryptography.hazmat.primitives.asymmetric import ec, rsa  # noqa: PLC0415 - as above

        try:
            certificate = x509.load_der_x509_certificate(tape.certificate)
            key = certificate.public_key()
            kind = (
                "rsa"
                if isinstance(key, rsa.RSAPublicKey)
                else "ec"
                if isinstance(key, ec.EllipticCurvePublicKey)
                else "other"
            )
            told["key"] = [kind, getattr(key, "key_size", None)]
            told["signature"] = certificate.signature_hash_algorithm and certificate.signature_hash_algorithm.name
            told["self_signed"] = certificate.issuer == certificate.subject
        except ValueError:
            pass
    return told
