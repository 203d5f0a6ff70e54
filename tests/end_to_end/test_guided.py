"""`setup` with a person in front of the receiver itself: the questions, then the plan, then the receipt."""

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bench import CAMERA_PASSWORD, Bench
from support.terminal import IS_IT_HERE, Terminal

from receiver_setup.emulator.camera import EmulatedCamera

MakeCamera = Callable[..., EmulatedCamera]
WHERE = "192.168.2.168): "
WHO = "The camera's user [admin]: "
PASSWORD = "Password of admin on the camera"
WHAT = "Numbers, with commas [1]: "
DISK = "Number of the disk [1]: "
GO_ON = "Go on? [Y/n]: "
FILE = "/var/tmp/porch.toml"  # noqa: S108 - in a receiver that is thrown away
SAVE = "or Enter for no: "


def start(bench: Bench, *options: str, password: str | None = None, user: str = "root") -> Terminal:
    """Start the dialogue on the receiver itself."""
    return Terminal(bench, *options, password=password, user=user)


def without_the_picture(state: str) -> list[str]:
    """Return the state but for the test picture, which every run uploads anew."""
    return [line for line in state.splitlines() if "Test-Snapshot" not in line]


def sign_in(terminal: Terminal, camera: EmulatedCamera) -> str:
    """Answer up to the camera's password; return what was shown after its address was given."""
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    shown = terminal.answer(WHO, "")
    terminal.answer(": ", CAMERA_PASSWORD)
    return shown


@pytest.mark.parametrize("user", ["root", "admin"])
def test_a_person_gets_from_nothing_to_the_receipt_and_the_second_time_changes_nothing(
    bench: Bench, make_camera: MakeCamera, user: str
) -> None:
    camera, before = make_camera(), bench.state()
    terminal = start(bench, user=user)
    assert f"{camera.url} answers as a web server does (HTTP 404, emulated-camera)" in sign_in(terminal, camera)
    shown = terminal.answer(WHAT, "1, 2")
    assert "Signed in. The camera uploads to 192.168.178.1 now." in shown
    assert f"upload to this machine's address {bench.receiver.address}." in shown
    assert "recordings will be kept in /home/ipcamera/recordings" in shown
    plan = terminal.wait_for(GO_ON)
    for told in ("create user: ipcamera", "write sshd drop-in", camera.url, "point it here", "upload snap: off → on"):
        assert told in plan
    assert camera.set_commands == []
    assert bench.state() == before
    terminal.type("\n")
    receipt = terminal.answer(SAVE, FILE)
    assert "proven on both sides" in receipt
    assert f"\n  receiver-setup setup --local --camera {camera.url} --upload rec,snap\n" in receipt
    assert f"Saved in {FILE}" in terminal.wait_for(f"--inventory {FILE}\n")
    assert terminal.end() == 0
    assert CAMERA_PASSWORD not in terminal.screen
    assert bench.inside(f"stat -c '%a %U' {FILE}") == f"600 {user}"
    name = camera.url.removeprefix("http://").replace(":", "-")
    source = "RECEIVER_SETUP_CAMERA_PASSWORD"
    assert tomllib.loads(bench.inside(f"cat {FILE}")) == {
        "receiver": [{"name": bench.receiver.name, "local": True}],
        "camera": [
            {
                "name": name,
                "address": camera.url,
                "receiver": bench.receiver.name,
                "upload": ["rec", "snap"],
                "password_env": source,
            }
        ],
    }

    after, sent = bench.state(), len(camera.set_commands)
    by_file = Terminal(bench, "--inventory", FILE, "--json", user=user)
    assert by_file.end() == 0, by_file.screen
    assert '"changed": true' not in by_file.screen
    assert without_the_picture(bench.state()) == without_the_picture(after)

    again = start(bench, user=user)
    sign_in(again, camera)
    assert "exists already; its recordings stay in /home/ipcamera/recordings" in again.answer(WHAT, "1,2")
    assert again.answer(GO_ON, "").count("nothing to change") == 2
    assert "Nothing was changed: everything was set up already." in again.answer(SAVE, FILE)
    again.answer("Replace it? [y/N]: ", "")
    again.answer(SAVE, "/nowhere/porch.toml")
    assert "cannot be written" in again.answer(SAVE, "")
    assert again.end() == 0
    assert without_the_picture(bench.state()) == without_the_picture(after)
    assert camera.set_commands[sent:] == []


