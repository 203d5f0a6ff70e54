"""Recorded cameras, played again: each is set up, verified and removed, and takes the way that its uploader took."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.bench import CAMERA_PASSWORD, MakeBench
from support.desk import PromptQueue

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.camera.recorded import Recorded, read_recorded
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.recording.format import Recording, read_recording

pytestmark = pytest.mark.usefixtures("private_network")
FOLDER = Path(__file__).parents[1] / "fixtures" / "cameras"
FIXTURES = sorted(FOLDER.glob("*.json"))
OLD_HOST_KEYS = (
    "printf 'HostKeyAlgorithms +ssh-rsa\\n' >/etc/ssh/sshd_config.d/10-old.conf; kill -HUP $(cat /run/sshd.pid)"
)
TALKATIVE = "printf 'LogLevel DEBUG3\\n' >/etc/ssh/sshd_config.d/01-log.conf; kill -HUP $(cat /run/sshd.pid)"
_LOGINS = re.compile(
    r"userauth-request for user ipcamera service ssh-connection (method \S+)"
    r"|((?:Postponed|Accepted|Failed) \S+) for ipcamera|(signature algorithm \S+ not in)|(Changed root directory)"
)


def fixture(path: Path) -> Any:
    """Run one of them in `make test`, all of them in `make test-all`."""
    return pytest.param(path, id=path.stem, marks=() if "1.10" in path.stem else (pytest.mark.rest,))


def camera_of(recorded: Recorded) -> EmulatedCamera:
    return EmulatedCamera(host=HOST_ADDRESS, password=CAMERA_PASSWORD, recorded=recorded)


@pytest.mark.parametrize("path", [fixture(path) for path in FIXTURES])
def test_a_recorded_camera_is_set_up_verified_and_removed(make_bench: MakeBench, path: Path) -> None:
    recording = read_recording(path.read_bytes())
    assert recording.camera["source"] in {"real", "emulated"}
    # libssh2 1.9 knows no host key that a receiver of today shows without being told to.
    script = OLD_HOST_KEYS if "libssh2-1.9" in path.stem else ""
    with make_bench(script) as bench, camera_of(read_recorded(recording)) as camera:
        before = dict(camera.state.fields)
        first = bench.setup(camera)
        assert first.code == 0, first.err
        assert (first.camera["auth"], first.camera["host_key"]["verified"]) == ("publickey", True)
        sha1 = recording.upload("plain")["auth"][-1]["algorithm"] == "ssh-rsa"  # type: ignore[index]  # it has one
        assert first.camera["signature"] == ("ssh-rsa" if sha1 else None)
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err
        looked = bench.verify(camera)
        assert looked.code == 0, looked.err
        removed = bench.remove(camera)
        assert removed.code == 0, removed.err
        kept = {name: value for name, value in before.items() if name != "ft_password" and value}
        assert {name: camera.state.fields[name] for name in kept} == kept


def way(connections: list[dict[str, Any]]) -> Any:
    """Return the way of the connection that came furthest: all but its times, and how fast it wrote."""
    best = max(connections, key=lambda each: (len(each["sftp"]), len(each["auth"])), default=None)
    if best is None:
        return None
    # Whether a goodbye is still read depends on which side is faster.
    told = {name: best[name] for name in ("banner", "channels")} | {"stage": best["end"]["stage"]}
    for name in ("auth", "sftp"):
        told[name] = [{key: value for key, value in each.items() if key != "at_ms"} for each in best[name]]
    # How many writes are under way when one fails is a matter of pace.
    return told | {"largest write": max((size for _, size, _ in best["writes"]), default=0)}


def set_up_way(log: str) -> list[str]:
    """Return what sshd's log of a whole set-up tells of the camera's logins, in their order."""
    return [found[0] for line in log.splitlines() if (found := _LOGINS.search(line))]


@pytest.mark.parametrize("name", ["paramiko", "curl", pytest.param("openssh", marks=pytest.mark.rest)])
def test_a_played_recording_takes_the_way_of_its_uploader(make_bench: MakeBench, tmp_path: Path, name: str) -> None:
    desk = PromptQueue(tmp_path)
    ways: list[tuple[dict[str, Any], list[str | None]]] = []
    recording: Recording | None = None
    for _ in ("the uploader itself", "its recording"):
        recorded = None if recording is None else read_recorded(recording)
        base = Profile(uploader=name) if recorded is None else recorded.profile  # type: ignore[arg-type]  # of three
        profile = replace(base, test_bytes=99_022)
        camera = EmulatedCamera(profile, host=HOST_ADDRESS, password=CAMERA_PASSWORD, recorded=recorded)
        with camera, make_bench(TALKATIVE) as bench:
            recording = desk.record(camera)
            done = bench.setup(camera)
            assert done.code == 0, done.err
            lessons = {
                each["name"]: (each["testftp"]["result"], way(each["connections"])) for each in recording.lessons
            }
            ways.append((lessons, [*set_up_way(bench.receiver.log()), done.camera["signature"]]))
    assert ways[0][0] == ways[1][0]
    assert ways[0][1] == ways[1][1]
    assert "Accepted publickey for ipcamera" in ways[0][1]


def test_a_recorded_form_is_answered_with_live_values(tmp_path: Path) -> None:
    """Order, blanks, ends of lines and headers are the recording's; what is set since then is what is read."""
    body = 'ft_server = "192.0.2.1" ;\r\nmystery="xx";\r\nft_port="2222"\r\nft_ssl="2";ft_insecure="1";response="200"'
    exchange = {
        "request": {"command": "getftpattr", "fields": [], "login": "basic"}, "status_line": "HTTP/1.1 200 Fine",
        "headers": [["X-First", "xx"], ["Content-Length", str(len(body))]], "body": body, "kept_alive": False,
    }  # fmt: skip
    gzipped = {
        **exchange, "request": {"command": "getpubkey", "fields": [], "login": "basic"},
        "headers": [["Transfer-Encoding", "chunked"]], "body": 'cmd="getpubkey";response="204";',
    }  # fmt: skip
    recorded = read_recorded(Recording({"http": [exchange, gzipped]}))
    with camera_of(recorded) as camera:
        desk = PromptQueue(tmp_path)
        code, _, err = desk.run(camera, "camera", "set", "--server", "10.0.0.7")
        assert code == 0, err
        assert desk.run(camera, "camera", "pubkey")[0] == 3
        path = tmp_path / "again.json"
        assert desk.run(camera, "camera", "record", str(path))[0] == 0
    again = read_recording(path.read_bytes())
    answer = again.answer("getftpattr")
    assert answer is not None
    assert answer["status_line"] == "HTTP/1.1 200 Fine"
    assert [name for name, _ in answer["headers"]] == ["X-First", "Content-Length"]
    assert answer["body"] == body.replace("192.0.2.1", "192.0.2.1")
    assert camera.state.fields["ft_server"] == "10.0.0.7"
