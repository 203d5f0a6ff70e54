"""A hostile camera, or whoever answers in its place, does no harm: each attack is run, and fails.

It can waste time up to --timeout and memory up to a fixed amount, and nothing else: no other camera's time, no
password, no word of ours.
"""

import contextlib
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from support.hostile_camera import Attack, HostileCamera, attacking, dripping, flooding, reply

from receiver_setup.camera.wire.reply import parse_reply
from receiver_setup.errors import ReceiverSetupError

PASSWORD = "c0rrect-horse"
TIMEOUT_S = 2
IN_TIME_S = 20.0
"""Ten times the limit: a busy machine is slow, and an attack that succeeds goes on for ever."""
AT_ONCE_S = 15.0
"""For an interruption of a run whose limit is ten times as long."""
MEMORY = 200 * 1024 * 1024
"""The command takes a fifth of it; the attacks send up to 64 MiB each and would be held several times over."""


LIMITED = """
import atexit, os, resource, runpy
resource.setrlimit(resource.RLIMIT_AS, (4 * 1024**3,) * 2)
# By itself: what wait4 tells begins with what the tests' own process had taken when it started this one.
atexit.register(lambda: os.write(2, b"\\n" + open("/proc/self/status", "rb").read()))
"""


@dataclass(frozen=True)
class Ended:
    """How a run of the command ended."""

    code: int
    json: dict[str, Any]
    err: str
    took_s: float
    processor_s: float
    memory: int

    @property
    def kind(self) -> str:
        """The kind of its error."""
        return str(self.json["error"]["kind"])


def start(
    camera: HostileCamera, *words: str, timeout_s: float = TIMEOUT_S, password: str = PASSWORD
) -> subprocess.Popen[str]:
    """Start `receiver-setup camera show` as a process of its own."""
    arguments = [*(words or ("camera", "show")), "--camera", camera.url, "--timeout", str(timeout_s), "--json"]
    program = LIMITED + "runpy.run_module('receiver_setup', run_name='__main__', alter_sys=True)"
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "RECEIVER_SETUP_CAMERA_PASSWORD": password},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str], began_s: float, *, within_s: float = IN_TIME_S) -> Ended:
    """Wait for the end of a process, no longer than that."""
    expiry = threading.Timer(within_s, process.kill)
    expiry.start()
    assert process.stdout is not None
    assert process.stderr is not None
    with ThreadPoolExecutor(2) as readers, process.stdout, process.stderr:
        told = [readers.submit(stream.read) for stream in (process.stdout, process.stderr)]
        # Of this process alone, however much others of this worker have used.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out, err = (each.result() for each in told)
    expiry.cancel()
    err, _, told_of_itself = err.partition("\nName:\t")
    peak = re.search(r"^VmHWM:\s+(\d+) kB$", told_of_itself, re.MULTILINE)
    assert process.returncode != -signal.SIGKILL, f"it was still at work after {within_s:.0f} s"
    return Ended(
        code=process.returncode,
        json=json.loads(out) if out else {},
        err=err,
        took_s=time.monotonic() - began_s,
        processor_s=used.ru_utime,
        memory=int(peak[1]) * 1024 if peak is not None else 0,
    )


def run(camera: HostileCamera, *words: str, **how: Any) -> Ended:
    """Run the command to its end."""
    began_s = time.monotonic()
    return end(start(camera, *words, **how), began_s)


# --- 1: time ---------------------------------------------------------------------------------------------------------

