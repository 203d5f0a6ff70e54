"""The whole set-up on other Debian releases: OpenSSH 8.4, 10.0, the newest; plain, under systemd, behind a socket."""

import subprocess
import time
from pathlib import Path
from typing import Literal

import pytest
from support import trees
from support.bench import (
    CAMERA_PASSWORD,
    FORMER,
    LOGIND,
    SOCKET,
    Bench,
    MakeBench,
    MakeCamera,
    fresh_and_again,
    inside,
    skip_where_it_signs_with_sha2,
)
from support.by_hand import explain, run_both, split

from receiver_setup.emulator.camera import EmulatedCamera, Profile
from receiver_setup.emulator.receiver import cgroup
from receiver_setup.emulator.receiver.admin_key import AdminKey
from receiver_setup.emulator.receiver.network import BRIDGE
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver
from receiver_setup.errors import ReceiverUnsuitableError
from receiver_setup.formats.sshd_config import lower_keywords

pytestmark = [pytest.mark.rest, pytest.mark.usefixtures("private_network")]

DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
NO_LOG = "rm -f /var/log/auth.log /var/log/secure /var/log/messages /var/log/syslog"
MERCILESS = "PerSourcePenalties authfail:60s noauth:60s grace-exceeded:60s crash:60s min:1s\nLogLevel VERBOSE"
"""One login that fails, or a connection without one, and the next connection is refused."""


@pytest.fixture(params=["bullseye", "trixie", "sid"])
def tree(request: pytest.FixtureRequest) -> Path:
    """Give the tree of each release."""
    return trees.unpack(request.param)


RELOADS = {"plain": "service ssh reload", "systemd": "systemctl reload ssh", "socket": "systemctl restart ssh"}
"""Each kind of receiver that a tree can be, and how sshd is made to read its configuration anew there."""


def make_kind(name: str, tree: Path) -> dict[str, object]:
    """Return what to start for a kind of receiver, and what to do there first."""
    if name == "plain":
        return {"tree": tree}
    try:
        cgroup.require_systemd(tree)
    except ReceiverUnsuitableError as error:
        pytest.skip(error.message)
    return {"tree": tree, "systemd": True, "script": SOCKET if name == "socket" else LOGIND}


@pytest.fixture(params=RELOADS)
def kind(request: pytest.FixtureRequest, tree: Path) -> dict[str, object]:
    """Give each kind of receiver of each release."""
    return make_kind(request.param, tree)


def effective(bench: Bench, user: str) -> list[str]:
    """Return the lines that sshd goes by for a user; behind a socket it lacks its directory until it runs."""
    told = inside(bench, f"mkdir -p /run/sshd; sshd -T -C user={user},host=x,addr=192.0.2.9")
    lines = lower_keywords(told)
    assert lines
    return lines


def sha1_is_allowed(bench: Bench, user: str) -> bool:
    """Tell whether sshd lets a user sign with SHA-1."""
    lists = [
        line.partition(" ")[2].split(",")
        for line in effective(bench, user)
        if line.startswith(("pubkeyacceptedalgorithms ", "pubkeyacceptedkeytypes "))
    ]
    assert lists
    return any("ssh-rsa" in each for each in lists)


@pytest.mark.parametrize("release", ["bullseye", "bookworm", "trixie", "sid"])
@pytest.mark.parametrize("name", RELOADS)
def test_the_whole_life_of_a_set_up(
    make_bench: MakeBench, make_camera: MakeCamera, tmp_path: Path, release: str, name: str
) -> None:
    camera, kind = make_camera(), make_kind(name, trees.unpack(release))
    with make_bench(**kind) as bench:
        before, configuration = bench.state(), effective(bench, "ipcamera")
        fresh_and_again(bench, camera)
        assert "Accepted publickey for ipcamera from 10.99.0.1" in bench.receiver.log()
        assert {"chrootdirectory none", "forcecommand none"} <= set(effective(bench, "admin"))
        assert "chrootdirectory /home/ipcamera" in effective(bench, "ipcamera")
        for command in ("verify", "status"):
            told = bench.run(*bench.arguments(camera, command=command))
            assert (told.code, told.json["ok"]) == (0, True), told.out
        removed = bench.remove(camera)
        assert removed.code == 0, removed.err
        # Its last session's manager is no upload, and is ended without a trace.
        assert "under way" not in removed.err
        assert bench.inside("[ ! -d /run/systemd/system ] || systemctl list-units --failed --no-legend 'user*'") == ""
        assert (bench.state(), effective(bench, "ipcamera")) == (before, configuration)
        assert {field: camera.state.fields[field] for field in FORMER} == FORMER

        # The same receiver once more, by hand, for a camera that knows SHA-1 alone.
        sha1, always = make_camera(signature="sha1"), ("--sha1", "always")
        script = explain(bench, sha1, options=always)
        # Debian 11's socket starts an sshd for each connection.
        reload = "systemd's socket starts" if (name, release) == ("socket", "bullseye") else RELOADS[name]
        assert [line for line in split(script)[0].splitlines() if reload in line]
        run_both(bench, script, tmp_path)
        settled = bench.setup(sha1, options=always)
        assert (settled.code, settled.json["changed"]) == (0, False), settled.out
        assert settled.camera["signature"] == "ssh-rsa"
        verified = bench.verify(sha1)
        assert (verified.code, verified.json["ok"]) == (0, True), verified.out
        assert bench.remove(sha1).code == 0
        assert bench.state() == before


