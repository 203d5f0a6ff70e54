"""`receiver-setup pi prepare`: written, already so, changed, taken back; every partition comes back to the byte."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.boot import contents, make_partition

from receiver_setup.cli import run
from receiver_setup.cli.pi import prepare, prepare_run
from receiver_setup.errors import BootPartitionError
from receiver_setup.pi.partition import Partition
from receiver_setup.secrets import spellings

Run = Callable[..., subprocess.CompletedProcess[str]]
SAMPLES = Path(__file__).parents[2] / "fixtures/pi"
FORMATS = ["trixie-cloud-init", "bookworm-firstrun", "bookworm-untouched"]
PASSWORD = "pass wörd+'\"%&$(touch canary)"
FOLDER = {
    f"receiver-setup/{name}"
    for name in (
        "camera-password",
        "first-boot.sh",
        "job.toml",
        "receiver-setup-first-boot.service",
        "receiver-setup.deb",
    )
}


def make_package(path: Path, content: bytes = b"") -> Path:
    """Make what looks like a package."""
    path.write_bytes(b"!<arch>\ndebian-binary   " + content)
    return path


@dataclass(kw_only=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


class Card:
    """A prepared partition and the command for it, run in this process because there are many."""

    def __init__(
        self, pytest_: tuple[pytest.MonkeyPatch, pytest.CaptureFixture[str]], boot: Path, package: Path
    ) -> None:
        self._patch, self._capture = pytest_
        self.boot, self.package = boot, package

    def prepare(self, *options: str | Path, password: str = PASSWORD) -> Done:
        """Run it with a camera and the package, unless what it does is to remove."""
        wishes = ("--camera", "192.168.2.168", "--deb", self.package)
        given = () if "--remove" in options else wishes
        arguments = ("receiver-setup", "pi", "prepare", "--boot", self.boot, *given, *options)
        self._patch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", password)
        self._patch.setattr(sys, "argv", list(map(str, arguments)))
        self._capture.readouterr()
        with pytest.raises(SystemExit) as ending:
            run()
        out, err = self._capture.readouterr()
        return Done(returncode=int(str(ending.value.code)), stdout=out, stderr=err)

    def json(self, *options: str | Path, password: str = PASSWORD) -> tuple[int, dict[str, Any]]:
        """Run it with --json; the exit code and the one object."""
        done = self.prepare("--json", *options, password=password)
        loaded: dict[str, Any] = json.loads(done.stdout)
        return done.returncode, loaded


MakeCard = Callable[[str], Card]


@pytest.fixture
def make_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> MakeCard:
    """Return what makes a partition of a sample, with the command for it."""

    def make(sample: str) -> Card:
        package = make_package(tmp_path / "receiver-setup.deb")
        return Card((monkeypatch, capsys), make_partition(tmp_path / "bootfs", sample), package)

    return make


@pytest.fixture(params=FORMATS)
def card(request: pytest.FixtureRequest, make_card: MakeCard) -> Card:
    """Give a partition of each format."""
    return make_card(request.param)


@pytest.fixture
def cloud(make_card: MakeCard) -> Card:
    """Give a partition for cloud-init."""
    return make_card(FORMATS[0])


def test_what_macos_writes_beside_our_files_is_no_change_and_goes_with_them(cloud: Card) -> None:
    before = contents(cloud.boot)
    assert cloud.prepare().returncode == 0
    for name in FOLDER:
        path = cloud.boot / name
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    assert cloud.json("--check")[1]["changed"] is False
    (cloud.boot / "receiver-setup/._stray").touch()
    assert cloud.json("--check")[1]["changed"] is True, "it belongs to no file"
    assert cloud.prepare("--remove").returncode == 0
    assert contents(cloud.boot) == before


def test_check_write_check_write_remove_check(card: Card) -> None:
    before = contents(card.boot)
    code, told = card.json("--check", "--diff")
    assert (code, told["changed"], contents(card.boot)) == (7, True, before)
    assert "+++ b/receiver-setup/job.toml" in told["diff"]
    code, told = card.json()
    assert (code, told["ok"], told["changed"]) == (0, True, True)
    prepared = contents(card.boot)
    assert prepared.keys() - before.keys() - {"firstrun.sh"} == FOLDER
    assert prepared["receiver-setup/camera-password"].decode() == f"{PASSWORD}\n"
    for options in (("--check",), ()):
        code, told = card.json(*options)
        assert (code, told["changed"], told["diff"], contents(card.boot)) == (0, False, "", prepared)
    code, told = card.json("--remove", "--check")
    assert (code, told["changed"], contents(card.boot)) == (7, True, prepared)
    code, told = card.json("--remove")
    assert (code, told["changed"], contents(card.boot)) == (0, True, before)
    assert not (card.boot / "receiver-setup").exists()
    code, told = card.json("--remove")
    assert (code, told["changed"]) == (0, False)


def test_the_password_is_in_its_own_file_alone_and_in_nothing_that_is_printed(card: Card) -> None:
    done = [card.prepare("--check", "--diff", "-vv"), card.prepare("--diff", "-vv"), card.prepare("--json", "--diff")]
    said = "".join(each.stdout + each.stderr for each in done)
    for name, content in contents(card.boot).items():
        found = [form for form in spellings(PASSWORD) if form.encode() in content]
        assert bool(found) is (name == "receiver-setup/camera-password"), name
    assert [form for form in spellings(PASSWORD) if form in said] == []
    assert not Path("canary").exists()


def test_it_says_that_the_password_has_to_be_on_the_card(cloud: Card) -> None:
    assert "the camera's password is readable on the card, in receiver-setup/camera-password" in cloud.prepare().stdout


def test_another_wish_changes_ours_alone_and_an_older_password_is_gone(card: Card) -> None:
    card.prepare()
    first = contents(card.boot)
    code, told = card.json("--upload", "rec", password="an0ther!")
    assert (code, told["changed"]) == (0, True)
    second = contents(card.boot)
    assert {name for name in second if first[name] != second[name]} == {
        "receiver-setup/camera-password",
        "receiver-setup/job.toml",
    }
    assert second["receiver-setup/camera-password"] == b"an0ther!\n"
    assert b'upload = "rec"' in second["receiver-setup/job.toml"]


def test_what_was_edited_in_between_stays(cloud: Card) -> None:
    cloud.prepare()
    own = cloud.boot / "user-data"
    own.write_text(own.read_text().replace("attic-pi", "cellar-pi"))
    (cloud.boot / "config.txt").write_text("gpu_mem=16\n")
    before = contents(cloud.boot)
    assert cloud.json()[1]["changed"] is False
    assert contents(cloud.boot) == before
    cloud.prepare("--remove")
    assert own.read_text() == (SAMPLES / FORMATS[0] / "user-data").read_text().replace("attic-pi", "cellar-pi")
    assert (cloud.boot / "config.txt").read_text() == "gpu_mem=16\n"


def test_packages_for_a_pi_without_internet_come_and_go(cloud: Card, tmp_path: Path) -> None:
    folder = tmp_path / "debs"
    folder.mkdir()
    make_package(folder / "a.deb")
    make_package(folder / "b.deb", b"b")
    (folder / "notes.txt").write_text("no package")
    cloud.prepare("--offline-debs", folder)
    assert contents(cloud.boot).keys() >= {"receiver-setup/debs/a.deb", "receiver-setup/debs/b.deb"}
    (folder / "a.deb").unlink()
    code, told = cloud.json("--offline-debs", folder)
    assert (code, told["changed"]) == (0, True)
    assert "receiver-setup/debs/a.deb" not in contents(cloud.boot)
    cloud.prepare()
    assert contents(cloud.boot).keys() & {"receiver-setup/debs/b.deb"} == set()
    assert not (cloud.boot / "receiver-setup/debs").exists()


def test_a_write_that_was_cut_off_is_mended_by_the_next_run(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes at each write in turn, with half of it on the card."""
    before = contents(card.boot)
    monkeypatch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", PASSWORD)
    real = Partition.write
    calls: list[str] = []
    cut = [0]

    def write(self: Partition, name: str, content: bytes | Path) -> None:
        calls.append(name)
        if len(calls) == cut[0]:
            whole = content if isinstance(content, bytes) else content.read_bytes()
            (self.path / "receiver-setup.part").write_bytes(whole[: len(whole) // 2 + 1])
            raise KeyboardInterrupt
        real(self, name, content)

    monkeypatch.setattr(Partition, "write", write)
    context = prepare_context(card)
    for number in range(1, 7):
        calls.clear()
        cut[0] = number
        with pytest.raises(KeyboardInterrupt):
            prepare_run.run(context)
        cut[0] = 0
        assert "receiver-setup.part" in contents(card.boot)
        if number % 2:
            assert prepare_run.run(context) == 0
            assert "receiver-setup.part" not in contents(card.boot)
        assert prepare_run.run({**context, "remove": True}) == 0
        assert contents(card.boot) == before


def prepare_context(card: Card) -> dict[str, Any]:
    """Return the options that click makes."""
    words = ["--boot", str(card.boot), "--camera", "192.168.2.168", "--deb", str(card.package)]
    return prepare.make_context("prepare", words).params


def test_a_card_that_is_full_is_left_as_it_is(cloud: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(cloud.boot)
    monkeypatch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", PASSWORD)
    found = os.statvfs(cloud.boot)
    monkeypatch.setattr(
        os, "statvfs", lambda _: os.statvfs_result((4096, 4096, found.f_blocks, 9, 9, *tuple(found)[5:]))
    )
    with pytest.raises(BootPartitionError, match="0 MB free") as caught:
        prepare_run.run(prepare_context(cloud))
    assert (caught.value.exit_code, contents(cloud.boot)) == (4, before)


def test_a_card_that_cannot_be_written_is_told_with_a_remedy(cloud: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVER_SETUP_CAMERA_PASSWORD", PASSWORD)

    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(BootPartitionError, match="Read-only file system") as caught:
        prepare_run.run(prepare_context(cloud))
    assert "mount it writable" in caught.value.hint


@pytest.mark.parametrize("sample", ["trixie-cloud-init", "bookworm-untouched"])
def test_a_card_that_was_started_is_refused_unless_one_insists(make_card: MakeCard, sample: str) -> None:
    """cloud-init looks at its files once; what the kernel's command line names runs at any start."""
    card = make_card(sample)
    (card.boot / "cmdline.txt").write_text("root=PARTUUID=1-02 rootwait\n")
    before = contents(card.boot)
    code, told = card.json()
    assert (code, told["error"]["kind"], contents(card.boot)) == (2, "configuration", before)
    assert "was started before" in told["error"]["message"]
    code, told = card.json("--yes")
    assert (code, told["boot"]["format"], len(told["warnings"])) == (0, "firstrun", 1)
    assert "systemd.run=/boot/firmware/firstrun.sh" in (card.boot / "cmdline.txt").read_text()
    assert card.json("--yes")[1]["changed"] is False
    card.prepare("--remove")
    assert contents(card.boot) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--camera", "http://admin:secret@192.168.2.169"), "a password in --camera would stay on the card"),
        (("--camera", "http://192.168.2.168"), "was given twice"),
        (("--user", "root"), "cannot be root"),
        (("--directory", "../x"), "recordings directory"),
        (("--home", "/etc"), "is a folder of the system"),
        (("--upload", "films"), "'films' is not a kind of upload"),
        (("--schedule", "noon"), "noon"),
        (("--receiver-address", "a b"), "receiver's address"),
        (("--camera-insecure",), "https"),
        (("--offline-debs", "/nowhere"), "there is no folder /nowhere"),
        (("--deb", "/nowhere.deb"), "No such file"),
        (("--deb", "/etc/passwd"), "is not a Debian package"),
        (("--wait-for-camera", "0"), "0"),
        (("-q", "-v"), "contradict"),
    ],
)
def test_a_wish_that_cannot_be_meant_is_refused_before_anything_is_written(
    cloud: Card, options: tuple[str, ...], told: str
) -> None:
    before = contents(cloud.boot)
    done = cloud.prepare(*options)
    assert done.returncode == 2
    assert told in done.stderr
    assert contents(cloud.boot) == before


@pytest.mark.parametrize("password", ["", "two\nlines", "p" * 31])
def test_a_password_that_the_first_boot_could_not_use_is_refused(cloud: Card, password: str) -> None:
    done = cloud.prepare(password=password)
    assert (done.returncode, "password" in done.stderr) == (2, True)


def test_what_is_no_boot_partition_is_left_alone(run_cli: Run, tmp_path: Path) -> None:
    for options in (("--remove",), ("--camera", "192.168.2.168")):
        done = run_cli("pi", "prepare", "--boot", tmp_path, *options)
        assert (done.returncode, "is not the boot partition of a Raspberry Pi" in done.stderr) == (2, True)
    done = run_cli("pi", "prepare", "--boot", tmp_path / "none", "--remove")
    assert (done.returncode, "there is no directory" in done.stderr) == (2, True)
    assert contents(tmp_path) == {}


def test_files_that_somebody_put_into_our_folder_go_with_it_only_where_they_are_ours(cloud: Card) -> None:
    cloud.prepare()
    (cloud.boot / "receiver-setup-notes.txt").write_text("mine")
    cloud.prepare("--remove")
    assert (cloud.boot / "receiver-setup-notes.txt").read_text() == "mine"


def test_pi_alone_tells_its_commands(run_cli: Run) -> None:
    done = run_cli("pi")
    assert (done.returncode, "give prepare" in done.stderr) == (2, True)


def test_a_job_that_cannot_be_read_is_told_to_the_first_boot(run_cli: Run, tmp_path: Path) -> None:
    done = run_cli("pi", "first-boot", "--folder", tmp_path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "failed")
    assert "job on the card cannot be read" in done.stdout


def test_at_a_shutdown_the_first_boot_waits_until_the_set_up_has_put_things_back(cloud: Card, tmp_path: Path) -> None:
    """All processes of a unit are told to end at once; a placeholder for the set-up takes a second for it."""
    assert cloud.prepare().returncode == 0
    set_up = tmp_path / "python"
    set_up.write_text(
        f"#!/bin/sh\ntrap 'sleep 1; echo >{tmp_path}/put-back; exit 130' TERM\n"
        f"echo >{tmp_path}/started\nwhile :; do sleep 0.05; done\n"
    )
    set_up.chmod(0o755)
    code = f"import sys\nsys.executable = {str(set_up)!r}\nfrom receiver_setup.__main__ import main\nmain()\n"
    first_boot = subprocess.Popen(
        [sys.executable, "-c", code, "pi", "first-boot", "--folder", str(cloud.boot / "receiver-setup")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "started").exists():
        assert first_boot.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(first_boot.pid, signal.SIGTERM)
    assert first_boot.wait(timeout=30) == 130
    assert (tmp_path / "put-back").exists()
