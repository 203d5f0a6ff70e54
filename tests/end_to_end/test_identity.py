"""A camera is its key: name and address are labels, and nothing is revoked from or sent to another one."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.bench import CAMERA_PASSWORD, FORMER, Bench, MakeCamera, Result

from receiver_setup.emulator.camera import EmulatedCamera

pytestmark = pytest.mark.rest

HOME = "/home/ipcamera"
KEY_FILE = "/etc/ssh/authorized_keys.d/ipcamera"
CAMERAS = "/var/lib/receiver-setup/accounts/ipcamera/cameras"
OTHERS = FORMER | {"ft_server": "192.168.178.2", "ft_username": "others"}
"""What another camera was set to before."""


def label(camera: EmulatedCamera) -> str:
    """Return the name that a camera is given by its address."""
    return camera.url.removeprefix("http://").replace(":", "-")


def former(camera: EmulatedCamera) -> dict[str, str]:
    return {name: camera.state.fields[name] for name in FORMER}


def exchange(first: EmulatedCamera, second: EmulatedCamera) -> None:
    """Let two cameras have each other's address."""
    states = second.state, first.state
    first.state, second.state = states
    first._engine.state, second._engine.state = states  # noqa: SLF001 - what a DHCP server does, no setting can


def reset(camera: EmulatedCamera) -> None:
    """Let a camera lose its key, as a factory reset or another device in its place."""
    camera.state.make_key()


def labels(bench: Bench) -> set[str]:
    """Return the names that key lines have."""
    return set(bench.inside(f"sed 's/.*receiver-setup://' {KEY_FILE}").split())


def key_of(bench: Bench, name: str) -> str:
    return bench.inside(f"sed -n 's/^.*\\(ssh-rsa [^ ]*\\) receiver-setup:{name}$/\\1/p' {KEY_FILE}")


def warnings(result: Result) -> str:
    return " ".join(text for camera in result.json["receivers"][0]["cameras"] for text in camera["warnings"])


