"""Where the suite's time goes: a plugin of pytest that measures each test, and a summary of what it wrote.

    PYTHONPATH=tests python -m pytest -p support.measuring --measure=DIR …    a line a test into DIR/WORKER.jsonl
    PYTHONPATH=tests python -m support.measuring DIR    tables, as docs/development.md has them

Measured of each test with its fixtures: seconds of time, seconds of processor (its own and its children's), starts of
the command (forked or real), starts of receivers, other processes, and, with `-o enable_assertion_pass_hook=true`,
assertions that held.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import pytest

from support import command

COUNTED = ("forked", "started", "receivers", "processes", "assertions")
_counts: Counter[str] = Counter()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--measure`."""
    parser.addoption("--measure", type=Path, required=True, help="directory for a line a test")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to count."""
    folder = config.getoption("measure").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if config.getini("enable_assertion_pass_hook"):
        # A test that was compiled before without it never calls the hook, and pytest does not notice.
        sys.pycache_prefix = str(folder / "compiled")
    sys.addaudithook(_count)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Measure one test."""
    before, began, counted = os.times(), time.monotonic(), _counts.copy()
    result = yield
    after = os.times()
    row = {
        "test": item.nodeid,
        "seconds": round(time.monotonic() - began, 3),
        "own": round(after.user + after.system - before.user - before.system, 3),
        "children": round(
            after.children_user + after.children_system - before.children_user - before.children_system, 3
        ),
        **{name: _counts[name] - counted[name] for name in COUNTED},
    }
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    with (item.config.getoption("measure") / f"{worker}.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    return result


def pytest_assertion_pass() -> None:
    """Count an assertion."""
    _counts["assertions"] += 1


def _count(event: str, arguments: tuple[Any, ...]) -> None:
    if event == command.STARTED:
        _counts["forked" if arguments[1] else "started"] += 1
    elif event == "subprocess.Popen":
        argv = arguments[1] if isinstance(arguments[1], (list, tuple)) else [arguments[1]]
        _counts["receivers" if any(str(each).endswith("/outside.sh") for each in argv) else "processes"] += 1


def main() -> None:
    """Print the tables."""
    rows = [json.loads(line) for path in Path(sys.argv[1]).glob("*.jsonl") for line in path.read_text().splitlines()]
    print("| tests in | items | time s | processor s | runs forked | runs started | receivers | assertions |")
    print("|---|---|---|---|---|---|---|---|")
    groups = Counter(_folder(row["test"]) for row in rows)
    for folder in sorted(groups):
        print(_line(folder, (row for row in rows if _folder(row["test"]) == folder)))
    print(_line("all", rows))
    print("\n| slowest | time s | processor s |\n|---|---|---|")
    for row in sorted(rows, key=lambda row: -row["seconds"])[:10]:
        print(f"| `{row['test'].removeprefix('tests/')}` | {row['seconds']:.1f} | {row['own'] + row['children']:.1f} |")


def _folder(test: str) -> str:
    return test.split("/")[1]


def _line(name: str, rows: Iterable[dict[str, Any]]) -> str:
    total: Counter[str] = Counter()
    for row in rows:
        total["items"] += 1
        for key in ("seconds", "own", "children", *COUNTED):
            total[key] += row[key]
    processor = total["own"] + total["children"]
    return (
        f"| {name} | {total['items']} | {total['seconds']:.0f} | {processor:.0f} | {total['forked']} | "
        f"{total['started']} | {total['receivers']} | {total['assertions']} |"
    )


if __name__ == "__main__":
    main()
