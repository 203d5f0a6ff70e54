"""`make check` fails on a word that the house does not use, and says where it is and what to write instead."""

import shutil
import subprocess
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "tools/check-words"


def check(folder: Path, words: str) -> subprocess.CompletedProcess[str]:
    """Run a copy of the tool, with its own list, on what is in the folder `tree`."""
    copy = folder / "tools/check-words"
    copy.parent.mkdir()
    shutil.copy(TOOL, copy)
    copy.with_name("words.txt").write_text(words, encoding="utf-8")
    return subprocess.run([copy, "tree"], capture_output=True, text=True, cwd=folder, check=False)


@pytest.mark.parametrize("name", ["module.py", "script.sh", "page.md", "task.yml", "case.toml", "program"])
def test_a_planted_word_is_reported_with_its_place_and_its_replacement(tmp_path: Path, name: str) -> None:
    path = tmp_path / "tree/below" / name
    path.parent.mkdir(parents=True)
    path.write_text("# A friend,\n# Yclept by others otherwise.\n", encoding="utf-8")
    done = check(tmp_path, "# a comment\n\nthou|thee\tyou\nyclept( by)?\tnamed\n")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"tree/below/{name}:2:# Yclept by others otherwise.\n    write: named\n"


def test_only_whole_words_in_texts_of_ours_count(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/module.py").write_text("# A method for those of thee_others.\n", encoding="utf-8")
    (tmp_path / "tree/recorded.json").write_text('"thee"\n', encoding="utf-8")
    done = check(tmp_path, "thou|thee\tyou\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_pattern_that_grep_does_not_understand_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    done = check(tmp_path, "thou(\tyou\n")
    assert done.returncode == 2
    assert "Unmatched" in done.stderr
