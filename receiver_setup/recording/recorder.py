"""Record one camera: read all its answers and, if requested, let it upload to our own server, lesson by lesson."""

import base64
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Timer
from typing import Any, ClassVar

from receiver_setup.camera.client import Camera
from receiver_setup.camera.messages import FtpAttributes, GetFtpAttr
from receiver_setup.camera.wire.address import DEFAULT_USER
from receiver_setup.camera.wire.command import Command, Parameters
from receiver_setup.camera.wire.reply import Reply
from receiver_setup.errors import (
    CameraError,
    CameraLoginError,
    CameraResponseError,
    ConfigurationError,
    InterruptedRunError,
)
from receiver_setup.process.interrupts import shielded
from receiver_setup.recording.journal import Journal
from receiver_setup.recording.paramiko_taps import Rules
from receiver_setup.recording.pointing import Pointer
from receiver_setup.recording.server import Lesson, RecordingServer
from receiver_setup.recording.sftp import PERMISSION_DENIED
from receiver_setup.recording.tape import Tape

_log = logging.getLogger(__name__)
LONGEST_S = 60.0
"""Seconds for everything including the rollback, because alarms are lost during that time."""
_WAY_BACK_S = 12.0
_LEAST_S = 6.0
"""Seconds that must be left to start a lesson."""
FOLDER = "recordings"
_SHORT_BYTES = 10_000
_READINGS = (
    "getftpattr", "getpubkey", "getftpaction", "getftpactionattr", "getsnapschedftpattr", "getsnaptimerftpattr",
    "getserverinfo",
)  # fmt: skip
_ALL_METHODS = ("publickey", "password", "keyboard-interactive")
_UNSEEN = (
    "what a request without a login, or with a wrong one, is answered: it may count towards a lock-out",
    "how the camera retries an alarm upload, and how its files and day folders are called",
)


def _reading(name: str) -> Command[Reply]:
    """Return a command that only reads and accepts every answer."""

    class Reading(Command[Reply]):
        cmd: ClassVar[str] = name

        def parameters(self) -> Parameters:
            return ()

        def decode(self, reply: Reply) -> Reply:
            return reply

        def error(self, reply: Reply) -> CameraError | None:  # noqa: ARG002 - a refusal is recorded as well
            return None

    return Reading()


def _testing(within: float, set_host: str | None) -> Command[Reply]:
    """Return a test upload that may take `within` seconds and accepts every answer."""

    class Testing(Command[Reply]):
        cmd: ClassVar[str] = "testftp"
        within_s: ClassVar[float] = within

        @property
        def spared(self) -> bool:
            return True

        def parameters(self) -> Parameters:
            return () if set_host is None else (("sethost", set_host),)

        def decode(self, reply: Reply) -> Reply:
            return reply

        def error(self, reply: Reply) -> CameraError | None:  # noqa: ARG002 - as above
            return None

    return Testing()


@dataclass(slots=True, kw_only=True)
class Seen:
    """The collected data, before redaction."""

    tape: Tape
    attributes: FtpAttributes
    lessons: list[tuple[Lesson, dict[str, Any]]] = field(default_factory=list)
    server: dict[str, Any] | None = None
    unknown: list[str] = field(default_factory=lambda: list(_UNSEEN))
    secrets: set[str] = field(default_factory=set)
    """Values that must not be in a recording, besides those with placeholders."""
    logins: list[tuple[str, str]] = field(default_factory=list)
    folders: frozenset[str] = frozenset()
    lost: list[str] = field(default_factory=list)
    """Warnings about settings that may not be restored."""


def read_all(camera: Camera, password: str | None) -> Seen:
    """Run all reading commands. Raises the camera's errors for the first one, the upload settings."""
    tape = Tape()
    tape.record(camera)
    attributes = camera.send(GetFtpAttr())
    seen = Seen(tape=tape, attributes=attributes)
    for name in _READINGS[1:]:
        try:
            camera.send(_reading(name))
        except CameraLoginError:
            raise
        except CameraError as error:
            seen.unknown.append(
                f"{name}: {error.message}"
                if isinstance(error, CameraResponseError)
                else f"{name}: no answer that can be read"
            )
    _note_secrets(seen, camera, password)
    return seen