def test_a_camera_that_is_gone_is_revoked_and_the_others_go_on(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    assert bench.setup(first, second).code == 0
    url = first.url
    first.close()
    result = bench.run(*bench.arguments(command="remove"), "--camera", url)
    error = result.json["error"]
    assert (result.code, error["kind"], result.json["changed"]) == (3, "camera-unreachable", True), result.err
    assert "its key no longer opens ipcamera" in error["message"]
    assert "former@192.168.178.1:21" in error["hint"]
    assert labels(bench) == {label(second)}
    assert bench.inside(f"cut -d' ' -f1 {CAMERAS}") == label(second)
    assert bench.verify(second).code == 0


def test_the_last_camera_is_revoked_while_it_is_off_and_nothing_of_it_stays(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera, before = make_camera(), bench.state()
    assert bench.setup(camera).code == 0
    url = camera.url
    camera.close()
    result = bench.run(*bench.arguments(command="remove"), "--camera", url)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-unreachable"), result.err
    assert bench.state() == before


def test_a_camera_that_takes_nothing_back_is_revoked_all_the_same(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    assert bench.setup(camera).code == 0
    result = bench_with(bench, "wrong").remove(camera)
    assert (result.code, result.json["error"]["kind"]) == (3, "camera-login"), result.err
    assert "its key no longer opens ipcamera" in result.json["error"]["message"]
    assert bench.state() == before


def bench_with(bench: Bench, password: str) -> Bench:
    return Bench(
        receiver=bench.receiver,
        key=bench.key,
        known_hosts=bench.known_hosts,
        environment={"RECEIVER_SETUP_CAMERA_PASSWORD": password},
    )


def test_another_address_renames_the_line_and_a_removal_takes_it(bench: Bench, make_camera: MakeCamera) -> None:
    camera, spare, before = make_camera(), make_camera(), bench.state()
    assert bench.setup(camera).code == 0
    key, old = key_of(bench, label(camera)), label(camera)
    exchange(camera, spare)
    moved = bench.setup(spare)
    assert (moved.code, moved.json["changed"]) == (0, True), moved.err
    assert labels(bench) == {label(spare)}
    assert key_of(bench, label(spare)) == key
    assert moved.camera["directory"] == f"{HOME}/recordings"
    assert f"which was {old} until now" in str(moved.json["receivers"][0]["steps"])
    again = bench.setup(spare)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert bench.remove(spare).code == 0
    assert former(spare) == FORMER
    assert bench.state() == before


def test_a_removal_under_another_address_takes_the_line_of_the_key(bench: Bench, make_camera: MakeCamera) -> None:
    camera, spare, before = make_camera(), make_camera(), bench.state()
    assert bench.setup(camera).code == 0
    exchange(camera, spare)
    assert bench.remove(spare).code == 0
    assert former(spare) == FORMER
    assert bench.state() == before


def test_a_removal_under_another_address_finds_the_account_that_the_camera_has_to_itself(
    bench: Bench, make_camera: MakeCamera
) -> None:
    camera, spare, other, before = make_camera(), make_camera(), make_camera(), bench.state()
    assert bench.setup(camera, options=("--isolate",)).code == 0
    between = bench.state()
    assert bench.setup(other, options=("--isolate",)).code == 0
    exchange(camera, spare)
    check = bench.remove(spare, options=("--isolate", "--check"))
    assert (check.code, check.json["changed"]) == (7, True), check.err
    assert bench.remove(other, options=("--isolate",)).code == 0
    assert bench.state() == between
    removed = bench.remove(spare, options=("--isolate",))
    assert removed.code == 0, removed.err
    assert former(spare) == FORMER
    assert bench.state() == before


def test_each_of_two_that_changed_places_gets_its_own_settings_back(bench: Bench, make_camera: MakeCamera) -> None:
    first, second, before = make_camera(), make_camera(settings=OTHERS), bench.state()
    assert bench.setup(first, second).code == 0
    exchange(first, second)
    result = bench.remove(first, second)
    assert result.code == 0, result.err
    assert (former(first), former(second)) == (OTHERS, FORMER)
    assert bench.state() == before


def test_a_stranger_at_the_address_gets_nothing_but_a_warning(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera(settings=OTHERS)
    assert bench.setup(first, second).code == 0
    exchange(first, second)
    pointing = dict(first.state.fields)
    result = bench.remove(first)
    assert result.code == 0, result.err
    assert "another camera than" in warnings(result)
    assert dict(first.state.fields) == pointing
    assert labels(bench) == {label(second)}


def test_a_reset_camera_gets_no_settings_of_the_one_that_it_was(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    pointing = dict(camera.state.fields)
    reset(camera)
    result = bench.remove(camera)
    assert result.code == 0, result.err
    assert "another camera than" in warnings(result)
    assert dict(camera.state.fields) == pointing
    assert bench.inside(f"cat {KEY_FILE} 2>/dev/null || :") == ""


def test_a_reset_camera_is_told_by_verify_and_by_status_and_set_up_anew(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    reset(camera)
    told = bench.verify(camera)
    assert told.code == 5, told.out
    assert "was reset or replaced" in told.json["error"]["message"]
    assert "receiver-setup setup" in told.json["error"]["hint"]
    status = bench.run(*bench.arguments(camera, command="status"))
    assert (status.code, "was reset or replaced" in status.out) == (7, True), status.out
    assert bench.setup(camera).code == 0
    assert bench.verify(camera).code == 0


def test_a_key_that_changes_with_each_question_is_not_known(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera(getpubkey_new_key=True)
    assert bench.setup(camera).code == 0
    assert bench.verify(camera).code == 0
    again = bench.setup(camera)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    status = bench.run(*bench.arguments(camera, command="status"))
    assert "it tells another key each time" in status.out
    assert "was reset" not in status.out


def test_cameras_that_changed_places_are_set_up_again_under_their_new_names(
    bench: Bench, make_camera: MakeCamera
) -> None:
    first, second = make_camera(), make_camera(settings=OTHERS)
    assert bench.setup(first, second).code == 0
    keys = {key_of(bench, label(each)) for each in (first, second)}
    its = key_of(bench, label(first))
    folder = first.state.fields["ft_dirname"]
    exchange(first, second)
    again = bench.setup(first, second)
    assert (again.code, len(again.json["receivers"][0]["cameras"])) == (0, 2), again.err
    assert {key_of(bench, label(each)) for each in (first, second)} == keys
    assert key_of(bench, label(second)) == its
    assert second.state.fields["ft_dirname"] == folder, "a camera's folder stays"
    assert bench.remove(first, second).code == 0
    assert (former(first), former(second)) == (OTHERS, FORMER)


def test_a_folder_stays_whoever_else_is_in_the_command(bench: Bench, make_camera: MakeCamera) -> None:
    first, second = make_camera(), make_camera()
    assert bench.setup(first).camera["directory"] == f"{HOME}/recordings"
    alone = bench.setup(second)
    assert (alone.code, alone.camera["directory"]) == (0, f"{HOME}/recordings/{label(second)}"), alone.err
    for cameras in ((first, second), (first,), (second,)):
        again = bench.setup(*cameras)
        assert (again.code, again.json["changed"]) == (0, False), (again.err, again.out)
    assert bench.verify(first).code == 0
    assert bench.verify(second).code == 0
    bench.inside(f"echo film >{HOME}/recordings/{label(second)}/new.mp4; echo film >{HOME}/recordings/old.mp4")
    bench.inside(f"touch -d '-3 hours' {HOME}/recordings/old.mp4")
    status = bench.run(*bench.arguments(first, command="status"))
    assert f"{HOME}/recordings/old.mp4, 5 bytes" in status.out, "the other camera's folder is no part of it"


def test_a_device_that_is_given_twice_is_refused(bench: Bench, make_camera: MakeCamera) -> None:
    camera, before = make_camera(), bench.state()
    port = camera.port
    result = bench.run(*bench.arguments(camera), "--camera", f"http://[::ffff:{camera.host}]:{port}")
    assert (result.code, "are one device" in result.json["error"]["message"]) == (2, True), result.err
    assert bench.state() == before
    assert camera.set_commands == []


@contextmanager
def same_key(camera: EmulatedCamera) -> Iterator[EmulatedCamera]:
    """Start another camera of a model that ships one key for all."""
    with EmulatedCamera(
        camera.profile, host=camera.host, password=CAMERA_PASSWORD, settings=OTHERS, key=camera.state.key
    ) as second:
        yield second


def test_of_two_cameras_with_one_key_the_second_is_refused(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    with same_key(camera) as second:
        together = bench.setup(camera, second)
        assert together.code == 3, together.err
        ok = [each["ok"] for each in together.json["receivers"][0]["cameras"]]
        assert ok == [True, False]
        assert labels(bench) == {label(camera)}
        later = bench.setup(second)
        assert later.code == 3, later.err
        assert "--isolate" in later.json["error"]["hint"]
        assert labels(bench) == {label(camera)}
        assert second.set_commands == []
    assert bench.verify(camera).code == 0


@pytest.mark.parametrize("options", [("--user", "cams", "--home", "/home/cams"), ("--isolate",)])
def test_another_account_closes_the_former_one_and_the_settings_of_before_go_along(
    bench: Bench, make_camera: MakeCamera, options: tuple[str, ...]
) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    moved = bench.setup(camera, options=options)
    assert moved.code == 0, moved.err
    assert bench.inside(f"grep -c receiver-setup: {KEY_FILE} || :") == "0"
    assert bench.inside(f"cat {CAMERAS}") == ""
    again = bench.setup(camera, options=options)
    assert (again.code, again.json["changed"]) == (0, False), again.err
    assert bench.remove(camera, options=options).code == 0
    assert former(camera) == FORMER


def test_a_move_to_another_account_that_fails_leaves_the_former_one_open(bench: Bench, make_camera: MakeCamera) -> None:
    camera = make_camera()
    assert bench.setup(camera).code == 0
    before, fields = bench.state(), dict(camera.state.fields)
    camera.on_command = lambda name: camera.state.trusted_host_keys.clear() if name == "testftp" else None
    failed = bench.setup(camera, options=("--user", "cams", "--home", "/home/cams"))
    camera.on_command = None
    assert failed.code == 5, failed.err
    assert bench.state() == before
    assert dict(camera.state.fields) == fields


def test_a_deletion_takes_a_cameras_own_files_and_no_others(bench: Bench, make_camera: MakeCamera) -> None:
    first, second, gone, spare = (make_camera() for _ in range(4))
    for camera in (first, second, gone):
        assert bench.setup(camera).code == 0
    assert bench.remove(gone).code == 0
    base, inner = f"{HOME}/recordings", f"{HOME}/recordings/{label(second)}"
    bench.inside(f"mkdir -p '{base}/a day/x' {inner}/day; echo film >'{base}/a day/x/1.mp4'; echo film >{base}/2.mp4")
    bench.inside(f"echo film >{inner}/day/3.mp4; find {base} -name 'Test-*' -delete")
    kept = f"{base}/{label(gone)}"
    check = bench.remove(first, options=("--delete-recordings", "--check", "--diff"))
    diff = check.json["receivers"][0]["diff"]
    assert f"- {base} and all that is in it: 2 files, 10 bytes" in diff
    assert f"{inner} stays, as another camera's" in diff
    removed = bench.remove(first, options=("--delete-recordings",))
    assert removed.code == 0, removed.err
    assert bench.inside(f"ls -d {base}/* | sort").split("\n") == sorted([inner, kept])
    assert bench.inside(f"cat {inner}/day/3.mp4") == "film"
    verified = bench.verify(second)
    assert verified.code == 0, verified.out
    # A folder keeps the name that its camera had at first.
    exchange(second, spare)
    assert bench.setup(spare).code == 0
    assert bench.setup(first).code == 0
    again = bench.remove(spare, options=("--delete-recordings",))
    assert again.code == 0, again.err
    assert bench.inside(f"ls -d {inner} 2>/dev/null") == ""
    assert bench.verify(first).code == 0
