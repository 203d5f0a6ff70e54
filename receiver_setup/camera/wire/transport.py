"""HTTP requests to a camera: the connection, its certificate, its limits."""

import logging
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.body import BodyError, BodyTooLongError, unpack
from receiver_setup.camera.wire.command import Parameters
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.diagnosis import Diagnosis
from receiver_setup.camera.wire.failures import (
    HTTP_ERRORS,
    REACH_HINT,
    SLOW_HINT,
    error_for_exception,
    read_trouble,
    reason_for,
    unforeseen,
)
from receiver_setup.camera.wire.query import PATH, encode_query
from receiver_setup.camera.wire.reply import ADDRESS_HINT
from receiver_setup.camera.wire.sockets import Limit, Wire, dial_directly
from receiver_setup.camera.wire.tls import find_verification, make_context
from receiver_setup.dialling import Dial, DialError
from receiver_setup.errors import (
    CameraReplyError,
    CameraTimeoutError,
    InterruptedRunError,
    ReceiverSetupError,
)
from receiver_setup.trace.tracing import log_trip

_log = logging.getLogger(__name__)

_LARGEST_BODY = 64 * 1024
_PIECE = 4096
_LENGTH = re.compile("[0-9]{1,9}")
_TEST = "testftp"
_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A camera's complete HTTP answer."""

    status: int
    challenge: str
    location: str
    body: bytes


