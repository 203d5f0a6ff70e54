"""firstrun.sh and cmdline.txt: our call goes to the top, our words to the end, and both go again without a trace."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.errors import ConfigurationError
from receiver_setup.pi.first_run import (
    WORDS,
    is_all_ours,
    merge_cmdline,
    merge_script,
    script_name,
    unmerge_cmdline,
    unmerge_script,
)

SAMPLES = Path(__file__).parents[2] / "fixtures/pi"
SCRIPT = (SAMPLES / "bookworm-firstrun/firstrun.sh").read_text()
SCRIPTS = {
    "sample": SCRIPT,
    "only a first line": "#!/bin/sh\n",
    "no newline": "#!/bin/bash",
    "no newline at the end": "#!/bin/sh\nls",
    "by env": "#!/usr/bin/env bash\nls\n",
    "with options": "#! /bin/bash -e\nls\n",
}
REFUSED = {
    "python": "#!/usr/bin/python3\n",
    "no first line": "ls\n",
    "windows": "#!/bin/bash\r\nls\r\n",
    "byte order mark": "\ufeff#!/bin/bash\nls\n",
    "empty": "",
}
LINE = "console=tty1 root=PARTUUID=1-02 rootwait"


@pytest.mark.parametrize("text", [*SCRIPTS.values(), None], ids=[*SCRIPTS, "no file"])
def test_our_call_comes_in_and_goes_again(text: str | None) -> None:
    merged = merge_script(text)
    assert merge_script(merged) == merged
    assert unmerge_script(merged) == text
    assert is_all_ours(merged) == (text is None)
    subprocess.run(["sh", "-n"], input=merged, text=True, check=True)


def test_our_call_stands_above_the_line_at_which_the_system_cuts_the_script_off() -> None:
    """Raspberry Pi OS since bookworm drops all from the line that deletes the script, and writes an end of its own."""
    merged = merge_script(SCRIPT)
    kept = merged.partition("rm -f /boot/firstrun.sh")[0]
    assert 'first-boot.sh" install' in kept
    ours = [line for line in merged.splitlines() if line not in SCRIPT.splitlines()]
    assert not any(line.rstrip().endswith("firstrun.sh") and "rm" in line for line in ours)


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_would_not_run_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^x\.sh ") as caught:
        merge_script(text, file="x.sh")
    assert caught.value.hint


def test_edits_made_since_stay() -> None:
    edited = merge_script(SCRIPT).replace("attic-pi", "cellar-pi") + "echo more\n"
    assert unmerge_script(edited) == SCRIPT.replace("attic-pi", "cellar-pi") + "echo more\n"


@given(st.text(alphabet="#!a \n\r\tröx'$", max_size=60))
def test_any_script_comes_back_to_the_byte(tail: str) -> None:
    text = f"#!/bin/sh\n{tail}"
    merged = merge_script(text)
    assert unmerge_script(merged) == text
    assert merge_script(merged) == merged


@pytest.mark.parametrize("text", [LINE, f"{LINE}\n", f"{LINE}\r\n", f"{LINE} \n\n", f"{LINE}\nsecond line\n"])
def test_our_words_join_the_first_line_and_leave_it_again(text: str) -> None:
    merged = merge_cmdline(text, script=None)
    assert merged.splitlines()[0].startswith(f"{text.splitlines()[0]} systemd.run=")
    own = merge_script(None)
    assert merge_cmdline(merged, script=own) == merged
    assert unmerge_cmdline(merged, script=own) == unmerge_cmdline(merged, script=None) == text
    assert script_name(merged) == "firstrun.sh"


def test_a_line_that_runs_a_script_already_stays_as_it_is() -> None:
    text = (SAMPLES / "bookworm-firstrun/cmdline.txt").read_text()
    assert merge_cmdline(text, script=merge_script(SCRIPT)) == text


def test_words_like_ours_that_belong_to_somebody_elses_script_stay() -> None:
    text = f"{LINE} {WORDS}\n"
    assert unmerge_cmdline(text, script=merge_script(SCRIPT)) == text


@pytest.mark.parametrize("word", ["systemd.unit=rescue.target", "systemd.run_success_action=none"])
def test_a_line_that_has_systemd_do_something_else_is_refused(word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        merge_cmdline(f"{LINE} {word}\n", script=None)


@pytest.mark.parametrize("told", ["systemd.run=/usr/bin/true", "systemd.run=/boot/a.sh systemd.run=/boot/b.sh"])
def test_a_script_elsewhere_is_refused(told: str) -> None:
    with pytest.raises(ConfigurationError, match="not a script on this partition"):
        script_name(f"{LINE} {told}")
