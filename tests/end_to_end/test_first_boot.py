"""A prepared card, from `pi prepare` to the result: the first boot really runs, under systemd, on Debian 12 and 13."""

from pathlib import Path

import pytest
from support import boot, packages, trees
from support.bench import CAMERA_PASSWORD, Bench, MakeBench, MakeCamera

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver import cgroup
from receiver_setup.emulator.receiver.network import HOST_ADDRESS
from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.secrets import spellings

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]
IMPATIENT = {"between-s": 1, "host-keys-s": 5, "network-s": 5, "clock-s": 1}


def tree_with_systemd(release: str) -> Path:
    """Return a release's tree, or skip the test where no systemd may be PID 1."""
    tree = trees.unpack(release)
    try:
        cgroup.require_systemd(tree)
    except ReceiverUnsuitableError as error:
        pytest.skip(error.message)
    return tree


class Card:
    """A card that is prepared on this machine and started in a receiver."""

    def __init__(self, bench: Bench, partition: Path, package: Path, debs: Path | None) -> None:
        self.bench, self.partition = bench, partition
        self._options = ["--deb", str(package), *(["--offline-debs", str(debs)] if debs is not None else [])]

    def prepare(self, camera_url: str, *, camera_s: int = 60, password: str = CAMERA_PASSWORD) -> None:
        """Write the set-up to the partition, with waits that suit a test; lay it into the receiver."""
        arguments = ("pi", "prepare", "--boot", str(self.partition), "--camera", camera_url, *self._options)
        self.bench.environment["RECEIVER_SETUP_CAMERA_PASSWORD"] = password
        done = self.bench.run(*arguments, "--yes")
        assert done.code == 0, done.err
        job = self.partition / "receiver-setup/job.toml"
        text = job.read_text()
        for name, value in {**IMPATIENT, "camera-s": camera_s}.items():
            lines = [f"{name} = {value}" if line.startswith(f"{name} = ") else line for line in text.splitlines()]
            text = "\n".join(lines) + "\n"
        job.write_text(text)
        boot.insert(self.bench.receiver, self.partition)

    def start_again(self) -> None:
        """Have the receiver begin the unit anew, as a power cut and a restart would."""
        boot.inside(self.bench.receiver, f"systemctl kill -s KILL {boot.UNIT}; systemctl restart {boot.UNIT}")

    def check_the_end(self, *, password: str = CAMERA_PASSWORD) -> None:
        """See that no secret is left, on the partition or in the journal, and that the unit has taken itself away."""
        files = boot.take_out(self.bench.receiver)
        found = [name for name, data in files.items() if any(form.encode() in data for form in spellings(password))]
        assert found == []
        assert {name for name in files if "password" in name or name.endswith((".part", ".new", "job.toml"))} == set()
        journal = self.bench.inside("journalctl --no-pager -o export")
        assert boot.UNIT in journal
        assert [form for form in spellings(password) if form in journal] == []
        left = self.bench.inside("find /etc/systemd /usr/local/lib -name '*receiver-setup*'; systemctl is-failed '*'")
        assert "receiver-setup" not in left


def test_a_card_with_a_first_run_script_tells_a_wrong_password_once_and_then_waits_for_its_camera(
    make_bench: MakeBench, make_camera: MakeCamera, debian_package: Path, tmp_path: Path
) -> None:
    partition = boot.make_partition(tmp_path / "bootfs", "bookworm-firstrun")
    former = boot.contents(partition)
    with make_bench(tree=tree_with_systemd("bookworm"), systemd=True) as bench:
        receiver = bench.receiver
        card = Card(bench, partition, debian_package, packages.repository("bookworm"))
        locked = make_camera()
        card.prepare(locked.url, password="wrong pass wörd")
        boot.run_first_run(receiver, partition)
        result = boot.wait_for(receiver, "FAILED")
        assert (locked.wrong_password_attempts, locked.set_commands) == (1, [])
        assert "hint: " in result
        assert "the clock was not synchronised" in result
        assert "The camera's password is no longer on this card." in result
        card.check_the_end(password="wrong pass wörd")
        # Its owner's own script has run, and the system's end of it.
        assert bench.inside("cat /etc/hostname; ls /var/lib/anna-was-here") == "attic-pi\n/var/lib/anna-was-here"
        assert b"systemd." not in boot.take_out(receiver)["cmdline.txt"]

        # The same card, prepared again, for a camera that is not there yet. The power goes while it waits.
        for name, data in former.items():
            (partition / name).write_bytes(data)
        late = EmulatedCamera(Profile(), host=HOST_ADDRESS, password=CAMERA_PASSWORD)
        with late:
            url = late.url
        card.prepare(url)
        boot.run_first_run(receiver, partition)
        boot.wait_for(receiver, "NOT DONE YET", "cannot be reached")
        card.start_again()
        boot.wait_for(receiver, "NOT DONE YET", "waits for its host keys")
        boot.wait_for(receiver, "NOT DONE YET", "cannot be reached")
        with EmulatedCamera(Profile(), host=HOST_ADDRESS, port=late.port, password=CAMERA_PASSWORD) as arrived:
            result = boot.wait_for(receiver, "DONE")
            assert arrived.state.fields["ft_insecure"] == "0"
            assert [upload.result.name for upload in arrived.uploads][-1] == "SUCCESS"
        assert "Test-Snapshot.jpeg" in result
        card.check_the_end()
        assert "Accepted publickey for ipcamera" in receiver.log()


def test_a_card_for_cloud_init_gives_up_in_time_and_sets_up_from_packages_of_its_own(
    make_bench: MakeBench, make_camera: MakeCamera, debian_package: Path, tmp_path: Path
) -> None:
    partition = boot.make_partition(tmp_path / "bootfs", "trixie-cloud-init")
    with make_bench(tree=tree_with_systemd("trixie"), systemd=True) as bench:
        receiver, camera = bench.receiver, make_camera()
        Card(bench, partition, debian_package, None).prepare(camera.url, camera_s=1)
        boot.run_cloud_init(receiver)
        assert "cycle" not in bench.inside("systemd-analyze verify multi-user.target 2>&1 || :")
        result = boot.wait_for(receiver, "FAILED")
        assert "the package receiver-setup cannot be installed" in result
        assert "given up" in result
        card = Card(bench, partition, debian_package, packages.repository("trixie"))
        card.check_the_end()
        assert camera.requests == []

        card.prepare(camera.url)
        boot.inside(receiver, "systemctl disable --now ssh.service")
        boot.run_cloud_init(receiver)
        assert "Test-Snapshot.jpeg" in boot.wait_for(receiver, "DONE")
        card.check_the_end()
        assert bench.inside("systemctl is-enabled ssh.service; ls /var/lib/anna-was-here") == (
            "enabled\n/var/lib/anna-was-here"
        )
        # Once more, as after a factory reset of cloud-init: there is nothing to do.
        boot.inside(receiver, "sh /boot/firmware/receiver-setup/first-boot.sh start")
        assert bench.inside(f"systemctl is-active {boot.UNIT} || :") == "inactive"
