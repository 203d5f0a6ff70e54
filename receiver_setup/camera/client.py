"""The camera's client: signs in, waits for a busy or restarting camera, sends any command."""

import base64
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from receiver_setup.camera.menu_calls import MenuCalls
from receiver_setup.camera.messages import GetToken
from receiver_setup.camera.wire.address import CameraAddress, read_location
from receiver_setup.camera.wire.codes import HTTP_NOT_FOUND, SUCCESS_CODES, ResponseCode, error_for_response
from receiver_setup.camera.wire.command import Command, Parameters, R
from receiver_setup.camera.wire.connection import Patience, Tls
from receiver_setup.camera.wire.failures import unforeseen
from receiver_setup.camera.wire.login import (
    UNAUTHORIZED,
    Evidence,
    Login,
    Verdict,
    check_length,
    name_schemes,
    next_login,
)
from receiver_setup.camera.wire.reply import ADDRESS_HINT, Reply, parse_reply
from receiver_setup.camera.wire.transport import Answer, Transport
from receiver_setup.dialling import Dial
from receiver_setup.errors import (
    CameraError,
    CameraLoginError,
    CameraReplyError,
    CameraUnreachableError,
    ReceiverSetupError,
)
from receiver_setup.secrets import Redactor, Secret

_log = logging.getLogger(__name__)

_DEFAULT_TLS = Tls()
_DEFAULT_PATIENCE = Patience()
_HTTP_OK = 200
_REDIRECTS = range(300, 400)
_LONGEST_TOKEN = 256
_LOGIN_HINT = (
    "check user and password in the camera's own menu before the next try: after too many tries the "
    "camera blocks this computer"
)
_OTHER_WAY_HINT = (
    "the camera may not take a login in this form: if user and password are right, "
    "choose another with --camera-login basic, query or token"
)
_NO_BASIC_HINT = (
    "if both are right, the user may lack the right “Basic Authentication”: give it in the camera's menu, or choose "
    "--camera-login query or token"
)
_OTHER_SCHEME_HINT = (
    "check the address; if it is the camera's, allow Basic authentication in its own menu, or choose --camera-login "
    "query or token: user and password are then sent in the address line, as readable on the way as with Basic"
)
_OVERRUN_HINT = (
    "it may have too many connections at a time: close its pages in browsers and apps, then try again; if its password "
    "was changed meanwhile, give the new one"
)
_refused: set[tuple[str, str, Secret, Login]] = set()
"""Logins that a camera refused in this process; none of them is sent again."""


def forget_refused_logins() -> None:
    """Allow refused logins to be sent again, because the owner may have changed the camera's password."""
    _refused.clear()


