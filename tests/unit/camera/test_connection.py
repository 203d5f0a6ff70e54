"""Patience and certificates as data."""

import pytest

from receiver_setup.camera.wire.connection import Patience, Tls, normal_fingerprint
from receiver_setup.errors import ConfigurationError

HEX = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text", [HEX, HEX.upper(), ":".join(HEX[i : i + 2] for i in range(0, 64, 2)), f"SHA256:{HEX}", f" {HEX} "]
)
def test_fingerprint_in_any_usual_form(text: str) -> None:
    assert Tls(fingerprint=text).fingerprint == normal_fingerprint(text) == HEX


@pytest.mark.parametrize("text", ["", "x", HEX[:-1], HEX[:40], HEX[:-1] + "g", HEX + "00"])
def test_other_fingerprints_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Tls(fingerprint=text)
    assert "64" in caught.value.hint


def test_only_one_way_to_check_a_certificate() -> None:
    with pytest.raises(ConfigurationError):
        Tls(fingerprint=HEX, insecure=True)


def test_waits_grow_and_end() -> None:
    assert list(Patience(tries=4, first_wait_s=0.5, factor=3).waits()) == [0.5, 1.5, 4.5]
    assert list(Patience(tries=1).waits()) == []


@pytest.mark.parametrize("wrong", [{"tries": 0}, {"first_wait_s": -1.0}, {"reboot_s": -1.0}])
def test_impossible_patience_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        Patience(**wrong)  # type: ignore[arg-type]
