"""`receiver-setup explain`: the printed script leads where `setup` leads, tells no secret and trusts no impostor."""

import base64
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from end_to_end.test_shells import NO_SHADOW, USERLAND
from support import trees
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeBench, MakeCamera
from support.by_hand import explain, first_part, run_both, second_part, split

from receiver_setup.emulator.camera import EmulatedCamera
from receiver_setup.emulator.receiver.throwaway import ThrowawayReceiver

pytestmark = pytest.mark.usefixtures("private_network")

DROP_IN = "/etc/ssh/sshd_config.d/00-receiver-setup-ipcamera.conf"
WISHES = ("--upload", "rec,timersnap", "--interval", "60", "--snapshots", "7", "--schedule", "10:00 Mon-Fri")


def commands(part: str) -> list[str]:
    """Return the lines of a part that are no remarks."""
    return [line for line in part.splitlines() if line and not line.startswith("#")]


def lasting(bench: Bench) -> list[str]:
    """Return the receiver's state without the test pictures and without the record, which is the tool's alone."""
    return [
        line
        for line in bench.state().splitlines()
        if "Test-Snapshot" not in line and "var/lib/receiver-setup" not in line
    ]


def camera_state(camera: EmulatedCamera) -> tuple[object, ...]:
    """Return all that a set-up changes on a camera, the host keys that it trusts among it."""
    state = camera.state
    return (
        dict(state.fields),
        {k: dict(v) for k, v in state.actions.items()},
        dict(state.attributes),
        list(state.trusted_host_keys),
    )


def settled(bench: Bench, camera: EmulatedCamera, *, options: tuple[str, ...] = ()) -> None:
    """See that `setup` finds nothing to change, and that it proves the upload."""
    sent = len(camera.set_commands)
    result = bench.setup(camera, options=options)
    assert (result.code, result.json["changed"]) == (0, False), result.out
    assert "prove upload" in [step["name"] for step in result.camera["steps"]]
    assert camera.set_commands[sent:] == []


# ---- what it leads to


@pytest.mark.parametrize(
    ("profile", "options"),
    [
        ({}, WISHES),
        ({"uploader": "curl"}, ("--sha1", "always")),
        ({}, ("--no-jail", "--directory", "usb disk/porch")),
    ],
    ids=["jail", "curl", "no jail"],
)
def test_by_hand_all_is_as_a_set_up_leaves_it(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, profile: dict[str, object], options: tuple[str, ...]
) -> None:
    camera = make_camera(**profile)
    before, former = bench.state(), camera_state(camera)
    script = explain(bench, camera, options=options)
    assert (bench.state(), camera_state(camera), camera.set_commands) == (before, former, [])

    assert bench.setup(camera, options=options).code == 0
    wanted, wanted_camera = lasting(bench), camera_state(camera)
    assert bench.remove(camera, options=("--delete-recordings",)).code == 0
    assert bench.state() == before
    camera.state.trusted_host_keys.clear()

    run_both(bench, script, tmp_path)
    assert lasting(bench) == wanted
    assert camera_state(camera) == wanted_camera
    settled(bench, camera, options=options)


@pytest.mark.rest
def test_it_works_with_busybox_alone(make_bench: MakeBench, make_camera: MakeCamera, tmp_path: Path) -> None:
    program = (trees.unpack("busybox") / "busybox").read_bytes()
    camera = make_camera()
    with make_bench(tree=trees.unpack("trixie")) as bench:
        install = "cat >/usr/local/sbin/busybox; chmod 755 /usr/local/sbin/busybox"
        assert bench.receiver.run("sh", "-ec", install, input=program).returncode == 0
        assert bench.receiver.run("bash", "-ec", USERLAND + NO_SHADOW).returncode == 0
        bench.receiver.wait_until_listening()
        script = explain(bench, camera)
        assert "adduser -S" in script
        run_both(bench, script, tmp_path)
        settled(bench, camera)