class Camera(MenuCalls):
    """One camera; `with Camera("admin@192.168.2.168", password) as camera: camera.send(GetFtpAttr())`.

    `timeout_s` is for each exchange from connecting to the last byte; a test upload may take 120 s. `dial` opens the
    connections if they are made from another machine, for example `SshHost.dial`. Not thread-safe: other threads may
    only call `cut` and `resume`.
    All errors are ReceiverSetupErrors; none of them holds user, password or query. Raises ConfigurationError for a user
    or password that is longer than a camera's.
    """

    def __init__(  # noqa: PLR0913 - all but two are options with a name
        self,
        address: CameraAddress | str,
        password: Secret | str | None = None,
        *,
        tls: Tls = _DEFAULT_TLS,
        timeout_s: float = 10.0,
        login: Login = Login.AUTO,
        patience: Patience = _DEFAULT_PATIENCE,
        sleep: Callable[[float], None] | None = None,
        dial: Dial | None = None,
    ) -> None:
        self.address = CameraAddress.parse(address) if isinstance(address, str) else address
        self.trips = 0
        """HTTP requests so far, failed ones and those for a token included."""
        secret = Secret(password) if isinstance(password, str) else password
        self._password = self.address.password if secret is None else secret
        check_length(self.address, self._password)
        self.tls = tls
        self.dialled_here = dial is None
        """False if connections are made from another host, where names and addresses may mean something else."""
        self._redact = Redactor()
        self._transport = Transport(self.address, tls, dial, redact=self._redact)
        self._timeout_s = timeout_s
        self._login = login
        self._way = Login.BASIC if login is Login.AUTO else login
        self._settled = False
        self._token: Secret | None = None
        self.patience = patience
        self._sleep = sleep or self._transport.wire.wait
        if self._password is not None:
            self._redact.add(self._password, user=self.address.user)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Camera({self.address.display!r})"

    @property
    def login(self) -> Login:
        """How user and password are sent to the camera: the chosen method, or the one found so far."""
        return self._way

    @property
    def has_password(self) -> bool:
        """True if a password was given."""
        return self._password is not None

    def wait(self, seconds: float) -> None:
        """Wait before asking the camera again; `cut` ends the wait."""
        self._sleep(seconds)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def send(self, command: Command[R]) -> R:
        """Send a command and return what its reply means.

        A busy camera is asked again as `Patience` allows; its last reply counts. Raises CameraLoginError,
        CameraResponseError, CameraReplyError, CameraTooOldError, CameraUnreachableError, CameraTimeoutError,
        CameraCertificateError, CameraTlsError, UnforeseenCameraError, or InterruptedRunError after `cut`.
        """
        try:
            return self._send(command)
        except ReceiverSetupError:
            raise
        except Exception as error:  # noqa: BLE001 - a camera can provoke unforeseen errors
            failure = unforeseen(error, camera=self.address.display, step=command.cmd)
        raise failure

    def cut(self, *, everything: bool = False) -> None:
        """Abort another thread's current exchange, and prevent new ones until `resume`.

        An exchange that changes the camera, or a test upload, may finish unless `everything` is set; this is logged.
        """
        spared = self._transport.wire.cut(everything=everything)
        if spared is not None:
            step, left_s = spared
            _log.warning(
                "%s: interrupted; %s must not be cut off and ends first, in %.0f s at most", self.address, step, left_s
            )

    def resume(self) -> None:
        """Allow exchanges again after `cut`."""
        self._transport.wire.resume()

    def undisturbed(self) -> AbstractContextManager[None]:
        """Protect the body's exchanges from `cut`, because they restore the camera."""
        return self._transport.wire.undisturbed()

    def _send(self, command: Command[R]) -> R:
        waits = self.patience.waits()
        sent = 0
        while True:
            reply = self._ask(command, waits)
            sent += 1
            error = command.error(reply)
            if error is not None:
                raise error
            answer = command.decode(reply)
            tries = command.tries_for(answer)
            if (tries is not None and sent >= tries) or not self._await_free(command, waits):
                return answer

    def _await_free(self, command: Command[R], waits: Iterator[float]) -> bool:
        """Wait before a busy camera is asked again; return False if patience has run out."""
        wait_s = next(waits, None)
        if wait_s is None:
            return False
        _log.warning("%s is busy; it is asked again in %g s (%s)", self.address, wait_s, command.cmd)
        self._sleep(wait_s)
        return True

    def _answer(self, command: Command[R], way: Login, waits: Iterator[float]) -> tuple[Answer, Reply | None]:
        """Exchange until the camera is no longer busy, or patience has run out."""
        while True:
            answer = self._exchange(command, way)
            reply = self._parse(answer)
            if reply is None or reply.response != ResponseCode.BUSY or not self._await_free(command, waits):
                return answer, reply

    def _ask(self, command: Command[R], waits: Iterator[float]) -> Reply:
        """Return a reply from a signed-in exchange, trying the login methods as needed."""
        may_renew = self._settled
        while True:
            answer, reply = self._answer(command, self._way, waits)
            if self._password is not None and may_renew and answer.status in UNAUTHORIZED:
                # A login that this camera has accepted is not wrong: its token expired, or the camera is overloaded.
                self._token, may_renew = None, False
                if self._way is not Login.TOKEN:
                    _log.warning(
                        "%s refused a login (%s) that it had accepted; asked once more in %g s",
                        self.address, command.cmd, self.patience.first_wait_s,
                    )  # fmt: skip
                    self._sleep(self.patience.first_wait_s)
                continue
            verdict = self._judge(answer, reply, self._way)
            if verdict is Verdict.TRY_QUERY:
                self._way = Login.QUERY
            elif verdict is Verdict.TRY_TOKEN:
                self._way = Login.TOKEN
            elif verdict is Verdict.ACCEPTED:
                return self._accept(command, answer, reply)
            else:
                raise self._refusal(verdict, self._way, command.cmd, challenge=answer.challenge)

    def _judge(self, answer: Answer, reply: Reply | None, way: Login) -> Verdict:
        """Judge an answer; once a login method has worked, or without a password, no other method is tried."""
        evidence = Evidence(
            way=way,
            status=answer.status,
            challenge=answer.challenge,
            response=None if reply is None else reply.response,
        )
        fixed = self._settled or self._password is None
        verdict = next_login(evidence, chosen=way if fixed else self._login)
        if verdict is not Verdict.ACCEPTED:
            _log.info("%s: login by %s: %s", self.address, way, verdict)
        return verdict

    def _accept(self, command: Command[R], answer: Answer, reply: Reply | None) -> Reply:
        """Return the reply in an answer that is not about the login; raise the error for its HTTP status."""
        code = None if reply is None else reply.response
        if reply is not None and (answer.status == _HTTP_OK or (code is not None and code not in SUCCESS_CODES)):
            self._settled = self._settled or code in SUCCESS_CODES
            return reply
        if answer.status == HTTP_NOT_FOUND:
            raise command.refusal(HTTP_NOT_FOUND, self.address.display)
        if answer.status in _REDIRECTS:
            place = read_location(answer.location, self.address.scheme)
            raise CameraReplyError(
                f"{self.address} redirects {command.cmd} to {self._redact(place or 'another page')}; "
                "the password is not sent there",
                hint="if that is the camera, give this address with --camera" if place else ADDRESS_HINT,
            )
        raise CameraReplyError(
            f"the camera {self.address} answered {command.cmd} with HTTP status {answer.status}",
            hint="check the address; if it is right, restart the camera",
        )

    def _refusal(  # noqa: PLR0911 - one for each cause
        self, verdict: Verdict, way: Login, cmd: str, *, challenge: str
    ) -> CameraError:
        """Build the error for a refused login, and remember the login if it may be wrong."""
        shown = self.address.display
        if verdict is Verdict.BLOCKED:
            return error_for_response(ResponseCode.IP_BLOCKED, cmd, shown)
        if self._password is None:
            return CameraLoginError(
                f"the camera {shown} asks for a password ({cmd}), and none was given",
                hint="give it in RECEIVER_SETUP_CAMERA_PASSWORD or with --camera-password-file",
            )
        if self._settled:
            # It was accepted earlier in this run, so it may be used again to restore the camera.
            if verdict is Verdict.NO_PERMISSION:
                return error_for_response(ResponseCode.NO_PERMISSION, cmd, shown)
            return CameraLoginError(
                f"the camera {shown} refused user or password ({cmd}), which it had accepted before in this run",
                hint=_OVERRUN_HINT,
            )
        # A camera that offers Basic to a user without the right to it refuses the right password as well.
        may_be_right = way is Login.BASIC or verdict in {Verdict.UNCLEAR, Verdict.OTHER_SCHEME}
        ways = (way,) if may_be_right else tuple(Login)
        _refused.update(self._login_key(each) for each in ways)
        if verdict is Verdict.NO_PERMISSION:
            error = error_for_response(ResponseCode.NO_PERMISSION, cmd, shown)
            more = f" {_NO_BASIC_HINT[0].upper()}{_NO_BASIC_HINT[1:]}." if way is Login.BASIC else ""
            return error.retold(hint=f"{error.hint}{more}")
        if verdict is Verdict.OTHER_SCHEME:
            return CameraLoginError(
                f"the camera {shown} asks for a login by {name_schemes(challenge)}, "
                f"which receiver-setup does not do ({cmd})",
                hint=_OTHER_SCHEME_HINT,
            )
        if verdict is Verdict.WRONG_PASSWORD:
            return CameraLoginError(
                f"the camera {shown} refused user or password ({cmd})", hint=f"{_LOGIN_HINT}; {_NO_BASIC_HINT}"
            )
        return CameraLoginError(
            f"the camera {shown} refused the login by {way} and does not say why ({cmd})",
            hint=f"{_LOGIN_HINT}; {_OTHER_WAY_HINT}",
        )

    def _login_key(self, way: Login) -> tuple[str, str, Secret, Login]:
        return (self.address.url, self.address.user, self._password or Secret(""), way)

    def _exchange(self, command: Command[R], way: Login) -> Answer:
        """Make one request with the login of `way`."""
        if self._password is None:
            return self._request(command, (), None)
        if self._login_key(way) in _refused:
            raise CameraLoginError(
                f"the camera {self.address} refused this user and password before; they were not sent again",
                hint=_LOGIN_HINT,
            )
        user, password = self.address.user, self._password.reveal()
        if way is Login.QUERY:
            return self._request(command, (("user", user), ("pwd", password)), None)
        if way is Login.TOKEN:
            return self._request(command, (), f"Bearer {self._get_token().reveal()}")
        encoded = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self._request(command, (), f"Basic {encoded}")

    def _get_token(self) -> Secret:
        """Return the token; ask for it with user and password in the query if there is none yet."""
        if self._token is not None:
            return self._token
        command = GetToken()
        answer, reply = self._answer(command, Login.QUERY, self.patience.waits())
        verdict = next_login(
            Evidence(
                way=Login.TOKEN,
                status=answer.status,
                challenge=answer.challenge,
                response=None if reply is None else reply.response,
            )
        )
        if verdict is not Verdict.ACCEPTED:
            raise self._refusal(verdict, Login.QUERY, command.cmd, challenge=answer.challenge)
        reply = self._accept(command, answer, reply)
        error = command.error(reply)
        if error is not None:
            raise error
        token = command.decode(reply).token
        if len(token.reveal()) > _LONGEST_TOKEN:
            raise CameraReplyError(
                f"the camera {self.address} gave a token of more than {_LONGEST_TOKEN} characters, which is not sent",
                hint=_OTHER_WAY_HINT,
            )
        self._token = token
        self._redact.add(self._token)
        return self._token

    def _parse(self, answer: Answer) -> Reply | None:
        """Parse the body; a body that is not a reply is an error only if the HTTP status promises one."""
        try:
            return parse_reply(answer.body, camera=self.address.display, redact=self._redact)
        except CameraReplyError:
            if answer.status == _HTTP_OK:
                raise
            return None

    def _request(self, command: Command[R], login: Parameters, authorization: str | None) -> Answer:
        """Make one request; wait for a camera that has answered before and then goes away (a restart)."""
        parameters = (("cmd", command.cmd), *command.parameters(), *login)
        gone_since: float | None = None
        while True:
            self.trips += 1
            try:
                return self._transport.get(
                    parameters,
                    authorization=authorization,
                    step=command.cmd,
                    connect_s=self._timeout_s,
                    within_s=max(self._timeout_s, command.within_s),
                    spare=command.spared,
                )
            except CameraUnreachableError as error:
                now = time.monotonic()
                if not self._settled or (gone_since is not None and now - gone_since >= self.patience.reboot_s):
                    raise
                _log.info("%s; it had answered before, asking again", error.message)
            # The kept connection may have been closed in between, so the first retry is immediate.
            self._sleep(0 if gone_since is None else self.patience.reboot_step_s)
            gone_since = now if gone_since is None else gone_since
