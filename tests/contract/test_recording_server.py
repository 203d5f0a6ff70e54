"""The recording server is shown by real uploaders what they show OpenSSH, whichever paramiko is installed."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from receiver_setup.emulator.camera.engine import make_uploader
from receiver_setup.emulator.camera.jpeg import render_jpeg
from receiver_setup.emulator.camera.rsa_keys import borrow_key, give_back
from receiver_setup.emulator.camera.uploads import Result, UploadJob, UploadOutcome
from receiver_setup.recording.paramiko_taps import Connection, Rules
from receiver_setup.recording.server import Lesson, RecordingServer
from receiver_setup.secrets import Secret

THERE = frozenset({"/", "/recordings"})
LETS_IN = Rules(user="recorder")
REFUSES_KEYS = Rules(user="recorder", methods=("publickey", "password", "keyboard-interactive"), refuse_keys=True)
BYTES = 99_022


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with RecordingServer("127.0.0.1", peers=["127.0.0.1"], end_at=time.monotonic() + 600) as made:
        yield made


@pytest.fixture(scope="module")
def job(server: RecordingServer) -> Iterator[Any]:
    key = borrow_key(2048)
    yield partial(
        UploadJob, host="127.0.0.1", port=server.port, user="recorder", key=key, methods=("key", "password"),
        password=Secret("stored in the camera"), sha1=False, host_key_types=(), trusted=(), directory="recordings",
        day_folder="", create=False, name="Test-Snapshot.jpeg", data=render_jpeg(BYTES), timeout_s=60,
    )  # fmt: skip
    give_back(key)


def taught(server: RecordingServer, lesson: Lesson, name: str, job: UploadJob) -> tuple[UploadOutcome, Connection]:
    """Let an uploader meet a lesson; return its outcome and the connection that came furthest."""
    uploader = make_uploader(name)
    with server.teaching(lesson):
        outcome = uploader.upload(job)
    uploader.close()
    return outcome, max(lesson.connections, key=lambda each: (len(each.auth), len(each.banner)))


def methods(connection: Connection) -> list[tuple[str, bool | None, str | None]]:
    return [(each["method"], each.get("signed"), each["answer"]) for each in connection.auth]


KEY_LOGIN = {
    "paramiko": [("publickey", True, "ok")],
    "curl": [("none", None, "refused"), ("publickey", False, "ok"), ("publickey", True, "ok")],
    "openssh": [("none", None, "refused"), ("publickey", False, "ok"), ("publickey", True, "ok")],
}
OPERATIONS = {
    "paramiko": ["init", "open", "close", "stat"],
    "curl": ["init", "realpath", "open", "close"],
    "openssh": ["init", "realpath", "stat", "open", "close"],
}


@pytest.mark.parametrize("name", ["paramiko", "curl", "openssh"])
def test_an_upload_is_recorded_from_the_banner_to_the_last_byte(server: RecordingServer, job: Any, name: str) -> None:
    known = tuple(key.get_base64() for key in server.host_keys.values())
    lesson = Lesson(name="plain", rules=LETS_IN, folders=THERE)
    outcome, seen = taught(server, lesson, name, job(trusted=known))
    assert outcome.result is Result.SUCCESS, outcome.detail
    assert lesson.stored
    assert seen.banner.startswith(b"SSH-2.0-")
    assert seen.banner.endswith(b"\r\n")
    assert methods(seen) == KEY_LOGIN[name]
    assert {each["key"][0]: each["key"][1] for each in seen.auth if "key" in each} == {"ssh-rsa": 2048}
    assert seen.kexinit is not None
    assert seen.negotiated is not None
    assert seen.negotiated["kex"] in seen.kexinit["kex"]
    assert seen.negotiated["host_key"] in seen.kexinit["host_key"]
    assert seen.channels[0]["request"] == "subsystem:sftp"
    assert seen.sftp is not None
    assert [each["op"] for each in seen.sftp.operations] == OPERATIONS[name]
    assert sum(size for _, size, _ in seen.sftp.writes) == BYTES
    assert (seen.end["by"], seen.end["stage"]) == ("client", "sftp")
    assert not seen.passwords


@pytest.mark.parametrize("name", ["curl", "openssh"])
def test_a_client_that_asks_for_signature_algorithms_is_told_them(server: RecordingServer, job: Any, name: str) -> None:
    """Without them newer clients would be recorded as signing with SHA-1, which they do nowhere else."""
    _, seen = taught(server, Lesson(name="plain", rules=LETS_IN, folders=THERE), name, job(trusted=None))
    assert seen.kexinit is not None
    asks = "ext-info-c" in seen.kexinit["kex"]
    assert seen.auth[-1]["algorithm"] == ("rsa-sha2-512" if asks else "ssh-rsa")


def test_a_signature_with_sha1_is_taken_and_recorded(server: RecordingServer, job: Any) -> None:
    outcome, seen = taught(
        server, Lesson(name="plain", rules=LETS_IN, folders=THERE), "paramiko", job(trusted=None, sha1=True)
    )
    assert (outcome.result, seen.auth[-1]["algorithm"]) == (Result.SUCCESS, "ssh-rsa")


@pytest.mark.parametrize("name", ["paramiko", "curl", "openssh"])
def test_where_the_key_is_refused_the_password_comes_and_is_kept_apart(
    server: RecordingServer, job: Any, name: str
) -> None:
    outcome, seen = taught(server, Lesson(name="no key", rules=REFUSES_KEYS, folders=THERE), name, job(trusted=None))
    assert outcome.result is Result.SUCCESS, outcome.detail
    assert seen.passwords == ["stored in the camera"]
    assert seen.auth[-1] | {"at_ms": 0} == {"at_ms": 0, "method": "password", "length": 20, "answer": "ok"}


FAILURES = {
    "folder missing": ({"folders": frozenset({"/"})}, Result.PERMISSION_OR_PATH),
    "open denied": ({"folders": THERE, "refuse_open": 3}, Result.PERMISSION_OR_PATH),
    "full": ({"folders": THERE, "full_after": 10_000}, Result.INCOMPLETE),
}


@pytest.mark.parametrize("lesson", FAILURES)
def test_each_failure_is_one_for_the_client_as_well(server: RecordingServer, job: Any, lesson: str) -> None:
    given, result = FAILURES[lesson]
    known = tuple(key.get_base64() for key in server.host_keys.values())
    made = Lesson(name=lesson, rules=LETS_IN, **given)  # type: ignore[arg-type]  # folders or a status
    outcome, _ = taught(server, made, "curl", job(trusted=known))
    assert (outcome.result, made.stored) == (result, False)


def test_a_wrong_guess_of_the_key_exchange_is_skipped(server: RecordingServer) -> None:
    """As dropbear: its first message is sent before it knows what the server can do."""
    import paramiko  # noqa: PLC0415 - the libraries of the other tests are the uploaders'

    untyped: Any = paramiko

    class Guessing(untyped.Transport):  # type: ignore[misc]  # untyped
        def _send_kex_init(self) -> None:
            kept: Any = super()._send_message

            def send(message: Any) -> None:
                data = message.asbytes()
                if data[0] != 20:
                    kept(message)
                    return
                names = b"guessed-kex," + data[21 : 21 + int.from_bytes(data[17:21], "big")]
                end = 21 + int.from_bytes(data[17:21], "big")
                said = data[:17] + len(names).to_bytes(4, "big") + names + data[end:-5] + b"\1" + bytes(4)
                self.local_kex_init = self._latest_kex_init = said
                made = untyped.Message()
                made.add_bytes(said)
                kept(made)
                guess = untyped.Message()
                guess.add_byte(bytes([30]))
                guess.add_string(b"x" * 32)
                kept(guess)

            self._send_message: Any = send
            super()._send_kex_init()
            self._send_message = kept

    lesson = Lesson(name="plain", rules=LETS_IN, folders=THERE)
    with server.teaching(lesson):
        transport = Guessing(socket.create_connection(("127.0.0.1", server.port), 10))
        if hasattr(transport, "advertise_strict_kex"):
            transport.advertise_strict_kex = False
        transport.start_client(timeout=60)
        assert transport.is_active()
        transport.close()
    (seen,) = lesson.connections
    assert seen.kexinit is not None
    assert (seen.kexinit["follows"], seen.kexinit["kex"][0]) == (True, "guessed-kex")


def test_nobody_but_the_camera_is_served(job: Any) -> None:
    lesson = Lesson(name="plain", rules=LETS_IN, folders=THERE)
    with RecordingServer("127.0.0.1", peers=["192.0.2.1"], end_at=time.monotonic() + 60) as other:
        other.lesson = lesson
        outcome = make_uploader("paramiko").upload(job(port=other.port, trusted=None))
    assert outcome.result is Result.CANNOT_CONNECT
    assert (lesson.connections, lesson.strangers) == ([], 1)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n\r\n", b"SSH-2.0-x\r\n" + b"\xff" * 5000, b"\0" * 100_000])
def test_whatever_else_comes_ends_and_harms_nothing(server: RecordingServer, sent: bytes) -> None:
    lesson = Lesson(name="plain", rules=LETS_IN, folders=THERE)
    with server.teaching(lesson), socket.create_connection(("127.0.0.1", server.port), 10) as plain:
        plain.settimeout(30)
        with suppress(OSError):
            plain.sendall(sent)
            plain.shutdown(socket.SHUT_WR)
            while plain.recv(65_536):
                pass
    (seen,) = lesson.connections
    assert (seen.auth, seen.channels, len(seen.banner) <= 255) == ([], [], True)
    assert not [each for each in threading.enumerate() if each.name == "recording-connection"]
