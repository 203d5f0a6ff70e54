"""The camera's half as curl lines: what they send is what the client would, and nothing in them is a secret."""

import os
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from support.rules import listed
from unit.receiver.test_script import HOSTILE

from receiver_setup.camera.by_hand.curl_lines import CameraByHand, render_cameras, render_look
from receiver_setup.camera.messages import ActionType
from receiver_setup.camera.settings.fields import Group
from receiver_setup.camera.settings.plan import plan_uploads
from receiver_setup.camera.settings.target import UploadTarget
from receiver_setup.camera.settings.upload_options import UploadOptions
from receiver_setup.camera.wire.address import CameraAddress
from receiver_setup.camera.wire.connection import Tls
from receiver_setup.camera.wire.login import Login
from receiver_setup.formats.keys import PublicKey

HOST_KEY = PublicKey.from_line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINnK98cKs/L2kp2o5Jx9rKgjV9mskKqVWZZ/AAAAAAAA")
TARGET = UploadTarget(server="192.168.2.110", port=22, username="ipcamera", directory="recordings")
NOW = {"ft_server": "old", "ft_port": "21", "ft_username": "x", "ft_mode": "1", "ft_dirname": "./o", "ft_ssl": "0"}
CAMERA = CameraByHand(
    name="porch", address=CameraAddress.parse("http://porch.lan"), target=TARGET, recordings="/srv/a b", now=NOW
)
CAMERA_PASSWORD = "made up"
CURL = """#!/bin/sh
config=$(cat)
for argument; do printf '%s\\n' "$argument" >>"$DIARY"; done
printf '%s\\n' "config:$config" >>"$DIARY"
case $* in
  *testftp*) printf 'hostkey="%s";\\nresult="0";\\nresponse="200";\\n' "$KEY" ;;
  *getftpattr*) tac "$DIARY" | sed -n -e "${ECHO-}" -e 's/^\\(ft_[a-z]*\\)=\\(.*\\)$/\\1="\\2";/p' ;;
  *) printf 'response="200";\\n' ;;
esac
"""


def shellcheck(script: str) -> str:
    checked = subprocess.run(
        ["shellcheck", "--shell=sh", "-"], input=script, capture_output=True, text=True, check=False
    )
    return checked.stdout


def run(
    script: str, folder: Path, *, key: str = HOST_KEY.base64, password: str = CAMERA_PASSWORD, echo: str = ""
) -> tuple[int, list[str]]:
    """Run a script with a curl that writes down what it is told; return the exit code and these lines.

    `echo` is what sed makes of a setting, `name=value`, before the camera tells it. Nobody waits.
    """
    curl, diary = folder / "curl", folder / "diary"
    curl.write_text(CURL, encoding="utf-8")
    curl.chmod(0o755)
    (folder / "sleep").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "sleep").chmod(0o755)
    diary.write_text("", encoding="utf-8")
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "DIARY": str(diary), "KEY": key, "ECHO": echo}
    done = subprocess.run(
        ["sh"],
        input=script.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
        timeout=20,
        cwd=folder,
        env={**environment, "CAMERA_PASSWORD": password},
    )
    return done.returncode, diary.read_text(encoding="utf-8", errors="surrogateescape").splitlines()


def sent(lines: list[str]) -> list[str]:
    """Return the parameters, in order."""
    return [line for before, line in pairwise(lines) if before == "--data-urlencode"]


@pytest.mark.parametrize(
    "camera",
    [
        CAMERA,
        replace(CAMERA, settled=True),
        replace(CAMERA, new_password="UPLOAD_PASSWORD"),
        replace(CAMERA, login=Login.QUERY),
        replace(CAMERA, login=Login.TOKEN),
        replace(CAMERA, with_password=False),
        replace(CAMERA, now=TARGET.fields(insecure=True)),
        replace(CAMERA, tls=Tls(insecure=True)),
        replace(CAMERA, tls=Tls(ca_file=Path("/etc/a b.pem"))),
        replace(CAMERA, tls=Tls(fingerprint="ab" * 32)),
        replace(CAMERA, address=CameraAddress.parse("https://viewer@[fd00::168]:8443")),
    ],
    ids=["new", "settled", "new password", "query", "token", "open", "pointed", "insecure", "ca", "pin", "IPv6"],
)
def test_shellcheck_finds_nothing(camera: CameraByHand) -> None:
    script = render_cameras((camera,), (HOST_KEY,)) + render_look((camera,), "ipcamera", ("/var/log/auth.log",))
    assert shellcheck(script) == ""


def test_only_functions_that_are_called_are_printed() -> None:
    settled = render_cameras((replace(CAMERA, settled=True),), (HOST_KEY,))
    assert "compare_host_key" not in settled
    assert "HOST_KEYS" not in settled
    assert "sethost" not in settled


def test_the_commands_come_in_the_order_of_a_set_up_and_trust_only_what_was_compared(tmp_path: Path) -> None:
    code, lines = run(render_cameras((CAMERA,), (HOST_KEY,)), tmp_path)
    assert code == 0
    fields = [f"{name}={value}" for name, value in TARGET.fields(insecure=True).items()]
    assert sent(lines) == [
        *("cmd=setftpattr", *fields, "cmd=getftpattr"),
        "cmd=testftp",
        *("cmd=testftp", f"sethost={HOST_KEY.base64}"),
        *("cmd=setftpattr", "ft_insecure=0", "cmd=getftpattr"),
        "cmd=testftp",
    ]