def test_a_wrong_address_is_told_and_asked_again_before_any_password(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    terminal = start(bench)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, "ftp://10.99.0.1")
    assert "only http:// and https://" in terminal.answer(WHERE, "10.99.0.1:9")
    assert "nothing listens on its port 9" in terminal.answer(WHERE, "no.such.camera.invalid")
    assert "the name no.such.camera.invalid cannot be resolved" in terminal.answer(
        WHERE, f"{bench.receiver.address}:22"
    )
    assert "does not answer as a web server does: an SSH server answers there: 'SSH-2.0-" in terminal.answer(
        WHERE, camera.url.replace("http:", "https:")
    )
    assert "does not answer by https: a web server answers there by plain HTTP" in terminal.answer(
        WHERE, "10.255.255.1"
    )
    assert "http://10.255.255.1 cannot be reached" in terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "")
    terminal.wait_for(PASSWORD)
    assert camera.requests == []
    assert terminal.interrupt() == 130


@pytest.mark.parametrize("refused_as", ["401", "403", "211"])
def test_a_wrong_password_is_asked_for_again_and_never_sent_twice(
    bench: Bench, make_camera: MakeCamera, refused_as: str
) -> None:
    camera = make_camera(login_refused_as=refused_as, lockout_tries=3)
    terminal = start(bench)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "u" * 31)
    assert "is longer than a camera's can be" in terminal.answer(WHO, "")
    terminal.answer(f"{camera.url}: ", "p" * 31)
    assert "is longer than a camera's can be" in terminal.answer(f"{camera.url}: ", "mistyped")
    assert "refuse" in terminal.answer(f"{camera.url}: ", "mistyped")
    assert "not sent again" in terminal.answer(f"{camera.url}: ", CAMERA_PASSWORD)
    assert "Signed in." in terminal.wait_for(WHAT)
    assert camera.failed_logins == 1
    assert terminal.interrupt() == 130
    assert "mistyped" not in terminal.screen


def test_after_three_wrong_passwords_it_is_given_up(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    terminal = start(bench, "--local")
    terminal.answer(WHERE, camera.url.replace("//", "//viewer@"))
    for word in ("first", "second", "third"):
        terminal.answer(f"Password of viewer on the camera {camera.url}: ", word)
    assert terminal.end() == 3, terminal.screen
    assert "refused user or password" in terminal.rest()
    assert camera.failed_logins == 3
    assert bench.state() == before


def test_a_camera_that_blocks_us_ends_it_at_once(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(lockout_tries=1)
    terminal = start(bench, "--local")
    terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "")
    terminal.answer(f"{camera.url}: ", "mistyped")
    terminal.answer(f"{camera.url}: ", CAMERA_PASSWORD)
    assert terminal.end() == 3, terminal.screen
    assert "block" in terminal.rest()
    assert terminal.screen.count("Password of") == 2


def test_ctrl_c_at_any_question_ends_it_with_nothing_changed(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    way = [(IS_IT_HERE, ""), (WHERE, camera.url), (WHO, ""), (PASSWORD, CAMERA_PASSWORD), (WHAT, ""), (GO_ON, "")]
    for stop in range(len(way)):
        terminal = start(bench)
        for question, answer in way[:stop]:
            terminal.answer(": " if question == PASSWORD else question, answer)
        terminal.wait_for(way[stop][0])
        assert terminal.interrupt() == 130, terminal.screen
        assert "interrupted before anything was changed" in terminal.rest()
    assert camera.set_commands == []
    assert bench.state() == before


def test_a_no_to_the_plan_changes_nothing(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    terminal = start(bench, "--upload", "rec", password=CAMERA_PASSWORD)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "")
    terminal.answer(GO_ON, "n")
    assert terminal.end() == 0
    assert "nothing was changed" in terminal.rest()
    assert "Password of" not in terminal.screen
    assert (camera.set_commands, bench.state()) == ([], before)


def test_a_plan_that_cannot_be_made_ends_it_with_the_reason(bench: Bench, make_camera: MakeCamera) -> None:
    bench.inside("useradd --create-home ipcamera")
    camera, before = make_camera(), bench.state()
    terminal = start(bench, "--upload", "rec", password=CAMERA_PASSWORD)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "")
    assert terminal.end() == 4, terminal.screen
    assert "--adopt" in terminal.rest()
    assert (camera.set_commands, bench.state()) == ([], before)


def test_a_disk_without_owners_is_explained_and_chosen_only_without_a_jail(
    bench: Bench, make_camera: MakeCamera, mount_exfat: Callable[[str], None]
) -> None:
    mount_exfat("umask=000")
    camera = make_camera()
    terminal = start(bench, "--upload", "rec", password=CAMERA_PASSWORD)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "")
    offered = terminal.answer(DISK, "2")
    assert "1  /home/ipcamera " in offered
    assert "2  /srv/usb/ipcamera " in offered
    assert offered.count("no jail possible") == 1
    shown = terminal.answer("without a jail? [y/N]: ", "")
    assert "/etc/fstab does not mount it" in shown
    assert "keeps no owners" in shown
    terminal.answer(DISK, "3")
    assert "not one of these numbers" in terminal.answer(DISK, "2")
    terminal.answer("without a jail? [y/N]: ", "y")
    assert "/srv/usb/ipcamera" in terminal.answer(GO_ON, "")
    receipt = terminal.answer(SAVE, "")
    assert "recordings  /srv/usb/ipcamera/recordings on this machine" in receipt
    assert "--home /srv/usb/ipcamera --no-jail" in receipt
    assert terminal.end() == 0


