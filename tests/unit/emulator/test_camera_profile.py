"""Profiles: names, values, what is refused, and that no setting is without a test."""

import ast
from pathlib import Path

import pytest
from support.rules import listed

from receiver_setup.emulator.camera.profile import SETTINGS, Profile
from receiver_setup.emulator.camera.profiles import PROFILES, apply_settings, find_profile
from receiver_setup.errors import ConfigurationError

HERE = Path(__file__).parent
TESTS = [
    *HERE.glob("test_camera_*.py"),
    *(HERE.parents[1] / "end_to_end" / name for name in ("test_emulated_camera.py", "test_find.py")),
]


def settings_in_tests() -> set[str]:
    """Return the names of all settings that a test gives to Profile(…)."""
    found: set[str] = set()
    for path in TESTS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Profile":
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


def test_every_setting_is_exercised_by_a_test() -> None:
    assert set(SETTINGS) - settings_in_tests() == set()


def test_every_setting_tells_its_meaning_and_its_source() -> None:
    wrong = [name for name, each in SETTINGS.items() if not (each.meaning and each.source and each.choices)]
    assert not wrong, listed(wrong)


@pytest.mark.parametrize("named", PROFILES.values(), ids=list(PROFILES))
def test_every_named_profile_tells_its_firmware_and_its_source(named: object) -> None:
    assert getattr(named, "firmware", "")
    assert getattr(named, "source", "")


def test_the_profiles_differ_from_each_other() -> None:
    assert len({named.profile for named in PROFILES.values()}) == len(PROFILES)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("signature=sha1", "sha1"),
        ("rsa_bits=4096", "4096"),
        ("rsa-bits=1024", "1024"),
        ("crlf=yes", True),
        ("challenge=FALSE", False),
        ("slow_s=0.5", 0.5),
        ("slow_s=2", 2.0),
        ("busy_times=3", 3),
        ("test_claims=-9", "-9"),
        ("test_claims=", ""),
        ("login_methods=query,token", ("query", "token")),
        ("login_methods=query token", ("query", "token")),
        ("host_key_preference=", ()),
        ("denied_commands=testftp", ("testftp",)),
        ("reboot_at=setftpattr:2", "setftpattr:2"),
        ("day_folder_format=%Y=%m", "%Y=%m"),
    ],
)
def test_a_setting_is_read_from_a_command_line(text: str, value: object) -> None:
    name = text.partition("=")[0].replace("-", "_")
    assert getattr(apply_settings(Profile(), [text]), name) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("signature=md5", "sha2|sha1"),
        ("crlf=maybe", "true|false"),
        ("busy_times=x", "number"),
        ("busy_times=-1", "at least 0"),
        ("slow_s=nan", "seconds"),
        ("slow_s=-0.1", "at least 0"),
        ("test_timeout_s=0", "at least 0.1"),
        ("login_methods=digest", "basic,query,token"),
        ("host_key_preference=ed25519", "ssh-ed25519"),
        ("reboot_at=testftp:0", "reboot"),
        ("reboot_at=:2", "reboot"),
        ("rsa_bits=512", "1024|2048"),
        ("signatur=sha1", "'signature'"),
        ("Signature=sha1", "'signature'"),
        ("signature", "'signature'"),
        ("", "choose from"),
    ],
)
def test_a_bad_setting_is_refused_with_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        apply_settings(Profile(), [text])
    assert says in caught.value.message + caught.value.hint


def test_a_later_setting_wins_over_an_earlier_one_and_over_the_profile() -> None:
    profile = apply_settings(find_profile("libssh2-old"), ["signature=sha1", "signature=sha2", "crlf=on"])
    assert (profile.signature, profile.crlf) == ("sha2", True)


def test_an_unknown_profile_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="libssh-old") as caught:
        find_profile("libssh-old")
    assert "'libssh2-old'" in caught.value.hint


def test_a_profile_refuses_what_its_types_forbid_and_takes_numbers_for_numbers() -> None:
    with pytest.raises(ConfigurationError):
        Profile(signature="md5")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        Profile(login_methods="basic")  # type: ignore[arg-type]
    assert Profile(login_refused_as=403).login_refused_as == "403"  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "expected"), [("", ("", 0)), ("testftp", ("testftp", 1)), ("*:5", ("*", 5))])
def test_the_moment_of_a_reboot(text: str, expected: tuple[str, int]) -> None:
    assert Profile(reboot_at=text).reboot_command == expected
