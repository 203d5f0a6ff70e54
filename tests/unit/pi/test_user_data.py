"""cloud-init's user-data: our command comes in, all else stays to the byte, and it goes without a trace."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.errors import ConfigurationError
from receiver_setup.pi.user_data import ENTRY, merge_user_data, unmerge_user_data

SAMPLE = Path(__file__).parents[2] / "fixtures/pi/trixie-cloud-init/user-data"
OURS = "[sh, /boot/firmware/receiver-setup/first-boot.sh, start]"

DOCUMENTS = {
    "only the header": "#cloud-config\n",
    "only the header, no newline": "#cloud-config",
    "header in capitals": "#Cloud-Config\nhostname: a\n",
    "blank lines first": "\n\n#cloud-config\nhostname: a\n",
    "empty": "",
    "blank": "\n \n",
    "comments": "#cloud-config\n# a\n\n#runcmd:\n#- [ ls, -l, / ]\n",
    "a setting": "#cloud-config\nhostname: a\n",
    "no newline at the end": "#cloud-config\nhostname: a",
    "ends in a block": "#cloud-config\nwrite_files:\n- path: /a\n  content: |\n    no newline",
    "ends in a kept block": "#cloud-config\nwrite_files:\n- path: /a\n  content: |+\n    text\n\n\n",
    "windows": "#cloud-config\r\nhostname: a\r\nruncmd:\r\n  - ls\r\n",
    "windows, no runcmd": "#cloud-config\r\n# c\r\nhostname: a\r\n",
    "document start": "#cloud-config\n# c\n---\nhostname: a\n",
    "document end": "#cloud-config\n---\nhostname: a\n...\n",
    "only document start": "#cloud-config\n---\n",
    "all indented": "#cloud-config\n  hostname: a\n  locale: C\n",
    "all indented, with a list": "#cloud-config\n  hostname: a\n  runcmd:\n    - ls\n",
    "block list": "#cloud-config\nruncmd:\n  - ls\n  - [sh, -c, 'a; b']\nhostname: a\n",
    "block list at the margin": "#cloud-config\nruncmd:\n- ls\nhostname: a\n",
    "comments in the list": "#cloud-config\nruncmd: # c\n  # d\n\n  - ls # e\n  # f\n",
    "list of lists": "#cloud-config\nruncmd:\n  - - sh\n    - -c\n    - ls\n",
    "item on the next line": "#cloud-config\nruncmd:\n  -\n    ls\n",
    "multi-line command": "#cloud-config\nruncmd:\n  - |\n    a\n    b\n  - >-\n    c\n",
    "flow list": "#cloud-config\nruncmd: [ls, [sh, -c, x]]\nhostname: a\n",
    "flow list over lines": "#cloud-config\nruncmd: [\n  ls,\n  # c\n  pwd,\n  ]\n",
    "empty flow list": "#cloud-config\nruncmd: []\n",
    "empty flow list with a blank": "#cloud-config\nruncmd: [ ] # none\n",
    "empty runcmd": "#cloud-config\nruncmd:\nhostname: a\n",
    "empty runcmd with comment": "#cloud-config\nruncmd:   # none yet\n# more\nhostname: a\n",
    "empty runcmd at the end": "#cloud-config\nhostname: a\nruncmd:",
    "quoted key": "#cloud-config\n'runcmd':\n  - ls\n",
    "anchors elsewhere": "#cloud-config\nx: &a [1, 2]\ny: *a\nruncmd:\n  - &c ls\n  - *c\n",
    "runcmd in a text": "#cloud-config\nwrite_files:\n- content: |\n    runcmd:\n    - ls\n  path: /a\n",
    "dates and numbers": "#cloud-config\na: 2001-01-01\nb: 0o17\nc: 1e3\nd: yes\n",
    "unicode": "#cloud-config\nhostname: pä\nx: \U0001f4f7\n",
    "tabs in a comment": "#cloud-config\nhostname: a # c\td\n",
}


def settings(text: str | None) -> dict[str, Any]:
    loaded = yaml.safe_load(text or "")
    return loaded if isinstance(loaded, dict) else {}


@pytest.mark.parametrize("text", [*DOCUMENTS.values(), None], ids=[*DOCUMENTS, "no file"])
def test_our_command_comes_first_and_everything_else_stays(text: str | None) -> None:
    merged = merge_user_data(text)
    before = settings(text)
    assert settings(merged) == {**before, "runcmd": [ENTRY, *(before.get("runcmd") or [])]}
    assert merged.lstrip().lower().startswith("#cloud-config")
    assert merge_user_data(merged) == merged
    assert unmerge_user_data(merged) == text


def test_a_sample_keeps_every_line_and_its_order() -> None:
    text = SAMPLE.read_text()
    merged = merge_user_data(text)
    assert [line for line in merged.splitlines() if line in text.splitlines()] == text.splitlines()
    assert len(merged.splitlines()) == len(text.splitlines()) + 3
    assert unmerge_user_data(merged) == text


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_our_lines_end_as_the_others_do(ending: str) -> None:
    merged = merge_user_data(f"#cloud-config{ending}a: 1{ending}")
    assert merged.count("\n") == merged.count(ending) == len(merged.splitlines())


REFUSED = {
    "script": ("#!/bin/sh\nls\n", "is a script"),
    "include": ("#include\nhttp://x/\n", "addresses to load"),
    "several parts": ("Content-Type: multipart/mixed; boundary=x\n", "several parts"),
    "mime": ("MIME-Version: 1.0\n", "several parts"),
    "template": ("## template: jinja\n#cloud-config\na: 1\n", "a template"),
    "archive": ("#cloud-config-archive\n- a\n", "several parts"),
    "boot hook": ("#cloud-boothook\nls\n", "boot hook"),
    "no header": ("# notes\nhostname: a\n", "begins with '# notes'"),
    "byte order mark": ("\ufeff#cloud-config\na: 1\n", "byte order mark"),
    "invalid": ("#cloud-config\na: 1\n b: 2\n", "line 3"),
    "tab": ("#cloud-config\na:\n\tb: 1\n", "line 3"),
    "open bracket": ("#cloud-config\nruncmd: [ls\n", "line 3"),
    "unknown tag": ("#cloud-config\na: !x 1\n", "line 2"),
    "two documents": ("#cloud-config\na: 1\n---\nb: 2\n", "line 3"),
    "a list": ("#cloud-config\n- a\n", "line 2"),
    "braces": ("#cloud-config\n{hostname: a}\n", "line 2"),
    "text": ("#cloud-config\nhello\n", "line 2"),
    "twice": ("#cloud-config\nruncmd: [a]\nhostname: b\nruncmd: [c]\n", "line 4: there is a second runcmd"),
    "a word": ("#cloud-config\nruncmd: ls\n", "line 2: runcmd is not a plain list"),
    "null": ("#cloud-config\nruncmd: ~\n", "line 2: runcmd is not a plain list"),
    "mapping": ("#cloud-config\nruncmd:\n  a: b\n", "line 2: runcmd is not a plain list"),
    "alias": ("#cloud-config\nbootcmd: &a [ls]\nruncmd: *a\n", "line 3: runcmd is not a plain list"),
    "shared by anchor": ("#cloud-config\nruncmd: &a\n  - ls\nbootcmd: *a\n", "runcmd is not a plain list"),
    "anchor on nothing": ("#cloud-config\nruncmd: &a\nhostname: a\n", "runcmd is not a plain list"),
    "tab before a comment": ("#cloud-config\nhostname: a\t# c\n", "line 2"),
    "merged in": ("#cloud-config\nb: &a\n  runcmd: [ls]\n<<: *a\n", "extended safely"),
    "control character": ("#cloud-config\na: \x07\n", "not valid YAML"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_merged_is_refused_with_its_place_and_a_remedy(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        merge_user_data(text)
    assert told in caught.value.message
    assert caught.value.hint
    assert unmerge_user_data(text) == text


def test_edits_made_since_stay_when_ours_goes() -> None:
    merged = merge_user_data("#cloud-config\nhostname: a\nruncmd:\n  - ls\n")
    edited = merged.replace("hostname: a", "hostname: b") + "  - reboot\nlocale: C\n"
    assert unmerge_user_data(edited) == "#cloud-config\nhostname: b\nruncmd:\n  - ls\n  - reboot\nlocale: C\n"


def test_commands_added_below_ours_keep_their_runcmd() -> None:
    merged = merge_user_data("#cloud-config\nhostname: a\n")
    edited = merged.replace("end\n", "end\n\n  # mine\n  - ls\n")
    assert unmerge_user_data(edited) == "#cloud-config\nruncmd:\n\n  # mine\n  - ls\nhostname: a\n"
    again = merge_user_data(edited)
    assert settings(again) == {"hostname": "a", "runcmd": [ENTRY, "ls"]}


def test_a_runcmd_added_elsewhere_takes_ours_in() -> None:
    merged = merge_user_data("#cloud-config\nhostname: a\n")
    assert settings(merge_user_data(f"{merged}runcmd:\n  - ls\n"))["runcmd"] == [ENTRY, "ls"]


def test_a_file_of_ours_that_got_settings_stays() -> None:
    assert unmerge_user_data(merge_user_data(None) + "hostname: a\n") == "#cloud-config\nhostname: a\n"


def test_lines_after_a_file_that_had_no_newline_stay_on_lines_of_their_own() -> None:
    merged = merge_user_data("#cloud-config\nruncmd:") + "hostname: a\n"
    assert unmerge_user_data(merged) == "#cloud-config\nruncmd:\nhostname: a\n"


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (lambda text: text.replace("# receiver-setup: end\n", ""), "is missing"),
        (lambda text: "\n".join(line for line in text.splitlines() if "begin" not in line), "is missing"),
        (lambda text: text.replace("runcmd:\n", "runcmd:\n  - mine\n"), "'- mine' is between"),
    ],
)
def test_marks_that_were_broken_by_hand_are_told_of_and_nothing_is_lost(broken: Any, told: str) -> None:
    text = broken(merge_user_data("#cloud-config\nhostname: a\n"))
    for act in (merge_user_data, unmerge_user_data):
        with pytest.raises(ConfigurationError, match=r"line [24]:") as caught:
            act(text)
        assert told in caught.value.message


words = st.text(alphabet="abz0 #:-'\"", max_size=6)
scalars = st.one_of(words, st.integers(-9, 9), st.booleans(), st.none())
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3), max_leaves=6
)
commands = st.lists(st.one_of(words, st.lists(words, min_size=1, max_size=3)), max_size=3)


@given(
    st.dictionaries(st.text(alphabet="abcdef", min_size=1, max_size=4), values, max_size=4),
    st.none() | commands,
    st.sampled_from([True, False, None]),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_prepare_and_remove_are_the_identity_on_any_settings(
    document: dict[str, Any], run: list[Any] | None, flow: bool | None, ending: str, newline: bool
) -> None:
    whole = {**document, **({} if run is None else {"runcmd": run})}
    body = yaml.safe_dump(whole, default_flow_style=flow, sort_keys=False) if whole else ""
    text = f"#cloud-config\n{body}".removesuffix("" if newline else "\n").replace("\n", ending)
    if body.startswith("{"):
        with pytest.raises(ConfigurationError):
            merge_user_data(text)
        return
    merged = merge_user_data(text)
    assert unmerge_user_data(merged) == text
    assert merge_user_data(merged) == merged
    assert settings(merged) == {**settings(text), "runcmd": [ENTRY, *(run or [])]}


@given(st.text(alphabet="ab:-[]{}#&*!|>' \n\r\t", max_size=40))
def test_any_text_is_merged_back_and_forth_or_refused(tail: str) -> None:
    text = f"#cloud-config\n{tail}"
    try:
        merged = merge_user_data(text)
    except ConfigurationError:
        return
    assert unmerge_user_data(merged) == text
    assert merge_user_data(merged) == merged