class Transport:
    """Send GET requests to one camera over one kept connection; environment proxies and netrc are ignored.

    `dial` opens it, by default from this machine. `wire` enforces the limits of each exchange. `redact` cleans excerpts
    of answers in errors.
    """

    def __init__(
        self,
        address: CameraAddress,
        tls: Tls,
        dial: Dial | None = None,
        *,
        redact: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._address = address
        self._tls = tls
        self._redact = redact
        self._answered = False
        self._dial = dial or dial_directly
        self.wire = Wire()
        self._session = _Session()
        self._session.trust_env = False
        self._session.headers.update({"User-Agent": "receiver-setup", "Accept": "*/*", "Accept-Encoding": "identity"})
        self._session.mount(address.request_url, _CameraAdapter(tls, self._connect, self.wire))
        self._session.verify = find_verification(address, tls)
        self._connect_s = 0.0

    def get(  # noqa: PLR0913 - all but one are options with a name
        self,
        parameters: Parameters,
        *,
        authorization: str | None,
        step: str,
        connect_s: float,
        within_s: float,
        spare: bool = False,
    ) -> Answer:
        """Request /param.cgi; connecting may take `connect_s`, the whole exchange `within_s`.

        `spare`: an interruption does not end the exchange. Raises one of our errors for any failure below HTTP, without
        a cause: the library's exception contains the query, with user and password.
        """
        headers = {} if authorization is None else {"Authorization": authorization}
        started = time.monotonic()
        self._connect_s = connect_s
        answer = None
        try:
            with (
                self.wire.exchange(within_s=within_s, spare=step if spare else ""),
                self._session.get(
                    f"{self._address.request_url}{PATH}?{encode_query(parameters)}",
                    headers=headers,
                    timeout=within_s,
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                answer = Answer(
                    status=response.status_code,
                    challenge=response.headers.get("WWW-Authenticate", ""),
                    location=response.headers.get("Location", ""),
                    body=self._read(response, step=step),
                )
                self.wire.check()
        except Exception as error:  # noqa: BLE001 - a camera can provoke undocumented errors
            failure, trouble = self._failure(error, step, within_s), read_trouble(error)
        else:
            return self._take(answer, step)
        finally:
            self._trace(answer, step, started)
        raise self._diagnosis().explain(failure, trouble, step, first=not self._answered)

    def _take(self, answer: Answer, step: str) -> Answer:
        """Return an answer; if the first one calls the request invalid, the port may be for HTTPS."""
        first, self._answered = not self._answered, True
        if first and answer.status == _BAD_REQUEST:
            self._diagnosis().check_scheme(step)
        return answer

    def _receive(self, answer: Any, *, step: str) -> bytes:
        """Return the raw body, of limited size."""
        answer.enforce_content_length = False
        body = b""
        try:
            for piece in answer.stream(_PIECE, decode_content=False):
                body += piece
                if len(body) > _LARGEST_BODY:
                    raise self._too_long(step)
        except urllib3.exceptions.ProtocolError as error:
            raise requests.exceptions.ChunkedEncodingError(error) from error  # as requests does
        return body

    def _diagnosis(self) -> Diagnosis:
        return Diagnosis(
            self._address,
            self._tls,
            self.wire,
            connect=self._connect,
            within_s=self._connect_s,
            redact=self._redact,
        )

    def close(self) -> None:
        """Close the kept connection."""
        self._session.close()

    def _connect(self) -> socket.socket:
        """Open a connection; any failure is a `DialError`."""
        try:
            return self.wire.open(self._address.host, self._address.port, self._dial, within_s=self._connect_s)
        except (OSError, UnicodeError) as error:
            if isinstance(error, DialError) or self.wire.reached is not None:
                raise
            raise DialError(reason_for(error), hint=REACH_HINT) from error

    def _failure(self, error: Exception, step: str, within_s: float) -> ReceiverSetupError:
        """Return the error for an exception; check our own limits first, since libraries wrap them variously."""
        camera, reached = self._address.display, self.wire.reached
        if reached is Limit.INTERRUPTED:
            # If this side cut an answer off, it looks as if the camera did.
            return InterruptedRunError("the run was interrupted")
        if isinstance(error, ReceiverSetupError):
            return error
        if reached is Limit.BYTES:
            return self._too_long(step)
        if reached is Limit.TIME:
            return CameraTimeoutError(
                f"the camera {camera} did not answer {step} in time ({within_s:g} s)", hint=SLOW_HINT
            )
        if isinstance(error, HTTP_ERRORS):
            return error_for_exception(error, camera=camera, step=step, answered=bool(self.wire.beginning))
        return unforeseen(error, camera=camera, step=step)

    def _too_long(self, step: str) -> CameraReplyError:
        return CameraReplyError(
            f"the answer of {self._address} to {step} is too long to be a camera's", hint=ADDRESS_HINT
        )

    def _trace(self, answer: Answer | None, step: str, started: float) -> None:
        log_trip(
            _log,
            "test uploads" if step == _TEST else "requests",
            where=self._address.display,
            name=step,
            began_s=started,
            said="failed" if answer is None else f"HTTP {answer.status}",
            received=None if answer is None else len(answer.body),
        )

    def _read(self, response: requests.Response, *, step: str) -> bytes:
        """Return the decompressed body; an error if it is too large, cut off or damaged.

        The length is checked here, before decompression, because urllib3 1.26 does not check it.
        """
        body = self._receive(response.raw, step=step)
        announced = _announced_length(response.headers)
        if announced is not None and len(body) < announced:
            raise CameraReplyError(
                f"the answer of {self._address} to {step} is cut off: {len(body)} of {announced} bytes",
                hint="try again; if it stays so, restart the camera",
            )
        try:
            return unpack(body, response.headers.get("Content-Encoding", ""), most=_LARGEST_BODY)
        except BodyTooLongError:
            raise self._too_long(step) from None
        except BodyError as error:
            raise CameraReplyError(
                f"the answer of {self._address} to {step} {error}",
                hint="try again; if it stays so, restart the camera",
            ) from None


def _announced_length(headers: Mapping[str, str]) -> int | None:
    """Return the Content-Length; None if there is none or the body is chunked."""
    # Repeated headers are joined by commas.
    lengths = {length.strip() for length in headers.get("Content-Length", "").split(",")}
    length = lengths.pop()
    chunked = "chunked" in headers.get("Transfer-Encoding", "").lower()
    return int(length) if not (lengths or chunked) and _LENGTH.fullmatch(length) else None


class _Session(requests.Session):
    """A session that neither follows nor parses redirects."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - as requests has it
        """Return None; requests would read the whole body and parse the URL, even with redirects off."""
        return None


class _CameraAdapter(HTTPAdapter):
    """One connection from `connect`, without retries, and with the pinned certificate if there is one."""

    def __init__(self, tls: Tls, connect: Callable[[], socket.socket], wire: Wire) -> None:
        self._tls = tls
        self._connect = connect
        self._wire = wire
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make every pool use our connections."""
        context = make_context(self._tls)
        context.sslsocket_class = self._wire.secure
        kwargs["ssl_context"] = context
        if self._tls.fingerprint is not None:
            kwargs["assert_fingerprint"] = self._tls.fingerprint
        super().init_poolmanager(*args, **kwargs)
        pools = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {
            scheme: _pool_with(pool, self._connect) for scheme, pool in pools.items()
        }

    def close(self) -> None:
        """Close the kept connection now: urllib3 2 does so when the pool happens to be collected."""
        pools = self.poolmanager.pools
        for key in list(pools.keys()):
            pools[key].close()
        super().close()


def _pool_with(pool: Any, connect: Callable[[], socket.socket]) -> Any:
    """Return the same kind of urllib3 pool, with connections from `connect`, over which TLS works as usual."""

    def new_connection(_: Any) -> socket.socket:
        return connect()

    connection = type("CameraConnection", (pool.ConnectionCls,), {"_new_conn": new_connection})
    return type("CameraPool", (pool,), {"ConnectionCls": connection})


class _QueryFilter(logging.Filter):
    """Remove the query from the HTTP library's debug messages, because it may contain user and password."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] if isinstance(arg, str) and arg.startswith(f"{PATH}?") else arg
                for arg in record.args
            )
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_QueryFilter())
