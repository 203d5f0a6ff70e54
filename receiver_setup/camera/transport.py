"""One HTTP request to a camera: the connection, its certificate, its limits."""

import hashlib
import logging
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from receiver_setup.camera.address import CameraAddress
from receiver_setup.camera.command import Parameters
from receiver_setup.camera.failures import HTTP_ERRORS, error_for_exception
from receiver_setup.camera.query import PATH, encode_query
from receiver_setup.camera.settings import Tls
from receiver_setup.dialling import Dial
from receiver_setup.errors import (
    CameraCertificateError,
    CameraReplyError,
    CameraTimeoutError,
    ConfigurationError,
    ReceiverSetupError,
)
from receiver_setup.tracing import log_trip

_log = logging.getLogger(__name__)

_LARGEST_BODY = 64 * 1024
_CHUNK = 32  # small, so that a camera that sends a byte now and then is noticed
_TEST = "testftp"
_CERTIFICATE_HINT = (
    "If this is the camera's own certificate, say so: --camera-fingerprint with the SHA-256 above, "
    "--camera-ca-file with the authority that signed it, or --camera-insecure to check nothing."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A camera's HTTP answer, whole."""

    status: int
    challenge: str
    location: str
    body: bytes


class Transport:
    """Send GET requests to one camera over one kept connection; environment proxies and netrc are ignored.

    `dial` opens it; without one it begins at this machine.
    """

    def __init__(self, address: CameraAddress, tls: Tls, dial: Dial | None = None) -> None:
        self._address = address
        self._dial = dial
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"User-Agent": "receiver-setup", "Accept": "*/*", "Accept-Encoding": "identity"})
        self._session.mount(address.url, _CameraAdapter(address, tls, dial))
        self._session.verify = _verification(address, tls)

    def get(
        self, parameters: Parameters, *, authorization: str | None, step: str, timeouts_s: tuple[float, float]
    ) -> Answer:
        """Ask /param.cgi; `timeouts_s` are those for connecting and for reading.

        Raises one of our errors for whatever goes wrong below HTTP. It has no cause attached: that of
        the library repeats the query, with user and password in it.
        """
        headers = {} if authorization is None else {"Authorization": authorization}
        started = time.monotonic()
        answer = None
        try:
            with self._session.get(
                f"{self._address.url}{PATH}?{encode_query(parameters)}",
                headers=headers,
                timeout=timeouts_s,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = Answer(
                    status=response.status_code,
                    challenge=response.headers.get("WWW-Authenticate", ""),
                    location=response.headers.get("Location", ""),
                    body=self._read(response, step=step, deadline=started + sum(timeouts_s)),
                )
        except HTTP_ERRORS as error:
            failure = error_for_exception(error, camera=self._address.display, step=step)
        else:
            return answer
        finally:
            self._trace(answer, step, started)
        raise self._explain(failure, timeouts_s[0])

    def close(self) -> None:
        """Close the kept connection."""
        self._session.close()

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

    def _read(self, response: requests.Response, *, step: str, deadline: float) -> bytes:
        """Read the body; too large, too slow or cut off is an error (urllib3 1.26 does not notice)."""
        body = b""
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > _LARGEST_BODY:
                raise CameraReplyError(f"the answer of {self._address} to {step} is far too long for a camera's")
            if time.monotonic() > deadline:
                raise CameraTimeoutError(
                    f"the camera {self._address} sends its answer to {step} too slowly",
                    hint="try again with a larger --timeout; if it stays so, restart the camera",
                )
        announced = response.headers.get("Content-Length", "")
        if announced.isdigit() and len(body) < int(announced):
            raise CameraReplyError(
                f"the answer of {self._address} to {step} is cut off: {len(body)} of {announced} bytes",
                hint="try again; if it stays so, restart the camera",
            )
        return body

    def _explain(self, failure: ReceiverSetupError, timeout_s: float) -> ReceiverSetupError:
        """Add to a certificate error what was seen."""
        if not isinstance(failure, CameraCertificateError):
            return failure
        seen = read_fingerprint(self._address, timeout_s, self._dial)
        shown = "could not be read again" if seen is None else f"has the SHA-256 fingerprint {seen}"
        return CameraCertificateError(f"{failure.message[:-1]}; it {shown}", hint=_CERTIFICATE_HINT)


class _CameraAdapter(HTTPAdapter):
    """One connection, no retries of its own, and a pinned certificate where there is one."""

    def __init__(self, address: CameraAddress, tls: Tls, dial: Dial | None) -> None:
        self._address = address
        self._fingerprint = tls.fingerprint
        self._dial = dial
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._fingerprint is not None:
            kwargs["assert_fingerprint"] = self._fingerprint
        super().init_poolmanager(*args, **kwargs)
        if self._dial is not None:
            scheme = self._address.scheme
            pool = self.poolmanager.pool_classes_by_scheme[scheme]
            self.poolmanager.pool_classes_by_scheme = {scheme: _dialled_pool(pool, self._address, self._dial)}

    def close(self) -> None:
        """Close the kept connection now: urllib3 2 does so when the pool happens to be collected."""
        pools = self.poolmanager.pools
        for key in list(pools.keys()):
            pools[key].close()
        super().close()


def _dialled_pool(pool: Any, address: CameraAddress, dial: Dial) -> Any:
    """Return the same kind of urllib3's pool, with connections from `dial`; TLS goes on top of them as ever."""

    def new_connection(self: Any) -> socket.socket:
        return dial(address.host, address.port, self.timeout)

    connection = type("DialledConnection", (pool.ConnectionCls,), {"_new_conn": new_connection})
    return type("DialledPool", (pool,), {"ConnectionCls": connection})


def read_fingerprint(address: CameraAddress, timeout_s: float, dial: Dial | None = None) -> str | None:
    """Return the SHA-256 of the certificate that is shown, `AB:CD:…`; nothing else is sent. None if none is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            (dial or _dial_here)(address.host, address.port, timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as secure,
        ):
            shown = secure.getpeercert(binary_form=True)
    except (OSError, ValueError):
        return None
    return None if shown is None else hashlib.sha256(shown).digest().hex(":").upper()


def _dial_here(host: str, port: int, timeout_s: float) -> socket.socket:
    return socket.create_connection((host, port), timeout_s)


def _verification(address: CameraAddress, tls: Tls) -> bool | str:
    """Return what requests calls `verify`."""
    if tls.insecure and address.scheme == "https":
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the next line says it instead
        _log.warning("%s: the camera's certificate is not checked, as was asked for", address)
    if tls.insecure or tls.fingerprint is not None:
        return False  # a pinned certificate is checked by urllib3, and instead of its chain
    if tls.ca_file is None:
        return True
    try:
        ssl.create_default_context(cafile=str(tls.ca_file))
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"the CA file {tls.ca_file} cannot be read as certificates in PEM form",
            hint="give the file of the authority that signed the camera's certificate",
        ) from error
    return str(tls.ca_file)


class _QueryFilter(logging.Filter):
    """Take the query out of the HTTP library's own debug lines: user and password may stand in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                arg.partition("?")[0] if isinstance(arg, str) and arg.startswith(f"{PATH}?") else arg
                for arg in record.args
            )
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_QueryFilter())