OK = b"HTTP/1.1 200 OK\r\n"
DRIPS: dict[str, Attack] = {
    "status line": dripping(b"HTTP/1.1 200 ", b"O"),
    "header": dripping(OK + b"X-Y: ", b"z"),
    "header lines": dripping(OK, b"a: b\r\n"),
    "interim answers": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk line": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "trailer": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    "body": dripping(OK + b"Content-Length: 60000\r\n\r\n", b"x"),
    "body to the end": dripping(OK + b"\r\n", b"x"),
    "body of a redirect": dripping(b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 60000\r\n\r\n", b"x"),
}
HANDSHAKE = dripping(b"\x16\x03\x03\x3f\xff\x02", b"\x00")


@pytest.mark.parametrize("name", DRIPS)
def test_an_answer_that_drips_ends_at_the_timeout(name: str) -> None:
    with attacking(DRIPS[name]) as camera:
        ended = run(camera)
    assert (ended.code, ended.kind) == (3, "camera-timeout"), ended.err
    assert "in time (2 s)" in ended.err


def test_a_handshake_that_drips_ends_at_the_timeout() -> None:
    with attacking(HANDSHAKE, raw=True) as camera:
        ended = run(camera)
    assert (ended.code, ended.kind) == (3, "camera-timeout"), ended.err


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("attack", [DRIPS["header"], HANDSHAKE], ids=["header", "handshake"])
def test_an_interruption_ends_a_dripping_answer(attack: Attack, ending: signal.Signals) -> None:
    with attacking(attack, raw=attack is HANDSHAKE) as camera:
        process = start(camera, timeout_s=600)
        assert camera.asked.wait(60)
        began_s = time.monotonic()
        process.send_signal(ending)
        ended = end(process, began_s, within_s=AT_ONCE_S)
    assert (ended.code, ended.kind) == (130, "interrupted"), ended.err


FLEET = """
import os, sys
from functools import partial
from receiver_setup.camera import Camera
from receiver_setup.errors import InterruptedRunError
from receiver_setup.process.interrupts import endings_interrupt
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.crew import Crew
from receiver_setup.workflow.fleet import run_all
from receiver_setup.workflow.run.request import NamedCamera

many, urls = int(sys.argv[1]), sys.argv[2:]

def part(stop):
    cameras = [NamedCamera(name=f"c{n}", camera=Camera(url, "x", timeout_s=600)) for n, url in enumerate(urls)]
    with Crew(CameraRun, cameras, lambda event: None, jobs=8, stop=stop) as crew:
        crew.each(crew.runs, CameraRun.read)
        names = {type(run.report.error).__name__ for run in crew.runs}
    os.write(1, (" ".join(names) + "\\n").encode())  # whole, from whichever thread

with endings_interrupt():
    try:
        run_all([part] * many)
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("receivers", [1, 3])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_the_threads_of_a_fleet(receivers: int, ending: signal.Signals) -> None:
    """Each camera is worked on in a thread, which no signal reaches."""
    with attacking(DRIPS["header"]) as one, attacking(DRIPS["body"]) as other:
        process = subprocess.Popen(
            [sys.executable, "-c", FLEET, str(receivers), one.url, other.url], stdout=subprocess.PIPE, text=True
        )
        try:
            assert one.asked.wait(60)
            assert other.asked.wait(60)
            process.send_signal(ending)
            out, _ = process.communicate(timeout=AT_ONCE_S)
        finally:
            process.kill()
    assert process.returncode == 0
    assert out.split() == (["interrupted"] if receivers == 1 else ["InterruptedRunError"] * receivers)


# --- 2: memory -------------------------------------------------------------------------------------------------------

FLOODS: dict[str, Attack] = {
    "status line": flooding(b"HTTP/1.1 200 ", b"O"),
    "header": flooding(OK + b"X-Y: ", b"z"),
    "header lines": flooding(OK, b"a: b\r\n"),
    "interim answers": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers of interim answers": flooding(b"", b"HTTP/1.1 100 Continue\r\na: b\r\n\r\n"),
    "chunk line": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "chunk extension": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "empty chunk lines": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"\r\n"),
    "chunks": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "one chunk": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n", b"x"),
    "trailer": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a: b\r\n"),
    "trailer line": flooding(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"a"),
    "body": flooding(OK + b"Content-Length: 9999999999\r\n\r\n", b"x"),
    "body to the end": flooding(OK + b"\r\n", b"x"),
    "body of a redirect": flooding(b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", b"x"),
    "body of a refusal": flooding(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("name", FLOODS)
def test_an_answer_that_never_ends_is_refused_early(name: str) -> None:
    with attacking(FLOODS[name]) as camera:
        ended = run(camera, timeout_s=10)
        sent = camera.sent
    assert (ended.code, ended.kind) == (3, "camera-reply"), ended.err
    assert sent < 32 * 1024 * 1024, "the rest lies in the buffers of the two sockets"
    assert 0 < ended.memory < MEMORY


BOMB = gzip.compress(bytes(40 * 1024 * 1024))
"""Forty kilobytes."""


@pytest.mark.parametrize("body", [BOMB, gzip.compress(BOMB), b"\x1f\x8b\x08\x00" + bytes(60)], ids=["1", "2", "cut"])
def test_a_compressed_answer_is_unpacked_as_far_as_it_could_be_a_camera_s(body: bytes) -> None:
    headers = ["Content-Encoding: gzip, gzip, gzip, gzip"]
    with attacking(lambda _: [reply(body, headers=headers)]) as camera:
        ended = run(camera)
    assert (ended.code, ended.kind) == (3, "camera-reply")
    assert "compressed" in ended.err or "too long to be" in ended.err
    assert 0 < ended.memory < MEMORY // 2


# --- 3: patterns -----------------------------------------------------------------------------------------------------

SIZE = 60_000
REPEATED = [
    "pass",
    "token",
    "pwd",
    "a",
    "a=",
    'a="',
    '"',
    '";',
    '" ',
    ' ="',
    "[",
    "a[",
    "a[]",
    '["',
    '["a"]',
    '"[',
    '"[""]',
    '";\n',
    '";\na=',
    '";cmd=',
    ";",
    " ",
    "\0",
    "\\",
    '\\"',
    "var ",
    "<",
]


@pytest.mark.parametrize("piece", REPEATED)
@pytest.mark.parametrize("beginning", ["", 'a="', 'a="x";', 'a="x";\nb="', "<", "a["], ids=repr)
def test_no_answer_takes_more_than_linear_time_to_read(beginning: str, piece: str) -> None:
    """Twice as long takes at most thrice as long; what is quadratic takes four times, what is cubic eight."""

    def seconds(size: int) -> float:
        text = beginning + piece * (size // len(piece))
        best = 60.0
        for _ in range(5):
            began_s = time.thread_time()
            with contextlib.suppress(ReceiverSetupError):
                parse_reply(text, camera="http://x")
            best = min(best, time.thread_time() - began_s)
        return best

    assert seconds(2 * SIZE) < max(3 * seconds(SIZE), 0.05)


def test_a_long_word_that_begins_like_a_secret_takes_no_time() -> None:
    with attacking(lambda _: [reply(b"pass" * 500)]) as camera:
        ended = run(camera, timeout_s=60)
    assert (ended.code, ended.kind) == (3, "camera-reply")


# --- 4: what nobody foresaw ------------------------------------------------------------------------------------------

HONEST = reply(b'cmd="getftpattr";\r\nft_server="192.168.2.110";\r\nresponse="200";\r\n')
ODD = {
    "location": b"HTTP/1.1 302 Found\r\nLocation: http://[\r\nContent-Length: 0\r\n\r\n",
    "location that clears the screen": b"HTTP/1.1 302 Found\r\nLocation: http://\x1b[2Jx/\r\nContent-Length: 0\r\n\r\n",
    "status": b"HTTP/1.1 99999999999999999999 x\r\n\r\n",
    "length of an odd digit": b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nx",
    "length of many digits": b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx",
    "lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "negative chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nx\r\n0\r\n\r\n",
    "cookie": b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; expires=" + b"9 " * 9000 + b"\r\nContent-Length: 1\r\n\r\nx",
    "charset": b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=\xff\xfe\r\nContent-Length: 1\r\n\r\nx",
    "no HTTP": b"\x00\x01\x02\r\n\r\n",
    "response of many digits": reply(b'response="' + b"9" * 5000 + b'";'),
}


@pytest.mark.parametrize("name", ODD)
def test_an_odd_answer_is_an_error_of_the_camera(name: str) -> None:
    def attack(_: str) -> list[bytes]:
        return [ODD[name]]

    with attacking(lambda head: [*attack(head)]) as camera:
        ended = run(camera)
    assert ended.code == 3, ended.err
    assert "\x1b" not in ended.err
    assert "Traceback" not in ended.err


CREW = """
import json, sys
from receiver_setup.camera import Camera
from receiver_setup.workflow.run.camera_run import CameraRun
from receiver_setup.workflow.run.crew import Crew
from receiver_setup.workflow.run.request import NamedCamera

cameras = [NamedCamera(name=url, camera=Camera(url, "x", timeout_s=20)) for url in sys.argv[1:]]

def work(run):
    run.read()
    if run.name == sys.argv[1]:
        raise LookupError("pwd=c0rrect-horse")

with Crew(CameraRun, cameras, lambda event: None, jobs=8) as crew:
    crew.each(crew.runs, work)
errors = [run.report.error for run in crew.runs]
print(json.dumps([None if each is None else [each.kind, each.exit_code, each.message, each.hint] for each in errors]))
"""


def test_an_error_that_nobody_foresaw_is_one_camera_s_alone() -> None:
    with attacking(lambda _: [HONEST]) as bad, attacking(lambda _: [HONEST]) as good:
        done = subprocess.run(
            [sys.executable, "-c", CREW, bad.url, good.url], stdout=subprocess.PIPE, text=True, check=True, timeout=60
        )
    error, fine = json.loads(done.stdout)
    assert fine is None
    kind, code, message, hint = error
    assert (kind, code) == ("camera-unforeseen", 3)
    assert "LookupError" in message
    assert "report" in hint
    assert "c0rrect" not in message + hint


# --- 5: the password -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "challenge", ['Digest realm="x", nonce="y"', "Negotiate", "NTLM", 'Digest realm="x", Bearer', "Evil"]
)
def test_no_challenge_makes_the_password_go_out_in_the_query(challenge: str) -> None:
    headers = [f"WWW-Authenticate: {challenge}"]
    with attacking(lambda _: [reply(b"", status="401 Unauthorized", headers=headers)]) as camera:
        ended = run(camera)
        heads = camera.heads
    assert (ended.code, ended.kind) == (3, "camera-login")
    assert len(heads) == 1
    assert not any("pwd=" in head or PASSWORD in head for head in heads)
    assert challenge.partition(" ")[0].capitalize() in ended.json["error"]["message"]
    assert "Basic" in ended.json["error"]["hint"]


# --- 6: masking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "passwords"),
    [
        (("camera", "show"), ("camera", "ok", "a", "error", "0", "camera-reply", "http")),
        (("setup", "--receiver", "x@127.0.0.1:9"), ("receiver", "true")),
    ],
    ids=["camera show", "setup"],
)
def test_a_password_that_is_a_word_of_ours_changes_no_word(words: Sequence[str], passwords: Sequence[str]) -> None:
    told = {}
    with attacking(lambda _: [reply(b"<html>no camera</html>")]) as camera:
        for password in ("correct horse battery", *passwords):
            ended = run(camera, *words, password=password)
            told[password] = (ended.code, re.sub(r"[0-9.]+ m?s\b", "", json.dumps(ended.json) + ended.err))
    assert len(set(told.values())) == 1, told
    assert "****" not in str(told)


# --- 7: signals ------------------------------------------------------------------------------------------------------

STORM = """
import os, signal, sys, threading
from receiver_setup.process.interrupts import endings_interrupt, heed_another, shielded

many, guarded = int(sys.argv[1]), sys.argv[2] == "guarded"
noticed, seen, go, over = threading.Semaphore(0), [], threading.Event(), threading.Event()

def notice(*_):
    seen.append(1)
    noticed.release()

def send():
    go.wait()
    for _ in range(many):
        os.kill(os.getpid(), signal.SIGINT)
        if not noticed.acquire(timeout=20):
            print("lost one after", len(seen), flush=True)
            os._exit(1)
    over.set()

def storm():
    sender = threading.Thread(target=send)
    sender.start()
    while not over.is_set():
        try:
            go.set()
            while not over.is_set():
                heed_another()
                with shielded():
                    with shielded():
                        pass
        except KeyboardInterrupt:
            notice()
    sender.join()

if guarded:
    with endings_interrupt():
        storm()
else:
    signal.signal(signal.SIGINT, notice)
    storm()
print(len(seen))
"""


@pytest.mark.parametrize("how", ["guarded", "bare"])
def test_no_signal_is_lost_while_a_loop_shields_itself(how: str) -> None:
    """Each is sent when the one before was noticed, so that none may be taken for the same."""
    many = 300
    done = subprocess.run(
        [sys.executable, "-c", STORM, str(many), how], stdout=subprocess.PIPE, text=True, check=False, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, f"{many}\n")
