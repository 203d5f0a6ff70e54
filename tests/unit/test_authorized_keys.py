"""Other people's lines stay byte for byte; ours are exactly the wanted ones."""

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.formats.authorized_keys import edit_keys, parse_cameras, render_line
from receiver_setup.formats.keys import PublicKey


def make_key(number: int) -> PublicKey:
    return PublicKey.from_blob(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes([number]) * 32)


PORCH, YARD, OTHER = (make_key(number) for number in (1, 2, 3))
CAMERAS = {"porch": PORCH, "yard": YARD}
FOREIGN = [
    b"# the owner's\n",
    b"\n",
    b" \t \n",
    b"\r\n",
    b"ssh-rsa AAAA owner@desk\n",
    b"ssh-rsa AAAA owner@desk\r\n",
    b'command="echo a b",no-pty ssh-rsa AAAA x\n',
    b'from="10.0.0.1" ssh-rsa AAAA x\n',
    b"#restrict ssh-ed25519 AAAA receiver-setup:porch\n",
    b"  # receiver-setup:porch\n",
    b"\xff\xfe not even text\n",
    b"restrict ssh-rsa AAAA receiver-setup\n",
    b"ssh-rsa AAAA receiver-setup:porch and more\n",
    b"ssh-rsa AAAA my-receiver-setup:porch\n",
    f"{OTHER.line} receiver-setup:garage\n".encode(),
    f"restrict {PORCH.line} owner@desk\n".encode(),
    f"{PORCH.line}\n".encode(),
]
OURS = [
    f"{render_line('porch', PORCH)}\n".encode(),
    f"{render_line('yard', YARD)}\n".encode(),
    f"{render_line('porch', OTHER)}\r\n".encode(),
    b"receiver-setup:porch\n",
    b"garbage receiver-setup:yard \n",
]
files = st.tuples(st.lists(st.sampled_from(FOREIGN + OURS)), st.booleans()).map(
    lambda drawn: b"".join(drawn[0]).removesuffix(b"\n") if drawn[1] else b"".join(drawn[0])
)
wishes = st.dictionaries(st.sampled_from(["porch", "yard"]), st.sampled_from([PORCH, YARD, OTHER]))
drops = st.sets(st.sampled_from(["porch", "yard"]))


def test_a_new_file_holds_one_line_a_camera() -> None:
    text = edit_keys(b"", CAMERAS)
    assert text.decode() == (f"restrict {PORCH.line} receiver-setup:porch\nrestrict {YARD.line} receiver-setup:yard\n")
    assert parse_cameras(text) == CAMERAS


def test_a_changed_key_is_replaced_where_it_stands() -> None:
    text = b"# a\n" + edit_keys(b"", CAMERAS) + b"# b\n"
    assert edit_keys(text, {"porch": OTHER}) == text.replace(PORCH.base64.encode(), OTHER.base64.encode())


def test_a_line_without_a_newline_gets_one_before_ours() -> None:
    assert edit_keys(b"ssh-rsa AAAA x", {"porch": PORCH}).startswith(b"ssh-rsa AAAA x\nrestrict ssh-")


def test_lines_that_end_as_on_windows_stay_as_they_are() -> None:
    foreign = b"# keys\r\nssh-ed25519 AAAAC3 somebody\r\n\r\nssh-rsa AAAAB3 last"
    after = edit_keys(foreign, {"porch": make_key(1)})
    assert after == foreign + b"\n" + render_line("porch", make_key(1)).encode() + b"\n"
    assert edit_keys(after, {}, drop=["porch"]) == foreign + b"\n"


def test_our_own_line_that_an_editor_gave_another_ending_is_still_ours() -> None:
    line = render_line("porch", make_key(1)).encode()
    assert edit_keys(line + b"\r\n", {"porch": make_key(1)}) == line + b"\n"
    assert edit_keys(line + b"\r\nother\r\n", {}, drop=["porch"]) == b"other\r\n"


def test_one_key_in_two_lines_with_different_options_is_two_lines() -> None:
    key = make_key(1)
    foreign = f'from="10.0.0.0/8" {key.line} by hand\n{key.line} by hand\n'.encode()
    after = edit_keys(foreign, {"porch": key})
    assert after == foreign + render_line("porch", key).encode() + b"\n"
    assert edit_keys(after, {"porch": key}) == after


def test_a_dropped_camera_goes_and_nothing_else() -> None:
    text = b"# a\r\n" + edit_keys(b"", CAMERAS) + b"# b"
    assert edit_keys(text, {}, drop=["porch"]) == b"# a\r\n" + edit_keys(b"", {"yard": YARD}) + b"# b"


def test_a_camera_that_stands_twice_keeps_one_line() -> None:
    twice = edit_keys(b"", {"porch": OTHER}) * 2
    assert edit_keys(twice, {"porch": PORCH}) == edit_keys(b"", {"porch": PORCH})


@pytest.mark.parametrize("line", FOREIGN)
def test_somebody_elses_line_is_nobodys_camera(line: bytes) -> None:
    without_garage = {camera: key for camera, key in parse_cameras(line).items() if camera != "garage"}
    assert without_garage == {}
    assert edit_keys(line, {}, drop=["porch", "yard"]) == line


def test_a_line_without_restrict_is_not_taken_for_a_whole_one() -> None:
    """Somebody took the options away: the line is ours by its mark, and is written anew."""
    bare = f"{PORCH.line} receiver-setup:porch\n".encode()
    assert parse_cameras(bare) == {}
    assert edit_keys(bare, {"porch": PORCH}) == edit_keys(b"", {"porch": PORCH})


@given(files, wishes, drops)
@example(b"# no newline", {"porch": PORCH}, set())
@example(b"a\r", {"porch": PORCH}, set())
def test_editing_keeps_foreign_lines_and_is_done_once(text: bytes, keys: dict[str, PublicKey], drop: set[str]) -> None:
    drop = drop - keys.keys()  # to want and to drop the same camera is no wish
    edited = edit_keys(text, keys, drop=drop)
    assert _foreign(edited) == _foreign(text)
    assert edit_keys(edited, keys, drop=drop) == edited
    found = parse_cameras(edited)
    assert {camera: found[camera] for camera in keys} == keys
    assert not drop & found.keys()


@given(st.binary(), wishes)
def test_any_bytes_are_kept_and_ours_added(text: bytes, keys: dict[str, PublicKey]) -> None:
    edited = edit_keys(text, keys)
    assert edited.startswith(text)
    assert parse_cameras(edited) == keys


@given(st.binary())
def test_nothing_wanted_changes_no_byte(text: bytes) -> None:
    assert edit_keys(text, {}) == text


def test_every_key_line_survives_its_base64() -> None:
    line = render_line("porch", PORCH)
    assert base64.b64decode(line.split()[2]) == PORCH.blob


def _foreign(text: bytes) -> list[bytes]:
    """Return the lines that are not ours, each as it stands, but for a newline that the last one lacked."""
    ours = {line.rstrip(b"\r\n ") for line in OURS}
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    mine = {render_line(camera, key).encode() for camera in CAMERAS for key in (PORCH, YARD, OTHER)}
    return [line for line in lines if line.rstrip(b"\r ") not in ours | mine]
