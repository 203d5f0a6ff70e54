"""A secret shows itself to nobody, and the redactor knows every spelling of it."""

import base64
import copy
import json
import pickle
import shlex
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.secrets import MASK, Redactor, Secret, is_searchable, spellings

HOSTILE = ["p@ss word&1", "a'b\"c", "pä$$wörd", "back\\slash", "100% /+=?#", "$(touch canary)", "tab\there", "ü" * 30]


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, "%s".__mod__, ascii])
def test_a_secret_shows_only_its_mask(show: object) -> None:
    assert callable(show)
    text = show(Secret("hunter2"))
    assert "hunter2" not in text
    assert MASK in text


@pytest.mark.parametrize("give_out", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
def test_a_secret_is_neither_pickled_nor_copied_nor_made_json(give_out: object) -> None:
    assert callable(give_out)
    with pytest.raises(TypeError) as caught:
        give_out(Secret("hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_secret_has_no_dictionary_to_look_into() -> None:
    assert not hasattr(Secret("hunter2"), "__dict__")


def test_equal_secrets_are_equal_and_no_text_equals_one() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert not Secret("")
    assert Secret("a").reveal() == "a"


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "spell",
    [
        str,
        lambda text: quote(text, safe=""),
        quote,
        quote_plus,
        lambda text: base64.b64encode(text.encode()).decode(),
        shlex.quote,
        json.dumps,
        lambda text: json.dumps(text, ensure_ascii=False),
        repr,
        lambda text: repr({"pwd": text}),
        lambda text: repr(text.encode()),
    ],
    ids=["plain", "url", "url path", "plus", "base64", "shell", "json", "json utf-8", "repr", "repr inside", "bytes"],
)
def test_each_spelling_is_masked(text: str, spell: object) -> None:
    assert callable(spell)
    spelling = spell(text)
    masked = Redactor([Secret(text)])(f"before {spelling} after")
    assert spelling not in masked
    assert MASK in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


_SECRETS = st.text(st.characters(blacklist_characters="*", blacklist_categories=["Cs"]), min_size=4).filter(
    is_searchable
)


@given(_SECRETS, st.text(), st.text())
@example("zzzz", "z", "z")
@example("'z'z", "'", "")
def test_no_spelling_survives_in_any_surroundings(secret: str, before: str, after: str) -> None:
    redact = Redactor([Secret(secret)])
    for form in spellings(secret):
        assert form not in redact(before + form + after)


@given(_SECRETS)
def test_a_secret_inside_another_hides_neither(text: str) -> None:
    longer = f"{text}-and-{text}"
    for order in ([text, longer], [longer, text]):
        masked = Redactor(map(Secret, order))(f"<{longer}>")
        assert text not in masked.replace("<", "").replace(">", "") or text in "<>"


def test_basic_credentials_are_masked_with_their_user() -> None:
    redact = Redactor()
    redact.add(Secret("p@ss"), user="admin")
    header = base64.b64encode(b"admin:p@ss").decode()
    assert redact(f"Authorization: Basic {header}") == f"Authorization: Basic {MASK}"


def test_an_empty_secret_masks_nothing() -> None:
    assert Redactor([Secret("")])("a text") == "a text"


def test_text_without_a_secret_stays_as_it_is() -> None:
    assert Redactor([Secret("hunter2")])("hunter 2, HUNTER2") == "hunter 2, HUNTER2"


@pytest.mark.parametrize("text", ["camera", "ok", "true", "a", "receiver", "error", "0", "camera-reply", "publickey"])
def test_a_word_of_ours_is_masked_only_where_it_is_called_a_password(text: str) -> None:
    redact = Redactor()
    redact.add(Secret(text), user="admin")
    value = {
        "cameras": [{"kind": "camera-reply", "ok": True, "name": "read camera", "auth": "publickey"}],
        "error": {"kind": "camera-reply", "message": "the receiver refused the camera", "exit_code": 0},
    }
    assert redact.values(value) == value
    code = base64.b64encode(f"admin:{text}".encode()).decode()
    assert redact(f"?user=admin&pwd={text}&x=1") == f"?user=admin&pwd={MASK}&x=1"
    assert redact(f"http://admin:{text}@porch") == f"http://admin:{MASK}@porch"
    assert redact(f"ft_password={text}") == f"ft_password={MASK}"
    assert redact(f"Authorization: Basic {code}") == f"Authorization: Basic {MASK}"


def test_names_and_structure_stay_whatever_the_secret_is() -> None:
    redact = Redactor([Secret("porch-key")])
    assert redact.values({"porch-key": ["porch-key", {"a": ("x porch-key", 1, None, True)}]}) == {
        "porch-key": [MASK, {"a": [f"x {MASK}", 1, None, True]}]
    }


@pytest.mark.parametrize("text", [*HOSTILE, "hunter2", "Sunshine1", "correct-horse-garden", "12345678"])
def test_a_password_of_an_ordinary_kind_is_searched_for(text: str) -> None:
    assert is_searchable(text)
