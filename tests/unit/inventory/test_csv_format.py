"""Tables of spreadsheets become inventories that the reader reads back, whatever is in them."""

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.errors import ConfigurationError
from receiver_setup.inventory import Password, parse_csv, parse_inventory, render_toml

PATH = Path("cameras.csv")
TOML = Path("cameras.toml")


def test_as_excel_writes_it_with_columns_in_any_order() -> None:
    text = (
        "\ufeffUpload;Receiver;Name;Address;User;Password-File;Interval;Camera Insecure\r\n"
        '"rec,snap";pi@attic;porch;https://192.0.2.2;view er;secrets/porch;60;yes\r\n'
        ";;;;;;;\r\n"
        ';local;"the ""gate""";192.0.2.3;;;;\r\n'
    )
    attic, here = parse_inventory(parse_csv(text, PATH), TOML).receivers
    (porch,), (gate,) = attic.cameras, here.cameras
    assert (attic.name, attic.address, here.name, here.address) == ("pi@attic", "pi@attic", "local", None)
    assert (porch.address.url, porch.address.user) == ("https://192.0.2.2", "view er")
    assert porch.own.options == {"upload": "rec,snap", "interval": 60, "camera_insecure": True}
    assert porch.own.passwords[Password.CAMERA].file == TOML.absolute().parent / "secrets/porch"
    assert (gate.name, gate.address.url, gate.own.options) == ('the "gate"', "http://192.0.2.3", {})


def test_one_receiver_for_all_that_name_none() -> None:
    text = "name,address,receiver\na,h1,\nb,h2,nas\n"
    receivers = parse_inventory(parse_csv(text, PATH, receiver="pi@attic"), TOML).receivers
    assert [(each.name, each.cameras[0].name) for each in receivers] == [("pi@attic", "a"), ("nas", "b")]


HEAD = "name,address,receiver"
REFUSED = {
    "nothing": ("", "it contains no cameras", "below the column names"),
    "columns alone": (f"{HEAD}\n", "it contains no cameras", "below the column names"),
    "unknown column": (f"{HEAD},adress\na,h,r,x\n", "unknown column 'adress'", "mean address"),
    "no header": ("porch,192.0.2.2,attic\n", "unknown column 'porch'", "first line names the columns"),
    "no name": ("address,receiver\nh,r\n", "the column name is missing", "name and address"),
    "column twice": (f"{HEAD},Name\na,h,r,b\n", "duplicate column name", "leave one out"),
    "passwords": (f"{HEAD},Password\na,h,r,hunter2\n", "'Password' contains passwords", "password_env"),
    "password in address": (f"{HEAD}\na,admin:hunter2@h,r\n", "line 2: address: contains a password", "password_file"),
    "two users": (f"{HEAD},user\na,x@h,r,y\n", "line 2: user: the address contains a user", ""),
    "too many cells": (f"{HEAD}\na,h,r\nb,h2,r,x\n", "line 3: it has 4 cells, but there are 3", "quotes"),
    "no address": (f"{HEAD}\na,,r\n", "line 2: address is missing", ""),
    "no receiver": (f"{HEAD}\na,h,\n", "line 2: receiver is missing", "--receiver"),
    "bad number": (f"{HEAD},interval\na,h,r,often\n", "line 2: interval: is not a whole number", ""),
    "bad flag": (f"{HEAD},camera_insecure\na,https://h,r,perhaps\n", "line 2: camera_insecure: is neither", ""),
    "bad uploads": (f"{HEAD},upload\na,h,r,movies\n", "line 2: upload: 'movies'", ""),
    "value for a variable": (f"{HEAD},password_env\na,h,r,hunter2!\n", "line 2: password_env: is not the name", ""),
    "name twice": (f"{HEAD}\na,h,r\na,h2,r\n", "name: 'a' is the name of", ""),
    "camera twice": (f"{HEAD}\na,h,r\nb,h,r\n", "is the camera 'a' already", ""),
    "bad receiver": (f"{HEAD}\na,h,x y\n", r"\[\[receiver\]\] 1 'x y': address: ", ""),
    "open quote": (f'{HEAD}\na,"h,r\n', "line 2: this is not CSV", ""),
    "NUL": (f"{HEAD}\na,h\0,r\n", "line 2: ", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused_by_line_and_column(case: str) -> None:
    text, told, hint = REFUSED[case]
    with pytest.raises(ConfigurationError, match=told) as caught:
        parse_csv(text, PATH)
    assert re.search(hint, caught.value.hint)
    assert "hunter2" not in caught.value.message + caught.value.hint


NAMES = st.text(st.characters(blacklist_categories=["C", "Z"]) | st.just(" "), max_size=40).map(
    lambda text: f"a{text}b"
)


@given(name=NAMES, command=NAMES, delimiter=st.sampled_from(",;\t"), mark=st.sampled_from(["", "\ufeff"]))
def test_every_name_and_command_comes_back_as_it_was(name: str, command: str, delimiter: str, mark: str) -> None:
    table = io.StringIO(newline="")
    rows = csv.writer(table, delimiter=delimiter)
    rows.writerow(["name", "address", "password_file"])
    rows.writerow([name, "h", command])
    text = mark + table.getvalue()
    try:
        rendered = parse_csv(text, PATH, receiver="local")
    except ConfigurationError as error:
        # Characters that cannot be shown are refused, never changed.
        assert "cannot be shown" in error.message  # noqa: PT017 - the error is one of two right ends
        return
    (receiver,) = parse_inventory(rendered, TOML).receivers
    assert receiver.cameras[0].name == name
    assert receiver.cameras[0].own.passwords[Password.CAMERA].file == TOML.absolute().parent / command


@given(
    text=st.text(st.characters(blacklist_categories=["Cs"])),
    words=st.lists(st.text(st.characters(blacklist_categories=["Cs"]))),
)
def test_every_text_is_quoted_right(text: str, words: list[str]) -> None:
    import tomllib  # noqa: PLC0415 - only here

    rendered = render_toml([("defaults", {"text": text, "words": words, "flag": True, "number": 7})])
    assert tomllib.loads(rendered) == {"defaults": {"text": text, "words": words, "flag": True, "number": 7}}
