"""`receiver-setup emulate-camera` from the outside: ready line, log, end, lists, errors."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from receiver_setup.cli.demo.emulate_camera import command
from receiver_setup.emulator.camera.profile import SETTINGS
from receiver_setup.emulator.camera.profiles import PROFILES
from receiver_setup.errors import ConfigurationError

RUN = [sys.executable, "-c", "from receiver_setup.cli.demo.emulate_camera import command; command()"]


def start(*options: str, **environment: str) -> subprocess.Popen[str]:
    """Start the command as a process of its own."""
    return subprocess.Popen(
        [*RUN, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_logs_each_command_and_ends_cleanly(number: signal.Signals) -> None:
    with start("--json", RECEIVER_SETUP_CAMERA_PASSWORD="made-up-one") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert (ready["ready"], ready["user"]) == (True, "admin")
        url = f"{ready['url']}/param.cgi?cmd=getftpattr"
        assert requests.get(url, auth=("admin", "made-up-one"), timeout=10).status_code == 200
        assert requests.get(url, auth=("admin", "instar"), timeout=10).status_code == 401
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    assert [line.split(" ", 1)[1] for line in err.splitlines()] == [
        "getftpattr: response 200",
        "getftpattr: wrong credentials",
    ]
    assert "made-up-one" not in err


def test_password_file_profile_and_settings_are_used(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from-a-file\nnot this\n")
    options = ["--profile", "terse", "--set", "crlf=false", "--user", "ädmin", "--https", "--listen", "127.0.0.1:0"]
    with start(*options, "--password-file", str(tmp_path / "secret"), "--json") as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["url"].startswith("https://127.0.0.1:")
        assert len(ready["certificate"]) == 64
        curl = ["curl", "-qsk", "--get", "-d", "cmd=getftpattr", "--data-urlencode", "user=ädmin"]
        done = subprocess.run(
            [*curl, "-d", "pwd=from-a-file", ready["url"] + "/param.cgi"], capture_output=True, check=True
        )
        assert done.stdout.startswith(b'cmd="getftpattr";\nft_server')
        process.terminate()
        process.communicate(timeout=10)


def test_the_ready_line_is_for_people_without_json() -> None:
    with start() as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The emulated camera is ready at http://127.0.0.1:")
        process.terminate()
        process.communicate(timeout=10)


def test_lists_and_help_load_neither_paramiko_nor_cryptography_nor_requests() -> None:
    code = (
        "import sys\nfrom receiver_setup.cli.demo.emulate_camera import command\n"
        "command(sys.argv[1:], standalone_mode=False)\n"
        "print(*sorted({'paramiko', 'cryptography', 'requests'} & set(sys.modules)), file=sys.stderr)"
    )
    for option in ("--list-settings", "--help"):
        done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
        assert done.stderr.strip() == "", option
        assert len(done.stdout) > 300


def test_every_setting_and_profile_is_listed() -> None:
    text = CliRunner().invoke(command, ["--list-settings"]).output
    listed = json.loads(CliRunner().invoke(command, ["--list-settings", "--json"]).output)
    assert [item["name"] for item in listed["settings"]] == list(SETTINGS)
    assert [item["name"] for item in listed["profiles"]] == list(PROFILES)
    for name in [*SETTINGS, *PROFILES]:
        assert f"\n  {name}" in text


@pytest.mark.parametrize(
    "options",
    [
        ["--set", "signature=md5"],
        ["--set", "nonsense=1"],
        ["--profile", "nonsense"],
        ["--listen", "127.0.0.1:70000"],
        ["--listen", ":80"],
        ["--listen", "192.0.2.1"],
        ["--password-file", "/nonexistent"],
        ["--password-file", "/dev/null"],
        ["--from", "/nonexistent"],
        ["--from", __file__],
        ["--from", __file__, "--profile", "curl"],
    ],
)
def test_what_cannot_be_meant_is_a_configuration_error(options: list[str]) -> None:
    error = CliRunner().invoke(command, options).exception
    assert isinstance(error, ConfigurationError)
    assert error.hint