@pytest.mark.parametrize(
    ("release", "uploader"), [("bullseye", "curl"), ("bookworm", "openssh"), ("trixie", "curl"), ("sid", "openssh")]
)
def test_a_receiver_and_a_camera_that_know_each_other_by_ipv6(
    make_bench: MakeBench, release: str, uploader: Literal["curl", "openssh"]
) -> None:
    ours = "fd99::1"
    subprocess.run(["ip", "addr", "replace", f"{ours}/64", "dev", BRIDGE, "nodad"], check=True)
    with (
        make_bench(tree=trees.unpack(release)) as bench,
        EmulatedCamera(Profile(uploader=uploader), host=ours, password=CAMERA_PASSWORD, settings=FORMER) as camera,
    ):
        theirs = f"fd99::{bench.receiver.address.rpartition('.')[2]}"
        inside(bench, f"ip addr add {theirs}/64 dev eth0 nodad")
        known = bench.known_hosts.read_text()
        bench.known_hosts.write_text(known + known.replace(bench.receiver.address, theirs))
        receiver = ("--receiver", f"{bench.receiver.admin}@[{theirs}]")
        before = bench.state()
        fresh_and_again(bench, camera, options=receiver)
        assert f"Accepted publickey for ipcamera from {ours}" in bench.receiver.log()
        assert camera.state.fields["ft_server"] == theirs
        for command in ("verify", "status"):
            told = bench.run(*bench.arguments(camera, options=receiver, command=command))
            assert (told.code, told.json["ok"]) == (0, True), told.out
        assert bench.remove(camera, options=receiver).code == 0
        assert bench.state() == before


def test_a_failed_set_up_leaves_no_trace_and_sshd_running(
    make_bench: MakeBench, make_camera: MakeCamera, kind: dict[str, object], admin_key: AdminKey
) -> None:
    camera = make_camera()
    with make_bench(**kind) as bench, ThrowawayReceiver(admin_public_key=admin_key.public_line) as impostor:
        before, configuration = bench.state(), effective(bench, "ipcamera")
        result = bench.setup(camera, options=("--receiver-address", impostor.address))
        error = result.json["error"]
        assert (result.code, error["kind"], error["rolled_back"]) == (5, "host-key-mismatch", True), result.err
        assert bench.state() == before
        assert effective(bench, "ipcamera") == configuration
        assert {name: camera.state.fields[name] for name in FORMER} == FORMER
        bench.receiver.wait_until_listening(timeout_s=5)
        if kind.get("script") != SOCKET:  # the sshd that runs has read what was made, and that it is gone again
            assert bench.receiver.log().count("Server listening on 0.0.0.0 port 22") == 3
        assert bench.setup(camera).code == 0


def test_a_change_that_nobody_confirms_is_taken_back_from_within(
    make_bench: MakeBench, make_camera: MakeCamera, kind: dict[str, object]
) -> None:
    camera = make_camera()
    with make_bench(**kind) as bench:
        inside(bench, f"echo '[ ! -e {DROP_IN} ] || sleep 9' >/home/admin/.bashrc")
        before, configuration = bench.state(), effective(bench, "ipcamera")
        result = bench.setup(camera, options=("--confirm-within", "5"))
        assert (result.code, result.json["error"]["rolled_back"]) == (4, True), result.err
        assert "took everything back by itself" in result.json["error"]["message"]
        assert (bench.state(), effective(bench, "ipcamera")) == (before, configuration)
        assert (
            inside(bench, "[ ! -d /run/systemd/system ] || systemctl list-units --all --no-legend 'receiver-setup*'")
            == ""
        )


