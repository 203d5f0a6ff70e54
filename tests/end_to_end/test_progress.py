"""Many cameras on a terminal: a table that stays in its place, whatever else wants the screen."""

import re
from collections.abc import Callable

from support.bench import CAMERA_PASSWORD, Bench
from support.screen import OnTerminal

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]
HEADING = re.compile(r"^camera +last step +time +result$", re.MULTILINE)


def start(
    bench: Bench,
    *cameras: EmulatedCamera,
    size: tuple[int, int] = (24, 100),
    environment: dict[str, str] | None = None,
    options: tuple[str, ...] = (),
) -> OnTerminal:
    arguments = [word for word in bench.arguments(*cameras, options=options) if word != "--json"]
    secrets = {"RECEIVER_SETUP_CAMERA_PASSWORD": CAMERA_PASSWORD}
    return OnTerminal(*arguments, environment={**secrets, **bench.environment, **(environment or {})}, size=size)


def row(terminal: OnTerminal, camera: EmulatedCamera) -> str:
    """Return the camera's one row, as it stands there in the end."""
    name = camera.url.rpartition(":")[2]
    rows = [line for line in terminal.screen.lines if re.match(rf"\S*{name}  ", line)]
    assert len(rows) == 1, terminal.screen.text
    return rows[0]


def test_six_cameras_have_a_row_each_and_the_one_that_fails_a_line_as_well(
    bench: Bench, make_camera: MakeCamera
) -> None:
    healthy = [make_camera() for _ in range(5)]
    broken = make_camera()
    broken.close()
    terminal = start(bench, *healthy, broken)
    terminal.wait_for("under way")
    terminal.resize(12, 80)
    assert terminal.end() == 3, terminal.screen.text
    shown = terminal.screen.text
    assert len(HEADING.findall(shown)) == 1, shown
    for camera in healthy:
        assert re.search(r" read uploads +\d+\.\d s +changed$", row(terminal, camera).rstrip())
    assert row(terminal, broken).rstrip().endswith("FAILED")
    assert re.search(r"^FAILED  \S+: ", shown, re.MULTILINE)
    assert re.search(r"^changed admin@\S+: reload sshd", shown, re.MULTILINE)
    assert shown.count(": make recordings directory: ") == 2
    assert ": make recordings directory: 5 more of these" in shown
    assert re.search(r"^6 cameras in \d+\.\d s: done 5 \(changed 5\), failed 1$", shown, re.MULTILINE), shown
    assert "under way" in terminal.raw
    assert re.search(r"done \d, failed 1, under way \d, waiting \d", terminal.raw)
    assert terminal.screen.cursor_shown
    assert CAMERA_PASSWORD not in terminal.raw


def test_a_password_that_sudo_wants_in_the_middle_has_the_screen_alone(bench: Bench, make_camera: MakeCamera) -> None:
    bench.receiver.run("sed", "-i", "s/NOPASSWD: //", "/etc/sudoers")
    bench.receiver.run("chpasswd", input=b"admin:the sudo word\n")
    cameras = [make_camera(busy_times=1), make_camera()]
    terminal = start(bench, *cameras)
    question = f"sudo password on admin@{bench.receiver.address}:"
    terminal.wait_for(question)
    assert HEADING.search(terminal.screen.text) is None, terminal.screen.text
    assert terminal.screen.cursor_shown
    terminal.type("the sudo word\n")
    assert terminal.end() == 0, terminal.screen.text
    shown = terminal.screen.text
    assert shown.count(question) == 1
    assert len(HEADING.findall(shown)) == 1, shown
    assert re.search(r"^2 cameras in .*: done 2 \(changed 2\)$", shown, re.MULTILINE), shown
    for camera in cameras:
        assert row(terminal, camera).rstrip().endswith("changed")
    assert "the sudo word" not in terminal.raw


def test_ctrl_c_leaves_the_terminal_as_it_was(bench: Bench, make_camera: MakeCamera) -> None:
    cameras, before = [make_camera(), make_camera()], bench.state()
    terminal = start(bench, *cameras)
    cameras[0].on_command = lambda name: terminal.type("\x03") if name == "testftp" else None
    assert terminal.end() == 130, terminal.screen.text
    shown = terminal.screen.text
    assert re.search(r"^2 cameras in .*: done 0, (failed|stopped) ", shown, re.MULTILINE), shown
    assert len(HEADING.findall(shown)) == 1, shown
    assert terminal.screen.cursor_shown
    assert "put back" in shown
    assert "Traceback" not in shown
    assert bench.state() == before