def test_of_several_addresses_one_is_chosen(bench: Bench, make_camera: MakeCamera) -> None:
    device = bench.inside("ip -o -4 address | sed -n 's/^[0-9]*: \\([^ @]*\\)[^ ]* *inet 10.99.*/\\1/p'")
    other = bench.receiver.address.rpartition(".")[0] + ".250"
    bench.inside(f"ip address add {other}/24 dev {device}")
    camera = make_camera()
    terminal = start(bench, "--upload", "rec", password=CAMERA_PASSWORD)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    terminal.answer(WHO, "")
    terminal.answer("Number of the address that the camera should dial [1]: ", "2")
    assert f"upload to this machine's address {other}." in terminal.answer(GO_ON, "")
    assert f"--receiver-address {other}" in terminal.answer(SAVE, "")
    assert terminal.end() == 0
    assert camera.state.fields["ft_server"] == other


def test_an_unknown_certificate_is_shown_and_accepted_by_a_person_alone(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(https=True)
    terminal = start(bench, "--upload", "rec", password=CAMERA_PASSWORD)
    terminal.answer(IS_IT_HERE, "")
    terminal.answer(WHERE, camera.url)
    assert "not signed by an authority that this machine trusts" in terminal.answer(
        "as the browser shows it)? [y/N]: ", ""
    )
    assert camera.requests == []
    terminal.answer(WHERE, camera.url)
    terminal.answer("as the browser shows it)? [y/N]: ", "y")
    terminal.answer(WHO, "")
    terminal.answer(GO_ON, "")
    assert "--camera-fingerprint" in terminal.answer(SAVE, "")
    assert terminal.end() == 0


@pytest.mark.parametrize("stdin", ["nothing", "pipe", "closed"])
@pytest.mark.parametrize("options", [(), ("--local",)], ids=["bare", "local"])
def test_without_a_terminal_it_says_which_options_to_give(stdin: str, options: tuple[str, ...]) -> None:
    closing = 'exec "$@" <&-' if stdin == "closed" else 'exec "$@"'
    done = subprocess.run(
        ["sh", "-c", closing, "sh", sys.executable, "-m", "receiver_setup", "setup", *options],
        input=None if stdin == "nothing" else b"y\n192.168.2.168\n",
        stdin=subprocess.DEVNULL if stdin == "nothing" else None,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"--camera" in done.stderr
    assert b"?" not in done.stderr


def test_the_documentation_quotes_the_questions() -> None:
    told = (Path(__file__).parents[2] / "docs" / "on-the-pi.md").read_text(encoding="utf-8")
    for question in (IS_IT_HERE, WHERE, WHO, PASSWORD, DISK, WHAT, GO_ON):
        assert question.rstrip() in told
