"""What is uploaded and how the programs that upload are told: pure parts, quoting above all."""

import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from receiver_setup.emulator.camera.engine import make_uploader
from receiver_setup.emulator.camera.jpeg import SMALLEST, render_jpeg
from receiver_setup.emulator.camera.profile import Profile
from receiver_setup.emulator.camera.rsa_keys import borrow_key, give_back
from receiver_setup.emulator.camera.state import CameraState
from receiver_setup.emulator.camera.uploaders.curl import render_config
from receiver_setup.emulator.camera.uploaders.openssh import render_batch
from receiver_setup.emulator.camera.uploaders.programs import private_folder, render_known_hosts
from receiver_setup.emulator.camera.uploads import Result, UploadJob, plan_upload
from receiver_setup.secrets import Secret

ED25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIHzXGgltq4a8PS6QH9u334FGdxJmEzQ0klKtUw+1iSle"
JOB = UploadJob(
    host="192.0.2.1",
    port=22,
    user="ipcamera",
    password=Secret('a"b\\c'),
    methods=("password",),
    sha1=False,
    host_key_types=(),
    trusted=None,
    directory="recordings",
    day_folder="",
    create=False,
    name="Test-Snapshot.jpeg",
    data=b"x",
    timeout_s=1.0,
)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("size", [SMALLEST + 4, 30_000, 65_537 + SMALLEST, 65_538 + SMALLEST, 200_000])
def test_a_picture_is_a_chain_of_segments_of_the_wanted_size(size: int) -> None:
    data = render_jpeg(size)
    assert size <= len(data) <= size + 4
    offset = 2
    markers: list[int] = []
    while markers[-1:] != [0xDA]:
        assert data[offset] == 0xFF
        markers.append(data[offset + 1])
        offset += 2 + struct.unpack_from(">H", data, offset + 2)[0]
    assert data[:2] == b"\xff\xd8"
    assert data[offset:] == b"\x3f\xff\xd9"
    assert {0xE0, 0xDB, 0xC0, 0xC4, 0xDA, 0xFE} == set(markers)


def plan(profile: Profile, **fields: str) -> UploadJob:
    """Return the upload of a camera with these fields."""
    settings = {"ft_server": "h", "ft_port": "22", "ft_username": "u", "ft_password": "p", **fields}
    return plan_upload(CameraState(profile, settings), profile, NOON)


@pytest.mark.parametrize(
    ("order", "methods"),
    [
        ("key", ("key",)),
        ("password", ("password",)),
        ("key-then-password", ("key", "password")),
        ("password-then-key", ("password", "key")),
        ("none-key", ("none", "key")),
        ("none-key-password", ("none", "key", "password")),
    ],
)
def test_the_order_of_methods(order: str, methods: tuple[str, ...]) -> None:
    assert plan(Profile(auth_order=order)).methods == methods  # type: ignore[arg-type]  # checked by Profile


def test_no_method_needs_what_the_camera_has_not() -> None:
    assert plan(Profile(key="none", auth_order="key-then-password")).methods == ("password",)
    assert plan(Profile(auth_order="key-then-password"), ft_password="").methods == ("key",)


def test_where_the_file_goes() -> None:
    assert plan(Profile(), ft_dirname="a/b").path == "a/b/Test-Snapshot.jpeg"
    assert plan(Profile(), ft_dirname="").path == "./Test-Snapshot.jpeg"
    assert plan(Profile(), ft_dirname="/abs", ft_dirmode="1").path == "/abs/20261122/Test-Snapshot.jpeg"
    named = plan(Profile(day_folder_format="%d.%m"), ft_dirname="./x", ft_dirmode="1")
    assert named.path == "x/22.11/Test-Snapshot.jpeg"


def test_verification_is_the_fields_affair() -> None:
    assert plan(Profile(), ft_insecure="1").trusted is None
    assert plan(Profile(), ft_insecure="0").trusted == ()


def test_the_size_is_usual_or_as_wanted() -> None:
    assert 20_000 <= len(plan(Profile()).data) <= 40_000
    assert len(plan(Profile(test_bytes=50_000)).data) == 50_000


def test_curl_is_told_every_value_quoted(tmp_path: Path) -> None:
    job = replace(JOB, directory='a "b\\', create=True)
    (tmp_path / "known_hosts").touch()
    text = render_config(job, tmp_path)
    assert 'user = "ipcamera:a\\"b\\\\c"' in text
    assert 'url = "sftp://192.0.2.1:22/~/a%20%22b%5C/Test-Snapshot.jpeg"' in text
    assert text.endswith("\ninsecure\nftp-create-dirs\n")
    assert (tmp_path / ".ssh" / "known_hosts").exists(), "without one, curl trusts anybody"


def test_curl_makes_a_day_folder_alone_where_it_may_not_make_more(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    text = render_config(replace(JOB, day_folder="d"), tmp_path)
    assert 'quote = "*mkdir \\"recordings/d\\""' in text
    assert "create-dirs" not in text


def test_curl_verifies_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "known_hosts").touch()
    assert "insecure" not in render_config(replace(JOB, trusted=()), tmp_path)


def test_sftp_is_told_every_name_quoted() -> None:
    job = replace(JOB, directory='/a "b\\/c', create=True, day_folder="d")
    assert render_batch(job, Path("/f")) == (
        '-mkdir "/a \\"b\\\\"\n-mkdir "/a \\"b\\\\/c"\n-mkdir "/a \\"b\\\\/c/d"\n'
        'put "/f/picture" "/a \\"b\\\\/c/d/Test-Snapshot.jpeg"\n'
    )


@pytest.mark.parametrize(("port", "name"), [(22, "192.0.2.1"), (2222, "[192.0.2.1]:2222")])
def test_known_hosts_holds_the_trusted_keys_alone(port: int, name: str) -> None:
    job = replace(JOB, port=port, trusted=(ED25519, "no key"))
    assert render_known_hosts(job) == f"{name} ssh-ed25519 {ED25519}\n"


def test_the_private_folder_is_private_and_goes_away() -> None:
    key = borrow_key(1024)
    with private_folder(replace(JOB, key=key, methods=("key",))) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / "key").stat().st_mode & 0o777 == 0o600
        assert (folder / "known_hosts").read_text() == ""
    assert not folder.exists()
    give_back(key)


def test_a_key_is_lent_to_one_camera_at_a_time() -> None:
    first = borrow_key(1024)
    give_back(first)
    keys = [borrow_key(1024) for _ in range(2)]
    assert keys[0] is first
    assert keys[1] is not first
    for key in keys:
        give_back(key)


@pytest.mark.parametrize("name", ["curl", "openssh"])
def test_a_program_that_is_not_installed_is_minus_7(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert make_uploader(name).upload(JOB).result is Result.INTERNAL


def test_a_password_is_in_no_representation_of_a_job() -> None:
    assert 'a"b' not in repr(JOB)
