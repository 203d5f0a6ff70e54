"""The camera's codes in words, and nothing dropped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.camera.messages import FIELDS, ActionType
from receiver_setup.camera.settings.fields import (
    SETTINGS,
    Form,
    Group,
    clean,
    describe,
    is_same,
    may_be,
    settings_of,
)


def words(group: Group, **fields: str) -> dict[str, str]:
    return {shown.name: shown.words for shown in describe(group, fields)}


@pytest.mark.parametrize(
    ("field", "code", "expected"),
    [
        ("ft_ssl", "0", "none: neither encrypted nor verified"),
        ("ft_ssl", "1", "FTPS"),
        ("ft_ssl", "2", "sFTP"),
        ("ft_ssl", "7", "7"),
        ("ft_insecure", "0", "verified host"),
        ("ft_insecure", "1", "host not verified"),
        ("ft_dirmode", "0", "all files in one directory"),
        ("ft_dirmode", "1", "every day a new folder"),
        ("ft_autocreatedir", "1", "yes"),
        ("ft_mode", "0", "0"),
        ("ft_mode", "1", "1"),
        ("ft_server", "", "(empty)"),
        ("ft_new", "x", "x"),
    ],
)
def test_a_code_has_words_and_an_unknown_one_stays(field: str, code: str, expected: str) -> None:
    shown = {each.field: each for each in describe(Group.FTP, {field: code})}[field]
    assert (shown.words, shown.code) == (expected, code)


def test_what_is_not_told_is_said_to_be_so() -> None:
    assert set(words(Group.FTP).values()) == {"not reported", "never shown"}
    assert [shown.code for shown in describe(Group.COUNT, {})] == [None]


def test_a_password_is_never_shown() -> None:
    assert "hunter2" not in repr(describe(Group.FTP, {"ft_password": "hunter2"}))


def test_schedules_are_in_words_or_raw() -> None:
    assert words(Group.SCHEDULE, times="36000-67")["schedule time"] == "10:00 Mon-Tue,Sun"
    assert words(Group.SCHEDULE, times="36000-1,72000-2")["schedule time"] == "36000-1,72000-2"


def test_all_three_actions_are_shown_and_a_fourth_one_as_well() -> None:
    fields = {"enable['rec']": "1", "interval['rec']": "60", "enable['dream']": "1"}
    shown = words(Group.ACTION, **fields)
    assert (shown["upload rec"], shown["interval rec"]) == ("on", "60 s between uploads")
    assert shown["upload snap"] == "not reported"
    assert shown["enable['dream']"] == "1"


def test_every_field_of_the_page_is_a_setting() -> None:
    assert sorted(each.field for each in settings_of(Group.FTP)) == sorted(FIELDS)
    assert {(each.field, each.kind) for each in settings_of(Group.ACTION)} == {
        (name, kind) for name in ("enable", "interval") for kind in ActionType
    }
    assert [each.field for each in settings_of(Group.COUNT)] == ["snapcount"]
    assert {each.field for each in settings_of(Group.SCHEDULE)} == {"mode", "prefix", "name", "enable", "times"}
    assert {each.field for each in settings_of(Group.TIMER)} == {"mode", "prefix", "name"}
    assert len({each.name for each in SETTINGS}) == len(SETTINGS)


@given(
    st.sampled_from(Group), st.dictionaries(st.sampled_from([e.read_field for e in SETTINGS]) | st.text(), st.text())
)
def test_no_field_is_ever_dropped(group: Group, fields: dict[str, str]) -> None:
    shown = {each.field: each.code for each in describe(group, fields)}
    assert {name: shown[name] for name in fields if name != "ft_password"} == {
        name: value for name, value in fields.items() if name != "ft_password"
    }


# ---- one value in several spellings: a reading, what is wanted, and whether that is the same, may be it, or is another

SAME, PERHAPS, OTHER = "same", "perhaps", "other"
SPELLINGS = [
    (Form.NUMBER, "22", "22", SAME),
    (Form.NUMBER, "0022", "22", SAME),
    (Form.NUMBER, " 22 ", "22", SAME),
    (Form.NUMBER, "22", "0022", SAME),
    (Form.NUMBER, "00", "0", SAME),
    (Form.NUMBER, "220", "22", OTHER),
    (Form.NUMBER, "", "0", OTHER),
    (Form.NUMBER, "yes", "1", OTHER),
    (Form.NUMBER, "-1", "1", OTHER),
    (Form.NUMBER, "\N{ARABIC-INDIC DIGIT ONE}", "1", OTHER),
    (Form.NUMBER, "9" * 400, "9" * 400, SAME),
    (Form.TEXT, "porch", "porch", SAME),
    (Form.TEXT, "porch  ", "porch", SAME),
    (Form.TEXT, "a&amp;b", "a&b", SAME),
    (Form.TEXT, "a&#38;b&#x27;", "a&b'", SAME),
    (Form.TEXT, "a&amp;b", "a&amp;b", SAME),
    (Form.TEXT, "a&ampb", "a&b", OTHER),
    (Form.TEXT, "&amp;amp;", "&", OTHER),
    (Form.TEXT, "PORCH", "porch", PERHAPS),
    (Form.TEXT, "A&AMP;B", "a&b", OTHER),
    (Form.TEXT, "Porch", "porch", OTHER),
    (Form.TEXT, "porch", "PORCH", OTHER),
    (Form.TEXT, "po rch", "porch", OTHER),
    (Form.TEXT, "0022", "22", OTHER),
    (Form.SERVER, "ATTIC.lan.", "attic.LAN", SAME),
    (Form.SERVER, "[FD00:0::1]", "fd00::1", SAME),
    (Form.SERVER, "192.168.2.110 ", "192.168.2.110", SAME),
    (Form.SERVER, "192.168.2.11", "192.168.2.110", OTHER),
    (Form.SERVER, "", "attic", OTHER),
    (Form.FOLDER, "./recordings/", "recordings", SAME),
    (Form.FOLDER, "recordings", "./recordings", SAME),
    (Form.FOLDER, "./", "", SAME),
    (Form.FOLDER, ".", "./", SAME),
    (Form.FOLDER, "/", "", OTHER),
    (Form.FOLDER, "/recordings", "recordings", OTHER),
    (Form.FOLDER, "./A&amp;B ", "A&B", SAME),
    (Form.FOLDER, "RECORDINGS", "recordings", PERHAPS),
    (Form.FOLDER, "Recordings", "recordings", OTHER),
    (Form.TIMES, "036000-067", "36000-67", SAME),
    (Form.TIMES, "36000-67 ", "36000-67", SAME),
    (Form.TIMES, "36000-6", "36000-67", OTHER),
    (Form.TIMES, "36000-1,072000-2", "36000-1,72000-2", SAME),
    (Form.SECRET, "hunter2", "hunter2", SAME),
    (Form.SECRET, "hunter2 ", "hunter2", OTHER),
    (Form.SECRET, "HUNTER2", "hunter2", OTHER),
    (Form.SECRET, "a&amp;b", "a&b", OTHER),
]


@pytest.mark.parametrize(("form", "seen", "wanted", "verdict"), SPELLINGS)
def test_a_value_is_recognised_in_every_spelling_and_no_other_for_it(
    form: Form, seen: str, wanted: str, verdict: str
) -> None:
    found = SAME if is_same(seen, wanted, form) else PERHAPS if may_be(seen, wanted, form) else OTHER
    assert found == verdict


@given(st.sampled_from(Form), st.text())
def test_whatever_a_camera_writes_is_the_same_as_itself_and_as_it_is_sent(form: Form, text: str) -> None:
    assert is_same(text, text, form)
    assert is_same(text, clean(text, form), form)
    assert clean(clean(text, form), form) == clean(text, form) or "&" in text


def test_every_field_has_a_form_that_fits_it() -> None:
    forms = {each.field: each.form for each in SETTINGS}
    assert {name for name, form in forms.items() if form is not Form.NUMBER} == {
        "ft_server", "ft_username", "ft_password", "ft_dirname", "times", "name",
    }  # fmt: skip
