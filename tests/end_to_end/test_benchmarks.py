"""The benchmark itself, as far as it takes seconds: it runs, prints its table and writes it down."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "benchmarks", *arguments],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name not in {"ONLY", "ROUNDS"}},
        capture_output=True,
        text=True,
        check=False,
    )


START = ["start, help", "start, usage error"]
ONE = ["one camera, fresh", "one camera, again"] * 2


@pytest.mark.rest
@pytest.mark.receiver
@pytest.mark.parametrize(
    ("parts", "expected"), [("start", START), pytest.param("start,setup", [*START, *ONE], marks=pytest.mark.thorough)]
)
def test_a_round_prints_its_table_and_writes_it_down(tmp_path: Path, parts: str, expected: list[str]) -> None:
    document = tmp_path / "docs.md"
    document.write_text((ROOT / "docs/benchmarks.md").read_text(encoding="utf-8"), encoding="utf-8")
    done = run("--only", parts, "--rounds", "1", "--write-docs", str(document))
    assert done.returncode == 0, done.stderr
    told, _, _, *printed = done.stdout.splitlines()
    assert told.startswith("Medians of 1 rounds on ")
    assert [line.partition("  ")[0] for line in printed] == expected
    _, told_again, _, _, _, *written = (
        document.read_text(encoding="utf-8").partition("## The last run\n")[2].splitlines()
    )
    assert told_again == told
    assert [line.split(" | ")[0] for line in written] == [f"| {name}" for name in expected]


@pytest.mark.parametrize("arguments", [("--only", "start,nothing"), ("--rounds", "0")])
def test_what_cannot_be_measured_is_refused(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert (done.returncode, "cannot be measured" in done.stderr) == (2, True)
