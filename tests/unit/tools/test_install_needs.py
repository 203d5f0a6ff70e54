"""tools/install-needs names each missing program's package, and a run of tests ends at once when one is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import needs

ROOT = Path(__file__).parents[3]


@pytest.fixture
def without(tmp_path: Path) -> str:
    """Return a PATH with every program of this machine but shellcheck and zsh."""
    for folder in os.environ["PATH"].split(":"):
        for program in Path(folder).glob("*"):
            link = tmp_path / program.name
            if program.name not in ("shellcheck", "zsh") and not link.is_symlink():
                link.symlink_to(program)
    return str(tmp_path)


def test_a_missing_program_ends_the_run_with_one_sentence_before_the_first_test(without: str) -> None:
    command = [sys.executable, "-m", "pytest", "-n", "2", "-p", "no:cacheprovider", "tests/unit/test_secrets.py"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=ROOT, env={**environment, "PATH": without}, capture_output=True, text=True, check=False
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert done.stdout == ""
    assert done.stderr.strip() == (
        "ERROR: the tests need Debian packages that are not installed here: shellcheck, zsh; "
        "`tools/install-needs test` installs them"
    )


@pytest.mark.parametrize(
    ("folder", "missing"), [("unit", "shellcheck zsh"), ("end_to_end", "shellcheck"), ("contract", "")]
)
def test_a_folder_of_tests_needs_what_it_runs_alone(without: str, folder: str, missing: str) -> None:
    done = subprocess.run(
        [ROOT / "tools/install-needs", "--missing", folder],
        env={**os.environ, "PATH": without}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == missing


@pytest.mark.parametrize(
    ("arguments", "folders"),
    [
        (["tests"], ["unit", "contract", "end_to_end", "ansible"]),
        (["."], ["unit", "contract", "end_to_end", "ansible"]),
        (["tests/unit/test_keys.py::test_x[a/b]"], ["unit"]),
        (["tests/end_to_end", "tests/contract/test_carriers.py"], ["contract", "end_to_end"]),
        (["tests/unit", "receiver_setup"], ["unit", "contract", "end_to_end", "ansible"]),
    ],
)
def test_the_arguments_of_pytest_select_folders(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], folders: list[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert needs.folders(arguments) == folders


def test_every_package_of_the_list_is_named_for_a_user_that_there_is() -> None:
    table = (ROOT / "tools/install-needs").read_text().partition("<<'TABLE'\n")[2].partition("\nTABLE")[0]
    users = {user for line in table.splitlines() for user in line.split()[2:]}
    assert users == {"demo", "deb", "check", "trees", "unit", "contract", "end_to_end", "ansible"}