@pytest.mark.rest
def test_an_account_made_by_hand_is_adopted(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    bench.inside("useradd --shell /bin/sh ipcamera && echo ipcamera:its-own | chpasswd")
    script = explain(bench, camera, options=("--adopt",))
    run_both(bench, script, tmp_path)
    assert bench.inside("getent shadow ipcamera").split(":")[1].startswith("*$")
    settled(bench, camera, options=("--adopt",))


@pytest.mark.rest
@pytest.mark.thorough
@pytest.mark.parametrize(
    "profile",
    [
        {"requires_all_fields": True, "unchanged_is_219": True, "sethost_answers": "test"},
        {"test_response_field": False, "crlf": True, "sethost_answers": "result", "busy_times": 2},
        {"login_methods": ("token",)},
        {"login_methods": ("query", "token")},
        {"test_busy_times": 1, "keep_alive": False},
        {"echo": ("zeros", "blanks", "entities"), "late_s": 2.5},
    ],
    ids=["strict", "terse", "token", "query and token", "busy", "late"],
)
def test_it_works_with_each_kind_of_camera(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, profile: dict[str, object]
) -> None:
    camera = make_camera(**profile)
    run_both(bench, explain(bench, camera), tmp_path)
    assert camera.wrong_password_attempts == 0
    settled(bench, camera)


def test_a_chosen_login_is_the_one_of_the_script(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera(login_methods=("query",))
    run_both(bench, explain(bench, camera, options=("--camera-login", "query")), tmp_path)
    settled(bench, camera, options=("--camera-login", "query"))


@pytest.mark.rest
@pytest.mark.thorough
@pytest.mark.parametrize("way", ["fingerprint", "authority", "insecure"])
def test_the_certificate_is_checked_as_it_was_asked_for(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, way: str
) -> None:
    camera = make_camera(https=True, https_name="address" if way == "authority" else "ddns")
    authority = tmp_path / "ca.pem"
    authority.write_bytes(camera.certificate_pem or b"")
    options = {
        "fingerprint": ("--camera-fingerprint", str(camera.certificate_fingerprint)),
        "authority": ("--camera-ca-file", str(authority)),
        "insecure": ("--camera-insecure",),
    }[way]
    script = explain(bench, camera, options=options)
    run_both(bench, script, tmp_path)
    settled(bench, camera, options=options)
    if way == "fingerprint":
        other = make_camera(https=True)
        sent = second_part(script.replace(camera.url.partition("//")[2], other.url.partition("//")[2]), tmp_path)
        assert (sent.returncode, "another certificate" in sent.stderr) == (1, True)
        assert other.requests == []


@pytest.mark.rest
def test_old_tls_is_allowed_where_that_is_said(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = make_camera(https=True, tls_version="1.0")
    pinned = ("--camera-fingerprint", str(camera.certificate_fingerprint))
    insecure, script = (explain(bench, camera, options=each) for each in (("--camera-insecure",), pinned))
    assert first_part(bench, script).returncode == 0
    sent = len(camera.requests)
    assert [second_part(each, tmp_path).returncode for each in (insecure, script)] == [1, 1]
    assert len(camera.requests) == sent
    monkeypatch.setenv("OLD_TLS", "yes")
    for each in (script, insecure):
        done = second_part(each, tmp_path)
        assert done.returncode == 0, done.stderr
    settled(bench, camera, options=pinned)


@pytest.mark.rest
def test_two_cameras_have_a_folder_each(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    first, second = make_camera(), make_camera()
    script = explain(bench, first, second)
    assert first_part(bench, script).returncode == 0
    done = second_part(script, tmp_path, given=f"{CAMERA_PASSWORD}\n" * 2)
    assert done.returncode == 0, done.stderr
    result = bench.setup(first, second)
    assert (result.code, result.json["changed"]) == (0, False), result.out


@pytest.mark.rest
def test_by_password_the_script_makes_it_and_the_camera_is_told(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    camera = make_camera(key="none", auth_order="password", slow_s=0.05)
    script = explain(bench, camera)
    done = first_part(bench, script)
    assert (done.returncode, done.stderr) == (0, b"")
    told = done.stdout.decode().splitlines()[-1]
    password = told.rpartition(": ")[2]
    assert told.startswith("The UPLOAD_PASSWORD")
    assert (len(password), password.isalnum()) == (24, True)
    with process_lists() as seen:
        other = second_part(script, tmp_path, given=f"{password}\n{CAMERA_PASSWORD}\n")
    assert other.returncode == 0, other.stderr
    assert any("curl" in line for line in seen)
    assert [line for line in seen if password in line] == []
    assert camera.state.fields["ft_password"] == password
    settled(bench, camera)


@pytest.mark.rest
def test_accounts_of_their_own_have_passwords_of_their_own(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path
) -> None:
    cameras = [make_camera(key="none", auth_order="password") for _ in range(2)]
    script = explain(bench, *cameras, options=("--isolate",))
    done = first_part(bench, script)
    assert (done.returncode, done.stderr) == (0, b"")
    told = [line for line in done.stdout.decode().splitlines() if line.startswith("The UPLOAD_PASSWORD_ipcamera_")]
    passwords = [line.rpartition(": ")[2] for line in told]
    assert len(set(passwords)) == 2
    given = "".join(f"{word}\n" for word in (*passwords, CAMERA_PASSWORD, CAMERA_PASSWORD))
    other = second_part(script, tmp_path, given=given)
    assert other.returncode == 0, other.stderr
    assert [camera.state.fields["ft_password"] for camera in cameras] == passwords
    result = bench.setup(*cameras, options=("--isolate",))
    assert (result.code, result.json["changed"]) == (0, False), result.out


def test_a_removal_takes_back_what_was_done_by_hand(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    before = bench.state()
    run_both(bench, explain(bench, camera), tmp_path)
    result = bench.remove(camera)
    assert (result.code, bench.state()) == (0, before), result.err
    assert camera.state.fields["ft_server"] == ""


# ---- nothing twice


def test_a_second_script_has_nothing_but_the_test(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    run_both(bench, explain(bench, camera, options=WISHES), tmp_path)
    before, sent = lasting(bench), len(camera.set_commands)
    script = explain(bench, camera, options=WISHES)
    first, second = split(script)
    assert commands(first) == []
    assert "Nothing is left to do on the receiver." in first
    assert first.count("# Nothing to do for ") == 8
    assert "setft" not in second
    assert "sethost" not in second
    assert commands(second)[-3:-1] == ["test_upload", "passed"]
    run_both(bench, script, tmp_path)
    assert (lasting(bench), camera.set_commands[sent:]) == (before, [])


@pytest.mark.rest
def test_only_what_a_hand_has_changed_is_told(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    wanted = lasting(bench)
    bench.inside(f"sed -i 's/PermitTTY no/PermitTTY yes/' {DROP_IN} && chmod 700 /home/ipcamera/recordings")
    script = explain(bench, camera)
    told = "\n".join(commands(split(script)[0]))
    assert ("useradd" in told, "authorized_keys" in told, f"cat >{DROP_IN}.new" in told) == (False, True, True)
    assert f"install -d -o ipcamera -g ipcamera -m 0750 {'/home/ipcamera/recordings'}" in told
    run_both(bench, script, tmp_path)
    assert lasting(bench) == wanted


# ---- where it stops


@pytest.mark.rest
@pytest.mark.parametrize("there", [False, True], ids=["new", "replaced"])
def test_an_sshd_that_refuses_has_its_former_configuration_again(
    bench: Bench, make_camera: MakeCamera, there: bool
) -> None:
    camera = make_camera()
    if there:
        assert bench.setup(camera).code == 0
        bench.inside(f"sed -i 's/PermitTTY no/PermitTTY yes/' {DROP_IN}")
    before = bench.inside("cd /etc/ssh/sshd_config.d && ls -A && cat *")
    script = explain(bench, camera)
    bench.inside("echo Nonsense yes >>/etc/ssh/sshd_config")
    done = first_part(bench, script)
    assert done.returncode == 1
    assert b"sshd refuses the configuration" in done.stderr
    assert bench.inside("cd /etc/ssh/sshd_config.d && ls -A && cat *") == before


@pytest.mark.rest
def test_an_sshd_that_would_not_go_by_the_drop_in_is_not_reloaded(bench: Bench, make_camera: MakeCamera) -> None:
    script = explain(bench, make_camera())
    bench.inside("sed -i '1i Match User ipcamera\\nPermitTTY yes\\nMatch all' /etc/ssh/sshd_config")
    done = first_part(bench, script)
    assert done.returncode == 1
    assert b"sshd would not use: permittty no" in done.stderr
    assert bench.inside(f"ls {DROP_IN}") == ""
    assert bench.receiver.log().count("Server listening on 0.0.0.0") == 1


@pytest.mark.rest
def test_the_first_part_runs_on_its_own_receiver_alone(
    bench: Bench, make_camera: MakeCamera, make_bench: MakeBench
) -> None:
    script = explain(bench, make_camera())
    with make_bench() as other:
        before = other.state()
        done = first_part(other, script)
        assert (done.returncode, other.state()) == (1, before)
        assert f"this part is for {bench.receiver.name}".encode() in done.stderr


def test_an_impostors_host_key_is_never_trusted(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    with ThrowawayReceiver(admin_public_key=bench.key.public_line) as impostor:
        script = explain(bench, camera, options=("--receiver-address", impostor.address))
        assert first_part(bench, script).returncode == 0
        done = second_part(script, tmp_path)
        assert done.returncode == 1
        listed = "for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done | cut -d ' ' -f 2"
        for receiver, least in ((impostor, 1), (bench.receiver, 2)):
            prints = receiver.run("sh", "-c", listed).stdout.decode().split()
            assert len([each for each in prints if each in done.stderr]) >= least
    assert "nothing was trusted" in done.stderr
    assert camera.state.trusted_host_keys == []
    assert [request.command for request in camera.requests if "sethost" in request.parameters] == []
    assert camera.state.fields["ft_insecure"] == "1"
    # The way back is told, with the commands of the script itself.
    back = next(line[4:] for line in script.splitlines() if line.startswith("#   change cmd=setftpattr"))
    put = script.replace("# Point it at the receiver", f"{back}\nexit 0\n# Point it at the receiver", 1)
    assert second_part(put, tmp_path).returncode == 0
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_a_wrong_password_is_sent_once(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera()
    script = explain(bench, camera)
    assert first_part(bench, script).returncode == 0
    sent = list(camera.requests)
    done = second_part(script, tmp_path, given="wrong\n")
    assert (done.returncode, camera.wrong_password_attempts, len(camera.requests)) == (1, 1, len(sent) + 1)
    assert {name: camera.state.fields[name] for name in FORMER} == FORMER


def test_an_sha1_signature_is_named_with_its_remedy(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    camera = make_camera(signature="sha1", auth_order="key")
    script = explain(bench, camera)
    assert first_part(bench, script).returncode == 0
    done = second_part(script, tmp_path)
    assert (done.returncode, "--sha1 always" in done.stderr) == (1, True)


# ---- what it tells, and what it does not


@contextmanager
def process_lists() -> Iterator[set[str]]:
    """Gather the arguments of all processes that are started meanwhile from here: other tests are none of it."""
    seen: set[str] = set()
    ended = threading.Event()
    mark = f"LOOKED_AT={secrets.token_hex()}"

    def look() -> None:
        while not ended.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    if mark.encode() in path.with_name("environ").read_bytes():
                        seen.add(path.read_bytes().decode(errors="replace"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(*mark.split("="))
            yield seen
    finally:
        ended.set()
        thread.join()


def test_no_process_list_shows_the_cameras_password(bench: Bench, make_camera: MakeCamera, tmp_path: Path) -> None:
    """A script with a leak in it shows, by being seen, that the look is sharp enough."""
    camera = make_camera(slow_s=0.1)
    script = explain(bench, camera)
    assert first_part(bench, script).returncode == 0
    basic = base64.b64encode(f"admin:{CAMERA_PASSWORD}".encode()).decode()
    forms = (CAMERA_PASSWORD, quote(CAMERA_PASSWORD, safe=""), quote_plus(CAMERA_PASSWORD), basic)
    # Not as --user, which curl blots out of its own arguments as soon as it can.
    leak = script.replace("curl --disable", 'curl --disable --header "X-Leak: $CAMERA_PASSWORD"')
    for text in (script, leak):
        with process_lists() as seen:
            assert second_part(text, tmp_path).returncode == 0
        assert any("curl" in line for line in seen)
        assert any(form in line for line in seen for form in forms) is (text == leak)


def test_a_password_from_the_environment_is_not_asked_for(
    bench: Bench, make_camera: MakeCamera, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = make_camera()
    script = explain(bench, camera)
    assert first_part(bench, script).returncode == 0
    monkeypatch.setenv("CAMERA_PASSWORD", CAMERA_PASSWORD)
    assert second_part(script, tmp_path, given="").returncode == 0


def test_json_is_the_one_object_with_the_script_in_it(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    script = explain(bench, camera)
    result = bench.run(*bench.arguments(camera, command="explain"))
    assert (result.code, result.json["ok"], result.json["check"], result.json["changed"]) == (0, True, True, True)
    assert result.json["receivers"][0]["script"] == script
    assert "script" not in bench.setup(camera, options=("--check",)).json["receivers"][0]


def test_errors_are_those_of_a_set_up_and_print_no_script(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    arguments = [part for part in bench.arguments(camera, command="explain") if part != "--json"]
    bench.environment["RECEIVER_SETUP_CAMERA_PASSWORD"] = "wrong"
    refused = bench.run(*arguments)
    assert (refused.code, refused.out.strip()) == (3, "")
    del bench.environment["RECEIVER_SETUP_CAMERA_PASSWORD"]
    bench.inside("useradd --create-home ipcamera")
    refused = bench.run(*arguments)
    assert (refused.code, refused.out.strip()) == (4, "")
    assert "that this tool did not make" in refused.err
