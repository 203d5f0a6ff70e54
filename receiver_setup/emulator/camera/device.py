"""The emulated camera: a context manager with an address, state and a log of requests."""

import hashlib
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Self

from receiver_setup.emulator.camera.discovery import Answerer
from receiver_setup.emulator.camera.engine import Engine, Request
from receiver_setup.emulator.camera.http import Server
from receiver_setup.emulator.camera.login import Account
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.recorded import Recorded
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.emulator.camera.uploads import UploadOutcome
from receiver_setup.secrets import Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


class EmulatedCamera:
    """An emulated INSTAR 2k+ camera on a port of this machine, while the context is open.

    `settings` are initial values of ft_* fields, `key` is the camera's own RSA key (by default from a pool of this
    process). `on_command` is called with each command's name before it is executed. `profile` may be replaced while the
    camera runs. `recorded` is a recorded camera to emulate: its settings, the form of its answers, and how it uploads.
    Closing leaves no thread, process or file behind.
    Raises OSError if it cannot listen on the address.
    """

    def __init__(  # noqa: PLR0913  each has its default
        self,
        profile: Profile | None = None,
        *,
        user: str = "admin",
        password: str = "instar",  # noqa: S107  the factory's, as documented
        host: str = "127.0.0.1",
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        key: "RSAPrivateKey | None" = None,
        recorded: Recorded | None = None,
    ) -> None:
        profile = profile or (Profile() if recorded is None else recorded.profile)
        self.host = host
        self.port = port
        self.state = CameraState(profile, settings, key)
        if recorded is not None:
            self.state.take_over(recorded.fields, recorded.actions, recorded.attributes, settings or {})
        self.certificate_pem: bytes | None = None
        self._engine = Engine(profile, self.state, Account(user=user, password=Secret(password)), recorded)
        self._tls: ssl.SSLContext | None = None
        self._server: Server | None = None
        self._reboots: list[threading.Thread] = []
        self._answerer: Answerer | None = None

    def __enter__(self) -> Self:
        if self.profile.https:
            from receiver_setup.emulator.camera import certificate  # noqa: PLC0415  loads cryptography

            self.certificate_pem, key = certificate.make_certificate(self.host, self.profile)
            self._tls = certificate.make_context(self.certificate_pem, key, self.profile)
        self._listen()
        if self.profile.discovery:
            self._answerer = Answerer(self.profile, host=self.host)
            self._answerer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening, drop all connections and end uploads; idempotent."""
        self._engine.closing.set()
        if self._answerer is not None:
            self._answerer.close()
            self._answerer = None
        for thread in self._reboots:
            thread.join()
        if self._server is not None:
            self._server.stop()
            self._server.drop_connections()
            self._engine.close()
            self._server.server_close()
            self._server = None
        self.state.release_keys()

    @property
    def profile(self) -> Profile:
        """The behaviour of the camera, from the next request on."""
        return self._engine.profile

    @profile.setter
    def profile(self, profile: Profile) -> None:
        self._engine.profile = self.state.profile = profile

    @property
    def url(self) -> str:
        """`http://HOST:PORT`, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def certificate_fingerprint(self) -> str | None:
        """SHA-256 of the certificate in lower-case hex, or None without HTTPS."""
        if self.certificate_pem is None:
            return None
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate_pem.decode())).hexdigest()

    @property
    def requests(self) -> list[Request]:
        """All commands that reached the camera, in order, including refused ones."""
        return self._engine.requests

    @property
    def set_commands(self) -> list[str]:
        """The names of those that change the camera, in order."""
        return [request.command for request in self.requests if request.is_set]

    @property
    def uploads(self) -> list[UploadOutcome]:
        """The outcomes of all test uploads, in order."""
        return self._engine.uploads

    @property
    def failed_logins(self) -> int:
        """The number of refused requests, including those without credentials."""
        return self._engine.failed_logins

    @property
    def wrong_password_attempts(self) -> int:
        """The number of requests with a wrong user or password."""
        return self._engine.wrong_password_attempts

    @property
    def on_command(self) -> Callable[[str], None] | None:
        """Called with each command's name, in the server's thread, before it is executed."""
        return self._engine.on_command

    @on_command.setter
    def on_command(self, hook: Callable[[str], None] | None) -> None:
        self._engine.on_command = hook

    def _listen(self) -> None:
        self._server = Server((self.host, self.port), self._engine, self._tls, self._reboot)
        self.port = self._server.server_address[1]
        self._server.start()

    def _reboot(self) -> None:
        """Close the port for `reboot_s`; returns as soon as it is closed."""
        closed = threading.Event()
        thread = threading.Thread(target=self._restart, args=(closed,), name="emulated-camera-reboot")
        self._reboots.append(thread)
        thread.start()
        closed.wait()

    def _restart(self, closed: threading.Event) -> None:
        server = self._server
        if server is None:
            closed.set()
            return
        server.stop()
        server.socket.close()
        closed.set()
        server.drop_connections()
        server.server_close()
        self.state.forget_tokens()
        self._engine.closing.wait(self.profile.reboot_s)
        if not self._engine.closing.is_set():
            self._listen()
