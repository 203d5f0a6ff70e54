"""The journal and the ledger by themselves, in every shell that a receiver may have."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from receiver_setup.receiver.apply import scripts as script

SHELLS = [shell for shell in ("dash", "bash", "busybox sh") if shutil.which(shell.split(maxsplit=1)[0])]
PARTS = ("common", "hands", "sshd", "journal", "undo", "ledger", "apply")
SHELL_FILES = Path(script.__file__).parents[1] / "shell"
LIBRARY = "\n".join((SHELL_FILES / f"{part}.sh").read_text() for part in PARTS)
TEXT = st.text(st.characters(blacklist_characters="\0\n\r", blacklist_categories=["Cs"]), max_size=30)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """Name each shell in turn."""
    name: str = request.param
    return name


def start(shell: str, folder: Path, lines: str, *, owner: str = "own", last: str = "") -> subprocess.Popen[str]:
    """Start lines of shell with the journal's functions, in a state folder below `folder`."""
    values = {
        "state": f"{folder}/state",
        "journal": f"{folder}/state/journal",
        "owner": owner,
        "last": last,
        "user": "ipcamera",
        "home": f"{folder}/home",
        "kind": "setup",
    }
    head = "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())
    head += 'each_account() { "$@"; }\n'
    process = subprocess.Popen(
        [*shell.split(), "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdin is not None
    process.stdin.write(f"{head}{LIBRARY}\n{lines}\n")
    process.stdin.flush()
    return process


def run(shell: str, folder: Path, lines: str, *, owner: str = "own", last: str = "") -> str:
    """Run lines of shell to their end; return what they print."""
    process = start(shell, folder, lines, owner=owner, last=last)
    return process.communicate(timeout=30)[0].strip()


class Reading:
    """A shell with the journal's functions that stays, since reading them is most of what a start of it costs."""

    def __init__(self, shell: str, folder: Path) -> None:
        self._process = start(shell, folder, "")

    def run(self, lines: str) -> str:
        """Run lines in a subshell, which leaves nothing of its own behind; return what they print."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"(\n{lines}\n) </dev/null 2>&1\nprintf '\\0'\n")
        stdin.flush()
        told = iter(lambda: stdout.read(1), "\0")
        return "".join(told)

    def close(self) -> None:
        """End it."""
        assert self._process.communicate(timeout=30)[0] == ""


@pytest.fixture(scope="module", params=SHELLS)
def reading(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reading]:
    """Give each shell in turn, started once for all examples of a property."""
    found = Reading(request.param, tmp_path_factory.mktemp("reading"))
    yield found
    found.close()


OPEN = 'if journal_open; then echo won; else echo "$refused"; fi'


def test_of_many_that_begin_at_once_exactly_one_does(shell: str, tmp_path: Path) -> None:
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        wait = f"until [ -e {folder}/go ]; do :; done\n"
        many = [start(shell, folder, wait + OPEN, owner=f"run{n}") for n in range(8)]
        (folder / "go").touch()
        ends = sorted(process.communicate(timeout=30)[0].strip() for process in many)
        assert ends == [*["busy"] * 7, "won"]
        assert [path.name for path in (folder / "state").iterdir()] == ["journal"]


def test_a_run_that_begins_beside_one_that_ends_never_fails_for_that(shell: str, tmp_path: Path) -> None:
    again = (
        "n=0; while [ $n -lt 25 ]; do n=$((n + 1)); if journal_open; then journal_close; else echo $refused; fi; done"
    )
    both = [start(shell, tmp_path, again, owner=owner) for owner in ("one", "other")]
    ends = [process.communicate(timeout=60)[0] for process in both]
    assert set("".join(ends).split()) <= {"busy"}, ends
    assert not (tmp_path / "state").exists()


def test_a_run_that_read_before_another_one_ended_is_told_so_and_leaves_nothing(shell: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state/last").write_text("another\n")
    assert run(shell, tmp_path, OPEN, last="before") == "stale"
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["last"]
    assert run(shell, tmp_path, OPEN, last="another") == "won"


def test_a_run_goes_on_with_its_own_journal_until_it_is_taken_back(shell: str, tmp_path: Path) -> None:
    assert run(shell, tmp_path, OPEN) == "won"
    for state in ("open", "applied", "confirmed"):
        assert run(shell, tmp_path, f"[ {state} = open ] || move_on open {state}\n{OPEN}") == "won"
        assert (tmp_path / "state/journal/open").exists()
    assert run(shell, tmp_path, f"move_on open undoing\n{OPEN}") == "failed"


def test_only_one_moves_a_journal_on(shell: str, tmp_path: Path) -> None:
    assert run(shell, tmp_path, OPEN) == "won"
    wait = f"until [ -e {tmp_path}/go ]; do :; done\n"
    many = [start(shell, tmp_path, f"{wait}move_on open {to} && echo {to}") for to in ("applied", "undoing") * 3]
    (tmp_path / "go").touch()
    ends = [process.communicate(timeout=30)[0].strip() for process in many]
    assert len([end for end in ends if end]) == 1


@example(values=["it's", "'$(x)`y`\\", "-n"])
@given(values=st.lists(TEXT, min_size=1, max_size=3))
def test_a_line_of_the_journal_calls_with_the_values_that_it_was_given_once(
    reading: Reading, tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("note")
    given_ = " ".join(map(shlex.quote, values))
    lines = (
        f": >{folder}/undo\nnote {folder}/undo show {given_}\nnote {folder}/undo show {given_}\n"
        'show() { printf "<%s>\\n" "$@"; }\n'
        f'while IFS= read -r line; do eval "$line"; done <{folder}/undo'
    )
    assert reading.run(lines) == "".join(f"<{value}>\n" for value in values)


def test_the_first_backup_wins(shell: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("first")
    lines = f"{OPEN}\njournal_file {file}; printf second >{file}; journal_file {file}; rm {file}; journal_file {file}"
    assert run(shell, tmp_path, lines) == "won"
    assert run(shell, tmp_path, "undo_all >/dev/null 2>&1; echo $?") == "0"
    assert file.read_text() == "first"
    assert not (tmp_path / "state").exists()


def test_a_file_that_was_not_there_at_first_goes_whatever_was_written_later(shell: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    lines = f"{OPEN}\njournal_file {file}; printf second >{file}; journal_file {file}; undo_all >/dev/null"
    assert run(shell, tmp_path, lines) == "won"
    assert not file.exists()


def test_an_undo_that_fails_stops_no_other_and_keeps_the_journal(shell: str, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("new")
    other.write_text("new")
    lines = (
        f"{OPEN}\nremember undo_remove {one}; remember undo_restore {tmp_path}/gone /none; remember undo_remove {other}"
    )
    assert run(shell, tmp_path, lines) == "won"
    told = run(shell, tmp_path, "undo")
    assert not one.exists()
    assert not other.exists()
    assert "undo-failed|undo_restore" in told
    assert (tmp_path / "state/journal/undo.ipcamera").exists()


def test_a_line_that_was_cut_off_is_not_followed(shell: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("new")
    lines = (
        f'{OPEN}\nremember undo_remove {file}; printf "undo_restore \'/half" >>$journal/undo.$user; undo_all >/dev/null'
    )
    assert run(shell, tmp_path, lines) == "won"
    assert not file.exists()
    assert not (tmp_path / "state").exists()


DEAD = "sed -i '2s/.*/1 0/' $journal/owner\n"


@pytest.mark.parametrize("gone", ["home.ipcamera", "accounts", "undo.ipcamera", "rest.ipcamera", "owner"])
def test_what_is_left_of_a_deleted_journal_is_not_followed(shell: str, tmp_path: Path, gone: str) -> None:
    file = tmp_path / "file"
    file.write_text("keep")
    other = tmp_path / "state/accounts/other/undo"
    lines = f"{OPEN}\nremember undo_remove {file}; printf 'rest_ledger %s\\n' \"'ipcamera'\" >$journal/rest.$user"
    assert run(shell, tmp_path, lines) == "won"
    other.parent.mkdir(parents=True)
    other.touch()
    assert run(shell, tmp_path, f"{DEAD}rm $journal/open $journal/{gone}; undo", owner="next").endswith("ok")
    assert (file.read_text(), other.exists()) == ("keep", True)
    assert not (tmp_path / "state/journal").exists()


def test_a_journal_that_is_cut_off_while_it_goes_has_no_state_any_more(shell: str, tmp_path: Path) -> None:
    assert run(shell, tmp_path, OPEN) == "won"
    assert run(shell, tmp_path, "find() { exit; }; journal_close") == ""
    left = {path.name for path in (tmp_path / "state/journal").iterdir()}
    assert "undo.ipcamera" in left
    assert not left & {"open", "applied", "confirmed", "undoing", "done"}
    assert run(shell, tmp_path, f"{DEAD}undo", owner="next").endswith("ok")
    assert not (tmp_path / "state").exists()


FILED = """
journal_open && journal_file "$thing" && printf new >"$thing" && remember undo_user ipcamera && take_account ipcamera
file_undo
"""


def filed(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "state/accounts/ipcamera").iterdir()}


@pytest.mark.parametrize("spoil", ["", "printf 'undo_us' >$ledger/.receiver-setup.x", "printf h >$ledger/backup.0"])
def test_what_is_filed_twice_after_a_power_cut_is_the_same(shell: str, tmp_path: Path, spoil: str) -> None:
    file = tmp_path / "file"
    file.write_text("first")
    assert run(shell, tmp_path, f"thing={file}{FILED}") == ""
    once = filed(tmp_path)
    assert set(once) == {"undo", "backup.0"}
    assert once["backup.0"] == "first"
    # It was cut off before the ledger was there, or after it.
    forget = "" if not spoil else "rm $ledger/undo"
    assert run(shell, tmp_path, f"take_account ipcamera\n{forget}\n{spoil}\nfile_undo") == ""
    assert filed(tmp_path) == once


def test_a_later_change_of_the_same_thing_does_not_replace_what_was_filed_first(shell: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("first")
    assert run(shell, tmp_path, f"thing={file}{FILED}journal_close") == ""
    once = filed(tmp_path)
    assert run(shell, tmp_path, f"thing={file}{FILED}journal_close", owner="later") == ""
    assert filed(tmp_path) == once


TWO = 'each_account() { user=ipcamera home=/x; "$@"; user=other home=/y; "$@"; }\n'


def test_one_account_is_withdrawn_and_the_other_stays_in_the_journal(shell: str, tmp_path: Path) -> None:
    mine, other = tmp_path / "mine", tmp_path / "other"
    for file in (mine, other):
        file.write_text("new")
    noted = (
        f"journal_for ipcamera /x; remember undo_remove {mine}; journal_for other /y; remember undo_remove {other}; "
        "remember undo_reload"
    )
    assert run(shell, tmp_path, f"{TWO}{OPEN}\n{noted}\nwithdraw other >/dev/null; cat $journal/accounts") == (
        "won\nipcamera"
    )
    assert (mine.exists(), other.exists()) == (True, False)
    assert not (tmp_path / "state/journal/undo.other").exists()
    assert run(shell, tmp_path, f"{TWO}withdraw other; undo_all >/dev/null") == ""
    assert not mine.exists()
    assert not (tmp_path / "state").exists()


def test_each_account_is_filed_for_itself(shell: str, tmp_path: Path) -> None:
    noted = "journal_for ipcamera /x; remember undo_user ipcamera; journal_for other /y; remember undo_user other"
    lines = f"{TWO}{OPEN}\n{noted}\neach_of_journal file_account; journal_close"
    assert run(shell, tmp_path, lines) == "won"
    filed_there = {path.parent.name: path.read_text() for path in (tmp_path / "state/accounts").glob("*/undo")}
    assert filed_there == {"ipcamera": "undo_user 'ipcamera'\n", "other": "undo_user 'other'\n"}
