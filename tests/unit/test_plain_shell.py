"""Text for a person's shell: values stay values, remarks stay remarks, files come out byte for byte."""

import subprocess
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from receiver_setup.formats.plain_shell import assign, part_head, part_mark, remark, remark_command, write_file

TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))


def run(script: str) -> bytes:
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=False, timeout=20)
    assert (done.stderr, done.returncode) == (b"", 0)
    return done.stdout


@given(text=TEXT)
def test_an_assigned_value_is_the_value(text: str) -> None:
    assert run(f"{assign('X', text)}\nprintf '%s' \"$X\"\n") == text.encode()


@given(text=TEXT)
def test_a_remark_runs_nothing_and_shows_no_control_character(text: str) -> None:
    for made in (remark(text), remark_command(text), part_head(1, text)):
        assert all(line.startswith("#") for line in made.splitlines())
        assert all(character.isprintable() or character == "\n" for character in made)
        assert run(f"{made}\n") == b""


@given(content=st.one_of(st.binary(max_size=60), TEXT.map(lambda text: f"{text}\nEND\n".encode())))
def test_a_file_is_written_byte_for_byte(content: bytes) -> None:
    folder = run("mktemp -d").decode().strip()
    path = Path(folder) / "a b'$(x)"
    command = write_file(str(path), content)
    run(f"{command}\n")
    assert path.read_bytes() == content
    assert all(character.isprintable() or character in "\n\t" for character in command)
    path.unlink()
    path.parent.rmdir()


def test_the_head_of_a_part_begins_with_its_mark() -> None:
    assert part_head(2, "anywhere").startswith(part_mark(2))
