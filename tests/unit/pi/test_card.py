"""What a boot partition is told to be, from the samples and from what can be wrong with one."""

from pathlib import Path

import pytest

from receiver_setup.errors import ConfigurationError
from receiver_setup.pi.card import RESULT, BootFormat, Card, recognise
from receiver_setup.pi.first_run import merge_cmdline, merge_script

SAMPLES = Path(__file__).parents[2] / "fixtures/pi"
FIRMWARE = {"bootcode.bin", "start4.elf", "kernel8.img", "overlays"}


def card(sample: str, *, without: tuple[str, ...] = (), **texts: str) -> Card:
    """Return a sample's partition, with files left out, and others put in by name (`_` stands for the dot)."""
    found = {path.name: path.read_text() for path in (SAMPLES / sample).iterdir() if path.name not in without}
    found |= {name.replace("_", "."): text for name, text in texts.items()}
    return Card(names=frozenset(found) | FIRMWARE, texts=found)


@pytest.mark.parametrize(
    ("sample", "format_", "made_on"),
    [
        ("trixie-cloud-init", BootFormat.CLOUD_INIT, "2025-12-04"),
        ("bookworm-firstrun", BootFormat.FIRST_RUN, "2024-11-19"),
        ("bookworm-untouched", BootFormat.FIRST_RUN, "2024-11-19"),
    ],
)
def test_each_format_is_recognised(sample: str, format_: BootFormat, made_on: str) -> None:
    found = recognise(card(sample), place="/x")
    assert (found.format, found.made_on, found.started) == (format_, made_on, False)


def test_a_script_that_is_told_to_run_wins_over_cloud_init_files() -> None:
    """Trixie of October 2025 has cloud-init's files, and an Imager of its time writes firstrun.sh."""
    both = card("bookworm-firstrun", user_data="#cloud-config\n")
    found = recognise(Card(names=both.names | {"user-data"}, texts=both.texts), place="/x")
    assert (found.format, found.script) == (BootFormat.FIRST_RUN, "firstrun.sh")


def test_a_script_of_another_name_is_found() -> None:
    named = card(
        "bookworm-untouched", setup_sh="#!/bin/sh\n", cmdline_txt="rootwait systemd.run=/boot/firmware/setup.sh"
    )
    assert recognise(named, place="/x").script == "setup.sh"


@pytest.mark.parametrize(
    ("sample", "cmdline", "started"),
    [
        ("trixie-cloud-init", "root=PARTUUID=1-02 rootwait\n", True),
        ("trixie-cloud-init", "root=LABEL=writable rootwait\n", None),
        ("bookworm-untouched", "root=PARTUUID=1-02 rootwait\n", True),
    ],
)
def test_a_card_that_was_started_is_told_where_it_can_be(sample: str, cmdline: str, started: bool | None) -> None:
    assert recognise(card(sample, cmdline_txt=cmdline), place="/x").started is started


def test_a_result_of_ours_tells_that_the_card_was_started() -> None:
    found = card("trixie-cloud-init")
    assert recognise(Card(names=found.names | {RESULT}, texts=found.texts), place="/x").started is True


def test_our_own_words_do_not_make_it_another_format() -> None:
    plain = card("bookworm-untouched")
    script = merge_script(None)
    ours = card(
        "bookworm-untouched", firstrun_sh=script, cmdline_txt=merge_cmdline(plain.text("cmdline.txt"), script=None)
    )
    assert recognise(ours, place="/x") == recognise(plain, place="/x")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (card("bullseye"), "older than Raspberry Pi OS bookworm"),
        (card("bullseye", config_txt="arm_64bit=1\n", cmdline_txt="rootwait\n"), "an unknown system"),
        (Card(names=frozenset(), texts={}), "not the boot partition"),
        (Card(names=frozenset({"etc", "usr", "bin"}), texts={}), "not the boot partition"),
        (Card(names=frozenset({"cmdline.txt", "config.txt"}), texts={}), "not the boot partition"),
        (card("bookworm-firstrun", without=("firstrun.sh",)), "firstrun.sh, which is not on this partition"),
        (card("bookworm-untouched", firstrun_sh="#!/bin/sh\nls\n"), "cmdline.txt does not run it"),
    ],
)
def test_what_cannot_be_prepared_is_refused_with_a_remedy(found: Card, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        recognise(found, place="/x")
    assert caught.value.hint


def test_a_whole_system_is_told_from_its_boot_partition() -> None:
    with pytest.raises(ConfigurationError) as caught:
        recognise(Card(names=frozenset({"firmware", "config-6.1"}), texts={}), place="/boot")
    assert caught.value.hint == "try /boot/firmware"
