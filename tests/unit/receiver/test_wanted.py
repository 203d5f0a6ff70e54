"""Names and paths that the user gives: safe everywhere, or refused before anything is contacted."""

import contextlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.errors import ConfigurationError
from receiver_setup.receiver.plan.wanted import Wanted, check_directory, check_home, check_user, clean_name

CHECKS = [check_user, check_directory, check_home]
ANY_TEXT = st.one_of(st.text(st.characters()), st.text("abz09/._- ~;$(){}'\"\\\n\t*?%@+,=\0\udcffäß", max_size=20))


@pytest.mark.parametrize("name", ["ipcamera", "_x", "cam-1", "a", "a" * 32, "ipcamera_2"])
def test_names_that_useradd_takes_are_taken(name: str) -> None:
    assert check_user(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "root",
        "Root",
        "1cam",
        "-cam",
        "cam$",
        "a" * 33,
        "käm",
        "a b",
        "a;b",
        "a\n",
        "\na",
        "a.b",
        "%u",
        "*",
        "a:b",
        "a,b",
    ],
)
def test_names_that_useradd_refuses_are_refused(name: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_user(name)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("recordings", "recordings"),
        ("recordings/", "recordings"),
        ("cameras/porch", "cameras/porch"),
        ("Über uns/Küche", "Über uns/Küche"),
        (".hidden", ".hidden"),
        ("a" * 255, "a" * 255),
        ("a+b@c,d=e", "a+b@c,d=e"),
    ],
)
def test_usual_folders_are_taken(path: str, clean: str) -> None:
    assert check_directory(path) == clean


@pytest.mark.parametrize(
    "path",
    ["", "/", "/abs", ".", "..", "a/../b", "a//b", "./a", "-rf", "a/-rf", " a", "a ", "a\nb", "a\tb", "a;b",
     "$(touch canary)", "`x`", "a'b", 'a"b', "a\\b", "a*", "%u", "%h", "~", "#a", "a\0b", "a" * 256, "ä" * 128,
     "\udcff",
     "a|b", "a&b", "a>b"],
)  # fmt: skip
def test_hostile_folders_are_refused(path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_directory(path)
    assert caught.value.hint
    assert caught.value.message.encode()


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/home/ipcamera", "/home/ipcamera"),
        ("/home/ipcamera/", "/home/ipcamera"),
        ("/srv/usb disk/cameras", "/srv/usb disk/cameras"),
        ("/srv//cameras", "/srv/cameras"),
        ("/mnt/küche", "/mnt/küche"),
    ],
)
def test_usual_homes_are_taken(path: str, clean: str) -> None:
    assert check_home(path) == clean


@pytest.mark.parametrize(
    "path",
    ["", "/", "//", "home/x", "~/x", "/home", "/etc/x", "/usr/lib/x", "/proc/1", "/run/x", "/dev/x", "/bin/x",
     "/home/../etc/x", "/home/..", "//home/x", "/home/a\nb", "/home/$(touch canary)", "/home/a;b", "/home/%u",
     "/home/*",
     "/home/a\0b", "/home/-rf", "/home/ a", "/home/" + "a" * 256, "/home/\udcff", '/home/a"b', "/home/./../etc"],
)  # fmt: skip
def test_hostile_homes_are_refused(path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        check_home(path)
    assert caught.value.hint
    assert caught.value.message.encode()


@given(ANY_TEXT)
@example("a\udcff")
def test_no_text_raises_anything_but_a_configuration_error(text: str) -> None:
    for check in CHECKS:
        for given_text in (text, f"/home/{text}", f"a/{text}"):
            with contextlib.suppress(ConfigurationError):
                taken = check(given_text)
                assert check(taken) == taken
                assert not {"", ".", ".."} & set(taken.split("/")[1:])
                assert taken.isprintable()


@given(ANY_TEXT)
def test_a_clean_name_is_a_folder_and_a_comment(text: str) -> None:
    name = clean_name(text)
    assert name.isascii()
    assert not name.startswith(("-", "."))
    assert clean_name(name) == name
    if len(name) <= 255:
        assert check_directory(name) == name


def test_the_recordings_lie_below_the_home() -> None:
    wanted = Wanted(user="ipcamera", home="/srv/x", directory="a/b", slots=())
    assert wanted.recordings == "/srv/x/a/b"