def test_a_value_that_the_camera_spells_otherwise_is_the_same(tmp_path: Path) -> None:
    camera = replace(CAMERA, target=replace(TARGET, directory="a&b; c/D"))
    echo = r"s/^ft_port=22/ft_port=0022 /; s/&/\&amp;/; s/^ft_dirname=\(.*\)/ft_dirname=.\/\1\//; s/ipcamera/IPCAMERA/"
    code, lines = run(render_cameras((camera,), (HOST_KEY,)), tmp_path, echo=echo)
    assert (code, lines.count("cmd=getftpattr")) == (0, 2)


@pytest.mark.parametrize("field", ["ft_port", "ft_dirname", "ft_insecure"])
def test_what_the_camera_takes_and_ignores_is_named_before_any_proof(tmp_path: Path, field: str) -> None:
    code, lines = run(render_cameras((CAMERA,), (HOST_KEY,)), tmp_path, echo=f"s/^{field}=.*/{field}=7/")
    asked = sent(lines)
    assert (code, asked[-1], asked.count("cmd=getftpattr")) == (1, "cmd=getftpattr", 7)
    assert "cmd=testftp" not in asked


@pytest.mark.parametrize(
    "key", ["", "AAAAC3NzaC1lZDI1NTE5AAAAIMCU2c0NRvZ4ty0s2IxcJcyeIQSE0wOl7sHp4nQcKBQX", ".*", "$(:)"]
)
def test_another_host_key_is_never_trusted(tmp_path: Path, key: str) -> None:
    code, lines = run(render_cameras((CAMERA,), (HOST_KEY,)), tmp_path, key=key)
    assert code == 1
    assert "sethost" not in "".join(lines)
    assert "ft_insecure=0" not in lines


@pytest.mark.parametrize("password", ["a\"b\\c'd$e`f", "ü%&+ =", "\\", '"', "-", "END", "$(: >canary)"])
def test_a_password_reaches_curl_by_its_standard_input_alone(tmp_path: Path, password: str) -> None:
    code, lines = run(render_cameras((CAMERA,), (HOST_KEY,)), tmp_path, password=password)
    assert code == 0
    escaped = password.replace("\\", "\\\\").replace('"', '\\"')
    assert lines.count(f'user = "admin:{escaped}"') == 7
    assert password == "-" or password not in [line for line in lines if not line.startswith("user = ")]
    assert not (tmp_path / "canary").exists()


def with_value(value: str, place: str) -> str:
    """Render a script with a value in one of its places, or in all."""
    camera, logs = CAMERA, ("/var/log/auth.log",)
    if place in {"user", "all"}:
        camera = replace(camera, address=replace(camera.address, user=value))
    if place in {"field", "all"}:
        now = {**NOW, "ft_mode": value, "ft_server": value}
        camera = replace(camera, target=replace(TARGET, directory="x"), now=now)
    if place in {"name", "all"}:
        camera = replace(camera, name=value)
    if place in {"recordings", "all"}:
        camera = replace(camera, recordings=value)
    if place in {"ca file", "all"}:
        camera = replace(camera, tls=Tls(ca_file=Path(value)))
    if place in {"log", "all"}:
        logs = (value,)
    return render_cameras((camera,), (HOST_KEY,)) + render_look((camera,), "ipcamera", logs)


@pytest.mark.rest
def test_a_hostile_value_stays_a_value_in_every_place(tmp_path: Path) -> None:
    """All places have it at once: what leaves one of them runs, whatever stands in the others."""
    wrong = {}
    for value in (each.replace("touch canary", ": >canary") for each in HOSTILE if "\0" not in each):
        code, lines = run(with_value(value, "all"), tmp_path)
        left = {path.name for path in tmp_path.iterdir()} - {"curl", "diary", "sleep"}
        if (code, left, bool(lines)) != (0, set(), True):
            wrong[repr(value)] = f"exit code {code}, made {left}, sent {lines}"
        for name in left:
            (tmp_path / name).unlink()
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("place", ["user", "field", "name", "recordings", "log", "ca file"])
@pytest.mark.parametrize("value", [value for value in HOSTILE if "\0" in value])
def test_a_value_with_a_nul_byte_is_refused_in_each_place(place: str, value: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        with_value(value, place)


def test_the_canary_would_be_seen(tmp_path: Path) -> None:
    run("curl $(: >canary)\n", tmp_path)
    assert (tmp_path / "canary").exists()


def test_uploads_that_differ_are_sent_last() -> None:
    changes = plan_uploads(
        {Group.ACTION: {"enable['rec']": "0", "interval['rec']": "15"}},
        UploadOptions(upload=frozenset({ActionType.REC})),
    )
    script = render_cameras((replace(CAMERA, uploads=changes),), (HOST_KEY,))
    assert script.rindex("test_upload\n") < script.index("if lacks cmd=setftpaction type=rec enable=1; then")
    assert "change cmd=setftpaction type=rec enable=1 interval=15" in script
    assert shellcheck(script) == ""


def test_without_a_log_file_the_journal_is_named() -> None:
    assert "journalctl" in render_look((CAMERA,), "ipcamera", ())