@pytest.mark.parametrize("uploader", ["paramiko", "curl"])
def test_a_camera_that_signs_with_sha1_gets_in_and_nobody_else_by_it(
    make_bench: MakeBench, make_camera: MakeCamera, tree: Path, uploader: str
) -> None:
    """OpenSSH 8.4 takes SHA-1 from everybody, so there is nothing to allow there."""
    skip_where_it_signs_with_sha2(uploader)
    camera = make_camera(signature="sha1", uploader=uploader)
    with make_bench(tree=tree) as bench:
        by_default = sha1_is_allowed(bench, "admin")
        assert by_default == tree.name.startswith("bullseye")
        result = bench.setup(camera)
        assert (result.code, result.camera["auth"]) == (0, "publickey"), result.err
        assert result.camera["signature"] == (None if by_default else "ssh-rsa")
        assert sha1_is_allowed(bench, "ipcamera")
        assert sha1_is_allowed(bench, "admin") == by_default
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err


@pytest.mark.parametrize("kind", ["systemd", "socket"], indirect=True)
def test_the_journal_of_each_release_tells_of_a_refused_sha1_signature(
    make_bench: MakeBench, make_camera: MakeCamera, kind: dict[str, object], tree: Path
) -> None:
    """OpenSSH 10 speaks there as sshd-session, which a proof by exclusion alone would not need to know."""
    closed = "PubkeyAcceptedKeyTypes -ssh-rsa" if tree.name.startswith("bullseye") else ""
    with make_bench(**kind, sshd_config=closed) as bench:
        result = bench.setup(make_camera(signature="sha1"))
        assert (result.code, result.camera["signature"]) == (0, "ssh-rsa"), result.err


@pytest.mark.parametrize(
    ("release", "keyword"), [("bullseye", "PubkeyAcceptedKeyTypes"), ("trixie", "PubkeyAcceptedAlgorithms")]
)
def test_sha1_is_allowed_by_the_keyword_that_this_sshd_knows(
    make_bench: MakeBench, make_camera: MakeCamera, release: str, keyword: str
) -> None:
    """An administrator who has closed 8.4 to SHA-1 gets what newer releases have: an exception for one user."""
    camera = make_camera(signature="sha1")
    with make_bench(tree=trees.unpack(release), sshd_config=f"{keyword} -ssh-rsa") as bench:
        assert not sha1_is_allowed(bench, "ipcamera")
        result = bench.setup(camera)
        assert (result.code, result.camera["signature"]) == (0, "ssh-rsa"), result.err
        assert f"{keyword} +ssh-rsa" in inside(bench, f"cat {DROP_IN}")
        assert sha1_is_allowed(bench, "ipcamera")
        assert not sha1_is_allowed(bench, "admin")
        again = bench.setup(camera)
        assert (again.code, again.json["changed"]) == (0, False), again.err


def test_a_camera_without_key_login_uploads_by_password(
    make_bench: MakeBench, make_camera: MakeCamera, tree: Path
) -> None:
    camera = make_camera(key="none", auth_order="password")
    with make_bench(tree=tree) as bench:
        result = bench.setup(camera, options=("--auth", "password"))
        assert (result.code, result.camera["auth"]) == (0, "password"), result.err
        assert "Accepted password for ipcamera from 10.99.0.1" in bench.receiver.log()
        again = bench.setup(camera, options=("--auth", "password"))
        assert (again.code, again.json["changed"]) == (0, False), again.err


@pytest.mark.parametrize("log", [True, False], ids=["with a log", "without a log"])
def test_no_try_of_a_set_up_costs_its_source_a_penalty(
    make_bench: MakeBench, make_camera: MakeCamera, admin_key: AdminKey, log: bool
) -> None:
    with make_bench("" if log else NO_LOG, tree=trees.unpack("trixie"), sshd_config=MERCILESS, log=log) as bench:
        fresh_and_again(bench, make_camera())
        assert "penalty" not in bench.receiver.log()
        # That it would have been noticed:
        signed_in = ["ssh", "-Fnone", "-oBatchMode=yes", f"-oUserKnownHostsFile={bench.known_hosts}"]
        subprocess.run([*signed_in, f"nobody@{bench.receiver.address}"], check=False, capture_output=True)
        as_admin = [*signed_in, "-oIdentitiesOnly=yes", "-i", str(admin_key.path), f"admin@{bench.receiver.address}"]
        deadline = time.monotonic() + 5
        while subprocess.run([*as_admin, "true"], check=False, capture_output=True).returncode == 0:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert ("penalty" in bench.receiver.log()) == log
