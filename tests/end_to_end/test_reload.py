"""The whole set-up, fresh and again, for each way to make sshd read its configuration anew, and without a log."""

import subprocess

import pytest
from support.bench import FORMER, OLD_SOCKET, SOCKET, MakeBench, MakeCamera, fresh_and_again, inside

from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.rest


@pytest.mark.usefixtures("systemd")
def test_systemd_reloads_ssh_service_and_its_journal_proves_the_login(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    with make_bench(systemd=True) as bench:
        before = inside(bench, "systemctl show -p MainPID ssh")
        assert fresh_and_again(bench, make_camera()) == "systemctl reload ssh"
        assert inside(bench, "systemctl show -p MainPID ssh") == before
        assert inside(bench, "systemctl is-active ssh") == "active"
        assert "Accepted publickey for ipcamera from 10.99.0.1" in bench.receiver.log()


@pytest.mark.usefixtures("systemd")
def test_the_journal_tells_of_a_refused_sha1_signature(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    """Nothing else could: without a log the same camera is an error, as below."""
    with make_bench(systemd=True) as bench:
        result = bench.setup(make_camera(signature="sha1"))
        assert (result.code, result.camera["signature"]) == (0, "ssh-rsa"), result.err


@pytest.mark.usefixtures("systemd")
@pytest.mark.parametrize("script", [SOCKET, OLD_SOCKET + SOCKET], ids=["one sshd", "an sshd each"])
def test_what_was_changed_behind_a_socket_is_put_back(
    make_bench: MakeBench, make_camera: MakeCamera, script: str
) -> None:
    """The end of any connection's unit takes /run/sshd away, without which sshd refuses every test."""
    camera = make_camera(signature="sha1")
    with make_bench(script, systemd=True) as bench:
        before = bench.state()
        result = bench.setup(camera, options=("--sha1", "never"))
        assert (result.code, result.json["error"]["rolled_back"]) == (5, True), result.err
        assert bench.state() == before
        assert bench.setup(make_camera()).code == 0


@pytest.mark.usefixtures("systemd")
def test_a_socket_that_starts_ssh_service_works_fresh_and_again(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench(SOCKET, systemd=True) as bench:
        assert inside(bench, "systemctl is-active ssh.socket ssh.service").split() == ["active", "inactive"]
        # A reload would end an sshd that has its socket from systemd.
        assert fresh_and_again(bench, make_camera()) == "systemctl restart ssh, which ssh.socket had started"
        assert inside(bench, "systemctl is-active ssh.socket ssh.service").split() == ["active", "active"]
        assert "Accepted publickey for ipcamera from 10.99.0.1" in bench.receiver.log()


@pytest.mark.usefixtures("systemd")
def test_a_socket_with_a_process_for_each_connection_needs_no_reload(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    with make_bench(OLD_SOCKET + SOCKET, systemd=True) as bench:
        assert inside(bench, "ls -d /run/sshd") == ""
        check = bench.setup(make_camera(), options=("--check",))
        assert (check.code, check.json["changed"]) == (7, True), check.err
        means = fresh_and_again(bench, make_camera())
        assert means == "not needed: ssh.socket starts sshd with the new configuration"
        assert inside(bench, "systemctl is-active ssh.socket ssh.service").split() == ["active", "inactive"]
        assert "Accepted publickey for ipcamera from 10.99.0.1" in bench.receiver.log()


@pytest.mark.usefixtures("private_network")
def test_sysv_reloads_by_its_script(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench("test -x /etc/init.d/ssh") as bench:
        assert fresh_and_again(bench, make_camera()) == "service ssh reload"


@pytest.mark.usefixtures("private_network")
def test_without_any_service_manager_sshd_gets_a_signal(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench("rm -f /etc/init.d/ssh /usr/sbin/service") as bench:
        server = inside(bench, "cat /run/sshd.pid")
        assert fresh_and_again(bench, make_camera()) == f"SIGHUP to sshd ({server})"


NO_LOG = "rm -f /var/log/auth.log /var/log/secure /var/log/messages /var/log/syslog"


@pytest.mark.usefixtures("private_network")
def test_without_a_log_the_key_login_is_proven_by_exclusion(make_bench: MakeBench, make_camera: MakeCamera) -> None:
    with make_bench(NO_LOG, log=False) as bench:
        assert bench.receiver.log() == ""
        fresh_and_again(bench, make_camera())


@pytest.mark.usefixtures("private_network")
def test_without_a_log_a_camera_that_signs_with_sha1_is_told_the_way_out(
    make_bench: MakeBench, make_camera: MakeCamera
) -> None:
    camera = make_camera(signature="sha1")
    with make_bench(NO_LOG, log=False) as bench:
        before = bench.state()
        refused = bench.setup(camera)
        error = refused.json["error"]
        assert (refused.code, error["rolled_back"]) == (5, True), refused.err
        assert "--sha1 always" in error["hint"]
        assert bench.state() == before
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER
        allowed = bench.setup(camera, options=("--sha1", "always"))
        assert (allowed.code, allowed.camera["auth"]) == (0, "publickey"), allowed.err
        again = bench.setup(camera, options=("--sha1", "always"))
        assert (again.code, again.json["changed"]) == (0, False), again.err


@pytest.mark.usefixtures("systemd")
def test_a_rollback_under_systemd_leaves_sshd_running_as_it_was(
    make_bench: MakeBench, make_camera: MakeCamera, admin_key: AdminKey
) -> None:
    camera = make_camera()
    with make_bench(systemd=True) as bench, ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        before, configuration = bench.state(), inside(bench, "sshd -T")
        server = inside(bench, "systemctl show -p MainPID ssh")
        result = bench.setup(camera, options=("--receiver-address", impostor.address))
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, "host-key-mismatch", True), result.err
        assert bench.state() == before
        assert inside(bench, "sshd -T") == configuration
        assert inside(bench, "systemctl is-active ssh") == "active"
        assert inside(bench, "systemctl show -p MainPID ssh") == server
        options = ("IdentitiesOnly=yes", "BatchMode=yes", f"UserKnownHostsFile={bench.known_hosts}")
        signed_in = subprocess.run(
            [
                *("ssh", "-F", "none", "-i", str(bench.key.path), *(f"-o{option}" for option in options)),
                *(f"{bench.receiver.admin}@{bench.receiver.address}", "sudo -n id -un"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (signed_in.returncode, signed_in.stdout) == (0, "root\n"), signed_in.stderr
