"""Diagnose failed connections: what answers in place of a camera, and why TLS with it fails."""

import socket
from collections.abc import Callable

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.certificate import Trouble, fingerprint, why_old, why_refused, why_untrusted
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.look import Look, ask_plainly, look
from receiver_setup.camera.wire.services import SERVICE_HINT, is_http, is_tls, name_service
from receiver_setup.camera.wire.sockets import Limit, Wire
from receiver_setup.camera.wire.tls import is_unchecked
from receiver_setup.errors import (
    CameraCertificateError,
    CameraReplyError,
    CameraTimeoutError,
    CameraTlsError,
    CameraUnreachableError,
    InterruptedRunError,
    ReceiverSetupError,
)

_LOOK_S = 5.0
_CHANGED_HINT = (
    "Find out why before anything else: either the camera was given a new certificate (a reset, an update, its menu), "
    "or something else answers in its place. Only if you know that the new one is the camera's, give it with "
    "--camera-fingerprint."
)
_OLD_TLS_HINT = (
    "Update the camera's firmware, or pin its certificate: with --camera-fingerprint {} old TLS is allowed as well, "
    "with this camera alone. Compare the fingerprint first with what the camera's own menu or another network shows."
)
_NO_TLS_HINT = "This machine's OpenSSL and the camera have no TLS version or cipher in common: update its firmware."
_CERTIFICATE_HINT = (
    "If this is the camera's own certificate, say so: --camera-fingerprint with the SHA-256 above, "
    "--camera-ca-file with the authority that signed it, or --camera-insecure to check nothing."
)


class Diagnosis:
    """Makes connection errors more precise; never sends a login.

    `connect` opens an additional connection, used for at most `within_s`.
    """

    def __init__(  # noqa: PLR0913 - what a connection is made of
        self,
        address: CameraAddress,
        tls: Tls,
        wire: Wire,
        *,
        connect: Callable[[], socket.socket],
        within_s: float,
        redact: Callable[[str], str],
    ) -> None:
        self._address = address
        self._tls = tls
        self._wire = wire
        self._connect = connect
        self._within_s = within_s
        self._redact = redact

    def check_scheme(self, step: str) -> None:
        """Raise CameraReplyError if a port that rejected plain HTTP speaks TLS."""
        seen = self._look() if self._address.scheme == "http" else Look()
        if seen.is_tls:
            raise self._other_service(seen.beginning, step)

    def explain(self, failure: ReceiverSetupError, trouble: Trouble, step: str, *, first: bool) -> ReceiverSetupError:
        """Add to an error what answered and why it is not trusted, if known; may open a second connection.

        `first`: nothing has answered before, so it may not be a camera.
        """
        beginning, opened, secured = self._wire.beginning, self._wire.opened, self._wire.secured
        if isinstance(failure, InterruptedRunError) or self._wire.reached is Limit.BYTES:
            return failure
        if beginning and not is_http(beginning):
            return self._other_service(beginning, step)
        if not opened or beginning:
            return failure
        if self._address.scheme == "https" and (not secured or isinstance(failure, CameraCertificateError)):
            return self._explain_tls(failure, trouble, step)
        if first and isinstance(failure, CameraUnreachableError) and (seen := self._look()).is_tls:
            return self._other_service(seen.beginning, step)
        return failure

    def _explain_tls(  # noqa: PLR0911 - one for each cause
        self, failure: ReceiverSetupError, trouble: Trouble, step: str
    ) -> ReceiverSetupError:
        """Explain a failed TLS connection: what answers, its certificate, its version of TLS."""
        # Do not try again after a handshake timed out: it would take as long.
        seen = Look() if isinstance(failure, CameraTimeoutError) else self._look()
        if not seen.is_tls:
            said = self._ask_plainly() or seen.beginning
            return self._other_service(said, step) if said and not is_tls(said) else failure
        if seen.certificate is None:
            if isinstance(failure, CameraTlsError):
                why = why_refused(trouble, version=None, cipher=None)
                return CameraTlsError(f"{failure.message}: {why}", hint=_NO_TLS_HINT)
            return failure
        shown, pinned = fingerprint(seen.certificate), self._tls.fingerprint
        if pinned is not None and isinstance(failure, CameraCertificateError):
            return CameraCertificateError(
                f"the HTTPS certificate of {self._address} has changed ({step}): it is pinned to the SHA-256 "
                f"fingerprint {bytes.fromhex(pinned).hex(':').upper()}, and one with {shown} is shown",
                hint=_CHANGED_HINT,
            )
        if isinstance(failure, CameraCertificateError):
            file = self._tls.ca_file
            authority = "this machine's authorities" if file is None else f"those in {file}"
            why = why_untrusted(trouble, seen.certificate, host=self._address.bare_host, authority=authority)
            return CameraCertificateError(
                f"{failure.message}: {why}; it has the SHA-256 fingerprint {shown}", hint=_CERTIFICATE_HINT
            )
        why = why_old(seen.version, seen.cipher)
        if isinstance(failure, CameraTlsError) or (why and isinstance(failure, CameraUnreachableError)):
            why = why_refused(trouble, version=seen.version, cipher=seen.cipher)
            hint = _NO_TLS_HINT if is_unchecked(self._tls) else _OLD_TLS_HINT.format(shown)
            return CameraTlsError(f"no HTTPS connection to the camera {self._address} ({step}): {why}", hint=hint)
        return failure

    def _other_service(self, beginning: bytes, step: str) -> CameraReplyError:
        """Return the error for a service that is not a camera's web server."""
        hint = SERVICE_HINT
        if self._address.scheme == "https" and is_http(beginning):
            hint = (
                "HTTPS is not on at this port, and nothing was sent: switch it on in the camera's own menu, or give "
                "the port that it is on (usually 443)"
            )
        elif self._address.scheme == "http" and is_tls(beginning):
            hint = "begin the camera's address with https://"
        return CameraReplyError(
            f"no camera's web server at {self._address} ({step}): {name_service(beginning, self._redact)}", hint=hint
        )

    def _look(self) -> Look:
        """Find out which TLS is spoken, sending nothing after the handshake; empty if there is no answer."""
        try:
            with self._wire.exchange(within_s=self._within_s), self._connect() as connection:
                return look(connection, self._address.bare_host)
        except OSError:
            return Look()

    def _ask_plainly(self) -> bytes:
        """Return the first bytes of the answer to a request without TLS that contains only the host."""
        try:
            with self._wire.exchange(within_s=min(self._within_s, _LOOK_S)), self._connect() as connection:
                return ask_plainly(connection, self._address.bare_host)
        except OSError:
            return b""
