"""Only what differs is sent to a camera."""

from dataclasses import replace

import pytest

from receiver_setup.camera.settings.target import UploadTarget, is_settled, plan_fields, render_diff
from receiver_setup.secrets import MASK, Secret

TARGET = UploadTarget(server="192.168.2.110", port=22, username="ipcamera", directory="recordings")
SETTLED = TARGET.fields(insecure=False)
FACTORY = {"ft_server": "192.168.178.1", "ft_port": "21", "ft_mode": "0", "ft_dirname": "./", "ft_ssl": "0"}


def test_a_camera_from_the_factory_gets_every_field_but_its_mode() -> None:
    fields = plan_fields(FACTORY, TARGET, insecure=True)
    assert fields == TARGET.fields(insecure=True)
    assert fields.keys() == {"ft_server", "ft_port", "ft_username", "ft_dirname", "ft_ssl", "ft_insecure"}
    assert (fields["ft_ssl"], fields["ft_insecure"]) == ("2", "1")


def test_a_settled_camera_gets_nothing() -> None:
    assert plan_fields(SETTLED, TARGET, insecure=False) == {}
    assert is_settled(SETTLED, TARGET)
    assert render_diff(SETTLED, TARGET, "porch") == ""


@pytest.mark.parametrize("name", SETTLED)
def test_one_field_that_differs_is_sent_alone(name: str) -> None:
    for now in ({**SETTLED, name: "9"}, {other: value for other, value in SETTLED.items() if other != name}):
        assert plan_fields(now, TARGET, insecure=False) == {name: SETTLED[name]}
        assert not is_settled(now, TARGET)


@pytest.mark.parametrize("folder", ["recordings", "./recordings", "recordings/", "./recordings/"])
def test_a_folder_is_the_same_with_dot_and_slash(folder: str) -> None:
    assert plan_fields({**SETTLED, "ft_dirname": folder}, TARGET, insecure=False) == {}


def test_a_slash_before_the_folder_means_the_same_in_a_jail_and_nowhere_else() -> None:
    now = {**SETTLED, "ft_dirname": "/recordings"}
    assert plan_fields(now, TARGET, insecure=False) == {}
    assert plan_fields(now, replace(TARGET, jailed=False), insecure=False) == {"ft_dirname": "recordings"}


@pytest.mark.parametrize("folder", ["Recordings", "recordings/porch", "../recordings", ""])
def test_another_folder_is_another(folder: str) -> None:
    fields = plan_fields({**SETTLED, "ft_dirname": folder}, TARGET, insecure=False)
    assert fields == {"ft_dirname": "recordings"}


def test_a_camera_that_gets_a_password_is_never_settled() -> None:
    assert not is_settled(SETTLED, replace(TARGET, password=Secret("hunter2")))


def test_a_diff_shows_both_sides_and_masks_the_password() -> None:
    diff = render_diff({**SETTLED, "ft_port": "21"}, replace(TARGET, password=Secret("hunter2")), "porch")
    assert diff == f"--- porch getftpattr\n+++ porch setftpattr\n-ft_port=21\n+ft_port=22\n+ft_password={MASK}\n"


def test_a_field_that_was_missing_has_no_line_of_its_own_before() -> None:
    now = {name: value for name, value in SETTLED.items() if name != "ft_insecure"}
    assert render_diff(now, TARGET, "porch").splitlines()[2:] == ["+ft_insecure=0"]