def _note_secrets(seen: Seen, camera: Camera, password: str | None) -> None:
    own = {camera.address.host, *_addresses(camera.address.host)}
    seen.secrets |= {each for each in own if each}
    if camera.address.user != DEFAULT_USER:
        seen.secrets.add(camera.address.user)
    if password:
        seen.secrets.add(password)
        seen.logins.append((camera.address.user, password))
    if seen.attributes.password is not None:
        seen.secrets.add(seen.attributes.password.reveal())


def _addresses(host: str) -> set[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {str(place[0]).partition("%")[0] for *_, place in found}


def record_uploader(
    camera: Camera, seen: Seen, *, tell: Callable[[str], None], host: str | None = None, within_s: float = LONGEST_S
) -> None:
    """Point the camera at our own server, let it upload, and restore it; `host` is the address that it dials.

    Raises the camera's errors, ConfigurationError if no server can be started, UndoError if it is not restored.
    """
    end = time.monotonic() + within_s
    journal = Journal.of(camera.address.url)
    with journal.held():
        pointer = Pointer(camera, journal)
        own, family = _route(camera, host)
        peers = _addresses(camera.address.host)
        try:
            everywhere = "::" if family == socket.AF_INET6 else "0.0.0.0"  # noqa: S104 - serves the camera alone
            server = RecordingServer(everywhere, peers=peers, end_at=end, family=family)
        except OSError as error:
            raise ConfigurationError(f"cannot listen on a port of this machine: {error.strerror}") from error
        with server:
            seen.server = server.describe()
            with _put_back(camera, pointer, seen):
                session = _Session(
                    camera=camera, pointer=pointer, server=server, seen=seen, end=end - _WAY_BACK_S, tell=tell
                )
                _teach(session, own)


@contextmanager
def _put_back(camera: Camera, pointer: Pointer, seen: Seen) -> Iterator[None]:
    """Restore the camera after the body in any case; signals are deferred."""
    try:
        yield
    finally:
        with shielded("restoring the camera"), camera.undisturbed():
            seen.lost += pointer.put_back()


def _route(camera: Camera, host: str | None) -> tuple[str, socket.AddressFamily]:
    """Return this machine's address on the route to the camera. Raises ConfigurationError."""
    try:
        family, _, _, _, there = socket.getaddrinfo(camera.address.host, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, socket.SOCK_DGRAM) as way:
            way.connect(there)
            return host or str(way.getsockname()[0]), family
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(
            f"this machine has no route to the camera {camera.address.display}: {error}",
            hint="record it from a machine in the camera's network",
        ) from error


@dataclass(slots=True, kw_only=True)
class _Session:
    """One camera that points at our server, and the collected data."""

    camera: Camera
    pointer: Pointer
    server: RecordingServer
    seen: Seen
    end: float
    tell: Callable[[str], None]

    @property
    def left_s(self) -> float:
        """Seconds left for lessons."""
        return self.end - time.monotonic()

    def give(self, lesson: Lesson, *, set_host: str | None = None) -> None:
        """Run one lesson: a test upload, the camera's answer, and what the server saw."""
        told: dict[str, Any] = {"result": None, "took_ms": 0}
        began = time.monotonic()
        with self.server.teaching(lesson), _cut_after(self.camera, max(1.0, self.left_s)):
            try:
                reply = self.camera.send(_testing(max(1.0, self.left_s), set_host))
                told["result"] = reply.integer("result")
                told["response"] = reply.response
            except CameraLoginError:
                raise
            except (CameraError, InterruptedRunError) as error:
                told["error"] = error.kind
                _log.info("%s: the lesson %s: %s", self.camera.address, lesson.name, error.message)
            told["took_ms"] = round((time.monotonic() - began) * 1000)
        self.seen.lessons.append((lesson, told))
        for connection in lesson.connections:
            self.seen.secrets.update(connection.passwords)
            self.seen.secrets.update(base64.b64encode(blob).decode() for blob in connection.keys)
        if lesson.strangers:
            self.seen.unknown.append(
                f"the lesson “{lesson.name}”: {lesson.strangers} connections of another device were refused"
            )


@contextmanager
def _cut_after(camera: Camera, seconds: float) -> Iterator[None]:
    """Abort the body's exchange when time is up: waiting for a restarting camera would take longer than a lesson."""
    late = Timer(seconds, camera.cut, kwargs={"everything": True})
    late.daemon = True
    late.start()
    try:
        yield
    finally:
        late.cancel()
        late.join()
        camera.resume()


def _teach(session: _Session, own: str) -> None:
    seen = session.seen
    user = f"rec{secrets.token_hex(4)}"
    seen.folders = frozenset({"", ".", FOLDER, "Test-Snapshot.jpeg"})
    before = session.pointer.read_attributes()
    fields = {
        "ft_server": own, "ft_port": str(session.server.port), "ft_username": user, "ft_dirname": FOLDER,
        "ft_ssl": "2", "ft_insecure": "1",
    }  # fmt: skip
    seen.secrets |= {user, own}
    session.pointer.point({name: value for name, value in fields.items() if name in before.raw})
    there, lets_in = frozenset({"/", f"/{FOLDER}"}), Rules(user=user)
    lessons = [
        Lesson(name="plain", rules=lets_in, folders=there),
        Lesson(name="again", rules=lets_in, folders=there),
        Lesson(name="folder missing", rules=lets_in, folders=frozenset({"/"})),
        Lesson(name="open denied", rules=lets_in, folders=there, refuse_open=PERMISSION_DENIED),
        Lesson(name="full", rules=lets_in, folders=there, full_after=_SHORT_BYTES),
        Lesson(name="key refused", rules=Rules(user=user, methods=_ALL_METHODS, refuse_keys=True), folders=there),
    ]
    for number, lesson in enumerate(lessons, 1):
        if session.left_s < _LEAST_S:
            late = lessons[number - 1 :]
            seen.unknown += [f"the lesson “{each.name}”: there was no time left for it" for each in late]
            break
        session.tell(f"test upload {number} of {len(lessons)}: {lesson.name}")
        session.give(lesson)
        if not lesson.connections:
            seen.unknown.append(
                "everything about its uploads: the camera did not connect to this machine, on which a firewall may be "
                "in the way, or which it reaches at another address"
            )
            return
    _teach_host_keys(session, lets_in, there, before)


def _teach_host_keys(session: "_Session", rules: Rules, there: frozenset[str], before: FtpAttributes) -> None:
    """Make the camera trust our host key, unless it verifies another: the trusted key cannot be read and restored."""
    seen, server = session.seen, session.server
    names = "with a trusted host key"
    if before.insecure is not True:
        today = "the camera verifies its receiver today"
        why = today if before.insecure is False else f"whether {today} is not known"
        seen.unknown.append(f"the lessons {names}: {why}, and the host key that it trusts could not be given back")
        return
    if session.left_s < 3 * _LEAST_S:
        seen.unknown.append(f"the lessons {names}: there was no time left for them")
        return
    session.tell("test uploads with a trusted host key")
    shown = session.camera.address.display
    kept = f"{shown} may now trust the host key of the recording server, which nobody has any more"
    seen.lost.append(f"{kept}; it verified none before, and verifies none now")
    own, another = _host_keys_for(seen, server)
    session.give(Lesson(name="trust", rules=rules, folders=there), set_host=_base64(server, own))
    session.pointer.point({"ft_insecure": "0"})
    session.give(Lesson(name="host key known", rules=rules, folders=there))
    changed = {key.get_name() for key in server.host_keys.values()} - {server.host_keys[own].get_name()}
    session.give(Lesson(name="host key changed", rules=rules, folders=there, key_types=changed))
    if another is not None and session.left_s > 2 * _LEAST_S:
        session.give(Lesson(name="trust another type", rules=rules, folders=there), set_host=_base64(server, another))
        session.give(Lesson(name="another type known", rules=rules, folders=there))


def _base64(server: RecordingServer, name: str) -> str:
    return base64.b64encode(server.host_keys[name].asbytes()).decode()


def _host_keys_for(seen: Seen, server: RecordingServer) -> tuple[str, str | None]:
    """Return the host key algorithm that the camera chooses, and one of another type that it supports.

    A client that trusts a host key of one type may prefer that type, require it, or ignore that and refuse the key.
    """
    shown = [each for lesson, _ in seen.lessons for each in lesson.connections if each.kexinit and each.negotiated]
    if not shown or shown[0].kexinit is None or shown[0].negotiated is None:
        return "ssh-ed25519", None
    own = shown[0].negotiated["host_key"]
    usual = server.host_keys[own].get_name()
    can = (name for name in shown[0].kexinit["host_key"] if name in server.host_keys)
    return own, next((name for name in can if server.host_keys[name].get_name() != usual), None)
